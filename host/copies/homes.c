/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/copies/homes.h"

#include <stdlib.h>
#include <string.h>

#include "lib/manifest/previous.h"

static int compare_components(const struct snapshot_mapping *a, const struct snapshot_mapping *b)
{
    int order = strcmp(a->component, b->component);
    return order ? order : strcmp(a->container, b->container);
}

static int compare_homes(const void *a, const void *b)
{
    const struct snapshot_mapping *first = *(const struct snapshot_mapping *const *)a,
                                  *second = *(const struct snapshot_mapping *const *)b;
    int order = compare_components(first, second);
    return order ? order : strcmp(first->target, second->target);
}

int homes_list(struct homes *homes, const struct manifest *manifest)
{
    size_t count = manifest ? manifest->snapshot_mapping_count : 0;
    *homes = (struct homes){ .items = calloc(count + 1, sizeof *homes->items), .count = count };
    if (!homes->items)
        return -1;
    for (size_t i = 0; i < count; i++)
        homes->items[i] = &manifest->snapshot_mappings[i];
    if (count > 1)
        qsort(homes->items, count, sizeof *homes->items, compare_homes);
    return 0;
}

void homes_clear(struct homes *homes)
{
    free(homes->items);
    *homes = (struct homes){ 0 };
}

struct homes homes_of(const struct homes *homes, const struct snapshot_mapping *mapping)
{
    size_t low = 0, high = homes->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_components(homes->items[middle], mapping) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    struct homes found = { .items = homes->items + low };
    while (low + found.count < homes->count && compare_components(found.items[found.count], mapping) == 0)
        found.count++;
    return found;
}

static bool name_is_key(const struct manifest *manifest, const char *name)
{
    const struct target *target = infrastructure_find(&manifest->infrastructure, name);
    const char *key = target ? target_connection_key(target) : NULL;
    return !key || strcmp(key, name) == 0;
}

const struct snapshot_mapping *homes_unmovable(const struct homes *before, const struct manifest *previous,
                                               const struct manifest *new,
                                               const struct snapshot_mapping *mapping)
{
    const struct homes left = homes_of(before, mapping);
    bool reachable = name_is_key(new, mapping->target);
    for (size_t i = 0; i < left.count; i++) {
        const char *source = left.items[i]->target;
        if (!manifest_find_snapshot_mapping(new, source, mapping->container, mapping->component)
            && !(reachable && name_is_key(previous, source)))
            return left.items[i];
    }
    return NULL;
}

struct search {
    const struct snapshot_mapping *mapping;
    bool found;
};

static bool look(void *closure, const struct manifest *generation, bool reconstructed)
{
    struct search *search = closure;
    const struct snapshot_mapping *mapping = search->mapping;
    (void)reconstructed;
    search->found =
        manifest_find_snapshot_mapping(generation, mapping->target, mapping->container, mapping->component);
    return search->found;
}

bool homes_were(const struct settings *settings, const struct snapshot_mapping *mapping,
                struct strings *strings)
{
    struct search search = { mapping, false };
    struct previous previous;
    int status =
        previous_locate(settings->coordinator_profile_path, settings->profile, NULL, strings, &previous);
    if (status == 0)
        status = previous_generations(&previous, strings, look, &search);
    previous_clear(&previous);
    return status != 0 || search.found;
}
