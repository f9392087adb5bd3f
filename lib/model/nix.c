/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/model/nix.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/arguments.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"
#include "lib/model/store-text.h"
#include "lib/world/operations.h"

/* What Linux takes as arguments and environment together is a fourth of the stack's limit, between these
 * two. */
static const size_t arguments_least = 128 * 1024, arguments_most = 6 * 1024 * 1024;

/* How much of that is there for paths. */
static size_t arguments_size(void)
{
    long limit = sysconf(_SC_ARG_MAX);
    size_t size = limit < (long)arguments_least           ? arguments_least
                  : (unsigned long)limit > arguments_most ? arguments_most
                                                          : (size_t)limit;
    size_t used = 8 * 1024; /* the other words, and what the kernel adds */
    for (char **variable = environ; variable && *variable; variable++)
        used += strlen(*variable) + 1 + sizeof(char *);
    return used < size - 16 * 1024 ? size - used : 16 * 1024;
}

/* Runs it; *output is malloc()ed, without a final newline. 0, or -1 after a message that names what it was
 * for. */
static int run_nix(struct arguments *arguments, const char *purpose, int64_t deadline, char **output,
                   size_t *length)
{
    const struct dydisnix_program program = { .argv = arguments_vector(arguments),
                                              .deadline = deadline,
                                              .output_limit = (size_t)1 << 30 };
    struct dydisnix_result result = { 0 };
    if (!program.argv) {
        log_error(NULL, "%s: out of memory", purpose);
        return -1;
    }
    if (run_program(&program, &result) != 0) {
        CLEANUP_FREE char *ending = describe_ending(&result);
        log_error(NULL, "%s: %s: %s", purpose, program.argv[0], ending ? ending : "failed");
        free(result.output);
        return -1;
    }
    while (result.output_length > 0 && result.output[result.output_length - 1] == '\n')
        result.output[--result.output_length] = '\0';
    if (length)
        *length = result.output_length;
    if (output)
        *output = result.output;
    else
        free(result.output);
    return 0;
}

char *nix_expression(const char *name)
{
    const char *directory = getenv("DYDISNIX_NIX_EXPRESSIONS");
    return string_format("%s/%s", directory && *directory ? directory : NIX_EXPRESSION_DIR, name);
}

int nix_evaluate(const char *file, bool show_trace, char **xml, size_t *length)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    arguments_add(&arguments, "nix-instantiate");
    arguments_add(&arguments, "--eval");
    arguments_add(&arguments, "--strict");
    arguments_add(&arguments, "--xml");
    arguments_add(&arguments, "--no-location");
    if (show_trace)
        arguments_add(&arguments, "--show-trace");
    arguments_add(&arguments, file);
    return run_nix(&arguments, file, 0, xml, length);
}

/* Writes value into a file in a directory of its own; both are the caller's to remove. */
static int write_document(const json_t *value, const char *directory, const char *name, char **file)
{
    CLEANUP_FREE char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    *file = string_format("%s/%s", directory, name);
    if (!text || !*file || operations->write(*file, text, strlen(text), 0600) != 0) {
        log_error(NULL, "%s/%s: %s", directory, name, strerror(errno));
        return -1;
    }
    return 0;
}

static int check_keys(const json_t *keys, size_t count)
{
    size_t index;
    json_t *key;
    if (json_array_size(keys) != count)
        return -1;
    json_array_foreach(keys, index, key)
        if (!json_is_string(key))
            return -1;
    return 0;
}

static int evaluate_keys(const json_t *documents, const char *directory, json_t **keys)
{
    CLEANUP_FREE char *file = NULL, *source = nix_expression("service-keys.nix"), *output = NULL;
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    if (!source || write_document(documents, directory, "services.json", &file) != 0)
        return -1;
    arguments_add(&arguments, "nix-instantiate");
    arguments_add(&arguments, "--eval");
    arguments_add(&arguments, "--strict");
    arguments_add(&arguments, "--json");
    arguments_add(&arguments, source);
    arguments_add(&arguments, "--argstr");
    arguments_add(&arguments, "services");
    arguments_add(&arguments, file);
    if (run_nix(&arguments, "computing the keys of services", 0, &output, NULL) != 0)
        return -1;
    *keys = json_loads(output, 0, NULL);
    if (check_keys(*keys, json_array_size(documents)) != 0) {
        log_error(NULL, "computing the keys of services: unexpected answer of nix-instantiate");
        json_decref(*keys);
        *keys = NULL;
        return -1;
    }
    return 0;
}

int nix_service_keys(const json_t *documents, json_t **keys)
{
    CLEANUP_FREE char *directory = NULL;
    if (operations->temporary_directory("dydisnix-keys", &directory) != 0) {
        log_error(NULL, "cannot make a temporary directory: %s", strerror(errno));
        return -1;
    }
    int result = evaluate_keys(documents, directory, keys);
    operations->remove(directory);
    return result;
}

struct asked {
    const char *path;
    bool *invalid;
};

static int compare_asked(const void *a, const void *b)
{
    return strcmp(((const struct asked *)a)->path, ((const struct asked *)b)->path);
}

struct asking {
    struct asked *items; /* by path */
    size_t count;
};

static int mark_invalid(void *closure, char *line)
{
    const struct asking *asking = closure;
    const struct asked wanted = { .path = line };
    const struct asked *found = bsearch(&wanted, asking->items, asking->count, sizeof wanted, compare_asked);
    if (found) {
        *found->invalid = true;
        return 0;
    }
    log_error(NULL, "nix-store --print-invalid: unexpected answer: %s", line);
    return -1;
}

