/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "story.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "cleanup.h"
#include "operations.h"
#include "simulated-component.h"

const struct story_case *const all_stories[] = { superseded_stories, kept_stories, regressed_stories,
                                                 held_stories, NULL };

static void (*fail)(enum story_failure kind, const char *text);

void expect(bool condition, enum story_failure kind, struct story *story, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    if (condition)
        return;
    va_start(arguments, format);
    int used = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    CLEANUP_FREE char *report = json_dumps(story->host.report, JSON_COMPACT | JSON_SORT_KEYS);
    snprintf(text + used, sizeof text - (size_t)used, "\nreport: %s\n%s", report ? report : "none",
             story->network->log ? story->network->log : "");
    fail(kind, text);
}

static void story_begin(struct story *story, bool hold)
{
    unsetenv("DYSNOMIA_STATEDIR");
    *story = (struct story){ .network = simulation_new() };
    simulated_host_init(&story->host, story->network);
    story->host.options.hold = hold;
    story->a = simulation_add(story->network, "a");
    story->b = simulation_add(story->network, "b");
    story->c = simulation_add(story->network, "c");
    story->services[story->service_count++] = (struct simulated_service){
        .name = "db", .package = "db-1.0", .container = "mysql", .stateful = true
    };
    story->services[story->service_count++] = (struct simulated_service){
        .name = "web", .package = "web-1.0", .container = "process", .depends_on = "db"
    };
    place(story, "db", "a");
    cycle(story, SIMULATED_DEPLOYED);
}

/* In a store: on a disk, or in Dysnomia's snapshots. */
static bool is_found_on(const struct simulated_machine *machine, written wanted)
{
    for (size_t i = 0; i < machine->state_count; i++) {
        const struct simulated_state *state = &machine->states[i];
        if (state->there && simulated_value_has(state->value, wanted))
            return true;
        for (size_t j = 0; j < state->snapshot_count; j++)
            if (simulated_value_has(state->snapshots[j], wanted))
                return true;
    }
    return false;
}

static bool is_found(const struct story *story, written wanted)
{
    for (size_t i = 0; i < story->network->machine_count; i++)
        if (is_found_on(story->network->machines[i], wanted))
            return true;
    for (size_t i = 0; i < story->network->files.count; i++) {
        const char *name = strrchr(story->network->files.items[i].data, '/');
        size_t number = strstr(story->network->files.items[i].path, "/generations/") && name
                            ? strtoul(name + 2, NULL, 10)
                            : 0;
        if (number > 0 && simulated_value_has(story->network->values[number - 1], wanted))
            return true;
    }
    return false;
}

/* What was on no other disk than a dead one nobody can save. */
void no_write_is_lost(struct story *story)
{
    for (size_t i = 0; i < story->network->value_count; i++) {
        written item = story->network->values[i];
        expect(is_found(story, item), LOST_WRITE, story, "write %zu is in no store", item->number);
    }
}

static void story_end(struct story *story)
{
    no_write_is_lost(story);
    simulated_host_clear(&story->host);
    simulation_free(story->network);
}

void story_tell(const struct story_case *told, void (*failed)(enum story_failure kind, const char *text))
{
    struct story story;
    fail = failed;
    story_begin(&story, told->hold);
    told->tell(&story);
    story_end(&story);
}

void place(struct story *story, const char *service, const char *targets)
{
    size_t kept = 0;
    for (size_t i = 0; i < story->place_count; i++)
        if (strcmp(story->places[i].service, service) != 0)
            story->places[kept++] = story->places[i];
    for (; *targets; targets++)
        story->places[kept++] =
            (struct simulated_place){ service, strings_intern_length(story->network->strings, targets, 1) };
    story->place_count = kept;
}

static struct simulated_system system_of(const struct story *story)
{
    return (struct simulated_system){ story->services, story->service_count, story->places,
                                      story->place_count };
}

void deploys(struct story *story, enum simulated_redeployment outcome)
{
    const struct simulated_system system = system_of(story);
    enum simulated_redeployment got = simulated_host_deploy(&story->host, &system);
    expect(got == outcome, WRONG_OUTCOME, story, "the deployment ends with %d, not %d", (int)got,
           (int)outcome);
}

