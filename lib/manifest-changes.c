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

/* A service that is removed and added in one container, under another key for instance, has changed. */
static void add_services(json_t *changes, const json_t *mappings)
{
    size_t index;
    json_t *mapping;

    json_array_foreach(json_object_get(mappings, "removed"), index, mapping)
        json_array_append_new(list_of(changes, text(mapping, "target"), "services", "removed"),
                              json_pack("{s:s, s:s}", "name", text(mapping, "name"), "container",
                                        text(mapping, "container")));
    json_array_foreach(json_object_get(mappings, "added"), index, mapping) {
        const char *target = text(mapping, "target");
        json_t *entry = json_pack("{s:s, s:s}", "name", text(mapping, "name"), "container",
                                  text(mapping, "container"));
        json_t *removed = json_object_get(json_object_get(json_object_get(changes, target), "services"), "removed");
        size_t same = find(removed, entry);
        bool changed = same < json_array_size(removed);

        if (changed)
            json_array_remove(removed, same);
        json_array_append_new(list_of(changes, target, "services", changed ? "changed" : "added"), entry);
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

static void add_snapshots(json_t *changes, const json_t *snapshots, const char *which)
{
    size_t index;
    json_t *mapping;

    json_array_foreach(json_object_get(snapshots, which), index, mapping)
        json_array_append_new(list_of(changes, text(mapping, "target"), "snapshots", which),
                              json_pack("{s:s, s:s}", "component", text(mapping, "component"), "container",
                                        text(mapping, "container")));
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

/* A list from which all was taken is none. */
static void drop_empty(json_t *changes)
{
    const char *target;
    json_t *entry;

    json_object_foreach(changes, target, entry) {
        json_t *services = json_object_get(entry, "services");

        if (json_is_array(json_object_get(services, "removed"))
            && json_array_size(json_object_get(services, "removed")) == 0)
            json_object_del(services, "removed");
    }
}

json_t *manifest_changes(const json_t *difference, const struct manifest *to)
{
    json_t *changes = json_object(), *profile;
    const json_t *snapshots = json_object_get(difference, "snapshots");
    const char *target;

    json_object_foreach(json_object_get(difference, "profiles"), target, profile)
        json_object_set(within(changes, target, json_object), "profile", profile);
    add_services(changes, json_object_get(difference, "mappings"));
    add_changed_services(changes, json_object_get(difference, "changed"), to);
    add_snapshots(changes, snapshots, "added");
    add_snapshots(changes, snapshots, "removed");
    add_infrastructure(changes, json_object_get(difference, "targets"));
    drop_empty(changes);
    return changes;
}
