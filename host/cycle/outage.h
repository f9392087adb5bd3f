/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the last deployment was to run, and what of that no target runs now, for whoever watches the loop. It is
 * the member "services" of the state, see state.h.
 */
#ifndef OUTAGE_H
#define OUTAGE_H

#include "host/cycle/running.h"

/* Notes it, from the manifest that was deployed last and the targets that are there. The manifest is read only
 * where it is a new one, or a target is away or has come back. One that cannot be read changes nothing. */
void outage_note(struct cycle *cycle);

#endif
