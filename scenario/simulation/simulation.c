/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The simulation as a network that scenarios run in. What a network needs of this process (its table of
 * operations, its environment) it has only while it is asked something, so several may be open at once.
 */
#include "scenario/play/network.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "scenario/simulation/faults.h"
#include "scenario/simulation/placement.h"
#include "scenario/simulation/scenario.h"

/* What the host, the plugin and the engine look at. NULL: not set, whatever this process has. */
static const struct {
    const char *name, *value;
} variables[] = {
    { "DYSNOMIA_STATEDIR", SCENARIO_DYSNOMIA },
    { "DYDISNIX_NIX_EXPRESSIONS", SCENARIO_EXPRESSIONS },
    { "TMPDIR", NULL },
    { "DISNIX_PROFILE", NULL },
    { "DISNIX_CLIENT_INTERFACE", NULL },
    { "DISNIX_TARGET_PROPERTY", NULL },
    { "DISNIX_DEPLOY_STATE", NULL },
    { "DISNIX_DELETE_STATE", NULL },
    { "DYDISNIX_GENINFRA", NULL },
    { "DYDISNIX_PLUGIN_PATH", NULL },
};

enum { VARIABLES = sizeof variables / sizeof *variables };

struct visit {
    const struct dydisnix_operations *operations;
    char *values[VARIABLES];
};

static void set_variable(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

/* In which network this process is; NULL: in none. */
static struct visit *present;

static void enter(struct simulated_scenario *scenario, struct visit *visit)
{
    present = visit;
    visit->operations = operations;
    for (size_t i = 0; i < VARIABLES; i++) {
        const char *value = getenv(variables[i].name);
        visit->values[i] = value ? simulated_memory(strdup(value)) : NULL;
        set_variable(variables[i].name, variables[i].value);
    }
    if (scenario)
        simulation_use(scenario->simulation);
}

static void leave(struct visit *visit)
{
    for (size_t i = 0; i < VARIABLES; i++) {
        set_variable(variables[i].name, visit->values[i]);
        free(visit->values[i]);
    }
    operations_use(visit->operations);
}

static void outside(struct simulated_scenario *scenario, void (*work)(void *), void *closure)
{
    struct visit *visit = present;
    leave(visit);
    work(closure);
    enter(scenario, visit);
}

static char *refuses(const struct scenario_setting *setting)
{
    return json_object_get(setting->scenario, "models")
               ? strdup("its models are in Nix, which is not simulated")
               : NULL;
}

/* Its placement is a program that is nowhere. */
static bool lacks_placement(const struct scenario_setting *setting)
{
    const json_t *words = json_object_get(setting->scenario, "placement");
    return words && !placement_is_there(words, setting->directory);
}

static char *assumes(const struct scenario_setting *setting)
{
    const json_t *words = json_object_get(setting->scenario, "placement");
    return lacks_placement(setting) ? string_format(
               "assumed, for there is no %s: a service stays where it is, or goes to the first "
               "target that may have it",
               json_string_value(json_array_get(words, 0)))
                                    : NULL;
}

static void add_machines(struct simulated_scenario *scenario, const json_t *targets)
{
    const char *name;
    json_t *description;
    json_object_foreach((json_t *)targets, name, description)
        scenario_add_machine(scenario, name, description);
}

static void close_network(void *network)
{
    struct simulated_scenario *scenario = network;
    struct visit visit;
    enter(scenario, &visit);
    if (visit.operations == operations)
        visit.operations = &real_operations;
    simulated_loop_clear(&scenario->loop);
    for (size_t i = 0; i < scenario->disk_count; i++)
        simulated_machine_free(scenario->disks[i].disk);
    free(scenario->disks);
    free(scenario->whole);
    free(scenario->damaged);
    json_decref(scenario->loop.waited);
    json_decref(scenario->services);
    json_decref(scenario->distribution);
    json_decref(scenario->waiting);
    json_decref(scenario->failures);
    json_decref(scenario->endings);
    json_decref(scenario->prints);
    json_decref(scenario->clients);
    json_decref(scenario->placed);
    if (scenario->current->path)
        manifest_clear(&scenario->current->manifest);
    free(scenario->current);
    simulated_ledger_close(&scenario->ledger);
    simulation_free(scenario->simulation);
    leave(&visit);
    free(scenario);
}

/* The program is not asked where it is not there. */
static int open_placement(struct simulated_scenario *scenario, const struct scenario_setting *setting)
{
    const json_t *words = json_object_get(setting->scenario, "placement");
    if (!words || lacks_placement(setting))
        return 0;
    scenario->placement = words;
    scenario->directory = setting->directory;
    return placement_open();
}

static const char expression[] = "simulated: nix-instantiate knows what is meant\n";
static const char *const wrappers[] = { SCENARIO_EXPRESSIONS "/effective-model.nix",
                                        SCENARIO_EXPRESSIONS "/pinned-distribution.nix" };

static void *open_network(const struct scenario_setting *setting)
{
    struct simulated_scenario *scenario = simulated_memory(calloc(1, sizeof *scenario));
    struct visit visit;
    enter(NULL, &visit);
    scenario->simulation = simulation_new();
    scenario->simulation->random = setting->seed;
    scenario->simulation->cost = 5;
    scenario->dice = setting->seed;
    scenario->verbose = setting->verbose;
    scenario->discovers = !json_is_false(json_object_get(setting->scenario, "discovery"));
    scenario->services = json_copy_at(setting->scenario, "services");
    scenario->distribution = json_copy_at(setting->scenario, "distribution");
    scenario->waiting = json_array();
    scenario->failures = json_array();
    scenario->endings = json_array();
    scenario->prints = json_array();
    scenario->clients = json_array();
    scenario->current = simulated_memory(calloc(1, sizeof *scenario->current));
    simulated_ledger_open(&scenario->ledger);
    scenario->opened = scenario->simulation->milliseconds;
    scenario->happen = scenario_happen_now;
    scenario->outside = outside;
    scenario_watch(scenario);
    add_machines(scenario, json_object_get(setting->scenario, "targets"));
    scenario_write_models(scenario);
    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++)
        simulated_files_write(&scenario->simulation->files, wrappers[i], expression, strlen(expression));
    simulated_files_make_directory(&scenario->simulation->files, "/tmp");
    int status = simulated_loop_open(&scenario->loop, json_object_get(setting->scenario, "options"),
                                     scenario->discovers,
                                     !json_is_false(json_object_get(setting->scenario, "snapshot")));
    if (status != 0)
        fputs(scenario->simulation->log ? scenario->simulation->log : "", stderr);
    leave(&visit);
    if (status == 0 && open_placement(scenario, setting) == 0)
        return scenario;
    close_network(scenario);
    return NULL;
}

