/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * When a cycle runs, and how what runs is ended: a pure function of what happens, without any clock, process
 * or file. All times are milliseconds of one monotonic clock; a moment of 0 is none.
 */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "host/cycle/cycle.h"

enum supervisor_event {
    EVENT_START,    /* the loop begins, and has a model to look at */
    EVENT_TIMER,    /* the moment that was asked for has come (or not yet: that is no harm) */
    EVENT_CHANGE,   /* a source has a new model, or other targets than before are silent */
    EVENT_TRIGGER,  /* somebody asks for a cycle now, which also takes words, see requests.h: HUP, trigger,
                       pause, resume, accept, prefer */
    EVENT_CYCLE,    /* the cycle process ended; its status is given */
    EVENT_FINISHED, /* the process that calls cycle_finished ended */
    EVENT_PROBED,   /* the process that asks the targets ended */
    EVENT_STOP      /* end after the running cycle; again: end it; once more: at once */
};

enum supervisor_phase { PHASE_IDLE, PHASE_CYCLE, PHASE_FINISHING, PHASE_ENDED };

/* What was sent to what runs, to end it. */
enum supervisor_ending { ENDING_NONE, ENDING_INTERRUPTED, ENDING_TERMINATED, ENDING_KILLED };

struct supervisor {
    bool polls; /* a cycle runs every interval */
    bool once;  /* one cycle only */
    int64_t interval, retry_min, retry_max;
    int64_t resync;         /* adapt that long after the last success, though nothing changed; 0: do not */
    int64_t probe_interval; /* between two processes that ask the targets, while idle; 0: none */
    int64_t stop_timeout;   /* from INT to TERM, when a second EVENT_STOP ends a cycle */
    uint64_t seed;          /* of the jitter of retries; 0: no jitter */

    enum supervisor_phase phase;
    bool ready;     /* a cycle has finished */
    bool changed;   /* something changed while a cycle ran */
    bool triggered; /* somebody asked for a cycle while one ran */
    bool retries;   /* the running cycle tries a model again that failed */
    bool routine;   /* it runs only because the time has come */
    bool blind;     /* the last one failed before it had a model: nothing is polled before its retry */
    bool resyncs;   /* a resync is due and has not succeeded yet */
    bool deposed;   /* it ends as after EVENT_STOP, with 1 */
    bool paused;    /* the last cycle found that adaptation is paused */
    bool probing;
    unsigned stops;
    unsigned failures; /* cycles that failed in a row */
    int64_t poll_at, retry_at, due_at, resync_at, probe_at;
    int64_t deadline; /* what runs is ended then */
    int64_t patience; /* from INT to TERM in that case */
    enum supervisor_ending ending;
    int64_t ending_at; /* the next signal */
    enum cycle_status last;
};

enum {
    DO_CYCLE = 1,        /* start a cycle process */
    DO_RETRY = 2,        /* with it: a model that failed is due again */
    DO_NOW = 4,          /* with it: it was asked for, and waits for nothing to settle */
    DO_RESYNC = 8,       /* with it: adapt though nothing changed */
    DO_FINISHED = 16,    /* start a process that calls cycle_finished */
    DO_PROBE = 32,       /* start a process that asks the targets */
    DO_END_PROBE = 64,   /* end it: a cycle begins, which asks them itself, or it takes too long */
    DO_READY = 128,      /* the first cycle has finished */
    DO_LATE = 256,       /* with one of the next: because the deadline has passed */
    DO_INTERRUPT = 512,  /* interrupt what runs */
    DO_TERMINATE = 1024, /* terminate what runs */
    DO_KILL = 2048,      /* kill what runs */
    DO_END = 4096        /* end the loop with status */
};

struct supervisor_actions {
    unsigned todo;
    int64_t wake; /* give EVENT_TIMER then; -1: not needed */
    int status;   /* with DO_END */
};

/* One step. status is read for EVENT_CYCLE only. */
struct supervisor_actions supervisor_step(struct supervisor *supervisor, enum supervisor_event event,
                                          enum cycle_status status, int64_t now);

/* When EVENT_TIMER is needed next, as in the actions of the last step; again after one of the functions
 * below. */
int64_t supervisor_wake(const struct supervisor *supervisor);

/* When a cycle starts next, if nothing happens before and none runs; -1: only when something happens. */
int64_t supervisor_next(const struct supervisor *supervisor);

/* The running cycle has begun or ended a stage: it is ended at deadline (0: never), with INT, after patience
 * with TERM, and then with KILL. */
void supervisor_deadline(struct supervisor *supervisor, int64_t deadline, int64_t patience);

/* The running cycle wants another one at that moment, whatever happens. */
void supervisor_due(struct supervisor *supervisor, int64_t moment);

/* The pause after that many failures in a row: doubled with each, up to retry_max. */
int64_t supervisor_backoff(const struct supervisor *supervisor, unsigned failures);

/* For people and programs. */
const char *supervisor_phase_name(enum supervisor_phase phase);

/* The running cycle has no model, and will fail: there is nothing to be seen until it is tried again. */
void supervisor_blind(struct supervisor *supervisor);

/* The running cycle has found a change that is new: what failed before it does not count any more. */
void supervisor_forgive(struct supervisor *supervisor);

#endif
