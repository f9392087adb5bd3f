/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The loop as it is seen and asked from outside: control socket and systemd.
 */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include <stdbool.h>

#include "host/loop/supervisor.h"
#include "host/outside/control.h"
#include "host/outside/notify.h"
#include "host/outside/status.h"
#include "host/settings/settings.h"

struct outside {
    const struct settings *settings;
    const struct status *status; /* of the loop */
    struct control control;
    struct notify notify;
    char *told; /* what systemd was told last */
};

/* 0, or -1 after a message: another process has the profile, or the socket that was asked for cannot be
 * made. */
int outside_open(struct outside *outside, const struct settings *settings, const struct status *status);

/* The first cycle has finished; HUP was taken. */
void outside_ready(const struct outside *outside);
void outside_reloaded(const struct outside *outside, bool ready);

/* Says how it is, if it is otherwise than it was, and, when that is due, that the loop is alive. */
void outside_tell(struct outside *outside, const struct supervisor *supervisor);

/* Serves the control socket. True: somebody wants a cycle now. */
bool outside_serve(struct outside *outside, const struct supervisor *supervisor);

/* When outside_tell() or outside_serve() is needed next; -1: never. */
int64_t outside_due(const struct outside *outside);

void outside_close(struct outside *outside);

/* In a child: lets go of everything. */
void outside_leave(struct outside *outside);

#endif
