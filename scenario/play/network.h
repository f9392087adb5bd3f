/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A network that a scenario runs in: the lab (real Nix, real processes) or a simulation (the same host and
 * plugin, on operations in memory). What drives a scenario cannot tell them apart.
 *
 * A scenario and its events are documents as dydisnix-scenario(5) describes them, checked before they come
 * here: names that they use exist, members have their types.
 *
 * Functions that return int give 0, or -1 after a message.
 */
#ifndef SCENARIO_NETWORK_H
#define SCENARIO_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct scenario_setting {
    const json_t *scenario; /* borrowed, lives as long as the network */
    const char *directory;  /* of the scenario, absolute; NULL: it has none (an explored one) */
    uint64_t seed;          /* of what is random */
    bool disnix;            /* lab: by the real disnix-env and dydisnix-gendist */
    bool verbose;           /* show what programs say as they say it */
};

struct scenario_network {
    const char *name; /* "lab", "simulation" */

    /* Why this scenario cannot run in this network; malloc()ed, NULL: it can. */
    char *(*refuses)(const struct scenario_setting *setting);

    /* What is taken for granted about it in this network, malloc()ed; NULL: nothing. The member may be NULL. */
    char *(*assumes)(const struct scenario_setting *setting);

    /* Makes the network with the scenario's targets, and the loop, which does not run yet. NULL after a
     * message. */
    void *(*open)(const struct scenario_setting *setting);

    /* An event happens; or, if it has "at", will happen in the next cycle. 1: it cannot happen now, as a
     * write to a service that does not answer, after a message. */
    int (*happen)(void *network, const json_t *event);

    /* The loop is started if it does not run, learns of what happened, and runs until it is quiet. again: it
     * is asked for a cycle though nothing has happened. -1 also if it does not become quiet, or has died. */
    int (*adapt)(void *network, bool again);

    /* What the loop has journalled since the last call, in order, as dydisnix-self-adaptctl(1) describes: an
     * array, a new reference. NULL after a message. */
    json_t *(*journal)(void *network);

    /* What the loop has said since the last call; malloc()ed. */
    char *(*messages)(void *network);

    /* What really is where, asked of the machines themselves, a new reference:
     *
     *   { "targets": { NAME: { "is": "up" | "crashed" | "hung" | "partitioned", "listed": whether the model has it,
     *                          "active": [ { "service", "container", "version", "component",
     *                                        "answers": bool, "state": [text] or absent: stateless } ],
     *                          "profile": whether it has a profile manifest,
     *                          "says": [ { "service", "container", "target" } ]  mappings of its profile manifest,
     *                          "stored": { "CONTAINER/COMPONENT": [ [text] ] }  state and snapshots, each what it holds,
     *                          "locked": bool, "full": whether its disk is; absent: nobody has looked } },
     *     "coordinator": { "stored": as above,
     *                      "manifest": null or { "services": { NAME: { "version", "type", "dependsOn": [NAME] } },
     *                                            "mappings": [ { "service", "container", "target" } ],
     *                                            "snapshots": [ { "component", "container", "target" } ] },
     *                      "missing": [text]  what the manifest names of the targets that are up and the store does not
     *                                         have; absent: nobody has looked
     *                      "left": [text]  what should not be there while nothing runs: work files, GC roots },
     *     "held": [NAME], "paused": bool,
     *     "spared": [NAME]  those that take no closures, and get nothing more; absent: nobody has looked
     *     "hung": [NAME]  those that count as silent for a while, for they hung; absent: nobody has looked
     *     "survivors": what the loop remembers of copies of state; absent: nothing
     *     "leftovers": what it remembers to be done yet on targets; absent: nothing
     *     "acknowledged": [ { "service", "text" } ]  all writes that clients were told to be done, in their order
     *     "lost": [text], "stopped": [text]  what was lost by a call, and what was stopped that should not have been;
     *                                        absent: nobody has looked
     *     "misdone": [text]  what else the loop did that it should not; absent: nobody has looked
     *     "unsaved": [ { "service", "text" } ]  writes that are only in what was stopped; absent: nobody has looked
     *     "placed": { SERVICE: [TARGET] }  what a program has said last where services go; absent: none has
     *     "armed": whether something waits to go wrong within a cycle; absent: nobody has looked }
     *
     * Lists are sorted. Machines that do not answer are described from their disks. NULL after a message. */
    json_t *(*observe)(void *network);

    /* Seconds that have passed for the loop, since open(). */
    int64_t (*elapsed)(void *network);

    void (*close)(void *network);
};

extern const struct scenario_network scenario_lab, scenario_simulation;

#endif
