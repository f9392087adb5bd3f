/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/machine/archive.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/world/operations.h"

pid_t archive_start(const char *const *argv, int fd, int as)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    if (fd != as)
        dup2(fd, as);
    execvp(argv[0], (char *const *)argv);
    log_error(NULL, "%s: %s", argv[0], strerror(errno));
    _exit(127);
}

int archive_wait(pid_t pid)
{
    int status = -1;
    pid_t ended = -1;

    while (pid > 0 && (ended = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
        continue;
    return ended == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
