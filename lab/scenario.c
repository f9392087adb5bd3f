/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "operations.h"
#include "report.h"
#include "scenario.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    { "explore", scenario_explore_main },
    { "report", scenario_report_main },
    { "run", scenario_run_main },
    { "sweep", scenario_sweep_main },
};

const char scenario_help[] =
    "Usage: dydisnix-scenario run [OPTION]... CASE...\n"
    "       dydisnix-scenario explore [OPTION]...\n"
    "       dydisnix-scenario sweep [--fault=FAULT] CASE\n"
    "       dydisnix-scenario report [--output=FILE] JOURNAL\n"
    "Tries how a system adapts, before it has to; or shows a journal as a page.\n"
    "\n"
    "A CASE is a directory that has scenario.json, or one with such directories in it.\n"
    "\n"
    "  -s, --simulate         in a simulated network; else in the lab's: real Nix stores,\n"
    "                         real processes\n"
    "      --engine=ENGINE    of the lab: lab, disnix or auto (default: lab)\n"
    "      --format=FORMAT    words, tap or json (default: words on a terminal, else tap)\n"
    "      --update           write the golden files anew, and show what has changed\n"
    "      --seed=N           of what is random (default: the scenario's own)\n"
    "      --journal=FILE     append what happened to this file\n"
    "      --jobs=N           so many cases at once (default: 1)\n"
    "      --verbose          show what the loop says\n"
    "\n"
    "explore plays random scenarios in the simulation, watches the invariants after each of\n"
    "their moments, and prints the first that breaks one, as small as it can be made.\n"
    "\n"
    "      --seed=N           the number of the first (default: 1)\n"
    "      --scenarios=N      how many (default: 1000)\n"
    "      --jobs=N           so many at once (default: one for each processor)\n"
    "      --keep-going       tell of every scenario that breaks one, and make none smaller\n"
    "      --verbose          show also what cannot happen, as a write that nobody takes\n"
    "\n"
    "sweep plays a case in the simulation once for each thing that the coordinator does to the\n"
    "world after its first deployment, each time with another one going wrong.\n"
    "\n"
    "      --fault=FAULT      fails, hangs or kills; kills: the loop, just before\n"
    "                         (default: all of them)\n"
    "\n"
    "  -o, --output=FILE      write the page there (default: standard output)\n"
    "  -h, --help             print this help\n"
    "  -v, --version          print the version\n"
    "\n"
    "Exits with 0 if all held, 1 if something did not, and 2 for wrong usage.\n";

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    operations_use(&real_operations);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(command, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0)
        return fputs(scenario_help, stdout) < 0;
    if (strcmp(command, "--version") == 0 || strcmp(command, "-v") == 0)
        return printf("dydisnix-scenario (%s)\n", PACKAGE_STRING) < 0;
    fprintf(stderr, "dydisnix-scenario: there is no command %s; try --help\n", *command ? command : "given");
    return 2;
}
