/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/copies/copies.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/base/switch.h"
#include "plugin/copies/copy.h"
#include "plugin/copies/disputes.h"

/* A component that a target has by one of the sources. */
struct holding {
    const struct snapshot_mapping *mapping;
    const char *target;        /* the mapping's, or as whom its machine is known now */
    struct captured *captured; /* NULL: a mapping of the coordinator's manifests */
    bool previous, home;
    bool decided; /* first of a component: that is one to decide about */
};

struct holdings {
    struct holding *items; /* by component, container, target, captured last */
    size_t count;
};

static int compare_components(const struct snapshot_mapping *a, const struct snapshot_mapping *b)
{
    int order = strcmp(a->component, b->component);
    return order ? order : strcmp(a->container, b->container);
}

static int compare_holdings(const void *a, const void *b)
{
    const struct holding *first = a, *second = b;
    int order = compare_components(first->mapping, second->mapping);
    if (order == 0)
        order = strcmp(first->target, second->target);
    return order ? order : (first->captured != NULL) - (second->captured != NULL);
}

static bool has_component(const struct manifest *manifest, const char *target,
                          const struct snapshot_mapping *mapping)
{
    return manifest
           && manifest_find_snapshot_mapping(manifest, target, mapping->container, mapping->component);
}

/* Fills in what the previous manifest says of a copy. */
static void compare_with_previous(struct copy *copy, const struct manifest *previous, const json_t *survivors)
{
    const struct snapshot_mapping *mapping = copy->mapping;
    const char *known_as = copy->captured->known_as;
    const bool has_service = manifest_find_service_mapping(&copy->captured->manifest, mapping->target,
                                                           mapping->container, mapping->service);
    if (!previous)
        return;
    copy->snapshot_left_out = known_as && !has_component(previous, known_as, mapping);
    copy->service_left_out =
        SWITCH(LEFT_OUT) && has_service
        && ((known_as
             && !manifest_find_service_mapping(previous, known_as, mapping->container, mapping->service))
            || disputes_have_unstarted(survivors, copy->captured, mapping->container, mapping->service));
    copy->away = !manifest_find_profile(previous, mapping->target)
                 || (known_as && string_equal(known_as, mapping->target)
                     && (copy->snapshot_left_out || copy->service_left_out));
}

/* Who has which profile now. */
struct owner {
    const char *profile, *target;
};

static int compare_owners(const void *a, const void *b)
{
    const struct owner *first = a, *second = b;
    int order = strcmp(first->profile, second->profile);
    return order != 0 ? order : strcmp(first->target, second->target);
}

struct owners {
    struct owner *items; /* by profile, then target */
    size_t count;
};

static int owners_list(struct owners *owners, const struct capture *capture)
{
    *owners = (struct owners){ .items = calloc(capture->count + 1, sizeof *owners->items) };
    if (!owners->items)
        return -1;
    for (size_t i = 0; i < capture->count; i++)
        if (capture->targets[i].answer == ANSWER_CAPTURED)
            owners->items[owners->count++] =
                (struct owner){ capture->targets[i].profile, capture->targets[i].target->name };
    if (owners->count > 1)
        qsort(owners->items, owners->count, sizeof *owners->items, compare_owners);
    return 0;
}

/* The first one that has the profile now; NULL: nobody. */
static const char *owner_of(const struct owners *owners, const char *profile)
{
    size_t low = 0, high = owners->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(owners->items[middle].profile, profile) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < owners->count && string_equal(owners->items[low].profile, profile)
               ? owners->items[low].target
               : NULL;
}

/* As whom a target of a manifest is known now: one that has left the model may have another name. */
static const char *present_name(const struct manifest *manifest, const char *target,
                                const struct owners *owners, const struct infrastructure *model)
{
    const struct profile *profile =
        infrastructure_find(model, target) ? NULL : manifest_find_profile(manifest, target);
    const char *owner = profile ? owner_of(owners, profile->path) : NULL;
    return owner ? owner : target;
}

