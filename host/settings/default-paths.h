/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the loop and dydisnix-self-adaptctl meet, if nobody says otherwise.
 */
#ifndef DEFAULT_PATHS_H
#define DEFAULT_PATHS_H

#include <sys/socket.h>
#include <sys/un.h>

/* The directory of the state of all profiles, malloc()ed; NULL: there is no home directory, or no memory. */
char *default_state_directory(void);

/* The socket of a profile, malloc()ed: below $XDG_RUNTIME_DIR, else below /run for root. NULL: there is
 * none. */
char *default_socket(const char *profile);

/* The one below /run, malloc()ed: root may look for it from a session that has a run-time directory. */
char *system_socket(const char *profile);

/* The address of a socket file, however long its path is: *directory, to be closed after the use, may be
 * part of it. 0, or -1 with errno set. */
int socket_address(const char *path, struct sockaddr_un *address, int *directory);

#endif
