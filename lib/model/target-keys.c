/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/model/target-keys.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"

static int compare_keys(const void *a, const void *b)
{
    const struct target_key *one = a, *other = b;

    return strcmp(one->key, other->key);
}

int target_keys_list(struct target_keys *keys, const struct infrastructure *model)
{
    *keys = (struct target_keys){ .items = array_new(model->count, sizeof *keys->items), .model = model };
    if (!keys->items)
        return -1;
    for (size_t i = 0; i < model->count; i++) {
        const char *key = target_connection_key(&model->targets[i]);

        if (key)
            keys->items[keys->count++] = (struct target_key){ key, model->targets[i].name };
    }
    qsort(keys->items, keys->count, sizeof *keys->items, compare_keys);
    return 0;
}

void target_keys_clear(struct target_keys *keys)
{
    free(keys->items);
    *keys = (struct target_keys){ 0 };
}

static const struct target_key *find_seat(const struct target_keys *keys, const char *key)
{
    const struct target_key wanted = { .key = key };

    return keys->count ? bsearch(&wanted, keys->items, keys->count, sizeof wanted, compare_keys) : NULL;
}

bool target_keys_shared(const struct target_keys *keys, const char *key)
{
    const struct target_key *found = find_seat(keys, key);

    return found
           && ((found > keys->items && !compare_keys(found - 1, found))
               || (found + 1 < keys->items + keys->count && !compare_keys(found + 1, found)));
}

const char *target_keys_name(const struct target_keys *keys, const char *key, struct strings *strings)
{
    const struct target_key *found = find_seat(keys, key);
    CLEANUP_FREE char *foreign = NULL;

    if (found && !target_keys_shared(keys, key))
        return strings_intern(strings, found->name);
    if (!infrastructure_find(keys->model, key))
        return strings_intern(strings, key);
    foreign = string_format(" %s", key);
    return strings_intern(strings, foreign);
}

const char *target_key_of(const struct infrastructure *infrastructure, const char *name)
{
    const struct target *target = infrastructure_find(infrastructure, name);
    const char *key = target ? target_connection_key(target) : NULL;

    return key ? key : name + (*name == ' ');
}
