/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/copies/survivor.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/switch.h"
#include "plugin/copies/copy.h"

/* One component on its own: which copies survive. */

static size_t count_of(const struct component *component, bool (*is)(const struct copy *copy))
{
    size_t count = 0;
    for (size_t i = 0; i < component->count; i++)
        count += is(&component->copies[i]);
    return count;
}

/* True: there are some. */
static bool choose(struct component *component, bool (*is)(const struct copy *copy))
{
    bool any = false;
    for (size_t i = 0; i < component->count; i++) {
        component->copies[i].survivor = is(&component->copies[i]);
        any = any || component->copies[i].survivor;
    }
    return any;
}

static bool is_preferred(const struct copy *copy)
{
    return copy->remembered.preferred;
}

static bool somebody_prefers_it(struct component *component)
{
    return choose(component, is_preferred);
}

static bool a_home_cannot_be_asked(struct component *component)
{
    return component->unasked;
}

typedef bool is_place(const struct place *place);

/* The last deployment that had it on its target had it on another one that matters too. What is given up or
 * in dispute is no replica, nor is anything while a choice stands: it was deployed in a dispute. */
static bool is_replica_of(const struct copy *copy, is_place *matters)
{
    const struct component *component = copy->component;
    const struct generation *deployed = &copy->facts.deployed;
    if (!SWITCH(REPLICAS) || component->asks_before || copy->remembered.doubted || copy->remembered.superseded
        || !deployed->known)
        return false;
    for (size_t i = 0; i < component->place_count; i++)
        if (i != copy->place && deployed->with[i] && matters(&component->places[i]))
            return true;
    return false;
}

static bool is_home_or_copy(const struct place *place)
{
    return place->home || place->copy;
}

static bool is_replica(const struct copy *copy)
{
    return is_replica_of(copy, is_home_or_copy);
}

static bool belongs_there(const struct copy *copy)
{
    return copy->home || is_replica(copy);
}

static bool all_belong_there(struct component *component)
{
    return count_of(component, belongs_there) == component->count;
}

/* Somebody else has deployed to its target since the last deployment that is known, with the state of all
 * homes. */
static bool is_overtaking(const struct copy *copy)
{
    const struct component *component = copy->component;
    if (copy->home || !copy->facts.deployed_known || copy->facts.deployed_to || component->needs_word)
        return false;
    for (size_t i = 0; i < component->count; i++) {
        const struct copy *other = &component->copies[i];
        if (other->home && !copy_has_newest_of(copy, &other->facts.here))
            return false;
    }
    return true;
}

static bool is_home(const struct copy *copy)
{
    return copy->home;
}

static bool one_has_overtaken_a_home(struct component *component)
{
    return count_of(component, is_overtaking) == 1 && count_of(component, is_home) <= 1
           && choose(component, is_overtaking);
}

static bool one_has_overtaken_replicas(struct component *component)
{
    return count_of(component, is_overtaking) == 1 && count_of(component, is_home) > 1;
}

static bool several_have_overtaken(struct component *component)
{
    return count_of(component, is_overtaking) > 1;
}

static bool some_belong_there(struct component *component)
{
    return count_of(component, is_home) > 0 && choose(component, belongs_there);
}

/* The copies that the newest generation of a kind has which has any of them; how many these are. */
static size_t choose_newest(struct component *component, bool deployed)
{
    size_t age = SIZE_MAX, count = 0;
    for (size_t i = 0; i < component->count; i++) {
        const struct generation *its =
            deployed ? &component->copies[i].facts.deployed : &component->copies[i].facts.newest;
        component->copies[i].survivor = false;
        if (!its->known || its->age > age)
            continue;
        for (size_t j = 0; j < i && its->age < age; j++)
            component->copies[j].survivor = false;
        count = its->age < age ? 1 : count + 1;
        age = its->age;
        component->copies[i].survivor = true;
    }
    return count;
}

