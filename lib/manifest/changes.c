/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/manifest/manifest.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/bounded-list.h"
#include "lib/base/set.h"

/* A mapping that is not in both manifests, or that is in both and of which its service has changed. */
struct entry {
    const struct manifest *of;
    const char *text; /* key of the service, or component */
    const char *container;
};

struct entries {
    struct entry *items;
    size_t count;
};

/* What people know: a name in a container, or a component in one. */
struct place {
    struct service_mapping identity; /* service: the name. First, so that a set can hold it */
    size_t removed;                  /* times */
    size_t replaced;                 /* times that it was added as well */
    bool told;                       /* as added or changed */
};

enum { REMOVED, ADDED, CHANGED, LISTS };

struct changes {
    const struct manifest *from, *to;
    struct bounded_lists told;
    bool failed; /* no memory */
    json_t *object;
    bool services;      /* these are looked at; else snapshots */
    const char *target; /* the one that is looked at */
    struct entries entries[LISTS];
    struct set places;
    struct strings *strings; /* places, and what they are known by */
    json_t *lists[LISTS];
    json_int_t more[LISTS];
};

/* The object of that name, made where it is not there yet. */
static json_t *within(json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);

    if (!value && json_object_set_new(object, name, json_object()) == 0)
        value = json_object_get(object, name);
    return value;
}

static const char *component_of_entry(const struct changes *changes, const struct entry *entry)
{
    const struct service *service = changes->services ? manifest_find_service(entry->of, entry->text) : NULL;

    return service ? service->name : entry->text;
}

static void tell_change(struct changes *changes, int list, const struct entry *entry)
{
    if (!changes->lists[list])
        changes->lists[list] = json_array();
    if (bounded_list_takes(&changes->told, changes->lists[list], &changes->more[list]))
        json_array_append_new(changes->lists[list],
                              json_pack("{s:s, s:s}", changes->services ? "name" : "component",
                                        component_of_entry(changes, entry), "container", entry->container));
}

/* NULL: no memory. */
static struct place *place_of_entry(struct changes *changes, const struct entry *entry)
{
    const struct service_mapping identity = { .container = strings_intern(changes->strings, entry->container),
                                              .service = strings_intern(changes->strings,
                                                                        component_of_entry(changes, entry)) };
    struct place *place = (struct place *)set_find(&changes->places, &identity);

    if (place)
        return place;
    place = strings_allocate(changes->strings, 1, sizeof *place);
    if (place)
        *place = (struct place){ .identity = identity };
    if (place && identity.container && identity.service && set_add(&changes->places, place) == 0)
        return place;
    changes->failed = true;
    return NULL;
}

/* What is removed and added in one container, under another key for instance, has changed. Of state nobody
 * needs to know that. */
static void tell_places(struct changes *changes)
{
    const struct entries *removed = &changes->entries[REMOVED], *added = &changes->entries[ADDED],
                         *altered = &changes->entries[CHANGED];
    struct place *place;

    for (size_t i = 0; i < removed->count && (place = place_of_entry(changes, &removed->items[i])); i++)
        place->removed++;
    for (size_t i = 0; i < added->count && (place = place_of_entry(changes, &added->items[i])); i++) {
        bool replaces = place->replaced < place->removed;

        place->replaced += replaces;
        place->told = true;
        if (!replaces || changes->services)
            tell_change(changes, replaces ? CHANGED : ADDED, &added->items[i]);
    }
    for (size_t i = 0; i < altered->count && (place = place_of_entry(changes, &altered->items[i])); i++) {
        if (!place->told)
            tell_change(changes, CHANGED, &altered->items[i]);
        place->told = true;
    }
    for (size_t i = 0; i < removed->count && (place = place_of_entry(changes, &removed->items[i])); i++) {
        if (place->replaced)
            place->replaced--;
        else
            tell_change(changes, REMOVED, &removed->items[i]);
    }
}

static void tell_target(struct changes *changes)
{
    static const char *const names[LISTS] = { "removed", "added", "changed" };
    const struct entries *added = &changes->entries[ADDED];

    if (changes->entries[REMOVED].count || changes->entries[CHANGED].count) {
        changes->failed = changes->failed || mapping_set_init(&changes->places, 0) != 0;
        if (!changes->failed)
            tell_places(changes);
        set_clear(&changes->places);
    } else {
        for (size_t i = 0; i < added->count; i++)
            tell_change(changes, ADDED, &added->items[i]);
    }
    for (int i = 0; i < LISTS; i++) {
        if (changes->lists[i])
            bounded_list_put(within(within(changes->object, changes->target),
                                    changes->services ? "services" : "snapshots"),
                             names[i], changes->lists[i], changes->more[i]);
        changes->entries[i].count = 0;
        changes->lists[i] = NULL;
        changes->more[i] = 0;
    }
}

