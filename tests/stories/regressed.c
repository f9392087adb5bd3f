/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A machine comes back alone, with another disk than it had.
 */
#include "story.h"

/* a has been written to and snapshotted twice; its disk is put back to after the first time. */
struct older {
    written old, newest;
    struct simulated_machine *disk;
};

static struct older grows_old(struct story *story)
{
    struct older older = { .old = writes(story, story->a) };
    takes_snapshots(story);
    older.disk = simulated_disk(story->a);
    older.newest = writes(story, story->a);
    waits(story, 60);
    takes_snapshots(story);
    simulated_host_look(&story->host);
    return older;
}

static void returns_old(struct story *story, struct older *older)
{
    simulated_put_disk(story->a, older->disk);
    simulated_machine_free(older->disk);
    simulated_return(story->a);
}

static void a_disk_from_earlier(struct story *story)
{
    struct older older = grows_old(story);
    simulated_vanish(story->a);
    cycle(story, SIMULATED_DEPLOYED);
    returns_old(story, &older);
    written other = writes(story, story->a);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "regressed", "a");
    because(story, "regressed", "an older disk: the coordinator has a newer snapshot");
    reported(story, "rescued", "a");
    live_on(story, story->a, older.newest);
    snapshotted_on(story, story->a, other);
}

/* It was silent only, and nothing was deployed meanwhile. A second reconstruction says what the first said.
 */
static void a_disk_from_earlier_after_a_silence(struct story *story)
{
    struct older older = grows_old(story);
    simulated_vanish(story->a);
    simulated_host_look(&story->host);
    returns_old(story, &older);
    written other = writes(story, story->a);
    reconstructs(story);
    reported(story, "regressed", "a");
    reconstructs(story);
    reported(story, "regressed", "a");
    deploys(story, SIMULATED_DEPLOYED);
    live_on(story, story->a, older.newest);
    snapshotted_on(story, story->a, other);
}

static void no_snapshots_at_all(struct story *story)
{
    writes(story, story->a);
    struct older older = { .old = database(story, story->a), .disk = simulated_disk(story->a) };
    simulated_host_look(&story->host);
    simulated_vanish(story->a);
    cycle(story, SIMULATED_DEPLOYED);
    returns_old(story, &older);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "regressed", "");
    live_on(story, story->a, older.old);
}

/* The snapshots that the coordinator has are of somebody else's. */
static void the_coordinator_has_other_snapshots(struct story *story)
{
    written newest = writes(story, story->a);
    takes_snapshots(story);
    simulated_host_look(&story->host);
    simulated_files_remove(&story->network->files, "/var/state/dysnomia");
    simulation_keep(story->network, "mysql", "db-1.0", NULL);
    simulated_vanish(story->a);
    simulated_host_look(&story->host);
    simulated_return(story->a);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "regressed", "");
    live_on(story, story->a, newest);
}

static void another_component_name(struct story *story)
{
    written old = writes(story, story->a);
    takes_snapshots(story);
    simulated_host_look(&story->host);
    simulated_vanish(story->a);
    story->services[0].package = "db-2.0";
    place(story, "db", "b");
    cycle(story, SIMULATED_DEPLOYED);
    written newer = writes(story, story->b);
    simulated_return(story->a);
    story->services[0].package = "db-1.0";
    written more = writes(story, story->a);
    story->services[0].package = "db-2.0";
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "regressed", "");
    reported(story, "superseded", "");
    reported(story, "conflicts", "");
    reported(story, "held", "");
    live_on(story, story->b, newer);
    active(story, story->a, "db-1.0", false);
    at_coordinator(story, more);
    (void)old;
}

/* The coordinator's newest is restored only if all is known. */
static void stays_as_it_is(struct story *story, struct older *older)
{
    returns_old(story, older);
    written other = writes(story, story->a);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "regressed", "");
    live_on(story, story->a, other);
}

/* What is overwritten on the dead disk is at the coordinator. */
static void an_older_disk_whose_snapshot_is_too_old(struct story *story)
{
    struct older older = grows_old(story);
    waits(story, 3601);
    simulated_vanish(story->a);
    simulated_host_look(&story->host);
    stays_as_it_is(story, &older);
}

static void an_older_disk_whose_name_is_not_the_key(struct story *story)
{
    struct older older = grows_old(story);
    simulated_vanish(story->a);
    simulated_host_look(&story->host);
    story->a->key = "10.0.0.1";
    stays_as_it_is(story, &older);
}

/* b is dead, and the machine that was a gets its name. What it holds was superseded by b, and is fenced. */
static void renamed_to_the_one_that_died(struct story *story)
{
    written saved = writes(story, story->a);
    takes_snapshots(story);
    simulated_host_look(&story->host);
    simulated_vanish(story->a);
    place(story, "db", "b");
    cycle(story, SIMULATED_DEPLOYED);
    writes(story, story->b);
    takes_snapshots(story);
    simulated_return(story->a);
    reconstructs(story);
    reported(story, "superseded", "a");
    simulated_vanish(story->b);
    story->b->key = "dead";
    story->a->name = story->a->key = "b";
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "regressed", "");
    live_on(story, story->a, saved);
}

/* d had it once. a, whose disk is an older one, becomes d: what is known of d says nothing of a. */
static void an_older_disk_of_a_machine_that_is_renamed(struct story *story)
{
    simulation_add(story->network, "d");
    place(story, "db", "d");
    cycle(story, SIMULATED_DEPLOYED);
    struct simulated_machine *d = simulation_machine(story->network, "d");
    writes(story, d);
    takes_snapshots(story);
    simulated_host_look(&story->host);
    simulated_vanish(d);
    place(story, "db", "a");
    cycle(story, SIMULATED_DEPLOYED);
    struct older older = grows_old(story);
    simulated_vanish(story->a);
    simulated_host_look(&story->host);
    returns_old(story, &older);
    reconstructs(story);
    reported(story, "regressed", "a");
    d->key = "dead";
    story->a->name = story->a->key = "d";
    place(story, "db", "d");
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "regressed", "");
    live_on(story, story->a, older.old);
}

static void the_rescue_of_an_older_disk_fails(struct story *story)
{
    struct older older = grows_old(story);
    simulated_vanish(story->a);
    simulated_host_look(&story->host);
    returns_old(story, &older);
    written other = writes(story, story->a);
    simulated_break(story->a, "--snapshot", SIMULATED_FAILS, 1);
    reconstructs(story);
    reported(story, "regressed", "");
    reported(story, "conflicts", "a");
    because(story, "conflicts", "an older disk, but no snapshot of it could be taken");
    deploys(story, SIMULATED_DEPLOYED);
    live_on(story, story->a, other);
}

const struct story_case regressed_stories[] = {
    { "a disk from earlier", a_disk_from_earlier, true },
    { "a disk from earlier after a silence", a_disk_from_earlier_after_a_silence, true },
    { "no snapshots at all", no_snapshots_at_all, true },
    { "the coordinator has other snapshots", the_coordinator_has_other_snapshots, true },
    { "another component name", another_component_name, true },
    { "an older disk whose snapshot is too old", an_older_disk_whose_snapshot_is_too_old, true },
    { "an older disk whose name is not the key", an_older_disk_whose_name_is_not_the_key, true },
    { "renamed to the one that died", renamed_to_the_one_that_died, true },
    { "an older disk of a machine that is renamed", an_older_disk_of_a_machine_that_is_renamed, true },
    { "the rescue of an older disk fails", the_rescue_of_an_older_disk_fails, true },
    { 0 },
};
