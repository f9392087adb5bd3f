/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a cycle takes from the reconstruction.
 */
#ifndef RECONSTRUCTION_H
#define RECONSTRUCTION_H

#include "host/cycle/running.h"

/* After the stage. Targets that did not tell what runs on them are left out from here on. */
int reconstruction_take(struct cycle *cycle, int status);

#endif
