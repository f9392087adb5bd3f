/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/simulation/network.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <dydisnix/plugin.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/model/paths.h"

void simulated_broken(const char *what)
{
    fprintf(stderr, "simulation: %s\n", what);
    abort();
}

void *simulated_memory(void *memory)
{
    if (!memory)
        simulated_broken("out of memory");
    return memory;
}

const struct simulated_value simulated_nothing = { .number = SIZE_MAX };

bool simulated_value_has(const struct simulated_value *value, const struct simulated_value *part)
{
    while (value && value != part)
        value = value->before;
    return value == part;
}

void simulation_clear_log(struct simulation *simulation)
{
    simulation->log_length = 0;
    if (simulation->log)
        simulation->log[0] = '\0';
}

struct simulated_machine *simulation_add(struct simulation *simulation, const char *name)
{
    struct simulated_machine *machine = simulated_memory(calloc(1, sizeof *machine));
    machine->name = machine->key = strings_intern(simulation->strings, name);
    machine->listed = machine->up = true;
    simulation->machines = simulated_memory(
        array_grow(simulation->machines, simulation->machine_count, sizeof *simulation->machines));
    simulation->machines[simulation->machine_count++] = machine;
    return machine;
}

struct simulated_machine *simulation_reach(const struct simulation *simulation, const char *key)
{
    for (size_t i = 0; i < simulation->machine_count; i++)
        if (strcmp(simulation->machines[i]->key, key) == 0)
            return simulation->machines[i];
    return NULL;
}

int simulated_call(struct simulation *simulation, struct simulated_machine *machine)
{
    simulation->calls++;
    if (!machine || !machine->up || machine->partitioned)
        return SIMULATED_LOST;
    if (machine->hung)
        return -1;
    return 0;
}

static void *copy_array(const void *items, size_t count, size_t size)
{
    void *copy = simulated_memory(array_new(count + 1, size));
    if (count > 0)
        memcpy(copy, items, count * size);
    return copy;
}

static struct simulated_paths copy_paths(const struct simulated_paths *paths)
{
    return (struct simulated_paths){ copy_array(paths->items, paths->count, sizeof *paths->items),
                                     paths->count };
}

struct simulated_machine *simulated_disk(const struct simulated_machine *machine)
{
    struct simulated_machine *disk = copy_array(machine, 1, sizeof *machine);
    disk->active = copy_array(machine->active, machine->active_count, sizeof *machine->active);
    disk->states = copy_array(machine->states, machine->state_count, sizeof *machine->states);
    for (size_t i = 0; i < disk->state_count; i++)
        disk->states[i].snapshots =
            copy_array(machine->states[i].snapshots, machine->states[i].snapshot_count,
                       sizeof *machine->states[i].snapshots);
    disk->paths = copy_paths(&machine->paths);
    disk->generations = copy_paths(&machine->generations);
    disk->description = NULL;
    return disk;
}

static void clear_disk(struct simulated_machine *machine)
{
    for (size_t i = 0; i < machine->state_count; i++)
        free(machine->states[i].snapshots);
    free(machine->states);
    free(machine->active);
    free(machine->paths.items);
    free(machine->generations.items);
}

void simulated_put_disk(struct simulated_machine *machine, const struct simulated_machine *disk)
{
    struct simulated_machine *copy = simulated_disk(disk);
    clear_disk(machine);
    machine->profile = copy->profile;
    machine->locked = copy->locked;
    machine->full = false;
    machine->active = copy->active;
    machine->active_count = copy->active_count;
    machine->states = copy->states;
    machine->state_count = copy->state_count;
    machine->paths = copy->paths;
    machine->generations = copy->generations;
    free(copy);
}

void simulated_machine_free(struct simulated_machine *machine)
{
    clear_disk(machine);
    json_decref(machine->description);
    free(machine);
}

static const char name_of_nothing[] = "0040f94d11d0039505328a90b2ff48968db873e9e7967307631bf40ef5679275";

const char *simulation_snapshot_name(struct simulation *simulation, const struct simulated_value *value)
{
    char name[65];
    if (value == &simulated_nothing)
        return name_of_nothing;
    snprintf(name, sizeof name, "%064zx", value ? value->number : 0);
    return strings_intern(simulation->strings, name);
}

const struct simulated_value *simulation_value(struct simulation *simulation,
                                               const struct simulated_value *before, const char *text)
{
    const char *own = strings_intern(simulation->strings, text);
    for (size_t i = 0; i < simulation->value_count; i++)
        if (simulation->values[i]->before == before && simulation->values[i]->text == own)
            return simulation->values[i];
    struct simulated_value *value = simulated_memory(calloc(1, sizeof *value));
    simulation->values =
        simulated_memory(array_grow(simulation->values, simulation->value_count, sizeof *simulation->values));
    simulation->values[simulation->value_count++] = value;
    *value = (struct simulated_value){ before, simulation->value_count, own };
    return value;
}

