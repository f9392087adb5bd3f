/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODEL_WATCHED_H
#define MODEL_WATCHED_H

#include "host/self-adapt/host.h"

/* Watches the model and the files that it mentions, as they are now. That it is polled instead is said
 * once. */
void model_watch(struct host *host);

#endif
