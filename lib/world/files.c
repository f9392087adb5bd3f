/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/world/real.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

int real_write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, data, length);

        if (written >= 0) {
            data += written;
            length -= (size_t)written;
        } else if (errno == EAGAIN) {
            struct pollfd room = { .fd = fd, .events = POLLOUT };

            if (poll(&room, 1, -1) < 0 && errno != EINTR)
                return -1;
        } else if (errno != EINTR)
            return -1;
    }
    return 0;
}

/* Reads fd up to its end into memory that has room for expected bytes at first. */
static int read_whole(int fd, size_t expected, size_t limit, char **data, size_t *length)
{
    size_t size = expected + 2, used = 0; /* one more to see the end, one for the NUL */
    CLEANUP_FREE char *buffer = malloc(size);

    while (buffer != NULL) {
        ssize_t got = read(fd, buffer + used, size - used - 1);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        used += (size_t)got;
        if (used > limit) {
            errno = EFBIG;
            return -1;
        }
        if (got == 0) {
            buffer[used] = '\0';
            *length = used;
            *data = buffer;
            buffer = NULL;
            return 0;
        }
        if (used + 1 == size) {
            char *larger = realloc(buffer, size * 2);

            if (larger == NULL)
                return -1;
            buffer = larger;
            size *= 2;
        }
    }
    return -1;
}

/* A regular file; *size: what it has. -1 with errno. */
static int open_regular(const char *path, int flags, uintmax_t *size)
{
    /* Not blocking: opening a pipe would wait for the other end. */
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    int error = 0;

    if (fd < 0)
        return -1;
    if (fstat(fd, &status) != 0)
        error = errno;
    else if (!S_ISREG(status.st_mode))
        error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    if (error != 0) {
        close(fd);
        errno = error;
        return -1;
    }
    *size = (uintmax_t)status.st_size;
    return fd;
}

int real_read(const char *path, size_t limit, char **data, size_t *length)
{
    uintmax_t size;
    CLEANUP_FD int fd = open_regular(path, O_RDONLY, &size);

    if (fd < 0)
        return -1;
    if (size > limit) {
        errno = EFBIG;
        return -1;
    }
    return read_whole(fd, (size_t)size, limit, data, length);
}

static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static int sync_directory(const char *path)
{
    CLEANUP_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? -1 : fsync(fd);
}

static int write_new(int fd, const char *data, size_t length, unsigned mode)
{
    return real_write_all(fd, data, length) == 0 && fchmod(fd, (mode_t)mode) == 0 && fsync(fd) == 0 ? 0 : -1;
}

int real_write(const char *path, const char *data, size_t length, unsigned mode)
{
    CLEANUP_FREE char *directory = directory_of(path);
    CLEANUP_FREE char *temporary = directory == NULL ? NULL : string_format("%s/.new-XXXXXX", directory);
    int fd, error;

    if (temporary == NULL)
        return -1;
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return -1;
    error = write_new(fd, data, length, mode) == 0 ? 0 : errno;
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0 && rename(temporary, path) != 0)
        error = errno;
    if (error != 0) {
        unlink(temporary);
        errno = error;
        return -1;
    }
    return sync_directory(directory);
}

int write_output(const char *path, const char *data, size_t length)
{
    struct stat status;
    CLEANUP_FD int fd = -1;

    if (lstat(path, &status) != 0 || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))
        return operations->write(path, data, length, 0644);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644);
    return fd < 0 ? -1 : real_write_all(fd, data, length);
}

static int put_piece(void *spool, const char *data, size_t length)
{
    return real_write_all(*(const int *)spool, data, length);
}

int real_spool(const char *path,
               int (*fill)(void *closure, int (*put)(void *, const char *, size_t), void *spool),
               void *closure, unsigned mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
    int error;

    if (fd < 0)
        return -1;
    error = fill(closure, put_piece, &fd) == 0 ? 0 : errno;
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0)
        return 0;
    unlink(path);
    errno = error;
    return -1;
}

