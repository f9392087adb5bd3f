/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "cleanup.h"
#include "strings.h"

static int watch_directory(int fd, const char *file)
{
    const char *slash = strrchr(file, '/');
    CLEANUP_FREE char *directory = string_format("%.*s", slash == file ? 1 : (int)(slash - file), file);
    return !directory ? -1
                      : inotify_add_watch(fd, directory,
                                          IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB
                                              | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
}

/* Where a link leads may change with every event. */
static void follow_link(struct watch *watch)
{
    CLEANUP_FREE char *destination = realpath(watch->file, NULL);
    int before = watch->far;
    watch->far = -1;
    free(watch->far_name);
    watch->far_name = NULL;
    if (destination && strcmp(destination, watch->file) != 0) {
        watch->far_name = strdup(strrchr(destination, '/') + 1);
        watch->far = watch->far_name ? watch_directory(watch->fd, destination) : -1;
    }
    if (before >= 0 && before != watch->far && before != watch->own)
        inotify_rm_watch(watch->fd, before);
}

int watch_open(struct watch *watch, const char *file)
{
    *watch = (struct watch){ .fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), .file = file,
                             .name = strrchr(file, '/') + 1, .own = -1, .far = -1 };
    if (watch->fd >= 0 && (watch->own = watch_directory(watch->fd, file)) >= 0) {
        follow_link(watch);
        return 0;
    }
    int error = errno;
    watch_close(watch);
    errno = error;
    return -1;
}

static bool is_gone(const struct inotify_event *event, int directory)
{
    return event->wd == directory
           && (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT));
}

static bool names_file(const struct watch *watch, const struct inotify_event *event)
{
    if (event->len == 0)
        return false;
    return (event->wd == watch->own && strcmp(event->name, watch->name) == 0)
           || (event->wd == watch->far && watch->far_name && strcmp(event->name, watch->far_name) == 0);
}

bool watch_take(struct watch *watch, bool *lost)
{
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool changed = false;
    ssize_t size;
    *lost = false;
    while ((size = read(watch->fd, buffer, sizeof buffer)) > 0) {
        for (char *at = buffer; at < buffer + size;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
            *lost = *lost || is_gone(event, watch->own);
            changed = changed || (event->mask & IN_Q_OVERFLOW) || names_file(watch, event)
                      || is_gone(event, watch->far);
            at += sizeof *event + event->len;
        }
    }
    if (changed)
        follow_link(watch);
    return changed || *lost;
}

void watch_close(struct watch *watch)
{
    if (watch->fd >= 0)
        close(watch->fd);
    watch->fd = -1;
    free(watch->far_name);
    watch->far_name = NULL;
}
