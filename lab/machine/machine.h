/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A machine: a process namespace, and a mount namespace in which the machine's own directory is /nix. Needs
 * root or user namespaces, and changes nothing outside the network's directory.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <sys/types.h>

struct machine_process {
    pid_t pid; /* the machine's first process; killing it kills all of them */
    int life;  /* held open: the machine ends when it is closed */
};

/* Starts a machine on its disk and waits until its agent answers. 0, or -1 after a message. */
int machine_start(const char *machine, struct machine_process *process);

/* Kills all that runs on it, and waits for the end. */
void machine_kill(struct machine_process *process);

#endif
