/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What can go wrong in a simulated network with one single thing that a process of the coordinator does to
 * the world. These things, the effects, are counted from 1 in their order: each program that is started, and
 * each write, append, move, removal and making of a directory or link. A network is one that
 * scenario_simulation has opened.
 */
#ifndef SIMULATED_FAULTS_H
#define SIMULATED_FAULTS_H

#include <stddef.h>

enum simulated_fault {
    SIMULATED_FAILS, /* it is not done, and whoever does it is told so */
    SIMULATED_HANGS, /* it is not done, and whoever does it waits until somebody ends that */
    SIMULATED_KILLS  /* it is not done, for the host is killed just before it, with all that it has started */
};

/* How many there were since the network was opened. */
size_t simulated_effects(const void *network);

/* The one with that number goes wrong; 0: none. */
void simulated_fault_at(void *network, size_t number, enum simulated_fault fault);

/* What went wrong, in words ("write /state/default/state.json"); NULL: it has not come to that. */
const char *simulated_fault_hit(const void *network);

#endif
