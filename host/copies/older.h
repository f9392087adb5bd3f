/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Older disks in machines that nobody saw away, as virtual machines that were set back to what they were an
 * hour ago.
 */
#ifndef OLDER_H
#define OLDER_H

#include "host/record/state.h"
#include "lib/manifest/manifest.h"

/* After a snapshot of all that manifest has was taken. A target that lacks what was its newest snapshot then,
 * and has an older one, has an older disk: where the component is on no other target the newest one is
 * restored, as by the word restore of an operator (see restore.h), which saves first what is there now. 0, or
 * -1: no memory. */
int older_find(struct state *state, const struct manifest *manifest, const struct infrastructure *model);

#endif