/* Finds out as whom the previous manifest knows the targets. */
static void recognise(struct capture *capture, const struct manifest *previous, const struct owners *owners)
{
    for (size_t i = 0; i < capture->count; i++)
        capture->targets[i].known_as = NULL;
    for (size_t i = 0; previous && i < previous->profile_count; i++) {
        const struct profile *profile = &previous->profiles[i];
        struct captured *own = capture_find(capture, profile->target);
        if (own && own->answer == ANSWER_CAPTURED && string_equal(own->profile, profile->path))
            own->known_as = profile->target;
    }
    for (size_t i = 0; previous && i < previous->profile_count; i++) {
        const struct profile *profile = &previous->profiles[i];
        const char *owner = capture_find(capture, profile->target) ? NULL : owner_of(owners, profile->path);
        struct captured *captured = owner ? capture_find(capture, owner) : NULL;
        if (captured && !captured->known_as)
            captured->known_as = profile->target;
    }
}

static void collect_of_manifest(struct holdings *holdings, const struct finding *finding,
                                const struct manifest *manifest, const struct owners *owners)
{
    bool previous = manifest == finding->previous, home = manifest == finding->homes;
    for (size_t i = 0; manifest && i < manifest->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &manifest->snapshot_mappings[i];
        const char *present =
            home ? present_name(manifest, mapping->target, owners, finding->infrastructure) : mapping->target;
        bool renamed = !string_equal(present, mapping->target);
        holdings->items[holdings->count++] =
            (struct holding){ mapping, mapping->target, NULL, previous, home && !renamed, false };
        if (renamed)
            holdings->items[holdings->count++] =
                (struct holding){ mapping, present, NULL, false, true, false };
    }
}

static int collect_holdings(const struct finding *finding, const struct owners *owners,
                            struct holdings *holdings)
{
    const struct manifest *homes = finding->homes != finding->previous ? finding->homes : NULL;
    size_t most = 2
                  * ((finding->previous ? finding->previous->snapshot_mapping_count : 0)
                     + (homes ? homes->snapshot_mapping_count : 0));
    for (size_t i = 0; i < finding->capture->count; i++)
        most += finding->capture->targets[i].manifest.snapshot_mapping_count;
    *holdings = (struct holdings){ .items = calloc(most + 1, sizeof *holdings->items) };
    if (!holdings->items)
        return -1;
    collect_of_manifest(holdings, finding, finding->previous, owners);
    collect_of_manifest(holdings, finding, homes, owners);
    for (size_t i = 0; i < finding->capture->count; i++) {
        struct captured *captured = &finding->capture->targets[i];
        const struct manifest *manifest = &captured->manifest;
        for (size_t j = 0; captured->answer == ANSWER_CAPTURED && j < manifest->snapshot_mapping_count; j++)
            holdings->items[holdings->count++] = (struct holding){
                &manifest->snapshot_mappings[j], captured->target->name, captured, false, false, false
            };
    }
    qsort(holdings->items, holdings->count, sizeof *holdings->items, compare_holdings);
    return 0;
}

/* A component's holdings. */
struct group {
    const struct holding *items;
    size_t count;
};

/* Whether the manifest that says where components belong has this one where a copy is. */
static bool is_at_home(const struct group *group, const struct holding *copy)
{
    for (const struct holding *item = copy;
         item-- > group->items && string_equal(item->target, copy->target);)
        if (item->home)
            return true;
    return false;
}

/* Where nothing is remembered, copies that are where they belong stay as they are; one that is alone does so
 * unless its target was away, when its disk may be old, or it does not run. */
static bool needs_decision(const struct group *group, const struct finding *finding)
{
    size_t copies = 0;
    bool strange = false, doubtful = false;
    for (size_t i = 0; i < group->count; i++) {
        struct copy copy = { .captured = group->items[i].captured, .mapping = group->items[i].mapping };
        if (!copy.captured)
            continue;
        compare_with_previous(&copy, finding->previous, finding->survivors);
        copies++;
        strange = strange || copy.service_left_out || !is_at_home(group, &group->items[i]);
        doubtful = doubtful || copy.service_left_out || copy.away || copy.captured->away_known;
    }
    if (copies == 0)
        return false;
    const struct snapshot_mapping *mapping = group->items->mapping;
    return (copies == 1 ? doubtful : strange || finding->homes_are_reconstructed)
           || json_object_get(json_object_get(finding->concerned, mapping->container), mapping->component);
}