bool simulation_snapshot_value(const struct simulation *simulation, const char *path,
                               const struct simulated_value **value)
{
    const char *slash = strrchr(path, '/');
    char *end = NULL;
    if (slash && strcmp(slash + 1, name_of_nothing) == 0) {
        *value = &simulated_nothing;
        return true;
    }
    unsigned long number = slash ? strtoul(slash + 1, &end, 16) : 0;
    if (!end || end != slash + 65 || *end || number > simulation->value_count)
        return false;
    *value = number > 0 ? simulation->values[number - 1] : NULL;
    return true;
}

/* FNV-1a with a seed. */
static uint64_t hash_part(const char *text, uint64_t seed)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (seed * UINT64_C(0x9e3779b97f4a7c15));
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash ^ (hash >> 29);
}

void simulated_hash(const char *text, char hash[65])
{
    for (size_t i = 0; i < 4; i++)
        snprintf(hash + 16 * i, 17, "%016" PRIx64, hash_part(text, i + 1));
}

const struct simulated_object *simulation_object(const struct simulation *simulation, const char *path)
{
    for (size_t i = simulation->object_count; i-- > 0;)
        if (strcmp(simulation->objects[i].path, path) == 0)
            return &simulation->objects[i];
    return NULL;
}

/* What is at path, or is to be. */
static struct simulated_object *object_at(struct simulation *simulation, const char *path)
{
    for (size_t i = simulation->object_count; i-- > 0;)
        if (strcmp(simulation->objects[i].path, path) == 0)
            return &simulation->objects[i];
    simulation->objects = simulated_memory(
        array_grow(simulation->objects, simulation->object_count, sizeof *simulation->objects));
    struct simulated_object *object = &simulation->objects[simulation->object_count++];
    *object = (struct simulated_object){ .path = strings_intern(simulation->strings, path) };
    return object;
}

/* content: what the path is made of. */
static struct simulated_object *store(struct simulation *simulation, const char *name, const char *content)
{
    char hash[65], path[300];
    simulated_hash(content, hash);
    for (char *digit = hash; *digit; digit++)
        *digit = *digit == 'e' ? 'g' : *digit; /* Nix's base 32 has no e */
    snprintf(path, sizeof path, "/nix/store/%.32s-%s", hash, name);
    return object_at(simulation, path);
}

static const char *store_text(struct simulated_object *object, const char *text,
                              const char *const *references, size_t count)
{
    if (!object->text) {
        object->text = simulated_memory(strdup(text));
        object->references = copy_array(references, count, sizeof *references);
        object->reference_count = count;
        object->says = json_object();
    }
    return object->path;
}

const char *simulation_store(struct simulation *simulation, const char *name, const char *text,
                             const char *const *references, size_t count)
{
    CLEANUP_FREE char *content = simulated_memory(string_format("%s %s", name, text));
    return store_text(store(simulation, name, content), text, references, count);
}

const char *simulation_store_at(struct simulation *simulation, const char *path, const char *text,
                                const char *const *references, size_t count)
{
    return store_text(object_at(simulation, path), text, references, count);
}

const char *simulation_package(struct simulation *simulation, const char *name, enum component_nature nature)
{
    CLEANUP_FREE char *content = simulated_memory(string_format("%s %s", name, nature_words[nature]));
    struct simulated_object *object = store(simulation, name, content);
    object->nature = nature;
    return object->path;
}

/* Where path is or would be. */
static size_t path_position(const struct simulated_paths *paths, const char *path)
{
    size_t low = 0, high = paths->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(paths->items[middle], path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool simulated_paths_have(const struct simulated_paths *paths, const char *path)
{
    size_t index = path_position(paths, path);
    return index < paths->count && strcmp(paths->items[index], path) == 0;
}

void simulated_paths_add(struct simulated_paths *paths, const char *path)
{
    if (simulated_paths_have(paths, path))
        return;
    size_t index = path_position(paths, path);
    paths->items = simulated_memory(array_grow(paths->items, paths->count, sizeof *paths->items));
    memmove(paths->items + index + 1, paths->items + index, (paths->count++ - index) * sizeof *paths->items);
    paths->items[index] = path;
}

void simulated_paths_add_closure(const struct simulation *simulation, struct simulated_paths *paths,
                                 const char *path)
{
    const struct simulated_object *object = simulation_object(simulation, path);
    for (size_t i = 0; object && i < object->reference_count; i++)
        simulated_paths_add_closure(simulation, paths, object->references[i]);
    if (object)
        simulated_paths_add(paths, object->path);
}

bool simulation_is_closed(const struct simulation *simulation, const char *path)
{
    size_t length = simulation->closed ? strlen(simulation->closed) : 0;
    return length > 0 && strncmp(path, simulation->closed, length) == 0
           && (path[length] == '/' || path[length] == '\0');
}

void simulation_finish(struct dydisnix_result *result, int status, xmlBufferPtr output)
{
    result->ending = status < 0 ? DYDISNIX_TIMED_OUT : DYDISNIX_EXITED;
    result->status = status < 0 ? 0 : status;
    result->output_length = (size_t)xmlBufferLength(output);
    result->output = simulated_memory(calloc(result->output_length + 1, 1)); /* NULs are among it */
    if (result->output_length > 0)
        memcpy(result->output, xmlBufferContent(output), result->output_length);
}
