/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "copies.h"

#include <string.h>

#include "cleanup.h"

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = { "kept", "superseded", "regressed", "conflict", "left out" };
    return names[verdict];
}

/* A component that a target holds, from whichever source. */
struct holding {
    const struct snapshot_mapping *mapping;
    struct captured *captured; /* NULL: a mapping of the previous manifest */
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
    return order ? order : strcmp(first->mapping->target, second->mapping->target);
}

static bool holds_component(const struct manifest *manifest, const char *target,
                            const struct snapshot_mapping *mapping)
{
    return manifest && manifest_find_snapshot_mapping(manifest, target, mapping->container, mapping->component);
}

/* Fills in what the previous manifest says of a copy. */
static void compare_with_previous(struct copy *copy, const struct manifest *previous)
{
    const struct snapshot_mapping *mapping = copy->mapping;
    if (!previous)
        return;
    const struct profile *profile = manifest_find_profile(previous, mapping->target);
    bool present = profile && same(profile->path, copy->captured->profile);
    copy->snapshot_left_out = present && !holds_component(previous, mapping->target, mapping);
    copy->service_left_out = present
                             && manifest_find_service_mapping(&copy->captured->manifest, mapping->target,
                                                              mapping->container, mapping->service)
                             && !manifest_find_service_mapping(previous, mapping->target, mapping->container,
                                                               mapping->service);
    copy->away = !profile || copy->snapshot_left_out || copy->service_left_out;
}

bool copy_needs_facts(const struct copy *copy)
{
    return copy->away || copy->captured->away_known;
}

static int add_copy(struct copies *copies, const struct holding *holding, const struct holding *group, size_t count,
                    const struct manifest *previous)
{
    struct copy *copy = &copies->items[copies->count];
    *copy = (struct copy){ .captured = holding->captured, .mapping = holding->mapping };
    copy->homes = calloc(count, sizeof *copy->homes);
    if (!copy->homes)
        return -1;
    copies->count++;
    for (size_t i = 0; i < count; i++)
        if (!group[i].captured && !same(group[i].mapping->target, holding->mapping->target))
            copy->homes[copy->home_count++] = group[i].mapping->target;
    compare_with_previous(copy, previous);
    return 0;
}

static size_t collect_holdings(struct capture *capture, const struct manifest *previous, struct holding *holdings)
{
    size_t count = 0;
    for (size_t i = 0; i < capture->count; i++) {
        struct captured *captured = &capture->targets[i];
        for (size_t j = 0; captured->answer == ANSWER_CAPTURED && j < captured->manifest.snapshot_mapping_count; j++)
            holdings[count++] = (struct holding){ &captured->manifest.snapshot_mappings[j], captured };
    }
    for (size_t i = 0; previous && i < previous->snapshot_mapping_count; i++)
        holdings[count++] = (struct holding){ &previous->snapshot_mappings[i], NULL };
    qsort(holdings, count, sizeof *holdings, compare_holdings);
    return count;
}

/* The judgement is needed where a second target holds the component, or where the one target's disk may be old. */
static bool group_needs_judgement(const struct holding *group, size_t count, const struct manifest *previous)
{
    for (size_t i = 0; i < count; i++) {
        struct copy copy = { .captured = group[i].captured, .mapping = group[i].mapping };
        if (!same(group[i].mapping->target, group[0].mapping->target))
            return true;
        if (!copy.captured)
            continue;
        compare_with_previous(&copy, previous);
        if (copy_needs_facts(&copy))
            return true;
    }
    return false;
}

int copies_find(struct capture *capture, const struct manifest *previous, struct copies *copies)
{
    size_t most = previous ? previous->snapshot_mapping_count : 0;
    for (size_t i = 0; i < capture->count; i++)
        most += capture->targets[i].manifest.snapshot_mapping_count;
    CLEANUP_FREE struct holding *holdings = calloc(most + 1, sizeof *holdings);
    *copies = (struct copies){ .items = calloc(most + 1, sizeof *copies->items) };
    if (!holdings || !copies->items)
        return -1;
    size_t total = collect_holdings(capture, previous, holdings);
    for (size_t first = 0, count; first < total; first += count) {
        for (count = 1; first + count < total; count++)
            if (compare_components(holdings[first].mapping, holdings[first + count].mapping) != 0)
                break;
        if (!group_needs_judgement(holdings + first, count, previous))
            continue;
        for (size_t i = first; i < first + count; i++)
            if (holdings[i].captured && add_copy(copies, &holdings[i], holdings + first, count, previous) != 0)
                return -1;
    }
    return 0;
}

