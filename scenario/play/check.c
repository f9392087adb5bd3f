/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/play/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "scenario/format/policy.h"

void scenario_add_broken(json_t *broken, const char *format, ...)
{
    CLEANUP_FREE char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    json_array_append_new(broken, json_string(text ? text : "out of memory"));
}

/* The system that is wanted. */

json_t *scenario_system(const json_t *scenario)
{
    return json_pack("{so so so sb}", "targets", json_copy_at(scenario, "targets"), "services",
                     json_copy_at(scenario, "services"), "distribution",
                     json_copy_at(scenario, "distribution"), "models",
                     json_object_get(scenario, "models") != NULL);
}

void scenario_system_follow(json_t *system, const json_t *event)
{
    json_t *targets = json_object_get(system, "targets");
    const char *target = text_at(event, "target");
    if (text_at_is(event, "event", "add"))
        json_object_set_new(targets, target, json_copy((json_t *)event));
    else if (text_at_is(event, "event", "remove"))
        json_object_del(targets, target);
    else if (text_at_is(event, "event", "rename")) {
        json_object_set(targets, text_at(event, "to"), json_object_get(targets, target));
        json_object_del(targets, target);
    } else if (text_at_is(event, "event", "upgrade"))
        scenario_upgrade(json_object_get(system, "services"), json_object_get(system, "distribution"), event);
}

/* The network as the loop can see it. */

static const json_t *last_left_out(const json_t *documents)
{
    const json_t *left_out = NULL;
    size_t index;
    json_t *document;
    json_array_foreach((json_t *)documents, index, document)
        if (text_at_is(document, "kind", "infrastructure"))
            left_out = json_object_get(document, "leftOut");
    return left_out;
}

/* By the last model, or since then, for it hung, without a word. */
static bool is_left_out(const struct scenario_seen *seen, const char *name)
{
    return json_list_has(last_left_out(seen->documents), name)
           || json_list_has(json_object_get(seen->observed, "hung"), name);
}

static bool is_there(const struct scenario_seen *seen, const char *name, const json_t *target)
{
    return json_is_true(json_object_get(target, "listed")) && text_at_is(target, "is", "up")
           && !json_list_has(json_object_get(seen->observed, "held"), name);
}

bool scenario_leaves_out(const struct scenario_seen *seen)
{
    const char *name;
    json_t *target;
    json_object_foreach(json_object_get(seen->observed, "targets"), name, target)
        if (is_there(seen, name, target) && is_left_out(seen, name))
            return true;
    return false;
}

/* In the model and there, and the loop takes it in. */
static bool takes_part(const struct scenario_seen *seen, const char *name, const json_t *target)
{
    return is_there(seen, name, target) && !is_left_out(seen, name);
}

void scenario_check_reasons(const struct scenario_seen *seen, const json_t *gone, json_t *broken)
{
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)gone, index, name) {
        const char *target = json_string_value(name);
        if (takes_part(seen, target, json_object_get(json_object_get(seen->observed, "targets"), target)))
            scenario_add_broken(broken, "the story gives as a reason that %s is gone, and it is there",
                                target);
    }
}

/* Until a deployment has succeeded, nobody knows whether it is wanted. */
static bool is_put_off(const json_t *call)
{
    return text_at_is(call, "what", "deactivate if unwanted");
}

/* Whether nobody can tell what lives there, and that is tried again. */
static bool is_in_doubt(const json_t *documents, const char *name)
{
    const json_t *disputes = NULL;
    size_t index, inner;
    json_t *document, *dispute, *copy;
    json_array_foreach((json_t *)documents, index, document)
        if (text_at_is(document, "kind", "stage") && text_at_is(document, "stage", "reconstruct"))
            disputes = json_object_get(json_object_get(document, "report"), "disputes");
    json_array_foreach((json_t *)disputes, index, dispute)
        json_array_foreach(json_object_get(dispute, "copies"), inner, copy)
            if (text_at_is(copy, "target", name) && json_is_null(json_object_get(copy, "live")))
                return true;
    return false;
}

