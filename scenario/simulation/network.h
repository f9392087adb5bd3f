/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A network of machines in memory: what a reconstruction and a deployment see of the world, and what really
 * happens to the state of components. While it is in use, operations are its own: code above them cannot
 * tell. Nothing takes time but what advances the clock, and the same steps give the same network.
 *
 * Memory that runs out ends the program: this is for tests.
 */
#ifndef SIMULATED_NETWORK_H
#define SIMULATED_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <libxml/tree.h>

#include "lab/base/nature.h"
#include "lib/base/arguments.h"
#include "lib/base/strings.h"
#include "scenario/simulation/faults.h"
#include "scenario/simulation/files.h"

#define SIMULATED_PROFILES "/coordinator/profiles" /* directory of the coordinator profile */

/* What a component has stored: one acknowledged write upon what was there before. NULL: the empty state. */
struct simulated_value {
    const struct simulated_value *before;
    size_t number;    /* from 1 */
    const char *text; /* that was written; NULL: it has none */
};

/* Whether everything in part is in value too. */
bool simulated_value_has(const struct simulated_value *value, const struct simulated_value *part);

/* An empty dump, which a snapshot of a server that is down may be. */
extern const struct simulated_value simulated_nothing;

/* A component's state on one machine. */
struct simulated_state {
    const char *container, *component;
    enum component_nature nature; /* of its package, when it was last activated */
    bool there;                   /* false: no state was ever made, only snapshots came */
    bool garbage;                 /* it was active, and is so no longer */
    bool fresh;                   /* a deployment has activated it, and may have its state still to restore */
    const struct simulated_value *value;
    const struct simulated_value **snapshots; /* Dysnomia's generations, oldest first */
    size_t snapshot_count, cleaned;           /* there are, and there were before them */
};

struct simulated_active {
    const char *container, *package, *key;
};

/* What a service prints while something is done with it. */
struct simulated_saying {
    const char *operation; /* that it does so at; NULL: none */
    const char *text;
    int64_t repeat;
};

/* A set of store paths. */
struct simulated_paths {
    const char **items; /* sorted */
    size_t count;
};

struct simulated_machine {
    const char *name, *key; /* what the model says */
    json_t *description;    /* and more of it; NULL: nothing */
    bool listed;            /* in the model */
    bool up;
    bool hung, partitioned; /* who calls waits for ever; cannot get there */
    bool locked;
    bool full; /* its disk */
    struct simulated_saying saying;
    const char *answer;  /* instead of its profile manifest, until it gets a profile; NULL: the truth */
    int64_t slow;        /* milliseconds that a call takes longer */
    bool held;           /* by the host */
    const char *profile; /* store path; NULL: none */
    struct simulated_active *active;
    size_t active_count;
    struct simulated_state *states;
    size_t state_count;
    struct simulated_paths paths;       /* valid in its store */
    struct simulated_paths generations; /* of its profile */
};

/* What a store path holds: the profile manifest of a profile, or a manifest. */
struct simulated_object {
    const char *path;
    char *text;                   /* NULL: a package */
    enum component_nature nature; /* of a package */
    const char **references;
    size_t reference_count;
    json_t *says; /* { TARGET: MAPPINGS }: as a profile, to whom it was read; NULL: a package */
};

struct dydisnix_program;
struct dydisnix_result;

/* A client call that has reached its machine. */
struct simulated_called {
    const char *operation;
    struct simulated_machine *machine;
    const char *container, *package; /* of the component; package NULL: it is about none */
    bool was_active, is_active;
};

/* Who looks at what the processes of the coordinator do. */
struct simulated_watch {
    void *closure;
    bool (*dead)(void *closure);   /* what runs was killed: nothing that it does has an effect */
    void (*listen)(void *closure); /* before an effect */
    /* The process that is about to have an effect is killed, with the host; or waits for something without
     * end, until somebody kills it. */
    void (*kill)(void *closure);
    void (*hang)(void *closure);
    /* A program does not end by itself: how it is ended. */
    void (*wait)(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result);
    /* Before a client call reaches its machine. How it fails: as simulated_call(). */
    int (*call)(void *closure, const char *operation, const char *key);
    void (*called)(void *closure, const struct simulated_called *call); /* after it */
    /* A program that is neither a client nor one of Nix: as simulation_run(). False: it does not exist. */
    bool (*run)(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result);
    void (*log)(void *closure, const char *line); /* a message, without newline */
};

