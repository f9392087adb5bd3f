/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What operators have said since the last cycle.
 */
#ifndef CYCLE_REQUESTS_H
#define CYCLE_REQUESTS_H

#include "host/cycle/running.h"

/* 0, or -1 after a message. */
int cycle_take_requests(struct cycle *cycle);

#endif
