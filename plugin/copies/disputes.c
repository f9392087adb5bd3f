/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/copies/disputes.h"

#include <string.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/switch.h"
#include "lib/state/portion.h"
#include "lib/state/remembered-copies.h"
#include "lib/world/operations.h"
#include "plugin/copies/copies.h"
#include "plugin/copies/copy.h"

/* What stands under three names, or with a choice under two. */
static json_t *entry_at(const json_t *survivors, const char *member, const char *first, const char *second,
                        const char *third)
{
    json_t *entry = json_object_get(json_object_get(json_object_get(survivors, member), first), second);
    return third ? json_object_get(entry, third) : entry;
}

static void set_kind(json_t *survivors, const char *member, const struct copy *copy, json_t *value)
{
    const struct snapshot_mapping *mapping = copy->mapping;
    json_t *containers = json_object_at(json_object_at(survivors, member), mapping->target);
    json_object_set_new(json_object_at(containers, mapping->container), mapping->component, value);
}

static void set_choice(json_t *survivors, const char *member, const struct component *component,
                       json_t *value)
{
    json_object_set_new(json_object_at(json_object_at(survivors, member), component->container),
                        component->name, value);
}

/* What holds nothing more goes. */
static void delete_entry(json_t *survivors, const char *member, const char *first, const char *second,
                         const char *third)
{
    json_t *outer = json_object_get(survivors, member), *inner = json_object_get(outer, first);
    json_t *last = third ? json_object_get(inner, second) : inner;
    json_object_del(last, third ? third : second);
    if (third && json_object_size(last) == 0)
        json_object_del(inner, second);
    if (json_object_size(inner) == 0)
        json_object_del(outer, first);
    if (json_object_size(outer) == 0)
        json_object_del(survivors, member);
}

static void delete_kind(json_t *survivors, const char *member, const struct copy *copy)
{
    delete_entry(survivors, member, copy->mapping->target, copy->mapping->container,
                 copy->mapping->component);
}

static void delete_choice(json_t *survivors, const char *member, const struct component *component)
{
    delete_entry(survivors, member, component->container, component->name, NULL);
}

json_t *disputes_read(const json_t *history)
{
    const json_t *survivors = json_object_get(history, "survivors");
    const char *wrong = remembered_copies_wrong(survivors);
    if (!wrong)
        return survivors ? json_deep_copy(survivors) : json_object();
    log_warning(
        NULL, "what is remembered of copies of state is not believed: survivors%s%s is not what it should be",
        *wrong ? "." : "", wrong);
    return json_object();
}

const json_t *disputes_choice(const json_t *survivors, const char *container, const char *component)
{
    return entry_at(survivors, "kept", container, component, NULL);
}

void disputes_recall(const json_t *survivors, struct copy *copy)
{
    const char *target = copy->mapping->target, *container = copy->mapping->container,
               *component = copy->mapping->component;
    const json_t *disputed = entry_at(survivors, "disputed", target, container, component);
    const char *profile = json_string_value(entry_at(survivors, "superseded", target, container, component));
    const char *preferred = json_string_value(entry_at(survivors, "prefer", container, component, NULL));
    copy->remembered = (struct remembered_copy){
        .disputed = disputed && !json_is_true(json_object_get(disputed, "waits")),
        .owed = json_is_true(json_object_get(disputed, "owed")),
        .untold = json_is_true(json_object_get(disputed, "untold")),
        .doubted = disputed != NULL,
        .known = disputed || profile,
        .superseded = !disputed && profile && strcmp(profile, copy->captured->profile) == 0,
        .activated = json_list_has(entry_at(survivors, "activated", container, component, NULL), target),
        .preferred = preferred && strcmp(preferred, target) == 0,
        .accepted = entry_at(survivors, "accept", target, container, component) != NULL,
        .fenced = entry_at(survivors, "fenced", target, container, component) != NULL,
        .older = entry_at(survivors, "older", target, container, component) && SWITCH(STILL_OLDER),
        .why = json_string_value(json_object_get(disputed, "why")),
    };
}

/* One copy that its target's profile has lost. */
struct lost {
    const char *container, *component, *service;
    struct captured *captured;
};

