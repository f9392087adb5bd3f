/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A table of operations for dydisnix-self-adapt that kills at the Nth call, counted over the loop and its
 * cycles together. $DYDISNIX_KILL is "N WHOM FILE": WHOM is self (the process that makes the call), host (the
 * loop and it) or all (and what they have started); N is 0 to only count. FILE gets the count and what was
 * called last.
 */
#undef real_operations /* the build calls killed_operations so in main.c */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/world/descendants.h"
#include "lib/world/operations.h"

extern struct dydisnix_operations killed_operations;

struct count {
    unsigned long calls;
    char last[64];
};

static struct count *count;
static unsigned long fatal;
static char whom[8];
static pid_t host;

static void kill_them(void)
{
    if (strcmp(whom, "all") == 0)
        descendants_signal(getpid(), NULL, 0, SIGKILL);
    if (strcmp(whom, "self") != 0)
        kill(host, SIGKILL);
    raise(SIGKILL);
}

static void called(const char *what)
{
    if (!count)
        return;
    unsigned long number = __atomic_add_fetch(&count->calls, 1, __ATOMIC_SEQ_CST);
    if (!fatal || number <= fatal)
        snprintf(count->last, sizeof count->last, "%s", strrchr(what, '/') ? strrchr(what, '/') + 1 : what);
    if (number == fatal)
        kill_them();
}

static void killed_log(enum dydisnix_level level, const char *target, const char *format, va_list arguments)
{
    called("log");
    real_operations.log(level, target, format, arguments);
}

static bool killed_next(void *closure, struct dydisnix_program *program)
{
    const struct dydisnix_work *work = closure;
    called("next");
    return work->next(work->closure, program);
}

static void killed_done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    const struct dydisnix_work *work = closure;
    called(program->argv ? program->argv[0] : "done");
    work->done(work->closure, program, result);
}

static int killed_run(const struct dydisnix_work *work, unsigned jobs)
{
    const struct dydisnix_work own = { killed_next, killed_done, (void *)work };
    called("run");
    return real_operations.run(&own, jobs);
}

static int killed_read(const char *path, size_t limit, char **data, size_t *length)
{
    called(path);
    return real_operations.read(path, limit, data, length);
}

static int killed_write(const char *path, const char *data, size_t length, unsigned mode)
{
    called(path);
    return real_operations.write(path, data, length, mode);
}

static int killed_list(const char *path, int (*each)(void *closure, const char *name), void *closure)
{
    called(path);
    return real_operations.list(path, each, closure);
}

static enum dydisnix_kind killed_inspect(const char *path, uint64_t *size)
{
    called(path);
    return real_operations.inspect(path, size);
}

static int killed_read_link(const char *path, char **destination)
{
    called(path);
    return real_operations.read_link(path, destination);
}

static int killed_make_directory(const char *path, unsigned mode)
{
    called(path);
    return real_operations.make_directory(path, mode);
}

static int killed_remove(const char *path)
{
    called(path);
    return real_operations.remove(path);
}

static int killed_temporary_directory(const char *prefix, char **path)
{
    called(prefix);
    return real_operations.temporary_directory(prefix, path);
}

struct dydisnix_operations killed_operations;

__attribute__((constructor)) static void prepare(void)
{
    const char *variable = getenv("DYDISNIX_KILL");
    char file[4096];
    killed_operations = real_operations;
    killed_operations.log = killed_log;
    killed_operations.run = killed_run;
    killed_operations.read = killed_read;
    killed_operations.write = killed_write;
    killed_operations.list = killed_list;
    killed_operations.inspect = killed_inspect;
    killed_operations.read_link = killed_read_link;
    killed_operations.make_directory = killed_make_directory;
    killed_operations.remove = killed_remove;
    killed_operations.temporary_directory = killed_temporary_directory;
    if (!variable || sscanf(variable, "%lu %7s %4095[^\n]", &fatal, whom, file) != 3)
        return;
    int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *count) != 0)
        abort();
    count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (count == MAP_FAILED)
        abort();
    host = getpid();
}