static bool was_chosen(const struct place *place)
{
    return place->copy && place->copy->survivor;
}

/* Replicas of those that were deployed last were so until their targets went away. */
static void add_replicas(struct component *component)
{
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < component->count; i++) {
            struct copy *copy = &component->copies[i];
            if (copy->survivor || !is_replica_of(copy, was_chosen))
                continue;
            copy->survivor = more = true;
        }
    }
}

/* Where no deployment that is known had any of them, a reconstruction may tell of the last choice; several
 * copies in it tell of none. */
static bool one_was_deployed_last(struct component *component)
{
    if (component->asks_before
        || (choose_newest(component, true) == 0 && choose_newest(component, false) != 1))
        return false;
    add_replicas(component);
    return true;
}

static bool is_not_given_up(const struct copy *copy)
{
    return !copy->remembered.accepted;
}

static bool all_but_one_are_given_up(struct component *component)
{
    return count_of(component, is_not_given_up) == 1 && choose(component, is_not_given_up);
}

static bool was_not_given_up(const struct copy *copy)
{
    return !copy->remembered.superseded;
}

/* The manifest that told where it belongs may be lost since. */
static bool all_but_one_were_given_up(struct component *component)
{
    return !component->asks_before && count_of(component, was_not_given_up) == 1
           && choose(component, was_not_given_up);
}

static bool nobody_can_tell(struct component *component)
{
    (void)component;
    return true;
}

/* What becomes of the copies. */
enum fate {
    CHOSEN, /* the survivors live, and all others are stopped */
    STAY,   /* all stay as they are, and there is no dispute */
    ASKED   /* all stay, until somebody says which one lives */
};

/* The table: of several copies, the first line that fits. */
static const struct line {
    enum line_name name;
    enum test_switch part;
    bool (*fits)(struct component *component);
    enum fate fate;
    const char *reason;
} table[] = {
    { WANTED, PREFERRED, somebody_prefers_it, CHOSEN, "somebody prefers it" },
    { WAITING, UNASKED, a_home_cannot_be_asked, STAY, "a target that has it too cannot be asked" },
    { ALL_AT_HOME, AT_HOME, all_belong_there, STAY, "all copies are where they belong" },
    { MOVED_ON, OVERTAKEN, one_has_overtaken_a_home, CHOSEN,
      "its target was deployed to since, with the state of its home" },
    { MOVED_ON, MOVED_REPLICAS, one_has_overtaken_replicas, STAY, "replicas are being moved" },
    { MOVED_ON, SEVERAL_OVERTAKEN, several_have_overtaken, ASKED, "several targets were deployed to since" },
    { THE_HOMES, HOMES, some_belong_there, CHOSEN, "it belongs there" },
    { DEPLOYED_LAST, LAST_DEPLOYED, one_was_deployed_last, CHOSEN, "it was deployed there last" },
    { SOMEBODY_SAYS, GIVEN_UP, all_but_one_are_given_up, CHOSEN, "somebody has given up all others" },
    { LEFT_OVER, GIVEN_UP_BEFORE, all_but_one_were_given_up, CHOSEN, "all others were given up before" },
    { SOMEBODY_SAYS, NEVER_OFF, nobody_can_tell, ASKED, "nobody can tell which copy is the one" },
};

static const struct line *line_of(struct component *component)
{
    const struct line *line = table;
    while (!SWITCH(line->part) || !line->fits(component))
        line++;
    return line;
}

/* What settles that a copy which does not survive is given up, and in no dispute. */

static const struct copy *first_survivor(const struct component *component)
{
    for (size_t i = 0; i < component->count; i++)
        if (component->copies[i].survivor)
            return &component->copies[i];
    return NULL;
}

/* The survivor by which a copy is given up; NULL: it is not shown to be so, and where something can be said
 * of it, why. */
typedef const struct copy *proof(const struct copy *copy, const struct judgement *judgement,
                                 const char **why);

