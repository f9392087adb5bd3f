/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/self-adapt/loop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/presence/probe.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

const int64_t loop_load_limit = 60 * 1000;
static const int64_t short_patience =
    5 * 1000; /* milliseconds from INT to TERM where nothing stays half done */

void loop_polls(struct loop *loop, bool polled)
{
    const struct settings *settings = loop->settings;
    loop->supervisor.polls = polled || !(settings->infrastructure || settings->stream) || settings->snapshot;
}

void loop_open(struct loop *loop, bool polled)
{
    const struct settings *settings = loop->settings;
    loop->supervisor = (struct supervisor){ .once = settings->once,
                                            .interval = settings->interval * 1000,
                                            .retry_min = settings->retry_min * 1000,
                                            .retry_max = settings->retry_max * 1000,
                                            .resync = settings->resync * 1000,
                                            .resyncs = settings->dry_run,
                                            .stop_timeout = settings->stop_timeout * 1000,
                                            .seed = operations->random() };
    loop_polls(loop, polled);
    /* Cycles that the time asks for ask the targets themselves. */
    if (settings->probes && (!loop->supervisor.polls || settings->interval > settings->probe_interval))
        loop->supervisor.probe_interval = settings->probe_interval * 1000;
}

/* Why the cycle fails, where it cannot tell that itself. */
static void fail(struct loop *loop, char *reason)
{
    CLEANUP_FREE char *owned = reason;
    CLEANUP_JSON json_t *failure = json_pack("{ss*}", "reason", owned);
    log_error(NULL, "%s", owned ? owned : "out of memory");
    status_fail(&loop->status, failure);
}

static void end_process(struct loop *loop, unsigned todo)
{
    bool whole = loop->cycle_deadline != 0 && operations->now() >= loop->cycle_deadline;
    if ((todo & DO_LATE) && loop->supervisor.phase == PHASE_FINISHING)
        log_error(NULL, "cycle_finished takes too long and is ended");
    else if ((todo & DO_LATE) && whole)
        fail(loop, string_format("the cycle takes too long and is ended, in the stage %s", loop->stage));
    else if (todo & DO_LATE)
        fail(loop, string_format("the stage %s takes too long and is ended", loop->stage));
    loop->processes->signal(loop->closure, todo & DO_KILL ? SIGKILL : todo & DO_TERMINATE ? SIGTERM : SIGINT);
}

/* Nothing has changed since it was told what is waited for. */
static bool is_at_rest(const struct loop *loop)
{
    return loop->routine && loop->supervisor.last == CYCLE_UNCHANGED;
}

static void act(struct loop *loop, struct supervisor_actions actions)
{
    const struct loop_processes *processes = loop->processes;
    if (actions.todo & (DO_INTERRUPT | DO_TERMINATE | DO_KILL)) {
        end_process(loop, actions.todo);
        return;
    }
    if (actions.todo & DO_END_PROBE)
        processes->end_probe(loop->closure);
    if (actions.todo & DO_PROBE)
        processes->probe(loop->closure);
    if (actions.todo & DO_END)
        processes->end(loop->closure, actions.status);
    if (actions.todo & (DO_CYCLE | DO_FINISHED))
        processes->start(loop->closure, actions.todo);
    else if (!loop_is_over(loop) && actions.wake > operations->now() && loop->supervisor.polls
             && !is_at_rest(loop))
        log_notice(NULL, "Waiting for %ld seconds...",
                   (long)((actions.wake - operations->now() + 999) / 1000));
    if ((actions.todo & DO_READY) && processes->ready)
        processes->ready(loop->closure);
}

static void step(struct loop *loop, enum supervisor_event event, enum cycle_status status)
{
    act(loop, supervisor_step(&loop->supervisor, event, status, operations->now()));
}

void loop_step(struct loop *loop, enum supervisor_event event)
{
    step(loop, event, CYCLE_FAILED);
}

bool loop_is_over(const struct loop *loop)
{
    return loop->supervisor.phase == PHASE_ENDED;
}

/* A deployment rolls back when it is interrupted. */
static int64_t patience_of(const struct loop *loop, const char *stage)
{
    int64_t stop_timeout = loop->supervisor.stop_timeout;
    bool deploys = strcmp(stage, "redeploy") == 0 || strcmp(stage, "recover") == 0;
    return deploys || stop_timeout < short_patience ? stop_timeout : short_patience;
}

/* limit, in milliseconds, 0: none, beside that of the whole cycle. */
static void begin_stage(struct loop *loop, const char *name, int64_t limit)
{
    int64_t deadline = limit ? operations->now() + limit : 0;
    if (deadline == 0 || (loop->cycle_deadline != 0 && loop->cycle_deadline < deadline))
        deadline = loop->cycle_deadline;
    snprintf(loop->stage, sizeof loop->stage, "%s", name);
    supervisor_deadline(&loop->supervisor, deadline, patience_of(loop, name));
}

