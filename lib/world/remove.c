/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Removes whole directories. Links are never followed. However deep a tree is, few directories are open: the
 * way back leads through "..", and is taken only if it is the directory that one came from.
 */
#include "lib/world/real.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"

/* One directory on the way down. */
struct level {
    struct level *parent;
    dev_t device;
    ino_t inode;
    char name[]; /* in its parent; of the first one the whole path */
};

static struct level *level_enter(struct level *parent, int parent_fd, const char *name, int *fd)
{
    CLEANUP_FREE struct level *level = malloc(sizeof *level + strlen(name) + 1);
    CLEANUP_FD int opened = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct level *entered;
    struct stat status;

    if (level == NULL || opened < 0 || fstat(opened, &status) != 0)
        return NULL;
    if (parent != NULL && status.st_dev != parent->device) { /* something is mounted here */
        errno = EXDEV;
        return NULL;
    }
    /* The directories of a Nix store are read-only. */
    if ((status.st_mode & S_IRWXU) != S_IRWXU && fchmod(opened, S_IRWXU) != 0)
        return NULL;
    level->parent = parent;
    level->device = status.st_dev;
    level->inode = status.st_ino;
    strcpy(level->name, name);
    entered = level;
    level = NULL;
    *fd = opened;
    opened = -1;
    return entered;
}

/* Closes *fd, the directory of level, and removes it; *fd becomes its parent, or AT_FDCWD at the top. */
static int level_leave(const struct level *level, int *fd)
{
    CLEANUP_FD int left = *fd;
    struct stat status;

    *fd = AT_FDCWD;
    if (level->parent != NULL) {
        *fd = openat(left, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (*fd < 0 || fstat(*fd, &status) != 0)
            return -1;
        if (status.st_dev != level->parent->device || status.st_ino != level->parent->inode) {
            errno = ESTALE; /* somebody moved it meanwhile */
            return -1;
        }
    }
    return unlinkat(*fd, level->name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

/* Removes an entry. 1: it is a directory that is not empty. */
static int remove_entry(int fd, const char *name)
{
    if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR)
        return -1;
    if (unlinkat(fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    return errno == ENOTEMPTY || errno == EEXIST ? 1 : -1;
}

/* Removes what is in the directory fd up to the first directory that is not empty: then 1, and its name. */
static int remove_entries(int fd, char *name, size_t size)
{
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = own < 0 ? NULL : fdopendir(own);
    struct dirent *entry;
    int result = 0, error;

    if (directory == NULL) {
        if (own >= 0)
            close(own);
        return -1;
    }
    while (result == 0 && (errno = 0, entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        result = remove_entry(fd, entry->d_name);
        if (result == 1 && strlen(entry->d_name) < size)
            strcpy(name, entry->d_name);
    }
    if (result == 0 && errno != 0)
        result = -1;
    error = errno;
    closedir(directory);
    errno = error;
    return result;
}

static int remove_tree(const char *path)
{
    int fd = AT_FDCWD, result = 0, error;
    struct level *level = level_enter(NULL, fd, path, &fd), *next;
    char name[NAME_MAX + 1];

    if (level == NULL)
        return -1;
    while (level != NULL && result >= 0) {
        result = remove_entries(fd, name, sizeof name);
        if (result == 1) {
            int parent_fd = fd;

            next = level_enter(level, parent_fd, name, &fd);
            if (next == NULL)
                result = -1;
            else {
                close(parent_fd);
                level = next;
            }
        } else if (result == 0) {
            result = level_leave(level, &fd);
            next = level->parent;
            free(level);
            level = next;
        }
    }
    error = errno;
    for (; level != NULL; level = next) {
        next = level->parent;
        free(level);
    }
    if (fd >= 0)
        close(fd);
    errno = error;
    return result;
}

int real_remove(const char *path)
{
    int result = remove_entry(AT_FDCWD, path);

    return result == 1 ? remove_tree(path) : result;
}
