/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/simulation/digest.h"

#include <stdlib.h>
#include <string.h>

#include "host/record/failures.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/json-text.h"
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
        value ? json_text(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;
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

/* Numbers of what is remembered are times, and counts of failures that lead to times. How many there are in a
 * list counts. */
static void forget_times(json_t *value)
{
    const char *name;
    json_t *part;
    size_t index;
    void *next;
    json_object_foreach_safe(value, next, name, part) {
        if (json_is_number(part))
            json_object_del(value, name);
        else
            forget_times(part);
    }
    json_array_foreach(value, index, part) {
        if (json_is_number(part))
            json_array_set_new(value, index, json_null());
        else
            forget_times(part);
    }
}

/* What failed before, and is over, only people want to know. */
static void forget_failures(json_t *state)
{
    json_t *open = json_incref((json_t *)failures_open(state));
    json_object_del(state, "failures");
    if (open)
        json_object_set_new(state, "failures", open);
}

static uint64_t add_memory(uint64_t digest, const struct simulation *simulation)
{
    const struct simulated_file *file =
        simulated_files_find(&simulation->files, SCENARIO_STATE "/state.json");
    CLEANUP_JSON json_t *state = file ? json_loadb(file->data, file->length, 0, NULL) : NULL;
    forget_failures(state);
    forget_times(state);
    return add_json(digest, state);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The journal is for people. */
static bool is_remembered(const struct simulated_files *files, const char *path)
{
    for (size_t i = 0; i < files->count; i++)
        if (begins(files->items[i].path, SCENARIO_STATE "/")
            && !begins(files->items[i].path, SCENARIO_STATE "/events.jsonl")
            && strstr(files->items[i].data, path))
            return true;
    return false;
}

static bool is_on_a_machine(const struct simulation *simulation, const char *path)
{
    for (size_t i = 0; i < simulation->machine_count; i++)
        if (simulated_paths_have(&simulation->machines[i]->paths, path))
            return true;
    return false;
}

/* Where links lead, and what of the coordinator's store a link, the loop's memory or a target leads to. What
 * else is valid there is garbage: what is stored again gets the same path, whether it was there or not. */
static uint64_t add_store(uint64_t digest, const struct simulation *simulation)
{
    const struct simulated_files *files = &simulation->files;
    struct simulated_paths led = { 0 };
    for (size_t i = 0; i < files->count; i++)
        if (files->items[i].link && files->items[i].data[0] == '/') {
            digest = add_text(digest, files->items[i].data);
            simulated_paths_add_closure(simulation, &led, files->items[i].data);
        }
    for (size_t i = 0; i < simulation->paths.count; i++)
        if (is_remembered(files, simulation->paths.items[i]))
            simulated_paths_add_closure(simulation, &led, simulation->paths.items[i]);
    for (size_t i = 0; i < simulation->paths.count; i++)
        if (simulated_paths_have(&led, simulation->paths.items[i])
            || is_on_a_machine(simulation, simulation->paths.items[i]))
            digest = add_text(digest, simulation->paths.items[i]);
    free(led.items);
    return add_text(digest, "");
}

/* What a failure or an event that waits is for: of two with different ones it does not matter which was first. */
static const char *cause_of(const json_t *entry)
{
    const char *operation = text_at(entry, "operation");
    return *operation ? operation : text_at(json_object_get(json_object_get(entry, "event"), "at"), "phase");
}

static uint64_t add_causes(uint64_t digest, const json_t *list)
{
    CLEANUP_JSON json_t *sorted = json_array();
    size_t index;
    json_t *entry;
    json_array_foreach((json_t *)list, index, entry) {
        size_t place = index;
        while (place > 0 && strcmp(cause_of(json_array_get(sorted, place - 1)), cause_of(entry)) > 0)
            place--;
        json_array_insert(sorted, place, entry);
    }
    return add_json(digest, sorted);
}

uint64_t simulated_digest(const void *network, const json_t *observed, const json_t *memory)
{
    const struct simulated_scenario *scenario = network;
    const struct simulation *simulation = scenario->simulation;
    const json_t *parts[] = { observed,          memory,           scenario->services, scenario->distribution,
                              scenario->endings, scenario->prints, scenario->clients };
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        digest = add_json(digest, parts[i]);
    digest = add_causes(add_causes(digest, scenario->waiting), scenario->failures);
    for (size_t i = 0; i < simulation->machine_count; i++)
        digest = add_machine(digest, simulation->machines[i]);
    return add_memory(add_store(digest, simulation), simulation);
}
