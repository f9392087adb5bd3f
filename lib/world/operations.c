/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/world/operations.h"

#include <stddef.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"

const struct dydisnix_operations *operations;

void operations_use(const struct dydisnix_operations *table)
{
    operations = table;
}

#define LOG_FUNCTION(name, level)                          \
    void name(const char *target, const char *format, ...) \
    {                                                      \
        va_list arguments;                                 \
                                                           \
        va_start(arguments, format);                       \
        operations->log(level, target, format, arguments); \
        va_end(arguments);                                 \
    }

LOG_FUNCTION(log_error, DYDISNIX_ERROR)
LOG_FUNCTION(log_warning, DYDISNIX_WARNING)
LOG_FUNCTION(log_notice, DYDISNIX_NOTICE)
LOG_FUNCTION(log_debug, DYDISNIX_DEBUG)

struct single {
    const struct dydisnix_program *program; /* NULL once it was handed out */
    struct dydisnix_result *result;
};

static bool single_next(void *closure, struct dydisnix_program *program)
{
    struct single *single = closure;

    if (single->program == NULL)
        return false;
    *program = *single->program;
    single->program = NULL;
    return true;
}

static void single_done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    struct single *single = closure;

    (void)program;
    *single->result = *result;
    result->output = NULL;
}

int run_program(const struct dydisnix_program *program, struct dydisnix_result *result)
{
    struct single single = { program, result };
    const struct dydisnix_work work = { single_next, single_done, &single };

    memset(result, 0, sizeof *result);
    if (operations->run(&work, 1) != 0) {
        result->ending = DYDISNIX_NOT_STARTED;
        result->status = errno;
    }
    return result->ending == DYDISNIX_EXITED && result->status == 0 ? 0 : -1;
}

struct moment moment_of(int64_t seconds)
{
    struct moment moment = { "" };
    time_t time = (time_t)seconds;
    struct tm parts;

    if (gmtime_r(&time, &parts) != NULL
        && strftime(moment.text, sizeof moment.text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        moment.text[0] = '\0';
    return moment;
}

char *describe_ending(const struct dydisnix_result *result)
{
    switch (result->ending) {
    case DYDISNIX_EXITED: return string_format("exit status %d", result->status);
    case DYDISNIX_SIGNALLED: return string_format("killed by signal %d", result->status);
    case DYDISNIX_TIMED_OUT: return string_format("no answer in time");
    case DYDISNIX_NOT_STARTED: return string_format("not started: %s", strerror(result->status));
    case DYDISNIX_TOO_MUCH_OUTPUT: return string_format("too much output");
    }
    return string_format("unknown");
}

void show_progress(const char *doing, size_t done, size_t total)
{
    if (operations->size >= offsetof(struct dydisnix_operations, progress) + sizeof operations->progress
        && operations->progress != NULL)
        operations->progress(doing, done, total);
}

bool is_own_file(const char *path)
{
    return operations->size
               >= offsetof(struct dydisnix_operations, is_own_file) + sizeof operations->is_own_file
           && operations->is_own_file != NULL && operations->is_own_file(path);
}

int move_path(const char *from, const char *to)
{
    if (operations->size >= offsetof(struct dydisnix_operations, move) + sizeof operations->move
        && operations->move != NULL)
        return operations->move(from, to);
    errno = ENOSYS;
    return -1;
}

int free_space(const char *path, uint64_t *bytes)
{
    if (operations->size >= offsetof(struct dydisnix_operations, free_space) + sizeof operations->free_space
        && operations->free_space != NULL)
        return operations->free_space(path, bytes);
    errno = ENOSYS;
    return -1;
}

int spool_file(const char *path,
               int (*fill)(void *closure, int (*put)(void *, const char *, size_t), void *spool),
               void *closure, unsigned mode)
{
    if (operations->size >= offsetof(struct dydisnix_operations, spool) + sizeof operations->spool
        && operations->spool != NULL)
        return operations->spool(path, fill, closure, mode);
    errno = ENOSYS;
    return -1;
}

int scan_file(const char *path, uint64_t offset, int (*each)(void *closure, const char *data, size_t length),
              void *closure)
{
    if (operations->size >= offsetof(struct dydisnix_operations, scan) + sizeof operations->scan
        && operations->scan != NULL)
        return operations->scan(path, offset, each, closure);
    errno = ENOSYS;
    return -1;
}

int amend_file(const char *path, uint64_t offset, const char *data, size_t length)
{
    if (operations->size >= offsetof(struct dydisnix_operations, amend) + sizeof operations->amend
        && operations->amend != NULL)
        return operations->amend(path, offset, data, length);
    errno = ENOSYS;
    return -1;
}

bool may_write(const char *directory)
{
    return operations->size < offsetof(struct dydisnix_operations, may_write) + sizeof operations->may_write
           || operations->may_write == NULL || operations->may_write(directory);
}

bool may_make(const char *directory)
{
    CLEANUP_FREE char *path = strdup(directory);
    while (path && path[1] && operations->inspect(path, NULL) == DYDISNIX_ABSENT) {
        char *slash = strrchr(path, '/');
        slash[slash == path] = '\0';
    }
    return path && may_write(path);
}