int real_scan(const char *path, uint64_t offset, int (*each)(void *closure, const char *data, size_t length),
              void *closure)
{
    char piece[64 * 1024];
    uintmax_t size;
    CLEANUP_FD int fd = open_regular(path, O_RDONLY, &size);

    if (fd < 0)
        return -1;
    for (;;) {
        ssize_t got = pread(fd, piece, sizeof piece, (off_t)offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return (int)got;
        if (each(closure, piece, (size_t)got) != 0)
            return -1;
        offset += (uint64_t)got;
    }
}

int real_amend(const char *path, uint64_t offset, const char *data, size_t length)
{
    uintmax_t size;
    CLEANUP_FD int fd = open_regular(path, O_WRONLY | O_NOFOLLOW, &size);

    if (fd < 0)
        return -1;
    if (offset > size || length > size - offset) {
        errno = EFBIG;
        return -1;
    }
    return lseek(fd, (off_t)offset, SEEK_SET) < 0 ? -1 : real_write_all(fd, data, length);
}

int real_move(const char *from, const char *to)
{
    CLEANUP_FREE char *directory = directory_of(to);

    return directory != NULL && rename(from, to) == 0 ? sync_directory(directory) : -1;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int entry_wanted(const struct dirent *entry)
{
    return !is_dots(entry->d_name);
}

static int entry_order(const struct dirent **one, const struct dirent **other)
{
    return strcmp((*one)->d_name, (*other)->d_name);
}

int real_list(const char *path, int (*each)(void *closure, const char *name), void *closure)
{
    struct dirent **entries;
    int count = scandir(path, &entries, entry_wanted, entry_order);
    bool stopped = false;
    int i;

    if (count < 0)
        return -1;
    for (i = 0; i < count; i++) {
        stopped = stopped || each(closure, entries[i]->d_name) != 0;
        free(entries[i]);
    }
    free(entries);
    return 0;
}

enum dydisnix_kind real_inspect(const char *path, uint64_t *size)
{
    struct stat status;

    if (lstat(path, &status) != 0)
        return DYDISNIX_ABSENT;
    if (S_ISREG(status.st_mode)) {
        if (size != NULL)
            *size = (uint64_t)status.st_size;
        return DYDISNIX_FILE;
    }
    if (S_ISDIR(status.st_mode))
        return DYDISNIX_DIRECTORY;
    return S_ISLNK(status.st_mode) ? DYDISNIX_LINK : DYDISNIX_OTHER;
}

int real_free_space(const char *path, uint64_t *bytes)
{
    struct statvfs file_system;

    if (statvfs(path, &file_system) != 0)
        return -1;
    *bytes = (uint64_t)file_system.f_bavail * file_system.f_frsize;
    return 0;
}

bool real_is_own_file(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid();
}

int real_read_link(const char *path, char **destination)
{
    size_t size;

    for (size = 256;; size *= 2) {
        CLEANUP_FREE char *buffer = malloc(size);
        ssize_t length = buffer == NULL ? -1 : readlink(path, buffer, size);

        if (length < 0)
            return -1;
        if ((size_t)length < size) {
            buffer[length] = '\0';
            *destination = buffer;
            buffer = NULL;
            return 0;
        }
    }
}

static int make_one_directory(const char *path, unsigned mode)
{
    struct stat status;

    if (mkdir(path, (mode_t)mode) == 0)
        return 0;
    if (errno != EEXIST || stat(path, &status) != 0)
        return -1;
    if (S_ISDIR(status.st_mode))
        return 0;
    errno = ENOTDIR;
    return -1;
}

int real_make_directory(const char *path, unsigned mode)
{
    CLEANUP_FREE char *copy = strdup(path);
    char *slash;

    if (copy == NULL)
        return -1;
    slash = copy + strspn(copy, "/");
    for (; (slash = strchr(slash, '/')) != NULL; slash += strspn(slash, "/")) {
        *slash = '\0';
        if (make_one_directory(copy, mode | 0300) != 0) /* what lies within must be possible to make */
            return -1;
        *slash = '/';
    }
    return make_one_directory(path, mode);
}

bool real_may_write(const char *directory)
{
    return faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0;
}

int real_temporary_directory(const char *prefix, char **path)
{
    const char *parent = getenv("TMPDIR");
    CLEANUP_FREE char *name = NULL;

    name = string_format("%s/%s-XXXXXX", parent != NULL && parent[0] == '/' ? parent : "/tmp", prefix);
    if (name == NULL || mkdtemp(name) == NULL)
        return -1;
    *path = name;
    name = NULL;
    return 0;
}