/* The first survivor that shows it. */
typedef bool shows(const struct copy *survivor, const struct copy *copy, const struct judgement *judgement,
                   const char **why);

static const struct copy *survivor_that(shows *shows_it, const struct copy *copy,
                                        const struct judgement *judgement, const char **why)
{
    for (size_t i = 0; i < copy->component->count; i++)
        if (copy->component->copies[i].survivor
            && shows_it(&copy->component->copies[i], copy, judgement, why))
            return &copy->component->copies[i];
    return NULL;
}

static const struct copy *by_word(const struct copy *copy, const struct judgement *judgement,
                                  const char **why)
{
    const struct copy *survivor = first_survivor(copy->component);
    (void)judgement;
    (void)why;
    return survivor->remembered.preferred || copy->remembered.accepted ? survivor : NULL;
}

static const struct copy *before(const struct copy *copy, const struct judgement *judgement, const char **why)
{
    (void)judgement;
    (void)why;
    return copy->remembered.superseded ? first_survivor(copy->component) : NULL;
}

static bool has_last(const struct copy *survivor, const struct copy *copy, const struct judgement *judgement,
                     const char **why)
{
    (void)judgement;
    (void)why;
    return copy_has_newest_of(survivor, &copy->facts.after);
}

/* What its target had once it was stopped. */
static const struct copy *contained(const struct copy *copy, const struct judgement *judgement,
                                    const char **why)
{
    return copy->outcomes[RESCUE_COPY_AGAIN] == OUTCOME_DONE ? survivor_that(has_last, copy, judgement, why)
                                                             : NULL;
}

static bool has_newest(const struct copy *survivor, const struct copy *copy,
                       const struct judgement *judgement, const char **why)
{
    (void)judgement;
    *why = "its newest snapshot is not there";
    return copy_has_newest_of(survivor, &copy->facts.here);
}

static const struct copy *newest_is_there(const struct copy *copy, const struct judgement *judgement,
                                          const char **why)
{
    return survivor_that(has_newest, copy, judgement, why);
}

static bool supersedes(const struct copy *survivor, const struct copy *copy,
                       const struct judgement *judgement, const char **why)
{
    *why = why_not_superseded_by(copy, survivor, judgement);
    return !*why;
}

static const struct copy *by_conditions(const struct copy *copy, const struct judgement *judgement,
                                        const char **why)
{
    return survivor_that(supersedes, copy, judgement, why);
}

static bool descends(const struct copy *survivor, const struct copy *copy, const struct judgement *judgement,
                     const char **why)
{
    (void)judgement;
    *why = why_not_descendant(copy, survivor);
    return !*why;
}

static const struct copy *by_descent(const struct copy *copy, const struct judgement *judgement,
                                     const char **why)
{
    return survivor_that(descends, copy, judgement, why);
}

static const struct {
    enum line_name line;
    enum test_switch part;
    proof *holds;
    const char *reason, *more; /* around the survivor's target */
} proofs[] = {
    { ANY_LINE, BY_WORD, by_word, "somebody wants the copy on target ", "" },
    { ANY_LINE, GIVEN_UP_BEFORE, before, "given up before for the copy on target ", "" },
    { ANY_LINE, CONTAINED, contained, "all of its state is in the copy on target ", "" },
    { MOVED_ON, OVERTAKEN_NEWEST, newest_is_there, "moved to target ",
      " by a deployment that is not known of" },
    { THE_HOMES, BY_CONDITIONS, by_conditions, "moved to target ", " while the target was away" },
    { DEPLOYED_LAST, BY_DESCENT, by_descent, "its state went on in the copy on target ", "" },
};

/* One line around the name of a target, for as long as the decision. NULL: no memory. */
static const char *told(const struct judgement *judgement, const char *reason, const char *target,
                        const char *more)
{
    CLEANUP_FREE char *text = string_format("%s%s%s", reason, target, more);
    return text ? strings_intern(judgement->strings, text) : NULL;
}

