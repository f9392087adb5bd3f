/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervisor.h"

static int64_t backoff(const struct supervisor *supervisor)
{
    int64_t delay = supervisor->retry_min;
    for (unsigned i = 1; i < supervisor->failures && delay < supervisor->retry_max; i++)
        delay *= 2;
    return delay < supervisor->retry_max ? delay : supervisor->retry_max;
}

static struct supervisor_actions start_cycle(struct supervisor *supervisor, bool retry)
{
    supervisor->phase = PHASE_CYCLE;
    supervisor->changed = false;
    supervisor->retries = retry;
    return (struct supervisor_actions){ .todo = DO_CYCLE | (retry ? DO_RETRY : 0), .wake = -1 };
}

static int64_t next_moment(const struct supervisor *supervisor, int64_t now)
{
    int64_t poll = supervisor->polls ? now + supervisor->interval : -1;
    if (supervisor->failures > 0 && (poll < 0 || supervisor->retry_at < poll))
        return supervisor->retry_at > now ? supervisor->retry_at : now;
    return poll;
}

static struct supervisor_actions end(struct supervisor *supervisor)
{
    supervisor->phase = PHASE_ENDED;
    int status = supervisor->once && supervisor->last == CYCLE_FAILED ? 1 : 0;
    return (struct supervisor_actions){ .todo = DO_END, .wake = -1, .status = status };
}

/* Nothing runs any more: end, go on at once, or wait. */
static struct supervisor_actions rest(struct supervisor *supervisor, int64_t now)
{
    unsigned ready = supervisor->ready ? 0 : DO_READY;
    struct supervisor_actions actions = { .wake = -1 };
    supervisor->ready = true;
    if (supervisor->once || supervisor->stops > 0)
        actions = end(supervisor);
    else if (supervisor->changed)
        actions = start_cycle(supervisor, true);
    else {
        supervisor->phase = PHASE_IDLE;
        actions.wake = next_moment(supervisor, now);
    }
    actions.todo |= ready;
    return actions;
}

static struct supervisor_actions cycle_ended(struct supervisor *supervisor, enum cycle_status status,
                                             int64_t now)
{
    supervisor->last = status;
    /* A retry that finds nothing to do: what failed is not wanted any more. */
    if (status == CYCLE_DONE || (status == CYCLE_UNCHANGED && supervisor->retries))
        supervisor->failures = 0;
    if (status == CYCLE_UNCHANGED)
        return rest(supervisor, now);
    if (status == CYCLE_FAILED) {
        supervisor->failures++;
        supervisor->retry_at = now + backoff(supervisor);
    }
    supervisor->phase = PHASE_FINISHING;
    return (struct supervisor_actions){ .todo = DO_FINISHED, .wake = -1 };
}

static struct supervisor_actions stop(struct supervisor *supervisor)
{
    struct supervisor_actions actions = { .wake = -1 };
    supervisor->stops++;
    if (supervisor->phase == PHASE_IDLE)
        return end(supervisor);
    if (supervisor->stops == 2)
        actions.todo = DO_INTERRUPT;
    else if (supervisor->stops > 2)
        actions.todo = DO_KILL;
    return actions;
}

static struct supervisor_actions timer(struct supervisor *supervisor, int64_t now, int64_t wake)
{
    bool due = supervisor->failures == 0 || now >= supervisor->retry_at;
    if (supervisor->phase != PHASE_IDLE)
        return (struct supervisor_actions){ .wake = -1 };
    if (!supervisor->polls && !due)
        return (struct supervisor_actions){ .wake = wake };
    return start_cycle(supervisor, due);
}

struct supervisor_actions supervisor_step(struct supervisor *supervisor, enum supervisor_event event,
                                          enum cycle_status status, int64_t now)
{
    struct supervisor_actions nothing = { .wake = -1 };
    switch (event) {
    case EVENT_START:
        return start_cycle(supervisor, true);
    case EVENT_TIMER:
        return timer(supervisor, now, supervisor->retry_at);
    case EVENT_CHANGE:
        if (supervisor->phase == PHASE_IDLE)
            return start_cycle(supervisor, true);
        supervisor->changed = true;
        return nothing;
    case EVENT_CYCLE:
        return cycle_ended(supervisor, status, now);
    case EVENT_FINISHED:
        return rest(supervisor, now);
    case EVENT_STOP:
        return stop(supervisor);
    }
    return nothing;
}
