/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Clients of services in a simulated scenario, and what calls make of what they were told.
 */
#include "scenario/simulation/scenario.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/model/paths.h"
#include "scenario/simulation/component.h"

static bool is_of_service(const char *component, const char *service)
{
    size_t length = (size_t)(strrchr(component, '-') - component);
    return strlen(service) == length && strncmp(component, service, length) == 0;
}

static struct simulated_state *active_state(struct simulated_machine *machine, const char *service)
{
    for (size_t i = 0; i < machine->active_count; i++) {
        const char *component = store_path_name(machine->active[i].package);
        if (is_of_service(component, service))
            return simulated_state(machine, machine->active[i].container, component, true);
    }
    return NULL;
}

/* A client that was told of one machine finds there also what is not active any more, and goes on. */
static struct simulated_state *served_state(struct simulated_machine *machine, const char *service)
{
    for (size_t i = 0; i < machine->state_count; i++)
        if (simulated_is_served(&machine->states[i]) && is_of_service(machine->states[i].component, service))
            return &machine->states[i];
    return NULL;
}

/* Where a service takes writes; NULL: nowhere, or not on that machine. patient: not where it waits for its
 * state, nor, during a redeployment, where it is only marked: what is written there after the last snapshot
 * before a restore is lost. */
static struct simulated_state *live_state(struct simulated_scenario *scenario, const char *service,
                                          const char *target, bool patient)
{
    for (size_t i = 0; i < scenario->simulation->machine_count; i++) {
        struct simulated_machine *machine = scenario->simulation->machines[i];
        if (!machine->up || machine->hung || (*target && strcmp(target, machine->name) != 0))
            continue;
        struct simulated_state *state = active_state(machine, service);
        if (!state && *target && !(patient && strcmp(scenario->loop.loop.stage, "redeploy") == 0))
            state = served_state(machine, service);
        if (state && !(patient && state->fresh))
            return state;
    }
    return NULL;
}

/* NULL: nobody takes it. */
const struct simulated_value *scenario_write_line(struct simulated_scenario *scenario, const char *service,
                                                  const char *target, const char *line, bool patient)
{
    struct strings *strings = scenario->simulation->strings;
    struct simulated_state *state = live_state(scenario, service, target, patient);
    if (!state || state->nature == NATURE_PLAIN)
        return NULL;
    state->value = simulation_value(scenario->simulation, state->value, line);
    simulated_ledger_add(&scenario->ledger, strings_intern(strings, service), state->value->text,
                         state->value);
    return state->value;
}

int scenario_add_client(struct simulated_scenario *scenario, const json_t *event)
{
    const json_t *times = json_object_get(event, "times");
    json_t *client = json_deep_copy(event);
    if (!times)
        json_object_set_new(client, "times", json_integer(10));
    return json_array_append_new(scenario->clients, client);
}

/* Disnix activates a component before it restores its state: what is written in between is lost. */
void scenario_clients_write(struct simulated_scenario *scenario)
{
    for (size_t i = json_array_size(scenario->clients); i-- > 0;) {
        json_t *client = json_array_get(scenario->clients, i);
        json_int_t times = json_integer_value(json_object_get(client, "times"));
        CLEANUP_FREE char *line = simulated_memory(string_format("c%u", scenario->client_writes + 1));
        if (!scenario_write_line(scenario, text_at(client, "service"), text_at(client, "target"), line, true))
            continue;
        scenario->client_writes++;
        json_object_set_new(client, "times", json_integer(times - 1));
        if (times <= 1)
            json_array_remove(scenario->clients, i);
    }
}

static bool lives_elsewhere(const struct simulated_scenario *scenario, const struct simulated_machine *here,
                            const char *container, const char *package)
{
    for (size_t i = 0; i < scenario->simulation->machine_count; i++) {
        const struct simulated_machine *machine = scenario->simulation->machines[i];
        if (machine != here && machine->up && !machine->hung && !machine->partitioned
            && simulated_is_active(machine, container, package))
            return true;
    }
    return false;
}

/* A reconstruction stops a copy of what has state, and that only while another one lives. */
static void judge_stop(struct simulated_scenario *scenario, struct simulated_machine *machine,
                       const char *container, const char *package)
{
    const struct simulated_state *state =
        simulated_state(machine, container, store_path_name(package), false);
    if (scenario->engine || strcmp(scenario->loop.loop.stage, "reconstruct") != 0)
        return;
    if (!state || state->nature == NATURE_PLAIN)
        json_array_append_new(scenario->ledger.stopped,
                              json_sprintf("%s was stopped on %s, and has no state that anybody could doubt",
                                           store_path_name(package), machine->name));
    else if (!lives_elsewhere(scenario, machine, container, package))
        json_array_append_new(scenario->ledger.stopped,
                              json_sprintf("%s was stopped on %s, and lived nowhere else",
                                           store_path_name(package), machine->name));
}

static void note_start(const struct simulated_scenario *scenario, const struct simulated_called *call)
{
    struct simulated_state *state =
        simulated_state(call->machine, call->container, store_path_name(call->package), false);
    bool survives = !scenario->engine && strcmp(scenario->loop.loop.stage, "reconstruct") == 0;
    if (state && strcmp(call->operation, "--activate") == 0 && !survives && !call->was_active)
        state->fresh = true;
    if (state && strcmp(call->operation, "--restore") == 0)
        state->fresh = false;
}

void scenario_clients_forget(struct simulated_scenario *scenario)
{
    for (size_t i = 0; i < scenario->simulation->machine_count; i++)
        for (size_t k = 0; k < scenario->simulation->machines[i]->state_count; k++)
            scenario->simulation->machines[i]->states[k].fresh = false;
}

void scenario_called(struct simulated_scenario *scenario, const struct simulated_called *call)
{
    static const char *const losing[] = { "--activate", "--restore", "--delete-state", "--clean-snapshots",
                                          NULL };
    for (const char *const *word = losing; *word; word++)
        if (strcmp(*word, call->operation) == 0)
            simulated_ledger_judge(&scenario->ledger, scenario->simulation, call->operation,
                                   call->machine->name);
    if (!call->package)
        return;
    note_start(scenario, call);
    if (call->was_active && !call->is_active)
        judge_stop(scenario, call->machine, call->container, call->package);
}
