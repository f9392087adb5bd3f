/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Something that is tried in a copy of this process, and so of the whole simulated world: what it does there
 * is undone when it ends.
 */
#ifndef SCENARIO_APART_H
#define SCENARIO_APART_H

#include <stdio.h>
#include <sys/types.h>

#include <jansson.h>

struct apart {
    pid_t process; /* 0: none */
    FILE *result;
};

/* Begins work in a process of its own; what it gives (NULL: it has failed) is what apart_end() gets. -1 after
 * a message. */
int apart_begin(struct apart *apart, json_t *(*work)(void *closure), void *closure);

/* Waits for it. A new reference; NULL after a message. */
json_t *apart_end(struct apart *apart);

#endif
