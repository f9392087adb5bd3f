/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "operations.h"

static const char *text(const json_t *entry, const char *key)
{
    const char *value = json_string_value(json_object_get(entry, key));
    return value ? value : "";
}

static bool holds(const struct manifest *manifest, const char *target, const json_t *entry)
{
    return manifest && manifest_find_snapshot_mapping(manifest, target, text(entry, "container"),
                                                      text(entry, "component"));
}

/* The snapshot mappings of a manifest by component and container: where it has a component. */
struct places {
    const struct snapshot_mapping **items;
    size_t count;
};

static int compare_places(const void *a, const void *b)
{
    const struct snapshot_mapping *first = *(const struct snapshot_mapping *const *)a,
                                  *second = *(const struct snapshot_mapping *const *)b;
    int order = strcmp(first->component, second->component);
    return order ? order : strcmp(first->container, second->container);
}

static int compare_places_and_targets(const void *a, const void *b)
{
    int order = compare_places(a, b);
    return order ? order
                 : strcmp((*(const struct snapshot_mapping *const *)a)->target,
                          (*(const struct snapshot_mapping *const *)b)->target);
}

static int places_list(struct places *places, const struct manifest *manifest)
{
    size_t count = manifest ? manifest->snapshot_mapping_count : 0;
    *places = (struct places){ .items = calloc(count + 1, sizeof(const struct snapshot_mapping *)), .count = count };
    if (!places->items)
        return -1;
    for (size_t i = 0; i < count; i++)
        places->items[i] = &manifest->snapshot_mappings[i];
    if (count > 1)
        qsort(places->items, count, sizeof *places->items, compare_places_and_targets);
    return 0;
}

/* The first place of a component; those that follow are next to it. */
static size_t places_first(const struct places *places, const struct snapshot_mapping *wanted)
{
    size_t low = 0, high = places->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_places(&places->items[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A place at which the other manifest has the component not; NULL: there is none. */
static const struct snapshot_mapping *find_gone(const struct places *places, const struct manifest *other,
                                                const struct snapshot_mapping *wanted)
{
    for (size_t i = places_first(places, wanted);
         i < places->count && compare_places(&places->items[i], &wanted) == 0; i++)
        if (!other || !manifest_find_snapshot_mapping(other, places->items[i]->target, wanted->container,
                                                      wanted->component))
            return places->items[i];
    return NULL;
}

static int check_conflicts(const struct places *before, const struct places *after, const struct manifest *previous,
                           const struct manifest *new, const json_t *report)
{
    size_t index;
    json_t *entry;
    int status = 0;
    json_array_foreach(json_object_get(report, "conflicts"), index, entry) {
        const struct snapshot_mapping wanted = { .component = text(entry, "component"),
                                                 .container = text(entry, "container") };
        if (!find_gone(before, new, &wanted) && !find_gone(after, previous, &wanted))
            continue;
        log_error(
            NULL,
            "not deployed: %s in %s is held by several targets (%s) and would move; leave one of them out of"
            " the infrastructure model, or go on with --force-conflict",
            text(entry, "component"), text(entry, "container"), text(entry, "reason"));
        status = -1;
    }
    return status;
}

static int check_superseded(const struct manifest *new, const json_t *report)
{
    size_t index;
    json_t *entry;
    int status = 0;
    json_array_foreach(json_object_get(report, "superseded"), index, entry) {
        const char *target = text(entry, "target"), *home = text(entry, "home");
        if (!*home || !holds(new, target, entry) || !holds(new, home, entry))
            continue;
        log_error(target,
                  "not deployed: its old copy of %s would go live beside the newer one on target %s; place "
                  "it on one"
                  " of them, or go on with --force-superseded",
                  text(entry, "component"), home);
        status = -1;
    }
    return status;
}

static bool name_is_key(const struct manifest *manifest, const char *name)
{
    const struct target *target = infrastructure_find(&manifest->infrastructure, name);
    const char *key = target ? target_connection_key(target) : NULL;
    return !key || strcmp(key, name) == 0;
}

/* Disnix compares names with keys when it transfers snapshots: where they differ it transfers nothing. The one that
 * deploys version 1 knows no names. */
static int check_keys(const struct places *before, const struct manifest *previous, const struct manifest *new)
{
    int status = 0;
    if (new->version == 1)
        return 0;
    for (size_t i = 0; i < new->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &new->snapshot_mappings[i];
        if (manifest_find_snapshot_mapping(previous, mapping->target, mapping->container, mapping->component))
            continue;
        const struct snapshot_mapping *source = find_gone(before, new, mapping);
        if (!source || (name_is_key(previous, source->target) && name_is_key(new, mapping->target)))
            continue;
        log_error(
            NULL,
            "not deployed: the state of %s would move from target %s to %s, and Disnix moves none where a"
            " target's name is not its connection key; rename the target, or go on with --force-keys",
            mapping->component, source->target, mapping->target);
        status = -1;
    }
    return status;
}

static int check_providers(const struct manifest *previous, const struct manifest *new)
{
    int status = 0;
    for (size_t i = 0; i < previous->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &previous->snapshot_mappings[i];
        if (!mapping->provider || manifest_find_service(new, mapping->provider))
            continue;
        log_error(
            mapping->target,
            "not deployed: the snapshot of %s needs the provider of its container %s, which the new manifest"
            " does not have; deploy with --no-migration once, or go on with --force-provider",
            mapping->component, mapping->container);
        status = -1;
    }
    return status;
}

static int check(const struct places *before, const struct places *after, const struct manifest *previous,
                 const struct manifest *new, const json_t *report, const struct settings *settings)
{
    int status = 0;
    if (report && !settings->force_conflict)
        status |= check_conflicts(before, after, previous, new, report);
    if (report && !settings->force_superseded)
        status |= check_superseded(new, report);
    if (previous && !settings->no_migration && !settings->force_keys)
        status |= check_keys(before, previous, new);
    if (previous && !settings->no_migration && !settings->force_provider)
        status |= check_providers(previous, new);
    return status;
}

int check_deployment(const struct manifest *previous, const struct manifest *new, const json_t *report,
                     const struct settings *settings)
{
    struct places before = { 0 }, after = { 0 };
    int status = -1;
    if (places_list(&before, previous) == 0 && places_list(&after, new) == 0)
        status = check(&before, &after, previous, new, report, settings);
    else
        log_error(NULL, "out of memory");
    free(before.items);
    free(after.items);
    return status;
}
