/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What operators have said since the last cycle.
 */
#ifndef REQUESTS_H
#define REQUESTS_H

#include "host/cycle/running.h"

/* 0, or -1 after a message. */
int requests_take(struct cycle *cycle);

#endif
