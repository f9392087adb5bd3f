/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/network/programs.h"

#include <stddef.h>
#include <string.h>

#include "lab/base/trap.h"
#include "lab/machine/geninfra.h"

const struct lab_program lab_programs[] = { { "dydisnix-lab-client", client_main },
                                            { "dydisnix-lab-geninfra", geninfra_main },
                                            { "dydisnix-lab-ssh-client", ssh_client_main },
                                            { NULL, NULL } };

const struct lab_program lab_subcommands[] = { { "crash", control_main },
                                               { "reappear", control_main },
                                               { "hang", control_main },
                                               { "resume", control_main },
                                               { "add", control_main },
                                               { "remove", control_main },
                                               { "rename", control_main },
                                               { "lose-coordinator", disk_main },
                                               { "wipe", disk_main },
                                               { "save", disk_main },
                                               { "restore-disk", disk_main },
                                               { "partition", connection_main },
                                               { "join", connection_main },
                                               { "slow", connection_main },
                                               { "status", status_main },
                                               { "exec", exec_main },
                                               { "ask", ask_main },
                                               { "write", write_main },
                                               { "who", who_main },
                                               { "responder", responder_main },
                                               { NULL, NULL } };

const struct lab_program lab_inner_subcommands[] = {
    { "machine", machine_main },     { "target", target_main }, { "model", model_main },
    { "processes", processes_main }, { "step", step_main },     { NULL, NULL }
};

const struct lab_program *lab_program_find(const struct lab_program *table, const char *name)
{
    while (table->name && strcmp(table->name, name) != 0)
        table++;
    return table->name ? table : NULL;
}
