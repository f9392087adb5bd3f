/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The members "survivors" and "disputes" of a state or of a report: what copies of state are in dispute, as
 * documents.
 */
#ifndef DISPUTE_H
#define DISPUTE_H

#include <jansson.h>
#include <stdbool.h>

/* The first of these members, in a state or a report, that has not the form that dydisnix-plugin(3) tells;
 * NULL: none. */
const char *survivors_wrong(const json_t *state);

/* Whether one of "disputes" is about a component, NAME or CONTAINER/NAME (NULL: any). */
bool dispute_is_about(const json_t *dispute, const char *component);

/* Its copy on target; NULL: there is none. */
const json_t *dispute_copy(const json_t *dispute, const char *target);

/* Whether a copy of it may be given up: it is not the one that lives while others wait. */
bool dispute_may_discard(const json_t *dispute, const json_t *copy);

#endif
