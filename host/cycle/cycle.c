/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cycle/cycle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/calls/stages.h"
#include "host/copies/wrapper.h"
#include "host/cycle/deployment.h"
#include "host/cycle/detect.h"
#include "host/cycle/event.h"
#include "host/cycle/pipeline.h"
#include "host/cycle/reconstruction.h"
#include "host/cycle/requests.h"
#include "host/cycle/running.h"
#include "host/cycle/settle.h"
#include "host/cycle/snapshots.h"
#include "host/cycle/summary.h"
#include "host/deploy/dry-run.h"
#include "host/presence/hung.h"
#include "host/presence/refusals.h"
#include "host/record/failure.h"
#include "host/record/failures.h"
#include "host/record/routine.h"
#include "host/record/waits.h"
#include "host/settings/stage-names.h"
#include "host/unfinished/recover.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static int capture(struct cycle *cycle, json_t **report)
{
    return stage_capture(cycle->settings, cycle->settings->state_directory, report);
}

static int augment(struct cycle *cycle, json_t **report)
{
    if (!cycle->settings->augment)
        return DYDISNIX_NOT_MINE;
    return stage_augment(cycle->settings, cycle->event, report);
}

/* Who takes no closures gets nothing: the model of this stage is without it. */
static int redistribute(struct cycle *cycle, json_t **report)
{
    CLEANUP_JSON json_t *event = json_copy(cycle->event);
    CLEANUP_JSON json_t *names =
        refusals_begin(cycle->state.root, &cycle->model.infrastructure, operations->clock());
    CLEANUP_FREE char *directory = string_format("%s/sparing", cycle->work), *file = NULL;
    if (!event || !names || !directory)
        return -1;
    if (json_array_size(names) > 0) {
        json_array_extend(names, cycle->presence.left_out);
        if (operations->make_directory(directory, 0700) != 0
            || wrap_infrastructure(directory, cycle->captured, names, &file) != 0)
            return -1;
        json_object_set_new(event, "infrastructure", json_string(file));
    }
    return stage_redistribute(cycle->settings, event, report);
}

static int assign_ids(struct cycle *cycle, json_t **report)
{
    (void)report;
    return cycle->settings->ids ? stage_assign_ids(cycle->settings, cycle->event) : DYDISNIX_NOT_MINE;
}

static bool takes_snapshots(const struct settings *settings)
{
    return settings->snapshot;
}

static bool assigns_ids(const struct settings *settings)
{
    return settings->ids != NULL;
}

static bool is_real(const struct cycle *cycle)
{
    return !cycle->settings->dry_run;
}

/* A cycle, from above to below. */
#define STAGE(stage, ...) [STAGE_##stage] = { .name = #stage, __VA_ARGS__ }
static const struct stage stages[STAGES] = {
    /* First, what earlier deployments have left: settle.c. */
    STAGE(capture, .run = capture, .after = detect_captured),
    STAGE(augment, .run = augment, .after = detect_augmented),
    STAGE(detect, .run = detect_run),
    STAGE(reconstruct, .changes = pipeline_never, .after = reconstruction_take),
    STAGE(restore, .run = snapshots_restore, .changes = pipeline_always, .wanted = snapshots_restore_wanted),
    STAGE(snapshot, .run = snapshots_take, .changes = takes_snapshots, .wanted = snapshots_wanted,
          .after = snapshots_taken),
    STAGE(redistribute, .run = redistribute),
    STAGE(assign_ids, .run = assign_ids, .changes = assigns_ids, .wanted = is_real),
    STAGE(redeploy, .run = deployment_run, .changes = pipeline_always),
};

/* Stages first to last. */
static int walk(struct cycle *cycle, int first, int last)
{
    return pipeline_walk(cycle, stages + first, (size_t)(last - first + 1));
}

/* What is new to whoever has followed the cycles: the model that failed may have been seen before. */
static void tell_changes(const json_t *changes, const json_t *seen, const json_t *again)
{
    if (model_changed(changes) && !again)
        log_notice(NULL, "A change in the infrastructure has been detected!");
    if (again)
        log_notice(NULL, "Cycle %lld did not succeed, and is tried again",
                   (long long)json_integer_value(again));
    model_tell_changes(seen);
}

/* What has been seen is remembered, and since which cycle it is tried. */
static int note_seen(struct cycle *cycle, const json_t *seen, json_t *number)
{
    CLEANUP_FREE char *file = cycle_file(cycle->settings, "seen.xml");
    if (cycle->settings->dry_run)
        return 0;
    if (model_changed(seen) || !json_object_get(cycle->state.root, "tried"))
        json_object_set(cycle->state.root, "tried", number);
    return file ? model_save(&cycle->model, file) : -1;
}

