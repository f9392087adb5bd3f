/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/format/policy.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"

const char *scenario_type(const json_t *service)
{
    return text_or(service, "type", "process");
}

const char *scenario_container(const json_t *service)
{
    return text_or(service, "container", scenario_type(service));
}

const char *scenario_version(const json_t *service)
{
    return text_or(service, "version", "1");
}

static bool is_database(const json_t *service)
{
    static const char ending[] = "database";
    const char *type = scenario_type(service);
    size_t length = strlen(type);
    return length >= strlen(ending) && strcmp(type + length - strlen(ending), ending) == 0;
}

bool scenario_has_state(const json_t *service)
{
    const json_t *state = json_object_get(service, "state");
    return state ? json_is_true(state) : is_database(service);
}

const char *scenario_nature(const json_t *service)
{
    return text_or(service, "nature",
                   is_database(service)          ? "database"
                   : scenario_has_state(service) ? "files"
                                                 : "plain");
}

struct placing {
    const json_t *targets;
    json_t *used; /* { TARGET: { RESOURCE: number } } */
};

static bool has_room(const struct placing *placing, const char *target, const json_t *service)
{
    const json_t *resources = json_object_get(json_object_get(placing->targets, target), "resources");
    const json_t *used = json_object_get(placing->used, target);
    const char *name;
    json_t *needed;
    json_object_foreach(json_object_get(service, "resources"), name, needed) {
        const json_t *there = json_object_get(resources, name);
        if (there
            && json_number_value(json_object_get(used, name)) + json_number_value(needed)
                   > json_number_value(there))
            return false;
    }
    return true;
}

static void use(struct placing *placing, const char *target, const json_t *service)
{
    json_t *used = json_object_get(placing->used, target), *needed;
    const char *name;
    if (!used) {
        json_object_set_new(placing->used, target, json_object());
        used = json_object_get(placing->used, target);
    }
    json_object_foreach(json_object_get(service, "resources"), name, needed)
        json_object_set_new(
            used, name,
            json_real(json_number_value(json_object_get(used, name)) + json_number_value(needed)));
}

static bool has_name(const json_t *names, const char *name)
{
    size_t index;
    json_t *entry;
    json_array_foreach((json_t *)names, index, entry)
        if (strcmp(json_string_value(entry), name) == 0)
            return true;
    return false;
}

static void try_target(struct placing *placing, const json_t *service, size_t copies, const char *target,
                       json_t *places)
{
    if (json_array_size(places) >= copies || has_name(places, target)
        || !json_object_get(placing->targets, target) || !has_room(placing, target, service))
        return;
    use(placing, target, service);
    json_array_append_new(places, json_string(target));
}

static void try_targets(struct placing *placing, const json_t *service, size_t copies, const json_t *names,
                        json_t *places)
{
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)names, index, name)
        try_target(placing, service, copies, json_string_value(name), places);
}

static json_t *place(struct placing *placing, const json_t *service, const json_t *policy,
                     const json_t *before)
{
    const json_t *on = json_object_get(policy, "on"), *copies = json_object_get(policy, "copies");
    size_t count = copies ? (size_t)json_integer_value(copies) : 1;
    json_t *places = json_array();
    if (!json_is_false(json_object_get(policy, "stay")))
        try_targets(placing, service, count, before, places);
    if (on) {
        try_targets(placing, service, count, on, places);
        return places;
    }
    CLEANUP_FREE const char **all = json_sorted_names(placing->targets);
    for (size_t i = 0; all && all[i]; i++)
        try_target(placing, service, count, all[i], places);
    return places;
}

json_t *scenario_place(const json_t *services, const json_t *distribution, const json_t *targets,
                       const json_t *before)
{
    CLEANUP_JSON json_t *used = json_object();
    CLEANUP_FREE const char **names = json_sorted_names(services);
    struct placing placing = { targets, used };
    json_t *result = json_object();
    for (size_t i = 0; names && names[i]; i++) {
        json_t *places = place(&placing, json_object_get(services, names[i]),
                               json_object_get(distribution, names[i]), json_object_get(before, names[i]));
        if (json_array_size(places) > 0)
            json_object_set_new(result, names[i], places);
        else
            json_decref(places);
    }
    return result;
}

void scenario_upgrade(json_t *services, json_t *distribution, const json_t *event)
{
    const char *name;
    json_t *members;
    json_object_foreach(json_object_get(event, "services"), name, members) {
        if (json_is_null(members)) {
            json_object_del(services, name);
            continue;
        }
        if (!json_object_get(services, name))
            json_object_set_new(services, name, json_object());
        json_object_update(json_object_get(services, name), members);
    }
    json_object_foreach(json_object_get(event, "distribution"), name, members)
        json_object_set(distribution, name, members);
}

json_t *scenario_disputed(const json_t *report)
{
    json_t *list = json_array(), *dispute, *copy;
    size_t outer, inner;
    json_array_foreach(json_object_get(report, "disputes"), outer, dispute)
        json_array_foreach(json_object_get(dispute, "copies"), inner, copy)
            if (json_is_true(json_object_get(copy, "disputed")))
                json_array_append_new(
                    list, json_pack("{sO sO sO sO sO}", "component", json_object_get(dispute, "component"),
                                    "container", json_object_get(dispute, "container"), "target",
                                    json_object_get(copy, "target"), "reason",
                                    json_object_get(copy, "reason"), "live", json_object_get(copy, "live")));
    return list;
}
