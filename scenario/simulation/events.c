/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What happens in a simulated scenario, at once or within a cycle.
 */
#include "scenario/simulation/scenario.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/record/requests.h"
#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"
#include "scenario/format/event-kinds.h"
#include "scenario/format/policy.h"
#include "scenario/simulation/component.h"

struct simulated_machine *scenario_machine(const struct simulated_scenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->simulation->machine_count; i++)
        if (string_equal(scenario->simulation->machines[i]->name, name))
            return scenario->simulation->machines[i];
    return NULL;
}

struct simulated_machine *scenario_add_machine(struct simulated_scenario *scenario, const char *name,
                                               const json_t *description)
{
    struct simulation *simulation = scenario->simulation;
    struct simulated_machine *machine = simulation_add(simulation, name);
    const char *key = json_string_value(json_object_get(description, "key"));
    machine->description = json_deep_copy(description);
    if (key)
        machine->key = strings_intern(simulation->strings, key);
    return machine;
}

static void lose_disk(struct simulated_machine *machine)
{
    struct simulated_machine empty = { 0 };
    simulated_put_disk(machine, &empty);
}

static struct simulated_disk *find_disk(const struct simulated_scenario *scenario, const char *machine,
                                        const char *label)
{
    for (size_t i = scenario->disk_count; i-- > 0;)
        if (string_equal(scenario->disks[i].machine, machine)
            && string_equal(scenario->disks[i].label, label))
            return &scenario->disks[i];
    return NULL;
}

static int save(struct simulated_scenario *scenario, struct simulated_machine *machine, const json_t *event)
{
    struct strings *strings = scenario->simulation->strings;
    scenario->disks =
        simulated_memory(array_grow(scenario->disks, scenario->disk_count, sizeof *scenario->disks));
    scenario->disks[scenario->disk_count++] =
        (struct simulated_disk){ machine->name, strings_intern(strings, text_at(event, "label")),
                                 simulated_disk(machine) };
    return 0;
}

static int crash(struct simulated_scenario *scenario, struct simulated_machine *machine, const json_t *event)
{
    (void)scenario;
    (void)event;
    machine->up = machine->hung = false;
    return 0;
}

static int reappear(struct simulated_scenario *scenario, struct simulated_machine *machine,
                    const json_t *event)
{
    const json_t *disk = json_object_get(event, "disk");
    const char *label = json_string_value(json_object_get(disk, "saved"));
    const struct simulated_disk *saved = label ? find_disk(scenario, machine->name, label) : NULL;
    if (label && !saved) {
        fprintf(stderr, "simulation: no disk of %s was saved as %s\n", machine->name, label);
        return -1;
    }
    if (json_is_string(disk) && string_equal(json_string_value(disk), "lost"))
        lose_disk(machine);
    if (saved)
        simulated_put_disk(machine, saved->disk);
    machine->up = true;
    return 0;
}

static int destroy(struct simulated_scenario *scenario, struct simulated_machine *machine,
                   const json_t *event)
{
    struct simulation *simulation = scenario->simulation;
    size_t kept = 0;
    (void)event;
    for (size_t i = 0; i < simulation->machine_count; i++)
        if (simulation->machines[i] != machine)
            simulation->machines[kept++] = simulation->machines[i];
    simulation->machine_count = kept;
    simulated_machine_free(machine);
    return 0;
}

static int change(struct simulated_scenario *scenario, struct simulated_machine *machine, const json_t *event)
{
    (void)scenario;
    if (!machine->description)
        machine->description = json_object();
    if (!json_object_get(machine->description, "properties"))
        json_object_set_new(machine->description, "properties", json_object());
    return json_object_set(json_object_get(machine->description, "properties"), text_at(event, "property"),
                           json_object_get(event, "value"));
}

static int rename_machine(struct simulated_scenario *scenario, struct simulated_machine *machine,
                          const json_t *event)
{
    machine->name = strings_intern(scenario->simulation->strings, text_at(event, "to"));
    return 0;
}

