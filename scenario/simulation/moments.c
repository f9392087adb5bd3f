/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The moments within a cycle that events of a simulated scenario wait for.
 */
#include "scenario/simulation/scenario.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"

/* The event that waits at that place happens within the cycle, and the loop learns of it later. */
static void happen_within(struct simulated_scenario *scenario, size_t index)
{
    CLEANUP_JSON json_t *event =
        json_incref(json_object_get(json_array_get(scenario->waiting, index), "event"));
    json_array_remove(scenario->waiting, index);
    scenario->happen(scenario, event);
    simulated_ledger_look(&scenario->ledger, scenario->simulation);
    scenario->changed = true;
    scenario_write_models(scenario);
}

static const json_t *moment_of_waiting(const struct simulated_scenario *scenario, size_t index)
{
    return json_object_get(json_object_get(json_array_get(scenario->waiting, index), "event"), "at");
}

static void begins(struct simulated_scenario *scenario, const char *key, const char *value)
{
    size_t index = 0;
    while (index < json_array_size(scenario->waiting))
        if (scenario_says(moment_of_waiting(scenario, index), key, value))
            happen_within(scenario, index);
        else
            index++;
}

void scenario_stage_begins(struct simulated_scenario *scenario, const char *stage)
{
    begins(scenario, "stage", stage);
}

void scenario_phase_begins(struct simulated_scenario *scenario, const char *phase)
{
    begins(scenario, "phase", phase);
}

int scenario_call(struct simulated_scenario *scenario, const char *operation, const char *key)
{
    const struct simulated_machine *machine = simulation_reach(scenario->simulation, key);
    const char *name = machine ? machine->name : key;
    size_t index = 0;
    if (scenario->engine && scenario->engine->foreign)
        return 0;
    scenario_clients_write(scenario);
    if (string_equal(operation, "--lock")
        || string_equal(operation, "--unlock")) /* no program of its own tells of these phases */
        begins(scenario, "phase", string_equal(operation, "--lock") ? "locking" : "releasing");
    while (index < json_array_size(scenario->waiting)) {
        json_t *entry = json_array_get(scenario->waiting, index);
        const json_t *at = moment_of_waiting(scenario, index), *number = json_object_get(at, "number");
        bool meant = scenario_says(at, "call", operation)
                     && (!json_object_get(at, "target") || scenario_says(at, "target", name));
        json_int_t seen = json_integer_value(json_object_get(entry, "seen")) + meant;
        json_object_set_new(entry, "seen", json_integer(seen));
        if (meant && seen == (number ? json_integer_value(number) : 1))
            happen_within(scenario, index);
        else
            index++;
    }
    return scenario_call_fails(scenario, operation, name);
}
