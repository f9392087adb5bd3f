/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Messages over Unix sockets: one JSON value a line, open files beside it. Paths may be longer than a socket
 * address holds.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNEL_FDS 3

struct channel {
    int fd;
    char *data;
    size_t length;
    int fds[CHANNEL_FDS]; /* received and not yet taken */
    size_t fd_count;
};

/* A listening socket directory/name, in the place of what was there. Only this user may connect. -1 with
 * errno. */
int channel_listen(const char *directory, const char *name);

/* -1 with errno. */
int channel_connect(const char *path);

void channel_open(struct channel *channel, int fd);
void channel_close(struct channel *channel); /* its files too */

/* Reads what is there: 1 something, 0 the end, -1 with errno. */
int channel_fill(struct channel *channel);

/* The next whole line, without its end; malloc()ed; NULL: not yet. */
char *channel_line(struct channel *channel);

/* Fills until there is a line. NULL: the end, an error, or nothing within milliseconds (-1: no deadline). */
char *channel_wait(struct channel *channel, int milliseconds);

int channel_send(int fd, const json_t *message, const int *fds, size_t count);

/* Connects, sends one line, waits for one line, which must be a JSON object. A new reference; NULL,
 * quietly. */
json_t *channel_ask(const char *path, const char *question, int milliseconds);

#endif