/* Whether something is still to be done there. */
static bool is_owed_something(const struct scenario_seen *seen, const char *name)
{
    size_t index, inner;
    json_t *entry, *call;
    json_array_foreach(json_object_get(seen->observed, "leftovers"), index, entry)
        json_array_foreach(json_object_get(entry, "calls"), inner, call)
            if (!is_put_off(call) && text_at_is(entry, "target", name))
                return true;
    return is_in_doubt(seen->documents, name);
}

bool scenario_owes(const struct scenario_seen *seen)
{
    const char *name;
    json_t *target;
    json_object_foreach(json_object_get(seen->observed, "targets"), name, target)
        if (takes_part(seen, name, target) && is_owed_something(seen, name))
            return true;
    return false;
}

/* That it runs, and tells, something else than the manifest has there is known. */
static bool is_excused(const struct scenario_seen *seen, const char *name)
{
    return seen->excuses && is_owed_something(seen, name);
}

/* It hung, and is decided about when it is taken in again. */
static bool is_left_out_for_now(const struct scenario_seen *seen, const char *name, const json_t *target)
{
    return seen->excuses && is_there(seen, name, target) && is_left_out(seen, name);
}

static const json_t *manifest_of(const struct scenario_seen *seen)
{
    return json_object_get(json_object_get(seen->observed, "coordinator"), "manifest");
}

static bool has_mapping(const json_t *mappings, const char *service, const char *container,
                        const char *target)
{
    size_t index;
    json_t *mapping;
    json_array_foreach((json_t *)mappings, index, mapping)
        if (text_at_is(mapping, "service", service)
            && (!container || text_at_is(mapping, "container", container))
            && (!target || text_at_is(mapping, "target", target)))
            return true;
    return false;
}

static bool is_active(const json_t *target, const char *service, const char *container)
{
    size_t index;
    json_t *active;
    json_array_foreach(json_object_get(target, "active"), index, active)
        if (text_at_is(active, "service", service)
            && (!container || text_at_is(active, "container", container)))
            return true;
    return false;
}

/* What runs on a target and what its profile manifest says, against the manifest. */
static void check_target_says(const struct scenario_seen *seen, const char *name, const json_t *target,
                              json_t *broken)
{
    const json_t *mappings = json_object_get(manifest_of(seen), "mappings");
    const json_t *services = json_object_get(manifest_of(seen), "services");
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(target, "active"), index, entry) {
        const char *service = text_at(entry, "service"), *version = text_at(entry, "version");
        if (!has_mapping(mappings, service, text_at(entry, "container"), name))
            scenario_add_broken(broken,
                                "%s is active on %s, and the coordinator's manifest does not have it there",
                                service, name);
        else if (!text_at_is(json_object_get(services, service), "version", version))
            scenario_add_broken(broken, "%s is active on %s in version %s, and the manifest has version %s",
                                service, name, version,
                                text_at(json_object_get(services, service), "version"));
    }
    json_array_foreach(json_object_get(target, "says"), index, entry)
        if (!has_mapping(mappings, text_at(entry, "service"), text_at(entry, "container"), name))
            scenario_add_broken(broken,
                                "the profile manifest of %s has %s, and the coordinator's manifest does not",
                                name, text_at(entry, "service"));
}

bool scenario_tells_all(const struct scenario_seen *seen)
{
    CLEANUP_JSON json_t *untold = json_array();
    const char *name;
    json_t *target;
    json_object_foreach(json_object_get(seen->observed, "targets"), name, target)
        if (json_is_true(json_object_get(target, "listed")) && text_at_is(target, "is", "up"))
            check_target_says(seen, name, target, untold);
    return json_array_size(untold) == 0;
}

/* Whether the service was fenced on a target whose profile still has it, and nobody knows that any more.
 * only: on that one; NULL: on any. */