/* Marks the paths that are named in the output, one a line. */
static int mark_all(const char *const *paths, size_t count, bool *invalid, char *output)
{
    CLEANUP_FREE struct asked *asked = calloc(count, sizeof *asked);
    if (!asked) {
        log_error(NULL, "out of memory");
        return -1;
    }
    for (size_t i = 0; i < count; i++)
        asked[i] = (struct asked){ paths[i], &invalid[i] };
    qsort(asked, count, sizeof *asked, compare_asked);
    return string_lines(output, mark_invalid, &(struct asking){ asked, count });
}

/* Of those that newer versions of Nix refuse, or of the others. */
static int find_invalid_part(const char *const *paths, size_t count, bool *invalid, bool former)
{
    size_t words = 0;
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    CLEANUP_FREE char *output = NULL;
    arguments_add(&arguments, "nix-store");
    arguments_add(&arguments, "--check-validity");
    arguments_add(&arguments, "--print-invalid");
    for (size_t i = 0; i < count; i++)
        if (is_former_store_path(paths[i]) == former) {
            arguments_add(&arguments, paths[i]);
            words++;
        }
    if (words == 0)
        return 0;
    if (run_nix(&arguments, "looking for missing paths", 0, &output, NULL) != 0)
        return -1;
    return *output == '\0' ? 0 : mark_all(paths, count, invalid, output);
}

/* The first of count paths that one argument vector does not take any more. */
static size_t arguments_end(const char *const *paths, size_t first, size_t count)
{
    size_t left = arguments_size(), end = first;
    for (; end < count; end++) {
        size_t size = strlen(paths[end]) + 1 + sizeof(char *);
        if (size > left)
            break;
        left -= size;
    }
    return end;
}

/* Where one path is refused, nothing is said of the others: a target must not stop everything with a name. */
static void find_invalid_former(const char *const *paths, size_t count, bool *invalid)
{
    if (find_invalid_part(paths, count, invalid, true) == 0)
        return;
    log_warning(NULL, "store paths whose names begin with .- or ..- count as missing here");
    for (size_t i = 0; i < count; i++)
        invalid[i] = invalid[i] || is_former_store_path(paths[i]);
}

int nix_find_invalid(const char *const *paths, size_t count, bool *invalid)
{
    memset(invalid, 0, count * sizeof *invalid);
    for (size_t first = 0, end; first < count; first = end) {
        end = arguments_end(paths, first, count);
        if (find_invalid_part(paths + first, end - first, invalid + first, false) != 0)
            return -1;
        find_invalid_former(paths + first, end - first, invalid + first);
    }
    return 0;
}

int nix_add_roots(const char *directory, const char *const *paths, size_t count)
{
    for (size_t first = 0, end; first < count; first = end) {
        CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
        end = arguments_end(paths, first, count);
        arguments_add(&arguments, "nix-store");
        arguments_add(&arguments, "--realise");
        arguments_add(&arguments, "--add-root");
        arguments_format(&arguments, "%s/%zu", directory, first);
        for (size_t i = first; i < end; i++)
            arguments_add(&arguments, paths[i]);
        if (run_nix(&arguments, "protecting what was fetched from a garbage collection", 0, NULL, NULL) != 0)
            return -1;
    }
    return 0;
}

int nix_import(const char *file, const char *target, int64_t deadline, char **imported)
{
    static const char *const argv[] = { "nix-store", "--import", NULL };
    const struct dydisnix_program program = {
        .argv = argv, .input = file, .deadline = deadline, .target = target
    };
    struct dydisnix_result result = { 0 };
    int status = run_program(&program, &result);
    if (status != 0) {
        CLEANUP_FREE char *ending = describe_ending(&result);
        log_error(target, "its closure cannot be imported: nix-store --import: %s",
                  ending ? ending : "failed");
        free(result.output);
        return -1;
    }
    *imported = result.output;
    return 0;
}

static int check_store_path(const char *path, const char *purpose)
{
    if (is_store_path(path))
        return 0;
    log_error(NULL, "%s: no store path: %s", purpose, path);
    return -1;
}

int nix_add_text(const struct store_text *text, const char *file, const char *directory, char **path)
{
    CLEANUP_FREE char *references_file = NULL, *source = nix_expression("store-text.nix"), *output = NULL;
    CLEANUP_JSON json_t *list = json_array(), *result = NULL;
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    for (size_t i = 0; i < text->reference_count; i++)
        json_array_append_new(list, json_string(text->references[i]));
    if (!source || write_document(list, directory, "references.json", &references_file) != 0)
        return -1;
    const char *const words[] = { "nix-instantiate",   "--eval",     "--strict",      "--json",
                                  "--read-write-mode", source,       "--argstr",      "name",
                                  text->name,          "--argstr",   "file",          file,
                                  "--argstr",          "references", references_file, NULL };
    for (size_t i = 0; words[i]; i++)
        arguments_add(&arguments, words[i]);
    if (run_nix(&arguments, text->purpose, text->deadline, &output, NULL) != 0)
        return -1;
    result = json_loads(output, JSON_DECODE_ANY, NULL);
    if (!json_is_string(result)) {
        log_error(NULL, "%s: unexpected answer of nix-instantiate", text->purpose);
        return -1;
    }
    if (check_store_path(json_string_value(result), text->purpose) != 0)
        return -1;
    *path = string_format("%s", json_string_value(result));
    return *path ? 0 : -1;
}

int nix_set_profile(const char *profile, const char *path)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    const char *const words[] = { "nix-env", "--profile", profile, "--set", path, NULL };
    for (size_t i = 0; words[i]; i++)
        arguments_add(&arguments, words[i]);
    return run_nix(&arguments, profile, 0, NULL, NULL);
}
