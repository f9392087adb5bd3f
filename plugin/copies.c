/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "copies.h"

#include <string.h>

#include "cleanup.h"
#include "switch.h"

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = { "kept", "superseded", "regressed", "conflict", "held", "left out" };
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
    const char *known_as = copy->captured->known_as;
    if (!previous)
        return;
    copy->snapshot_left_out = known_as && !holds_component(previous, known_as, mapping);
    copy->service_left_out = SWITCH(LEFT_OUT) && known_as
                             && manifest_find_service_mapping(&copy->captured->manifest, mapping->target,
                                                              mapping->container, mapping->service)
                             && !manifest_find_service_mapping(previous, known_as, mapping->container,
                                                               mapping->service);
    copy->away = !manifest_find_profile(previous, mapping->target)
                 || (known_as && same(known_as, mapping->target)
                     && (copy->snapshot_left_out || copy->service_left_out));
}

static int compare_target_name(const void *key, const void *element)
{
    return strcmp(key, ((const struct captured *)element)->target->name);
}

static const struct captured *find_captured(const struct capture *capture, const char *name)
{
    return capture->count > 0 ? bsearch(name, capture->targets, capture->count, sizeof *capture->targets,
                                        compare_target_name)
                              : NULL;
}

static int compare_profile_paths(const void *a, const void *b)
{
    const struct profile *first = a, *second = b;
    int order = strcmp(first->path, second->path);
    return order != 0 ? order : strcmp(first->target, second->target);
}

/* Of the profiles sorted by path. */
static const char *find_known_as(const struct profile *profiles, size_t count, const struct captured *captured,
                                 const struct capture *capture)
{
    size_t low = 0, high = count;
    const char *found = NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(profiles[middle].path, captured->profile) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < count && same(profiles[low].path, captured->profile); low++) {
        if (same(profiles[low].target, captured->target->name))
            return profiles[low].target;
        if (!find_captured(capture, profiles[low].target))
            found = profiles[low].target;
    }
    return found;
}

