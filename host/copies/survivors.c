/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/copies/survivors.h"

#include <string.h>

#include "host/record/again.h"
#include "host/record/dispute.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/state/portion.h"
#include "lib/world/operations.h"

#define AGAIN "again" /* the member of the state */

static const json_t *find_dispute(const json_t *disputes, const json_t *like)
{
    size_t index;
    json_t *dispute;
    json_array_foreach((json_t *)disputes, index, dispute)
        if (strcmp(text_at(dispute, "container"), text_at(like, "container")) == 0
            && strcmp(text_at(dispute, "component"), text_at(like, "component")) == 0)
            return dispute;
    return NULL;
}

/* A target is not asked for ever for the snapshots of a copy that waits there: those that were told stay
 * known. */
static void keep_snapshots(json_t *disputes, const json_t *before)
{
    size_t i, j;
    json_t *dispute, *copy;
    json_array_foreach(disputes, i, dispute)
        json_array_foreach(json_object_get(dispute, "copies"), j, copy) {
            const json_t *known = dispute_copy(find_dispute(before, dispute), text_at(copy, "target"));
            if (!known || json_array_size(json_object_get(copy, "snapshots")) > 0)
                continue;
            json_object_set(copy, "snapshots", json_object_get(known, "snapshots"));
            json_object_set(copy, "newest", json_object_get(known, "newest"));
        }
}

void survivors_take(json_t *state, const json_t *report, int64_t now)
{
    static const char *const members[] = { "survivors", "disputes" };
    const char *wrong = survivors_wrong(report);
    if (!json_object_get(report, "survivors"))
        return;
    if (wrong) {
        log_warning(NULL,
                    "what the stage reconstruct tells as %s has not the form of that, and is not believed",
                    wrong);
        return;
    }
    CLEANUP_JSON json_t *before = json_incref(json_object_get(state, "disputes"));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (json_object_get(report, members[i]))
            json_object_set_new(state, members[i], json_deep_copy(json_object_get(report, members[i])));
    keep_snapshots(json_object_get(state, "disputes"), before);
    again_note(state, AGAIN, json_array_size(json_object_get(report, "failed")) > 0, 10, now);
}

int64_t survivors_due(const json_t *state, int64_t now)
{
    return again_due(state, AGAIN, now);
}

bool survivors_wait(const json_t *state)
{
    return json_is_true(json_object_get(state, "word"));
}

/* Notes it of a component, or a service, on a target. */
static void set_kind(json_t *survivors, const char *member, const char *target, const char *container,
                     const char *name)
{
    json_t *containers = json_object_at(json_object_at(survivors, member), target);
    json_object_set_new(json_object_at(containers, container), name, json_true());
}

static void keep_copy(json_t *survivors, const char *target, const char *container, const char *component)
{
    json_t *given_up =
        json_object_get(json_object_get(json_object_get(survivors, "accept"), target), container);
    json_object_del(given_up, component);
    json_object_set_new(json_object_at(json_object_at(survivors, "prefer"), container), component,
                        json_string(target));
}

static void discard_copy(json_t *survivors, const char *target, const char *container, const char *component)
{
    json_t *preferred = json_object_get(json_object_get(survivors, "prefer"), container);
    if (strcmp(text_at(preferred, component), target) == 0)
        json_object_del(preferred, component);
    set_kind(survivors, "accept", target, container, component);
}

static char *why_refused(bool lives, const char *target, const char *component)
{
    if (lives)
        return string_format("the copy on target %s is the one that lives; discard-copy is for another one",
                             target);
    if (component)
        return string_format("%s is not in dispute on target %s", component, target);
    return string_format("nothing is in dispute on target %s", target);
}

