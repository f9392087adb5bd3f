/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The client interface of a simulated network: what it answers is what Disnix's client would.
 */
#include "scenario/simulation/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dydisnix/plugin.h>

#include "lib/base/cleanup.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"
#include "scenario/format/event-checks.h"
#include "scenario/simulation/component.h"

/* One call. words: what is no option. */
struct call {
    const char *operation, *key, *container, *component, *type, *keep, *package;
    const char **words;
    size_t word_count;
};

static bool is_one_of(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names;
}

static bool takes_value(const char *option)
{
    static const char *const options[] = { "--target", "--profile",   "--container", "--component",
                                           "--type",   "--arguments", "--keep",      NULL };
    return is_one_of(options, option);
}

static void take_value(struct call *call, const char *option, const char *value)
{
    if (strcmp(option, "--target") == 0)
        call->key = value;
    else if (strcmp(option, "--container") == 0)
        call->container = value;
    else if (strcmp(option, "--component") == 0)
        call->component = value;
    else if (strcmp(option, "--type") == 0)
        call->type = value;
    else if (strcmp(option, "--keep") == 0)
        call->keep = value;
}

static void parse_call(struct call *call, const char *const *argv)
{
    static const char *const flags[] = { "--remotefile", "--localfile", "--delete-old", NULL };
    size_t count = 0;
    while (argv[count])
        count++;
    *call = (struct call){ .words = simulated_memory(calloc(count + 1, sizeof *call->words)) };
    for (size_t i = 1; argv[i]; i++) {
        if (takes_value(argv[i]) && argv[i + 1]) {
            take_value(call, argv[i], argv[i + 1]);
            i++;
        } else if (strncmp(argv[i], "--", 2) != 0) {
            call->words[call->word_count++] = argv[i];
        } else if (!is_one_of(flags, argv[i])) {
            call->operation = argv[i];
        }
    }
    call->package = call->word_count > 0 ? call->words[call->word_count - 1] : NULL;
}

static void put(xmlBufferPtr output, const char *text)
{
    xmlBufferCCat(output, text);
}

static void put_line(xmlBufferPtr output, const char *line)
{
    put(output, line);
    put(output, "\n");
}

void simulation_put_closure(const struct simulation *simulation, struct simulated_paths *seen,
                            const char *path, xmlBufferPtr output)
{
    const struct simulated_object *object = simulation_object(simulation, path);
    if (!object || simulated_paths_have(seen, path))
        return;
    simulated_paths_add(seen, object->path);
    for (size_t i = 0; i < object->reference_count; i++)
        simulation_put_closure(simulation, seen, object->references[i], output);
    put_line(output, path);
}

static int query_requisites(struct simulation *simulation, struct simulated_machine *machine,
                            const struct call *call, xmlBufferPtr output)
{
    struct simulated_paths seen = { 0 };
    const char *path = call->package && is_store_path(call->package) ? call->package : machine->profile;
    if (!path || !simulated_paths_have(&machine->paths, path))
        return 1;
    simulation_put_closure(simulation, &seen, path, output);
    free(seen.items);
    return 0;
}

static int query_installed(struct simulation *simulation, struct simulated_machine *machine,
                           const struct call *call, xmlBufferPtr output)
{
    const struct simulated_object *profile =
        machine->profile ? simulation_object(simulation, machine->profile) : NULL;
    (void)call;
    put(output, machine->answer ? machine->answer : profile && profile->text ? profile->text : "");
    return 0;
}

static int print_invalid(struct simulation *simulation, struct simulated_machine *machine,
                         const struct call *call, xmlBufferPtr output)
{
    (void)simulation;
    for (size_t i = 0; i < call->word_count; i++)
        if (!simulated_paths_have(&machine->paths, call->words[i]))
            put_line(output, call->words[i]);
    return 0;
}

static int realise(struct simulation *simulation, struct simulated_machine *machine, const struct call *call,
                   xmlBufferPtr output)
{
    (void)simulation;
    for (size_t i = 0; i < call->word_count; i++) {
        if (!simulated_paths_have(&machine->paths, call->words[i]))
            return 1;
        put_line(output, call->words[i]);
    }
    return 0;
}

