/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/loop/supervisor.h"

#include "lib/base/random.h"
#include "lib/base/switch.h"

static const int64_t finished_limit = 60 * 1000; /* for all cycle_finished hooks */
static const int64_t kill_delay = 2 * 1000;      /* from TERM to KILL, and to the next KILL */
static const int64_t probe_limit = 3600 * 1000;  /* for a process that asks the targets */

static const struct supervisor_actions nothing;

int64_t supervisor_backoff(const struct supervisor *supervisor, unsigned failures)
{
    int64_t delay = supervisor->retry_min;
    for (unsigned i = 1; i < failures && delay < supervisor->retry_max; i++)
        delay *= 2;
    return delay < supervisor->retry_max ? delay : supervisor->retry_max;
}

/* Somewhere in the upper half, so that loops that failed together do not come back together. */
static int64_t retry_delay(struct supervisor *supervisor)
{
    int64_t delay = supervisor_backoff(supervisor, supervisor->failures);
    if (supervisor->seed != 0)
        delay -= (int64_t)(random_next(&supervisor->seed) % (uint64_t)(delay / 2 + 1));
    return delay;
}

const char *supervisor_phase_name(enum supervisor_phase phase)
{
    static const char *const names[] = { [PHASE_IDLE] = "idle",
                                         [PHASE_CYCLE] = "cycle",
                                         [PHASE_FINISHING] = "finishing",
                                         [PHASE_ENDED] = "ended" };
    return names[phase];
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a == 0 ? b : b == 0 || a < b ? a : b;
}

static bool polls_now(const struct supervisor *supervisor)
{
    return supervisor->polls && !supervisor->blind;
}

int64_t supervisor_next(const struct supervisor *supervisor)
{
    int64_t moment = earlier(polls_now(supervisor) ? supervisor->poll_at : 0, supervisor->due_at);
    moment = earlier(moment, supervisor->failures > 0 ? supervisor->retry_at : 0);
    moment = earlier(moment, supervisor->resync_at);
    return moment == 0 ? -1 : moment;
}

int64_t supervisor_wake(const struct supervisor *supervisor)
{
    int64_t moment = 0, next;
    switch (supervisor->phase) {
    case PHASE_IDLE:
        next = supervisor_next(supervisor);
        moment = earlier(next < 0 ? 0 : next, supervisor->probe_at);
        break;
    case PHASE_CYCLE:
    case PHASE_FINISHING:
        moment = supervisor->ending != ENDING_NONE ? supervisor->ending_at : supervisor->deadline;
        break;
    case PHASE_ENDED: break;
    }
    return moment == 0 ? -1 : moment;
}

void supervisor_deadline(struct supervisor *supervisor, int64_t deadline, int64_t patience)
{
    supervisor->deadline = deadline;
    supervisor->patience = patience;
}

void supervisor_due(struct supervisor *supervisor, int64_t moment)
{
    supervisor->due_at = moment;
}

void supervisor_blind(struct supervisor *supervisor)
{
    supervisor->blind = true;
}

void supervisor_forgive(struct supervisor *supervisor)
{
    supervisor->failures = 0;
}

static bool is_due(int64_t moment, int64_t now)
{
    return moment != 0 && now >= moment;
}

static struct supervisor_actions start_cycle(struct supervisor *supervisor, bool retry, int64_t now)
{
    struct supervisor_actions actions = { .todo = DO_CYCLE | (retry ? DO_RETRY : 0) };
    if (is_due(supervisor->resync_at, now)) {
        supervisor->resyncs = true;
        supervisor->resync_at = now + supervisor->resync;
    }
    if (supervisor->triggered)
        actions.todo |= DO_NOW;
    if (supervisor->resyncs)
        actions.todo |= DO_RESYNC;
    if (supervisor->probing)
        actions.todo |= DO_END_PROBE;
    supervisor->phase = PHASE_CYCLE;
    supervisor->changed = supervisor->triggered = false;
    supervisor->retries = retry;
    supervisor->routine = supervisor->blind = false;
    supervisor->due_at = supervisor->deadline = 0;
    return actions;
}

static struct supervisor_actions end(struct supervisor *supervisor)
{
    bool failed = supervisor->last == CYCLE_FAILED || supervisor->last == CYCLE_PAUSED;
    supervisor->phase = PHASE_ENDED;
    return (struct supervisor_actions){ .todo = DO_END,
                                        .status = (supervisor->once && failed) || supervisor->deposed };
}

/* One cycle that waits for the network to settle has not had its say yet. */
static bool is_over(const struct supervisor *supervisor)
{
    bool waits = supervisor->last == CYCLE_UNCHANGED && supervisor->due_at != 0;
    return supervisor->stops > 0 || supervisor->deposed || (supervisor->once && !waits);
}

/* Nothing runs any more: end, go on at once, or wait. */
static struct supervisor_actions rest(struct supervisor *supervisor, int64_t now)
{
    unsigned ready = supervisor->ready ? 0 : DO_READY;
    struct supervisor_actions actions = nothing;
    supervisor->ready = true;
    supervisor->ending = ENDING_NONE;
    supervisor->poll_at = now + supervisor->interval;
    if (supervisor->probe_interval != 0 && supervisor->probe_at == 0 && !supervisor->probing)
        supervisor->probe_at = now + supervisor->probe_interval;
    if (is_over(supervisor))
        actions = end(supervisor);
    else if (supervisor->changed || supervisor->triggered)
        actions = start_cycle(supervisor, true, now);
    else
        supervisor->phase = PHASE_IDLE;
    actions.todo |= ready;
    return actions;
}

