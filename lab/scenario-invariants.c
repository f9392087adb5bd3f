/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario-invariants.h"

#include <string.h>

#include "cleanup.h"
#include "scenario-policy.h"
#include "strings.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static json_t *targets_of(const struct scenario_facts *facts)
{
    return json_object_get(facts->observed, "targets");
}

static const json_t *manifest_of(const struct scenario_facts *facts)
{
    return json_object_get(json_object_get(facts->observed, "coordinator"), "manifest");
}

static bool names_it(const json_t *list, const char *name)
{
    size_t index;
    json_t *entry;
    json_array_foreach(list, index, entry)
        if (json_is_string(entry) && strcmp(json_string_value(entry), name) == 0)
            return true;
    return false;
}

/* Whether the loop can reach it and may use it. */
static bool is_there(const struct scenario_facts *facts, const char *name)
{
    const json_t *target = json_object_get(targets_of(facts), name);
    return strcmp(text_of(target, "is"), "up") == 0 && json_is_true(json_object_get(target, "listed"))
           && !names_it(json_object_get(facts->observed, "held"), name);
}

/* Whether any of these lists of lines has the line. */
static bool stored_has(const json_t *stored, const char *place, const char *line)
{
    size_t index;
    json_t *lines;
    json_array_foreach(json_object_get(stored, place), index, lines)
        if (names_it(lines, line))
            return true;
    return false;
}

static bool coordinator_has(const struct scenario_facts *facts, const char *place, const char *line)
{
    return stored_has(json_object_get(json_object_get(facts->observed, "coordinator"), "stored"), place, line);
}

char *scenario_always(const struct scenario_facts *facts, const char **name)
{
    size_t index;
    json_t *written, *target;
    const char *key;
    json_array_foreach(facts->writes, index, written) {
        const char *line = text_of(written, "text"), *place = text_of(written, "place");
        bool found = coordinator_has(facts, place, line);
        json_object_foreach(targets_of(facts), key, target)
            found = found || stored_has(json_object_get(target, "stored"), place, line);
        if (found)
            continue;
        *name = "a write is lost";
        return string_format("%s, written to %s, is in no store", line, place);
    }
    return NULL;
}

/* The entry of a service on a target that answers there; NULL: it does not. */
static const json_t *live(const struct scenario_facts *facts, const char *target, const char *service)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(json_object_get(targets_of(facts), target), "active"), index, entry)
        if (strcmp(text_of(entry, "service"), service) == 0 && json_is_true(json_object_get(entry, "answers")))
            return entry;
    return NULL;
}

static json_int_t copies_of(const struct scenario_facts *facts, const char *service)
{
    const json_t *copies = json_object_get(json_object_get(facts->distribution, service), "copies");
    return copies ? json_integer_value(copies) : 1;
}

/* Held ones do not count: what is fenced there is not live. */
static char *find_double(const struct scenario_facts *facts)
{
    const char *service, *target;
    json_t *model, *entry;
    json_object_foreach((json_t *)facts->services, service, model) {
        json_int_t count = 0;
        if (!scenario_has_state(model))
            continue;
        json_object_foreach(targets_of(facts), target, entry)
            count += strcmp(text_of(entry, "is"), "up") == 0 && json_is_true(json_object_get(entry, "listed"))
                     && !json_object_get(facts->damaged, target) && live(facts, target, service);
        if (count > copies_of(facts, service))
            return string_format("%s is live on %d targets", service, (int)count);
    }
    return NULL;
}

/* What the manifest has on a target, as observe() lists what the target says. */
static json_t *mappings_on(const struct scenario_facts *facts, const char *target)
{
    json_t *list = json_array(), *entry;
    size_t index;
    json_array_foreach(json_object_get(manifest_of(facts), "mappings"), index, entry)
        if (strcmp(text_of(entry, "target"), target) == 0)
            json_array_append(list, entry);
    return list;
}

static bool has_mapping(const json_t *mappings, const json_t *active)
{
    size_t index;
    json_t *entry;
    json_array_foreach(mappings, index, entry)
        if (strcmp(text_of(entry, "service"), text_of(active, "service")) == 0
            && strcmp(text_of(entry, "container"), text_of(active, "container")) == 0)
            return true;
    return false;
}

/* Whether a component of the service was in conflict: then it may have been stopped, and a coordinator that has lost its
 * memory cannot know. */
static bool is_told(const struct scenario_facts *facts, const char *service)
{
    size_t length = strlen(service);
    const char *component;
    json_t *ignored;
    json_object_foreach((json_t *)facts->told, component, ignored)
        if (strncmp(component, service, length) == 0 && component[length] == '-')
            return true;
    return false;
}

