/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A machine comes back, and the state has moved on.
 */
#include "story.h"

static void moved_once(struct story *story)
{
    struct moved moved = moves(story);
    simulated_return(story->a);
    reconstructs(story);
    reported(story, "superseded", "a");
    because(story, "superseded", "moved to target b while the target was away");
    reported(story, "rescued", "a");
    reported(story, "fenced", "a");
    snapshotted_on(story, story->a, moved.unsaved);
    live_on(story, story->b, moved.newer);
    deploys(story, SIMULATED_DEPLOYED);
    live_on(story, story->b, moved.newer);
    place(story, "db", "a");
    cycle(story, SIMULATED_DEPLOYED);
    live_on(story, story->a, moved.newer);
}

/* Also where it is placed at once on the machine that is back. */
static void moved_once_and_back(struct story *story)
{
    struct moved moved = moves(story);
    simulated_return(story->a);
    place(story, "db", "a");
    cycle(story, SIMULATED_DEPLOYED);
    live_on(story, story->a, moved.newer);
    snapshotted_on(story, story->a, moved.unsaved);
}

static written moved_twice(struct story *story)
{
    moves(story);
    takes_snapshots(story);
    simulated_vanish(story->b);
    place(story, "db", "c");
    cycle(story, SIMULATED_DEPLOYED);
    written newest = writes(story, story->c);
    takes_snapshots(story);
    return newest;
}

static void moved_twice_and_the_first_returns(struct story *story)
{
    written newest = moved_twice(story), old = database(story, story->a);
    simulated_return(story->a);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "superseded", "a");
    live_on(story, story->c, newest);
    snapshotted_on(story, story->a, old);
}

static void moved_twice_and_both_return(struct story *story)
{
    written newest = moved_twice(story);
    simulated_return(story->a);
    simulated_return(story->b);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "superseded", "ab");
    live_on(story, story->c, newest);
    place(story, "db", "a");
    cycle(story, SIMULATED_DEPLOYED);
    live_on(story, story->a, newest);
}

static void the_second_home_is_gone(struct story *story)
{
    struct moved moved = moves(story);
    takes_snapshots(story);
    destroy(story, story->b);
    simulated_return(story->a);
    place(story, "db", "a");
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "superseded", "a");
    live_on(story, story->a, moved.newer);
    snapshotted_on(story, story->a, moved.unsaved);
}

/* It answers, and has nothing any more. */
static void the_second_home_is_installed_anew(struct story *story)
{
    struct moved moved = moves(story);
    takes_snapshots(story);
    destroy(story, story->b);
    simulated_return(story->b);
    simulated_return(story->a);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "superseded", "a");
    live_on(story, story->b, moved.newer);
    snapshotted_on(story, story->a, moved.unsaved);
}

static void the_second_home_is_silent(struct story *story)
{
    struct moved moved = moves(story);
    takes_snapshots(story);
    story->b->up = false;
    simulated_return(story->a);
    reconstructs(story);
    reported(story, "superseded", "a");
    story->b->up = true;
    cycle(story, SIMULATED_DEPLOYED);
    live_on(story, story->b, moved.newer);
}

/* Another key, the same component. */
static void the_service_is_upgraded_meanwhile(struct story *story)
{
    struct moved moved = moves(story);
    story->services[0].type = "mysql-next";
    cycle(story, SIMULATED_DEPLOYED);
    simulated_return(story->a);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "superseded", "a");
    live_on(story, story->b, moved.newer);
    snapshotted_on(story, story->a, moved.unsaved);
}

static void the_provider_is_upgraded_meanwhile(struct story *story)
{
    struct simulated_service *provider = &story->services[story->service_count++];
    *provider = (struct simulated_service){
        .name = "mysql", .package = "mysql-5", .container = "process", .provides = "mysql"
    };
    place(story, "mysql", "ab");
    cycle(story, SIMULATED_DEPLOYED);
    struct moved moved = moves(story);
    provider->package = "mysql-8";
    story->host.settings.force_provider = true; /* the upgrade itself, which Disnix refuses */
    cycle(story, SIMULATED_DEPLOYED);
    story->host.settings.force_provider = false;
    simulated_return(story->a);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "superseded", "a");
    live_on(story, story->b, moved.newer);
    active(story, story->a, "mysql-5", false);
    active(story, story->a, "mysql-8", true);
    place(story, "db", "a");
    cycle(story, SIMULATED_DEPLOYED);
    live_on(story, story->a, moved.newer);
}

