/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/plugins/script.h"

#include <dydisnix/plugin.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/plugins/hooks.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static const size_t report_limit = (size_t)64 << 20;
static const int64_t hooks_deadline = 30 * 1000; /* milliseconds */

static int refuse(const struct script *script, const char *reason)
{
    log_error(NULL, "plugin %s: %s", script->file, reason);
    return -1;
}

/* Every word that it prints is a hook. Nothing printed, or status 2: it wants to be asked each time. */
static int take_hooks(struct script *script, char *words)
{
    char *save = NULL;
    CLEANUP_FREE char *copy = strdup(words);
    if (!copy)
        return refuse(script, "out of memory");
    size_t count = 0;
    for (char *word = strtok_r(copy, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save), count++)
        if (!hook_find(word)) {
            log_error(NULL, "plugin %s: what it printed when asked for its hooks is none: %s", script->file,
                      word);
            return -1;
        }
    script->hooks = count > 0 ? strdup(words) : NULL;
    return 0;
}

static int ask_hooks(struct script *script)
{
    const char *const argv[] = { script->file, "hooks", NULL };
    const struct dydisnix_program program = { .argv = argv,
                                              .deadline = hooks_deadline,
                                              .output_limit = 4096 };
    struct dydisnix_result result;
    int status = run_program(&program, &result);
    CLEANUP_FREE char *output = result.output;
    if (status == 0)
        return take_hooks(script, output);
    if (result.ending == DYDISNIX_EXITED && result.status == DYDISNIX_NOT_MINE)
        return 0;
    CLEANUP_FREE char *ending = describe_ending(&result);
    log_error(NULL, "plugin %s: asked for its hooks: %s", script->file, ending ? ending : "failed");
    return -1;
}

/* A file, never a program of the PATH. malloc()ed; NULL: no memory, or no directory. */
static char *path_from_here(const char *file)
{
    CLEANUP_FREE char *here = *file == '/' ? NULL : getcwd(NULL, 0);
    return *file == '/' ? strdup(file) : here ? string_format("%s/%s", here, file) : NULL;
}

int script_load(struct script *script, const char *file)
{
    *script = (struct script){ .file = path_from_here(file), .options = json_object() };
    if (!script->file || !script->options)
        return -1;
    const char *base = string_base_name(script->file);
    script->name = strndup(base, strcspn(base, "."));
    if (!script->name || !is_plugin_name(script->name))
        return refuse(script, "its name has other characters than letters, digits, - and _, or is missing");
    return ask_hooks(script);
}

void script_configure(const struct script *script, const char *key, const char *value)
{
    CLEANUP_FREE char *name = string_utf8(key), *text = string_utf8(value);
    if (name && text)
        json_object_set_new(script->options, name, json_string(text));
}

bool script_has(const struct script *script, const char *hook)
{
    if (!script->hooks)
        return true;
    size_t length = strlen(hook);
    for (const char *word = script->hooks; *(word += strspn(word, " \t\n")); word += strcspn(word, " \t\n"))
        if (strcspn(word, " \t\n") == length && strncmp(word, hook, length) == 0)
            return true;
    return false;
}

/* The event with the script's options, as a file. */
static int write_event(const struct script *script, const json_t *event, const char *directory,
                       const char *file)
{
    CLEANUP_JSON json_t *own = json_object();
    json_object_update(own, (json_t *)event); /* it is not changed: jansson has no const here */
    json_object_set(own, "options", script->options);
    CLEANUP_FREE char *text = json_dumps(own, JSON_COMPACT);
    if (text && operations->make_directory(directory, 0700) == 0
        && operations->write(file, text, strlen(text), 0600) == 0)
        return 0;
    log_error(NULL, "%s: %s", file, text ? strerror(errno) : "out of memory");
    return -1;
}

static bool is_blank(const char *text, size_t length)
{
    return strspn(text, " \t\n") >= length;
}

/* What it printed: a report or nothing. */
static int take_report(const struct script *script, const char *hook, const struct dydisnix_result *result,
                       json_t **report)
{
    json_error_t error = { .text = "no object" };
    if (!result->output || is_blank(result->output, result->output_length))
        return 0;
    *report = json_loadb(result->output, result->output_length, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(*report))
        return 0;
    json_decref(*report);
    *report = NULL;
    log_error(NULL, "plugin %s: what it printed for %s is no report: %s", script->file, hook, error.text);
    return -1;
}

/* What became of the hook, by how its program ended. */
static int take_ending(const struct script *script, const char *hook, const struct dydisnix_result *result,
                       json_t **report)
{
    if (result->ending == DYDISNIX_EXITED && result->status == DYDISNIX_NOT_MINE)
        return DYDISNIX_NOT_MINE;
    if (result->ending == DYDISNIX_EXITED)
        return take_report(script, hook, result, report) == 0 ? result->status : DYDISNIX_FAILED;
    CLEANUP_FREE char *ending = describe_ending(result);
    log_error(NULL, "plugin %s: %s: %s", script->file, hook, ending ? ending : "failed");
    return DYDISNIX_FAILED;
}

int script_call(const struct script *script, const char *hook, const json_t *event, const char *directory,
                json_t **report)
{
    CLEANUP_FREE char *file = string_format("%s/event-for-%s.json", directory, script->name);
    if (!file || write_event(script, event, directory, file) != 0)
        return DYDISNIX_FAILED;
    const char *const argv[] = { script->file, hook, NULL };
    const struct dydisnix_program program = { .argv = argv, .input = file, .output_limit = report_limit };
    struct dydisnix_result result = { 0 };
    run_program(&program, &result);
    operations->remove(file);
    int status = take_ending(script, hook, &result, report);
    free(result.output);
    return status;
}

void script_clear(struct script *script)
{
    free(script->file);
    free(script->name);
    free(script->hooks);
    json_decref(script->options);
    *script = (struct script){ 0 };
}