static bool has_failed(const struct copy *copy, enum action action)
{
    return copy->wants[action] && copy->outcomes[action] == OUTCOME_FAILED;
}

static const char the_one_on[] = "the one on target ";

static const char *chosen(const struct copy *copy, const struct judgement *judgement, const char *link,
                          const char *why)
{
    const char *text = told(judgement, the_one_on, copy->by, " was chosen");
    return text ? told(judgement, text, link, why) : NULL;
}

/* Of one that was in dispute before. What stops only now does so for the sake of another one. */
static const char *why_still(const struct copy *copy, const struct judgement *judgement)
{
    const char *why = copy->remembered.why;
    const bool told_so = copy->inactive || strncmp(why, the_one_on, sizeof the_one_on - 1) == 0;
    return told_so ? why : chosen(copy, judgement, "; in dispute before: ", why);
}

/* Whether the copy is given up, and why or why not. Only a word settles a dispute that was there before: what
 * snapshots show later was made by those who rescued it. */
static bool is_given_up(struct copy *copy, const struct judgement *judgement)
{
    const bool lasts = copy->remembered.disputed && SWITCH(LASTING_DISPUTE);
    const char *why = "nothing shows that its state is there";
    const struct copy *by = NULL;
    for (size_t i = 0; i < sizeof proofs / sizeof *proofs && !by; i++) {
        const bool fits = proofs[i].line == ANY_LINE || proofs[i].line == copy->component->line;
        if (fits && SWITCH(proofs[i].part) && (!lasts || proofs[i].holds == by_word))
            by = proofs[i].holds(copy, judgement, &why);
        if (by)
            copy->reason = told(judgement, proofs[i].reason, by->mapping->target, proofs[i].more);
    }
    copy->by = (by ? by : first_survivor(copy->component))->mapping->target;
    if (by && !copy_is_owed(copy))
        return true;
    copy->waits = by && has_failed(copy, FENCE_COPY);
    if (by)
        why = copy->waits ? "this one could not be fenced"
                          : "no snapshot of this one could be taken after it was fenced";
    copy->reason = lasts ? why_still(copy, judgement)
                   : by  ? chosen(copy, judgement, "; ", why)
                         : chosen(copy, judgement, ", and this one is not shown to be older: ", why);
    return false;
}

/* What is done, in this order: the survivors are activated; each other copy is rescued, fenced, and rescued
 * again. */

/* Its target may have been left out since it was fenced: then no manifest tells any more that it was. */
static bool may_be_fenced(const struct copy *copy)
{
    return copy->inactive || (copy->remembered.fenced && copy_is_repeatable(copy));
}

static bool is_other_that_runs(const struct copy *copy)
{
    return !copy->survivor && !copy->inactive;
}

/* A survivor that does not run; and one that is to run alone from now on, once for a decision. */
static bool needs_activation(const struct copy *copy)
{
    if (may_be_fenced(copy))
        return SWITCH(ACTIVATE_FENCED);
    return count_of(copy->component, is_other_that_runs) > 0 && copy_is_repeatable(copy)
           && !(copy->remembered.activated && SWITCH(ACTIVATE_ONCE));
}

/* True: it has to be done before anything else is. */
static bool wants(struct copy *copy, enum action action)
{
    copy->wants[action] = true;
    return copy->outcomes[action] == OUTCOME_PENDING;
}

static bool could_not_be_activated(const struct copy *copy)
{
    return has_failed(copy, ACTIVATE_COPY);
}

/* Who has given a copy up does not mind if it cannot be saved. */
static bool could_not_be_rescued(const struct copy *copy)
{
    return has_failed(copy, RESCUE_COPY) && !copy->remembered.accepted;
}