static int slow(struct simulated_scenario *scenario, struct simulated_machine *machine, const json_t *event)
{
    (void)scenario;
    machine->slow = json_integer_value(json_object_get(event, "milliseconds"));
    return 0;
}

static int hang(struct simulated_scenario *scenario, struct simulated_machine *machine, const json_t *event)
{
    (void)scenario;
    machine->hung = string_equal(text_at(event, "event"), "hang");
    return 0;
}

static const char *other_machine(const struct simulated_scenario *scenario,
                                 const struct simulated_machine *machine)
{
    for (size_t i = 0; i < scenario->simulation->machine_count; i++)
        if (scenario->simulation->machines[i] != machine)
            return scenario->simulation->machines[i]->name;
    return "stranger";
}

/* The profile manifest, in which what is after the first mark is another target's. */
static char *estrange(const char *manifest, const char *other)
{
    static const char mark[] = "<serviceMappings>";
    const char *begin = strstr(manifest, mark);
    size_t length = begin ? (size_t)(begin - manifest) + strlen(mark) : 0;
    if (!begin)
        return string_format("<profilemanifest version=\"2\"><serviceMappings><mapping><service>s</service>"
                             "<container>c</container><target>%s</target></mapping></serviceMappings>"
                             "</profilemanifest>\n",
                             other);
    return string_format(
        "%.*s<mapping><container>process</container><service>stranger</service><target>%s</target>"
        "</mapping>%s",
        (int)length, manifest, other, manifest + length);
}

static int corrupt(struct simulated_scenario *scenario, struct simulated_machine *machine,
                   const json_t *event)
{
    struct simulation *simulation = scenario->simulation;
    const struct simulated_object *profile =
        machine->profile ? simulation_object(simulation, machine->profile) : NULL;
    const char *how = text_at(event, "how"), *now = profile && profile->text ? profile->text : "";
    char *made = NULL;
    if (string_equal(how, "garbage"))
        made = strdup("this is no profile manifest\n");
    else if (string_equal(how, "half"))
        made = strndup(now, strlen(now) / 2);
    else if (string_equal(how, "stranger"))
        made = estrange(now, other_machine(scenario, machine));
    else
        made = strdup("");
    CLEANUP_FREE char *answer = simulated_memory(made);
    machine->answer = strings_intern(simulation->strings, answer);
    return 0;
}

static int say(struct simulated_scenario *scenario, struct simulated_machine *machine, const json_t *event)
{
    struct strings *strings = scenario->simulation->strings;
    const json_t *repeat = json_object_get(event, "repeat");
    machine->saying = (struct simulated_saying){
        .operation = json_object_get(event, "operation")
                         ? strings_intern(strings, text_at(event, "operation"))
                         : "--activate",
        .text = strings_intern(strings, text_at(event, "text")),
        .repeat = repeat ? json_integer_value(repeat) : 1,
    };
    return 0;
}

static int cut_off(struct simulated_scenario *scenario, const json_t *event)
{
    size_t index;
    json_t *name;
    json_array_foreach(json_object_get(event, "targets"), index, name) {
        struct simulated_machine *machine = scenario_machine(scenario, json_string_value(name));
        if (machine)
            machine->partitioned = string_equal(text_at(event, "event"), "partition");
    }
    return 0;
}

static int add(struct simulated_scenario *scenario, const json_t *event)
{
    static const char *const own[] = { "event", "target", "at" };
    CLEANUP_JSON json_t *description = json_deep_copy(event);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        json_object_del(description, own[i]);
    scenario_add_machine(scenario, text_at(event, "target"), description);
    return 0;
}

#define STATE_FILE SCENARIO_STATE "/state.json"

static void forget_damage(struct simulated_scenario *scenario)
{
    free(scenario->whole);
    free(scenario->damaged);
    scenario->whole = scenario->damaged = NULL;
    scenario->simulation->unreadable = NULL;
}