static int happen(void *network, const json_t *event)
{
    struct visit visit;
    enter(network, &visit);
    int status = scenario_happen(network, event);
    leave(&visit);
    return status;
}

static int adapt(void *network, bool again)
{
    struct visit visit;
    enter(network, &visit);
    int status = scenario_adapt(network, again);
    leave(&visit);
    return status;
}

/* A torn line is none. */
static int add_document(void *closure, char *line)
{
    json_t *document = json_loads(line, 0, NULL);
    if (document)
        json_array_append_new(closure, document);
    return 0;
}

static json_t *journal(void *network)
{
    struct simulated_scenario *scenario = network;
    const struct simulated_file *file =
        simulated_files_find(&scenario->simulation->files, SCENARIO_STATE "/events.jsonl");
    json_t *documents = json_array();
    size_t length = file ? file->length : 0,
           read = scenario->journal_length <= length ? scenario->journal_length : 0;
    CLEANUP_FREE char *text = file ? simulated_memory(strdup(file->data + read)) : NULL;
    if (text)
        string_lines(text, add_document, documents);
    scenario->journal_length = length;
    return documents;
}

static char *messages(void *network)
{
    struct simulated_scenario *scenario = network;
    char *text = simulated_memory(strdup(scenario->simulation->log ? scenario->simulation->log : ""));
    simulation_clear_log(scenario->simulation);
    return text;
}

static json_t *observe(void *network)
{
    return scenario_observe(network);
}

static int64_t elapsed(void *network)
{
    const struct simulated_scenario *scenario = network;
    return (scenario->simulation->milliseconds - scenario->opened) / 1000;
}

size_t simulated_effects(const void *network)
{
    return ((const struct simulated_scenario *)network)->simulation->effects;
}

void simulated_fault_at(void *network, size_t number, enum simulated_fault fault)
{
    struct simulation *simulation = ((struct simulated_scenario *)network)->simulation;
    simulation->fault_at = number;
    simulation->fault = fault;
}

const char *simulated_fault_hit(const void *network)
{
    return ((const struct simulated_scenario *)network)->simulation->fault_hit;
}

const struct scenario_network scenario_simulation = { .name = "simulation",
                                                      .refuses = refuses,
                                                      .assumes = assumes,
                                                      .open = open_network,
                                                      .happen = happen,
                                                      .adapt = adapt,
                                                      .journal = journal,
                                                      .messages = messages,
                                                      .observe = observe,
                                                      .elapsed = elapsed,
                                                      .close = close_network };
