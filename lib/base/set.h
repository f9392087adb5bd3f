/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sets of things that are told apart by the addresses of interned texts: whether something is there takes one
 * look, however many there are.
 */
#ifndef SET_H
#define SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct set {
    const void **slots;
    size_t room, used; /* room: a power of two */
    uint64_t (*hash)(const void *item);
    bool (*same)(const void *item, const void *other);
};

/* Of interned texts. most: about as many as will be added. -1: no memory. */
int text_set_init(struct set *set, size_t most);

/* Of service mappings, by their identities; all texts are of one pool. */
int mapping_set_init(struct set *set, size_t most);

/* Borrowed. What is there already stays. -1: no memory. */
int set_add(struct set *set, const void *item);

/* What is in the set and the same; NULL: there is none. */
const void *set_find(const struct set *set, const void *item);

void set_clear(struct set *set);

#endif