/* Finds out as whom the previous manifest knows the targets. */
static int recognise(struct capture *capture, const struct manifest *previous)
{
    size_t count = previous ? previous->profile_count : 0;
    CLEANUP_FREE struct profile *profiles = calloc(count + 1, sizeof *profiles);
    if (!profiles)
        return -1;
    if (count > 0) {
        memcpy(profiles, previous->profiles, count * sizeof *profiles);
        qsort(profiles, count, sizeof *profiles, compare_profile_paths);
    }
    for (size_t i = 0; i < capture->count; i++) {
        struct captured *captured = &capture->targets[i];
        captured->known_as = captured->answer == ANSWER_CAPTURED ? find_known_as(profiles, count, captured, capture)
                                                                 : NULL;
    }
    return 0;
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

int copies_find(struct capture *capture, const struct manifest *previous, struct copies *copies)
{
    size_t most = previous ? previous->snapshot_mapping_count : 0;
    for (size_t i = 0; i < capture->count; i++)
        most += capture->targets[i].manifest.snapshot_mapping_count;
    CLEANUP_FREE struct holding *holdings = calloc(most + 1, sizeof *holdings);
    *copies = (struct copies){ .items = calloc(most + 1, sizeof *copies->items) };
    if (!holdings || !copies->items || recognise(capture, previous) != 0)
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
    link_copies(capture, copies);
    return 0;
}

static int compare_copies(const void *a, const void *b)
{
    const struct copy *first = a, *second = b;
    int order = compare_components(first->mapping, second->mapping);
    return order != 0 ? order : strcmp(first->mapping->target, second->mapping->target);
}

const struct copy *copies_same(const struct copies *copies, const struct copy *copy)
{
    return copies->count > 0 ? bsearch(copy, copies->items, copies->count, sizeof *copies->items, compare_copies) : NULL;
}

void copies_take_outcomes(struct copies *copies, const struct copies *earlier)
{
    for (size_t i = 0; i < copies->count; i++) {
        const struct copy *same_one = copies_same(earlier, &copies->items[i]);
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

/* What a judgement looks at beside the copies. */
struct judgement {
    const struct capture *capture;
    const struct manifest *previous;
    const struct manifest *expected; /* of the last successful redeployment */
    const struct infrastructure *infrastructure;
    const struct options *options;
};

static bool has_snapshot(const struct snapshots *snapshots, const char *name)
{
    for (size_t i = 0; i < snapshots->count; i++)
        if (snapshots->names[i] == name) /* interned */
            return true;
    return false;
}

static const char *newest_of(const struct snapshots *snapshots)
{
    return snapshots->count > 0 ? snapshots->names[snapshots->count - 1] : NULL;
}

/* Position, counted from 1, of the newest of list that holder has; 0: none. */
static size_t newest_held(const struct snapshots *list, const struct snapshots *holder)
{
    for (size_t i = list->count; i > 0; i--)
        if (has_snapshot(holder, list->names[i - 1]))
            return i;
    return 0;
}

/* A rescue that an earlier reconstruction took is the newest snapshot of its target, and nobody else has it. */
static bool was_left_out(const struct copy *copy)
{
    return copy->service_left_out || copy->snapshot_left_out;
}

/* Position in the coordinator's list of the snapshot that tells what the target had; 0: it is not there. */
static size_t position_here(const struct copy *copy)
{
    const struct copy_facts *facts = &copy->facts;
    const char *newest = newest_of(&facts->here);
    if (was_left_out(copy))
        return newest_held(&facts->coordinator, &facts->here);
    for (size_t i = facts->coordinator.count; newest && i > 0; i--)
        if (facts->coordinator.names[i - 1] == newest)
            return i;
    return 0;
}

/* The coordinator's newest snapshot is not on the target, but it has an older one, that tells what the target had. */
static bool coordinator_is_newer(const struct copy *copy)
{
    const struct copy_facts *facts = &copy->facts;
    const char *newest = newest_of(&facts->coordinator);
    if (!SWITCH(COORDINATOR_NEWER))
        return true;
    return facts->here.answered && facts->coordinator.answered && newest && !has_snapshot(&facts->here, newest)
           && position_here(copy) > 0;
}

bool copy_is_doubtful(const struct copy *copy)
{
    const char *newest = newest_of(&copy->facts.coordinator);
    return copy->verdict == COPY_KEPT && copy_needs_facts(copy) && copy->home_count == 0 && copy->facts.here.answered
           && newest && !has_snapshot(&copy->facts.here, newest);
}

static bool shares_snapshot(const struct copy *copy, const struct snapshots *there)
{
    const struct snapshots *here = &copy->facts.here;
    if (!was_left_out(copy))
        return here->count > 0 && has_snapshot(there, newest_of(here));
    return newest_held(there, here) > 0;
}

/* Whether a home can be asked. One that answers and has lost the component, as after it was installed anew, tells as much
 * as one that is gone. */
static bool home_answers(const struct copy *copy, size_t home, const struct judgement *judgement)
{
    const struct captured *captured = find_captured(judgement->capture, copy->homes[home]);
    return copy->facts.homes[home].answered && captured && captured->answer == ANSWER_CAPTURED
           && holds_component(&captured->manifest, copy->homes[home], copy->mapping);
}

static bool home_descends(const struct copy *copy, size_t home, const struct judgement *judgement)
{
    const struct snapshots *there = &copy->facts.homes[home];
    if (!SWITCH(DESCENDS))
        return true;
    if (!copy->facts.here.answered || !home_answers(copy, home, judgement))
        return false;
    size_t here = position_here(copy);
    return shares_snapshot(copy, there) || (here > 0 && here < newest_held(&copy->facts.coordinator, there));
}

/* The same machine under another name. */
static bool was_renamed(const struct copy *copy)
{
    const char *known_as = copy->captured->known_as;
    return SWITCH(RENAMED) && known_as && !same(known_as, copy->mapping->target);
}

static bool name_is_key(const struct target *target)
{
    const char *key = target ? target_connection_key(target) : NULL;
    return !SWITCH(KEYS) || (key && same(key, target->name));
}

/* NULL: the snapshot on the target is fresh enough; else why not. A host that was down itself knows only that the target
 * was there before and is missing now: what counts is when it was first missed. */
static const char *why_not_fresh(const struct captured *captured, const struct copy_facts *facts, int64_t most)
{
    if (!SWITCH(FRESH))
        return NULL;
    if (!captured->away_known || !captured->missed_known)
        return "it is not known when the target went away";
    if (!facts->snapshotted_known)
        return "no snapshot of it on the target is known of";
    if (facts->snapshotted > captured->missed)
        return "its last snapshot is from later than when the target went away, so a clock was wrong";
    if (captured->missed - facts->snapshotted > most)
        return "its last snapshot on the target was too long before the target was missed";
    return NULL;
}

/* What the conditions say that do not depend on a home. NULL: they all hold. away: what condition 1 says, NULL: it
 * holds. */
static const char *why_not_stale(const struct copy *copy, const struct judgement *judgement, const char *away)
{
    if (was_renamed(copy))
        return "the target is the same machine under another name";
    if (SWITCH(AWAY) && away)
        return away;
    if (!name_is_key(copy->captured->target))
        return "the target's name is not its connection key, so Disnix moves no snapshot";
    return why_not_fresh(copy->captured, &copy->facts, judgement->options->superseded_max_age);
}

/* Condition 1: nobody deployed to the target since the last manifest that has a profile of it. */
static const char *why_not_away(const struct copy *copy)
{
    if (copy->away && (copy->facts.profile_present || was_left_out(copy)))
        return NULL;
    return "the target was deployed to since, its profile is another one";
}

static const char *why_not_by_home(const struct copy *copy, size_t home, bool any_home_answers,
                                   const struct judgement *judgement)
{
    const struct target *target = infrastructure_find(&judgement->previous->infrastructure, copy->homes[home]);
    const struct target *current = infrastructure_find(judgement->infrastructure, copy->homes[home]);
    if (SWITCH(REPLICATED) && !copy->facts.generation_known)
        return "no earlier manifest has it on the target";
    if (SWITCH(REPLICATED) && copy->facts.in_generation[home])
        return "an earlier manifest has it on both, so it is replicated";
    if (!name_is_key(current ? current : target))
        return "the home's name is not its connection key, so Disnix moves no snapshot";
    if (any_home_answers ? !home_descends(copy, home, judgement) : !coordinator_is_newer(copy))
        return "nothing shows that the state there descends from the state here";
    return NULL;
}

/* Sets home; NULL with *why NULL: superseded by what the coordinator holds. */
static void find_superseding_home(struct copy *copy, const struct judgement *judgement, const char **why)
{
    bool any_answers = false;
    for (size_t i = 0; i < copy->home_count; i++)
        any_answers = any_answers || home_answers(copy, i, judgement);
    *why = copy->home_count > 0 || coordinator_is_newer(copy)
               ? NULL
               : "its homes are gone and the coordinator has nothing newer";
    for (size_t i = 0; i < copy->home_count; i++) {
        *why = why_not_by_home(copy, i, any_answers, judgement);
        if (*why)
            continue;
        copy->home = copy->homes[i];
        return;
    }
}

static int set_verdict(struct copy *copy, enum verdict verdict, const char *reason)
{
    char *own = strdup(reason); /* it may be the copy's own */
    copy->verdict = verdict;
    copy->wants_rescue = copy->wants_fence = false;
    free(copy->reason);
    copy->reason = own;
    return own ? 0 : -1;
}

static bool rescue_failed(const struct copy *copy)
{
    return SWITCH(RESCUE) && copy->rescue == OUTCOME_FAILED;
}

/* What was left out before is rescued and fenced again: a deployment that ended half-way may have activated it, and
 * with some of Dysnomia's modules one can write to what is not active. */
static int supersede(struct copy *copy, const char *reason)
{
    if (rescue_failed(copy))
        return set_verdict(copy, COPY_CONFLICT, "superseded, but no snapshot of it could be taken");
    if (set_verdict(copy, COPY_SUPERSEDED, reason) != 0)
        return -1;
    copy->wants_rescue = SWITCH(RESCUE);
    copy->wants_fence = SWITCH(FENCE);
    return 0;
}

static int judge_superseded(struct copy *copy, const struct judgement *judgement)
{
    const char *why = why_not_stale(copy, judgement, why_not_away(copy));
    if (!why)
        find_superseding_home(copy, judgement, &why);
    if (why)
        return set_verdict(copy, copy->service_left_out ? COPY_LEFT_OUT : COPY_KEPT, why);
    CLEANUP_FREE char *reason = copy->home
                                    ? string_format("moved to target %s while the target was away", copy->home)
                                    : string_format("moved away and its homes are gone; the coordinator has a newer"
                                                    " snapshot");
    return reason ? supersede(copy, reason) : -1;
}

static int judge_regressed(struct copy *copy, const struct judgement *judgement)
{
    const char *why = why_not_stale(copy, judgement, NULL);
    if (!why && !coordinator_is_newer(copy))
        why = "the coordinator has no newer snapshot";
    if (why)
        return set_verdict(copy, COPY_KEPT, why);
    if (rescue_failed(copy))
        return set_verdict(copy, COPY_CONFLICT, "an older disk, but no snapshot of it could be taken");
    if (set_verdict(copy, COPY_REGRESSED, "an older disk: the coordinator has a newer snapshot") != 0)
        return -1;
    copy->wants_rescue = SWITCH(RESCUE);
    return 0;
}

static bool keeps_superseded(const struct options *options)
{
    return options->superseded == SUPERSEDED_KEEP || !SWITCH(SUPERSEDED);
}

static int judge_alone(struct copy *copy, const struct judgement *judgement)
{
    copy->home = NULL;
    if (!judgement->previous)
        return set_verdict(copy, COPY_KEPT, "there is no previous manifest");
    if (keeps_superseded(judgement->options))
        return set_verdict(copy, COPY_KEPT, "superseded components are kept, as asked");
    if (copy->service_left_out)
        return judge_superseded(copy, judgement);
    if (copy->home_count > 0) {
        if (holds_component(judgement->previous, copy->mapping->target, copy->mapping))
            return set_verdict(copy, COPY_KEPT, "the previous manifest has it here too");
        return judge_superseded(copy, judgement);
    }
    if (!copy_needs_facts(copy))
        return set_verdict(copy, COPY_KEPT, "the target was not away");
    return judge_regressed(copy, judgement);
}

/* The copies of one component. */
struct group {
    struct copy *items;
    size_t count;
};

static bool is_holder(const struct copy *copy)
{
    return copy->verdict != COPY_SUPERSEDED && copy->verdict != COPY_HELD;
}

/* Whether a home is in the model and did not answer: what it holds is kept. */
static bool is_kept_unasked(const struct judgement *judgement, const char *home)
{
    const struct capture *capture = judgement->capture;
    const struct captured *captured = find_captured(capture, home);
    return judgement->options->unreachable == UNREACHABLE_KEEP && captured && captured->answer != ANSWER_CAPTURED
           && captured->answer != ANSWER_EMPTY;
}

/* How many hold the component, and how many of these the last deployment did not have. */
struct holders {
    size_t count, unexpected, unasked;
};

static struct holders count_holders(const struct group *group, const struct judgement *judgement)
{
    struct holders holders = { 0 };
    const struct copy *first = &group->items[0];
    for (size_t i = 0; i < group->count; i++) {
        if (!is_holder(&group->items[i]))
            continue;
        holders.count++;
        holders.unexpected += !group->items[i].expected;
    }
    for (size_t i = 0; i < first->home_count; i++) {
        if (!is_kept_unasked(judgement, first->homes[i]))
            continue;
        holders.count++;
        holders.unasked++;
        holders.unexpected += !holds_component(judgement->expected, first->homes[i], first->mapping);
    }
    return holders;
}

static bool is_in_conflict(const struct group *group, const struct judgement *judgement)
{
    struct holders holders = count_holders(group, judgement);
    for (size_t i = 0; i < group->count; i++)
        if (group->items[i].verdict == COPY_CONFLICT)
            return true;
    return holders.count > 1 && holders.unexpected > 0;
}

/* The one copy that somebody prefers; NULL: there is none, or more than one. */
static struct copy *preferred_copy(const struct group *group)
{
    struct copy *found = NULL;
    for (size_t i = 0; i < group->count; i++) {
        if (group->items[i].captured->standing != STANDING_PREFERRED)
            continue;
        if (found)
            return NULL;
        found = &group->items[i];
    }
    return found;
}

static int supersede_by_decision(struct copy *copy, const struct copy *preferred)
{
    CLEANUP_FREE char *reason = preferred ? string_format("somebody prefers the copy on target %s",
                                                          preferred->mapping->target)
                                          : string_format("somebody has given it up");
    if (!reason || supersede(copy, reason) != 0)
        return -1;
    copy->home = preferred ? preferred->mapping->target : copy->home_count > 0 ? copy->homes[0] : NULL;
    return 0;
}

/* What somebody has decided on the copies of a component in conflict. A home that cannot be asked cannot be rescued, so
 * nothing supersedes it. */
static int apply_decisions(struct group *group, const struct judgement *judgement)
{
    struct copy *preferred = count_holders(group, judgement).unasked > 0 ? NULL : preferred_copy(group);
    for (size_t i = 0; i < group->count; i++) {
        struct copy *copy = &group->items[i];
        bool given_up = preferred ? copy != preferred : copy->captured->standing == STANDING_ACCEPTED;
        if (is_holder(copy) && given_up && supersede_by_decision(copy, preferred) != 0)
            return -1;
    }
    return 0;
}

static bool may_hold(const struct judgement *judgement)
{
    const struct options *options = judgement->options;
    return SWITCH(HOLD) && options->hold && options->on_conflict == CONFLICT_HOLD
           && !keeps_superseded(options) && judgement->previous;
}

/* The newcomers, whose targets are left out as a whole. */
static int hold_newcomers(struct group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        struct copy *copy = &group->items[i];
        if (!is_holder(copy) || copy->expected)
            continue;
        if (set_verdict(copy, COPY_HELD, copy->reason) != 0)
            return -1;
        copy->wants_rescue = true;
        copy->captured->standing = STANDING_HELD;
    }
    return 0;
}

/* Who holds the component is rescued, also where a decision or holding has settled the conflict. */
static int set_conflict(struct group *group, bool in_conflict)
{
    for (size_t i = 0; i < group->count; i++) {
        struct copy *copy = &group->items[i];
        if (!is_holder(copy) || copy->verdict == COPY_REGRESSED)
            continue;
        if (in_conflict && set_verdict(copy, COPY_CONFLICT, copy->reason) != 0)
            return -1;
        copy->wants_rescue = true;
    }
    return 0;
}

static int judge_conflict(struct group *group, const struct judgement *judgement)
{
    for (size_t i = 0; i < group->count; i++)
        group->items[i].expected = holds_component(judgement->expected, group->items[i].mapping->target,
                                                   group->items[i].mapping);
    if (!is_in_conflict(group, judgement))
        return 0;
    if (apply_decisions(group, judgement) != 0)
        return -1;
    if (may_hold(judgement) && is_in_conflict(group, judgement) && hold_newcomers(group) != 0)
        return -1;
    return set_conflict(group, is_in_conflict(group, judgement));
}

/* Whether another copy of its target makes that target a held one is known only when all are judged: a target that is
 * held keeps what was decided on its other copies. */
static int judge_all(struct copies *copies, const struct judgement *judgement)
{
    for (size_t i = 0; i < copies->count; i++) {
        struct copy *copy = &copies->items[i];
        if (copy->captured->standing == STANDING_HELD)
            copy->captured->standing = STANDING_PLAIN;
        if (judge_alone(copy, judgement) != 0)
            return -1;
    }
    for (size_t first = 0, count; first < copies->count; first += count) {
        for (count = 1; first + count < copies->count; count++)
            if (compare_components(copies->items[first].mapping, copies->items[first + count].mapping) != 0)
                break;
        if (judge_conflict(&(struct group){ &copies->items[first], count }, judgement) != 0)
            return -1;
    }
    return 0;
}

int copies_judge(struct copies *copies, const struct capture *capture, const struct manifest *previous,
                 const struct manifest *deployed, const struct infrastructure *infrastructure,
                 const struct options *options)
{
    const struct judgement judgement = { .capture = capture, .previous = previous,
                                         .expected = deployed ? deployed : previous,
                                         .infrastructure = infrastructure, .options = options };
    return judge_all(copies, &judgement);
}

bool copy_drops_service(const struct copy *copy)
{
    return copy->service_left_out || (copy->verdict == COPY_SUPERSEDED && copy->fence != OUTCOME_FAILED);
}

bool copy_drops_snapshot(const struct copy *copy)
{
    return copy->verdict == COPY_SUPERSEDED || copy->verdict == COPY_REGRESSED;
}
