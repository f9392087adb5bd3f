/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Watches one file, also when it is replaced by rename.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>

struct watch {
    int fd; /* readable when something happened; -1: cannot be watched */
    const char *file, *name;
    int own, far;   /* descriptors of the directories: the file's, and, of a link, where it leads (or -1) */
    char *far_name; /* what it leads to there */
};

/* Watches the directory of file, which is absolute and outlives the watch, and that of what a link
 * leads to. 0, or -1 with errno set. */
int watch_open(struct watch *watch, const char *file);

/* Takes what happened: whether the file may have changed. *lost: the directory is gone, nothing will come any
 * more. */
bool watch_take(struct watch *watch, bool *lost);

void watch_close(struct watch *watch);

#endif