static int damage_state(struct simulated_scenario *scenario, const json_t *event)
{
    const char *how = json_object_get(event, "how") ? text_at(event, "how") : "half";
    struct simulated_files *files = &scenario->simulation->files;
    const struct simulated_file *file = simulated_files_find(files, STATE_FILE);
    if (!file || scenario->whole)
        return 0;
    scenario->whole = simulated_memory(strndup(file->data, file->length));
    scenario->damaged =
        simulated_memory(string_equal(how, "newer") ? strdup("{\"version\": 2}\n") : strdup(scenario->whole));
    if (string_equal(how, "half"))
        scenario->damaged[strlen(scenario->whole) / 2] = '\0';
    if (string_equal(how, "unreadable"))
        scenario->simulation->unreadable = STATE_FILE;
    simulated_files_write(files, STATE_FILE, scenario->damaged, strlen(scenario->damaged));
    return 0;
}

/* What could not be read must be as it was. */
static int mend_state(struct simulated_scenario *scenario, const json_t *event)
{
    struct simulated_files *files = &scenario->simulation->files;
    const struct simulated_file *file = simulated_files_find(files, STATE_FILE);
    (void)event;
    if (!scenario->whole)
        return 0;
    if (!file || file->length != strlen(scenario->damaged)
        || memcmp(file->data, scenario->damaged, file->length) != 0)
        json_array_append_new(scenario->ledger.misdone,
                              json_string("a state that could not be read is overwritten"));
    simulated_files_write(files, STATE_FILE, scenario->whole, strlen(scenario->whole));
    forget_damage(scenario);
    scenario->changed = true;
    return 0;
}

static int lose(struct simulated_scenario *scenario, const json_t *event)
{
    struct simulation *simulation = scenario->simulation;
    const char *what = json_object_get(event, "what") ? text_at(event, "what") : "all";
    bool all = string_equal(what, "all");
    if (all || string_equal(what, "manifest"))
        simulated_files_remove(&simulation->files, SCENARIO_PROFILES);
    if (all || string_equal(what, "state"))
        simulated_files_remove(&simulation->files, SCENARIO_STATE);
    if (all || string_equal(what, "snapshots"))
        simulated_files_remove(&simulation->files, SCENARIO_DYSNOMIA);
    if (all || string_equal(what, "store"))
        simulation->paths.count = 0;
    if (all || string_equal(what, "state")) {
        scenario->journal_length = 0;
        forget_damage(scenario);
    }
    return 0;
}

static int64_t times_of(const json_t *event)
{
    const json_t *times = json_object_get(event, "times");
    return times ? json_integer_value(times) : 1;
}

static int misprint(struct simulated_scenario *scenario, const json_t *event)
{
    for (int64_t i = 0; i < times_of(event); i++)
        json_array_append(scenario->prints, json_object_get(event, "prints"));
    return 0;
}

static int note(json_t *list, const json_t *event)
{
    json_t *own = json_deep_copy(event);
    if (!json_object_get(own, "probability"))
        json_object_set_new(own, "times", json_integer(times_of(event)));
    return json_array_append_new(list, own);
}

/* A loop that starts redeploys: that is how it learns of another services model. */
static int upgrade(struct simulated_scenario *scenario, const json_t *event)
{
    scenario_upgrade(scenario->services, scenario->distribution, event);
    if (!scenario->loop.working)
        scenario_stop(scenario);
    return 0;
}

/* By a coordinator that knows what ours has deployed, and has its own store of snapshots. Nobody looks at it.
 */