static bool is_fence_forgotten(const struct scenario_seen *seen, const char *service, const char *only)
{
    const char *name;
    json_t *target;
    json_object_foreach(json_object_get(seen->observed, "targets"), name, target)
        if (seen->forgot && (!only || strcmp(only, name) == 0) && takes_part(seen, name, target)
            && has_mapping(json_object_get(target, "says"), service, NULL, name)
            && !is_active(target, service, NULL))
            return true;
    return false;
}

void scenario_check_manifest(const struct scenario_seen *seen, json_t *broken)
{
    const json_t *targets = json_object_get(seen->observed, "targets");
    const char *name;
    json_t *target, *mapping;
    size_t index;
    json_object_foreach((json_t *)targets, name, target) {
        if (takes_part(seen, name, target) && !is_excused(seen, name))
            check_target_says(seen, name, target, broken);
    }
    json_array_foreach(json_object_get(manifest_of(seen), "mappings"), index, mapping) {
        const char *service = text_at(mapping, "service"), *container = text_at(mapping, "container");
        name = text_at(mapping, "target");
        target = json_object_get(targets, name);
        if (!target || !json_is_true(json_object_get(target, "listed")) || text_at_is(target, "is", "crashed")
            || text_at_is(target, "is", "partitioned"))
            scenario_add_broken(broken, "the manifest has %s on %s, which is not there", service, name);
        else if (is_excused(seen, name))
            continue;
        else if (takes_part(seen, name, target) && !is_active(target, service, container)
                 && !is_fence_forgotten(seen, service, name))
            scenario_add_broken(broken, "the manifest has %s on %s, and it is not active there", service,
                                name);
        else if (takes_part(seen, name, target)
                 && !has_mapping(json_object_get(target, "says"), service, container, name))
            scenario_add_broken(broken, "the manifest has %s on %s, and the profile manifest there does not",
                                service, name);
    }
}

/* It takes no closures, so it has what it had. */
static bool is_spared(const struct scenario_seen *seen, const char *name)
{
    return json_list_has(json_object_get(seen->observed, "spared"), name);
}

/* { TARGET: description } of those that take part and take all; a new reference. */
static json_t *usable_targets(const struct scenario_seen *seen)
{
    json_t *usable = json_object(), *target;
    const char *name;
    json_object_foreach(json_object_get(seen->observed, "targets"), name, target) {
        json_t *description = json_object_get(json_object_get(seen->system, "targets"), name);
        if (takes_part(seen, name, target) && !is_spared(seen, name))
            json_object_set_new(usable, name, description ? json_deep_copy(description) : json_object());
    }
    return usable;
}

/* { SERVICE: [TARGET] } of the manifest; a new reference. */
static json_t *places_of(const json_t *manifest)
{
    json_t *places = json_object(), *mapping;
    size_t index;
    json_array_foreach(json_object_get(manifest, "mappings"), index, mapping) {
        const char *service = text_at(mapping, "service");
        if (!json_object_get(places, service))
            json_object_set_new(places, service, json_array());
        json_array_append(json_object_get(places, service), json_object_get(mapping, "target"));
    }
    return places;
}

/* Where the last deployment left a service that it did not move; NULL: it went where it was to go. */
static const json_t *pinned_places(const json_t *documents, const char *service)
{
    const json_t *pinned = NULL, *places = NULL;
    size_t index;
    json_t *document, *pin;
    json_array_foreach((json_t *)documents, index, document)
        if (text_at_is(document, "kind", "stage") && text_at_is(document, "stage", "redeploy"))
            pinned = json_object_get(json_object_get(document, "report"), "pinned");
    json_array_foreach((json_t *)pinned, index, pin)
        if (scenario_is_of_service(text_at(pin, "component"), service))
            places = json_object_get(pin, "targets");
    return places;
}

/* Whether { CONTAINER: { COMPONENT: … } } has a component of the service. */
static bool names_service(const json_t *containers, const char *service)
{
    const char *container, *component;
    json_t *components, *value;
    json_object_foreach((json_t *)containers, container, components)
        json_object_foreach(components, component, value)
            if (scenario_is_of_service(component, service))
                return true;
    return false;
}

