/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of operations whose world is a simulated network.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"
#include "scenario/simulation/network.h"

static struct simulation *current; /* operations carry no closure */

static bool is_dead(void)
{
    return current->watch && current->watch->dead(current->watch->closure);
}

static int fail(int error)
{
    errno = error;
    return -1;
}

static void add_log(struct simulation *simulation, const char *line, size_t length)
{
    if (simulation->log_length + length + 2 > simulation->log_room) {
        simulation->log_room = 2 * (simulation->log_length + length + 2);
        simulation->log = simulated_memory(realloc(simulation->log, simulation->log_room));
    }
    memcpy(simulation->log + simulation->log_length, line, length);
    simulation->log_length += length;
    simulation->log[simulation->log_length++] = '\n';
    simulation->log[simulation->log_length] = '\0';
}

static void simulated_log(enum dydisnix_level level, const char *target, const char *format,
                          va_list arguments)
{
    char line[2048];
    int saved = errno;
    int used = snprintf(line, sizeof line, target ? "[target: %s]: " : "[coordinator]: ", target);
    used += vsnprintf(line + used, sizeof line - (size_t)used, format, arguments);
    size_t length = used < (int)sizeof line ? (size_t)used : sizeof line - 1;
    if (level != DYDISNIX_DEBUG && !is_dead()) {
        add_log(current, line, length);
        if (current->watch)
            current->watch->log(current->watch->closure, line);
    }
    errno = saved;
}

void simulation_say(struct simulation *simulation, const char *line)
{
    add_log(simulation, line, strlen(line));
}

/* Whether it is the effect that goes wrong. */
static bool is_hit(struct simulation *simulation, const char *what, const char *where)
{
    simulation->effects++;
    if (simulation->effects != simulation->fault_at)
        return false;
    free(simulation->fault_hit);
    simulation->fault_hit =
        simulated_memory(string_format("%s%s%s", what, where ? " " : "", where ? where : ""));
    return true;
}

bool simulation_effect(struct simulation *simulation, const char *what, const char *where)
{
    const struct simulated_watch *watch = simulation->watch;
    errno = EIO;
    if (!watch)
        return true;
    if (!watch->dead(watch->closure))
        watch->listen(watch->closure);
    if (watch->dead(watch->closure))
        return false;
    if (is_hit(simulation, what, where)) {
        if (simulation->fault == SIMULATED_KILLS)
            watch->kill(watch->closure);
        else if (simulation->fault == SIMULATED_HANGS)
            watch->hang(watch->closure);
        errno = EIO;
        return false;
    }
    errno = ENOSPC;
    return !simulation->full;
}

/* What stands before "=" in NAME=VALUE gets the value; *before: such an assignment for what it was,
 * malloc()ed. */
static void assign(const char *assignment, char **before)
{
    CLEANUP_FREE char *name = simulated_memory(strndup(assignment, strcspn(assignment, "=")));
    const char *old = getenv(name);
    if (before)
        *before = simulated_memory(old ? string_format("%s=%s", name, old) : strdup(name));
    if (assignment[strlen(name)] == '=')
        setenv(name, assignment + strlen(name) + 1, 1);
    else
        unsetenv(name);
}

enum { VARIABLES_MOST = 8 };

static void run_in_environment(const struct dydisnix_program *program, struct dydisnix_result *result)
{
    char *before[VARIABLES_MOST];
    size_t count = 0;
    while (program->environment && program->environment[count] && count < VARIABLES_MOST) {
        assign(program->environment[count], &before[count]);
        count++;
    }
    simulation_run(current, program, result);
    while (count-- > 0) {
        assign(before[count], NULL);
        free(before[count]);
    }
}

static void killed(struct dydisnix_result *result)
{
    free(result->output);
    *result = (struct dydisnix_result){ .ending = DYDISNIX_SIGNALLED,
                                        .status = SIGKILL,
                                        .output = simulated_memory(strdup("")) };
}

/* A program that is hit: whoever waits for it sees. */
static void fail_program(const struct dydisnix_program *program, struct dydisnix_result *result)
{
    const struct simulated_watch *watch = current->watch;
    result->output = simulated_memory(strdup(""));
    result->ending = DYDISNIX_EXITED;
    result->status = 1;
    if (current->fault == SIMULATED_KILLS)
        watch->kill(watch->closure);
    else if (current->fault == SIMULATED_HANGS)
        watch->wait(watch->closure, program, result);
}

