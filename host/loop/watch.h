/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Watches what paths lead to now, whichever part of them changes: a file that is written or replaced, a link
 * at its end or in the middle that leads elsewhere, a directory that is moved away, removed, or comes into
 * being.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stddef.h>

/* A name in a watched directory: a file, a link on the way to one, or what is not there yet. */
struct watched_name {
    int directory; /* as inotify numbers it */
    char *name;
};

struct watch {
    int fd;    /* readable when something happened; -1: nothing is watched */
    int error; /* errno: not all of it can be watched; 0: all of it is */
    char **files;
    size_t file_count;
    struct watched_name *names;
    size_t name_count;
};

/* Watches files, whose paths are absolute; they are copied. 0, or -1: watch->error says why not all of it is
 * watched. */
int watch_open(struct watch *watch, const char *const *files, size_t count);

/* Takes what happened: whether what one of the paths leads to may have changed. Then it is watched where it
 * is now. */
bool watch_take(struct watch *watch);

void watch_close(struct watch *watch);

#endif