static void deploy_foreign(struct simulated_scenario *scenario, const char *path)
{
    struct dydisnix_result result = { 0 };
    const char *old = NULL, *directory = getenv("TMPDIR");
    CLEANUP_FREE char *usual = directory ? strdup(directory) : NULL;
    bool known = scenario_current(scenario, &old) != NULL;
    const char *const argv[] = { "disnix-deploy",
                                 "--coordinator-profile-path",
                                 "/foreign-profiles",
                                 known ? "-o" : path,
                                 known ? old : NULL,
                                 path,
                                 NULL };
    scenario->simulation->watch = NULL;
    setenv("DYSNOMIA_STATEDIR", "/foreign-dysnomia", 1);
    setenv("TMPDIR", "/foreign-tmp", 1);
    scenario_run_engine(scenario, &(struct dydisnix_program){ .argv = argv }, true, &result);
    setenv("DYSNOMIA_STATEDIR", SCENARIO_DYSNOMIA, 1);
    if (usual)
        setenv("TMPDIR", usual, 1);
    else
        unsetenv("TMPDIR");
    scenario->simulation->watch = &scenario->watch;
    free(result.output);
}

/* What it says and leaves is not ours. */
static void forget_foreign(struct simulation *simulation, size_t log_length)
{
    simulated_files_remove(&simulation->files, "/foreign-profiles");
    simulated_files_remove(&simulation->files, "/foreign-tmp");
    simulation->log_length = log_length;
    if (simulation->log)
        simulation->log[log_length] = '\0';
}

static int foreign(struct simulated_scenario *scenario, const json_t *event)
{
    json_t *services = scenario->services, *distribution = scenario->distribution;
    bool discovers = scenario->discovers;
    CLEANUP_JSON json_t *before = scenario_places(scenario);
    size_t log_length = scenario->simulation->log_length;
    scenario->services = json_deep_copy(services);
    scenario->distribution = json_deep_copy(distribution);
    scenario_upgrade(scenario->services, scenario->distribution, event);
    scenario->discovers = true; /* it deploys to what it reaches */
    CLEANUP_JSON json_t *model = scenario_model(scenario);
    CLEANUP_JSON json_t *places = scenario_place(scenario->services, scenario->distribution, model, before);
    const char *path = scenario_manifest(scenario, scenario->services, places, model);
    if (path)
        deploy_foreign(scenario, path);
    forget_foreign(scenario->simulation, log_length);
    scenario->discovers = discovers;
    json_decref(scenario->services);
    json_decref(scenario->distribution);
    scenario->services = services;
    scenario->distribution = distribution;
    return path ? 0 : -1;
}

static int say_word(struct simulated_scenario *scenario, const char *word, const json_t *event)
{
    static const char *const members[] = { "target", "component", "snapshot" };
    CLEANUP_JSON json_t *said = json_pack("{ss}", "word", word);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (json_object_get(event, members[i]))
            json_object_set(said, members[i], json_object_get(event, members[i]));
    scenario->changed = true;
    if (requests_add(SCENARIO_STATE, said) == 0)
        return 0;
    fprintf(stderr, "simulation: %s cannot be said: %s\n", word, strerror(errno));
    return 1;
}

/* The newest snapshot that the target has of the service's component. */
static int bring_back(struct simulated_scenario *scenario, const json_t *event)
{
    struct simulation *simulation = scenario->simulation;
    const json_t *service = json_object_get(scenario->services, text_at(event, "service"));
    struct simulated_machine *machine = scenario_machine(scenario, text_at(event, "target"));
    CLEANUP_FREE char *component =
        simulated_memory(string_format("%s-%s", text_at(event, "service"), scenario_version(service)));
    const struct simulated_state *state =
        machine ? simulated_state(machine, strings_intern(simulation->strings, scenario_container(service)),
                                  strings_intern(simulation->strings, component), false)
                : NULL;
    if (!state || state->snapshot_count == 0)
        return 1;
    CLEANUP_FREE char *name = simulated_memory(
        string_format("%s/%s/%s", state->container, component,
                      simulation_snapshot_name(simulation, state->snapshots[state->snapshot_count - 1])));
    CLEANUP_JSON json_t *what = json_pack("{ss}", "snapshot", name);
    return say_word(scenario, "restore", what);
}

