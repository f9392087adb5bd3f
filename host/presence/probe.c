/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/presence/probe.h"

#include <errno.h>
#include <string.h>

#include "host/presence/model.h"
#include "lib/base/cleanup.h"
#include "lib/model/client.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

static const size_t record_limit = (size_t)64 << 20;
static const unsigned at_once = 50;

struct asking {
    const struct infrastructure *infrastructure;
    const char *profile_path;
    int64_t deadline;
    size_t next;
    unsigned char *tries; /* of each target; answered: 2 */
    struct arguments *calls;
    json_t *silent;        /* { NAME: true } */
    const char *interface; /* as the option says; or NULL */
    bool missing;          /* a client interface, which has been said */
};

static char *record_file(const char *directory)
{
    return string_format("%s/probe.json", directory);
}

json_t *probe_read(const char *directory)
{
    CLEANUP_FREE char *file = record_file(directory), *text = NULL;
    size_t length = 0;
    if (!file || operations->read(file, record_limit, &text, &length) != 0)
        return NULL;
    json_t *record = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    if (json_integer_value(json_object_get(record, "version")) == 1
        && json_is_integer(json_object_get(record, "at")) && json_is_array(json_object_get(record, "asked"))
        && json_is_object(json_object_get(record, "silent")))
        return record;
    json_decref(record);
    return NULL;
}

bool probe_is_recent(const json_t *record, const struct infrastructure *infrastructure,
                     const struct settings *settings, int64_t now)
{
    CLEANUP_JSON json_t *names = infrastructure_names(infrastructure);
    int64_t at = json_integer_value(json_object_get(record, "at"));
    return record && at <= now && now - at < settings->probe_interval
           && json_equal(json_object_get(record, "asked"), names);
}

static bool next_call(void *closure, struct dydisnix_program *program)
{
    struct asking *asking = closure;
    while (asking->next < asking->infrastructure->count && asking->tries[asking->next] == 2)
        asking->next++;
    if (asking->next == asking->infrastructure->count)
        return false;
    const size_t index = asking->next++;
    const struct target *target = &asking->infrastructure->targets[index];
    struct arguments *call = &asking->calls[index];
    asking->tries[index]++;
    if (call->count == 0) {
        client_arguments(call, target, "--query-requisites");
        arguments_add(call, asking->profile_path);
    }
    *program = (struct dydisnix_program){ .argv = arguments_vector(call),
                                          .target = target->name,
                                          .deadline = asking->deadline,
                                          .quiet = true,
                                          .closure = &asking->tries[index] };
    return program->argv != NULL;
}

/* A failure is one, too: most often there is no profile. */
static bool is_answer(const struct dydisnix_result *result)
{
    return (result->ending == DYDISNIX_EXITED && !client_is_lost(result))
           || result->ending == DYDISNIX_TOO_MUCH_OUTPUT;
}

static void take_answer(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    struct asking *asking = closure;
    unsigned char *tries = program->closure;
    if (client_is_missing(asking->interface, program, result, &asking->missing) || is_answer(result)) {
        json_object_del(asking->silent, program->target);
        *tries = 2;
    } else {
        json_object_set_new(asking->silent, program->target, json_true());
    }
}

static int ask_all(struct asking *asking)
{
    const struct dydisnix_work work = { next_call, take_answer, asking };
    size_t count = asking->infrastructure->count;
    int status = 0;
    asking->tries = calloc(count + 1, 1);
    asking->calls = calloc(count + 1, sizeof *asking->calls);
    if (!asking->tries || !asking->calls || !asking->silent)
        status = -1;
    for (int round = 0; round < 2 && status == 0; round++) {
        asking->next = 0;
        status = operations->run(&work, at_once);
    }
    for (size_t i = 0; asking->calls && i < count; i++)
        arguments_clear(&asking->calls[i]);
    free(asking->calls);
    free(asking->tries);
    return status;
}

/* When a target that is silent now answered last. */
static json_int_t last_answer(const json_t *before, const char *name)
{
    const json_t *silent = json_object_get(json_object_get(before, "silent"), name), *asked;
    size_t index;
    if (json_is_integer(silent))
        return json_integer_value(silent);
    json_array_foreach(json_object_get(before, "asked"), index, asked)
        if (json_is_string(asked) && strcmp(json_string_value(asked), name) == 0)
            return json_integer_value(json_object_get(before, "at"));
    return 0;
}

static int write_record(const char *directory, const json_t *record)
{
    CLEANUP_FREE char *file = record_file(directory);
    CLEANUP_FREE char *text = json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS);
    if (file && text && operations->write(file, text, strlen(text), 0600) == 0)
        return 0;
    log_error(NULL, "%s: %s", file ? file : directory, strerror(errno));
    return -1;
}

int probe_ask(const struct settings *settings, const struct infrastructure *infrastructure, json_t **record)
{
    CLEANUP_FREE char *profile_path = target_profile_path(settings->profile);
    CLEANUP_JSON json_t *silent = json_object(), *before = probe_read(settings->state_directory);
    struct asking asking = { .infrastructure = infrastructure,
                             .profile_path = profile_path,
                             .deadline = settings->probe_timeout * 1000,
                             .silent = silent,
                             .interface = settings->interface };
    int64_t now = operations->clock();
    const char *name;
    json_t *value;
    if (!profile_path || ask_all(&asking) != 0) {
        log_error(NULL, "the targets cannot be asked: %s", strerror(errno));
        return -1;
    }
    if (asking.missing)
        return -1;
    json_object_foreach(silent, name, value)
        json_object_set_new(silent, name, json_integer(last_answer(before, name)));
    *record = json_pack("{si sI so sO}", "version", 1, "at", (json_int_t)now, "asked",
                        infrastructure_names(infrastructure), "silent", silent);
    return *record && write_record(settings->state_directory, *record) == 0 ? 0 : -1;
}

void probe_note_silent(const struct settings *settings, const json_t *report)
{
    CLEANUP_JSON json_t *record = probe_read(settings->state_directory);
    json_t *silent = json_object_get(record, "silent"), *target;
    const char *name;
    bool changed = false;
    json_object_foreach(json_object_get(report, "targets"), name, target) {
        const char *status = json_string_value(json_object_get(target, "status"));
        if (!status || strcmp(status, "silent") != 0 || json_object_get(silent, name))
            continue;
        json_object_set_new(silent, name, json_integer(last_answer(record, name)));
        changed = true;
    }
    if (record && changed)
        write_record(settings->state_directory, record);
}

static bool same_keys(const json_t *a, const json_t *b)
{
    const char *name;
    json_t *value;
    if (json_object_size(a) != json_object_size(b))
        return false;
    json_object_foreach((json_t *)a, name, value)
        if (!json_object_get(b, name))
            return false;
    return true;
}

int probe_run(const struct settings *settings)
{
    CLEANUP_FREE char *file = string_format("%s/captured.xml", settings->state_directory);
    CLEANUP_JSON json_t *before = probe_read(settings->state_directory), *record = NULL;
    struct strings *strings = strings_new();
    struct model model = { 0 };
    int status = PROBE_FAILED;
    if (file && strings && model_load(file, settings, strings, &model) == 0
        && probe_ask(settings, &model.infrastructure, &record) == 0)
        status = same_keys(json_object_get(before, "silent"), json_object_get(record, "silent"))
                     ? PROBE_SAME
                     : PROBE_CHANGED;
    model_clear(&model);
    strings_free(strings);
    return status;
}
