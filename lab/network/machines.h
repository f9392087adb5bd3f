/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The machines that the master has, and what is done with them on demand.
 */
#ifndef MACHINES_H
#define MACHINES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

size_t machines_count(void);
bool machines_have(const char *name);

/* A new machine, or an old one's disk; starts it. 0, or -1 after a message. */
int machines_add(const char *name);

/* A process has ended: if it was a machine's first, that machine has crashed. */
void machines_reaped(pid_t pid);

/* Ends all of them. */
void machines_end(void);

/* The answer to a question, see master.h. A new reference. */
json_t *machines_answer(const json_t *question);

#endif
