/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The processes below one, however they changed their process group.
 */
#ifndef DESCENDANTS_H
#define DESCENDANTS_H

#include <sys/types.h>

/* Sends signal to every descendant of process, but not to the count ones that are spared and their
 * descendants. How many there are that have not ended yet. */
size_t descendants_signal(pid_t process, const pid_t *spared, size_t count, int signal);

#endif