bool scenario_is_kept(const json_t *observed, const char *service)
{
    return names_service(json_object_get(json_object_get(observed, "survivors"), "kept"), service);
}

bool scenario_lives(const json_t *observed, const char *service)
{
    const char *name;
    json_t *target, *active;
    size_t index;
    json_object_foreach(json_object_get(observed, "targets"), name, target)
        json_array_foreach(json_object_get(target, "active"), index, active)
            if (json_is_true(json_object_get(target, "listed")) && text_at_is(target, "is", "up")
                && text_at_is(active, "service", service) && json_is_true(json_object_get(active, "answers")))
                return true;
    return false;
}

/* What a program has said, as far as it can be. */
static json_t *usable_places(const json_t *placed, const json_t *usable)
{
    json_t *result = json_object(), *targets, *target;
    const char *service;
    size_t index;
    json_object_foreach((json_t *)placed, service, targets) {
        json_t *places = json_array();
        json_array_foreach(targets, index, target)
            if (json_object_get(usable, json_string_value(target)))
                json_array_append(places, target);
        json_object_set_new(result, service, places);
    }
    return result;
}

json_t *scenario_wanted(const struct scenario_seen *seen)
{
    CLEANUP_JSON json_t *usable = usable_targets(seen), *before = places_of(manifest_of(seen));
    if (json_is_true(json_object_get(seen->system, "models")))
        return json_object();
    if (json_object_get(seen->observed, "placed"))
        return usable_places(json_object_get(seen->observed, "placed"), usable);
    return scenario_place(json_object_get(seen->system, "services"),
                          json_object_get(seen->system, "distribution"), usable, before);
}

/* Whether the manifest has it where it has to stay. */
static bool stays_spared(const struct scenario_seen *seen, const char *service)
{
    size_t index;
    json_t *mapping;
    json_array_foreach(json_object_get(manifest_of(seen), "mappings"), index, mapping)
        if (text_at_is(mapping, "service", service) && is_spared(seen, text_at(mapping, "target")))
            return true;
    return false;
}

void scenario_check_placed(const struct scenario_seen *seen, json_t *broken)
{
    CLEANUP_JSON json_t *wanted = scenario_wanted(seen);
    const char *service;
    json_t *places, *place;
    size_t index;
    json_object_foreach(wanted, service, places) {
        const json_t *pinned = pinned_places(seen->documents, service);
        if (!scenario_lives(seen->observed, service) || stays_spared(seen, service))
            continue; /* scenario_check_lives() tells */
        json_array_foreach(pinned ? (json_t *)pinned : places, index, place) {
            const char *name = json_string_value(place);
            const json_t *target = json_object_get(json_object_get(seen->observed, "targets"), name);
            if (!is_active(target, service, NULL) && !is_fence_forgotten(seen, service, name))
                scenario_add_broken(broken, "%s could run on %s, and is not active there", service, name);
        }
    }
}

void scenario_check_lives(const struct scenario_seen *seen, json_t *broken)
{
    CLEANUP_JSON json_t *wanted = scenario_wanted(seen);
    const char *service;
    json_t *places;
    json_object_foreach(wanted, service, places)
        if (json_array_size(places) > 0 && !scenario_lives(seen->observed, service)
            && !is_fence_forgotten(seen, service, NULL))
            scenario_add_broken(broken, "%s could run, and lives nowhere", service);
}

/* Copies of state. */

static size_t count_mappings(const json_t *manifest, const char *service)
{
    size_t index, count = 0;
    json_t *mapping;
    json_array_foreach(json_object_get(manifest, "mappings"), index, mapping)
        count += text_at_is(mapping, "service", service);
    return count;
}

/* Whether the target did not tell, when that was last asked, what runs on it. */
static bool did_not_tell(const json_t *documents, const char *name)
{
    const json_t *targets = NULL;
    size_t index;
    json_t *document;
    json_array_foreach((json_t *)documents, index, document)
        if (text_at_is(document, "kind", "stage") && text_at_is(document, "stage", "reconstruct"))
            targets = json_object_get(json_object_get(document, "report"), "targets");
    const json_t *target = json_object_get(targets, name);
    return text_at_is(target, "status", "silent") || text_at_is(target, "status", "invalid");
}

