/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The journal of a loop for people; see journal.h.
 */
#ifndef CTL_EVENTS_H
#define CTL_EVENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Prints the last lines documents of the journal in directory, json: as they are; follow: and then those
 * that come, until it cannot print any more. What is no document is left out. 0, or -1 after a message. */
int events_print(const char *directory, size_t lines, bool follow, bool json);

/* Gives every document of the journal to each, the oldest first. 0, or -1 after a message: there is none. */
int events_each(const char *directory, void (*each)(void *closure, const json_t *document), void *closure);

#endif
