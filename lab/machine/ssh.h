/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Programs on a machine by way of ssh, as disnix-ssh-client reaches it: the machine is a connection key, HOST
 * or HOST:PORT, $SSH_USER the user there, $SSH_OPTS further options, split at blanks.
 *
 * ssh joins its arguments, and a shell on the machine splits them again. So each argument is quoted: what it
 * holds reaches the program as it is, and never that shell.
 */
#ifndef SSH_H
#define SSH_H

#include "lab/machine/agent.h"

/* As agent_run(). The directory is the user's home there; signals are not passed on. */
int ssh_run(const struct agent_program *program);

/* 0, or -1 after a message. */
int ssh_check_key(const char *key);

#endif