static struct supervisor_actions cycle_ended(struct supervisor *supervisor, enum cycle_status status,
                                             int64_t now)
{
    bool pauses = status == CYCLE_PAUSED && !supervisor->paused;
    if (status == CYCLE_DEPOSED) {
        supervisor->deposed = true;
        status = CYCLE_FAILED;
    }
    supervisor->last = status;
    supervisor->ending = ENDING_NONE;
    supervisor->paused = status == CYCLE_PAUSED || (supervisor->paused && status == CYCLE_FAILED);
    /* A retry that finds nothing to do: what failed is not wanted any more. */
    if (status == CYCLE_DONE || status == CYCLE_PAUSED || (status == CYCLE_UNCHANGED && supervisor->retries))
        supervisor->failures = 0;
    if (status == CYCLE_DONE) {
        supervisor->resyncs = false;
        supervisor->resync_at = supervisor->resync != 0 ? now + supervisor->resync : 0;
    }
    if (status == CYCLE_UNCHANGED || (status == CYCLE_PAUSED && !pauses))
        return rest(supervisor, now);
    if (status == CYCLE_FAILED) {
        supervisor->failures++;
        supervisor->retry_at = SWITCH(RETRY) ? now + retry_delay(supervisor) : INT64_MAX;
    }
    supervisor->phase = PHASE_FINISHING;
    supervisor->deadline = now + finished_limit;
    return (struct supervisor_actions){ .todo = DO_FINISHED };
}

/* The next signal for what runs. */
static struct supervisor_actions advance(struct supervisor *supervisor, int64_t now)
{
    static const unsigned signals[] = {
        [ENDING_INTERRUPTED] = DO_INTERRUPT, [ENDING_TERMINATED] = DO_TERMINATE, [ENDING_KILLED] = DO_KILL
    };
    if (supervisor->ending != ENDING_KILLED)
        supervisor->ending++;
    supervisor->ending_at =
        now + (supervisor->ending == ENDING_INTERRUPTED ? supervisor->patience : kill_delay);
    return (struct supervisor_actions){ .todo = signals[supervisor->ending] };
}

static struct supervisor_actions stop(struct supervisor *supervisor, int64_t now)
{
    supervisor->stops++;
    if (supervisor->phase == PHASE_IDLE)
        return end(supervisor);
    if (supervisor->stops == 2 && supervisor->ending == ENDING_NONE) {
        supervisor->patience = supervisor->stop_timeout;
        return advance(supervisor, now);
    }
    if (supervisor->stops > 2) {
        supervisor->ending = ENDING_TERMINATED;
        return advance(supervisor, now);
    }
    return nothing;
}

static struct supervisor_actions timer(struct supervisor *supervisor, int64_t now)
{
    bool retry = supervisor->failures == 0 || now >= supervisor->retry_at;
    bool running = supervisor->phase == PHASE_CYCLE || supervisor->phase == PHASE_FINISHING;
    if (running && supervisor->ending != ENDING_NONE)
        return now >= supervisor->ending_at ? advance(supervisor, now) : nothing;
    if (running && is_due(supervisor->deadline, now)) {
        if (supervisor->phase == PHASE_FINISHING)
            supervisor->ending = ENDING_TERMINATED;
        struct supervisor_actions actions = advance(supervisor, now);
        actions.todo |= DO_LATE;
        return actions;
    }
    if (supervisor->phase != PHASE_IDLE)
        return nothing;
    if ((supervisor->failures > 0 && retry) || (polls_now(supervisor) && is_due(supervisor->poll_at, now))
        || is_due(supervisor->due_at, now) || is_due(supervisor->resync_at, now)) {
        struct supervisor_actions actions = start_cycle(supervisor, retry, now);
        supervisor->routine = supervisor->failures == 0 || !retry;
        return actions;
    }
    if (!is_due(supervisor->probe_at, now))
        return nothing;
    struct supervisor_actions actions = { .todo = supervisor->probing ? DO_END_PROBE : DO_PROBE };
    supervisor->probe_at = now + probe_limit;
    supervisor->probing = true;
    return actions;
}

/* A change, or somebody's word: a cycle starts now, or after the one that runs. */
static struct supervisor_actions ask(struct supervisor *supervisor, bool *reason, int64_t now)
{
    *reason = true;
    return supervisor->phase == PHASE_IDLE ? start_cycle(supervisor, true, now) : nothing;
}

static struct supervisor_actions handle(struct supervisor *supervisor, enum supervisor_event event,
                                        enum cycle_status status, int64_t now)
{
    switch (event) {
    case EVENT_START: return start_cycle(supervisor, true, now);
    case EVENT_TIMER: return timer(supervisor, now);
    case EVENT_CHANGE: return ask(supervisor, &supervisor->changed, now);
    case EVENT_TRIGGER: return ask(supervisor, &supervisor->triggered, now);
    case EVENT_CYCLE: return cycle_ended(supervisor, status, now);
    case EVENT_FINISHED: return rest(supervisor, now);
    case EVENT_PROBED:
        supervisor->probing = false;
        supervisor->probe_at = now + supervisor->probe_interval;
        return nothing;
    case EVENT_STOP: return stop(supervisor, now);
    }
    return nothing;
}

struct supervisor_actions supervisor_step(struct supervisor *supervisor, enum supervisor_event event,
                                          enum cycle_status status, int64_t now)
{
    struct supervisor_actions actions = handle(supervisor, event, status, now);
    actions.wake = supervisor_wake(supervisor);
    return actions;
}
