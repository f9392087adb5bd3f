/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A machine comes back, and nobody can tell whose state is the newest: nothing is overwritten.
 */
#include "story.h"

#include <string.h>

static void never_snapshotted(struct story *story)
{
    writes(story, story->a);
    simulated_host_look(&story->host);
    simulated_vanish(story->a);
    place(story, "db", "b");
    cycle(story, SIMULATED_DEPLOYED);
    writes(story, story->b);
    simulated_return(story->a);
    nothing_is_overwritten(story, story->a, story->b, "no snapshot of it on the target is known of");
}

/* db on b since a went away, when its last snapshot was so old. */
static void moves_after(struct story *story, int64_t seconds)
{
    writes(story, story->a);
    takes_snapshots(story);
    waits(story, seconds);
    writes(story, story->a);
    simulated_host_look(&story->host);
    simulated_vanish(story->a);
    place(story, "db", "b");
    cycle(story, SIMULATED_DEPLOYED);
    writes(story, story->b);
}

static void the_last_snapshot_is_too_old(struct story *story)
{
    moves_after(story, 3601);
    simulated_return(story->a);
    nothing_is_overwritten(story, story->a, story->b, "too long before the target was missed");
}

static void the_last_snapshot_is_just_not_too_old(struct story *story)
{
    moves_after(story, 3600);
    written newest = database(story, story->b);
    simulated_return(story->a);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "superseded", "a");
    live_on(story, story->b, newest);
}

/* It was seen just after its last snapshot, and then nobody looked for three days. */
static void the_host_was_down_itself(struct story *story)
{
    writes(story, story->a);
    takes_snapshots(story);
    simulated_host_look(&story->host);
    waits(story, 3 * 24 * 3600);
    writes(story, story->a);
    simulated_vanish(story->a);
    simulated_host_restart(&story->host);
    place(story, "db", "b");
    cycle(story, SIMULATED_DEPLOYED);
    writes(story, story->b);
    simulated_return(story->a);
    nothing_is_overwritten(story, story->a, story->b, "too long before the target was missed");
}

/* An older host did not write down when it first missed a target. */
static void an_older_host_remembered_less(struct story *story)
{
    moves(story);
    json_t *target = json_object_get(json_object_get(story->host.state.root, "targets"), "a");
    json_object_del(target, "missed");
    simulated_return(story->a);
    nothing_is_overwritten(story, story->a, story->b, "it is not known when the target went away");
}

static void a_clock_was_wrong(struct story *story)
{
    moves(story);
    json_t *target = json_object_get(json_object_get(story->host.state.root, "targets"), "a");
    json_object_set_new(target, "missed", json_integer(1000));
    simulated_return(story->a);
    nothing_is_overwritten(story, story->a, story->b, "a clock was wrong");
}

/* The second home is silent, and the coordinator has only what a itself had. */
static void the_second_home_is_silent(struct story *story)
{
    struct moved moved = moves(story);
    simulated_return(story->a);
    story->b->up = false;
    reconstructs(story);
    reported(story, "superseded", "");
    place(story, "db", "a");
    if (!story->host.options.hold) {
        reported(story, "conflicts", "ab");
        because(story, "conflicts", "nothing shows that the state there descends");
        deploys(story, SIMULATED_STOPPED);
        live_too(story, story->a, moved.unsaved);
    } else {
        reported(story, "held", "a");
        because(story, "held", "nothing shows that the state there descends");
    }
    story->b->up = true;
    place(story, "db", "b");
    reconstructs(story);
    live_too(story, story->b, moved.newer);
    snapshotted_on(story, story->a, moved.unsaved);
    deploys(story, story->host.options.hold ? SIMULATED_DEPLOYED : SIMULATED_STOPPED);
    live_too(story, story->b, moved.newer);
    active(story, story->a, "db-1.0", !story->host.options.hold);
}

