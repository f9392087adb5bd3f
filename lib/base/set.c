/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/set.h"

#include <stdlib.h>

#include "lib/manifest/manifest.h"

static uint64_t mix(uint64_t hash, const void *address)
{
    hash = (hash ^ (uintptr_t)address) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 32);
}

static uint64_t hash_text(const void *text)
{
    return mix(0, text);
}

static bool is_same_text(const void *text, const void *other)
{
    return text == other;
}

static uint64_t hash_mapping(const void *item)
{
    const struct service_mapping *mapping = item;

    return mix(mix(mix(0, mapping->service), mapping->container), mapping->target);
}

static bool same_mapping(const void *item, const void *other)
{
    const struct service_mapping *a = item, *b = other;

    return a->service == b->service && a->container == b->container && a->target == b->target;
}

static int init(struct set *set, size_t most, uint64_t (*hash)(const void *),
                bool (*same)(const void *, const void *))
{
    *set = (struct set){ .room = 16, .hash = hash, .same = same };
    while (set->room / 4 * 3 < most)
        set->room *= 2;
    set->slots = calloc(set->room, sizeof *set->slots);
    return set->slots ? 0 : -1;
}

int text_set_init(struct set *set, size_t most)
{
    return init(set, most, hash_text, is_same_text);
}

int mapping_set_init(struct set *set, size_t most)
{
    return init(set, most, hash_mapping, same_mapping);
}

/* Where the item is, or where it is to be put. */
static size_t slot_of(const struct set *set, const void *item)
{
    size_t place = (size_t)set->hash(item) & (set->room - 1);

    while (set->slots[place] && !set->same(set->slots[place], item))
        place = (place + 1) & (set->room - 1);
    return place;
}

static int grow(struct set *set)
{
    struct set larger;

    if (init(&larger, set->room, set->hash, set->same))
        return -1;
    for (size_t i = 0; i < set->room; i++)
        if (set->slots[i])
            larger.slots[slot_of(&larger, set->slots[i])] = set->slots[i];
    larger.used = set->used;
    free(set->slots);
    *set = larger;
    return 0;
}

int set_add(struct set *set, const void *item)
{
    size_t place = slot_of(set, item);

    if (set->slots[place])
        return 0;
    if (set->used >= set->room / 4 * 3) {
        if (grow(set))
            return -1;
        place = slot_of(set, item);
    }
    set->slots[place] = item;
    set->used++;
    return 0;
}

const void *set_find(const struct set *set, const void *item)
{
    return set->slots[slot_of(set, item)];
}

void set_clear(struct set *set)
{
    free(set->slots);
    *set = (struct set){ 0 };
}
