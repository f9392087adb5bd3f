/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one executable of the lab is many programs: it looks at the name by which it was called, or, called
 * dydisnix-lab, at its first argument. programs.c has the tables; each machine finds the programs in the
 * network's bin/.
 */
#ifndef PROGRAMS_H
#define PROGRAMS_H

struct lab_program {
    const char *name;
    /* argv[0] is the program's or subcommand's name. Returns the exit status, or -1: wrong usage, which is told
     * by who has called it. */
    int (*run)(int argc, char **argv);
    const char *takes, *does; /* of subcommands that are for users; else NULL */
};

/* Called by their own names, from the network's bin/. Ends with a NULL name. */
extern const struct lab_program lab_programs[];

/* dydisnix-lab SUBCOMMAND. Ends with a NULL name. */
extern const struct lab_program lab_subcommands[];

/* The same, of which only programs of the lab make use. */
extern const struct lab_program lab_inner_subcommands[];

/* NULL: not in that table. */
const struct lab_program *lab_program_find(const struct lab_program *table, const char *name);

int master_main(int argc, char **argv);     /* dydisnix-lab --run */
int machine_main(int argc, char **argv);    /* the first process of a machine */
int target_main(int argc, char **argv);     /* what a client call runs on the machine */
int client_main(int argc, char **argv);     /* dydisnix-lab-client */
int ssh_client_main(int argc, char **argv); /* dydisnix-lab-ssh-client */
int geninfra_main(int argc, char **argv);   /* dydisnix-lab-geninfra */
int responder_main(int argc, char **argv);  /* the demonstration's service */
int control_main(int argc, char **argv);    /* crash, reappear, … */
int disk_main(int argc, char **argv);       /* lose-coordinator, wipe, save, restore-disk */
int connection_main(int argc, char **argv); /* partition, join, slow */
int exec_main(int argc, char **argv);       /* a program on a machine */
int model_main(int argc, char **argv);      /* a scenario's generator */
int processes_main(int argc, char **argv);  /* what runs on the coordinator */
int status_main(int argc, char **argv);
int ask_main(int argc, char **argv);
int write_main(int argc, char **argv);
int who_main(int argc, char **argv);

#endif
