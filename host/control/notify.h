/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What systemd, or whoever else set NOTIFY_SOCKET, is told; see sd_notify(3).
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
    int fd; /* -1: nobody listens */
    struct sockaddr_un address;
    socklen_t length;
    int64_t interval; /* milliseconds between two signs of life; 0: nobody waits for them */
    int64_t due;      /* the next one */
};

/* Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment: they are not for our
 * children. */
void notify_open(struct notify *notify, int64_t now);

/* Sends lines such as "READY=1". Never waits; what cannot be sent is dropped. */
void notify_tell(const struct notify *notify, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The loop is alive: says so when it is due. */
void notify_alive(struct notify *notify, int64_t now);

/* When notify_alive() is needed next; -1: never. */
int64_t notify_due(const struct notify *notify);

#endif
