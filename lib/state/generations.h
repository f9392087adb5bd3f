/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The snapshots of a component that the coordinator has in its own store of Dysnomia.
 */
#ifndef GENERATIONS_H
#define GENERATIONS_H

#include <stddef.h>

struct generations {
    char **names; /* without directories; oldest first */
    size_t count;
};

/* 0, also where there are none; -1: they cannot be read, errno. */
int generations_read(const char *container, const char *component, struct generations *generations);
void generations_clear(struct generations *generations);

/* The newest that holds something, where the newest of all is an empty dump (see dump.h); NULL: it is none,
 * or there is nothing better. */
const char *generations_before_empty(const struct generations *generations);

#define CLEANUP_GENERATIONS __attribute__((cleanup(generations_clear)))

#endif