struct simulation {
    struct strings *strings;
    struct simulated_machine **machines;
    size_t machine_count;
    struct simulated_value **values;
    size_t value_count;
    struct simulated_object *objects; /* of all stores: their names are hashes of what they hold */
    size_t object_count;
    struct simulated_files files; /* of the coordinator */
    struct simulated_paths paths; /* valid in the coordinator's store */
    char *stray;                  /* a program that nobody should run; NULL: there was none */
    char *log;                    /* messages, one a line, since it was last emptied */
    size_t log_length, log_room;
    int64_t milliseconds;
    size_t temporary, calls; /* names given out; client calls that were made */
    uint64_t random;
    const struct simulated_watch *watch; /* NULL: nobody looks */
    int64_t cost;                        /* milliseconds that a program takes */
    int64_t clock_offset;                /* seconds that the clock is ahead of the time that has passed */
    bool full;                           /* the coordinator's disk */
    const char *flooded;      /* an operation that somebody wanted to keep more of than there is room for */
    struct arguments waited;  /* a call that hangs, for which its program is about to be ended */
    bool inherits;            /* a program of the engine runs, whose clients print where it does */
    bool distrusted;          /* the loop's user, by Nix: it may not import */
    const char *unreadable;   /* a file that cannot be read; NULL: none */
    const char *closed;       /* a directory that the loop's user may not write to; NULL: none */
    size_t effects, fault_at; /* so far; the one that goes wrong, 0: none */
    enum simulated_fault fault;
    char *fault_hit; /* what went wrong */
};

struct simulation *simulation_new(void); /* and it is in use, until it is freed */
void simulation_free(struct simulation *simulation);
void simulation_clear_log(struct simulation *simulation);

/* A machine that is listed and up. Its key is its name. */
struct simulated_machine *simulation_add(struct simulation *simulation, const char *name);

/* By its key in the model; NULL: nobody has it. */
struct simulated_machine *simulation_reach(const struct simulation *simulation, const char *key);

/* A disk as it is now, and such a disk put back. */
struct simulated_machine *simulated_disk(const struct simulated_machine *machine);
void simulated_put_disk(struct simulated_machine *machine, const struct simulated_machine *disk);
void simulated_machine_free(struct simulated_machine *machine);

/* The names of Dysnomia's snapshots are hashes of what they hold: the same content, the same name. */
const char *simulation_snapshot_name(struct simulation *simulation, const struct simulated_value *value);

/* What the last part of a path names so; false: nothing. */
bool simulation_snapshot_value(const struct simulation *simulation, const char *path,
                               const struct simulated_value **value);

/* How an operation on a machine goes: 0; an exit status; one of these. */
enum simulated_ending {
    SIMULATED_SILENT = -1,  /* no answer in time */
    SIMULATED_LIES = -2,    /* it ends with 0 and has done nothing */
    SIMULATED_EMPTIES = -3, /* a snapshot ends with 0 and is an empty dump */
    SIMULATED_LINGERS = -4, /* it does what it does, and there is no answer in time */
    SIMULATED_BREAKS = -5,  /* it does what it does, and its connection breaks */
    SIMULATED_LOST = 255    /* there is no way to it, as ssh has it */
};
int simulated_call(struct simulation *simulation, struct simulated_machine *machine);

/* The store. An object is valid nowhere yet; its path is made of what it holds. */
const char *simulation_store(struct simulation *simulation, const char *name, const char *text,
                             const char *const *references, size_t count);
/* The same at a path that Nix has found for it. */
const char *simulation_store_at(struct simulation *simulation, const char *path, const char *text,
                                const char *const *references, size_t count);
const struct simulated_object *simulation_object(const struct simulation *simulation, const char *path);
const char *simulation_package(struct simulation *simulation, const char *name, enum component_nature nature);
void simulated_paths_add(struct simulated_paths *paths, const char *path);
bool simulated_paths_have(const struct simulated_paths *paths, const char *path);
/* path and what it refers to. */
void simulated_paths_add_closure(const struct simulation *simulation, struct simulated_paths *paths,
                                 const char *path);

/* SHA-256 has 64 hexadecimal digits; so has this. */
void simulated_hash(const char *text, char hash[65]);

/* A value as any other of the same content: text upon what was there before. */
const struct simulated_value *simulation_value(struct simulation *simulation,
                                               const struct simulated_value *before, const char *text);

/* From now on operations are those of this network (again). */
void simulation_use(struct simulation *simulation);

/* Something is about to be done to the world; what: "write", "nix-env", …; where: to what, or NULL. False: it
 * is not, errno says why. */
bool simulation_effect(struct simulation *simulation, const char *what, const char *where);

/* Whether that is in the directory that is closed, or is it. */
bool simulation_is_closed(const struct simulation *simulation, const char *path);

/* A line that a program prints for people, among the messages. */
void simulation_say(struct simulation *simulation, const char *line);

/* How a program ended: its exit status, -1: not in time; and what it printed. */
void simulation_finish(struct dydisnix_result *result, int status, xmlBufferPtr output);

/* Calls of programs; in simulated-programs.c. */
void simulation_run(struct simulation *simulation, const struct dydisnix_program *program,
                    struct dydisnix_result *result);
void simulation_client(struct simulation *simulation, const struct dydisnix_program *program,
                       struct dydisnix_result *result);

/* nix-store --serve --write; in serve.c. */
int simulation_serve(struct simulation *simulation, const struct dydisnix_program *program,
                     xmlBufferPtr output);

/* Adds path and what it refers to, dependencies first, one a line, without what was seen. */
void simulation_put_closure(const struct simulation *simulation, struct simulated_paths *seen,
                            const char *path, xmlBufferPtr output);

/* Ends the program: something that cannot be. simulated_memory(): memory gives itself back, NULL is such a
 * thing. */
void simulated_broken(const char *what) __attribute__((noreturn));
void *simulated_memory(void *memory);

#endif
