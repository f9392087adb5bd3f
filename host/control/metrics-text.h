/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The text of the metrics, from what is known: a pure function.
 */
#ifndef METRICS_TEXT_H
#define METRICS_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Moments are seconds since 1970; 0: never, none. */
struct metrics_facts {
    const char *profile;
    bool up;
    int64_t clock, checked_at;
    unsigned failures; /* in a row */
    int64_t retry_at;
    const char *stage; /* that runs; empty: none */
    int64_t stage_since;
    const json_t *state;  /* as state.h has it; NULL: nothing is known */
    const json_t *totals; /* as totals.h has it; NULL: the same */
};

/* malloc()ed; NULL: no memory. */
char *metrics_text(const struct metrics_facts *facts);

#endif
