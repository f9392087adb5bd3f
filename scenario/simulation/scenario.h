/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A scenario in a simulated network: the real cycle of the host, the real reconstruction and the lab's
 * engine, on operations in memory. What is here is for the files that make it up.
 */
#ifndef SIMULATED_SCENARIO_H
#define SIMULATED_SCENARIO_H

#include "host/record/progress.h"
#include "host/self-adapt/loop.h"
#include "host/settings/settings.h"
#include "lib/manifest/manifest.h"
#include "scenario/play/network.h"
#include "scenario/simulation/ledger.h"
#include "scenario/simulation/network.h"

/* Files of the coordinator. Models are JSON here, which is what the simulated Nix reads. */
#define SCENARIO_SERVICES "/services.nix"
#define SCENARIO_QOS "/qos.nix"
#define SCENARIO_MODEL "/infrastructure.nix"
#define SCENARIO_STATE "/simulated-state/default"
#define SCENARIO_WORK SCENARIO_STATE "/work" /* for temporary files, as the host has it */
#define SCENARIO_PROFILES "/simulated-profiles"
#define SCENARIO_DYSNOMIA "/var/state/dysnomia"
#define SCENARIO_EXPRESSIONS "/simulated-nix"

/* The real loop, with processes that are calls of functions. */
struct simulated_loop {
    struct settings settings;
    char **argv; /* settings borrow from it */
    struct loop loop;
    struct progress_reader progress;
    unsigned todo;            /* what is to be run */
    json_t *waited;           /* { TARGET: { HOW: true } }: has let a call run into its deadline in it */
    bool runs;                /* the loop lives */
    bool ended;               /* by itself, and it is started again when it is next needed */
    bool working;             /* a process of it runs */
    bool killed, host_killed; /* that process; and the loop with it */
    bool signalled;           /* that process, since it waits for that */
    bool stuck;               /* it waited for something that never comes */
    unsigned cycles;          /* since it was last asked to adapt */
};

/* A program of the engine that runs. */
struct simulated_engine {
    const struct dydisnix_program *program;
    xmlBufferPtr output;
    bool foreign; /* of another coordinator */
    bool spared;  /* it goes on though the host was killed */
    bool notes;   /* it rolls back when it is interrupted */
    bool over;    /* it has ended before its time */
    int signal, status;
    bool late; /* it waits for something that does not end, and has a deadline */
};

/* A manifest, which is the same as long as its path is. */
struct simulated_current {
    const char *path; /* NULL: none was parsed */
    struct manifest manifest;
};

struct simulated_disk {
    const char *machine, *label;
    struct simulated_machine *disk;
};

struct simulated_scenario {
    int (*happen)(struct simulated_scenario *scenario, const json_t *event); /* an event, now */
    bool (*wait_for_signal)(struct simulated_scenario *scenario); /* of what runs; false: none will come */
    /* Work is done in the real world. */
    void (*outside)(struct simulated_scenario *scenario, void (*work)(void *closure), void *closure);
    struct simulation *simulation;
    struct simulated_watch watch;
    bool verbose, discovers;
    json_t *services, *distribution; /* as they are wanted now */
    const json_t *placement;         /* the program that places services, borrowed; NULL: distribution does */
    const char *directory;           /* of the scenario, borrowed; NULL: none */
    json_t *placed;                  /* its last answer; NULL: none */
    struct simulated_current *current; /* what was parsed last */
    json_t *waiting;                   /* events that happen within a cycle */
    json_t *failures;                  /* of calls and programs, until their "times" have passed */
    json_t *endings;                   /* of deployments */
    json_t *prints;                    /* what the generator prints instead of the model */
    json_t *clients;        /* events: who writes before each call, until its "times" have passed */
    unsigned client_writes; /* that they have done */
    struct simulated_ledger ledger;
    struct simulated_disk *disks;
    size_t disk_count;
    struct simulated_loop loop;
    struct simulated_engine *engine; /* NULL: none runs */
    size_t journal_length;           /* that was read */
    char *whole, *damaged;           /* the state file as it was, and as it is; NULL: it can be read */
    int64_t opened;                  /* milliseconds */
    uint64_t dice;
    bool changed; /* something happened that the loop does not know of */
};

/* A machine by its name in the model, listed or not. NULL: there is none. */
struct simulated_machine *scenario_machine(const struct simulated_scenario *scenario, const char *name);
struct simulated_machine *scenario_add_machine(struct simulated_scenario *scenario, const char *name,
                                               const json_t *description);