struct cycle_request loop_cycle_begins(struct loop *loop, unsigned todo)
{
    int64_t limit = loop->settings->cycle_timeout * 1000;
    const struct settings *settings = loop->settings;
    loop->over = false;
    loop->routine = loop->supervisor.routine && !settings->verbose && !settings->once && !settings->dry_run;
    loop->cycle_deadline = limit ? operations->now() + limit : 0;
    begin_stage(loop, "load", loop_load_limit);
    status_cycle_began(&loop->status, operations->now());
    return (struct cycle_request){ .retry = todo & DO_RETRY,
                                   .now = todo & DO_NOW,
                                   .resync = todo & DO_RESYNC,
                                   .first = !loop->supervisor.ready,
                                   .routine = loop->routine,
                                   .progress = -1 };
}

void loop_take(struct loop *loop, const json_t *document)
{
    const char *event = json_string_value(json_object_get(document, "event"));
    const char *stage = json_string_value(json_object_get(document, "stage"));
    status_take(&loop->status, document);
    if (!event)
        return;
    if (strcmp(event, "begin") == 0 && stage) {
        begin_stage(loop, stage, 1000 * settings_stage_timeout(loop->settings, stage));
        if (loop->processes->begins)
            loop->processes->begins(loop->closure, stage);
    } else if (strcmp(event, "end") == 0) {
        supervisor_deadline(&loop->supervisor, loop->cycle_deadline, loop->supervisor.stop_timeout);
    } else if (strcmp(event, "over") == 0) {
        loop->over = true;
    } else if (strcmp(event, "change") == 0) {
        supervisor_forgive(&loop->supervisor);
    } else if (strcmp(event, "due") == 0) {
        supervisor_due(&loop->supervisor,
                       operations->now() + 1000 * json_integer_value(json_object_get(document, "seconds")));
    }
}

static const char *outcome_name(enum cycle_status status)
{
    return status == CYCLE_DONE        ? "done"
           : status == CYCLE_UNCHANGED ? "unchanged"
           : status == CYCLE_PAUSED    ? "paused"
                                       : "failed";
}

static void end_cycle(struct loop *loop, enum cycle_status status, int signal)
{
    const int64_t clock = operations->clock();
    if (status == CYCLE_FAILED
        && (strcmp(loop->stage, "capture") == 0 || strcmp(loop->stage, "augment") == 0))
        supervisor_blind(&loop->supervisor);
    status_cycle_ended(&loop->status, outcome_name(status), signal, operations->now(), clock);
    step(loop, EVENT_CYCLE, status);
    if (loop->supervisor.failures == 0)
        status_recovered(&loop->status, clock);
}

void loop_process_ended(struct loop *loop, int status, int signal)
{
    bool own = status == CYCLE_DONE || status == CYCLE_UNCHANGED || status == CYCLE_PAUSED
               || status == CYCLE_DEPOSED;
    if (signal)
        fail(loop, string_format("the cycle was ended by signal %d (%s)", signal, strsignal(signal)));
    if (loop->supervisor.phase == PHASE_FINISHING) {
        loop_step(loop, EVENT_FINISHED);
        return;
    }
    if (!signal && !loop->over)
        fail(loop, string_format("the cycle has ended in the stage %s", loop->stage));
    end_cycle(loop, own && !signal && loop->over ? (enum cycle_status)status : CYCLE_FAILED, signal);
}

void loop_process_failed(struct loop *loop, int error)
{
    fail(loop, string_format("a cycle cannot be started: %s", strerror(error)));
    if (loop->supervisor.phase == PHASE_FINISHING)
        loop_step(loop, EVENT_FINISHED);
    else
        end_cycle(loop, CYCLE_FAILED, 0);
}

void loop_probe_ended(struct loop *loop, int status)
{
    if (status != PROBE_FAILED)
        loop->status.checked_at = operations->clock();
    loop_step(loop, EVENT_PROBED);
    if (status == PROBE_CHANGED && !loop_is_over(loop))
        loop_step(loop, EVENT_CHANGE);
}

void loop_tell(const struct loop *loop, bool watched)
{
    static const char *const phases[] = { "idle", "cycle", "finishing", "ended" };
    const struct supervisor *supervisor = &loop->supervisor;
    int64_t wake = supervisor_wake(supervisor);
    CLEANUP_JSON json_t *state =
        json_pack("{ss ss* sb sb sI ss*}", "phase", phases[supervisor->phase], "stage",
                  supervisor->phase == PHASE_CYCLE ? loop->stage : NULL, "paused", supervisor->paused,
                  "watched", watched, "failures", (json_int_t)supervisor->failures, "last",
                  supervisor->ready ? outcome_name(supervisor->last) : NULL);
    if (wake >= 0)
        json_object_set_new(state, "wake", json_real((double)(wake - operations->now()) / 1000));
    CLEANUP_FREE char *text = state ? json_dumps(state, JSON_COMPACT) : NULL;
    log_notice(NULL, "state: %s", text ? text : "out of memory");
}