/* Several copies stay, in dispute. Those that run do so; those that were fenced before stay fenced, unless
 * none runs: then one that is to live is left to Disnix. */
static void keep_all(struct component *component, const char *reason)
{
    const bool any_lives = count_of(component, copy_surely_lives) > 0;
    component->asks = true;
    component->settled = false;
    for (size_t i = 0; i < component->count; i++) {
        struct copy *copy = &component->copies[i];
        const bool stays = copy_lives(copy) || (!any_lives && copy->wants[ACTIVATE_COPY]);
        copy->verdict = stays ? COPY_KEPT : COPY_OUT;
        copy->disputed = !copy->survivor || !stays || copy->remembered.disputed;
        copy->waits = copy->disputed && !copy->remembered.disputed && first_survivor(component);
        copy->reason = copy->survivor ? component->reason : reason;
        copy->wants[RESCUE_COPY] = copy->wants[FENCE_COPY] = copy->wants[RESCUE_COPY_AGAIN] = false;
    }
}

/* True: all survivors run. */
static bool activate_survivors(struct component *component)
{
    bool waits = false;
    for (size_t i = 0; i < component->count; i++) {
        struct copy *copy = &component->copies[i];
        if (copy->survivor && needs_activation(copy))
            waits = wants(copy, ACTIVATE_COPY) || waits;
    }
    if (!SWITCH(ACTIVATE_FIRST))
        return true;
    if (!waits && count_of(component, could_not_be_activated) > 0) {
        keep_all(component, "the copy that is to live could not be activated");
        return false;
    }
    return !waits;
}

/* True: all others that run are rescued. */
static bool rescue_others(struct component *component)
{
    bool waits = false;
    for (size_t i = 0; SWITCH(RESCUE) && i < component->count; i++)
        if (is_other_that_runs(&component->copies[i]))
            waits = wants(&component->copies[i], RESCUE_COPY) || waits;
    if (!waits && count_of(component, could_not_be_rescued) > 0) {
        keep_all(component, "no snapshot of it could be taken, so that it is not fenced");
        return false;
    }
    return !waits;
}

/* Of one that was fenced, and of which nothing is remembered, nobody knows whether it was rescued after
 * that. */
static void fence_others(struct component *component)
{
    for (size_t i = 0; i < component->count; i++) {
        struct copy *copy = &component->copies[i];
        bool fenced = copy->inactive && (copy->remembered.owed || !copy->remembered.known);
        if (is_other_that_runs(copy) && SWITCH(FENCE))
            fenced = !wants(copy, FENCE_COPY) && !has_failed(copy, FENCE_COPY);
        if (fenced && SWITCH(SECOND_RESCUE))
            wants(copy, RESCUE_COPY_AGAIN);
        component->settled = component->settled && !has_failed(copy, FENCE_COPY);
    }
}

static bool is_settled_by_word(const struct copy *copy)
{
    return copy->remembered.preferred || (copy->survivor && copy->component->line == SOMEBODY_SAYS);
}

/* Whether the only copy that is to live is older than what the coordinator has. */

static size_t count_other_places(const struct copy *copy)
{
    size_t count = 0;
    for (size_t i = 0; i < copy->component->place_count; i++)
        count += i != copy->place && copy->component->places[i].previous;
    return count;
}

/* Why it is not shown that the coordinator has newer state than this. NULL: it is. */
static const char *why_not_older(struct copy *copy, const struct judgement *judgement)
{
    const bool lasts = copy->remembered.disputed && SWITCH(LASTING_DISPUTE);
    if (copy->remembered.accepted && !copy->remembered.preferred)
        return copy_lacks_newest(copy) ? NULL
                                       : "somebody has given it up, but the coordinator has no other one";
    if (lasts)
        return copy->remembered.why;
    const bool elsewhere = count_other_places(copy) > 0, here = copy->component->places[copy->place].previous;
    if (!SWITCH(OLDER) || copy->remembered.preferred || !judgement->previous || (elsewhere && here))
        return "nobody else has moved it";
    if (copy->remembered.older && copy->component->coordinator.count > 0)
        return copy->remembered.untold ? why_not_newer(copy) : NULL;
    if (copy->service_left_out || elsewhere)
        return why_not_superseded(copy, judgement, &copy->by);
    if (!copy->away && !copy->captured->away_known)
        return "its target was not away";
    copy->regressed = true;
    return why_not_regressed(copy, judgement);
}

