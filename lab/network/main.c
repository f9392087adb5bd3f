/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/base/trap.h"
#include "lab/engine/ending.h"
#include "lab/engine/engine.h"
#include "lab/machine/geninfra.h"
#include "lab/network/programs.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static bool watch_phase(const char *phase)
{
    return trap_step("phase", phase, NULL);
}

static int run_engine(const char *name, int argc, char **argv)
{
    ending_watch = watch_phase;
    return trap_step("program", name, NULL) ? engine_find(name)(argc, argv) : 1;
}

static int run_subcommand(const struct lab_program *subcommand, int argc, char **argv)
{
    int status = subcommand->run(argc, argv);
    if (status != -1)
        return status;
    fprintf(stderr, "Usage: " PACKAGE_LAB " %s %s\n", subcommand->name, subcommand->takes);
    return 2;
}

int main(int argc, char **argv)
{
    const char *name = argc > 0 ? string_base_name(argv[0]) : PACKAGE_NAME;
    const struct lab_program *program = lab_program_find(lab_programs, name);

    operations_use(&real_operations);
    if (program)
        return program->run(argc, argv);
    if (engine_find(name))
        return run_engine(name, argc, argv);
    if (getenv("DYDISNIX_LAB_MACHINE") && argc > 0 && strcmp(name, PACKAGE_LAB) != 0)
        return trap_program(name, argv);
    if (argc > 1
        && ((program = lab_program_find(lab_subcommands, argv[1])) != NULL
            || (program = lab_program_find(lab_inner_subcommands, argv[1])) != NULL))
        return run_subcommand(program, argc - 1, argv + 1);
    return master_main(argc, argv);
}
