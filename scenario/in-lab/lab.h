/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A scenario in a network of the lab. What is here is for the files that make it up.
 *
 * The network is one of dydisnix-lab --run, whose command lives as long as this process holds a pipe:
 * whatever ends this process ends the network, and its directory goes. In it, beside what network.h
 * describes:
 *
 *     scenario/models/         services.nix, distribution.nix, infrastructure.nix and the documents that they read
 *     scenario/disk/           state/ of the loop, tmp/ for its $TMPDIR: a small disk, if it may get full
 *     scenario/messages        what the loop says
 *     scenario/socket          where it is asked
 *     traps                    where programs of the coordinator ask what becomes of them, see trap.h
 */
#ifndef SCENARIO_LAB_H
#define SCENARIO_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "scenario/play/network.h"

/* Bytes of what a network writes that are read at once. */
#define LAB_TEXT_LIMIT (256u << 20)

struct scenario_lab {
    struct scenario_setting setting;
    int (*happen)(struct scenario_lab *lab,
                  const json_t *event); /* an event, now; as scenario_network.happen */
    char *program;                      /* dydisnix-lab */
    char *directory;                    /* of the network */
    pid_t master;                       /* 0: none */
    int life;                           /* the network ends when it is closed */
    int ears;                           /* listens at traps; -1: nothing is waited for */
    pid_t loop;                         /* that runs the loop on the coordinator; 0: it does not run */
    bool small_disk;                    /* scenario/disk is one, which only the coordinator sees */
    json_t *targets;                    /* { NAME: { "key", "properties", "resources" } } of the model */
    json_t *services, *distribution;
    json_t *words;        /* that the loop is told when it adapts next */
    json_t *traps;        /* what has not happened yet: events with "at", failures and clients, with "seen" */
    json_t *acknowledged; /* writes */
    unsigned client_writes;
    int64_t opened;
    size_t journal_at, messages_at, shown; /* bytes that were read */
    bool spared;  /* an engine may still run that a loop which was killed has started */
    bool changed; /* something has happened within a cycle */
    bool broken;  /* something could not happen within one */
};

/* Whether disnix-env and dydisnix-gendist are on the PATH. */
bool lab_has_disnix(void);

/* scenario-lab-run.c: runs dydisnix-lab WORD… in the network; the last is NULL. 0, or -1 after its
 * message. */
int lab_run(const struct scenario_lab *lab, const char *word, ...) __attribute__((sentinel));

/* The same with what it prints, malloc()ed; NULL: it failed. */
char *lab_output(const struct scenario_lab *lab, const char *word, ...) __attribute__((sentinel));

/* The connection key of a target, which is its machine's name. */
const char *lab_key(const struct scenario_lab *lab, const char *target);

/* The text of a file in scenario/disk, malloc()ed, from offset; NULL: it cannot be read. */
char *lab_disk_text(const struct scenario_lab *lab, const char *name, size_t offset, size_t *length);

/* scenario-lab-models.c: the models in scenario/DIRECTORY; and only the documents that they read. */
int lab_make_models(const struct scenario_lab *lab, const char *directory);
int lab_write_models(const struct scenario_lab *lab, const char *directory);
/* A file of the models: the case's own, or ours. malloc()ed. */
char *lab_model_file(const struct scenario_lab *lab, const char *which);

/* scenario-lab-events.c: what happen is. */
int lab_happen(struct scenario_lab *lab, const json_t *event);

/* scenario-lab-clients.c: a line to a service, NULL target: wherever it is active. Whether it was
 * acknowledged. */
bool lab_write(struct scenario_lab *lab, const char *service, const char *target, const char *line);

/* scenario-lab-traps.c */
int lab_fill_target(struct scenario_lab *lab,
                    const json_t *event); /* the disk of a target is full, or has room again */
int lab_await(struct scenario_lab *lab,
              const json_t *event);     /* it is noted: an "at", fail, end or generator */
void lab_arm(struct scenario_lab *lab); /* listens if anything is waited for, else no longer */
void lab_hear(struct scenario_lab *lab, int milliseconds); /* waits so long, and answers who asks */

/* scenario-lab-loop.c */
int lab_loop_adapt(struct scenario_lab *lab, bool asked);
void lab_loop_stop(struct scenario_lab *lab); /* as an operator does; it is started when it is next needed */
void lab_loop_kill(struct scenario_lab *lab, bool spare_engine);
int lab_loop_wait(struct scenario_lab *lab, int64_t seconds);

/* scenario-lab-observe.c */
json_t *lab_observe(const struct scenario_lab *lab);

#endif