static char *compare_target(const struct scenario_facts *facts, const char *name, const json_t *target)
{
    CLEANUP_JSON json_t *wanted = mappings_on(facts, name);
    const json_t *active = json_object_get(target, "active");
    size_t index;
    json_t *entry;
    if (!json_equal(wanted, json_object_get(target, "says")))
        return string_format("the manifest and the profile manifest of %s have other services", name);
    json_array_foreach(active, index, entry)
        if (!has_mapping(wanted, entry))
            return string_format("%s runs %s, which the manifest does not have there", name, text_of(entry, "service"));
    json_array_foreach(wanted, index, entry)
        if (!has_mapping(active, entry) && !facts->renamed && !is_told(facts, text_of(entry, "service")))
            return string_format("%s does not run %s, which the manifest has there", name, text_of(entry, "service"));
    return NULL;
}

static char *find_difference(const struct scenario_facts *facts)
{
    const char *name;
    json_t *target;
    size_t index;
    json_t *entry;
    json_object_foreach(targets_of(facts), name, target) {
        bool told = is_there(facts, name) && !json_object_get(facts->damaged, name);
        char *difference = told ? compare_target(facts, name, target) : NULL;
        if (difference)
            return difference;
    }
    json_array_foreach(json_object_get(manifest_of(facts), "mappings"), index, entry)
        if (!is_there(facts, text_of(entry, "target")))
            return string_format("the manifest has %s on %s, which is not there", text_of(entry, "service"),
                                 text_of(entry, "target"));
    return NULL;
}

/* The targets that services may go to now. */
static json_t *places(const struct scenario_facts *facts)
{
    json_t *targets = json_object(), *target;
    const char *name;
    json_object_foreach(targets_of(facts), name, target)
        if (is_there(facts, name))
            json_object_set_new(targets, name, json_object());
    return targets;
}

/* Resources apart, which random scenarios do not have. */
static char *find_missing(const struct scenario_facts *facts)
{
    CLEANUP_JSON json_t *targets = places(facts);
    CLEANUP_JSON json_t *wanted = scenario_place(facts->services, facts->distribution, targets, NULL);
    const char *service, *name;
    json_t *list, *target;
    json_object_foreach(wanted, service, list) {
        size_t count = 0;
        json_object_foreach(targets, name, target)
            count += live(facts, name, service) != NULL;
        if (count < json_array_size(list) && !is_told(facts, service))
            return string_format("%s runs on %zu of %zu targets", service, count, json_array_size(list));
    }
    return NULL;
}

static bool anybody_there_has(const struct scenario_facts *facts, const char *place, const char *line)
{
    const char *name;
    json_t *target;
    bool found = coordinator_has(facts, place, line);
    json_object_foreach(targets_of(facts), name, target)
        found = found || (is_there(facts, name) && stored_has(json_object_get(target, "stored"), place, line));
    return found;
}

static bool is_live(const struct scenario_facts *facts, const char *place, const char *line, bool *anywhere)
{
    const char *name, *slash = strchr(place, '/');
    json_t *target, *entry;
    size_t index;
    *anywhere = false;
    json_object_foreach(targets_of(facts), name, target)
        json_array_foreach(json_object_get(target, "active"), index, entry) {
            if (!is_there(facts, name) || !slash || strcmp(text_of(entry, "component"), slash + 1) != 0)
                continue;
            *anywhere = true;
            if (names_it(json_object_get(entry, "state"), line))
                return true;
        }
    return false;
}

/* For each component the newest write that somebody has who is there. */
static char *find_stale(const struct scenario_facts *facts)
{
    CLEANUP_JSON json_t *seen = json_object();
    for (size_t i = facts->renamed ? 0 : json_array_size(facts->writes); i-- > 0;) {
        const json_t *written = json_array_get(facts->writes, i);
        const char *place = text_of(written, "place"), *line = text_of(written, "text");
        const char *slash = strchr(place, '/');
        bool anywhere;
        if (json_object_get(seen, place) || !anybody_there_has(facts, place, line))
            continue;
        json_object_set_new(seen, place, json_true());
        if (is_live(facts, place, line, &anywhere) || !anywhere || json_object_get(facts->told, slash ? slash + 1 : place))
            continue;
        return string_format("%s, the newest write to %s, is there but not live, and nobody has told of it", line, place);
    }
    return NULL;
}

static char *find_leftover(const struct scenario_facts *facts)
{
    const json_t *left = json_object_get(json_object_get(facts->observed, "coordinator"), "left");
    const char *name;
    json_t *target;
    if (json_array_size(left) > 0)
        return string_format("the coordinator keeps %s", json_string_value(json_array_get(left, 0)));
    json_object_foreach(targets_of(facts), name, target)
        if (is_there(facts, name) && json_is_true(json_object_get(target, "locked")))
            return string_format("%s is locked", name);
    return NULL;
}

char *scenario_at_rest(const struct scenario_facts *facts, const char **name)
{
    static const struct {
        const char *name;
        char *(*find)(const struct scenario_facts *facts);
    } invariants[] = { { "a component with state is live twice", find_double },
                       { "the manifest is not what the targets run", find_difference },
                       { "a service does not run", find_missing },
                       { "the newest state is not live", find_stale },
                       { "something is left behind", find_leftover } };
    for (size_t i = 0; i < sizeof invariants / sizeof *invariants; i++) {
        char *words = invariants[i].find(facts);
        *name = invariants[i].name;
        if (words)
            return words;
    }
    return NULL;
}