static char *temporary_path(struct simulation *simulation)
{
    const char *directory = getenv("TMPDIR");
    return simulated_memory(string_format("%s/client.%zu", directory && *directory ? directory : "/tmp",
                                          simulation->temporary++));
}

/* A file with the paths takes the place of the stream. */
static int export(struct simulation *simulation, struct simulated_machine *machine, const struct call *call,
                  xmlBufferPtr output)
{
    CLEANUP_BUFFER xmlBufferPtr paths = xmlBufferCreate();
    CLEANUP_FREE char *file = temporary_path(simulation);
    for (size_t i = 0; i < call->word_count; i++) {
        if (!simulated_paths_have(&machine->paths, call->words[i]))
            return 1;
        put_line(paths, call->words[i]);
    }
    if (simulation->full)
        return 1;
    simulated_files_write(&simulation->files, file, (const char *)xmlBufferContent(paths),
                          (size_t)xmlBufferLength(paths));
    put_line(output, file);
    return 0;
}

static int import(struct simulation *simulation, struct simulated_machine *machine, const struct call *call,
                  xmlBufferPtr output)
{
    const struct simulated_file *file =
        call->package ? simulated_files_find(&simulation->files, call->package) : NULL;
    CLEANUP_FREE char *text = file ? simulated_memory(strdup(file->data)) : NULL;
    for (char *rest = text, *line; text && (line = strsep(&rest, "\n"));)
        if (*line) {
            simulated_paths_add(&machine->paths, strings_intern(simulation->strings, line));
            put_line(output, line);
        }
    return file ? 0 : 1;
}

/* As Disnix, which sets a profile only if its path is as long as that of the one before. */
static int set(struct simulation *simulation, struct simulated_machine *machine, const struct call *call,
               xmlBufferPtr output)
{
    (void)output;
    if (machine->profile && call->package && strlen(machine->profile) != strlen(call->package))
        return 0;
    if (!call->package || !simulated_paths_have(&machine->paths, call->package))
        return 1;
    machine->profile = strings_intern(simulation->strings, call->package);
    simulated_paths_add(&machine->generations, machine->profile);
    machine->answer = NULL;
    return 0;
}

static int lock(struct simulation *simulation, struct simulated_machine *machine, const struct call *call,
                xmlBufferPtr output)
{
    bool wanted = strcmp(call->operation, "--lock") == 0;
    (void)simulation;
    (void)output;
    if (machine->locked == wanted)
        return 1;
    machine->locked = wanted;
    return 0;
}

/* Whether the module finds what it reads: the package, and the provider of the container if that has the
 * module. */
static bool has_package(const struct simulated_machine *machine, const struct call *call,
                        const char *container, const char *package, enum component_nature nature)
{
    const struct simulated_state *state =
        simulated_state((struct simulated_machine *)machine, container, store_path_name(package), false);
    bool marked = state && (state->garbage || simulated_is_active(machine, container, package));
    if (call->type && is_store_path(call->type) && !simulated_paths_have(&machine->paths, call->type))
        return false;
    if (nature_outlives(nature) && marked && strcmp(call->operation, "--activate") != 0)
        return true;
    return simulated_paths_have(&machine->paths, package);
}

static int activity(struct simulation *simulation, struct simulated_machine *machine, const struct call *call,
                    xmlBufferPtr output)
{
    static const struct {
        const char *operation;
        int (*run)(struct simulated_machine *machine, const char *container, const char *component,
                   enum component_nature nature);
    } of_state[] = { { "--snapshot", simulated_snapshot },
                     { "--restore", simulated_restore },
                     { "--delete-state", simulated_delete_state } };
    (void)output;
    if (!call->package || !store_path_name(call->package) || !call->container)
        return 1;
    const char *package = strings_intern(simulation->strings, call->package);
    const char *container = strings_intern(simulation->strings, call->container);
    const struct simulated_object *object = simulation_object(simulation, package);
    enum component_nature nature = object ? object->nature : NATURE_PLAIN;
    if (!has_package(machine, call, container, package, nature))
        return COMPONENT_FAILED;
    for (size_t i = 0; i < sizeof of_state / sizeof *of_state; i++)
        if (strcmp(call->operation, of_state[i].operation) == 0)
            return of_state[i].run(machine, container, store_path_name(package), nature) == 0
                       ? 0
                       : COMPONENT_FAILED;
    int status = strcmp(call->operation, "--activate") == 0
                     ? simulated_activate(machine, container, package, NULL, nature)
                     : simulated_deactivate(machine, container, package, nature);
    return status == 0 ? 0 : COMPONENT_FAILED;
}