void reconstructs(struct story *story)
{
    simulation_clear_log(story->network);
    simulated_host_look(&story->host);
    expect(simulated_host_reconstruct(&story->host) == 0, WRONG_OUTCOME, story, "the reconstruction fails");
}

void cycle(struct story *story, enum simulated_redeployment outcome)
{
    reconstructs(story);
    deploys(story, outcome);
}

void takes_snapshots(struct story *story)
{
    expect(simulated_host_snapshot(&story->host) == 0, WRONG_OUTCOME, story, "no snapshots are taken");
}

enum simulated_redeployment adapts(struct story *story)
{
    const struct simulated_system system = system_of(story);
    simulation_clear_log(story->network);
    return simulated_host_cycle(&story->host, &system);
}

void waits(struct story *story, int64_t seconds)
{
    simulation_wait(story->network, seconds);
}

static const char *database_component(const struct story *story)
{
    return story->services[0].package;
}

written database(struct story *story, struct simulated_machine *machine)
{
    const struct simulated_state *state = simulated_state(machine, "mysql", database_component(story), false);
    return state ? state->value : NULL;
}

static bool is_live(struct story *story, const struct simulated_machine *machine)
{
    return simulated_is_active(machine, "mysql",
                               simulation_package(story->network, database_component(story), NATURE_PLAIN));
}

written writes(struct story *story, struct simulated_machine *machine)
{
    struct simulation *network = story->network;
    expect(is_live(story, machine), WRONG_STATE, story, "nobody can write to the database on %s",
           machine->name);
    struct simulated_value *item = simulated_memory(calloc(1, sizeof *item));
    struct simulated_state *state = simulated_state(machine, "mysql", database_component(story), true);
    network->values =
        simulated_memory(array_grow(network->values, network->value_count, sizeof *network->values));
    network->values[network->value_count++] = item;
    *item = (struct simulated_value){ .before = state->value, .number = network->value_count };
    state->value = item;
    return item;
}

void destroy(struct story *story, struct simulated_machine *machine)
{
    struct simulated_machine nothing = { 0 };
    (void)story;
    simulated_put_disk(machine, &nothing);
    simulated_vanish(machine);
}

struct moved moves(struct story *story)
{
    struct moved moved = { .saved = writes(story, story->a) };
    takes_snapshots(story);
    waits(story, 600);
    moved.unsaved = writes(story, story->a);
    simulated_host_look(&story->host);
    simulated_vanish(story->a);
    place(story, "db", "b");
    waits(story, 60);
    cycle(story, SIMULATED_DEPLOYED);
    moved.newer = writes(story, story->b);
    waits(story, 60);
    return moved;
}

void live_too(struct story *story, struct simulated_machine *machine, written state)
{
    written got = database(story, machine);
    expect(is_live(story, machine), WRONG_STATE, story, "the database is not live on %s", machine->name);
    expect(got == state, WRONG_STATE, story, "the database on %s has write %zu, not %zu", machine->name,
           got ? got->number : 0, state ? state->number : 0);
}

void live_on(struct story *story, struct simulated_machine *machine, written state)
{
    live_too(story, machine, state);
    for (size_t i = 0; i < story->network->machine_count; i++) {
        const struct simulated_machine *other = story->network->machines[i];
        expect(other == machine || !other->up || !is_live(story, other), WRONG_STATE, story,
               "the database is live on %s too", other->name);
    }
}

void active(struct story *story, struct simulated_machine *machine, const char *package, bool expected)
{
    const char *path = simulation_package(story->network, package, NATURE_PLAIN);
    bool found = false;
    for (size_t i = 0; i < machine->active_count; i++)
        found = found || strcmp(machine->active[i].package, path) == 0;
    expect(found == expected, WRONG_STATE, story, "%s is%s active on %s", package, found ? "" : " not",
           machine->name);
}

void snapshotted_on(struct story *story, struct simulated_machine *machine, written state)
{
    const struct simulated_state *found = simulated_state(machine, "mysql", database_component(story), false);
    bool there = false;
    for (size_t i = 0; found && i < found->snapshot_count; i++)
        there = there || found->snapshots[i] == state;
    expect(there, WRONG_STATE, story, "no snapshot on %s has write %zu", machine->name,
           state ? state->number : 0);
}

