/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What happened, in words, from the journal.
 */
#ifndef CTL_TELLING_H
#define CTL_TELLING_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* Prints the story of the last cycles in the journal. 0, or -1 after a message. */
int telling_print(const char *directory, size_t cycles);

/* Prints what is known of one target, service or component: how it is now, by status (overview.h) and state, and what
 * the story of cycles says of it. 0, or -1 after a message: nothing is known of it. */
int telling_explain(const json_t *status, const json_t *state, const char *directory, const char *name,
                    int64_t now);

#endif
