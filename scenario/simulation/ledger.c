/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/simulation/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/model/paths.h"

void simulated_ledger_open(struct simulated_ledger *ledger)
{
    *ledger =
        (struct simulated_ledger){ .lost = json_array(), .stopped = json_array(), .misdone = json_array() };
}

void simulated_ledger_close(struct simulated_ledger *ledger)
{
    free(ledger->entries);
    json_decref(ledger->lost);
    json_decref(ledger->stopped);
    json_decref(ledger->misdone);
}

void simulated_ledger_add(struct simulated_ledger *ledger, const char *service, const char *text,
                          const struct simulated_value *value)
{
    ledger->entries = simulated_memory(array_grow(ledger->entries, ledger->count, sizeof *ledger->entries));
    ledger->entries[ledger->count++] = (struct simulated_entry){ service, text, value, true };
}

static bool state_has(const struct simulated_state *state, const struct simulated_value *value)
{
    bool found = state->there && simulated_value_has(state->value, value);
    for (size_t i = 0; i < state->snapshot_count && !found; i++)
        found = simulated_value_has(state->snapshots[i], value);
    return found;
}

static bool machine_has(const struct simulated_machine *machine, const struct simulated_value *value)
{
    for (size_t i = 0; i < machine->state_count; i++)
        if (state_has(&machine->states[i], value))
            return true;
    return false;
}

/* The links of the coordinator that name a snapshot. */
static bool coordinator_has(const struct simulation *simulation, const struct simulated_value *value)
{
    for (size_t i = 0; i < simulation->files.count; i++) {
        const struct simulated_file *file = &simulation->files.items[i];
        const struct simulated_value *saved = NULL;
        if (file->link && strstr(file->path, "/generations/")
            && simulation_snapshot_value(simulation, file->data, &saved) && simulated_value_has(saved, value))
            return true;
    }
    return false;
}

static bool is_anywhere(const struct simulation *simulation, const struct simulated_value *value)
{
    for (size_t i = 0; i < simulation->machine_count; i++)
        if (machine_has(simulation->machines[i], value))
            return true;
    return coordinator_has(simulation, value);
}

void simulated_ledger_look(struct simulated_ledger *ledger, const struct simulation *simulation)
{
    for (size_t i = 0; i < ledger->count; i++)
        ledger->entries[i].held = is_anywhere(simulation, ledger->entries[i].value);
}

void simulated_ledger_judge(struct simulated_ledger *ledger, const struct simulation *simulation,
                            const char *operation, const char *where)
{
    for (size_t i = 0; i < ledger->count; i++) {
        struct simulated_entry *entry = &ledger->entries[i];
        if (!entry->held || is_anywhere(simulation, entry->value))
            continue;
        entry->held = false;
        json_array_append_new(ledger->lost, json_sprintf("\"%s\", written to %s, was lost by %s%s%s",
                                                         entry->text, entry->service, operation,
                                                         where ? " on " : "", where ? where : ""));
    }
}

static bool is_active_state(const struct simulated_machine *machine, const struct simulated_state *state)
{
    for (size_t i = 0; i < machine->active_count; i++)
        if (strcmp(machine->active[i].container, state->container) == 0
            && strcmp(store_path_name(machine->active[i].package), state->component) == 0)
            return true;
    return false;
}

static bool has_snapshot(const struct simulated_state *state, const struct simulated_value *value)
{
    for (size_t i = 0; i < state->snapshot_count; i++)
        if (simulated_value_has(state->snapshots[i], value))
            return true;
    return false;
}

/* A stopped component that could be saved, and is not. */
static bool is_left_stopped(const struct simulated_machine *machine, const struct simulated_state *state,
                            const struct simulated_value *value)
{
    return machine->up && !machine->hung && !machine->partitioned && state->there
           && state->nature == NATURE_FILES && simulated_value_has(state->value, value)
           && !is_active_state(machine, state);
}

/* Where it is only in such a component; NULL: it is in something that lives or in a snapshot too, or
 * nowhere. */
static const struct simulated_state *only_stopped(const struct simulation *simulation,
                                                  const struct simulated_value *value)
{
    const struct simulated_state *stopped = NULL;
    for (size_t i = 0; i < simulation->machine_count; i++) {
        const struct simulated_machine *machine = simulation->machines[i];
        for (size_t k = 0; k < machine->state_count; k++) {
            const struct simulated_state *state = &machine->states[k];
            if (is_left_stopped(machine, state, value) && !has_snapshot(state, value))
                stopped = state;
            else if (state_has(state, value))
                return NULL;
        }
    }
    return coordinator_has(simulation, value) ? NULL : stopped;
}

json_t *simulated_ledger_unsaved(const struct simulated_ledger *ledger, const struct simulation *simulation)
{
    json_t *unsaved = json_array();
    for (size_t i = 0; i < ledger->count; i++) {
        const struct simulated_entry *entry = &ledger->entries[i];
        const struct simulated_state *state = only_stopped(simulation, entry->value);
        if (state)
            json_array_append_new(unsaved,
                                  json_pack("{ss ss}", "service", entry->service, "text", entry->text));
    }
    return unsaved;
}

json_t *simulated_ledger_writes(const struct simulated_ledger *ledger)
{
    json_t *writes = json_array();
    for (size_t i = 0; i < ledger->count; i++)
        json_array_append_new(writes, json_pack("{ss ss}", "service", ledger->entries[i].service, "text",
                                                ledger->entries[i].text));
    return writes;
}
