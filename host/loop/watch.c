/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/loop/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"

/* As many as the kernel follows. */
enum { LINKS_MOST = 40 };

static const uint32_t of_itself = IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
static const uint32_t of_names = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB;

/* A path being followed: at is a directory without links, rest what is still to be looked up in it. */
struct way {
    char *at, *rest;
    int links;
};

static void drop_names(struct watch *watch)
{
    for (size_t i = 0; i < watch->name_count; i++)
        free(watch->names[i].name);
    free(watch->names);
    watch->names = NULL;
    watch->name_count = 0;
}

/* Its number; -1 with errno set. */
static int watch_directory(struct watch *watch, const char *directory, uint32_t events)
{
    return inotify_add_watch(watch->fd, *directory ? directory : "/", of_itself | events | IN_MASK_ADD);
}

static int watch_name(struct watch *watch, const char *directory, const char *name)
{
    struct watched_name *grown = array_grow(watch->names, watch->name_count, sizeof *grown);
    if (!grown)
        return -1;
    watch->names = grown;
    struct watched_name *added = &watch->names[watch->name_count];
    added->directory = watch_directory(watch, directory, of_names);
    added->name = added->directory >= 0 ? strdup(name) : NULL;
    watch->name_count += added->name != NULL;
    return added->name ? 0 : -1;
}

/* Takes the first component off what is left; NULL: nothing is. */
static char *take_component(struct way *way)
{
    size_t slashes = strspn(way->rest, "/"), length = strcspn(way->rest + slashes, "/");
    char *component = length > 0 ? strndup(way->rest + slashes, length) : NULL;
    memmove(way->rest, way->rest + slashes + length, strlen(way->rest + slashes + length) + 1);
    return component;
}

static int go_to(char **place, char *there)
{
    free(*place);
    *place = there;
    return there ? 0 : -1;
}

static int follow_link(struct way *way, const char *link)
{
    char destination[PATH_MAX];
    ssize_t length = readlink(link, destination, sizeof destination - 1);
    if (length < 0 || ++way->links > LINKS_MOST) {
        errno = length < 0 ? errno : ELOOP;
        return -1;
    }
    destination[length] = '\0';
    if (destination[0] == '/')
        way->at[0] = '\0';
    return go_to(&way->rest, string_format("%s/%s", destination, way->rest));
}

/* The directory is watched before it is looked at, so that no change falls in between. 1: go on from there;
 * 0: the path ends here; -1: errno says why not. */
static int follow_component(struct watch *watch, struct way *way, const char *name)
{
    CLEANUP_FREE char *path = string_format("%s/%s", way->at, name);
    struct stat found;
    if (!path || watch_directory(watch, way->at, 0) < 0)
        return -1;
    if (strcmp(name, ".") == 0)
        return 1;
    if (strcmp(name, "..") == 0) {
        char *slash = strrchr(way->at, '/');
        if (slash)
            *slash = '\0';
        return 1;
    }
    if (lstat(path, &found) == 0 && S_ISDIR(found.st_mode))
        return go_to(&way->at, strdup(path)) == 0 ? 1 : -1;
    if (watch_name(watch, way->at, name) != 0)
        return -1;
    if (lstat(path, &found) != 0)
        return errno == ENOENT ? 0 : -1;
    if (S_ISLNK(found.st_mode))
        return follow_link(way, path) == 0 ? 1 : -1;
    return S_ISDIR(found.st_mode) ? follow_component(watch, way, name) : 0;
}

static int follow_all(struct watch *watch, struct way *way)
{
    for (;;) {
        CLEANUP_FREE char *component = take_component(way);
        int status = component ? follow_component(watch, way, component) : 1;
        if (!component || status <= 0)
            return status;
    }
}

/* Of a directory Nix reads default.nix. */
static int follow_path(struct watch *watch, const char *path)
{
    struct way way = { .at = strdup(""), .rest = strdup(path) };
    int status = way.at && way.rest ? follow_all(watch, &way) : -1;
    if (status > 0)
        status = go_to(&way.rest, strdup("default.nix")) == 0 ? follow_all(watch, &way) : -1;
    free(way.at);
    free(way.rest);
    return status < 0 ? -1 : 0;
}

static int watch_again(struct watch *watch)
{
    if (watch->fd >= 0)
        close(watch->fd);
    drop_names(watch);
    watch->error = 0;
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd < 0) {
        watch->error = errno;
        return -1;
    }
    for (size_t i = 0; i < watch->file_count; i++)
        if (follow_path(watch, watch->files[i]) != 0 && watch->error == 0)
            watch->error = errno ? errno : ENOMEM;
    return watch->error == 0 ? 0 : -1;
}

int watch_open(struct watch *watch, const char *const *files, size_t count)
{
    *watch = (struct watch){ .fd = -1, .files = calloc(count + 1, sizeof *watch->files) };
    for (size_t i = 0; watch->files && i < count; i++)
        if ((watch->files[i] = strdup(files[i])))
            watch->file_count++;
    if (watch->file_count == count)
        return watch_again(watch);
    watch->error = ENOMEM;
    return -1;
}

static bool matters(const struct watch *watch, const struct inotify_event *event)
{
    if (event->mask & (IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT))
        return true;
    for (size_t i = 0; event->len > 0 && i < watch->name_count; i++)
        if (watch->names[i].directory == event->wd && strcmp(watch->names[i].name, event->name) == 0)
            return true;
    return false;
}

bool watch_take(struct watch *watch)
{
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool changed = false;
    ssize_t size;
    while ((size = read(watch->fd, buffer, sizeof buffer)) > 0) {
        for (char *at = buffer; at < buffer + size;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
            changed = changed || matters(watch, event);
            at += sizeof *event + event->len;
        }
    }
    if (changed)
        watch_again(watch);
    return changed;
}

void watch_close(struct watch *watch)
{
    if (watch->fd >= 0)
        close(watch->fd);
    drop_names(watch);
    for (size_t i = 0; i < watch->file_count; i++)
        free(watch->files[i]);
    free(watch->files);
    *watch = (struct watch){ .fd = -1 };
}
