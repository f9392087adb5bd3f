/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a simulated world comes to, in a number: machines with their disks and stores, the coordinator with
 * its store and snapshots, what the loop remembers, and what is still to go wrong.
 */
#ifndef SIMULATED_DIGEST_H
#define SIMULATED_DIGEST_H

#include <stdint.h>

#include <jansson.h>

/* observed, as observe() has just given it, and memory, whatever else tells two worlds apart. Times, and how
 * many cycles there were, do not count. */
uint64_t simulated_digest(const void *network, const json_t *observed, const json_t *memory);

#endif