/* The place of a target, which is the last one or a new one: they come in their order. */
static struct place *place_of(struct component *component, const char *target)
{
    if (component->place_count == 0
        || !string_equal(component->places[component->place_count - 1].target, target))
        component->places[component->place_count++] = (struct place){ .target = target };
    return &component->places[component->place_count - 1];
}

/* Whether the previous manifest is a deployment's. */
static bool is_deployed(const struct finding *finding)
{
    return finding->previous == finding->homes && !finding->homes_are_reconstructed;
}

static void add_copy(struct component *component, const struct holding *holding,
                     const struct finding *finding)
{
    const struct snapshot_mapping *mapping = holding->mapping;
    struct copy *copy = &component->copies[component->count++];
    *copy = (struct copy){ .component = component,
                           .captured = holding->captured,
                           .mapping = mapping,
                           .place = component->place_count - 1 };
    compare_with_previous(copy, finding->previous, finding->survivors);
    const json_t *brought =
        json_object_get(json_object_get(finding->brought, mapping->target), mapping->container);
    const json_t *lives = json_object_get(brought, mapping->component);
    disputes_recall(finding->survivors, copy);
    if (component->places[copy->place].previous && is_deployed(finding) && !copy->remembered.doubted
        && SWITCH(PLACED_AGAIN)) /* by a deployment since it was given up */
        copy->remembered.superseded = copy->remembered.fenced = false;
    copy->brought = lives != NULL;
    copy->inactive =
        (copy->brought ? !json_is_true(lives) : copy->service_left_out) && !copy->remembered.activated;
}

/* Where the choice of an earlier reconstruction stands, that is where the component belongs. A copy that is
 * in dispute or given up is at home nowhere, whatever was deployed meanwhile. */
static void set_homes(struct component *component, const struct finding *finding)
{
    const json_t *choice = SWITCH(KEPT_CHOICE)
                               ? disputes_choice(finding->survivors, component->container, component->name)
                               : NULL;
    size_t homes = 0;
    for (size_t i = 0; i < component->place_count; i++)
        homes += component->places[i].home;
    const bool nothing = choice || (finding->homes_are_reconstructed && homes > 1);
    component->asks_before = choice != NULL;
    component->needs_word = choice && json_array_size(choice) == 0;
    for (size_t i = 0; i < component->place_count; i++) {
        struct place *place = &component->places[i];
        const struct remembered_copy *remembered = place->copy ? &place->copy->remembered : NULL;
        size_t index;
        json_t *name;
        if (nothing)
            place->home = false;
        json_array_foreach((json_t *)choice, index, name)
            place->home = place->home || string_equal(json_string_value(name), place->target);
        if (remembered && (remembered->disputed || remembered->superseded))
            place->home = false;
        if (place->copy)
            place->copy->home = place->home;
    }
}

/* Several copies wait for a home that may be alive. */
static void find_unasked(struct component *component, const struct finding *finding)
{
    for (size_t i = 0; finding->keeps_unasked && i < component->place_count; i++) {
        const struct place *place = &component->places[i];
        const struct captured *captured =
            place->previous ? capture_find(finding->capture, place->target) : NULL;
        component->unasked =
            component->unasked
            || (captured && (captured->answer == ANSWER_SILENT || captured->answer == ANSWER_INVALID));
    }
}

static int add_component(struct copies *copies, const struct group *group, const struct finding *finding)
{
    struct component *component = &copies->components[copies->component_count++];
    *component = (struct component){ .name = group->items->mapping->component,
                                     .container = group->items->mapping->container,
                                     .copies = &copies->items[copies->count] };
    component->places = calloc(group->count, sizeof *component->places);
    if (!component->places)
        return -1;
    for (size_t i = 0; i < group->count; i++) {
        const struct holding *holding = &group->items[i];
        struct place *place = place_of(component, holding->target);
        place->previous = place->previous || holding->previous;
        place->home = place->home || holding->home;
        if (!holding->captured)
            continue;
        place->copy = &component->copies[component->count];
        add_copy(component, holding, finding);
    }
    copies->count += component->count;
    set_homes(component, finding);
    find_unasked(component, finding);
    return 0;
}