static void be_older(struct copy *copy)
{
    copy->verdict = COPY_OLDER;
    copy->reason = copy->remembered.accepted ? "somebody has given it up, and the coordinator has newer state"
                   : copy->regressed         ? "an older disk: the coordinator has a newer snapshot"
                   : copy->by ? "moved while the target was away; the coordinator has a newer snapshot"
                              : "the coordinator has a newer snapshot";
    if (wants(copy, RESCUE_COPY))
        return;
    if (could_not_be_rescued(copy)) {
        copy->verdict = COPY_KEPT;
        copy->disputed = copy->waits = copy->stale = true;
        copy->reason = "the coordinator has a newer snapshot, but this one could not be saved";
    }
}

static bool is_survivor(const struct copy *copy)
{
    return copy->survivor;
}

/* What the coordinator has newer is from one in dispute: then nobody knows whether it is newer. */
static bool is_disputed_and_newest(const struct copy *copy)
{
    return copy->disputed && copy_has_newest_of(copy, &copy->component->coordinator);
}

/* The one that was chosen by where it belongs may be as old as one that is alone. A word chooses what is
 * there. */
static void judge_survivor(struct component *component, const struct judgement *judgement)
{
    const bool by_place = component->line == THE_HOMES || component->line == DEPLOYED_LAST;
    struct copy *only = NULL;
    for (size_t i = 0; i < component->count; i++)
        if (component->copies[i].survivor)
            only = &component->copies[i];
    if (SWITCH(OLDER_SURVIVOR) && by_place && count_of(component, is_survivor) == 1
        && count_of(component, is_disputed_and_newest) == 0 && !why_not_older(only, judgement))
        be_older(only);
}

static void carry_out(struct component *component, const struct judgement *judgement)
{
    component->settled = true;
    for (size_t i = 0; i < component->count; i++) {
        struct copy *copy = &component->copies[i];
        copy->verdict = copy->survivor ? COPY_KEPT : COPY_OUT;
        copy->reason = component->reason;
        copy->disputed = copy->remembered.disputed && !is_settled_by_word(copy);
    }
    if (activate_survivors(component) && rescue_others(component))
        fence_others(component);
    for (size_t i = 0; !component->asks && i < component->count; i++)
        if (!component->copies[i].survivor)
            component->copies[i].disputed = !is_given_up(&component->copies[i], judgement);
    if (!component->asks)
        judge_survivor(component, judgement);
}

static bool is_first(const struct copy *copy)
{
    return copy == copy->component->copies;
}

static bool is_none(const struct copy *copy)
{
    (void)copy;
    return false;
}

static bool is_in_doubt(const struct copy *copy)
{
    return copy->remembered.fenced && !copy->inactive;
}

/* Where none runs for sure, somebody has to: one that may, or any one. */
static void ask(struct component *component)
{
    struct copy *one = component->copies;
    for (size_t i = component->count; i-- > 0;)
        if (is_in_doubt(&component->copies[i]))
            one = &component->copies[i];
    choose(component, is_none);
    if (count_of(component, copy_surely_lives) == 0 || one->outcomes[ACTIVATE_COPY] != OUTCOME_PENDING)
        wants(one, ACTIVATE_COPY);
    keep_all(component, component->reason);
}

