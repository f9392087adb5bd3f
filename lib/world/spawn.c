/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * posix_spawn shares the parent's memory up to the exec: a big process is as fast as a small one.
 */
#include "lib/world/real.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"

struct pipes {
    int out[2];
    int err[2];
};

static void pipes_close(struct pipes *pipes)
{
    cleanup_fd(&pipes->out[0]);
    cleanup_fd(&pipes->out[1]);
    cleanup_fd(&pipes->err[0]);
    cleanup_fd(&pipes->err[1]);
}

/* A pipe whose read end does not block. */
static int pipe_open(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0) {
        ends[0] = ends[1] = -1;
        return -1;
    }
    return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

/* A file in place of a pipe. The lock belongs to the end that is written to, so it is the program's. */
static int file_open(int ends[2], const char *path)
{
    ends[1] = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (ends[1] < 0 || flock(ends[1], LOCK_EX | LOCK_NB) != 0 || ftruncate(ends[1], 0) != 0)
        return -1;
    ends[0] = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW); /* what was read is given back to the disk */
    return ends[0] < 0 ? -1 : 0;
}

/* What the program's standard output and standard error lead to. */
static int pipes_open(struct pipes *pipes, const char *transcript)
{
    CLEANUP_FREE char *errors = NULL;

    if (transcript == NULL)
        return pipe_open(pipes->out) != 0 || pipe_open(pipes->err) != 0 ? -1 : 0;
    errors = string_format("%s.err", transcript);
    if (errors == NULL) {
        errno = ENOMEM;
        return -1;
    }
    return file_open(pipes->out, transcript) != 0 || file_open(pipes->err, errors) != 0 ? -1 : 0;
}

static bool is_variable_replaced(const char *variable, const char *const *additions)
{
    size_t length = strcspn(variable, "=");

    for (; *additions != NULL; additions++)
        if (strncmp(*additions, variable, length) == 0 && (*additions)[length] == '=')
            return true;
    return false;
}

/* The host's environment with the additions; an array of borrowed strings, NULL: no memory. */
static char **environment_with(const char *const *additions)
{
    size_t count = 0, used = 0, i;
    char **merged;

    while (environ != NULL && environ[count] != NULL)
        count++;
    for (i = 0; additions[i] != NULL; i++)
        count++;
    merged = calloc(count + 1, sizeof *merged);
    if (merged == NULL)
        return NULL;
    for (i = 0; environ != NULL && environ[i] != NULL; i++)
        if (!is_variable_replaced(environ[i], additions))
            merged[used++] = environ[i];
    for (i = 0; additions[i] != NULL; i++)
        merged[used++] = (char *)additions[i];
    return merged;
}

static int prepare_actions(posix_spawn_file_actions_t *actions, const struct pipes *pipes,
                           const struct dydisnix_program *program)
{
    const char *input = program->input != NULL ? program->input : "/dev/null";
    /* If our own standard streams are closed, the pipes have their numbers: this order is right even then. */
    int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, input, O_RDONLY, 0);

    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, pipes->out[1], STDOUT_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, pipes->err[1], STDERR_FILENO);
/* In one line, the second condition is an error where there is no glibc. */
#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 34)
    /* Also what a plugin has opened without close-on-exec. */
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
#endif
#endif
    if (error == 0 && program->directory != NULL)
        error = posix_spawn_file_actions_addchdir_np(actions, program->directory);
    return error;
}

static int prepare_attributes(posix_spawnattr_t *attributes)
{
    sigset_t signals;
    const short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    int error = posix_spawnattr_setflags(attributes, flags);

    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, 0);
    sigfillset(&signals);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &signals);
    sigemptyset(&signals);
    if (error == 0)
        error = posix_spawnattr_setsigmask(attributes, &signals);
    return error;
}

/* Starts the program with a limit on the files that it writes, which posix_spawn knows nothing of: ours is
 * lowered meanwhile. */
static int spawn_limited(const struct dydisnix_program *program, char **environment,
                         const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                         pid_t *pid)
{
    struct rlimit own, lowered;
    int error;

    if (getrlimit(RLIMIT_FSIZE, &own) != 0)
        return errno;
    lowered = own;
    if (program->file_limit != 0 && (own.rlim_cur == RLIM_INFINITY || own.rlim_cur > program->file_limit))
        lowered.rlim_cur = (rlim_t)program->file_limit;
    if (program->file_limit != 0 && setrlimit(RLIMIT_FSIZE, &lowered) != 0)
        return errno;
    error =
        posix_spawnp(pid, program->argv[0], actions, attributes, (char *const *)program->argv, environment);
    if (program->file_limit != 0)
        setrlimit(RLIMIT_FSIZE, &own);
    return error;
}

static int spawn(const struct dydisnix_program *program, char **environment, const struct pipes *pipes,
                 pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);

    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = prepare_actions(&actions, pipes, program);
        if (error == 0)
            error = prepare_attributes(&attributes);
        if (error == 0)
            error = spawn_limited(program, environment, &actions, &attributes, pid);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int real_spawn(const struct dydisnix_program *program, struct real_process *process)
{
    struct pipes pipes = { { -1, -1 }, { -1, -1 } };
    CLEANUP_FREE char **merged = NULL;
    int error = 0;

    if (program->argv == NULL || program->argv[0] == NULL)
        return EINVAL;
    if (program->environment != NULL && (merged = environment_with(program->environment)) == NULL)
        return ENOMEM;
    if (pipes_open(&pipes, program->transcript) != 0)
        error = errno;
    if (error == 0)
        error = spawn(program, merged != NULL ? merged : environ, &pipes, &process->pid);
    if (error == 0) {
        process->out = pipes.out[0];
        process->err = pipes.err[0];
        pipes.out[0] = pipes.err[0] = -1;
    }
    pipes_close(&pipes);
    return error;
}