/* Mappings come by target; where another one begins, the last one is told. */
static void add_entry(struct changes *changes, int list, const struct manifest *of, const char *target,
                      const char *text, const char *container)
{
    struct entries *entries = &changes->entries[list];
    struct entry *items;

    if (changes->target && strcmp(changes->target, target))
        tell_target(changes);
    changes->target = target;
    items = array_grow(entries->items, entries->count, sizeof *items);
    if (!items) {
        changes->failed = true;
        return;
    }
    entries->items = items;
    items[entries->count++] = (struct entry){ of, text, container };
}

static void end_kind(struct changes *changes)
{
    if (changes->target)
        tell_target(changes);
    changes->target = NULL;
}

/* A step of merging two sorted arrays, see manifest-difference.c. */
#define AT(array, count, index) ((index) < (count) ? &(array)[index] : NULL)
#define NEXT(one, other, order) (!(one) ? 1 : !(other) ? -1 : (order))

/* The keys of services that both manifests have, with other content. */
static int find_altered(const struct manifest *a, const struct manifest *b, struct set *altered)
{
    size_t i = 0, j = 0;

    if (text_set_init(altered, 0))
        return -1;
    while (i < a->service_count && j < b->service_count) {
        int order = strcmp(a->services[i].key, b->services[j].key);

        if (!order && !service_equal(&a->services[i], &b->services[j])
            && set_add(altered, b->services[j].key))
            return -1;
        i += order <= 0;
        j += order >= 0;
    }
    return 0;
}

static void compare_service_lists(struct changes *changes)
{
    const struct manifest *a = changes->from, *b = changes->to;
    struct set altered = { 0 };
    size_t i = 0, j = 0;

    changes->services = true;
    changes->failed = find_altered(a, b, &altered) != 0;
    while (!changes->failed && (i < a->service_mapping_count || j < b->service_mapping_count)) {
        const struct service_mapping *one = AT(a->service_mappings, a->service_mapping_count, i);
        const struct service_mapping *other = AT(b->service_mappings, b->service_mapping_count, j);
        int order = NEXT(one, other, service_mapping_order(one, other));
        bool differs = order || !service_mapping_equal(one, other);

        if (differs && order <= 0)
            add_entry(changes, REMOVED, a, one->target, one->service, one->container);
        if (differs && order >= 0)
            add_entry(changes, ADDED, b, other->target, other->service, other->container);
        if (!differs && set_find(&altered, other->service))
            add_entry(changes, CHANGED, b, other->target, other->service, other->container);
        i += order <= 0;
        j += order >= 0;
    }
    end_kind(changes);
    set_clear(&altered);
}

static void compare_snapshot_lists(struct changes *changes)
{
    const struct manifest *a = changes->from, *b = changes->to;
    size_t i = 0, j = 0;

    changes->services = false;
    while (!changes->failed && (i < a->snapshot_mapping_count || j < b->snapshot_mapping_count)) {
        const struct snapshot_mapping *one = AT(a->snapshot_mappings, a->snapshot_mapping_count, i);
        const struct snapshot_mapping *other = AT(b->snapshot_mappings, b->snapshot_mapping_count, j);
        int order = NEXT(one, other, snapshot_mapping_order(one, other));
        bool differs = order || !snapshot_mapping_equal(one, other);

        if (differs && order <= 0)
            add_entry(changes, REMOVED, a, one->target, one->component, one->container);
        if (differs && order >= 0)
            add_entry(changes, ADDED, b, other->target, other->component, other->container);
        i += order <= 0;
        j += order >= 0;
    }
    end_kind(changes);
}

static void add_profiles(json_t *changes, const json_t *profiles)
{
    const char *target;
    json_t *profile;

    json_object_foreach((json_t *)profiles, target, profile)
        json_object_set(within(changes, target), "profile", profile);
}

static void add_infrastructure(json_t *changes, const json_t *targets)
{
    static const char *const lists[] = { "added", "removed" };
    const char *target;
    json_t *value;
    size_t index;

    for (size_t i = 0; i < 2; i++)
        json_array_foreach(json_object_get(targets, lists[i]), index, value)
            json_object_set_new(within(changes, json_string_value(value)), "infrastructure",
                                json_string(lists[i]));
    json_object_foreach(json_object_get(targets, "changed"), target, value) {
        json_t *entry = within(changes, target);

        json_object_set_new(entry, "infrastructure", json_string("changed"));
        json_object_set(entry, "fields", value);
    }
}

json_t *manifest_changes(const struct manifest *from, const struct manifest *to, const json_t *difference,
                         size_t most)
{
    static const struct manifest nothing;
    struct changes changes = { .from = from ? from : &nothing,
                               .to = to,
                               .told = { most ? most : SIZE_MAX },
                               .object = json_object(),
                               .strings = strings_new() };

    add_profiles(changes.object, json_object_get(difference, "profiles"));
    if (changes.strings)
        compare_service_lists(&changes);
    if (changes.strings && !changes.failed)
        compare_snapshot_lists(&changes);
    add_infrastructure(changes.object, json_object_get(difference, "targets"));
    for (int i = 0; i < LISTS; i++)
        free(changes.entries[i].items);
    strings_free(changes.strings);
    return changes.object;
}
