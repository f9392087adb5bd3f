/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The host of a simulated network: the steps of its cycle, with its real memory, the real reconstruction and
 * the real check before a deployment.
 */
#ifndef SIMULATED_HOST_H
#define SIMULATED_HOST_H

#include "options.h"
#include "settings.h"
#include "simulated-disnix.h"
#include "state.h"

struct simulated_host {
    struct simulation *simulation;
    struct options options;   /* of the reconstruction */
    struct settings settings; /* for the check */
    struct state state;
    json_t *accepted, *preferred; /* names of held targets that somebody has decided on */
    json_t *report;               /* of the last reconstruction */
};

void simulated_host_init(struct simulated_host *host, struct simulation *simulation);
void simulated_host_clear(struct simulated_host *host);

/* It is started anew: what it remembers is read again. */
void simulated_host_restart(struct simulated_host *host);

/* Captures the model and notes who is there. */
void simulated_host_look(struct simulated_host *host);

/* The stage reconstruct, on the model without held targets that nobody has decided on. 0 or -1. */
int simulated_host_reconstruct(struct simulated_host *host);

/* The stage snapshot: of all that can be asked. 0 or -1. */
int simulated_host_snapshot(struct simulated_host *host);

enum simulated_redeployment {
    SIMULATED_DEPLOYED = 0,
    SIMULATED_FAILED = 1,       /* rolled back */
    SIMULATED_NOT_MIGRATED = 2, /* half-way */
    SIMULATED_STOPPED           /* by the check */
};

/* The stage redeploy. */
enum simulated_redeployment simulated_host_deploy(struct simulated_host *host,
                                                  const struct simulated_system *system);

/* A cycle: looks, reconstructs, redeploys. */
enum simulated_redeployment simulated_host_cycle(struct simulated_host *host,
                                                 const struct simulated_system *system);

/* What somebody decides on a held target. */
void simulated_host_accept(struct simulated_host *host, const char *target);
void simulated_host_prefer(struct simulated_host *host, const char *target);

#endif