/* The coordinator's snapshots were lost before the move, so the second home began with nothing. */
static void the_snapshots_of_the_coordinator_were_lost(struct story *story)
{
    writes(story, story->a);
    takes_snapshots(story);
    simulated_host_look(&story->host);
    simulated_files_remove(&story->network->files, "/var/state/dysnomia");
    simulated_vanish(story->a);
    place(story, "db", "b");
    cycle(story, SIMULATED_DEPLOYED);
    live_on(story, story->b, NULL);
    writes(story, story->b);
    takes_snapshots(story);
    simulated_return(story->a);
    nothing_is_overwritten(story, story->a, story->b, "nothing shows that the state there descends");
}

/* The same, but the second home had been the first one once, and began with what it had then. */
static void the_second_home_began_with_old_state(struct story *story)
{
    place(story, "db", "b");
    cycle(story, SIMULATED_DEPLOYED);
    written old = writes(story, story->b);
    place(story, "db", "a");
    cycle(story, SIMULATED_DEPLOYED);
    writes(story, story->a);
    takes_snapshots(story);
    simulated_host_look(&story->host);
    simulated_files_remove(&story->network->files, "/var/state/dysnomia");
    simulated_vanish(story->a);
    place(story, "db", "b");
    cycle(story, SIMULATED_DEPLOYED);
    live_on(story, story->b, old);
    takes_snapshots(story);
    writes(story, story->b);
    simulated_return(story->a);
    nothing_is_overwritten(story, story->a, story->b, "nothing shows that the state there descends");
}

/* a has db again, by somebody else's hand, with what it had before and more. */
static void somebody_deploys_to_a(struct story *story)
{
    const struct simulated_place there[] = { { "db", "a" } };
    const struct simulated_system system = { story->services, story->service_count, there, 1 };
    simulated_return(story->a);
    struct simulated_host other;
    struct simulated_files files = story->network->files;
    story->network->files = (struct simulated_files){ 0 }; /* of another coordinator */
    story->b->listed = story->c->listed = false;
    simulated_host_init(&other, story->network);
    simulated_host_look(&other);
    simulated_host_deploy(&other, &system);
    simulated_host_clear(&other);
    story->b->listed = story->c->listed = true;
    simulated_files_clear(&story->network->files);
    story->network->files = files;
    writes(story, story->a);
}

/* db moves to b while a is there, and is snapshotted on both. Then a is away for a moment. */
static void moves_in_peace(struct story *story)
{
    writes(story, story->a);
    takes_snapshots(story);
    place(story, "db", "b");
    cycle(story, SIMULATED_DEPLOYED);
    writes(story, story->b);
    takes_snapshots(story);
    waits(story, 60);
    simulated_vanish(story->a);
}

static void another_coordinator_moved_it(struct story *story)
{
    moves_in_peace(story);
    simulated_host_look(&story->host);
    somebody_deploys_to_a(story);
    nothing_is_overwritten(story, story->a, story->b, "the target was deployed to since");
}

/* And the system was deployed without a meanwhile. */
static void another_coordinator_moved_it_while_away(struct story *story)
{
    moves_in_peace(story);
    cycle(story, SIMULATED_DEPLOYED);
    somebody_deploys_to_a(story);
    nothing_is_overwritten(story, story->a, story->b, "the target was deployed to since");
}

static void the_machine_is_renamed(struct story *story)
{
    writes(story, story->a);
    takes_snapshots(story);
    written newest = writes(story, story->a);
    story->a->name = story->a->key = "d";
    place(story, "db", "d");
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "superseded", "");
    reported(story, "conflicts", "");
    live_on(story, story->a, newest);
}

static void renamed_while_the_other_is_there(struct story *story)
{
    moves(story);
    simulated_return(story->a);
    story->a->name = story->a->key = "d";
    nothing_is_overwritten(story, story->a, story->b, "the target was deployed to since");
}