/* A component may be named by its package. */
static const char *component_of(const struct call *call)
{
    const char *name = call->component ? store_path_name(call->component) : NULL;
    return name ? name : call->component ? call->component : "";
}

static void put_snapshot(struct simulation *simulation, const struct simulated_state *state, size_t i,
                         xmlBufferPtr output)
{
    CLEANUP_FREE char *line =
        simulated_memory(string_format("%s/%s/%s", state->container, state->component,
                                       simulation_snapshot_name(simulation, state->snapshots[i])));
    put_line(output, line);
}

static const struct simulated_state *sorted_state; /* qsort() carries no closure */

static int compare_generations(const void *a, const void *b)
{
    char x[32], y[32];
    snprintf(x, sizeof x, "%zu", sorted_state->cleaned + *(const size_t *)a + 1);
    snprintf(y, sizeof y, "%zu", sorted_state->cleaned + *(const size_t *)b + 1);
    return strcmp(x, y);
}

/* All are listed as Dysnomia does, by the text of their generations' numbers: 1, 10, 2. */
static void put_snapshots(struct simulation *simulation, const struct simulated_state *state,
                          xmlBufferPtr output)
{
    CLEANUP_FREE size_t *order = simulated_memory(calloc(state->snapshot_count + 1, sizeof *order));
    for (size_t i = 0; i < state->snapshot_count; i++)
        order[i] = i;
    sorted_state = state;
    qsort(order, state->snapshot_count, sizeof *order, compare_generations);
    for (size_t i = 0; i < state->snapshot_count; i++)
        put_snapshot(simulation, state, order[i], output);
}

static int query_snapshots(struct simulation *simulation, struct simulated_machine *machine,
                           const struct call *call, xmlBufferPtr output)
{
    const struct simulated_state *state =
        simulated_state(machine, call->container ? call->container : "", component_of(call), false);
    if (!state || state->snapshot_count == 0)
        return 0;
    if (strcmp(call->operation, "--query-latest-snapshot") == 0)
        put_snapshot(simulation, state, state->snapshot_count - 1, output);
    else
        put_snapshots(simulation, state, output);
    return 0;
}

/* Whether the machine has the snapshot CONTAINER/COMPONENT/ID. */
static bool has_snapshot(struct simulation *simulation, struct simulated_machine *machine, const char *name)
{
    for (size_t i = 0; i < machine->state_count; i++) {
        const struct simulated_state *state = &machine->states[i];
        for (size_t j = 0; j < state->snapshot_count; j++) {
            CLEANUP_FREE char *own =
                simulated_memory(string_format("%s/%s/%s", state->container, state->component,
                                               simulation_snapshot_name(simulation, state->snapshots[j])));
            if (strcmp(own, name) == 0)
                return true;
        }
    }
    return false;
}

static int print_missing(struct simulation *simulation, struct simulated_machine *machine,
                         const struct call *call, xmlBufferPtr output)
{
    for (size_t i = 0; i < call->word_count; i++)
        if (!has_snapshot(simulation, machine, call->words[i]))
            put_line(output, call->words[i]);
    return 0;
}

#define SNAPSHOTS "/var/state/dysnomia/snapshots/" /* on a machine */

static int resolve(struct simulation *simulation, struct simulated_machine *machine, const struct call *call,
                   xmlBufferPtr output)
{
    (void)simulation;
    (void)machine;
    for (size_t i = 0; i < call->word_count; i++) {
        put(output, SNAPSHOTS);
        put_line(output, call->words[i]);
    }
    return 0;
}