/* Nothing is known against it; but what does not run, while somebody else may, goes on so. */
static void stay(struct copy *copy, bool somebody_else, const char *reason)
{
    const bool out = copy->inactive && somebody_else;
    copy->verdict = out ? COPY_OUT : COPY_KEPT;
    copy->disputed = copy->remembered.disputed || (out && !copy->remembered.superseded);
    copy->reason = reason;
}

static void choose_among(struct component *component, const struct judgement *judgement)
{
    const struct line *line = line_of(component);
    component->line = line->name;
    component->reason = line->reason;
    switch (line->fate) {
    case CHOSEN: carry_out(component, judgement); break;
    case ASKED:
        if (SWITCH(ASK))
            ask(component);
        else if (choose(component, is_first))
            carry_out(component, judgement);
        break;
    default:
        for (size_t i = 0; i < component->count; i++) {
            stay(&component->copies[i], component->unasked, line->reason);
            if (!component->unasked)
                component->copies[i].disputed = false;
        }
    }
}

/* One copy: it lives, or nobody does. */

static void live_alone(struct copy *copy, const struct judgement *judgement)
{
    copy->component->line = ALONE;
    const char *why = why_not_older(copy, judgement);
    if (why && SWITCH(UNASKED) && copy->component->unasked) {
        stay(copy, true, "a target that has it too cannot be asked");
        return;
    }
    copy->disputed = copy->remembered.disputed && !is_settled_by_word(copy) && !copy->remembered.accepted;
    copy->component->settled = copy->remembered.preferred;
    copy->reason = why && !copy->remembered.disputed
                       ? told(judgement,
                              "it is the only copy that answers, and not shown to be "
                              "old: ",
                              why, "")
                       : why;
    copy->untold = why == snapshots_untold && SWITCH(UNTOLD);
    if (copy->untold)
        copy->disputed = copy->waits = true;
    if (!why)
        be_older(copy);
    if (may_be_fenced(copy) && SWITCH(ACTIVATE_FENCED)
        && (copy->verdict == COPY_KEPT || !wants(copy, RESCUE_COPY)))
        wants(copy, ACTIVATE_COPY);
}

static void reset(struct component *component)
{
    component->line = ANY_LINE;
    component->reason = NULL;
    component->asks = component->settled = false;
    for (size_t i = 0; i < component->count; i++) {
        struct copy *copy = &component->copies[i];
        copy->verdict = COPY_KEPT;
        copy->survivor = copy->disputed = copy->waits = copy->regressed = copy->stale = false;
        copy->untold = false;
        copy->reason = copy->by = NULL;
        memset(copy->wants, 0, sizeof copy->wants);
    }
}

/* A word on a target is one on each of its components that several targets have where they do not belong. */
static void take_words(struct component *component)
{
    const struct copy *preferred = NULL;
    size_t count = 0;
    bool belong = all_belong_there(component);
    for (size_t i = 0; !belong && i < component->count; i++) {
        struct copy *copy = &component->copies[i];
        copy->remembered.accepted = copy->remembered.accepted || copy->captured->accepted;
        if (copy->captured->preferred) {
            preferred = copy;
            count++;
        }
    }
    if (count == 1)
        ((struct copy *)preferred)->remembered.preferred = true;
}

int survivors_choose(struct copies *copies, const struct judgement *judgement)
{
    const bool keeps = judgement->options->superseded == SUPERSEDED_KEEP || !SWITCH(SUPERSEDED);
    for (size_t i = 0; i < copies->component_count; i++) {
        struct component *component = &copies->components[i];
        reset(component);
        for (size_t j = 0; keeps && j < component->count; j++)
            stay(&component->copies[j], false, "copies are kept, as asked");
        if (keeps)
            continue;
        if (component->count > 1) {
            take_words(component);
            choose_among(component, judgement);
        } else {
            live_alone(component->copies, judgement);
        }
    }
    for (size_t i = 0; i < copies->count; i++)
        if (!copies->items[i].reason)
            return -1;
    return 0;
}
