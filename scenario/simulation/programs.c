/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The programs of a simulated network, and of them what of Nix is called.
 */
#include "scenario/simulation/network.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include <dydisnix/plugin.h>

#include "lib/base/cleanup.h"
#include "lib/model/paths.h"

static void put(xmlBufferPtr output, const char *text)
{
    xmlBufferCCat(output, text);
}

static void put_line(xmlBufferPtr output, const char *line)
{
    put(output, line);
    put(output, "\n");
}

static const char *find_word(const struct dydisnix_program *program, const char *word)
{
    for (size_t i = 1; program->argv[i]; i++)
        if (strcmp(program->argv[i], word) == 0)
            return program->argv[i + 1] ? program->argv[i + 1] : "";
    return NULL;
}

/* nix-store --import < FILE */
static int import(struct simulation *simulation, const struct dydisnix_program *program, xmlBufferPtr output)
{
    const struct simulated_file *file = simulated_files_find(&simulation->files, program->input);
    bool refused = simulation->full || simulation->distrusted;
    CLEANUP_FREE char *text = file && !refused ? simulated_memory(strdup(file->data)) : NULL;
    for (char *rest = text, *line; text && (line = strsep(&rest, "\n"));)
        if (is_store_path(line)) {
            simulated_paths_add(&simulation->paths, strings_intern(simulation->strings, line));
            put_line(output, line);
        }
    return text ? 0 : 1;
}

/* nix-store --export PATH…, --realise PATH… --add-root LINK, --query --requisites PATH: all have to be valid.
 */
static int use_paths(struct simulation *simulation, const struct dydisnix_program *program,
                     xmlBufferPtr output)
{
    const char *root = find_word(program, "--add-root");
    struct simulated_paths seen = { 0 };
    size_t count = 0;
    int status = root && simulation->full ? 1 : 0;
    for (size_t i = 1; status == 0 && program->argv[i]; i++) {
        const char *path = program->argv[i];
        if (!is_store_path(path))
            continue;
        if (!simulated_paths_have(&simulation->paths, path)) {
            status = 1;
        } else if (strcmp(program->argv[1], "--query") == 0) {
            simulation_put_closure(simulation, &seen, path, output);
        } else {
            put_line(output, path);
        }
        CLEANUP_FREE char *link =
            root ? simulated_memory(count == 0 ? string_format("%s", root)
                                               : string_format("%s-%zu", root, count + 1))
                 : NULL;
        if (link && status == 0)
            simulated_files_link(&simulation->files, link, path);
        count++;
    }
    free(seen.items);
    return status;
}

static int nix_store(struct simulation *simulation, const struct dydisnix_program *program,
                     xmlBufferPtr output)
{
    if (strcmp(program->argv[1], "--import") == 0)
        return import(simulation, program, output);
    if (strcmp(program->argv[1], "--serve") == 0)
        return simulation_serve(simulation, program, output);
    if (strcmp(program->argv[1], "--add") == 0)
        return simulation->full ? 1 : 0; /* nobody asks for it again */
    if (strcmp(program->argv[1], "--check-validity") != 0)
        return use_paths(simulation, program, output);
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
    if (!text || !references || simulation->full)
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
    json_array_foreach(documents, index, document) {
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
    if (!simulated_paths_have(&simulation->paths, path) || simulation->full
        || simulation_is_closed(simulation, profile))
        return 1;
    if (now && strcmp(now->data, path) == 0)
        return 0;
    return simulated_files_link(&simulation->files, next, path) == 0
                   && simulated_files_link(&simulation->files, profile, link) == 0
               ? 0
               : 1;
}

/* mv -T -- FROM TO */
static int move(struct simulation *simulation, const struct dydisnix_program *program)
{
    return simulation->full
           || simulated_files_move(&simulation->files, program->argv[3], program->argv[4]) != 0;
}

static bool run_other(struct simulation *simulation, const struct dydisnix_program *program,
                      struct dydisnix_result *result)
{
    return simulation->watch && simulation->watch->run(simulation->watch->closure, program, result);
}

void simulation_run(struct simulation *simulation, const struct dydisnix_program *program,
                    struct dydisnix_result *result)
{
    CLEANUP_BUFFER xmlBufferPtr output = xmlBufferCreate();
    const char *name = program->argv[0];
    if (strcmp(name, "client") == 0) {
        simulation_client(simulation, program, result);
    } else if (run_other(simulation, program, result)) {
        return;
    } else if (strcmp(name, "nix-store") == 0) {
        simulation_finish(result, nix_store(simulation, program, output), output);
    } else if (strcmp(name, "nix-instantiate") == 0) {
        simulation_finish(result, nix_instantiate(simulation, program, output), output);
    } else if (strcmp(name, "nix-env") == 0) {
        simulation_finish(result, nix_env(simulation, program), output);
    } else if (strcmp(name, "mv") == 0) {
        simulation_finish(result, move(simulation, program), output);
    } else {
        result->ending = DYDISNIX_NOT_STARTED;
        result->status = ENOENT;
        if (!simulation->stray)
            simulation->stray = simulated_memory(strdup(name));
    }
}