/* Each comes in a directory of its own, as a file that has its name. */
static int export_snapshots(struct simulation *simulation, struct simulated_machine *machine,
                            const struct call *call, xmlBufferPtr output)
{
    for (size_t i = 0; i < call->word_count; i++) {
        const char *path = call->words[i];
        CLEANUP_FREE char *directory = temporary_path(simulation);
        if (strncmp(path, SNAPSHOTS, strlen(SNAPSHOTS)) != 0
            || !has_snapshot(simulation, machine, path + strlen(SNAPSHOTS)) || simulation->full)
            return 1;
        CLEANUP_FREE char *file = simulated_memory(string_format("%s%s", directory, strrchr(path, '/')));
        simulated_files_write(&simulation->files, file, "", 0);
        put_line(output, directory);
    }
    return 0;
}

static int import_snapshots(struct simulation *simulation, struct simulated_machine *machine,
                            const struct call *call, xmlBufferPtr output)
{
    const struct simulated_value *value;
    (void)output;
    if (!call->container || !call->component)
        return 1;
    for (size_t i = 0; i < call->word_count; i++) {
        if (!simulation_snapshot_value(simulation, call->words[i], &value))
            return 1;
        simulated_import(machine, strings_intern(simulation->strings, call->container),
                         strings_intern(simulation->strings, component_of(call)), value);
    }
    return 0;
}

static int clean_snapshots(struct simulation *simulation, struct simulated_machine *machine,
                           const struct call *call, xmlBufferPtr output)
{
    struct simulated_state *state =
        simulated_state(machine, call->container ? call->container : "", component_of(call), false);
    size_t keep = call->keep ? strtoul(call->keep, NULL, 10) : 1;
    (void)simulation;
    (void)output;
    if (state && state->snapshot_count > keep) {
        memmove(state->snapshots, state->snapshots + state->snapshot_count - keep,
                keep * sizeof *state->snapshots);
        state->cleaned += state->snapshot_count - keep;
        state->snapshot_count = keep;
    }
    return 0;
}

static const struct {
    const char *operation;
    int (*run)(struct simulation *simulation, struct simulated_machine *machine, const struct call *call,
               xmlBufferPtr output);
} all_operations[] = {
    { "--query-requisites", query_requisites },
    { "--query-installed", query_installed },
    { "--print-invalid", print_invalid },
    { "--realise", realise },
    { "--export", export },
    { "--import", import },
    { "--set", set },
    { "--lock", lock },
    { "--unlock", lock },
    { "--activate", activity },
    { "--deactivate", activity },
    { "--snapshot", activity },
    { "--restore", activity },
    { "--delete-state", activity },
    { "--query-all-snapshots", query_snapshots },
    { "--query-latest-snapshot", query_snapshots },
    { "--print-missing-snapshots", print_missing },
    { "--resolve-snapshots", resolve },
    { "--export-snapshots", export_snapshots },
    { "--import-snapshots", import_snapshots },
    { "--clean-snapshots", clean_snapshots },
};

static int answer(struct simulation *simulation, struct simulated_machine *machine, const struct call *call,
                  xmlBufferPtr output)
{
    for (size_t i = 0; i < sizeof all_operations / sizeof *all_operations; i++)
        if (strcmp(all_operations[i].operation, call->operation) == 0)
            return all_operations[i].run(simulation, machine, call, output);
    return 1;
}

/* What a dump is of a server that is down, where nobody looks at how the dump ended. */
static int take_empty(struct simulation *simulation, struct simulated_machine *machine,
                      const struct call *call)
{
    const char *component = call->package ? store_path_name(call->package) : NULL;
    if (!component || !call->container)
        return 1;
    simulated_import(machine, strings_intern(simulation->strings, call->container),
                     strings_intern(simulation->strings, component), &simulated_nothing);
    return 0;
}

/* The way there takes its time. */
static int travel(struct simulation *simulation, const struct simulated_machine *machine,
                  const struct dydisnix_program *program)
{
    int64_t slow = machine ? machine->slow : 0;
    if (program->deadline > 0 && slow > program->deadline)
        return -1;
    simulation->milliseconds += slow;
    return 0;
}