/* Why targets are left out. */
static json_t *left_out_for(const struct cycle *cycle)
{
    json_t *reasons = json_object(), *name;
    size_t index;
    json_array_foreach(cycle->presence.left_out, index, name) {
        const json_t *target =
            json_object_get(json_object_get(cycle->state.root, "targets"), json_string_value(name));
        const char *held = json_string_value(json_object_get(json_object_get(target, "held"), "text"));
        json_object_set_new(reasons, json_string_value(name),
                            json_pack("{ss ss*}", "status", state_target_word(target), "reason",
                                      held ? held : hung_reason(target)));
    }
    return reasons;
}

static int adapt(struct cycle *cycle, const json_t *changes)
{
    json_t *number = json_integer(1 + json_integer_value(json_object_get(cycle->state.root, "cycle")));
    CLEANUP_JSON json_t *found = detect_seen(cycle);
    const json_t *seen = found ? found : changes;
    json_t *again = model_changed(seen) ? NULL : json_object_get(cycle->state.root, "tried");
    json_object_set_new(cycle->state.root, "cycle", number);
    tell_changes(changes, seen, again);
    journal_add(&cycle->journal,
                json_pack("{ss sO sO* sO sO* sO* so}", "kind", "infrastructure", "cycle", number, "changes",
                          changes, "seen", seen, "retryOf", again, "leftOut", cycle->presence.left_out,
                          "leftOutFor", left_out_for(cycle)),
                false);
    journal_release(&cycle->journal);
    progress_tell(&cycle->progress,
                  json_pack("{ss s{sO sb}}", "event", "facts", "facts", "cycle", number, "adapted", 1));
    if (note_seen(cycle, seen, number) != 0 || state_save(&cycle->state) != 0 || event_prepare(cycle) != 0)
        return -1;
    if (cycle->settings->reconstruct)
        log_notice(NULL, "Reconstructing manifest...");
    return walk(cycle, STAGE_reconstruct, STAGE_redeploy);
}

/* While nothing is adapted, those that are not there are not asked for snapshots. */
static void drop_absent(struct cycle *cycle)
{
    struct infrastructure *infrastructure = &cycle->model.infrastructure;
    const json_t *status = json_object_get(cycle->event, "presence");
    size_t kept = 0;
    for (size_t i = 0; i < infrastructure->count; i++) {
        struct target *target = &infrastructure->targets[i];
        const char *found = json_string_value(json_object_get(status, target->name));
        if (found && strcmp(found, "here") == 0)
            infrastructure->targets[kept++] = *target;
        else
            target_clear(target);
    }
    infrastructure->count = kept;
}

/* Nothing to do now. */
static int idle(struct cycle *cycle, int status)
{
    event_prepare(cycle);
    if (walk(cycle, STAGE_snapshot, STAGE_snapshot) != 0)
        return CYCLE_FAILED;
    return state_save(&cycle->state) == 0 ? status : CYCLE_FAILED;
}

/* All temporary files are made where the next cycle removes what one that was killed has left. */
static int prepare_work(const struct cycle *cycle)
{
    if (operations->remove(cycle->work) == 0 && operations->make_directory(cycle->work, 0700) == 0
        && setenv("TMPDIR", cycle->work, 1) == 0)
        return 0;
    log_error(NULL, "%s: %s", cycle->work, strerror(errno));
    return -1;
}

static int run_adaptation(struct cycle *cycle, json_t *changes)
{
    json_object_set(cycle->event, "changes", changes);
    int status = adapt(cycle, changes);
    if (cycle->settings->dry_run && (status == 0 || cycle_report(cycle, "redeploy")))
        dry_run_print(cycle->event, cycle->state.root);
    if (deployment_remember(cycle, status) != 0)
        status = -1;
    return status == 0 ? CYCLE_DONE : CYCLE_FAILED;
}

/* One that has told of something, as of what was left to do on a target, tells also that it has ended: only one
 * that adapts is told of by the loop. */
static int tell_unchanged(struct cycle *cycle, int status)
{
    if (status == CYCLE_UNCHANGED && !cycle->journal.held)
        journal_add(&cycle->journal, json_pack("{ss ss}", "kind", "cycle_ended", "outcome", "unchanged"),
                    false);
    return status;
}

