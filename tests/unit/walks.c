/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Random walks through what can happen to a database on three machines. Whatever happens, no acknowledged
 * write is in no store; and a deployment does not put something older in place of what is live at the home
 * that was deployed last.
 */
#include "unit.h"

#include <sys/wait.h>

#include "simulated-component.h"
#include "story.h"

enum { WALKS = 400, STEPS = 60 };

static uint64_t random_state;

/* A number below count. */
static size_t chance(size_t count)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(random_state >> 33) % count;
}

static struct simulated_machine *any_machine(struct story *story)
{
    return story->network->machines[chance(story->network->machine_count)];
}

static bool is_live(struct story *story, const struct simulated_machine *machine)
{
    return machine->up && simulated_is_active(machine, "mysql", simulation_package(story->network, "db-1.0", NATURE_PLAIN));
}

/* Where the last successful deployment has the database. */
static struct simulated_machine *home;

static void somebody_writes(struct story *story)
{
    struct simulated_machine *machine = any_machine(story);
    if (is_live(story, machine))
        writes(story, machine);
}

static void a_machine_comes_or_goes(struct story *story)
{
    struct simulated_machine *machine = any_machine(story);
    if (machine->listed)
        simulated_vanish(machine);
    else
        simulated_return(machine);
}

static void a_machine_is_silent_or_answers(struct story *story)
{
    struct simulated_machine *machine = any_machine(story);
    if (machine->listed)
        machine->up = !machine->up;
}

static void time_passes(struct story *story)
{
    waits(story, (int64_t)(chance(2) ? chance(600) : chance(8000)));
    if (chance(3) > 0)
        simulated_host_look(&story->host);
}

static void snapshots_are_taken(struct story *story)
{
    simulated_host_snapshot(&story->host);
}

static void something_goes_wrong_in_a_reconstruction(struct story *story)
{
    static const char *const operations_that_fail[] = { "--snapshot", "--deactivate", "--query-all-snapshots",
                                                        "--query-requisites" };
    struct simulated_machine *machine = any_machine(story);
    simulated_break(machine, operations_that_fail[chance(4)], chance(2) ? SIMULATED_HANGS : SIMULATED_FAILS,
                    1);
    simulated_host_look(&story->host);
    simulated_host_reconstruct(&story->host);
    machine->trouble_count = 0;
}

static void something_is_lost(struct story *story)
{
    static const char *const lost[] = { "/coordinator/state", SIMULATED_PROFILES, "/var/state/dysnomia" };
    if (chance(4) > 0)
        return;
    simulated_files_remove(&story->network->files, lost[chance(3)]);
    simulated_host_restart(&story->host);
}

static void somebody_decides(struct story *story)
{
    struct simulated_machine *machine = any_machine(story);
    if (!machine->held || !machine->listed)
        return;
    if (chance(2))
        simulated_host_accept(&story->host, machine->name);
    else
        simulated_host_prefer(&story->host, machine->name);
}

static void it_is_placed_elsewhere(struct story *story)
{
    const struct simulated_machine *machine = any_machine(story);
    if (machine->listed && !machine->held)
        place(story, "db", (const char[]){ machine->name[0], '\0' });
}

static bool is_decided(const struct story *story)
{
    return json_array_size(story->host.accepted) + json_array_size(story->host.preferred) > 0;
}

static void the_host_adapts(struct story *story)
{
    bool decided = is_decided(story), was_home = home && home->listed && is_live(story, home) && !home->held;
    written before = was_home ? database(story, home) : NULL;
    if (adapts(story) != SIMULATED_DEPLOYED)
        return;
    struct simulated_machine *now = NULL;
    for (size_t i = 0; i < story->network->machine_count; i++)
        if (story->network->machines[i]->listed && !story->network->machines[i]->held
            && is_live(story, story->network->machines[i])) {
            expect(!now, WRONG_STATE, story, "the database is live twice");
            now = story->network->machines[i];
        }
    if (was_home && now && !decided)
        expect(simulated_value_has(database(story, now), before), WRONG_STATE, story,
               "on %s is something older than what was on %s", now->name, home->name);
    home = now;
}

static void walk(struct story *story)
{
    static void (*const steps[])(struct story * story) = {
        somebody_writes,
        somebody_writes,
        somebody_writes,
        a_machine_comes_or_goes,
        time_passes,
        snapshots_are_taken,
        the_host_adapts,
        the_host_adapts,
        it_is_placed_elsewhere,
        something_goes_wrong_in_a_reconstruction,
        a_machine_is_silent_or_answers,
        something_is_lost,
        somebody_decides,
    };
    home = story->a;
    for (size_t i = 0; i < STEPS; i++) {
        steps[chance(sizeof steps / sizeof *steps)](story);
        no_write_is_lost(story);
    }
}

static void told_wrong(enum story_failure kind, const char *text)
{
    fail_msg("%d: %s", (int)kind, text);
}

static void walks(void **state)
{
    const struct story_case story = { "a walk", walk, *state != NULL };
    const char *first = getenv("WALK"), *count = getenv("WALKS");
    size_t begin = first ? strtoul(first, NULL, 10) : 0, most = count ? strtoul(count, NULL, 10) : WALKS;
    for (size_t i = begin; i < (first ? begin + 1 : most); i++) {
        random_state = i + 1;
        print_message("# WALK=%zu\n", i);
        story_tell(&story, told_wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        { .name = "walks", .test_func = walks },
        { .name = "walks with holding", .test_func = walks, .initial_state = (void *)1 },
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
