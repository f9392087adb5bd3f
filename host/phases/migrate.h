/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * State moves: a snapshot of what moves away is taken and fetched, what arrives is sent and restored, and
 * with --delete-state what moved away is deleted. Each is a program of Disnix, on a manifest that has just
 * these components: disnix-migrate does not take an older manifest that has state (0.10.3).
 */
#ifndef MIGRATE_H
#define MIGRATE_H

#include "host/phases/late.h"

/* 0; an exit status; STAGE_HUNG: its deadline ended a program; -1: one did not end by itself, or could not be
 * run; after a message. */
int migrate_components(const struct late *late);

#endif
