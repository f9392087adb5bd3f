/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "cleanup.h"
#include "operations.h"
#include "strings.h"

int watch_open(struct watch *watch, const char *file)
{
    const char *slash = strrchr(file, '/');
    CLEANUP_FREE char *directory = string_format("%.*s", slash == file ? 1 : (int)(slash - file), file);
    watch->name = slash + 1;
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (directory && watch->fd >= 0
        && inotify_add_watch(watch->fd, directory,
                             IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB | IN_DELETE_SELF
                                 | IN_MOVE_SELF | IN_ONLYDIR)
               >= 0)
        return 0;
    log_warning(NULL, "%s cannot be watched and is polled: %s", file, strerror(errno));
    watch_close(watch);
    return -1;
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
            if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT))
                *lost = true;
            if ((event->mask & IN_Q_OVERFLOW) || (event->len > 0 && strcmp(event->name, watch->name) == 0))
                changed = true;
            at += sizeof *event + event->len;
        }
    }
    return changed || *lost;
}

void watch_close(struct watch *watch)
{
    if (watch->fd >= 0)
        close(watch->fd);
    watch->fd = -1;
}