/* { SERVICE: [TARGET] }: where what has state is live, as far as anybody can know; a new reference. */
static json_t *live_copies(const struct scenario_seen *seen)
{
    json_t *live = json_object(), *target, *active;
    const char *name;
    size_t index;
    json_object_foreach(json_object_get(seen->observed, "targets"), name, target) {
        if (!json_is_true(json_object_get(target, "listed")) || !text_at_is(target, "is", "up")
            || did_not_tell(seen->documents, name) || is_excused(seen, name) || is_left_out(seen, name))
            continue;
        json_array_foreach(json_object_get(target, "active"), index, active) {
            if (!json_object_get(active, "state"))
                continue;
            if (!json_object_get(live, text_at(active, "service")))
                json_object_set_new(live, text_at(active, "service"), json_array());
            json_array_append_new(json_object_get(live, text_at(active, "service")), json_string(name));
        }
    }
    return live;
}

static void add_copies(json_t *broken, const char *service, const json_t *homes, size_t wanted)
{
    CLEANUP_FREE char *names = json_dumps(homes, JSON_COMPACT);
    scenario_add_broken(broken, "%s has state and is live %zu times, and the manifest has it %zu times: %s",
                        service, json_array_size(homes), wanted, names ? names : "");
}

void scenario_check_once(const struct scenario_seen *seen, json_t *broken)
{
    CLEANUP_JSON json_t *live = live_copies(seen);
    const char *service;
    json_t *homes;
    json_object_foreach(live, service, homes) {
        size_t count = json_array_size(homes), wanted = count_mappings(manifest_of(seen), service);
        if (count > 1 && wanted < count)
            add_copies(broken, service, homes, wanted);
    }
}

void scenario_check_single(const struct scenario_seen *seen, const json_t *replicated, json_t *broken)
{
    CLEANUP_JSON json_t *live = live_copies(seen);
    const char *service;
    json_t *homes;
    json_object_foreach(live, service, homes)
        if (json_array_size(homes) > 1 && !json_object_get(replicated, service))
            add_copies(broken, service, homes, 1);
}

/* Whether a component is one of the service: its name, and its version. */
bool scenario_is_of_service(const char *component, const char *service)
{
    const char *dash = strrchr(component, '-');
    return dash && (size_t)(dash - component) == strlen(service)
           && strncmp(component, service, strlen(service)) == 0;
}

/* version: of the component; NULL: any. */
static bool store_has(const json_t *stored, const json_t *write, const char *version)
{
    const char *name, *text = text_at(write, "text");
    json_t *contents, *lines;
    size_t index;
    json_object_foreach((json_t *)stored, name, contents) {
        const char *slash = strchr(name, '/'), *dash = strrchr(name, '-');
        if (!scenario_is_of_service(slash ? slash + 1 : name, text_at(write, "service"))
            || (version && strcmp(dash + 1, version) != 0))
            continue;
        json_array_foreach(contents, index, lines)
            if (json_list_has(lines, text))
                return true;
    }
    return false;
}

bool scenario_is_live_on(const json_t *target, const json_t *write)
{
    size_t index;
    json_t *active;
    json_array_foreach(json_object_get(target, "active"), index, active)
        if (text_at_is(active, "service", text_at(write, "service"))
            && json_list_has(json_object_get(active, "state"), text_at(write, "text")))
            return true;
    return false;
}

static bool target_has(const json_t *target, const json_t *write, const char *version)
{
    return store_has(json_object_get(target, "stored"), write, version) || scenario_is_live_on(target, write);
}

static bool coordinator_has(const json_t *observed, const json_t *write, const char *version)
{
    return store_has(json_object_get(json_object_get(observed, "coordinator"), "stored"), write, version);
}

