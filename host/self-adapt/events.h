/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the loop waits for: signals, changes of models, requests, what its children tell, and the time.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "host/self-adapt/host.h"

/* Blocks the signals that the loop takes. A descriptor that tells of them, or -1 with errno set. */
int events_open_signals(void);

/* Waits for something, and does what follows from it. */
void events_wait(struct host *host);

#endif