static int compare_copies(const void *a, const void *b)
{
    const struct copy *first = a, *second = b;
    int order = compare_components(first->mapping, second->mapping);
    return order != 0 ? order : strcmp(first->mapping->target, second->mapping->target);
}

void copies_take_outcomes(struct copies *copies, const struct copies *earlier)
{
    for (size_t i = 0; earlier->count > 0 && i < copies->count; i++) {
        const struct copy *same_one = bsearch(&copies->items[i], earlier->items, earlier->count,
                                              sizeof *earlier->items, compare_copies);
        if (!same_one)
            continue;
        copies->items[i].rescue = same_one->rescue;
        copies->items[i].fence = same_one->fence;
    }
}

static void copy_clear(struct copy *copy)
{
    for (size_t i = 0; copy->facts.homes && i < copy->home_count; i++)
        free(copy->facts.homes[i].names);
    free(copy->facts.homes);
    free(copy->facts.in_generation);
    free(copy->facts.here.names);
    free(copy->facts.coordinator.names);
    free(copy->homes);
    free(copy->reason);
}

void copies_clear(struct copies *copies)
{
    for (size_t i = 0; i < copies->count; i++)
        copy_clear(&copies->items[i]);
    free(copies->items);
    *copies = (struct copies){ 0 };
}

static bool has_snapshot(const struct snapshots *snapshots, const char *name)
{
    for (size_t i = 0; i < snapshots->count; i++)
        if (same(snapshots->names[i], name))
            return true;
    return false;
}

/* Position, counted from 1, of the newest of list that holder has; 0: none. */
static size_t newest_held(const struct snapshots *list, const struct snapshots *holder)
{
    for (size_t i = list->count; i > 0; i--)
        if (has_snapshot(holder, list->names[i - 1]))
            return i;
    return 0;
}

/* The coordinator has a newer snapshot than any that the target knows, and an older one that it knows. */
static bool coordinator_is_newer(const struct copy_facts *facts)
{
    size_t held = newest_held(&facts->coordinator, &facts->here);
    return facts->here.answered && facts->coordinator.answered && held > 0 && held < facts->coordinator.count;
}

static bool home_descends(const struct copy_facts *facts, size_t home)
{
    const struct snapshots *there = &facts->homes[home];
    if (!facts->here.answered || !there->answered)
        return false;
    for (size_t i = 0; i < there->count; i++)
        if (has_snapshot(&facts->here, there->names[i]))
            return true;
    size_t here = newest_held(&facts->coordinator, &facts->here);
    return here > 0 && here < newest_held(&facts->coordinator, there);
}

/* The same machine under another name: its profile stands in previous for a target that the model lost. */
static bool was_renamed(const struct copy *copy, const struct manifest *previous,
                        const struct infrastructure *infrastructure)
{
    for (size_t i = 0; previous && i < previous->profile_count; i++)
        if (same(previous->profiles[i].path, copy->captured->profile)
            && !same(previous->profiles[i].target, copy->mapping->target)
            && !infrastructure_find(infrastructure, previous->profiles[i].target))
            return true;
    return false;
}

static bool name_is_key(const struct target *target)
{
    const char *key = target ? target_connection_key(target) : NULL;
    return key && same(key, target->name);
}

/* NULL: the snapshot on the target is fresh enough; else why not. */
static const char *why_not_fresh(const struct captured *captured, const struct copy_facts *facts, int64_t most)
{
    if (!captured->away_known)
        return "it is not known when the target went away";
    if (!facts->snapshotted_known)
        return "no snapshot of it on the target is known of";
    if (captured->away - facts->snapshotted > most)
        return "its last snapshot on the target was too long before the target went away";
    return NULL;
}

