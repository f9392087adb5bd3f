/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

struct entries {
    int (*each)(void *closure, const char *name);
    void *closure;
    int result;
};

static int visit_entry(void *closure, const char *name)
{
    struct entries *entries = closure;

    if (*name != '.')
        entries->result = entries->each(entries->closure, name);
    return entries->result;
}

int directory_each(const char *path, int (*each)(void *closure, const char *name), void *closure)
{
    struct entries entries = { each, closure, 0 };
    return operations->list(path, visit_entry, &entries) == 0 ? entries.result : -1;
}

char *file_text(const char *path, size_t limit)
{
    char *text = NULL;
    size_t length;

    return operations->read(path, limit, &text, &length) == 0 ? text : NULL;
}

static int copy_entry(int from, int to, const char *name, const char *new_name);

/* Owner, mode and times of what was copied; a directory gets them last, it may be read-only. */
static int finish_copy(int fd, const struct stat *status)
{
    const struct timespec times[] = { status->st_atim, status->st_mtim };
    return fchmod(fd, status->st_mode & 07777) == 0 && futimens(fd, times) == 0 && fsync(fd) == 0 ? 0 : -1;
}

static int copy_bytes(int from, int to)
{
    char data[65536];
    ssize_t got;

    while ((got = read(from, data, sizeof data)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        for (ssize_t done = 0, written; done < got; done += written) {
            written = write(to, data + done, (size_t)(got - done));
            if (written < 0)
                return -1;
        }
    }
    return 0;
}

static int copy_file(int from, int to, const char *name, const char *new_name, const struct stat *status)
{
    CLEANUP_FD int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    CLEANUP_FD int copy = openat(to, new_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return source >= 0 && copy >= 0 && copy_bytes(source, copy) == 0 ? finish_copy(copy, status) : -1;
}

static int copy_link(int from, int to, const char *name, const char *new_name, const struct stat *status)
{
    const struct timespec times[] = { status->st_atim, status->st_mtim };
    char target[PATH_MAX];
    ssize_t length = readlinkat(from, name, target, sizeof target - 1);

    if (length < 0)
        return -1;
    target[length] = '\0';
    return symlinkat(target, to, new_name) == 0 ? utimensat(to, new_name, times, AT_SYMLINK_NOFOLLOW) : -1;
}

static int copy_directory(int from, int to, const char *name, const char *new_name, const struct stat *status)
{
    CLEANUP_FD int source = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    CLEANUP_FD int copy = -1;
    int listed = source >= 0 ? dup(source) : -1, result = 0;
    DIR *entries = listed >= 0 ? fdopendir(listed) : NULL;
    struct dirent *entry;

    if (entries && mkdirat(to, new_name, 0700) == 0)
        copy = openat(to, new_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    while (copy >= 0 && result == 0 && (entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = copy_entry(source, copy, entry->d_name, entry->d_name);
    }
    int failure = errno;
    if (entries)
        closedir(entries);
    errno = failure;
    return copy >= 0 && result == 0 ? finish_copy(copy, status) : -1;
}

/* Sockets and the like are not copied. */
static int copy_entry(int from, int to, const char *name, const char *new_name)
{
    struct stat status;

    if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    if (S_ISDIR(status.st_mode))
        return copy_directory(from, to, name, new_name, &status);
    if (S_ISREG(status.st_mode))
        return copy_file(from, to, name, new_name, &status);
    if (S_ISLNK(status.st_mode))
        return copy_link(from, to, name, new_name, &status);
    return 0;
}

int tree_copy(const char *from, const char *to)
{
    CLEANUP_FREE char *parent = strdup(to);
    CLEANUP_FD int directory = -1;
    char *slash = parent ? strrchr(parent, '/') : NULL;

    if (!slash)
        return -1;
    *slash = '\0';
    if (operations->make_directory(parent, 0755) != 0)
        return -1;
    directory = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return directory >= 0 && copy_entry(AT_FDCWD, directory, from, slash + 1) == 0 ? fsync(directory) : -1;
}

int tree_replace(const char *from, const char *to)
{
    CLEANUP_FREE char *beside = string_format("%s.new", to);

    if (!beside || operations->remove(beside) != 0 || tree_copy(from, beside) != 0)
        return -1;
    return operations->remove(to) == 0 ? rename(beside, to) : -1;
}