/* Both began with the same, so that one has a snapshot of the other. */
static void replicas_by_design(struct story *story)
{
    place(story, "db", "ab");
    cycle(story, SIMULATED_DEPLOYED);
    takes_snapshots(story);
    simulated_host_look(&story->host);
    simulated_vanish(story->a);
    place(story, "db", "b");
    cycle(story, SIMULATED_DEPLOYED);
    writes(story, story->b);
    simulated_return(story->a);
    nothing_is_overwritten(story, story->a, story->b, "it is replicated");
}

static void replicas_that_were_always_there(struct story *story)
{
    place(story, "db", "ab");
    cycle(story, SIMULATED_DEPLOYED);
    written here = writes(story, story->a), there = writes(story, story->b);
    takes_snapshots(story);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "conflicts", "");
    reported(story, "held", "");
    reported(story, "rescued", "");
    live_too(story, story->a, here);
    live_too(story, story->b, there);
}

static void a_name_is_not_the_key(struct story *story)
{
    moves(story);
    simulated_return(story->a);
    story->a->key = "10.0.0.1";
    nothing_is_overwritten(story, story->a, story->b, "the target's name is not its connection key");
}

static void the_name_of_the_home_is_not_its_key(struct story *story)
{
    moves(story);
    simulated_return(story->a);
    story->b->key = "10.0.0.2";
    nothing_is_overwritten(story, story->a, story->b, "the home's name is not its connection key");
}

/* A deployment after which the coordinator died before it noted that. */
static void deploys_unnoted(struct story *story)
{
    const char *before = simulation_coordinator(story->network);
    json_t *remembered = json_deep_copy(story->host.state.root);
    deploys(story, SIMULATED_DEPLOYED);
    json_decref(story->host.state.root);
    story->host.state.root = remembered;
    simulation_set_coordinator(story->network, before);
}

/* db went from a to b. */
static void only_the_profiles_of_targets_were_set(struct story *story)
{
    writes(story, story->a);
    place(story, "db", "b");
    deploys_unnoted(story);
    written newest = writes(story, story->b);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "superseded", "");
    live_on(story, story->b, newest);
}

/* The same, and the first machine comes back after that: what was deployed last, b has, but nobody noted it.
 */
static void only_the_profiles_were_set_and_the_first_returns(struct story *story)
{
    place(story, "db", "b");
    cycle(story, SIMULATED_DEPLOYED);
    writes(story, story->b);
    takes_snapshots(story);
    simulated_vanish(story->b);
    place(story, "db", "a");
    cycle(story, SIMULATED_DEPLOYED);
    written noted = writes(story, story->a);
    takes_snapshots(story);
    simulated_vanish(story->a);
    simulated_return(story->b);
    place(story, "db", "b");
    reconstructs(story);
    deploys_unnoted(story);
    live_on(story, story->b, noted);
    writes(story, story->b);
    simulated_return(story->a);
    written here = database(story, story->a), there = database(story, story->b);
    cycle(story, story->host.options.hold ? SIMULATED_DEPLOYED : SIMULATED_STOPPED);
    reported(story, "superseded", "");
    snapshotted_on(story, story->a, here);
    snapshotted_on(story, story->b, there);
}

static void the_state_directory_is_lost(struct story *story)
{
    moves(story);
    simulated_files_remove(&story->network->files, "/coordinator/state");
    simulated_host_restart(&story->host);
    simulated_return(story->a);
    nothing_is_overwritten(story, story->a, story->b, "it is not known when the target went away");
}

/* Nothing is held where nobody knows what was deployed. */
static void the_previous_manifest_is_missing(struct story *story)
{
    struct moved moved = moves(story);
    simulated_files_remove(&story->network->files, SIMULATED_PROFILES);
    simulated_return(story->a);
    reconstructs(story);
    reported(story, "conflicts", "ab");
    reported(story, "held", "");
    because(story, "conflicts", "there is no previous manifest");
    place(story, "db", "b");
    deploys(story, SIMULATED_STOPPED);
    live_too(story, story->a, moved.unsaved);
    live_too(story, story->b, moved.newer);
    snapshotted_on(story, story->a, moved.unsaved);
    snapshotted_on(story, story->b, moved.newer);
}