/* The operation of a client, or the program's first word. */
static const char *doing_of(const struct dydisnix_program *program)
{
    for (size_t i = 1; strcmp(program->argv[0], "client") == 0 && program->argv[i]; i++)
        if (strcmp(program->argv[i], "--target") == 0 && program->argv[i + 1])
            i++;
        else if (strncmp(program->argv[i], "--", 2) == 0)
            return program->argv[i];
    return program->argv[0];
}

static void run_watched(const struct dydisnix_program *program, struct dydisnix_result *result)
{
    const struct simulated_watch *watch = current->watch;
    watch->listen(watch->closure);
    if (is_dead()) {
        killed(result);
        return;
    }
    if (is_hit(current, doing_of(program), program->target)) {
        fail_program(program, result);
    } else {
        current->milliseconds += current->cost;
        run_in_environment(program, result);
        if (result->ending == DYDISNIX_TIMED_OUT)
            watch->wait(watch->closure, program, result);
    }
    if (is_dead())
        killed(result);
}

static int simulated_run(const struct dydisnix_work *work, unsigned jobs)
{
    (void)jobs;
    for (;;) {
        struct dydisnix_program program = { 0 };
        struct dydisnix_result result = { 0 };
        if (is_dead())
            return fail(EIO);
        if (!work->next(work->closure, &program))
            return 0;
        int64_t began = current->milliseconds;
        if (current->watch)
            run_watched(&program, &result);
        else
            run_in_environment(&program, &result);
        result.milliseconds = current->milliseconds - began;
        work->done(work->closure, &program, &result);
        free(result.output);
    }
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
    if (is_dead())
        return fail(EIO);
    if (strncmp(path, NIX_STORE_DIR "/", strlen(NIX_STORE_DIR "/")) == 0)
        return read_store(path, limit, data, length);
    if (current->unreadable && strcmp(path, current->unreadable) == 0)
        return fail(EIO);
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
    if (simulation_is_closed(current, path))
        return fail(EACCES);
    if (!simulation_effect(current, "write", path))
        return -1;
    return simulated_files_write(&current->files, path, data, length) == 0 ? 0 : fail(ENOMEM);
}

static int simulated_list(const char *path, int (*each)(void *closure, const char *name), void *closure)
{
    size_t length = strlen(path);
    if (is_dead())
        return fail(EIO);
    while (length > 1 && path[length - 1] == '/')
        length--;
    char *directory = simulated_memory(strndup(path, length));
    int status = simulated_files_list(&current->files, directory, each, closure);
    free(directory);
    return status == 0 ? 0 : fail(ENOENT);
}

static enum dydisnix_kind inspect_store(const char *path)
{
    const struct simulated_object *object = simulation_object(current, path);
    if (!object || !simulated_paths_have(&current->paths, path))
        return DYDISNIX_ABSENT;
    return object->text ? DYDISNIX_FILE : DYDISNIX_DIRECTORY;
}

static enum dydisnix_kind simulated_inspect(const char *path, uint64_t *size)
{
    if (strncmp(path, NIX_STORE_DIR "/", strlen(NIX_STORE_DIR "/")) == 0)
        return inspect_store(path);
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
    if (is_dead() || !file || !file->link)
        return fail(file ? EINVAL : ENOENT);
    *destination = simulated_memory(strdup(file->data));
    return 0;
}

static int simulated_make_directory(const char *path, unsigned mode)
{
    (void)mode;
    if (simulated_files_is_directory(&current->files, path))
        return is_dead() ? fail(EIO) : 0;
    if (simulation_is_closed(current, path))
        return fail(EACCES);
    if (!simulation_effect(current, "make_directory", path) && errno != ENOSPC)
        return -1; /* on a full disk there is room for a name */
    return simulated_files_make_directory(&current->files, path) == 0 ? 0 : fail(ENOMEM);
}

/* What is not there is no effect. A full disk can be made room on. */
static int simulated_remove(const char *path)
{
    bool there =
        simulated_files_find(&current->files, path) || simulated_files_is_directory(&current->files, path);
    if (is_dead())
        return fail(EIO);
    if (there && !simulation_effect(current, "remove", path) && errno != ENOSPC)
        return -1;
    simulated_files_remove(&current->files, path);
    return 0;
}

static int simulated_move(const char *from, const char *to)
{
    if (!simulation_effect(current, "move", to) && errno != ENOSPC)
        return -1;
    return simulated_files_move(&current->files, from, to) == 0 ? 0 : fail(ENOENT);
}

