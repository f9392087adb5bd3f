/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writes each event to DIRECTORY/HOOK.json and ends each hook as it is told:
 * --plugin-option=record:directory=DIRECTORY, --plugin-option=record:HOOK=ENDING.
 */
#include <dydisnix/plugin.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HOOKS = 8 };
static const char *const names[HOOKS] = { "capture",      "augment",    "reconstruct", "snapshot",
                                          "redistribute", "assign_ids", "redeploy",    "cycle_finished" };
static const char *endings[HOOKS];
static const char *directory;
static const struct dydisnix_operations *world;

static int record_load(const struct dydisnix_operations *operations)
{
    world = operations;
    return operations->size >= sizeof *operations ? 0 : -1;
}

static void record_log(enum dydisnix_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    world->log(level, NULL, format, arguments);
    va_end(arguments);
}

static int record_configure(const char *key, const char *value)
{
    if (strcmp(key, "directory") == 0) {
        directory = value;
        return 0;
    }
    if (strcmp(key, "hang") == 0) {
        world->write(value, "", 0, 0600);
        for (;;)
            pause();
    }
    for (size_t i = 0; i < HOOKS; i++)
        if (strcmp(key, names[i]) == 0) {
            endings[i] = value;
            return 0;
        }
    record_log(DYDISNIX_ERROR, "record: no option %s", key);
    return -1;
}

static void write_event(const char *hook, const json_t *event)
{
    char file[4096];
    snprintf(file, sizeof file, "%s/%s.json", directory, hook);
    if (directory)
        json_dump_file(event, file, JSON_INDENT(2) | JSON_SORT_KEYS);
}

static int end(const char *hook, const json_t *event, json_t **report)
{
    const char *ending = NULL;
    write_event(hook, event);
    for (size_t i = 0; i < HOOKS; i++)
        if (strcmp(hook, names[i]) == 0)
            ending = endings[i];
    *report = json_pack("{ss}", "by", "record");
    if (ending && strcmp(ending, "print") == 0)
        printf("the hook %s speaks\n", hook);
    if (!ending || strcmp(ending, "decline") == 0 || strcmp(ending, "print") == 0)
        return DYDISNIX_NOT_MINE;
    if (strcmp(ending, "crash") == 0) {
        signal(SIGSEGV, SIG_DFL); /* sanitizers take it */
        raise(SIGSEGV);
    }
    if (strcmp(ending, "hang") == 0)
        pause();
    if (strcmp(ending, "odd") == 0) {
        json_decref(*report);
        *report = json_integer(5);
        return 77;
    }
    if (strncmp(ending, "silent:", 7) == 0) /* takes the stage and tells that this target did not answer */
        json_object_set_new(*report, "targets", json_pack("{s{ss}}", ending + 7, "status", "silent"));
    if (strchr(ending, '/')) /* takes the stage with this as its result */
        json_object_set_new(*report, strcmp(hook, "redistribute") == 0 ? "distribution" : "infrastructure",
                            json_string(ending));
    return strcmp(ending, "fail") == 0 ? DYDISNIX_FAILED : DYDISNIX_DONE;
}

#define HOOK(name)                                                 \
    static int record_##name(const json_t *event, json_t **report) \
    {                                                              \
        return end(#name, event, report);                          \
    }
HOOK(capture)
HOOK(augment)
HOOK(reconstruct)
HOOK(snapshot)
HOOK(redistribute)
HOOK(assign_ids)
HOOK(redeploy)
HOOK(cycle_finished)

static const struct dydisnix_plugin plugin = {
    .name = "record",
    .load = record_load,
    .configure = record_configure,
    .capture = record_capture,
    .augment = record_augment,
    .reconstruct = record_reconstruct,
    .snapshot = record_snapshot,
    .redistribute = record_redistribute,
    .assign_ids = record_assign_ids,
    .redeploy = record_redeploy,
    .cycle_finished = record_cycle_finished,
};

DYDISNIX_REGISTER_PLUGIN(plugin)