/* Whether a machine but this one (NULL: all) has it, or the coordinator does. */
bool scenario_is_stored(const json_t *observed, const json_t *write, const char *without)
{
    const char *name;
    json_t *target;
    json_object_foreach(json_object_get(observed, "targets"), name, target)
        if ((!without || strcmp(name, without) != 0) && target_has(target, write, NULL))
            return true;
    return coordinator_has(observed, write, NULL);
}

void scenario_check_writes(const struct scenario_seen *seen, json_t *broken)
{
    size_t index;
    json_t *write;
    json_array_foreach((json_t *)seen->writes, index, write)
        if (!scenario_is_stored(seen->observed, write, NULL))
            scenario_add_broken(broken,
                                "\"%s\" was written to %s and acknowledged, and is in no store any more",
                                text_at(write, "text"), text_at(write, "service"));
}

/* Whether a copy of the service is remembered whose rescue after its fence is still to be done. */
static bool is_owed(const json_t *observed, const char *service)
{
    const char *target, *container, *component;
    json_t *containers, *components, *dispute;
    json_object_foreach(json_object_get(json_object_get(observed, "survivors"), "disputed"), target,
                        containers)
        json_object_foreach(containers, container, components)
            json_object_foreach(components, component, dispute)
                if (scenario_is_of_service(component, service)
                    && json_is_true(json_object_get(dispute, "owed")))
                    return true;
    return false;
}

/* Whether a component of it is started again when its target answers. */
static bool is_to_be_started(const json_t *observed, const char *service)
{
    size_t index, inner;
    json_t *entry, *call;
    json_array_foreach(json_object_get(observed, "leftovers"), index, entry)
        json_array_foreach(json_object_get(entry, "calls"), inner, call)
            if (text_at_is(call, "what", "activate")
                && scenario_is_of_service(text_at(call, "component"), service))
                return true;
    return false;
}

void scenario_check_saved(const struct scenario_seen *seen, json_t *broken)
{
    size_t index;
    json_t *write;
    json_array_foreach(json_object_get(seen->observed, "unsaved"), index, write)
        if (!is_owed(seen->observed, text_at(write, "service"))
            && !is_to_be_started(seen->observed, text_at(write, "service")))
            scenario_add_broken(broken,
                                "\"%s\" was written to %s, and is in nothing that lives and in no snapshot",
                                text_at(write, "text"), text_at(write, "service"));
}

void scenario_check_stopped(const struct scenario_seen *seen, json_t *broken)
{
    json_array_extend(broken, json_object_get(seen->observed, "stopped"));
}

void scenario_check_misdone(const struct scenario_seen *seen, json_t *broken)
{
    json_array_extend(broken, json_object_get(seen->observed, "misdone"));
}

void scenario_check_lost(const struct scenario_seen *seen, json_t *broken)
{
    json_array_extend(broken, json_object_get(seen->observed, "lost"));
}

void scenario_doom(const json_t *observed, const char *target, json_t *writes)
{
    for (size_t i = json_array_size(writes); i-- > 0;) {
        const json_t *write = json_array_get(writes, i);
        bool elsewhere = target && scenario_is_stored(observed, write, target);
        const char *name;
        json_t *other;
        json_object_foreach(json_object_get(observed, "targets"), name, other)
            elsewhere = elsewhere || (!target && target_has(other, write, NULL));
        if (!elsewhere)
            json_array_remove(writes, i);
    }
}

bool scenario_was_disputed(const json_t *documents, const char *service)
{
    size_t index, inner;
    json_t *document, *dispute;
    json_array_foreach((json_t *)documents, index, document)
        json_array_foreach(json_object_get(json_object_get(document, "report"), "disputes"), inner, dispute)
            if (scenario_is_of_service(text_at(dispute, "component"), service))
                return true;
    return false;
}