static int simulated_append(const char *path, const char *data, size_t length, size_t most, bool sync)
{
    const struct simulated_file *file = simulated_files_find(&current->files, path);
    (void)sync;
    if (!simulation_effect(current, "append", path))
        return -1;
    if (file && file->length + length > most) {
        CLEANUP_FREE char *old = simulated_memory(string_format("%s.1", path));
        simulated_files_move(&current->files, path, old);
    }
    return simulated_files_append(&current->files, path, data, length) == 0 ? 0 : fail(ENOMEM);
}

static int add_piece(void *buffer, const char *data, size_t length)
{
    return xmlBufferAdd(buffer, (const xmlChar *)data, (int)length) == 0 ? 0 : fail(ENOMEM);
}

static int simulated_spool(const char *path,
                           int (*fill)(void *closure, int (*put)(void *, const char *, size_t), void *spool),
                           void *closure, unsigned mode)
{
    CLEANUP_BUFFER xmlBufferPtr whole = simulated_memory(xmlBufferCreate());
    if (fill(closure, add_piece, whole) != 0)
        return -1;
    return simulated_write(path, (const char *)xmlBufferContent(whole), (size_t)xmlBufferLength(whole), mode);
}

static int simulated_scan(const char *path, uint64_t offset,
                          int (*each)(void *closure, const char *data, size_t length), void *closure)
{
    const struct simulated_file *file = simulated_files_find(&current->files, path);
    if (is_dead() || !file || file->link)
        return fail(is_dead() ? EIO : ENOENT);
    return offset < file->length ? each(closure, file->data + offset, file->length - (size_t)offset) : 0;
}

static int simulated_amend(const char *path, uint64_t offset, const char *data, size_t length)
{
    const struct simulated_file *file = simulated_files_find(&current->files, path);
    if (!simulation_effect(current, "amend", path))
        return -1;
    if (!file || offset > file->length || length > file->length - offset)
        return fail(file ? EFBIG : ENOENT);
    memcpy(file->data + offset, data, length);
    return 0;
}

static bool simulated_is_own_file(const char *path)
{
    const struct simulated_file *file = simulated_files_find(&current->files, path);
    return file && !file->link;
}

static bool simulated_may_write(const char *directory)
{
    if (!simulation_is_closed(current, directory))
        return true;
    errno = EACCES;
    return false;
}

static int simulated_temporary_directory(const char *prefix, char **path)
{
    const char *directory = getenv("TMPDIR");
    CLEANUP_FREE char *made = simulated_memory(string_format(
        "%s/%s.%zu", directory && *directory ? directory : "/tmp", prefix, current->temporary++));
    if (simulated_make_directory(made, 0700) != 0)
        return -1;
    *path = simulated_memory(strdup(made));
    return 0;
}

static int64_t simulated_now(void)
{
    return current->milliseconds;
}

static int64_t simulated_clock(void)
{
    return current->milliseconds / 1000 + current->clock_offset;
}

static uint64_t simulated_random(void)
{
    current->random = current->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return current->random >> 11;
}

static void simulated_sleep(int64_t milliseconds)
{
    current->milliseconds += milliseconds;
    if (current->watch && !is_dead())
        current->watch->listen(current->watch->closure);
}

static void simulated_progress(const char *doing, size_t done, size_t total)
{
    (void)doing;
    (void)done;
    (void)total;
}

static int simulated_running(int (*each)(void *closure, const struct dydisnix_running *program),
                             void *closure)
{
    return current->waited.count > 0
               ? each(closure, &(struct dydisnix_running){ .argv = arguments_vector(&current->waited) })
               : 0;
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
    .is_own_file = simulated_is_own_file,
    .move = simulated_move,
    .append = simulated_append,
    .spool = simulated_spool,
    .may_write = simulated_may_write,
    .scan = simulated_scan,
    .amend = simulated_amend,
    .running = simulated_running,
};

struct simulation *simulation_new(void)
{
    struct simulation *simulation = simulated_memory(calloc(1, sizeof *simulation));
    simulation->strings = simulated_memory(strings_new());
    simulation->milliseconds = INT64_C(1700000000) * 1000;
    simulation_use(simulation);
    return simulation;
}

void simulation_use(struct simulation *simulation)
{
    current = simulation;
    operations_use(&simulated_operations);
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
        json_decref(simulation->objects[i].says);
    }
    simulated_files_clear(&simulation->files);
    strings_free(simulation->strings);
    free(simulation->machines);
    free(simulation->values);
    free(simulation->objects);
    free(simulation->paths.items);
    free(simulation->log);
    free(simulation->stray);
    free(simulation->fault_hit);
    arguments_clear(&simulation->waited);
    if (current == simulation) {
        operations_use(&real_operations);
        current = NULL;
    }
    free(simulation);
}
