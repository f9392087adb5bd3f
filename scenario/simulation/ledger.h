/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What clients of a simulated scenario were told to be written, and what becomes of it: a call after which a
 * write is in no state and in no snapshot any more has lost it; and services that a call has stopped.
 */
#ifndef SIMULATED_LEDGER_H
#define SIMULATED_LEDGER_H

#include <jansson.h>

#include "scenario/simulation/network.h"

struct simulated_entry {
    const char *service, *text;
    const struct simulated_value *value;
    bool held; /* it was somewhere when that was last asked */
};

struct simulated_ledger {
    struct simulated_entry *entries;
    size_t count;
    json_t *lost;    /* [text]: which write, by which call */
    json_t *stopped; /* [text]: which service, by which call, that should not have been */
    json_t *misdone; /* [text]: what else the loop did that it should not */
};

void simulated_ledger_open(struct simulated_ledger *ledger);
void simulated_ledger_close(struct simulated_ledger *ledger);

/* A write is acknowledged. The texts stay. */
void simulated_ledger_add(struct simulated_ledger *ledger, const char *service, const char *text,
                          const struct simulated_value *value);

/* Something happened to the world that no call has done: what is gone is nobody's fault. */
void simulated_ledger_look(struct simulated_ledger *ledger, const struct simulation *simulation);

/* A call was made: what is gone now it has lost. where: on which machine; NULL: on none. */
void simulated_ledger_judge(struct simulated_ledger *ledger, const struct simulation *simulation,
                            const char *operation, const char *where);

/* [ { "service", "text" } ] of those that are only in a component that was stopped, where it could be saved;
 * a new reference. */
json_t *simulated_ledger_unsaved(const struct simulated_ledger *ledger, const struct simulation *simulation);

/* [ { "service", "text" } ] of all, in order; a new reference. */
json_t *simulated_ledger_writes(const struct simulated_ledger *ledger);

#endif
