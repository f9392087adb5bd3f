/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Version 1 of the manifests knows targets by their connection keys only. This tells which name of the
 * infrastructure model a key stands for.
 */
#ifndef TARGET_KEYS_H
#define TARGET_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/model/infrastructure.h"

struct target_key {
    const char *key, *name;
};

struct target_keys {
    struct target_key *items; /* sorted by key */
    size_t count;
    const struct infrastructure *model; /* borrowed */
};

/* -1: no memory. */
int target_keys_list(struct target_keys *keys, const struct infrastructure *model);
void target_keys_clear(struct target_keys *keys);

/* Whether several targets of the model have it: then nobody can tell which one is meant. */
bool target_keys_shared(const struct target_keys *keys, const char *key);

/* The name of the target that has the key, or the key itself: no target has it, or several. A key that is
 * no target's, but the name of one with another key, gets a blank in front, which no name in a model has.
 * NULL: no memory. */
const char *target_keys_name(const struct target_keys *keys, const char *key, struct strings *strings);

/* The way back: what stands for the target in version 1. */
const char *target_key_of(const struct infrastructure *infrastructure, const char *name);

#endif
