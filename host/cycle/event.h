/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What hooks are told of a cycle, see dydisnix-plugin(3).
 */
#ifndef EVENT_H
#define EVENT_H

#include "host/cycle/running.h"

/* cycle_finished runs in another process, also after a crash: it gets what is known so far in a file. */
void event_keep(struct cycle *cycle);

/* Who is there. */
void event_presence(struct cycle *cycle);

/* The evaluated model as a file, and what the loop remembers. 0, or -1 after a message. */
int event_prepare(struct cycle *cycle);

#endif