/* NULL: the target did not answer, or has the component. */
static struct captured *find_without(const struct capture *capture, const char *target, const char *container,
                                     const char *component)
{
    struct captured *captured = capture_find(capture, target);
    return captured && captured->answer == ANSWER_CAPTURED
                   && !manifest_find_snapshot_mapping(&captured->manifest, target, container, component)
               ? captured
               : NULL;
}

static int add_services(struct manifest *manifest, const struct manifest *portion)
{
    for (size_t i = 0; i < portion->service_count; i++)
        if (!manifest_find_service(manifest, portion->services[i].key)
            && !manifest_share_service(manifest, &portion->services[i]))
            return -1;
    return 0;
}

static int merge(struct manifest *manifest, const struct manifest *portion)
{
    const struct service_mapping *service = portion->service_mappings;
    bool has_service =
        portion->service_mapping_count == 0
        || manifest_find_service_mapping(manifest, service->target, service->container, service->service);
    int status = add_services(manifest, portion) == 0
                         && (has_service || manifest_share_service_mapping(manifest, service))
                         && manifest_share_snapshot_mapping(manifest, portion->snapshot_mappings)
                     ? 0
                     : -1;
    manifest_sort(manifest);
    return status;
}

/* What is kept of it may be damaged: then it stays lost. */
static int bring_back(const struct lost *lost, struct strings *strings)
{
    const char *target = lost->captured->target->name;
    struct manifest portion;
    CLEANUP_FREE char *reason = NULL;
    if (portion_read(lost->service, target, lost->container, lost->component, strings, &portion, &reason)
        != 0) {
        log_warning(target, "%s", reason ? reason : "out of memory");
        return 0;
    }
    int status = merge(&lost->captured->manifest, &portion);
    manifest_clear(&portion);
    return status;
}

struct losses {
    struct lost *items;
    size_t count;
    const json_t *survivors;
    struct capture *capture;
    const struct manifest *homes;
};

typedef bool is_wanted(const struct losses *losses, const struct lost *lost);

static void note_brought(json_t *brought, const struct lost *lost, bool lives)
{
    json_t *here = json_object_at(json_object_at(brought, lost->captured->target->name), lost->container);
    json_object_set_new(here, lost->component, json_boolean(lives));
}

/* Brings back what a member remembers and is wanted; what is wanted is found first, for one that is back is
 * nowhere no more. added: notes what; lives: it does so already. */
static int bring_back_all(struct losses *losses, const char *member, is_wanted *wanted,
                          struct strings *strings, json_t *added, bool lives)
{
    const char *target, *container, *component;
    json_t *containers, *components, *entry;
    int status = 0;
    losses->count = 0;
    json_object_foreach(json_object_get(losses->survivors, member), target, containers)
        json_object_foreach(containers, container, components)
            json_object_foreach(components, component, entry) {
                const struct lost lost = { container, component,
                                           json_string_value(json_object_get(entry, "service")),
                                           find_without(losses->capture, target, container, component) };
                if (lost.captured && lost.service && wanted(losses, &lost)) {
                    struct lost *grown = array_grow(losses->items, losses->count, sizeof *grown);
                    if (!grown)
                        return -1;
                    losses->items = grown;
                    losses->items[losses->count++] = lost;
                }
            }
    for (size_t i = 0; status == 0 && i < losses->count; i++) {
        const struct lost *lost = &losses->items[i];
        status = bring_back(lost, strings);
        note_brought(added, lost, lives);
    }
    return status;
}

static bool is_always(const struct losses *losses, const struct lost *lost)
{
    (void)losses;
    (void)lost;
    return true;
}

static bool is_in(const struct manifest *manifest, const char *container, const char *component)
{
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++)
        if (strcmp(manifest->snapshot_mappings[i].component, component) == 0
            && strcmp(manifest->snapshot_mappings[i].container, container) == 0)
            return true;
    return false;
}

/* Whether the last deployment has it, or one was refused that would have. */
static bool is_wanted_anywhere(const struct losses *losses, const struct lost *lost)
{
    return !losses->homes || is_in(losses->homes, lost->container, lost->component)
           || (entry_at(losses->survivors, "wanted", lost->container, lost->component, NULL)
               && SWITCH(WANTED_AGAIN));
}

