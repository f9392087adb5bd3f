/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cycle/pipeline.h"

#include <string.h>
#include <unistd.h>

#include "host/calls/stages.h"
#include "host/cycle/event.h"
#include "host/record/failure.h"
#include "lib/base/cleanup.h"
#include "lib/base/switch.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

/* The first plugin that takes the stage has it. As run. */
static int run_hooks(struct cycle *cycle, const struct stage *stage, json_t **report)
{
    json_object_set_new(cycle->event, "stageTimeout",
                        json_integer((json_int_t)settings_stage_timeout(cycle->settings, stage->name)));
    for (size_t i = 0; i < cycle->plugin_count; i++) {
        int status = plugin_call(&cycle->plugins[i], stage->name, cycle->event, cycle->work, report);
        if (status == DYDISNIX_DONE)
            return 0;
        if (status != DYDISNIX_NOT_MINE) {
            log_error(NULL, "plugin %s: its hook %s failed with %d", cycle->plugins[i].hooks.name,
                      stage->name, status);
            return -1;
        }
        json_decref(*report);
        *report = NULL;
    }
    return stage->run ? stage->run(cycle, report) : DYDISNIX_NOT_MINE;
}

static int begin(struct cycle *cycle, const char *name)
{
    if (cycle_interrupted) {
        log_error(NULL, "interrupted before the stage %s", name);
        return -1;
    }
    if (getppid() != cycle->request.host) {
        log_error(NULL, "the loop was killed, the cycle ends before the stage %s", name);
        return -1;
    }
    cycle->began = operations->now();
    failure_forget();
    if (progress_tell(&cycle->progress, json_pack("{ss ss}", "event", "begin", "stage", name)) != 0) {
        log_error(NULL, "the loop cannot be told of the stage %s", name);
        return -1;
    }
    json_object_set_new(cycle->event, "hook", json_string(name));
    json_object_set_new(cycle->event, "stage", json_string(name));
    event_keep(cycle);
    return 0;
}

void pipeline_note(struct cycle *cycle, const char *name, bool failed, int64_t milliseconds, json_t *report)
{
    CLEANUP_JSON json_t *failure = failed ? failure_known() : NULL;
    journal_add(&cycle->journal,
                json_pack("{ss sO* ss ss sI sO* sO*}", "kind", "stage", "cycle",
                          json_object_get(cycle->event, "cycle"), "stage", name, "outcome",
                          failed ? "failed" : "done", "milliseconds", (json_int_t)milliseconds, "failure",
                          failure, "report", report),
                false);
}

/* Gives status back; DYDISNIX_NOT_MINE, nothing had to be done, as 0. report: NULL if there is none. */
static int end(struct cycle *cycle, const char *name, int status, json_t *report)
{
    const json_int_t milliseconds = operations->now() - cycle->began;
    const bool idle = status == DYDISNIX_NOT_MINE, failed = status != 0 && !idle;
    progress_tell(&cycle->progress, json_pack("{ss ss si sI}", "event", "end", "stage", name, "status",
                                              failed ? -1 : 0, "milliseconds", milliseconds));
    if (!idle)
        pipeline_note(cycle, name, failed, milliseconds, report);
    if (failed)
        log_error(NULL, "the stage %s failed", name);
    return failed ? -1 : 0;
}

/* In the store nothing refers yet to what a stage has made. The model that the user names is the user's. */
static int keep_result(const struct cycle *cycle, const char *name, const char *file, bool *vanished)
{
    const struct settings *settings = cycle->settings;
    if (!is_store_path(file) || (settings->infrastructure && strcmp(file, settings->infrastructure) == 0)
        || !SWITCH(KEPT_RESULTS))
        return 0;
    return stage_keep(settings, file, cycle->work, name, vanished);
}

/* What later stages need of a report goes into the event, and is kept until the cycle ends. */
static int take_results(struct cycle *cycle, const struct stage *stage, json_t *report, bool *vanished)
{
    static const char *const results[] = { "infrastructure", "distribution" };
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        json_t *file = json_object_get(report, results[i]);
        if (!file)
            continue;
        if (!json_is_string(file) || json_string_value(file)[0] != '/') {
            log_error(NULL, "the stage %s gave no absolute path as %s", stage->name, results[i]);
            return -1;
        }
        if (keep_result(cycle, results[i], json_string_value(file), vanished) != 0)
            return -1;
        json_object_set(cycle->event, results[i], file);
    }
    return 0;
}

/* What is taken by a garbage collection before it is kept is made again, unless that would change something
 * twice. */
static int run_and_take(struct cycle *cycle, const struct stage *stage, json_t **report)
{
    bool vanished = true;
    int status = -1;
    for (int attempt = 0; vanished && attempt < (stage->changes ? 1 : KEEP_ATTEMPTS); attempt++) {
        vanished = false;
        json_decref(*report);
        *report = NULL;
        status = run_hooks(cycle, stage, report);
        if (status == 0)
            status = take_results(cycle, stage, *report, &vanished);
    }
    return status;
}

static bool is_guarded(const struct cycle *cycle, const struct stage *stage)
{
    if (!cycle->settings->guard || cycle->settings->dry_run || !stage->changes)
        return false;
    return cycle_has_hook(cycle, stage->name) || stage->changes(cycle->settings);
}

static bool is_refused(struct cycle *cycle, const char *stage)
{
    int status = stage_guard(cycle->settings, stage);
    if (status != 0)
        cycle->refused = true;
    if (status == GUARD_DEPOSED)
        cycle->deposed = true;
    return status != 0;
}

int pipeline_run(struct cycle *cycle, const struct stage *stage)
{
    CLEANUP_JSON json_t *report = NULL;
    if (begin(cycle, stage->name) != 0)
        return -1;
    if (is_guarded(cycle, stage) && is_refused(cycle, stage->name))
        return end(cycle, stage->name, -1, NULL);
    int status = run_and_take(cycle, stage, &report);
    if (report)
        json_object_set(json_object_get(cycle->event, "reports"), stage->name, report);
    event_keep(cycle);
    return end(cycle, stage->name, status, report);
}

int pipeline_walk(struct cycle *cycle, const struct stage *stages, size_t count)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (stages[i].wanted && !stages[i].wanted(cycle))
            continue;
        status = pipeline_run(cycle, &stages[i]);
        if (stages[i].after)
            status = stages[i].after(cycle, status);
    }
    return status;
}

bool pipeline_always(const struct settings *settings)
{
    (void)settings;
    return true;
}

bool pipeline_never(const struct settings *settings)
{
    (void)settings;
    return false;
}