int survivors_word(json_t *state, const char *word, const char *target, const char *component, char **reason)
{
    const bool keeps = strcmp(word, "keep-copy") == 0;
    json_t *survivors = json_object_at(state, "survivors"), *dispute;
    bool taken = false, lives = false;
    size_t index;
    json_array_foreach(json_object_get(state, "disputes"), index, dispute) {
        const json_t *copy = dispute_copy(dispute, target);
        if (!copy || !dispute_is_about(dispute, component))
            continue;
        if (keeps || dispute_may_discard(dispute, copy)) {
            (keeps ? keep_copy : discard_copy)(survivors, target, text_at(dispute, "container"),
                                               text_at(dispute, "component"));
            taken = true;
        } else {
            lives = true;
        }
    }
    if (taken)
        json_object_set_new(state, "word", json_true());
    else
        *reason = why_refused(lives, target, component);
    return taken ? 0 : -1;
}

void survivors_stopped(json_t *state, const char *target, const char *container, const char *component)
{
    json_t *activated = json_object_get(json_object_get(state, "survivors"), "activated");
    json_t *targets = json_object_get(json_object_get(activated, container), component);
    for (size_t i = json_array_size(targets); i-- > 0;) {
        const char *name = json_string_value(json_array_get(targets, i));
        if (name && strcmp(name, target) == 0)
            json_array_remove(targets, i);
    }
}

void survivors_older(json_t *state, const char *target, const char *container, const char *component)
{
    set_kind(json_object_at(state, "survivors"), "older", target, container, component);
}

void survivors_unsaved(json_t *state, const struct manifest *manifest, const struct snapshot_mapping *mapping)
{
    json_t *containers =
        json_object_at(json_object_at(json_object_at(state, "survivors"), "disputed"), mapping->target);
    json_t *components = json_object_at(containers, mapping->container);
    CLEANUP_FREE char *service = portion_write(manifest, mapping);
    if (service && !json_object_get(components, mapping->component))
        json_object_set_new(components, mapping->component,
                            json_pack("{ss ss sb sb}", "why",
                                      "it was fenced, and cannot be saved before newer state comes",
                                      "service", service, "owed", 1, "waits", 1));
    survivors_older(state, mapping->target, mapping->container, mapping->component);
}

void survivors_fenced(json_t *state, const char *target, const char *container, const char *component)
{
    set_kind(json_object_at(state, "survivors"), "fenced", target, container, component);
}

static bool is_known_as(const json_t *state, const char *member, const char *target, const char *container,
                        const char *component)
{
    const json_t *targets = json_object_get(json_object_get(state, "survivors"), member);
    return json_object_get(json_object_get(json_object_get(targets, target), container), component) != NULL;
}

bool survivors_are_older(const json_t *state, const char *target, const char *container,
                         const char *component)
{
    return is_known_as(state, "older", target, container, component);
}

bool survivors_gave_up(const json_t *state, const char *target, const char *container, const char *component)
{
    return is_known_as(state, "superseded", target, container, component)
           || is_known_as(state, "fenced", target, container, component);
}

bool survivors_brought(const json_t *state, const char *target, const char *container, const char *component)
{
    return is_known_as(state, "brought", target, container, component);
}

void survivors_unstarted(json_t *state, const char *target, const char *container, const char *service,
                         const char *component)
{
    survivors_stopped(state, target, container, component);
    set_kind(json_object_at(state, "survivors"), "unstarted", target, container, service);
}

void survivors_started(json_t *state, const char *target, const char *container, const char *service)
{
    json_t *unstarted = json_object_get(json_object_get(state, "survivors"), "unstarted");
    json_object_del(json_object_get(json_object_get(unstarted, target), container), service);
}

void survivors_pin(json_t *state, const json_t *pins)
{
    json_t *pinned = json_object(), *pin;
    size_t index;
    json_array_foreach((json_t *)pins, index, pin)
        json_object_set_new(json_object_at(pinned, text_at(pin, "container")), text_at(pin, "component"),
                            json_true());
    json_object_set_new(state, "pinned", pinned);
}

void survivors_want(json_t *state, const json_t *pins)
{
    size_t index;
    json_t *pin;
    json_array_foreach((json_t *)pins, index, pin)
        if (json_object_get(pin, "target") && json_array_size(json_object_get(pin, "targets")) == 0) {
            json_t *wanted = json_object_at(json_object_at(state, "survivors"), "wanted");
            json_object_set_new(json_object_at(wanted, text_at(pin, "container")), text_at(pin, "component"),
                                json_true());
        }
}