static void a_second_reconstruction(struct story *story)
{
    struct moved moved = moves(story);
    simulated_return(story->a);
    reconstructs(story);
    const char *first = simulation_coordinator(story->network);
    reconstructs(story);
    reported(story, "superseded", "a");
    reported(story, "rescued", "a");
    reported(story, "fenced", "a");
    is_manifest(story, first);
    place(story, "db", "a");
    deploys(story, SIMULATED_DEPLOYED);
    live_on(story, story->a, moved.newer);
    snapshotted_on(story, story->a, moved.unsaved);
}

static void a_third_reconstruction_after_the_second_home_died(struct story *story)
{
    struct moved moved = moves(story);
    takes_snapshots(story);
    simulated_return(story->a);
    reconstructs(story);
    reconstructs(story);
    destroy(story, story->b);
    place(story, "db", "a");
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "superseded", "a");
    live_on(story, story->a, moved.newer);
    snapshotted_on(story, story->a, moved.unsaved);
}

/* Then the copy that was left out is the best one that there is. */
static void a_third_one_where_the_coordinator_has_nothing_newer(struct story *story)
{
    struct moved moved = moves(story);
    simulated_return(story->a);
    reconstructs(story);
    simulated_vanish(story->b);
    place(story, "db", "a");
    reconstructs(story);
    reported(story, "leftOut", "a");
    because(story, "leftOut", "nothing shows that the state there descends");
    reconstructs(story);
    reported(story, "leftOut", "a");
    because(story, "leftOut", "its homes are gone and the coordinator has nothing newer");
    deploys(story, SIMULATED_DEPLOYED);
    live_on(story, story->a, moved.unsaved);
}

/* What is fenced is not active, whatever somebody asks for: else nobody would activate it. */
static void left_out_stays_left_out_where_superseded_is_kept(struct story *story)
{
    struct moved moved = moves(story);
    simulated_return(story->a);
    reconstructs(story);
    story->host.options.superseded = SUPERSEDED_KEEP;
    reconstructs(story);
    reported(story, "superseded", "");
    live_on(story, story->b, moved.newer);
    place(story, "db", "ab");
    deploys(story, SIMULATED_DEPLOYED);
    live_too(story, story->a, moved.unsaved);
    live_too(story, story->b, moved.newer);
}

static void the_fence_fails(struct story *story)
{
    struct moved moved = moves(story);
    simulated_return(story->a);
    simulated_break(story->a, "--deactivate", SIMULATED_HANGS, 1);
    reconstructs(story);
    reported(story, "superseded", "a");
    reported(story, "rescued", "a");
    reported(story, "fenced", "");
    live_too(story, story->a, moved.unsaved); /* Disnix has to do it */
    deploys(story, SIMULATED_DEPLOYED);
    live_on(story, story->b, moved.newer);
    snapshotted_on(story, story->a, moved.unsaved);
}

const struct story_case superseded_stories[] = {
    { "moved once", moved_once, false },
    { "moved once and back", moved_once_and_back, false },
    { "moved twice and the first returns", moved_twice_and_the_first_returns, false },
    { "moved twice and both return", moved_twice_and_both_return, false },
    { "the second home is gone", the_second_home_is_gone, false },
    { "the second home is installed anew", the_second_home_is_installed_anew, false },
    { "the second home is silent", the_second_home_is_silent, false },
    { "the service is upgraded meanwhile", the_service_is_upgraded_meanwhile, false },
    { "the provider is upgraded meanwhile", the_provider_is_upgraded_meanwhile, false },
    { "a second reconstruction", a_second_reconstruction, false },
    { "a third after the second home died", a_third_reconstruction_after_the_second_home_died, false },
    { "a third with nothing newer", a_third_one_where_the_coordinator_has_nothing_newer, false },
    { "left out stays left out", left_out_stays_left_out_where_superseded_is_kept, false },
    { "the fence fails", the_fence_fails, false },
    { 0 },
};
