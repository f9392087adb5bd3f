/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/search/shrink.h"

#include <string.h>

#include "lib/base/cleanup.h"

struct shrinking {
    json_t *best;
    bool (*fails)(void *closure, const json_t *candidate);
    void *closure;
};

/* Takes the reference of candidate. Whether it is the best now. */
static bool try(struct shrinking *shrinking, json_t *candidate)
{
    if (!candidate || !shrinking->fails(shrinking->closure, candidate)) {
        json_decref(candidate);
        return false;
    }
    json_decref(shrinking->best);
    shrinking->best = candidate;
    return true;
}

static json_t *timeline_of(const json_t *scenario)
{
    return json_object_get(scenario, "timeline");
}

/* Of an object that is about to change. A new reference. */
static json_t *names_of(const json_t *object)
{
    json_t *names = json_array(), *value;
    const char *name;
    json_object_foreach((json_t *)object, name, value)
        json_array_append_new(names, json_string(name));
    return names;
}

/* Whole stretches of the timeline, long ones first. */
static bool drop_moments(struct shrinking *shrinking)
{
    bool better = false;
    for (size_t length = json_array_size(timeline_of(shrinking->best)); length > 0; length /= 2)
        for (size_t first = 0; first < json_array_size(timeline_of(shrinking->best));) {
            json_t *candidate = json_deep_copy(shrinking->best);
            for (size_t i = 0; i < length; i++)
                json_array_remove(timeline_of(candidate), first);
            if (try(shrinking, candidate))
                better = true;
            else
                first += length;
        }
    return better;
}

/* Single events of a moment that has several; one that is left stands alone. */
static bool drop_events(struct shrinking *shrinking)
{
    bool better = false;
    for (size_t i = 0; i < json_array_size(timeline_of(shrinking->best)); i++)
        for (size_t k = 0; k < json_array_size(json_array_get(timeline_of(shrinking->best), i));) {
            json_t *candidate = json_deep_copy(shrinking->best);
            json_t *moment = json_array_get(timeline_of(candidate), i);
            json_array_remove(moment, k);
            if (json_array_size(moment) == 1)
                json_array_set(timeline_of(candidate), i, json_array_get(moment, 0));
            if (try(shrinking, candidate))
                better = true;
            else
                k++;
        }
    return better;
}

static void drop_name(json_t *array, const char *name)
{
    for (size_t i = json_array_size(array); i-- > 0;) {
        const char *text = json_string_value(json_array_get(array, i));
        if (text && strcmp(text, name) == 0)
            json_array_remove(array, i);
    }
}

/* Whether the event is about that service or target alone. */
static bool is_about(const json_t *event, const char *name)
{
    static const char *const members[] = { "target", "service" };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const char *value = json_string_value(json_object_get(event, members[i]));
        if (value && strcmp(value, name) == 0)
            return true;
    }
    return false;
}

static bool forget_in_event(json_t *event, const char *name)
{
    json_t *targets = json_object_get(event, "targets"), *services = json_object_get(event, "services");
    if (is_about(event, name))
        return true;
    if (targets) {
        drop_name(targets, name);
        return json_array_size(targets) == 0;
    }
    if (services) {
        json_object_del(services, name);
        return json_object_size(services) == 0;
    }
    return false;
}

static void forget_in_timeline(json_t *timeline, const char *name)
{
    for (size_t i = json_array_size(timeline); i-- > 0;) {
        json_t *moment = json_array_get(timeline, i);
        bool empty = json_is_array(moment) ? false : forget_in_event(moment, name);
        for (size_t k = json_array_size(moment); k-- > 0;)
            if (forget_in_event(json_array_get(moment, k), name))
                json_array_remove(moment, k);
        if (empty || (json_is_array(moment) && json_array_size(moment) == 0))
            json_array_remove(timeline, i);
    }
}

/* A service or a target, with all that speaks of it. */
static json_t *without(const json_t *scenario, const char *table, const char *name)
{
    json_t *candidate = json_deep_copy(scenario), *entry;
    const char *key;
    json_object_del(json_object_get(candidate, table), name);
    json_object_foreach(json_object_get(candidate, "services"), key, entry) {
        drop_name(json_object_get(entry, "dependsOn"), name);
        drop_name(json_object_get(entry, "connectsTo"), name);
    }
    json_object_del(json_object_get(candidate, "distribution"), name);
    json_object_foreach(json_object_get(candidate, "distribution"), key, entry)
        drop_name(json_object_get(entry, "on"), name);
    forget_in_timeline(timeline_of(candidate), name);
    return candidate;
}

static bool drop_entries(struct shrinking *shrinking, const char *table)
{
    CLEANUP_JSON json_t *names = names_of(json_object_get(shrinking->best, table));
    bool better = false;
    json_t *name;
    size_t index;
    json_array_foreach(names, index, name)
        if (json_object_size(json_object_get(shrinking->best, table)) > 1)
            better |= try(shrinking, without(shrinking->best, table, json_string_value(name)));
    return better;
}

/* Where a document is, seen from the scenario. */
struct place {
    const char *keys[2];
    size_t depth;
};

static json_t *reach(json_t *document, const struct place *place)
{
    for (size_t i = 0; document && i < place->depth; i++)
        document = json_object_get(document, place->keys[i]);
    return document;
}

/* Members that a scenario, a service or a distribution need not have. */
static bool drop_members(struct shrinking *shrinking, const struct place *place)
{
    CLEANUP_JSON json_t *names = names_of(reach(shrinking->best, place));
    bool better = false;
    json_t *name;
    size_t index;
    json_array_foreach(names, index, name) {
        json_t *candidate = json_deep_copy(shrinking->best);
        json_object_del(reach(candidate, place), json_string_value(name));
        better |= try(shrinking, candidate);
    }
    return better;
}

static bool drop_all_members(struct shrinking *shrinking)
{
    static const char *const tables[] = { "services", "distribution", "targets" };
    bool better = drop_members(shrinking, &(struct place){ .depth = 0 });
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        CLEANUP_JSON json_t *names = names_of(json_object_get(shrinking->best, tables[i]));
        json_t *name;
        size_t index;
        json_array_foreach(names, index, name)
            better |= drop_members(shrinking, &(struct place){ { tables[i], json_string_value(name) }, 2 });
    }
    return better;
}

/* Members of single events: times, at, disk, … */
static bool drop_event_members(struct shrinking *shrinking)
{
    bool better = false;
    for (size_t i = 0; i < json_array_size(timeline_of(shrinking->best)); i++) {
        CLEANUP_JSON json_t *names = names_of(json_array_get(timeline_of(shrinking->best), i));
        json_t *name;
        size_t index;
        drop_name(names, "event");
        json_array_foreach(names, index, name) {
            json_t *candidate = json_deep_copy(shrinking->best);
            json_object_del(json_array_get(timeline_of(candidate), i), json_string_value(name));
            better |= try(shrinking, candidate);
        }
    }
    return better;
}

json_t *scenario_shrink(const json_t *scenario, bool (*fails)(void *closure, const json_t *candidate),
                        void *closure)
{
    struct shrinking shrinking = { json_deep_copy(scenario), fails, closure };
    bool better;
    do {
        better = drop_moments(&shrinking);
        better |= drop_events(&shrinking);
        better |= drop_entries(&shrinking, "services");
        better |= drop_entries(&shrinking, "targets");
        better |= drop_all_members(&shrinking);
        better |= drop_event_members(&shrinking);
    } while (better);
    return shrinking.best;
}