static void keep_only(struct simulated_paths *paths, const struct simulated_paths *live)
{
    size_t kept = 0;
    for (size_t i = 0; i < paths->count; i++)
        if (simulated_paths_have(live, paths->items[i]))
            paths->items[kept++] = paths->items[i];
    paths->count = kept;
}

/* What no generation of the target's profile leads to leaves its store; with old, what the profile itself
 * does not. */
static int collect_on_target(struct simulated_scenario *scenario, const json_t *event)
{
    struct simulated_machine *machine = scenario_machine(scenario, text_at(event, "target"));
    struct simulated_paths live = { 0 };
    if (!machine)
        return 1;
    if (json_is_true(json_object_get(event, "old")))
        machine->generations.count = 0;
    if (machine->profile)
        simulated_paths_add(&machine->generations, machine->profile);
    for (size_t i = 0; i < machine->generations.count; i++)
        simulated_paths_add_closure(scenario->simulation, &live, machine->generations.items[i]);
    keep_only(&machine->paths, &live);
    free(live.items);
    return 0;
}

/* What no link of the coordinator leads to, as generations of a profile are, leaves its store. */
static int collect_garbage(struct simulated_scenario *scenario, const json_t *event)
{
    struct simulation *simulation = scenario->simulation;
    struct simulated_paths live = { 0 };
    if (json_object_get(event, "target"))
        return collect_on_target(scenario, event);
    for (size_t i = 0; i < simulation->files.count; i++)
        if (simulation->files.items[i].link)
            simulated_paths_add_closure(simulation, &live, simulation->files.items[i].data);
    keep_only(&simulation->paths, &live);
    free(live.items);
    return 0;
}

static int kill_host(struct simulated_scenario *scenario, const json_t *event)
{
    scenario_kill(scenario, string_equal(text_at(event, "spares"), "engine"));
    return 0;
}

static int decide(struct simulated_scenario *scenario, const json_t *event)
{
    return say_word(scenario, text_at(event, "event"), event);
}

static int pause_loop(struct simulated_scenario *scenario, const json_t *event)
{
    return say_word(scenario, string_equal(text_at(event, "event"), "pause") ? "pause" : "resume", NULL);
}

static int fill_disk(struct simulated_scenario *scenario, const json_t *event)
{
    const bool full = string_equal(text_at(event, "event"), "full-disk");
    const char *target = json_string_value(json_object_get(event, "target"));
    struct simulated_machine *machine = target ? scenario_machine(scenario, target) : NULL;
    if (target && !machine)
        return 1;
    *(machine ? &machine->full : &scenario->simulation->full) = full;
    return 0;
}

static int close_profiles(struct simulated_scenario *scenario, const json_t *event)
{
    scenario->simulation->closed =
        string_equal(text_at(event, "event"), "close-profiles") ? SCENARIO_PROFILES : NULL;
    return 0;
}

static int distrust(struct simulated_scenario *scenario, const json_t *event)
{
    scenario->simulation->distrusted = string_equal(text_at(event, "event"), "distrust");
    return 0;
}

static int step_clock(struct simulated_scenario *scenario, const json_t *event)
{
    scenario->simulation->clock_offset += json_integer_value(json_object_get(event, "seconds"));
    return 0;
}

static int wait_some_time(struct simulated_scenario *scenario, const json_t *event)
{
    scenario_wait(scenario, json_integer_value(json_object_get(event, "seconds")));
    return 0;
}

static int fail(struct simulated_scenario *scenario, const json_t *event)
{
    return note(scenario->failures, event);
}

static int end(struct simulated_scenario *scenario, const json_t *event)
{
    return note(scenario->endings, event);
}

static int nothing(struct simulated_scenario *scenario, const json_t *event)
{
    (void)scenario;
    (void)event;
    return 0;
}