/* What no deployment wants could only be stopped again: the word waits until one does. */
static bool is_preferred(const struct losses *losses, const struct lost *lost)
{
    const char *target = lost->captured->target->name;
    const char *preferred =
        json_string_value(entry_at(losses->survivors, "prefer", lost->container, lost->component, NULL));
    if (!preferred || strcmp(preferred, target) != 0)
        return false;
    const bool wanted = is_wanted_anywhere(losses, lost);
    if (!wanted)
        log_notice(target, "%s in %s is preferred, but not brought back: nothing that is deployed has it",
                   lost->component, lost->container);
    return wanted;
}

/* Whether a target that answers has it. */
static bool is_somewhere(const struct losses *losses, const struct lost *lost)
{
    for (size_t i = 0; i < losses->capture->count; i++) {
        const struct captured *captured = &losses->capture->targets[i];
        if (captured->answer == ANSWER_CAPTURED
            && manifest_find_snapshot_mapping(&captured->manifest, captured->target->name, lost->container,
                                              lost->component))
            return true;
    }
    return false;
}

/* Its rescue after the fence is still to be done. */
static bool is_owed_rescue(const struct losses *losses, const struct lost *lost)
{
    const json_t *disputed = entry_at(losses->survivors, "disputed", lost->captured->target->name,
                                      lost->container, lost->component);
    return json_is_true(json_object_get(disputed, "owed"));
}

/* And another one lives. */
static bool is_owed(const struct losses *losses, const struct lost *lost)
{
    return is_owed_rescue(losses, lost) && SWITCH(OWED_RESCUE) && is_somewhere(losses, lost);
}

/* Somebody has given it up, and it is saved. */
static bool is_given_up(const struct losses *losses, const struct lost *lost)
{
    return entry_at(losses->survivors, "accept", lost->captured->target->name, lost->container,
                    lost->component)
           && !is_owed_rescue(losses, lost);
}

/* Nobody that answers has it. */
static bool is_nowhere(const struct losses *losses, const struct lost *lost)
{
    return SWITCH(BRING_BACK) && !is_somewhere(losses, lost) && !is_given_up(losses, lost)
           && is_wanted_anywhere(losses, lost);
}

/* What is remembered as brought may be lost: the manifest that was made then has it beside a profile that
 * does not. */
static int bring_back_known(struct capture *capture, const struct manifest *reconstructed,
                            struct strings *strings, json_t *brought)
{
    int status = 0;
    for (size_t i = 0; reconstructed && status == 0 && i < reconstructed->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &reconstructed->snapshot_mappings[i];
        const struct profile *profile = manifest_find_profile(reconstructed, mapping->target);
        struct lost lost = { mapping->container, mapping->component, NULL,
                             find_without(capture, mapping->target, mapping->container, mapping->component) };
        if (!lost.captured || !profile || strcmp(profile->path, lost.captured->profile) != 0
            || !manifest_find_service_mapping(reconstructed, mapping->target, mapping->container,
                                              mapping->service))
            continue;
        CLEANUP_FREE char *service = portion_write(reconstructed, mapping);
        lost.service = service;
        status = service ? bring_back(&lost, strings) : 0;
        if (service)
            note_brought(brought, &lost, true);
    }
    return status;
}

int disputes_bring_back(const json_t *survivors, struct capture *capture,
                        const struct manifest *reconstructed, const struct manifest *homes,
                        struct strings *strings, json_t *brought)
{
    struct losses losses = { .survivors = survivors, .capture = capture, .homes = homes };
    int status = bring_back_all(&losses, "brought", is_always, strings, brought, true);
    if (status == 0)
        status = bring_back_known(capture, reconstructed, strings, brought);
    if (status == 0)
        status = bring_back_all(&losses, "disputed", is_preferred, strings, brought, false);
    if (status == 0)
        status = bring_back_all(&losses, "disputed", is_owed, strings, brought, false);
    if (status == 0)
        status = bring_back_all(&losses, "disputed", is_nowhere, strings, brought, false);
    free(losses.items);
    return status;
}

