/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The loop as it is seen and asked from outside: control socket and systemd.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>

#include "host/control/notify.h"
#include "host/control/socket.h"
#include "host/control/status.h"
#include "host/loop/supervisor.h"
#include "host/settings/settings.h"

struct control {
    const struct settings *settings;
    const struct status *status; /* of the loop */
    struct control_socket socket;
    struct notify notify;
    char *told; /* what systemd was told last */
};

/* 0, or -1 after a message: another process has the profile, or the socket that was asked for cannot be
 * made. */
int control_open(struct control *control, const struct settings *settings, const struct status *status);

/* The first cycle has finished; HUP was taken. */
void control_ready(const struct control *control);
void control_reloaded(const struct control *control, bool ready);

/* Says how it is, if it is otherwise than it was, and, when that is due, that the loop is alive. */
void control_tell(struct control *control, const struct supervisor *supervisor);

/* Serves the control socket. True: somebody wants a cycle now. */
bool control_serve(struct control *control, const struct supervisor *supervisor);

/* When control_tell() or control_serve() is needed next; -1: never. */
int64_t control_due(const struct control *control);

void control_close(struct control *control);

/* In a child: lets go of everything. */
void control_leave(struct control *control);

#endif