static int write_to(struct simulated_scenario *scenario, const json_t *event)
{
    if (!scenario_write_line(scenario, text_at(event, "service"), text_at(event, "target"),
                             text_at(event, "text"), false)) {
        fprintf(stderr, "simulation: %s does not answer\n", text_at(event, "service"));
        return 1;
    }
    if (!json_is_true(json_object_get(event, "snapshot")) || scenario->loop.working)
        return 0;
    scenario_write_models(scenario);
    return scenario_adapt(scenario, true);
}

/* What each event does: to its target, or otherwise. */
static const struct {
    int (*to_machine)(struct simulated_scenario *scenario, struct simulated_machine *machine,
                      const json_t *event);
    int (*happen)(struct simulated_scenario *scenario, const json_t *event);
} events[EVENT_COUNT] = {
    [EVENT_crash] = { .to_machine = crash },
    [EVENT_reappear] = { .to_machine = reappear },
    [EVENT_save] = { .to_machine = save },
    [EVENT_add] = { .happen = add },
    [EVENT_remove] = { .to_machine = destroy },
    [EVENT_change] = { .to_machine = change },
    [EVENT_rename] = { .to_machine = rename_machine },
    [EVENT_partition] = { .happen = cut_off },
    [EVENT_join] = { .happen = cut_off },
    [EVENT_slow] = { .to_machine = slow },
    [EVENT_hang] = { .to_machine = hang },
    [EVENT_resume] = { .to_machine = hang },
    [EVENT_lose_coordinator] = { .happen = lose },
    [EVENT_corrupt] = { .to_machine = corrupt },
    [EVENT_say] = { .to_machine = say },
    [EVENT_generator] = { .happen = misprint },
    [EVENT_fail] = { .happen = fail },
    [EVENT_foreign_deploy] = { .happen = foreign },
    [EVENT_end] = { .happen = end },
    [EVENT_upgrade] = { .happen = upgrade },
    [EVENT_write] = { .happen = write_to },
    [EVENT_client] = { .happen = scenario_add_client },
    [EVENT_kill_host] = { .happen = kill_host },
    [EVENT_keep_copy] = { .happen = decide },
    [EVENT_discard_copy] = { .happen = decide },
    [EVENT_restore] = { .happen = bring_back },
    [EVENT_pause] = { .happen = pause_loop },
    [EVENT_continue] = { .happen = pause_loop },
    [EVENT_trigger] = { .happen = nothing },
    [EVENT_collect_garbage] = { .happen = collect_garbage },
    [EVENT_full_disk] = { .happen = fill_disk },
    [EVENT_free_disk] = { .happen = fill_disk },
    [EVENT_damage_state] = { .happen = damage_state },
    [EVENT_mend_state] = { .happen = mend_state },
    [EVENT_close_profiles] = { .happen = close_profiles },
    [EVENT_open_profiles] = { .happen = close_profiles },
    [EVENT_distrust] = { .happen = distrust },
    [EVENT_trust] = { .happen = distrust },
    [EVENT_clock] = { .happen = step_clock },
    [EVENT_replay] = { .happen = nothing },
    [EVENT_wait] = { .happen = wait_some_time },
};

int scenario_happen_now(struct simulated_scenario *scenario, const json_t *event)
{
    size_t number = event_number(text_at(event, "event"));
    if (number == EVENT_COUNT)
        simulated_broken("there is no such event");
    if (!events[number].to_machine)
        return events[number].happen(scenario, event);
    struct simulated_machine *machine = scenario_machine(scenario, text_at(event, "target"));
    if (machine)
        return events[number].to_machine(scenario, machine, event);
    fprintf(stderr, "simulation: there is no target %s now\n", text_at(event, "target"));
    return 1;
}

int scenario_happen(struct simulated_scenario *scenario, const json_t *event)
{
    if (json_object_get(event, "at"))
        return json_array_append_new(scenario->waiting, json_pack("{sO si}", "event", event, "seen", 0));
    int status = scenario_happen_now(scenario, event);
    simulated_ledger_look(&scenario->ledger, scenario->simulation);
    scenario_write_models(scenario);
    return status;
}
