/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of operations whose world is a simulated network.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "operations.h"
#include "paths.h"
#include "simulated-network.h"

static struct simulation *current; /* operations carry no closure */

static void simulated_log(enum dydisnix_level level, const char *target, const char *format,
                          va_list arguments)
{
    char line[2048];
    int saved = errno;
    int used = snprintf(line, sizeof line, target ? "[target: %s]: " : "[coordinator]: ", target);
    used += vsnprintf(line + used, sizeof line - (size_t)used, format, arguments);
    size_t length = used < (int)sizeof line - 1 ? (size_t)used : sizeof line - 2;
    line[length++] = '\n';
    if (level != DYDISNIX_DEBUG) {
        current->log = simulated_memory(realloc(current->log, current->log_length + length + 1));
        memcpy(current->log + current->log_length, line, length);
        current->log_length += length;
        current->log[current->log_length] = '\0';
    }
    errno = saved;
}

static int simulated_run(const struct dydisnix_work *work, unsigned jobs)
{
    (void)jobs;
    for (;;) {
        struct dydisnix_program program = { 0 };
        struct dydisnix_result result = { 0 };
        if (!work->next(work->closure, &program))
            return 0;
        simulation_run(current, &program, &result);
        work->done(work->closure, &program, &result);
        free(result.output);
    }
}

static int fail(int error)
{
    errno = error;
    return -1;
}

static int give(const char *text, size_t size, size_t limit, char **data, size_t *length)
{
    if (size > limit)
        return fail(EFBIG);
    *data = simulated_memory(malloc(size + 1));
    memcpy(*data, text, size);
    (*data)[size] = '\0';
    *length = size;
    return 0;
}

/* What the coordinator's store has at path. A profile is a directory with its profile manifest. */
static int read_store(const char *path, size_t limit, char **data, size_t *length)
{
    const char *rest = strchr(path + strlen(NIX_STORE_DIR "/"), '/');
    char object[300];
    snprintf(object, sizeof object, "%.*s", rest ? (int)(rest - path) : (int)strlen(path), path);
    const struct simulated_object *found = simulation_object(current, object);
    if (!found || !found->text || !simulated_paths_have(&current->paths, object)
        || (rest && strcmp(rest, "/profilemanifest.xml") != 0))
        return fail(ENOENT);
    return give(found->text, strlen(found->text), limit, data, length);
}

static int simulated_read(const char *path, size_t limit, char **data, size_t *length)
{
    const struct simulated_file *file;
    if (strncmp(path, NIX_STORE_DIR "/", strlen(NIX_STORE_DIR "/")) == 0)
        return read_store(path, limit, data, length);
    if (!(file = simulated_files_find(&current->files, path)))
        return fail(simulated_files_is_directory(&current->files, path) ? EISDIR : ENOENT);
    if (!file->link)
        return give(file->data, file->length, limit, data, length);
    if (file->data[0] == '/')
        return simulated_read(file->data, limit, data, length);
    char *beside =
        simulated_memory(string_format("%.*s%s", (int)(strrchr(path, '/') + 1 - path), path, file->data));
    int status = simulated_read(beside, limit, data, length);
    free(beside);
    return status;
}

static int simulated_write(const char *path, const char *data, size_t length, unsigned mode)
{
    (void)mode;
    return simulated_files_write(&current->files, path, data, length) == 0 ? 0 : fail(ENOMEM);
}

static int simulated_list(const char *path, int (*each)(void *closure, const char *name), void *closure)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    char *directory = simulated_memory(strndup(path, length));
    int status = simulated_files_list(&current->files, directory, each, closure);
    free(directory);
    return status == 0 ? 0 : fail(ENOENT);
}

static enum dydisnix_kind simulated_inspect(const char *path, uint64_t *size)
{
    const struct simulated_file *file = simulated_files_find(&current->files, path);
    if (!file)
        return simulated_files_is_directory(&current->files, path) ? DYDISNIX_DIRECTORY : DYDISNIX_ABSENT;
    if (size)
        *size = file->length;
    return file->link ? DYDISNIX_LINK : DYDISNIX_FILE;
}

static int simulated_read_link(const char *path, char **destination)
{
    const struct simulated_file *file = simulated_files_find(&current->files, path);
    if (!file || !file->link)
        return fail(file ? EINVAL : ENOENT);
    *destination = simulated_memory(strdup(file->data));
    return 0;
}

static int simulated_make_directory(const char *path, unsigned mode)
{
    (void)path;
    (void)mode;
    return 0;
}

static int simulated_remove(const char *path)
{
    simulated_files_remove(&current->files, path);
    return 0;
}

static int simulated_temporary_directory(const char *prefix, char **path)
{
    *path = simulated_memory(string_format("/tmp/%s.%zu", prefix, current->temporary++));
    return 0;
}

static int64_t simulated_now(void)
{
    return current->milliseconds;
}

static int64_t simulated_clock(void)
{
    return current->milliseconds / 1000;
}

static uint64_t simulated_random(void)
{
    current->random = current->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return current->random >> 11;
}

static void simulated_sleep(int64_t milliseconds)
{
    current->milliseconds += milliseconds;
}

static void simulated_progress(const char *doing, size_t done, size_t total)
{
    (void)doing;
    (void)done;
    (void)total;
}

static const struct dydisnix_operations simulated_operations = {
    .size = sizeof simulated_operations,
    .log = simulated_log,
    .run = simulated_run,
    .read = simulated_read,
    .write = simulated_write,
    .list = simulated_list,
    .inspect = simulated_inspect,
    .read_link = simulated_read_link,
    .make_directory = simulated_make_directory,
    .remove = simulated_remove,
    .temporary_directory = simulated_temporary_directory,
    .now = simulated_now,
    .clock = simulated_clock,
    .random = simulated_random,
    .sleep = simulated_sleep,
    .progress = simulated_progress,
};

struct simulation *simulation_new(void)
{
    struct simulation *simulation = simulated_memory(calloc(1, sizeof *simulation));
    simulation->strings = simulated_memory(strings_new());
    simulation->milliseconds = INT64_C(1700000000) * 1000;
    current = simulation;
    operations_use(&simulated_operations);
    return simulation;
}

void simulation_free(struct simulation *simulation)
{
    for (size_t i = 0; i < simulation->machine_count; i++)
        simulated_machine_free(simulation->machines[i]);
    for (size_t i = 0; i < simulation->value_count; i++)
        free(simulation->values[i]);
    for (size_t i = 0; i < simulation->object_count; i++) {
        free(simulation->objects[i].text);
        free(simulation->objects[i].references);
    }
    simulated_files_clear(&simulation->files);
    strings_free(simulation->strings);
    free(simulation->machines);
    free(simulation->values);
    free(simulation->objects);
    free(simulation->paths.items);
    free(simulation->log);
    free(simulation);
    operations_use(&real_operations);
    current = NULL;
}
