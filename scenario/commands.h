/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The commands of dydisnix-scenario: their arguments from the command on. Exit status.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

extern const char scenario_help[];

struct exhaustive;
struct scenario;

/* A case that is to be explored; what is assumed about it is told. -1 after a message. */
int explore_read(const char *directory, struct scenario *scenario);

/* Every history of the case in a directory, or of the systems that are built in (NULL).
 * Exit status. */
int explore_all(const char *directory, struct exhaustive *search);

int scenario_explore_main(int argc, char **argv);
int scenario_import_main(int argc, char **argv);
int scenario_run_main(int argc, char **argv);
int scenario_survive_main(int argc, char **argv);
int scenario_sweep_main(int argc, char **argv);

#endif
