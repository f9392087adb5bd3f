/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files that only grow, a line at a time, and by more than one process. A kill leaves at most one torn line.
 */
#include "lib/world/real.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"

/* Makes room: the open file becomes PATH.1. Whether path is to be opened again; never waits for another
 * process. */
static bool rotate(int fd, const struct stat *status, const char *path)
{
    CLEANUP_FREE char *older = string_format("%s.1", path);
    struct stat there;

    if (older == NULL || flock(fd, LOCK_EX | LOCK_NB) != 0)
        return false;
    if (stat(path, &there) != 0 || there.st_ino != status->st_ino || there.st_dev != status->st_dev)
        return true; /* somebody else has just done it */
    return rename(path, older) == 0;
}

/* Whether the last line has no end: 1 or 0; -1 with errno. What another process is just writing, page by
 * page, looks so for a moment: it counts only if it stays. */
static int is_torn(int fd, off_t size)
{
    const struct timespec moment = { .tv_nsec = 1000 * 1000 };
    struct stat now = { .st_size = size };
    char last = '\n';

    for (int i = 0; i < 10; i++) {
        if (now.st_size > 0 && pread(fd, &last, 1, now.st_size - 1) != 1)
            return -1;
        if (last == '\n' || (i > 0 && now.st_size == size))
            break;
        size = now.st_size;
        nanosleep(&moment, NULL);
        if (fstat(fd, &now) != 0)
            return -1;
    }
    return last != '\n';
}

static int append_whole(int fd, const struct stat *status, const char *data, size_t length)
{
    int found = is_torn(fd, status->st_size);
    size_t torn = found > 0;
    ssize_t written;

    if (found < 0)
        return -1;
    const struct iovec parts[] = { { .iov_base = (char[]){ '\n' }, .iov_len = torn },
                                   { .iov_base = (char *)data, .iov_len = length } };
    do
        written = writev(fd, parts, 2);
    while (written < 0 && errno == EINTR);
    if (written < 0)
        return -1;
    if ((size_t)written < torn)
        written = (ssize_t)torn;
    return real_write_all(fd, data + ((size_t)written - torn), length + torn - (size_t)written);
}

int real_append(const char *path, const char *data, size_t length, size_t most, bool sync)
{
    for (;;) {
        const int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
        CLEANUP_FD int fd = open(path, flags, 0600);
        struct stat status;

        if (fd < 0 || fstat(fd, &status) != 0)
            return -1;
        if (!S_ISREG(status.st_mode)) {
            errno = EINVAL;
            return -1;
        }
        if (status.st_size > 0 && (uintmax_t)status.st_size + length > most && rotate(fd, &status, path))
            continue;
        if (append_whole(fd, &status, data, length) != 0)
            return -1;
        return sync ? fdatasync(fd) : 0;
    }
}
