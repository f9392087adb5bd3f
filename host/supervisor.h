/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * When a cycle runs: a pure function of what happens, without any clock, process or file. All times are
 * milliseconds of one monotonic clock.
 */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "cycle.h"

enum supervisor_event {
    EVENT_START,    /* the loop begins */
    EVENT_TIMER,    /* the moment that was asked for has come (or not yet: that is no harm) */
    EVENT_CHANGE,   /* the watched model changed, or somebody asks for a cycle now */
    EVENT_CYCLE,    /* the cycle process ended; its status is given */
    EVENT_FINISHED, /* the process that calls cycle_finished ended */
    EVENT_STOP      /* end after the running cycle; again: end it; once more: at once */
};

enum supervisor_phase { PHASE_IDLE, PHASE_CYCLE, PHASE_FINISHING, PHASE_ENDED };

struct supervisor {
    bool polls;  /* a cycle runs every interval */
    bool once;   /* one cycle only */
    int64_t interval, retry_min, retry_max;

    enum supervisor_phase phase;
    bool ready;   /* a cycle has finished */
    bool changed; /* something changed while a cycle ran */
    bool retries; /* the running cycle tries a model again that failed */
    unsigned stops;
    unsigned failures; /* cycles that failed in a row */
    int64_t retry_at;
    enum cycle_status last;
};

enum {
    DO_CYCLE = 1,     /* start a cycle process */
    DO_RETRY = 2,     /* with it: a model that failed is due again */
    DO_FINISHED = 4,  /* start a process that calls cycle_finished */
    DO_READY = 8,     /* the first cycle has finished */
    DO_INTERRUPT = 16, /* interrupt what runs */
    DO_KILL = 32,     /* kill what runs */
    DO_END = 64       /* end the loop with status */
};

struct supervisor_actions {
    unsigned todo;
    int64_t wake; /* give EVENT_TIMER then; -1: not needed */
    int status;   /* with DO_END */
};

/* One step. status is read for EVENT_CYCLE only. */
struct supervisor_actions supervisor_step(struct supervisor *supervisor, enum supervisor_event event,
                                          enum cycle_status status, int64_t now);

#endif