/* What the conditions say that do not depend on a home. NULL: they all hold. */
static const char *why_not_stale(const struct copy *copy, const struct manifest *previous,
                                 const struct infrastructure *infrastructure, const struct options *options)
{
    if (!copy->away)
        return "the target was deployed to since, its profile is another one";
    if (was_renamed(copy, previous, infrastructure))
        return "the target is the same machine under another name";
    if (!name_is_key(copy->captured->target))
        return "the target's name is not its connection key, so Disnix moves no snapshot";
    return why_not_fresh(copy->captured, &copy->facts, options->superseded_max_age);
}

static const char *why_not_by_home(const struct copy *copy, size_t home, bool any_home_answers,
                                   const struct manifest *previous, const struct infrastructure *infrastructure)
{
    const struct target *target = infrastructure_find(&previous->infrastructure, copy->homes[home]);
    const struct target *current = infrastructure_find(infrastructure, copy->homes[home]);
    if (!copy->facts.generation_known)
        return "no earlier manifest has it on the target";
    if (copy->facts.in_generation[home])
        return "an earlier manifest has it on both, so it is replicated";
    if (!name_is_key(current ? current : target))
        return "the home's name is not its connection key, so Disnix moves no snapshot";
    if (any_home_answers ? !home_descends(&copy->facts, home) : !coordinator_is_newer(&copy->facts))
        return "nothing shows that the state there descends from the state here";
    return NULL;
}

/* Sets home; NULL with *why NULL: superseded by what the coordinator holds. */
static void find_superseding_home(struct copy *copy, const struct manifest *previous,
                                  const struct infrastructure *infrastructure, const char **why)
{
    bool any_answers = false;
    for (size_t i = 0; i < copy->home_count; i++)
        any_answers = any_answers || copy->facts.homes[i].answered;
    *why = copy->home_count > 0 || coordinator_is_newer(&copy->facts)
               ? NULL
               : "its homes are gone and the coordinator has nothing newer";
    for (size_t i = 0; i < copy->home_count; i++) {
        *why = why_not_by_home(copy, i, any_answers, previous, infrastructure);
        if (*why)
            continue;
        copy->home = copy->homes[i];
        return;
    }
}

static int set_verdict(struct copy *copy, enum verdict verdict, const char *reason)
{
    copy->verdict = verdict;
    copy->wants_rescue = copy->wants_fence = false;
    free(copy->reason);
    copy->reason = strdup(reason);
    return copy->reason ? 0 : -1;
}

static int judge_superseded(struct copy *copy, const struct manifest *previous,
                            const struct infrastructure *infrastructure, const struct options *options)
{
    const char *why = why_not_stale(copy, previous, infrastructure, options);
    copy->home = NULL;
    if (!why)
        find_superseding_home(copy, previous, infrastructure, &why);
    if (why)
        return set_verdict(copy, copy->service_left_out ? COPY_LEFT_OUT : COPY_KEPT, why);
    if (copy->rescue == OUTCOME_FAILED)
        return set_verdict(copy, COPY_CONFLICT, "superseded, but no snapshot of it could be taken");
    CLEANUP_FREE char *reason = copy->home
                                    ? string_format("moved to target %s while the target was away", copy->home)
                                    : string_format("moved away and its homes are gone; the coordinator has a newer"
                                                    " snapshot");
    if (!reason || set_verdict(copy, COPY_SUPERSEDED, reason) != 0)
        return -1;
    copy->wants_rescue = copy->wants_fence = !copy->service_left_out;
    return 0;
}

static int judge_regressed(struct copy *copy, const struct manifest *previous,
                           const struct infrastructure *infrastructure, const struct options *options)
{
    struct copy absent = *copy;
    absent.away = copy_needs_facts(copy);
    const char *why = why_not_stale(&absent, previous, infrastructure, options);
    if (!why && !coordinator_is_newer(&copy->facts))
        why = "the coordinator has no newer snapshot";
    if (why)
        return set_verdict(copy, COPY_KEPT, why);
    if (copy->rescue == OUTCOME_FAILED)
        return set_verdict(copy, COPY_CONFLICT, "an older disk, but no snapshot of it could be taken");
    if (set_verdict(copy, COPY_REGRESSED, "an older disk: the coordinator has a newer snapshot") != 0)
        return -1;
    copy->wants_rescue = !copy->snapshot_left_out;
    return 0;
}