static int look(struct cycle *cycle)
{
    CLEANUP_JSON json_t *changes = NULL;
    enum verdict verdict = VERDICT_FAILED;
    journal_open(&cycle->journal, cycle->settings->state_directory);
    journal_add(&cycle->journal, json_pack("{ss sb}", "kind", "cycle_began", "retry", cycle->request.retry),
                false);
    int looked =
        prepare_work(cycle) != 0 || settle_before(cycle) != 0 ? -1 : walk(cycle, STAGE_capture, STAGE_detect);
    if (looked > 0)
        return CYCLE_UNCHANGED;
    if (looked == 0)
        verdict = detect_verdict(cycle, &changes);
    switch (verdict) {
    case VERDICT_CHANGED: routine_over(); return run_adaptation(cycle, changes);
    case VERDICT_UNCHANGED: return idle(cycle, CYCLE_UNCHANGED);
    case VERDICT_WAITING: drop_absent(cycle); return idle(cycle, CYCLE_UNCHANGED);
    case VERDICT_PAUSED: return idle(cycle, CYCLE_PAUSED);
    case VERDICT_FAILED: journal_release(&cycle->journal); break;
    }
    return CYCLE_FAILED;
}

static int run_cycle(struct cycle *cycle)
{
    return tell_unchanged(cycle, look(cycle));
}

/* What a loop before this one remembers of failures goes on. */
static void tell_failures(const struct cycle *cycle)
{
    const json_t *failures = json_object_get(cycle->state.root, "failures");
    if (failures && cycle->request.first)
        progress_tell(&cycle->progress, json_pack("{ss sO}", "event", "failures", "failures", failures));
}

/* One line of a cycle that had something to do. */
static void sum_up(const struct cycle *cycle, int status, const json_t *failure, int64_t milliseconds)
{
    if (cycle->settings->dry_run || (status != CYCLE_DONE && status != CYCLE_FAILED))
        return;
    const json_t *reports = json_object_get(cycle->event, "reports");
    const json_int_t number = json_integer_value(json_object_get(cycle->event, "cycle"));
    CLEANUP_FREE char *name = number > 0 ? string_format("Cycle %lld", (long long)number) : strdup("A cycle");
    CLEANUP_FREE char *what = status == CYCLE_DONE ? deployment_counts(reports, true)
                              : failure            ? failure_words(failure)
                                                   : NULL;
    log_notice(NULL, "%s %s after %.1f seconds%s%s", name ? name : "A cycle",
               status == CYCLE_DONE ? "is done" : "has failed", (double)milliseconds / 1000, what ? ": " : "",
               what ? what : "");
}

/* The loop hears why it failed, or what has failed is over. */
static void conclude(struct cycle *cycle, int status, int64_t began)
{
    CLEANUP_JSON json_t *failure = failure_known();
    sum_up(cycle, status, failure, operations->now() - began);
    if (status == CYCLE_FAILED || status == CYCLE_DEPOSED) {
        if (failure)
            progress_tell(&cycle->progress, json_pack("{ss sO}", "event", "failure", "failure", failure));
    } else if ((status != CYCLE_UNCHANGED || cycle->request.retry)
               && failures_over(cycle->state.root, operations->clock())) {
        state_save(&cycle->state);
    }
}

int cycle_run(const struct settings *settings, const struct cycle_request *request)
{
    struct cycle cycle;
    int status = CYCLE_FAILED;
    const int64_t began = operations->now();
    CLEANUP_FREE char *event = cycle_file(settings, "event.json");
    if (event)
        operations->remove(event);
    failure_open();
    bool open = cycle_open(&cycle, settings) == 0 && cycle_load(&cycle) == 0;
    const struct recovery recovery = cycle_recovery(&cycle);
    cycle.request = *request;
    routine_begin(request->routine);
    cycle.progress = progress_to(request->progress);
    if (open) {
        tell_failures(&cycle);
        waits_keep(cycle.state.root, operations->clock(), operations->now());
        progress_tell(&cycle.progress, json_pack("{ss ss}", "event", "end", "stage", "load"));
        if ((settings->dry_run || recover_wait(&recovery) == 0) && cycle_take_requests(&cycle) == 0)
            status = run_cycle(&cycle);
        if (cycle.deposed)
            status = CYCLE_DEPOSED;
        if (cycle.model.xml)
            summary_tell(&cycle.progress, cycle.event, &cycle.state, &cycle.model.infrastructure);
        operations->remove(cycle.work);
    }
    conclude(&cycle, status, began);
    if (progress_tell(&cycle.progress, json_pack("{ss}", "event", "over")) != 0)
        status = CYCLE_FAILED;
    cycle_close(&cycle);
    failure_close();
    return status;
}

int cycle_probe(const struct settings *settings)
{
    struct cycle cycle;
    int status = cycle_open(&cycle, settings) == 0 && cycle_load(&cycle) == 0 ? 0 : -1;
    cycle_close(&cycle);
    return status;
}

void cycle_forget(const struct settings *settings)
{
    cycle_remove(settings, "deployed.xml");
    cycle_remove(settings, "failed.xml");
}