/* In simulated-models.c: what works on models. As watch.run. */
bool scenario_run_models(struct simulated_scenario *scenario, const struct dydisnix_program *program,
                         struct dydisnix_result *result);
void scenario_write_models(struct simulated_scenario *scenario); /* those that the loop is given */
/* The store path of the manifest of services as distribution says, on the targets of the model. */
const char *scenario_manifest(struct simulated_scenario *scenario, const json_t *services,
                              const json_t *places, const json_t *model);
json_t *scenario_model(
    const struct simulated_scenario *scenario); /* what the generator would print; a new reference */
/* { SERVICE: [TARGET] } of the current manifest. */
json_t *scenario_places(const struct simulated_scenario *scenario);
/* The coordinator's current manifest, until the next call; NULL: none. path (may be NULL): where it is. */
const struct manifest *scenario_current(const struct simulated_scenario *scenario, const char **path);

/* In simulated-engine.c. As watch.run. */
bool scenario_run_engine(struct simulated_scenario *scenario, const struct dydisnix_program *program,
                         bool foreign, struct dydisnix_result *result);
/* The engine's program ends now. */
void scenario_end_engine(struct simulated_scenario *scenario, int signal, int status);
void scenario_interrupt_engine(struct simulated_scenario *scenario);

/* In simulated-stages.c: the entry of a plugin, and whose it is. */
#define SCENARIO_STAGES "dydisnix-lab-stages"
struct dydisnix_plugin *scenario_stages_entry(void);
void scenario_stages_use(struct simulated_scenario *scenario);

/* In simulated-loop.c. */
int simulated_loop_open(struct simulated_loop *loop, const json_t *options, bool discovers, bool snapshot);
void simulated_loop_clear(struct simulated_loop *loop);
/* Runs until it is quiet, told of what happened or asked for a cycle. 0, or -1 after a message. */
int scenario_adapt(struct simulated_scenario *scenario, bool asked);
void scenario_wait(struct simulated_scenario *scenario, int64_t seconds);
void scenario_stop(struct simulated_scenario *scenario); /* it is started again when it is next needed */
void scenario_kill(struct simulated_scenario *scenario, bool spare_engine);
void scenario_watch(struct simulated_scenario *scenario); /* sets watch */

/* In simulated-clients.c. A line is written to a service; NULL: nobody takes it. */
const struct simulated_value *scenario_write_line(struct simulated_scenario *scenario, const char *service,
                                                  const char *target, const char *line, bool patient);
/* As scenario_happen(). */
int scenario_add_client(struct simulated_scenario *scenario, const json_t *event);
void scenario_clients_write(struct simulated_scenario *scenario); /* before a call */
void scenario_clients_forget(
    struct simulated_scenario *scenario); /* what the cycle that is over has activated */
void scenario_called(struct simulated_scenario *scenario,
                     const struct simulated_called *call); /* as watch.called */

/* In simulated-events.c. 0; 1: it cannot happen now; -1 after a message. */
int scenario_happen(struct simulated_scenario *scenario, const json_t *event);
int scenario_happen_now(struct simulated_scenario *scenario, const json_t *event); /* what happen is */

/* In simulated-moments.c: events that wait for this happen. */
void scenario_stage_begins(struct simulated_scenario *scenario, const char *stage);
void scenario_phase_begins(struct simulated_scenario *scenario, const char *phase);
int scenario_call(struct simulated_scenario *scenario, const char *operation,
                  const char *key); /* as watch.call */

/* In simulated-failures.c. Whether a call to a machine, a program or a stage fails now: as
 * simulated_call(). */
int scenario_call_fails(struct simulated_scenario *scenario, const char *operation, const char *name);
int scenario_stage_fails(struct simulated_scenario *scenario, const char *stage);
int scenario_program_fails(struct simulated_scenario *scenario, const char *program);
/* How a deployment ends at a step of a phase, a new reference; NULL: it goes on. */
json_t *scenario_ending(struct simulated_scenario *scenario, const char *phase, unsigned step);
/* Whether a member of an event is that text. */
bool scenario_says(const json_t *event, const char *key, const char *value);

/* In simulated-observe.c. */
json_t *scenario_observe(struct simulated_scenario *scenario);

#endif
