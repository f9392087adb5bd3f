/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/nearest.h"
#include "lib/world/operations.h"
#include "scenario/commands.h"
#include "scenario/report/report.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    { "explore", scenario_explore_main }, { "import", scenario_import_main },
    { "report", scenario_report_main },   { "run", scenario_run_main },
    { "survive", scenario_survive_main }, { "sweep", scenario_sweep_main },
};

static int no_such_command(const char *command)
{
    struct nearest nearest = { .word = command };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        nearest_try(&nearest, commands[i].name);
    CLEANUP_FREE char *question = nearest_question(&nearest);
    fprintf(stderr, "dydisnix-scenario: there is no command %s%s; try --help\n", *command ? command : "given",
            question ? question : "");
    return 2;
}

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
    return no_such_command(command);
}