/* On standard output; of what such a program says on standard error nothing is decided either. */
static void speak(const struct simulated_machine *machine, const struct call *call, xmlBufferPtr output)
{
    const struct simulated_saying *saying = machine ? &machine->saying : NULL;
    if (!saying || !saying->operation || strcmp(saying->operation, call->operation) != 0)
        return;
    const size_t length = strlen(saying->text), times = saying->repeat > 0 ? (size_t)saying->repeat : 0;
    CLEANUP_FREE char *all = simulated_memory(malloc(length * times + 1));
    for (size_t i = 0; i < times; i++)
        memcpy(all + i * length, saying->text, length);
    xmlBufferAdd(output, (const xmlChar *)all,
                 (int)(length * times)); /* at once: a buffer may grow by each part */
}

static bool is_component(const struct call *call)
{
    return call->container && call->package && is_store_path(call->package);
}

static bool is_active(const struct simulated_machine *machine, const struct call *call)
{
    return is_component(call) && simulated_is_active(machine, call->container, call->package);
}

/* status: what becomes of it, as watch.call says. */
static int reach(struct simulation *simulation, struct simulated_machine *machine, const struct call *call,
                 int status, xmlBufferPtr output)
{
    const struct simulated_watch *watch = simulation->watch;
    const int fate = status;
    const bool was_active = is_active(machine, call);
    speak(machine, call, output);
    if (status == SIMULATED_LIES)
        return 0;
    status = status == SIMULATED_EMPTIES ? take_empty(simulation, machine, call)
             : machine->full && operation_needs_room(call->operation)
                 ? COMPONENT_FAILED
                 : answer(simulation, machine, call, output);
    if (watch)
        watch->called(watch->closure,
                      &(struct simulated_called){ .operation = call->operation,
                                                  .machine = machine,
                                                  .container = call->container,
                                                  .package = is_component(call) ? call->package : NULL,
                                                  .was_active = was_active,
                                                  .is_active = is_active(machine, call) });
    return fate == SIMULATED_LINGERS ? SIMULATED_SILENT : fate == SIMULATED_BREAKS ? SIMULATED_LOST : status;
}

static int make_call(struct simulation *simulation, const struct call *call,
                     const struct dydisnix_program *program, xmlBufferPtr output)
{
    const struct simulated_watch *watch = simulation->watch;
    if (!call->operation || !call->key)
        return 1;
    int status = watch ? watch->call(watch->closure, call->operation, call->key) : 0;
    struct simulated_machine *machine = simulation_reach(simulation, call->key);
    if (status > 0 || status == SIMULATED_SILENT)
        return status;
    int way = simulated_call(simulation, machine);
    if (way == 0)
        way = travel(simulation, machine, program);
    return way == 0 ? reach(simulation, machine, call, status, output) : way;
}

/* What it prints is an answer, and not what services say meanwhile. */
static bool answers(const char *operation)
{
    static const char *const kinds[] = { "--query-", "--print-", "--export", "--import", "--resolve-" };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(operation, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return false;
}

/* As real programs have it, but a sixty-fourth. */
static void limit(struct simulation *simulation, const struct dydisnix_program *program,
                  const char *operation, struct dydisnix_result *result)
{
    size_t most = (program->output_limit ? program->output_limit : (size_t)64 << 20) / 64;
    if (simulation->inherits || (!program->drop_output && result->output_length <= most))
        return;
    if (!program->drop_output)
        result->ending = DYDISNIX_TOO_MUCH_OUTPUT;
    if (!program->drop_output && operation && !answers(operation))
        simulation->flooded = strings_intern(simulation->strings, operation);
    result->output[0] = '\0';
    result->output_length = 0;
}

void simulation_client(struct simulation *simulation, const struct dydisnix_program *program,
                       struct dydisnix_result *result)
{
    CLEANUP_BUFFER xmlBufferPtr output = xmlBufferCreate();
    struct call call;
    parse_call(&call, program->argv);
    int status = make_call(simulation, &call, program, output);
    simulation_finish(result, status, output);
    limit(simulation, program, call.operation, result);
    free(call.words);
}
