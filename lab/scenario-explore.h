/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dydisnix-scenario explore: random scenarios in the simulation, one after another, until one breaks an invariant, which
 * is then made as small as it can be.
 */
#ifndef SCENARIO_EXPLORE_H
#define SCENARIO_EXPLORE_H

/* The subcommand. Exit status: 0 all held, 1 one did not or could not be played, 2 wrong usage. */
int scenario_explore_main(int argc, char **argv);

#endif
