/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The processes below one, however they changed their process group.
 */
#ifndef DESCENDANTS_H
#define DESCENDANTS_H

#include <sys/types.h>

/* Sends signal to every descendant of process, but not to spared and its descendants (0: nobody is spared). */
void descendants_signal(pid_t process, pid_t spared, int signal);

#endif
