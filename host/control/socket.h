/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The socket on which the loop is asked, by dydisnix-self-adaptctl and others: a client sends one JSON
 * document in a line and gets one. No client can keep the loop waiting: nothing blocks, a request has a
 * limit, a conversation a deadline, and there are at most CONTROL_SOCKET_CLIENTS at once. Only the loop's own
 * user and root are served.
 */
#ifndef CONTROL_SOCKET_H
#define CONTROL_SOCKET_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { CONTROL_SOCKET_CLIENTS = 8, CONTROL_SOCKET_REQUEST_LIMIT = 4096 };

struct control_socket_client {
    int fd;     /* -1: nobody */
    char *text; /* the request as far as it came, then the answer */
    size_t length, sent;
    bool answers;
    int64_t deadline;
};

struct control_socket {
    int fd; /* readable when something is to be served; -1: closed */
    int listener, lock;
    char *path;
    struct control_socket_client clients[CONTROL_SOCKET_CLIENTS];
};

extern const struct control_socket control_socket_closed;

/* Makes the socket at path, mode 0600, with the directories above it. A lock beside it, PATH.lock, is held
 * as long as this process or a child that was forked from it lives. 0; -1: it cannot be made, which was
 * told; 1: somebody else has it, which was told with the process. */
int control_socket_open(struct control_socket *control, const char *path);

/* Serves what is ready. answer makes the document for a request, a new reference. */
void control_socket_serve(struct control_socket *control, int64_t now,
                          json_t *(*answer)(void *closure, const json_t *request), void *closure);

/* When control_socket_serve() is needed next although fd is not readable; -1: never. */
int64_t control_socket_due(const struct control_socket *control);

/* Removes the socket; or, in a child, only lets go of everything but the lock. */
void control_socket_close(struct control_socket *control);
void control_socket_leave(struct control_socket *control);

#endif
