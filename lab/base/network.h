/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The network's directory, and what lies where in it:
 *
 *     bin/                     the programs, links to dydisnix-lab
 *     etc/nix.conf             the machines' Nix configuration
 *     control                  the master's socket
 *     machines/NAME/nix        the machine's /nix
 *     machines/NAME/var        its disk apart from Nix
 *     machines/NAME/tmp, home  its $TMPDIR and $HOME
 *     machines/NAME/run        agent, its first process's socket; services/CONTAINER/COMPONENT, theirs
 *     machines/NAME/partitioned, hung, slow    present while it is so
 *     saved/NAME/LABEL         a disk as it was
 */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdbool.h>

#define COORDINATOR "coordinator"

/* $DYDISNIX_LAB; NULL after a message: there is none. */
const char *network_directory(void);

/* A path in the network's directory. malloc()ed; NULL: no network or no memory. */
char *network_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A path in a machine's directory; the name is checked. malloc()ed, NULL after a message. */
char *machine_path(const char *machine, const char *name);

/* A file name, and so a name for a machine, a container, a component. */
bool is_machine_name(const char *name);

bool machine_exists(const char *machine);

/* The machine on which this process runs; "": on none. */
const char *machine_here(void);

/* Sets a variable of the environment to a path, which it frees. 0, or -1 (so for NULL, too). */
int environment_set_path(const char *variable, char *path);

/* Whether one of the machine's marks (partitioned, hung, …) is there. */
bool machine_is(const char *machine, const char *mark);
int machine_mark(const char *machine, const char *mark, const char *text); /* text NULL: take it away */

/* The machines' names, sorted; calls each() until it returns non-zero. 0, or what each() returned, or -1. */
int network_machines(int (*each)(void *closure, const char *machine), void *closure);

#endif
