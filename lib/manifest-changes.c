/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifest.h"

#include <string.h>

/* The object of that name, made where it is not there yet. */
static json_t *within(json_t *object, const char *name, json_t *(*make)(void))
{
    json_t *value = json_object_get(object, name);

    if (!value && json_object_set_new(object, name, make()) == 0)
        value = json_object_get(object, name);
    return value;
}

/* The list changes.TARGET.KIND.WHICH. */
static json_t *list_of(json_t *changes, const char *target, const char *kind, const char *which)
{
    return within(within(within(changes, target, json_object), kind, json_object), which, json_array);
}

static const char *text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* Position of an entry with the same name and container, or the size of the list. */
static size_t find(const json_t *list, const json_t *entry)
{
    size_t index;
    json_t *other;

    json_array_foreach(list, index, other)
        if (json_equal(other, entry))
            break;
    return index;
}

/* What is removed and added in one container, under another key for instance, has changed. changed: where that is told;
 * NULL: it is not. */
static void add_mappings(json_t *changes, const json_t *mappings, const char *kind, const char *key,
                         const char *changed)
{
    static const char *const lists[] = { "removed", "added" };
    size_t index;
    json_t *mapping;

    for (size_t i = 0; i < 2; i++)
        json_array_foreach(json_object_get(mappings, lists[i]), index, mapping) {
            const char *target = text(mapping, "target");
            json_t *entry = json_pack("{s:s, s:s}", key, text(mapping, key), "container",
                                      text(mapping, "container"));
            json_t *removed = json_object_get(json_object_get(json_object_get(changes, target), kind), "removed");
            size_t same = i == 0 ? json_array_size(removed) : find(removed, entry);

            if (same == json_array_size(removed))
                json_array_append(list_of(changes, target, kind, lists[i]), entry);
            else if (json_array_remove(removed, same) == 0 && changed)
                json_array_append(list_of(changes, target, kind, changed), entry);
            json_decref(entry);
        }
}

/* Services that are what they were by their key, but are connected otherwise. */
static void add_changed_services(json_t *changes, const json_t *services, const struct manifest *to)
{
    json_t *changed = json_object();
    size_t index;
    json_t *service;

    json_array_foreach(services, index, service)
        json_object_set(changed, text(service, "key"), json_object_get(service, "name"));
    for (size_t i = 0; json_object_size(changed) > 0 && i < to->service_mapping_count; i++) {
        const struct service_mapping *mapping = &to->service_mappings[i];
        const char *name = json_string_value(json_object_get(changed, mapping->service));
        json_t *entry = name ? json_pack("{s:s, s:s}", "name", name, "container", mapping->container) : NULL;
        json_t *known = json_object_get(json_object_get(changes, mapping->target), "services");

        if (entry && find(json_object_get(known, "added"), entry) == json_array_size(json_object_get(known, "added"))
            && find(json_object_get(known, "changed"), entry) == json_array_size(json_object_get(known, "changed")))
            json_array_append(list_of(changes, mapping->target, "services", "changed"), entry);
        json_decref(entry);
    }
    json_decref(changed);
}

static void add_infrastructure(json_t *changes, const json_t *targets)
{
    static const char *const lists[] = { "added", "removed" };
    const char *target;
    json_t *value;
    size_t index;

    for (size_t i = 0; i < 2; i++)
        json_array_foreach(json_object_get(targets, lists[i]), index, value)
            json_object_set_new(within(changes, json_string_value(value), json_object), "infrastructure",
                                json_string(lists[i]));
    json_object_foreach(json_object_get(targets, "changed"), target, value) {
        json_t *entry = within(changes, target, json_object);

        json_object_set_new(entry, "infrastructure", json_string("changed"));
        json_object_set(entry, "fields", value);
    }
}

/* Lists from which all was taken are none, and so are targets of which nothing else is told. */
static void drop_empty(json_t *changes)
{
    static const char *const kinds[] = { "services", "snapshots" };
    const char *target;
    json_t *entry;
    void *next;

    json_object_foreach_safe(changes, next, target, entry) {
        for (size_t i = 0; i < 2; i++) {
            json_t *lists = json_object_get(entry, kinds[i]);
            json_t *removed = json_object_get(lists, "removed");

            if (removed && json_array_size(removed) == 0)
                json_object_del(lists, "removed");
            if (lists && json_object_size(lists) == 0)
                json_object_del(entry, kinds[i]);
        }
        if (json_object_size(entry) == 0)
            json_object_del(changes, target);
    }
}

json_t *manifest_changes(const json_t *difference, const struct manifest *to)
{
    json_t *changes = json_object(), *profile;
    const char *target;

    json_object_foreach(json_object_get(difference, "profiles"), target, profile)
        json_object_set(within(changes, target, json_object), "profile", profile);
    add_mappings(changes, json_object_get(difference, "mappings"), "services", "name", "changed");
    add_changed_services(changes, json_object_get(difference, "changed"), to);
    add_mappings(changes, json_object_get(difference, "snapshots"), "snapshots", "component", NULL);
    add_infrastructure(changes, json_object_get(difference, "targets"));
    drop_empty(changes);
    return changes;
}
