/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The loop, wherever what it starts runs: in processes (children.h), or as calls of functions in a
 * simulation. It does what the supervisor decides, and hears what the running cycle tells.
 */
#ifndef LOOP_H
#define LOOP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/control/status.h"
#include "host/cycle/cycle.h"
#include "host/loop/supervisor.h"
#include "host/settings/settings.h"

/* Milliseconds for loading the plugins. */
extern const int64_t loop_load_limit;

/* What is started and ended; closure is that of the loop. */
struct loop_processes {
    void (*start)(void *closure,
                  unsigned todo); /* a cycle (DO_CYCLE), or what calls cycle_finished (DO_FINISHED) */
    void (*signal)(void *closure,
                   int signal);       /* INT, TERM or KILL for one of these, and for what it has started */
    void (*probe)(void *closure);     /* starts what asks the targets */
    void (*end_probe)(void *closure); /* ends it, if it runs */
    void (*ready)(void *closure); /* the first cycle has finished, and what follows is done; NULL: nothing */
    void (*begins)(void *closure, const char *stage); /* of the running cycle; NULL: nothing */
    void (*end)(void *closure, int status);           /* the loop has ended */
};

struct loop {
    const struct settings *settings;
    const struct loop_processes *processes;
    void *closure;
    struct supervisor supervisor;
    struct status status;
    char stage[32];         /* that the cycle has begun last */
    bool routine;           /* it is one of many, and says nothing if nothing is to be done */
    bool over;              /* the cycle has come to its end by itself */
    int64_t cycle_deadline; /* 0: none */
};

/* Before the first step; polled: the model cannot be watched. */
void loop_open(struct loop *loop, bool polled);

/* It can be watched again, or cannot any more. */
void loop_polls(struct loop *loop, bool polled);

void loop_step(struct loop *loop, enum supervisor_event event);

/* A cycle is started now. What it is asked for, but where it tells. */
struct cycle_request loop_cycle_begins(struct loop *loop, unsigned todo);

/* A document that the running cycle tells. */
void loop_take(struct loop *loop, const json_t *document);

/* What start() has started ended with this exit status, or by a signal (0: none). */
void loop_process_ended(struct loop *loop, int status, int signal);

/* It could not be started at all; error: an errno. */
void loop_process_failed(struct loop *loop, int error);

/* What probe() has started ended with this exit status. */
void loop_probe_ended(struct loop *loop, int status);

bool loop_is_over(const struct loop *loop);

/* How it is, in a line for people and programs. */
void loop_tell(const struct loop *loop, bool watched);

#endif
