/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A machine is held, and somebody decides.
 */
#include "story.h"

/* db was on a and never snapshotted; it began anew on b. a is back and is held. The web server is on both. */
struct held {
    written here, there;
};

static struct held is_held(struct story *story)
{
    struct held held;
    place(story, "web", "ab");
    cycle(story, SIMULATED_DEPLOYED);
    held.here = writes(story, story->a);
    simulated_host_look(&story->host);
    simulated_vanish(story->a);
    place(story, "db", "b");
    cycle(story, SIMULATED_DEPLOYED);
    held.there = writes(story, story->b);
    simulated_return(story->a);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "held", "a");
    held_fenced(story, true);
    reported(story, "rescued", "ab");
    live_on(story, story->b, held.there);
    active(story, story->a, "web-1.0", false);
    active(story, story->b, "web-1.0", true);
    snapshotted_on(story, story->a, held.here);
    return held;
}

static void held_then_accepted(struct story *story)
{
    struct held held = is_held(story);
    simulated_host_accept(&story->host, "a");
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "superseded", "a");
    because(story, "superseded", "somebody has given it up");
    reported(story, "held", "");
    live_on(story, story->b, held.there);
    active(story, story->a, "web-1.0", true);
    snapshotted_on(story, story->a, held.here);
    place(story, "db", "a");
    cycle(story, SIMULATED_DEPLOYED);
    live_on(story, story->a, held.there);
}

static void held_then_preferred(struct story *story)
{
    struct held held = is_held(story);
    simulated_host_prefer(&story->host, "a");
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "superseded", "b");
    because(story, "superseded", "somebody prefers the copy on target a");
    live_on(story, story->b, held.here);
    active(story, story->a, "web-1.0", true);
    snapshotted_on(story, story->b, held.there);
    at_coordinator(story, held.here);
}

static void held_then_preferred_and_placed_there(struct story *story)
{
    struct held held = is_held(story);
    simulated_host_prefer(&story->host, "a");
    place(story, "db", "a");
    cycle(story, SIMULATED_DEPLOYED);
    live_on(story, story->a, held.here);
    snapshotted_on(story, story->b, held.there);
}

/* What somebody has decided stays until it is deployed. */
static void accepted_and_reconstructed_twice(struct story *story)
{
    struct held held = is_held(story);
    simulated_host_accept(&story->host, "a");
    reconstructs(story);
    reconstructs(story);
    reported(story, "superseded", "a");
    place(story, "db", "a");
    deploys(story, SIMULATED_DEPLOYED);
    live_on(story, story->a, held.there);
    active(story, story->a, "web-1.0", true);
}

static void preferred_and_reconstructed_twice(struct story *story)
{
    struct held held = is_held(story);
    simulated_host_prefer(&story->host, "a");
    reconstructs(story);
    reconstructs(story);
    reported(story, "superseded", "b");
    deploys(story, SIMULATED_DEPLOYED);
    live_on(story, story->b, held.here);
    active(story, story->a, "web-1.0", true);
}

/* A held one that goes away and comes back is held again: nothing more is known of what it had. */
static void held_and_away_again(struct story *story)
{
    struct held held = is_held(story);
    simulated_vanish(story->a);
    cycle(story, SIMULATED_DEPLOYED);
    simulated_return(story->a);
    story->a->held = false;
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "held", "a");
    live_on(story, story->b, held.there);
}

static void held_though_a_fence_fails(struct story *story)
{
    writes(story, story->a);
    simulated_host_look(&story->host);
    simulated_vanish(story->a);
    place(story, "db", "b");
    cycle(story, SIMULATED_DEPLOYED);
    writes(story, story->b);
    simulated_return(story->a);
    simulated_break(story->a, "--deactivate", SIMULATED_FAILS, 1);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "held", "a");
    says(story, "[target: a]: fencing service db failed");
    says(story, "not all of its services are fenced");
    held_fenced(story, false);
}

/* A web server is ended before the database that it depends on. */
static void dependents_are_fenced_first(struct story *story)
{
    is_held(story);
    says(story, "[target: a]: fencing service web in process\n[target: a]: fencing service db in mysql\n");
}

/* What does not come into the manifest is not fetched, and what cannot be fetched makes nothing of it. */
static void nothing_is_fetched_of_a_held_one(struct story *story)
{
    writes(story, story->a);
    simulated_host_look(&story->host);
    simulated_vanish(story->a);
    place(story, "db", "b");
    cycle(story, SIMULATED_DEPLOYED);
    written there = writes(story, story->b);
    simulated_paths_remove(&story->network->paths, story->a->profile);
    simulated_return(story->a);
    simulated_break(story->a, "--export", SIMULATED_FAILS, 1);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "held", "a");
    live_on(story, story->b, there);
}

/* Who keeps superseded state wants nothing to be held either. */
static void nothing_is_held_where_superseded_is_kept(struct story *story)
{
    struct moved moved = moves(story);
    simulated_return(story->a);
    story->host.options.superseded = SUPERSEDED_KEEP;
    cycle(story, SIMULATED_STOPPED);
    reported(story, "held", "");
    reported(story, "conflicts", "ab");
    live_too(story, story->a, moved.unsaved);
    live_too(story, story->b, moved.newer);
}

const struct story_case held_stories[] = {
    { "held, then accepted", held_then_accepted, true },
    { "held, then preferred", held_then_preferred, true },
    { "held, then preferred and placed there", held_then_preferred_and_placed_there, true },
    { "accepted and reconstructed twice", accepted_and_reconstructed_twice, true },
    { "preferred and reconstructed twice", preferred_and_reconstructed_twice, true },
    { "held and away again", held_and_away_again, true },
    { "held though a fence fails", held_though_a_fence_fails, true },
    { "dependents are fenced first", dependents_are_fenced_first, true },
    { "nothing is fetched of a held one", nothing_is_fetched_of_a_held_one, true },
    { "nothing is held where superseded is kept", nothing_is_held_where_superseded_is_kept, true },
    { 0 },
};
