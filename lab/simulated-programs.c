/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The programs of a simulated network: the client interface, and what of Nix is called.
 */
#include "simulated-network.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include <dydisnix/plugin.h>

#include "cleanup.h"
#include "paths.h"
#include "value.h"

/* One call of the client interface. words: what is no option. */
struct call {
    const char *operation, *key, *container, *component, *package;
    const char *words[4096];
    size_t word_count;
};

static bool takes_value(const char *option)
{
    static const char *const options[] = { "--target", "--profile",   "--container", "--component",
                                           "--type",   "--arguments", "--keep",      NULL };
    for (size_t i = 0; options[i]; i++)
        if (strcmp(option, options[i]) == 0)
            return true;
    return false;
}

static void take_value(struct call *call, const char *option, const char *value)
{
    if (strcmp(option, "--target") == 0)
        call->key = value;
    else if (strcmp(option, "--container") == 0)
        call->container = value;
    else if (strcmp(option, "--component") == 0)
        call->component = value;
}

static void parse_call(struct call *call, const char *const *argv)
{
    *call = (struct call){ 0 };
    for (size_t i = 1; argv[i]; i++) {
        if (takes_value(argv[i]) && argv[i + 1]) {
            take_value(call, argv[i], argv[i + 1]);
            i++;
        } else if (strncmp(argv[i], "--", 2) != 0) {
            if (call->word_count == sizeof call->words / sizeof *call->words)
                simulated_broken("too many arguments");
            call->words[call->word_count++] = argv[i];
        } else if (strcmp(argv[i], "--remotefile") != 0) {
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

static void put_closure(const struct simulation *simulation, struct simulated_paths *seen, const char *path,
                        xmlBufferPtr output)
{
    const struct simulated_object *object = simulation_object(simulation, path);
    if (!object || simulated_paths_have(seen, path))
        return;
    simulated_paths_add(seen, object->path);
    for (size_t i = 0; i < object->reference_count; i++)
        put_closure(simulation, seen, object->references[i], output);
    put_line(output, path);
}

static int query_requisites(struct simulation *simulation, const struct simulated_machine *machine,
                            const struct call *call, xmlBufferPtr output)
{
    struct simulated_paths seen = { 0 };
    const char *path = call->package && is_store_path(call->package) ? call->package : machine->profile;
    if (!path || !simulated_paths_have(&machine->paths, path))
        return 1;
    put_closure(simulation, &seen, path, output);
    free(seen.items);
    return 0;
}

static int query_snapshots(struct simulation *simulation, struct simulated_machine *machine,
                           const struct call *call, xmlBufferPtr output)
{
    const struct simulated_state *state = simulated_state(machine, call->container, call->component, false);
    for (size_t i = 0; state && i < state->snapshot_count; i++) {
        CLEANUP_FREE char *line =
            simulated_memory(string_format("%s/%s/%s", call->container, call->component,
                                           simulation_snapshot_name(simulation, state->snapshots[i])));
        put_line(output, line);
    }
    return 0;
}

/* A file with the paths takes the place of the stream. */
static int export(struct simulation *simulation, const struct simulated_machine *machine,
                  const struct call *call, xmlBufferPtr output)
{
    CLEANUP_BUFFER xmlBufferPtr paths = xmlBufferCreate();
    CLEANUP_FREE char *file = simulated_memory(string_format("/tmp/export.%zu", simulation->temporary++));
    for (size_t i = 0; i < call->word_count; i++) {
        if (!simulated_paths_have(&machine->paths, call->words[i]))
            return 1;
        put_line(paths, call->words[i]);
    }
    simulated_files_write(&simulation->files, file, (const char *)xmlBufferContent(paths),
                          (size_t)xmlBufferLength(paths));
    put_line(output, file);
    return 0;
}

static int perform(struct simulated_machine *machine, const struct call *call)
{
    const char *component = call->package ? store_path_name(call->package) : NULL;
    if (!component || !call->container)
        return 1;
    if (strcmp(call->operation, "--snapshot") == 0)
        return simulated_snapshot(machine, call->container, component);
    if (strcmp(call->operation, "--deactivate") != 0)
        return 1;
    return simulated_deactivate(machine, call->container, call->package);
}

static int answer(struct simulation *simulation, struct simulated_machine *machine, const struct call *call,
                  xmlBufferPtr output)
{
    if (strcmp(call->operation, "--query-requisites") == 0)
        return query_requisites(simulation, machine, call, output);
    if (strcmp(call->operation, "--query-all-snapshots") == 0)
        return query_snapshots(simulation, machine, call, output);
    if (strcmp(call->operation, "--export") == 0)
        return export(simulation, machine, call, output);
    if (strcmp(call->operation, "--query-installed") == 0) {
        const struct simulated_object *profile =
            machine->profile ? simulation_object(simulation, machine->profile) : NULL;
        put(output, profile && profile->text ? profile->text : "");
        return 0;
    }
    return perform(machine, call);
}

static void finish(struct dydisnix_result *result, int status, xmlBufferPtr output)
{
    result->ending = status < 0 ? DYDISNIX_TIMED_OUT : DYDISNIX_EXITED;
    result->status = status < 0 ? 0 : status;
    result->output_length = (size_t)xmlBufferLength(output);
    result->output =
        simulated_memory(strdup(result->output_length ? (const char *)xmlBufferContent(output) : ""));
}

void simulation_client(struct simulation *simulation, const char *const *argv, struct dydisnix_result *result)
{
    CLEANUP_BUFFER xmlBufferPtr output = xmlBufferCreate();
    CLEANUP_FREE struct call *call = simulated_memory(malloc(sizeof *call));
    parse_call(call, argv);
    struct simulated_machine *machine = call->key ? simulation_reach(simulation, call->key) : NULL;
    int status = call->operation ? simulated_call(simulation, machine, call->operation) : 1;
    if (status == 0)
        status = answer(simulation, machine, call, output);
    finish(result, status, output);
}

/* nix-store --check-validity --print-invalid PATH…, nix-store --import < FILE */
static int nix_store(struct simulation *simulation, const struct dydisnix_program *program,
                     xmlBufferPtr output)
{
    if (strcmp(program->argv[1], "--import") == 0) {
        const struct simulated_file *file = simulated_files_find(&simulation->files, program->input);
        CLEANUP_FREE char *text = file ? simulated_memory(strdup(file->data)) : NULL;
        for (char *rest = text, *line; text && (line = strsep(&rest, "\n"));)
            if (*line)
                simulated_paths_add(&simulation->paths, strings_intern(simulation->strings, line));
        return file ? 0 : 1;
    }
    for (size_t i = 1; program->argv[i]; i++)
        if (program->argv[i][0] == '/' && !simulated_paths_have(&simulation->paths, program->argv[i]))
            put_line(output, program->argv[i]);
    return 0;
}

/* The value of --argstr NAME. */
static const char *argument(const struct dydisnix_program *program, const char *name)
{
    for (size_t i = 0; program->argv[i] && program->argv[i + 1] && program->argv[i + 2]; i++)
        if (strcmp(program->argv[i], "--argstr") == 0 && strcmp(program->argv[i + 1], name) == 0)
            return program->argv[i + 2];
    return NULL;
}

static const struct simulated_file *argument_file(const struct simulation *simulation,
                                                  const struct dydisnix_program *program, const char *name)
{
    const char *path = argument(program, name);
    return path ? simulated_files_find(&simulation->files, path) : NULL;
}

static int store_text(struct simulation *simulation, const struct dydisnix_program *program,
                      xmlBufferPtr output)
{
    const struct simulated_file *text = argument_file(simulation, program, "file");
    const struct simulated_file *list = argument_file(simulation, program, "references");
    CLEANUP_JSON json_t *references = list ? json_loads(list->data, 0, NULL) : NULL;
    size_t count = json_array_size(references);
    CLEANUP_FREE const char **paths = simulated_memory(calloc(count + 1, sizeof *paths));
    if (!text || !references)
        return 1;
    for (size_t i = 0; i < count; i++)
        paths[i] = strings_intern(simulation->strings, json_string_value(json_array_get(references, i)));
    const char *path = simulation_store(simulation, argument(program, "name"), text->data, paths, count);
    simulated_paths_add(&simulation->paths, path);
    put(output, "\"");
    put(output, path);
    put(output, "\"");
    return 0;
}

static int service_keys(struct simulation *simulation, const struct dydisnix_program *program,
                        xmlBufferPtr output)
{
    const struct simulated_file *file = argument_file(simulation, program, "services");
    CLEANUP_JSON json_t *documents = file ? json_loads(file->data, 0, NULL) : NULL;
    CLEANUP_JSON json_t *keys = json_array();
    size_t index;
    json_t *document;
    json_array_foreach(documents, index, document)
    {
        char hash[65];
        CLEANUP_FREE char *text = simulated_memory(json_dumps(document, JSON_COMPACT | JSON_SORT_KEYS));
        simulated_hash(text, hash);
        json_array_append_new(keys, json_string(hash));
    }
    CLEANUP_FREE char *text = simulated_memory(json_dumps(keys, JSON_COMPACT));
    put(output, text);
    return documents ? 0 : 1;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static int nix_instantiate(struct simulation *simulation, const struct dydisnix_program *program,
                           xmlBufferPtr output)
{
    for (size_t i = 1; program->argv[i]; i++) {
        if (ends_with(program->argv[i], "/store-text.nix"))
            return store_text(simulation, program, output);
        if (ends_with(program->argv[i], "/service-keys.nix"))
            return service_keys(simulation, program, output);
    }
    return 1;
}

/* nix-env --profile PROFILE --set PATH */
static int nix_env(struct simulation *simulation, const struct dydisnix_program *program)
{
    const char *profile = program->argv[2], *path = program->argv[4];
    const char *name = strrchr(profile, '/') + 1;
    unsigned long last = 0;
    for (size_t i = 0; i < simulation->files.count; i++) {
        const char *link = simulation->files.items[i].path;
        size_t length = strlen(profile);
        unsigned long number = strncmp(link, profile, length) == 0 && link[length] == '-'
                                   ? strtoul(link + length + 1, NULL, 10)
                                   : 0;
        last = number > last ? number : last;
    }
    CLEANUP_FREE char *newest = simulated_memory(string_format("%s-%lu-link", profile, last));
    CLEANUP_FREE char *next = simulated_memory(string_format("%s-%lu-link", profile, last + 1));
    CLEANUP_FREE char *link = simulated_memory(string_format("%s-%lu-link", name, last + 1));
    const struct simulated_file *now = simulated_files_find(&simulation->files, newest);
    if (!simulated_paths_have(&simulation->paths, path))
        return 1;
    if (now && strcmp(now->data, path) == 0)
        return 0;
    return simulated_files_link(&simulation->files, next, path) == 0
                   && simulated_files_link(&simulation->files, profile, link) == 0
               ? 0
               : 1;
}

void simulation_run(struct simulation *simulation, const struct dydisnix_program *program,
                    struct dydisnix_result *result)
{
    CLEANUP_BUFFER xmlBufferPtr output = xmlBufferCreate();
    const char *name = program->argv[0];
    if (strcmp(name, "client") == 0) {
        simulation_client(simulation, program->argv, result);
        return;
    }
    if (strcmp(name, "nix-store") == 0) {
        finish(result, nix_store(simulation, program, output), output);
    } else if (strcmp(name, "nix-instantiate") == 0) {
        finish(result, nix_instantiate(simulation, program, output), output);
    } else if (strcmp(name, "nix-env") == 0) {
        finish(result, nix_env(simulation, program), output);
    } else {
        result->ending = DYDISNIX_NOT_STARTED;
        result->status = ENOENT;
    }
}
