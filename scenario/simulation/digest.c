/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/simulation/digest.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "scenario/simulation/scenario.h"

/* FNV-1a. */
static uint64_t add_text(uint64_t digest, const char *text)
{
    for (; *text; text++)
        digest = (digest ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return (digest ^ 0xff) * UINT64_C(0x100000001b3);
}

static uint64_t add_json(uint64_t digest, const json_t *value)
{
    CLEANUP_FREE char *text =
        value ? json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;
    return add_text(digest, text ? text : "");
}

static uint64_t add_paths(uint64_t digest, const struct simulated_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        digest = add_text(digest, paths->items[i]);
    return add_text(digest, "");
}

static uint64_t add_machine(uint64_t digest, const struct simulated_machine *machine)
{
    digest = add_text(digest, machine->name);
    digest = add_text(digest, machine->profile ? machine->profile : "");
    digest = add_text(digest, machine->answer ? machine->answer : "");
    digest = add_paths(digest, &machine->paths);
    return add_paths(digest, &machine->generations);
}

/* Numbers of what is remembered are times, and counts of failures that lead to times. */
static void forget_times(json_t *value)
{
    const char *name;
    json_t *part;
    size_t index;
    void *next;
    json_object_foreach_safe(value, next, name, part) {
        if (json_is_integer(part) || json_is_real(part))
            json_object_del(value, name);
        else
            forget_times(part);
    }
    if (json_is_array(value))
        json_array_foreach(value, index, part)
            forget_times(part);
}

static uint64_t add_memory(uint64_t digest, const struct simulation *simulation)
{
    const struct simulated_file *file =
        simulated_files_find(&simulation->files, SCENARIO_STATE "/state.json");
    CLEANUP_JSON json_t *state = file ? json_loadb(file->data, file->length, 0, NULL) : NULL;
    forget_times(state);
    return add_json(digest, state);
}

uint64_t simulated_digest(const void *network, const json_t *observed, const json_t *memory)
{
    const struct simulated_scenario *scenario = network;
    const struct simulation *simulation = scenario->simulation;
    const json_t *waiting[] = { observed,           memory,
                                scenario->services, scenario->distribution,
                                scenario->waiting,  scenario->failures,
                                scenario->endings,  scenario->prints,
                                scenario->clients };
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++)
        digest = add_json(digest, waiting[i]);
    for (size_t i = 0; i < simulation->machine_count; i++)
        digest = add_machine(digest, simulation->machines[i]);
    return add_memory(add_paths(digest, &simulation->paths), simulation);
}
