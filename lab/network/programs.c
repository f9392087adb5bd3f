/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/network/programs.h"

#include <stddef.h>
#include <string.h>

#include "lab/base/trap.h"
#include "lab/machine/geninfra.h"

const struct lab_program lab_programs[] = { { "dydisnix-lab-client", client_main, NULL, NULL },
                                            { "dydisnix-lab-geninfra", geninfra_main, NULL, NULL },
                                            { "dydisnix-lab-ssh-client", ssh_client_main, NULL, NULL },
                                            { NULL, NULL, NULL, NULL } };

const struct lab_program lab_subcommands[] = {
    { "crash", control_main, "MACHINE", "all its processes die" },
    { "reappear", control_main, "MACHINE", "it boots on what is on its disk" },
    { "hang", control_main, "MACHINE", "it answers nothing, until it is resumed" },
    { "resume", control_main, "MACHINE", "it answers again" },
    { "add", control_main, "MACHINE", "a new target" },
    { "remove", control_main, "MACHINE", "a target less" },
    { "rename", control_main, "OLD NEW", "the same disk under another name" },
    { "lose-coordinator", disk_main, "", "its store, profiles and snapshots are gone" },
    { "wipe", disk_main, "MACHINE", "its disk is erased" },
    { "save", disk_main, "MACHINE LABEL", "keeps a copy of its disk" },
    { "restore-disk", disk_main, "MACHINE LABEL", "replaces its disk by that copy" },
    { "partition", connection_main, "MACHINE", "the client interface does not reach it" },
    { "join", connection_main, "MACHINE", "it does again" },
    { "slow", connection_main, "MACHINE MILLISECONDS", "each call takes that much longer" },
    { "status", status_main, "[--json]", "what runs on which machine" },
    { "exec", exec_main, "MACHINE [--] COMMAND [ARG...]", "runs a program on it" },
    { "ask", ask_main, "MACHINE SERVICE", "what a service answers" },
    { "write", write_main, "MACHINE SERVICE TEXT", "adds a line to its state" },
    { "who", who_main, "SERVICE", "the answers of all services of that name" },
    { "responder", responder_main, "[OPTION...]", "the service of the demonstration" },
    { NULL, NULL, NULL, NULL },
};

const struct lab_program lab_inner_subcommands[] = {
    { "machine", machine_main, NULL, NULL }, { "target", target_main, NULL, NULL },
    { "model", model_main, NULL, NULL },     { "processes", processes_main, NULL, NULL },
    { "step", step_main, NULL, NULL },       { NULL, NULL, NULL, NULL }
};

const struct lab_program *lab_program_find(const struct lab_program *table, const char *name)
{
    while (table->name && strcmp(table->name, name) != 0)
        table++;
    return table->name ? table : NULL;
}