/* Every target gets the list of its copies. */
static void link_copies(struct capture *capture, struct copies *copies)
{
    for (size_t i = 0; i < capture->count; i++)
        capture->targets[i].copies = NULL;
    for (size_t i = copies->count; i-- > 0;) {
        copies->items[i].next = copies->items[i].captured->copies;
        copies->items[i].captured->copies = &copies->items[i];
    }
}

static size_t group_length(const struct holdings *holdings, size_t first)
{
    size_t end = first + 1;
    while (end < holdings->count
           && compare_components(holdings->items[first].mapping, holdings->items[end].mapping) == 0)
        end++;
    return end - first;
}

/* Most components need no decision: what the others need is counted first. */
static int make_room(struct holdings *holdings, const struct finding *finding, struct copies *copies)
{
    size_t components = 0, most = 0;
    for (size_t first = 0, count; first < holdings->count; first += count) {
        count = group_length(holdings, first);
        const struct group group = { holdings->items + first, count };
        holdings->items[first].decided = needs_decision(&group, finding);
        components += holdings->items[first].decided;
        most += holdings->items[first].decided ? count : 0;
    }
    *copies = (struct copies){ .components = calloc(components + 1, sizeof *copies->components),
                               .items = calloc(most + 1, sizeof *copies->items) };
    return copies->components && copies->items ? 0 : -1;
}

static int find_in(struct holdings *holdings, const struct finding *finding, struct copies *copies)
{
    if (make_room(holdings, finding, copies) != 0)
        return -1;
    for (size_t first = 0, count; first < holdings->count; first += count) {
        count = group_length(holdings, first);
        const struct group group = { holdings->items + first, count };
        if (group.items->decided && add_component(copies, &group, finding) != 0)
            return -1;
    }
    return 0;
}

int copies_find(const struct finding *finding, struct copies *copies)
{
    struct owners owners = { 0 };
    struct holdings holdings = { 0 };
    int status = owners_list(&owners, finding->capture);
    *copies = (struct copies){ 0 };
    if (status == 0) {
        recognise(finding->capture, finding->previous, &owners);
        status = collect_holdings(finding, &owners, &holdings);
    }
    if (status == 0)
        status = find_in(&holdings, finding, copies);
    if (status == 0)
        link_copies(finding->capture, copies);
    free(owners.items);
    free(holdings.items);
    return status;
}

static int compare_copies(const void *a, const void *b)
{
    const struct copy *first = a, *second = b;
    int order = compare_components(first->mapping, second->mapping);
    return order != 0 ? order : strcmp(first->mapping->target, second->mapping->target);
}

static const struct copy *copies_same(const struct copies *copies, const struct copy *copy)
{
    return copies->count > 0
               ? bsearch(copy, copies->items, copies->count, sizeof *copies->items, compare_copies)
               : NULL;
}

void copies_go_on(struct copies *copies, const struct copies *earlier)
{
    for (size_t i = 0; i < copies->count; i++) {
        struct copy *copy = &copies->items[i];
        const struct copy *before = copies_same(earlier, copy);
        if (!before)
            continue;
        copy->inactive = !copy_lives(before) && !copy_may_live(before);
        copy->remembered.activated = before->outcomes[ACTIVATE_COPY] == OUTCOME_DONE || copy_may_run(before);
        copy->remembered.disputed = before->disputed;
        copy->remembered.why = before->reason;
        copy->remembered.superseded = before->verdict == COPY_OUT && !before->disputed;
        copy->remembered.owed = copy_is_owed(before);
        copy->remembered.fenced =
            (before->verdict == COPY_OUT && !copy_lives(before)) || copy_may_live(before);
        copy->remembered.known = true;
    }
}

void copies_clear(struct copies *copies)
{
    for (size_t i = 0; i < copies->count; i++) {
        const struct facts *facts = &copies->items[i].facts;
        free(facts->here.names);
        free(facts->after.names);
        free(facts->newest.with);
        free(facts->deployed.with);
    }
    for (size_t i = 0; i < copies->component_count; i++) {
        free(copies->components[i].places);
        free(copies->components[i].coordinator.names);
    }
    free(copies->components);
    free(copies->items);
    *copies = (struct copies){ 0 };
}
