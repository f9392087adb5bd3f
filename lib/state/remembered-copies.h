/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The object "survivors", what is remembered of copies of state, as the plugin tells it in its report, the
 * host keeps it in its state and gives it back in its history; plugin/copies/disputes.h has what its members
 * mean.
 */
#ifndef REMEMBERED_COPIES_H
#define REMEMBERED_COPIES_H

#include <jansson.h>

/* The first of its members that has not its form, "" for the whole; NULL: all have, or it is not there. */
const char *remembered_copies_wrong(const json_t *survivors);

/* The components of which something is remembered: { CONTAINER: { COMPONENT: true } }, a new reference; NULL:
 * no memory. survivors: in its form, or NULL. */
json_t *remembered_copies_concerned(const json_t *survivors);

#endif