bool disputes_have_unstarted(const json_t *survivors, const struct captured *captured, const char *container,
                             const char *service)
{
    const char *target = captured->known_as ? captured->known_as : captured->target->name;
    return SWITCH(START_AGAIN) && entry_at(survivors, "unstarted", target, container, service) != NULL;
}

static json_t *dispute_of(const struct copy *copy)
{
    CLEANUP_FREE char *service = portion_write(&copy->captured->manifest, copy->mapping);
    json_t *dispute = json_pack("{ss ss*}", "why", copy->reason, "service", service);
    if (copy_is_owed(copy))
        json_object_set_new(dispute, "owed", json_true());
    if (copy->waits)
        json_object_set_new(dispute, "waits", json_true());
    if (copy->untold)
        json_object_set_new(dispute, "untold", json_true());
    return dispute;
}

static void note_copy(json_t *next, const struct copy *copy)
{
    delete_kind(next, "disputed", copy);
    delete_kind(next, "superseded", copy);
    delete_kind(next, "brought", copy);
    if (copy->disputed)
        set_kind(next, "disputed", copy, dispute_of(copy));
    else if (copy->verdict == COPY_OUT)
        set_kind(next, "superseded", copy, json_string(copy->captured->profile));
    if (copy_may_live(copy) && SWITCH(IN_DOUBT))
        set_kind(next, "fenced", copy, json_true());
    else if (copy_lives(copy) && (!copy->remembered.fenced || copy->outcomes[ACTIVATE_COPY] == OUTCOME_DONE))
        delete_kind(next, "fenced", copy);
    else if (copy->verdict == COPY_OUT && SWITCH(STILL_FENCED))
        set_kind(next, "fenced", copy, json_true());
    if (copy->brought && copy_lives(copy)) {
        CLEANUP_FREE char *service = portion_write(&copy->captured->manifest, copy->mapping);
        set_kind(next, "brought", copy, json_pack("{ss*}", "service", service));
    }
    if (copy->remembered.untold && copy->verdict == COPY_KEPT)
        delete_kind(next, "older", copy);
    if (copy->stale || copy->untold)
        set_kind(next, "older", copy, json_true());
    if (copy->remembered.accepted)
        set_kind(next, "accept", copy, json_true());
    if (copy->remembered.preferred)
        set_choice(next, "prefer", copy->component, json_string(copy->mapping->target));
}

static json_t *names_of(const struct component *component, bool (*is)(const struct copy *copy))
{
    json_t *names = json_array();
    for (size_t i = 0; i < component->count; i++)
        if (is(&component->copies[i]))
            json_array_append_new(names, json_string(component->copies[i].mapping->target));
    return names;
}

static bool was_chosen(const struct copy *copy)
{
    return copy->survivor;
}

/* It is remembered while it matters: the manifest does not tell it, or the decision is not carried out
 * yet. */
static bool was_activated(const struct copy *copy)
{
    if (copy_may_run(copy))
        return true;
    if (copy->verdict == COPY_OLDER)
        return copy_lives(copy);
    return copy->verdict == COPY_KEPT
           && (copy->outcomes[ACTIVATE_COPY] == OUTCOME_DONE
               || (copy->remembered.activated && (copy->service_left_out || !copy->component->settled)));
}

static bool answers(const struct captured *captured)
{
    return captured && (captured->answer == ANSWER_CAPTURED || captured->answer == ANSWER_EMPTY);
}

/* Of several copies that are kept one goes away with its target: the others go on without it, and whatever
 * had all of them deployed together, it comes back to a dispute. */
static void note_absent(json_t *next, const struct component *component, const struct capture *capture)
{
    for (size_t i = 0; component->asks_before && i < component->place_count; i++) {
        const struct place *place = &component->places[i];
        if (place->copy || !(place->previous || place->home) || answers(capture_find(capture, place->target)))
            continue;
        json_t *containers = json_object_at(json_object_at(next, "disputed"), place->target);
        json_t *components = json_object_at(containers, component->container);
        if (!json_object_get(components, component->name))
            json_object_set_new(
                components, component->name,
                json_pack("{ss}", "why", "several copies of it were kept when its target went away"));
    }
}