static void the_rescue_fails(struct story *story)
{
    struct moved moved = moves(story);
    simulated_return(story->a);
    simulated_break(story->a, "--snapshot", SIMULATED_FAILS, 1);
    reconstructs(story);
    reported(story, "superseded", "");
    if (!story->host.options.hold) {
        reported(story, "conflicts", "ab");
        because(story, "conflicts", "no snapshot of it could be taken");
        deploys(story, SIMULATED_STOPPED);
        live_too(story, story->a, moved.unsaved);
    } else {
        reported(story, "held", "a");
        because(story, "held", "no snapshot of it could be taken");
        deploys(story, SIMULATED_DEPLOYED);
        active(story, story->a, "db-1.0", false);
    }
    live_too(story, story->b, moved.newer);
}

/* A rescue stays on its target. It tells nothing of what has come to another one. */
static void a_rescue_reaches_nobody(struct story *story)
{
    struct moved moved = moves(story);
    written unknown = moved.newer;
    waits(story, 2 * 3600);
    simulated_break(story->a, "--snapshot", SIMULATED_FAILS, 1);
    story->host.options.hold = false;
    simulated_return(story->a);
    reconstructs(story);
    reported(story, "rescued", "b"); /* and so the host notes a snapshot of b */
    simulated_host_look(&story->host);
    simulated_vanish(story->b);
    simulated_vanish(story->a);
    place(story, "db", "c");
    cycle(story, SIMULATED_DEPLOYED);
    live_on(story, story->c, moved.saved);
    simulated_return(story->b);
    story->host.options.hold = true;
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "superseded", "");
    reported(story, "held", "b");
    snapshotted_on(story, story->b, unknown);
}

#define BOTH(name, function) \
    { name, function, false }, \
    { \
        name ", held", function, true \
    }

const struct story_case kept_stories[] = {
    BOTH("never snapshotted", never_snapshotted),
    BOTH("the last snapshot is too old", the_last_snapshot_is_too_old),
    { "the last snapshot is just not too old", the_last_snapshot_is_just_not_too_old, false },
    BOTH("the host was down itself", the_host_was_down_itself),
    BOTH("an older host remembered less", an_older_host_remembered_less),
    BOTH("a clock was wrong", a_clock_was_wrong),
    BOTH("the second home is silent and the coordinator has nothing newer", the_second_home_is_silent),
    BOTH("the coordinator's snapshots were lost", the_snapshots_of_the_coordinator_were_lost),
    BOTH("the second home began with old state", the_second_home_began_with_old_state),
    BOTH("another coordinator moved it", another_coordinator_moved_it),
    BOTH("another coordinator moved it while away", another_coordinator_moved_it_while_away),
    BOTH("the machine is renamed", the_machine_is_renamed),
    BOTH("renamed while the other is there", renamed_while_the_other_is_there),
    BOTH("replicas by design", replicas_by_design),
    BOTH("replicas that were always there", replicas_that_were_always_there),
    BOTH("a name is not the key", a_name_is_not_the_key),
    BOTH("the name of the home is not its key", the_name_of_the_home_is_not_its_key),
    BOTH("only the profiles of targets were set", only_the_profiles_of_targets_were_set),
    BOTH("only the profiles were set and the first returns",
         only_the_profiles_were_set_and_the_first_returns),
    BOTH("the state directory is lost", the_state_directory_is_lost),
    BOTH("the previous manifest is missing", the_previous_manifest_is_missing),
    BOTH("the rescue fails", the_rescue_fails),
    { "a rescue reaches nobody", a_rescue_reaches_nobody, true },
    { 0 },
};