static bool has_component(const json_t *by_container, const char *container, const char *component)
{
    return json_object_get(json_object_get(by_container, container), component) != NULL;
}

/* Those in doubt of which the deployment has decided. target: that it is about; NULL: of all. */
static void settle(const json_t *state, json_t *by_container, const struct manifest *manifest,
                   const char *target)
{
    const json_t *pinned = json_object_get(state, "pinned");
    const char *container, *component;
    json_t *components, *entry;
    void *next;
    json_object_foreach(by_container, container, components)
        json_object_foreach_safe(components, next, component, entry)
            if (!has_component(pinned, container, component)
                && (!target || manifest_find_snapshot_mapping(manifest, target, container, component)))
                json_object_del(components, component);
}

static bool is_disputed(const json_t *survivors, const char *target, const char *container,
                        const char *component)
{
    return has_component(json_object_get(json_object_get(survivors, "disputed"), target), container,
                         component);
}

/* Words on copies on targets that were reached. One of which copies are still kept could not be carried out
 * yet, as where the copy could not be activated, and stands; so does one on what is in dispute still, as
 * where nothing that is deployed has it. */
static void drop_preferences(json_t *survivors, const struct infrastructure *reached)
{
    const char *container, *component, *name;
    json_t *components, *target;
    void *next;
    json_object_foreach(json_object_get(survivors, "prefer"), container, components)
        json_object_foreach_safe(components, next, component, target)
            if ((name = json_string_value(target)) && infrastructure_find(reached, name)
                && !has_component(json_object_get(survivors, "kept"), container, component)
                && !is_disputed(survivors, name, container, component))
                json_object_del(components, component);
}

static void drop_accepted(json_t *survivors, const char *target)
{
    json_t *accept = json_object_get(survivors, "accept"), *containers = json_object_get(accept, target);
    const char *container, *component;
    json_t *components, *accepted;
    void *next_container, *next;
    json_object_foreach_safe(containers, next_container, container, components) {
        json_object_foreach_safe(components, next, component, accepted)
            if (!has_component(json_object_get(survivors, "kept"), container, component))
                json_object_del(components, component);
        if (json_object_size(components) == 0)
            json_object_del(containers, container);
    }
    if (json_object_size(containers) == 0)
        json_object_del(accept, target);
}

/* { CONTAINER: { COMPONENT: true } } of all that is in doubt. */
static json_t *list_doubts(const json_t *state)
{
    const json_t *survivors = json_object_get(state, "survivors"), *kept = json_object_get(survivors, "kept");
    json_t *doubts = json_object(), *containers, *components, *entry;
    const char *target, *container, *component;
    json_object_foreach((json_t *)kept, container, components)
        json_object_foreach(components, component, entry)
            json_object_set_new(json_object_at(doubts, container), component, json_true());
    json_object_foreach(json_object_get(survivors, "disputed"), target, containers)
        json_object_foreach(containers, container, components)
            json_object_foreach(components, component, entry)
                json_object_set_new(json_object_at(doubts, container), component, json_true());
    return doubts;
}

bool survivors_doubt(const json_t *state, const char *container, const char *component)
{
    CLEANUP_JSON json_t *doubts = list_doubts(state);
    return has_component(doubts, container, component);
}

static void drop_disputes(json_t *state)
{
    CLEANUP_JSON json_t *doubts = list_doubts(state);
    json_t *disputes = json_array(), *dispute;
    size_t index;
    json_array_foreach(json_object_get(state, "disputes"), index, dispute)
        if (has_component(doubts, text_at(dispute, "container"), text_at(dispute, "component")))
            json_array_append(disputes, dispute);
    if (json_object_get(state, "disputes"))
        json_object_set(state, "disputes", disputes);
    json_decref(disputes);
}

static size_t count_homes(const struct manifest *manifest, const char *container, const char *component)
{
    size_t count = 0;
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++)
        count += strcmp(manifest->snapshot_mappings[i].component, component) == 0
                 && strcmp(manifest->snapshot_mappings[i].container, container) == 0;
    return count;
}