void at_coordinator(struct story *story, written state)
{
    written newest = NULL;
    bool any = simulation_newest(story->network, "mysql", "db-1.0", &newest);
    expect(any && newest == state, WRONG_STATE, story, "the coordinator's newest snapshot is not write %zu",
           state ? state->number : 0);
}

void reported(struct story *story, const char *list, const char *targets)
{
    char found[64] = "";
    size_t index, place_in_text = 0, other;
    json_t *entry, *target;
    json_array_foreach(json_object_get(story->host.report, list), index, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "target"));
        if (name)
            place_in_text +=
                (size_t)snprintf(found + place_in_text, sizeof found - place_in_text, "%s", name);
        json_array_foreach(json_object_get(entry, "targets"), other, target) place_in_text +=
            (size_t)snprintf(found + place_in_text, sizeof found - place_in_text, "%s",
                             json_string_value(target));
    }
    expect(strcmp(found, targets) == 0, WRONG_VERDICT, story, "%s has \"%s\", not \"%s\"", list, found,
           targets);
}

void because(struct story *story, const char *list, const char *words)
{
    size_t index;
    json_t *entry;
    bool found = false;
    json_array_foreach(json_object_get(story->host.report, list), index, entry) found =
        found || strstr(json_string_value(json_object_get(entry, "reason")), words);
    expect(found, WRONG_WORDS, story, "no reason in %s says \"%s\"", list, words);
}

void held_fenced(struct story *story, bool expected)
{
    const json_t *first = json_array_get(json_object_get(story->host.report, "held"), 0);
    expect(json_is_boolean(json_object_get(first, "fenced"))
               && json_is_true(json_object_get(first, "fenced")) == expected,
           WRONG_VERDICT, story, "held as%s fenced", expected ? " not" : "");
}

void is_manifest(struct story *story, const char *path)
{
    expect(strcmp(simulation_coordinator(story->network), path) == 0, WRONG_OUTCOME, story,
           "the manifest is not %s", path);
}

void says(struct story *story, const char *words)
{
    expect(story->network->log && strstr(story->network->log, words), WRONG_WORDS, story,
           "nobody says \"%s\"", words);
}

static void nothing_moves(struct story *story, struct simulated_machine *target,
                          struct simulated_machine *home, const char *reason)
{
    written here = database(story, target), there = database(story, home);
    char both[3] = { target->name[0], home->name[0], '\0' };
    reconstructs(story);
    reported(story, "conflicts", both[0] < both[1] ? both : (const char[]){ both[1], both[0], '\0' });
    reported(story, "superseded", "");
    because(story, "conflicts", reason);
    place(story, "db", home->name);
    deploys(story, SIMULATED_STOPPED);
    says(story, "is held by several targets");
    place(story, "db", target->name);
    deploys(story, SIMULATED_STOPPED);
    live_too(story, target, here);
    live_too(story, home, there);
    snapshotted_on(story, target, here);
    snapshotted_on(story, home, there);
    place(story, "db", both);
    deploys(story, SIMULATED_DEPLOYED);
    live_too(story, target, here);
    live_too(story, home, there);
}

static void the_system_goes_on(struct story *story, struct simulated_machine *target,
                               struct simulated_machine *home, const char *reason)
{
    written here = database(story, target), there = database(story, home);
    place(story, "db", home->name);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "held", target->name);
    reported(story, "conflicts", "");
    because(story, "held", reason);
    says(story, "held until somebody accepts or prefers it");
    live_on(story, home, there);
    snapshotted_on(story, target, here);
    snapshotted_on(story, home, there);
    written more = writes(story, home);
    cycle(story, SIMULATED_DEPLOYED);
    reported(story, "held", "");
    live_on(story, home, more);
}

void nothing_is_overwritten(struct story *story, struct simulated_machine *target,
                            struct simulated_machine *home, const char *reason)
{
    if (story->host.options.hold)
        the_system_goes_on(story, target, home, reason);
    else
        nothing_moves(story, target, home, reason);
}
