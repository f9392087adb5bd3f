/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The last stage, and what is remembered of it.
 */
#ifndef CYCLE_DEPLOYMENT_H
#define CYCLE_DEPLOYMENT_H

#include "host/cycle/running.h"

int deployment_run(struct cycle *cycle, json_t **report);

/* The model was deployed (0), or failed. 0, or -1 after a message. */
int deployment_remember(struct cycle *cycle, int status);

#endif