/* A distribution may leave everything where the manifest has it: several copies that are kept and deployed as
 * they were, no pin being needed, are no decision either. */
static void pin_several(json_t *state, const json_t *kept, const struct manifest *manifest)
{
    const char *container, *component;
    json_t *components, *entry;
    json_object_foreach((json_t *)kept, container, components)
        json_object_foreach(components, component, entry)
            if (count_homes(manifest, container, component) > 1)
                json_object_set_new(json_object_at(json_object_at(state, "pinned"), container), component,
                                    json_true());
}

/* What was to have newer state has it now, unless it waits for something that failed itself: another copy
 * that waits was not deployed to. */
static void settle_older(json_t *state, const char *target)
{
    const json_t *survivors = json_object_get(state, "survivors"), *pinned = json_object_get(state, "pinned");
    const json_t *disputed = json_object_get(json_object_get(survivors, "disputed"), target);
    const char *container, *component;
    json_t *components, *entry;
    void *next;
    json_object_foreach(json_object_get(json_object_get(survivors, "older"), target), container, components)
        json_object_foreach_safe(components, next, component, entry) {
            const json_t *dispute = json_object_get(json_object_get(disputed, container), component);
            if (!has_component(pinned, container, component)
                && !json_is_true(json_object_get(dispute, "waits")))
                json_object_del(components, component);
        }
}

/* Nor is any deployment one of what waits for something that failed, but for one that has it nowhere any
 * more. */
static void pin_waiting(json_t *state, const struct manifest *manifest)
{
    const char *target, *container, *component;
    json_t *containers, *components, *dispute;
    json_object_foreach(json_object_get(json_object_get(state, "survivors"), "disputed"), target, containers)
        json_object_foreach(containers, container, components)
            json_object_foreach(components, component, dispute)
                if (json_is_true(json_object_get(dispute, "waits"))
                    && count_homes(manifest, container, component) > 0)
                    json_object_set_new(json_object_at(json_object_at(state, "pinned"), container), component,
                                        json_true());
}

/* What was activated there for a decision, and the deployment has stopped since, is to be activated anew. Of one
 * whose fence came to no end nobody knows. */
static void settle_activated(const json_t *survivors, const struct manifest *manifest, const char *target)
{
    const json_t *fenced = json_object_get(json_object_get(survivors, "fenced"), target);
    const char *container, *component;
    json_t *components, *targets;
    json_object_foreach(json_object_get(survivors, "activated"), container, components)
        json_object_foreach(components, component, targets)
            for (size_t i = json_array_size(targets); i-- > 0;)
                if (string_equal(json_string_value(json_array_get(targets, i)), target)
                    && !manifest_find_snapshot_mapping(manifest, target, container, component)
                    && !has_component(fenced, container, component))
                    json_array_remove(targets, i);
}

void survivors_deployed(json_t *state, const struct manifest *manifest, const struct infrastructure *reached)
{
    json_t *survivors = json_object_get(state, "survivors");
    pin_several(state, json_object_get(survivors, "kept"), manifest);
    for (size_t i = 0; i < reached->count; i++)
        settle_older(state, reached->targets[i].name);
    pin_waiting(state, manifest);
    for (size_t i = 0; i < reached->count; i++) {
        const char *target = reached->targets[i].name;
        drop_accepted(survivors, target);
        settle_activated(survivors, manifest, target);
        json_object_del(json_object_get(survivors, "brought"), target);
        json_object_del(json_object_get(survivors, "unstarted"), target);
        settle(state, json_object_get(json_object_get(survivors, "disputed"), target), manifest, target);
        settle(state, json_object_get(json_object_get(survivors, "superseded"), target), manifest, target);
        settle(state, json_object_get(json_object_get(survivors, "fenced"), target), manifest, target);
    }
    drop_preferences(survivors, reached);
    settle(state, json_object_get(survivors, "kept"), manifest, NULL);
    drop_disputes(state);
    json_object_del(survivors, "wanted");
    json_object_del(state, "pinned");
    json_object_del(state, "word");
}
