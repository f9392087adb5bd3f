/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/survive/outcome.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "scenario/format/policy.h"

static bool is_up(const json_t *target)
{
    return strcmp(text_at(target, "is"), "up") == 0 && json_is_true(json_object_get(target, "listed"));
}

json_t *outcome_places(const json_t *observed)
{
    const json_t *targets = json_object_get(observed, "targets");
    CLEANUP_FREE const char **names = json_sorted_names(targets);
    json_t *places = json_object(), *active;
    size_t index;
    for (size_t i = 0; names && names[i]; i++) {
        const json_t *target = json_object_get(targets, names[i]);
        json_array_foreach(json_object_get(target, "active"), index, active) {
            const char *service = text_at(active, "service");
            if (!is_up(target) || !json_is_true(json_object_get(active, "answers")))
                continue;
            if (!json_object_get(places, service))
                json_object_set_new(places, service, json_array());
            json_list_add(json_object_get(places, service), names[i]);
        }
    }
    return places;
}

/* Services that a deployment has stopped and started again where they were: { SERVICE: true }. */
static json_t *interrupted(const json_t *documents, const json_t *places)
{
    json_t *services = json_object(), *document, *mapping;
    size_t outer, index;
    json_array_foreach((json_t *)documents, outer, document) {
        const json_t *report = json_object_get(document, "report");
        const json_t *mappings = json_object_get(json_object_get(report, "difference"), "mappings");
        if (strcmp(text_at(document, "stage"), "redeploy") != 0)
            continue;
        json_array_foreach(json_object_get(mappings, "removed"), index, mapping)
            if (json_list_has(json_object_get(places, text_at(mapping, "name")), text_at(mapping, "target")))
                json_object_set_new(services, text_at(mapping, "name"), json_true());
    }
    return services;
}

/* One on which it depends and which is no more as it was; NULL: none. */
static const char *cause_of(const json_t *system, const char *service, const json_t *changes)
{
    const json_t *document = json_object_get(json_object_get(system, "services"), service);
    size_t index;
    json_t *name;
    json_array_foreach(json_object_get(document, "dependsOn"), index, name)
        if (json_object_get(changes, json_string_value(name)))
            return json_string_value(name);
    return NULL;
}

static bool is_any_there(const struct scenario_seen *seen, const json_t *names)
{
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)names, index, name)
        if (is_up(json_object_get(json_object_get(seen->observed, "targets"), json_string_value(name))))
            return true;
    return false;
}

/* Why nobody runs it. */
static json_t *reason(const struct scenario_seen *seen, const json_t *wanted, const char *service)
{
    const json_t *policy = json_object_get(json_object_get(seen->system, "distribution"), service);
    const json_t *on = json_object_get(policy, "on");
    const json_t *place = json_array_get(json_object_get(wanted, service), 0);
    CLEANUP_FREE char *text =
        place ? string_format("it could run on %s, and does not", json_string_value(place))
        : json_object_get(seen->observed, "placed") ? strdup("the placement has it on no target")
        : on && !is_any_there(seen, on)             ? strdup("no target that may have it is left")
                                                    : strdup("no target that is left has room for it");
    return json_string(text);
}

static json_t *describe(const char *outcome, const json_t *from, const json_t *to)
{
    CLEANUP_JSON json_t *none = json_array();
    return json_pack("{ss sO sO}", "outcome", outcome, "from", from, "to", to ? to : none);
}

static bool has_all(const json_t *list, const json_t *part)
{
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)part, index, name)
        if (!json_list_has(list, json_string_value(name)))
            return false;
    return true;
}

static const char *compare(const json_t *from, const json_t *to)
{
    if (json_array_size(to) == 0)
        return "dies";
    if (!has_all(from, to))
        return "moves";
    return has_all(to, from) ? NULL : "fewer";
}

json_t *outcome_services(const json_t *places, const struct scenario_seen *seen)
{
    CLEANUP_JSON json_t *after = outcome_places(seen->observed), *wanted = scenario_wanted(seen);
    CLEANUP_JSON json_t *stopped = interrupted(seen->documents, after);
    CLEANUP_FREE const char **names = json_sorted_names(places);
    json_t *changes = json_object();
    for (size_t i = 0; names && names[i]; i++) {
        const json_t *from = json_object_get(places, names[i]), *to = json_object_get(after, names[i]);
        const char *outcome = compare(from, to);
        if (!outcome)
            continue;
        json_object_set_new(changes, names[i], describe(outcome, from, to));
        if (strcmp(outcome, "dies") == 0)
            json_object_set_new(json_object_get(changes, names[i]), "why", reason(seen, wanted, names[i]));
    }
    for (size_t i = 0; names && names[i]; i++) {
        const json_t *from = json_object_get(places, names[i]);
        if (json_object_get(changes, names[i]) || !json_object_get(stopped, names[i]))
            continue;
        json_t *change = describe("interrupted", from, from);
        const char *cause = cause_of(seen->system, names[i], changes);
        if (cause)
            json_object_set_new(change, "why", json_string(cause));
        json_object_set_new(changes, names[i], change);
    }
    return changes;
}

/* The newest write to each service: { SERVICE: write }. */
static json_t *newest(const json_t *writes)
{
    json_t *result = json_object(), *write;
    size_t index;
    json_array_foreach((json_t *)writes, index, write)
        json_object_set(result, text_at(write, "service"), write);
    return result;
}

static bool is_live(const json_t *observed, const json_t *write)
{
    const char *name;
    json_t *target;
    json_object_foreach(json_object_get(observed, "targets"), name, target)
        if (is_up(target) && scenario_is_live_on(target, write))
            return true;
    return false;
}

json_t *outcome_state(const json_t *writes, const struct scenario_seen *seen)
{
    CLEANUP_JSON json_t *all = newest(writes);
    json_t *state = json_object(), *write;
    const char *service;
    json_object_foreach(all, service, write) {
        const char *word = NULL;
        if (scenario_is_kept(seen->observed, service))
            word = "disputed";
        else if (!is_live(seen->observed, write))
            word = !scenario_is_stored(seen->observed, write, NULL)  ? "lost"
                   : scenario_was_disputed(seen->documents, service) ? "disputed"
                                                                     : "away";
        if (word)
            json_object_set_new(state, service, json_string(word));
    }
    return state;
}
