/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the loop knows of itself and of the system, for dydisnix-self-adaptctl, systemd and the totals. It
 * lives in memory only.
 */
#ifndef STATUS_H
#define STATUS_H

#include <jansson.h>
#include <stdint.h>

#include "host/loop/supervisor.h"
#include "host/settings/settings.h"

struct status {
    json_t *facts; /* what cycles have told, see summary.h */
    json_t *targets;
    json_t *incoming;               /* targets of which portions are still to come */
    json_t *failure;                /* of the cycle that runs or was last to end, see failure.h; NULL: none */
    json_t *remembered;             /* those of cycles that have ended, see failures.h */
    char stage[32];                 /* of the cycle that runs, or was last to end */
    int64_t began;                  /* the cycle that runs or was last; milliseconds, monotonic */
    int64_t lasted;                 /* milliseconds; of the cycle that was last to end */
    int signal;                     /* that ended it; 0: none */
    const char *outcome;            /* of the last cycle that found something to do; NULL: none yet */
    int64_t ended_at, succeeded_at; /* seconds since 1970; 0: never */
    int64_t checked_at;             /* a cycle or a probe has looked, and did not fail; the same */
};

/* The last cycle gave this many: reset with each cycle. */
int64_t status_count(const struct status *status, const char *fact);

/* A document that the running cycle told. */
void status_take(struct status *status, const json_t *document);

/* Why the running cycle fails, unless that is known already. */
void status_fail(struct status *status, const json_t *failure);

/* Nothing fails any more. */
void status_recovered(struct status *status, int64_t clock);

void status_cycle_began(struct status *status, int64_t now);
void status_cycle_ended(struct status *status, const char *outcome, int signal, int64_t now, int64_t clock);

/* The answer to "status", see dydisnix-self-adaptctl(1); a new reference. */
json_t *status_document(const struct status *status, const struct supervisor *supervisor,
                        const struct settings *settings, int64_t now, int64_t clock);

/* The same in a line for people, malloc()ed. */
char *status_words(const struct status *status, const struct supervisor *supervisor);

void status_clear(struct status *status);

#endif
