/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/simulation/component.h"

#include <string.h>

#include "lib/base/array.h"
#include "lib/model/paths.h"

struct simulated_state *simulated_state(struct simulated_machine *machine, const char *container,
                                        const char *component, bool make)
{
    for (size_t i = 0; i < machine->state_count; i++)
        if (strcmp(machine->states[i].container, container) == 0
            && strcmp(machine->states[i].component, component) == 0)
            return &machine->states[i];
    if (!make)
        return NULL;
    machine->states =
        simulated_memory(array_grow(machine->states, machine->state_count, sizeof *machine->states));
    machine->states[machine->state_count] =
        (struct simulated_state){ .container = container, .component = component };
    return &machine->states[machine->state_count++];
}

static size_t find_active(const struct simulated_machine *machine, const char *container, const char *package)
{
    size_t i = 0;
    while (i < machine->active_count
           && (strcmp(machine->active[i].package, package) != 0
               || strcmp(machine->active[i].container, container) != 0))
        i++;
    return i;
}

bool simulated_is_active(const struct simulated_machine *machine, const char *container, const char *package)
{
    return find_active(machine, container, package) < machine->active_count;
}

int simulated_activate(struct simulated_machine *machine, const char *container, const char *package,
                       const char *key, enum component_nature nature)
{
    size_t i = find_active(machine, container, package);
    struct simulated_state *state = simulated_state(machine, container, store_path_name(package), true);
    if (nature == NATURE_DUMP)
        state->value = NULL;
    state->nature = nature;
    state->there = true;
    state->garbage = false;
    if (i == machine->active_count) {
        machine->active =
            simulated_memory(array_grow(machine->active, machine->active_count, sizeof *machine->active));
        machine->active_count++;
    }
    machine->active[i] = (struct simulated_active){ container, package, key };
    return 0;
}

/* Where state is looked after, what was never active cannot be marked as garbage. */
int simulated_deactivate(struct simulated_machine *machine, const char *container, const char *package,
                         enum component_nature nature)
{
    size_t i = find_active(machine, container, package);
    bool marks = nature != NATURE_PLAIN && nature != NATURE_PROCESS;
    struct simulated_state *state = simulated_state(machine, container, store_path_name(package), false);
    if (i == machine->active_count)
        return marks && !(state && state->garbage);
    machine->active[i] = machine->active[--machine->active_count];
    if (state)
        state->garbage = marks;
    return 0;
}

bool simulated_is_served(const struct simulated_state *state)
{
    return state->there && state->garbage && nature_outlives(state->nature);
}

static void append_snapshot(struct simulated_state *state, const struct simulated_value *value)
{
    if (state->snapshot_count > 0 && state->snapshots[state->snapshot_count - 1] == value)
        return;
    state->snapshots =
        simulated_memory(array_grow(state->snapshots, state->snapshot_count, sizeof *state->snapshots));
    state->snapshots[state->snapshot_count++] = value;
}

int simulated_snapshot(struct simulated_machine *machine, const char *container, const char *component,
                       enum component_nature nature)
{
    struct simulated_state *state = simulated_state(machine, container, component, false);
    if (nature == NATURE_PROCESS)
        return 0;
    if (!state || !state->there)
        return nature != NATURE_PLAIN;
    append_snapshot(state, state->value);
    return 0;
}

int simulated_restore(struct simulated_machine *machine, const char *container, const char *component,
                      enum component_nature nature)
{
    struct simulated_state *state = simulated_state(machine, container, component, true);
    if (nature == NATURE_PROCESS || state->snapshot_count == 0)
        return 0;
    if (!state->there && nature != NATURE_PLAIN)
        return 1;
    const struct simulated_value *newest = state->snapshots[state->snapshot_count - 1];
    state->there = true;
    state->value = newest == &simulated_nothing ? NULL : newest;
    return 0;
}

int simulated_delete_state(struct simulated_machine *machine, const char *container, const char *component,
                           enum component_nature nature)
{
    struct simulated_state *state = simulated_state(machine, container, component, false);
    if (!state || !state->garbage)
        return nature == NATURE_FILES && !(state && state->there);
    state->there = state->garbage = false;
    state->value = NULL;
    return 0;
}

void simulated_import(struct simulated_machine *machine, const char *container, const char *component,
                      const struct simulated_value *value)
{
    append_snapshot(simulated_state(machine, container, component, true), value);
}
