/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Snapshots travel as tar archives.
 */
#ifndef ARCHIVE_H
#define ARCHIVE_H

#include <sys/types.h>

/* Starts tar with fd as its descriptor number `as`. The pid, or -1. */
pid_t archive_start(const char *const *argv, int fd, int as);

/* 0, or what tar exited with. */
int archive_wait(pid_t pid);

#endif
