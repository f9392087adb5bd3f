/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/copies/evidence.h"

#include <string.h>

#include "lib/base/strings.h"
#include "lib/base/switch.h"
#include "plugin/copies/copy.h"

static const char *const empty_dumps[] = {
    "0040f94d11d0039505328a90b2ff48968db873e9e7967307631bf40ef5679275", /* nothing, compressed by xz */
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", /* nothing */
};

static bool is_empty_dump(const char *name)
{
    return string_equal(name, empty_dumps[0]) || string_equal(name, empty_dumps[1]);
}

/* Names that modules make up otherwise, as the numbers of revisions, are given twice to what differs. */
bool snapshot_name_proves(const char *name)
{
    return !SWITCH(PROVING_NAMES)
           || (strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64 && !is_empty_dump(name));
}

const char *snapshots_newest(const struct snapshots *snapshots)
{
    return snapshots->count > 0 ? snapshots->names[snapshots->count - 1] : NULL;
}

bool snapshots_save_something(const struct snapshots *snapshots)
{
    const char *newest = snapshots_newest(snapshots);
    return !SWITCH(REAL_RESCUE) || (snapshots->answered && newest && !is_empty_dump(newest));
}

static bool has_name(const struct snapshots *snapshots, const char *name)
{
    for (size_t i = 0; i < snapshots->count; i++)
        if (strcmp(snapshots->names[i], name) == 0)
            return true;
    return false;
}

bool snapshots_prove(const struct snapshots *snapshots, const char *name)
{
    return name && snapshot_name_proves(name) && has_name(snapshots, name);
}

bool copy_has_newest_of(const struct copy *copy, const struct snapshots *snapshots)
{
    return snapshots_prove(&copy->facts.here, snapshots_newest(snapshots));
}

/* Position, counted from 1, of the newest of list that holder has; 0: none. */
static size_t newest_held(const struct snapshots *list, const struct snapshots *holder)
{
    for (size_t i = list->count; i > 0; i--)
        if (snapshots_prove(holder, list->names[i - 1]))
            return i;
    return 0;
}

/* Position in the coordinator's list of the snapshot that tells what the target had; 0: it is not there. A
 * rescue that an earlier reconstruction took is the newest of its target, and nobody else has it: then any
 * older one tells. */
static size_t position_here(const struct copy *copy)
{
    const struct snapshots *here = &copy->facts.here, *list = &copy->component->coordinator;
    const char *newest = snapshots_newest(here);
    if (copy_was_left_out(copy))
        return newest_held(list, here);
    for (size_t i = list->count; newest && snapshot_name_proves(newest) && i > 0; i--)
        if (list->names[i - 1] == newest)
            return i;
    return 0;
}

bool copy_lacks_newest(const struct copy *copy)
{
    const struct snapshots *coordinator = &copy->component->coordinator;
    const char *newest = snapshots_newest(coordinator);
    return copy->facts.here.answered && coordinator->answered && newest
           && !has_name(&copy->facts.here, newest);
}

const char snapshots_untold[] = "its target has not told what snapshots it has";

const char *why_not_newer(const struct copy *copy)
{
    if (!SWITCH(COORDINATOR_NEWER) || (copy_lacks_newest(copy) && position_here(copy) > 0))
        return NULL;
    const bool untold = !copy->facts.here.answered && copy->component->coordinator.count > 0;
    return untold ? snapshots_untold : "nothing shows that the coordinator has a newer snapshot of it";
}

const char *why_not_descendant(const struct copy *copy, const struct copy *other)
{
    const struct snapshots *here = &copy->facts.here, *there = &other->facts.here;
    if (!SWITCH(DESCENDS))
        return NULL;
    bool shared = copy_was_left_out(copy) ? newest_held(there, here) > 0
                                          : snapshots_prove(there, snapshots_newest(here));
    size_t position = position_here(copy);
    if (here->answered && there->answered
        && (shared || (position > 0 && position < newest_held(&copy->component->coordinator, there))))
        return NULL;
    return "nothing shows that the state there descends from the state here";
}

static bool name_is_key(const struct target *target)
{
    return !SWITCH(KEYS) || target_name_is_key(target);
}

/* NULL: the snapshot on the target is fresh enough; else why not. A host that was down itself knows only that
 * the target was there before and is missing now: what counts is when it was first missed. */
static const char *why_not_fresh(const struct captured *captured, const struct facts *facts, int64_t most)
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

/* Condition 1: nobody deployed to the target since the last manifest that has a profile of it. */
static const char *why_not_away(const struct copy *copy)
{
    if (!SWITCH(AWAY) || (copy->away && (copy->facts.profile_present || copy_was_left_out(copy))))
        return NULL;
    return "the target was deployed to since, its profile is another one";
}

/* What the conditions say that do not depend on a home: 2, 1 (away: NULL, it holds), 6 and 5. */
static const char *why_not_stale(const struct copy *copy, const struct judgement *judgement, const char *away)
{
    const char *known_as = copy->captured->known_as;
    if (SWITCH(RENAMED) && known_as && !string_equal(known_as, copy->mapping->target))
        return "the target is the same machine under another name";
    if (away)
        return away;
    if (!name_is_key(copy->captured->target))
        return "the target's name is not its connection key, so Disnix moves no snapshot";
    return why_not_fresh(copy->captured, &copy->facts, judgement->options->superseded_max_age);
}

/* Conditions 3 and 6, of a home. */
static const char *why_not_moved(const struct copy *copy, size_t home, const struct judgement *judgement)
{
    const struct generation *newest = &copy->facts.newest;
    const char *name = copy->component->places[home].target;
    const struct target *target = infrastructure_find(judgement->infrastructure, name);
    if (!target && judgement->previous)
        target = infrastructure_find(&judgement->previous->infrastructure, name);
    if (SWITCH(REPLICATED) && !newest->known)
        return "no earlier manifest has it on the target";
    if (SWITCH(REPLICATED) && newest->with[home])
        return "an earlier manifest has it on both, so it is replicated";
    return name_is_key(target) ? NULL
                               : "the home's name is not its connection key, so Disnix moves no snapshot";
}

const char *why_not_superseded_by(const struct copy *copy, const struct copy *home,
                                  const struct judgement *judgement)
{
    const char *why = why_not_stale(copy, judgement, why_not_away(copy));
    if (!why)
        why = why_not_moved(copy, home->place, judgement);
    return why ? why : why_not_descendant(copy, home);
}

const char *why_not_superseded(const struct copy *copy, const struct judgement *judgement, const char **home)
{
    const struct component *component = copy->component;
    const char *why = why_not_stale(copy, judgement, why_not_away(copy));
    *home = NULL;
    const char *const newer = why ? NULL : why_not_newer(copy);
    if (newer && newer != snapshots_untold)
        why = "its homes are gone, and nothing shows that the coordinator has a newer snapshot of it";
    if (why)
        return why;
    for (size_t i = 0; i < component->place_count; i++) {
        if (!component->places[i].previous || component->places[i].copy == copy)
            continue;
        why = why_not_moved(copy, i, judgement);
        if (why)
            continue;
        *home = component->places[i].target;
        return newer;
    }
    return why ? why : newer;
}

const char *why_not_regressed(const struct copy *copy, const struct judgement *judgement)
{
    const char *why = why_not_stale(copy, judgement, NULL);
    return why ? why : why_not_newer(copy);
}