static int judge_alone(struct copy *copy, const struct manifest *previous,
                       const struct infrastructure *infrastructure, const struct options *options)
{
    if (!previous)
        return set_verdict(copy, COPY_KEPT, "there is no previous manifest");
    if (options->superseded == SUPERSEDED_KEEP)
        return set_verdict(copy, COPY_KEPT, "superseded components are kept, as asked");
    if (copy->service_left_out)
        return judge_superseded(copy, previous, infrastructure, options);
    if (copy->home_count > 0) {
        if (holds_component(previous, copy->mapping->target, copy->mapping))
            return set_verdict(copy, COPY_KEPT, "the previous manifest has it here too");
        return judge_superseded(copy, previous, infrastructure, options);
    }
    if (!copy_needs_facts(copy))
        return set_verdict(copy, COPY_KEPT, "the target was not away");
    return judge_regressed(copy, previous, infrastructure, options);
}

static bool target_answers(const struct capture *capture, const char *target, bool *in_model)
{
    *in_model = false;
    for (size_t i = 0; i < capture->count; i++)
        if (same(capture->targets[i].target->name, target)) {
            *in_model = true;
            return capture->targets[i].answer == ANSWER_CAPTURED || capture->targets[i].answer == ANSWER_EMPTY;
        }
    return false;
}

/* The holders of one component, that of the group's copies: those that remain, and those of them that the last
 * deployment did not have. */
struct holders {
    size_t count;
    size_t unexpected;
};

static void count_holders(const struct copy *group, size_t count, const struct capture *capture,
                          const struct manifest *previous, const struct manifest *deployed,
                          const struct options *options, struct holders *holders)
{
    const struct manifest *expected = deployed ? deployed : previous;
    for (size_t i = 0; i < count; i++) {
        if (group[i].verdict == COPY_SUPERSEDED || group[i].verdict == COPY_LEFT_OUT)
            continue;
        holders->count++;
        holders->unexpected += !holds_component(expected, group[i].mapping->target, group[i].mapping);
    }
    for (size_t i = 0; options->unreachable == UNREACHABLE_KEEP && i < group[0].home_count; i++) {
        bool in_model, answers = target_answers(capture, group[0].homes[i], &in_model);
        if (!in_model || answers)
            continue;
        holders->count++;
        holders->unexpected += !holds_component(expected, group[0].homes[i], group[0].mapping);
    }
}

static int judge_conflict(struct copy *group, size_t count, const struct capture *capture,
                          const struct manifest *previous, const struct manifest *deployed,
                          const struct options *options)
{
    struct holders holders = { 0 };
    count_holders(group, count, capture, previous, deployed, options, &holders);
    bool failed = false;
    for (size_t i = 0; i < count; i++)
        failed = failed || group[i].verdict == COPY_CONFLICT;
    if (!failed && (holders.count < 2 || holders.unexpected == 0))
        return 0;
    for (size_t i = 0; i < count; i++) {
        struct copy *copy = &group[i];
        if (copy->verdict != COPY_KEPT && copy->verdict != COPY_CONFLICT)
            continue;
        CLEANUP_FREE char *why = strdup(copy->reason);
        if (!why || set_verdict(copy, COPY_CONFLICT, why) != 0)
            return -1;
        copy->wants_rescue = true;
    }
    return 0;
}

int copies_judge(struct copies *copies, const struct capture *capture, const struct manifest *previous,
                 const struct manifest *deployed, const struct infrastructure *infrastructure,
                 const struct options *options)
{
    for (size_t i = 0; i < copies->count; i++)
        if (judge_alone(&copies->items[i], previous, infrastructure, options) != 0)
            return -1;
    for (size_t first = 0, count; first < copies->count; first += count) {
        for (count = 1; first + count < copies->count; count++)
            if (compare_components(copies->items[first].mapping, copies->items[first + count].mapping) != 0)
                break;
        if (judge_conflict(&copies->items[first], count, capture, previous, deployed, options) != 0)
            return -1;
    }
    return 0;
}

bool copy_drops_service(const struct copy *copy)
{
    if (copy->verdict == COPY_LEFT_OUT)
        return true;
    return copy->verdict == COPY_SUPERSEDED && copy->fence != OUTCOME_FAILED;
}

bool copy_drops_snapshot(const struct copy *copy)
{
    return copy->verdict == COPY_SUPERSEDED || copy->verdict == COPY_REGRESSED;
}
