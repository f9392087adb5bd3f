/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Copies of state in dispute, as the loop has written them down: shown, and what a word would do to them.
 */
#ifndef CTL_DISPUTES_H
#define CTL_DISPUTES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The state file of the directory, a new reference; NULL after a message. */
json_t *disputes_read_state(const char *directory);

/* Prints them for people, or one JSON document a line. now: seconds since 1970. */
void disputes_print(const json_t *state, bool json, int64_t now);

/* What a word is about. */
struct disputes_word {
    bool keeps;                     /* keep-copy, else discard-copy */
    const char *target, *component; /* NULL: of all */
};

/* Prints, unless quiet, what it would do to the copies, and where the others' snapshots lie. How many
 * components that is. */
size_t disputes_tell(const json_t *state, const struct disputes_word *word, bool quiet, int64_t now);

/* Prints which copies have that snapshot. */
void disputes_tell_snapshot(const json_t *state, const char *snapshot);

#endif