/* Whether somebody has brought an older state of the service back: then that is what is to live. */
static bool was_brought_back(const json_t *documents, const char *service)
{
    size_t index, inner;
    json_t *document, *entry;
    json_array_foreach((json_t *)documents, index, document)
        json_array_foreach(json_object_get(json_object_get(document, "report"), "restored"), inner, entry) {
            const char *slash = strchr(text_at(entry, "snapshot"), '/'),
                       *end = slash ? strchr(slash + 1, '/') : NULL;
            CLEANUP_FREE char *component = end ? strndup(slash + 1, (size_t)(end - slash - 1)) : NULL;
            if (component && scenario_is_of_service(component, service) && !json_object_get(entry, "reason"))
                return true;
        }
    return false;
}

/* The last write of a service that one of its homes holds, or the coordinator, as state of the version that
 * is deployed: another version is another component. */
static const json_t *newest_within_reach(const struct scenario_seen *seen, const char *service)
{
    const json_t *mappings = json_object_get(manifest_of(seen), "mappings");
    const json_t *deployed = json_object_get(json_object_get(manifest_of(seen), "services"), service);
    const char *version = json_string_value(json_object_get(deployed, "version"));
    for (size_t i = json_array_size(seen->writes); i-- > 0;) {
        const json_t *write = json_array_get(seen->writes, i);
        const char *name;
        json_t *target;
        if (!text_at_is(write, "service", service))
            continue;
        if (coordinator_has(seen->observed, write, version))
            return write;
        json_object_foreach(json_object_get(seen->observed, "targets"), name, target)
            if (has_mapping(mappings, service, NULL, name) && takes_part(seen, name, target)
                && target_has(target, write, version))
                return write;
    }
    return NULL;
}

void scenario_check_newest(const struct scenario_seen *seen, json_t *broken)
{
    const char *service, *name;
    json_t *wanted, *target;
    json_object_foreach(json_object_get(seen->system, "services"), service, wanted) {
        const json_t *write = newest_within_reach(seen, service);
        bool live = false, runs = false;
        json_object_foreach(json_object_get(seen->observed, "targets"), name, target) {
            const bool there = takes_part(seen, name, target);
            runs = runs || (there && is_active(target, service, NULL));
            live = live
                   || (write && (there || is_left_out_for_now(seen, name, target))
                       && scenario_is_live_on(target, write));
        }
        if (write && runs && !live && !scenario_was_disputed(seen->documents, service)
            && !was_brought_back(seen->documents, service))
            scenario_add_broken(broken,
                                "\"%s\" is the newest write to %s that can be reached, and it is not live",
                                text_at(write, "text"), service);
    }
}

void scenario_check_left(const struct scenario_seen *seen, json_t *broken)
{
    const json_t *left = json_object_get(json_object_get(seen->observed, "coordinator"), "left");
    const char *name;
    json_t *target, *entry;
    size_t index;
    json_object_foreach(json_object_get(seen->observed, "targets"), name, target)
        if (takes_part(seen, name, target) && json_is_true(json_object_get(target, "locked")))
            scenario_add_broken(broken, "%s is left locked", name);
    json_array_foreach((json_t *)left, index, entry)
        scenario_add_broken(broken, "this is left behind: %s", json_string_value(entry));
}

/* A garbage collection may take what nothing refers to. */
void scenario_check_backed(const struct scenario_seen *seen, json_t *broken)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(json_object_get(seen->observed, "coordinator"), "missing"), index,
                       entry)
        scenario_add_broken(broken, "%s, which the manifest names, is not in the coordinator's store",
                            json_string_value(entry));
}

void scenario_check(const struct scenario_seen *seen, bool manifest, json_t *broken)
{
    const bool paused = json_is_true(json_object_get(seen->observed, "paused"));
    if (manifest && !paused) {
        scenario_check_manifest(seen, broken);
        scenario_check_placed(seen, broken);
        scenario_check_lives(seen, broken);
        scenario_check_once(seen, broken);
        scenario_check_newest(seen, broken);
        scenario_check_backed(seen, broken);
    }
    if (!paused)
        scenario_check_left(seen, broken);
    scenario_check_writes(seen, broken);
    scenario_check_lost(seen, broken);
    scenario_check_stopped(seen, broken);
    scenario_check_misdone(seen, broken);
    scenario_check_saved(seen, broken);
}