/* A choice that was remembered stands while there is nothing to choose from. */
static void note_component(json_t *next, const struct component *component, const struct capture *capture)
{
    note_absent(next, component, capture);
    json_t *activated = names_of(component, was_activated);
    if (json_array_size(activated) > 0)
        set_choice(next, "activated", component, activated);
    else
        json_decref(activated);
    if (component->asks)
        set_choice(next, "kept", component, names_of(component, was_chosen));
    else if (component->settled)
        delete_choice(next, "kept", component);
    for (size_t i = 0; i < component->count; i++)
        note_copy(next, &component->copies[i]);
}

/* Somebody who prefers a copy of a target that does not answer is asked again. */
static bool is_answered(const char *container, const char *component, const json_t *name,
                        const struct captured *captured)
{
    if (captured && captured->answer == ANSWER_CAPTURED)
        return true;
    log_warning(NULL,
                "the word that the copy of %s in %s on target %s is preferred is dropped: it does not answer",
                component, container, json_string_value(name));
    return false;
}

static void drop_unanswered(json_t *next, const struct capture *capture)
{
    CLEANUP_JSON json_t *prefer = json_deep_copy(json_object_get(next, "prefer"));
    const char *container, *component;
    json_t *components, *name;
    json_object_foreach(prefer, container, components)
        json_object_foreach(components, component, name)
            if (!is_answered(container, component, name, capture_find(capture, json_string_value(name))))
                delete_entry(next, "prefer", container, component, NULL);
}

/* Whether something that is remembered of a copy is over. */
typedef bool is_over(const json_t *next, const struct capture *capture, const char *target,
                     const char *container, const char *component, const json_t *entry);

static void drop(json_t *next, const char *kind, is_over *over, const struct capture *capture)
{
    CLEANUP_JSON json_t *remembered = json_deep_copy(json_object_get(next, kind));
    const char *target, *container, *component;
    json_t *containers, *components, *entry;
    json_object_foreach(remembered, target, containers)
        json_object_foreach(containers, container, components)
            json_object_foreach(components, component, entry)
                if (over(next, capture, target, container, component, entry))
                    delete_entry(next, kind, target, container, component);
}

/* Of a target that has another profile now, as one that was deployed to, nothing is given up. */
static bool is_replaced(const json_t *next, const struct capture *capture, const char *target,
                        const char *container, const char *component, const json_t *profile)
{
    const struct captured *captured = capture_find(capture, target);
    (void)next, (void)container, (void)component;
    return captured && captured->profile && strcmp(captured->profile, json_string_value(profile)) != 0;
}

/* Of what went away with its target nothing is known but that it was there. Where the target has come back
 * without it, on another disk or after another deployment, there is nothing to choose. */
static bool is_gone(const json_t *next, const struct capture *capture, const char *target,
                    const char *container, const char *component, const json_t *dispute)
{
    const struct captured *captured = capture_find(capture, target);
    (void)next;
    if (json_object_get(dispute, "service") || !answers(captured)
        || !(captured->answer == ANSWER_EMPTY || find_without(capture, target, container, component)))
        return false;
    log_notice(target, "%s in %s is no longer in dispute: the target is back without it", component,
               container);
    return true;
}

/* A word settles also what is in no profile any more, unless it is not saved yet; but nobody can tell whether
 * a target that does not answer has something that is newer. */
static bool is_settled_by_word(const json_t *next, const struct capture *capture, const char *target,
                               const char *container, const char *component, const json_t *dispute)
{
    const char *preferred = json_string_value(entry_at(next, "prefer", container, component, NULL));
    const bool word = entry_at(next, "accept", target, container, component)
                      || (preferred && strcmp(preferred, target) != 0
                          && find_without(capture, target, container, component));
    return word && !json_is_true(json_object_get(dispute, "owed"));
}

json_t *disputes_next(const json_t *survivors, const struct copies *copies, const struct capture *capture)
{
    json_t *next = json_deep_copy(survivors);
    json_object_del(next, "activated");
    for (size_t i = 0; i < copies->component_count; i++)
        note_component(next, &copies->components[i], capture);
    drop_unanswered(next, capture);
    drop(next, "superseded", is_replaced, capture);
    drop(next, "disputed", is_gone, capture);
    drop(next, "disputed", is_settled_by_word, capture);
    return next;
}
