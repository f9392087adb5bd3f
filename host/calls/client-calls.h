/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calls of client interfaces, side by side.
 */
#ifndef CLIENT_CALLS_H
#define CLIENT_CALLS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arguments.h"

/* Milliseconds that a target gets to say that it is there, and for anything else: as much as in a
 * reconstruction. */
extern const int64_t ask_deadline, call_deadline;

/* That disnix-set gets, which makes one short call of each target, side by side. */
extern const int64_t set_deadline;

struct call {
    const char *target; /* borrowed */
    struct arguments arguments;
    void *closure; /* for the owner */
    bool done;     /* it was run and exited with 0 */
    bool refused;  /* the target answered with anything else */
    bool hung;     /* its deadline ended it: it is not run again */
    bool lost;     /* it did not reach the target, or lost it */
    char *output;  /* what it printed then, without the final newline */
};

struct calls {
    struct call *items;
    size_t count;
    const char *running; /* directory in which the next loop sees that one still runs; NULL: it need not */
    void (*ended)(void *closure, struct call *call); /* called for each that has ended; NULL: nobody is */
    void *closure;
};

/* A call to fill in; NULL: no memory. It is valid until the next one is added. */
struct call *calls_add(struct calls *calls, const char *target);

/* Runs those that are neither done nor hung. deadline: milliseconds for each. quiet: what they complain of is
 * not shown. */
void calls_run(struct calls *calls, int64_t deadline, bool quiet);

/* Runs them as calls that release locks of ours: a few times, for a release that fails cannot be told from a
 * lock that is absent, and one that stays would stop every later deployment. */
void calls_release(struct calls *calls);

/* Runs calls of --deactivate. Where one is refused, the service may never have been active: then it is
 * activated, and if that succeeds deactivated again. What is done then is not active. */
void calls_stop(struct calls *calls);

/* Whether that has become of the call that the target does not answer, though it may have answered others. */
bool call_is_unanswered(const struct call *call);

void calls_clear(struct calls *calls);

#define CLEANUP_CALLS __attribute__((cleanup(calls_clear)))

#endif
