/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What Disnix does in a simulated network: a manifest from models.
 */
#ifndef SIMULATED_DISNIX_H
#define SIMULATED_DISNIX_H

#include "lib/manifest/manifest.h"
#include "scenario/simulation/network.h"

/* The services model. */
struct simulated_service {
    const char *name, *package; /* "db", "db-1.0" */
    const char *container;
    const char *type; /* NULL: the same */
    bool stateful;
    enum component_nature nature;
    const char *provides;                     /* a container; NULL: none */
    const char *depends_on;                   /* another service; NULL: none */
    const json_t *dependencies, *connections; /* names of others, as arrays; NULL: none more */
};

/* The distribution model. */
struct simulated_place {
    const char *service, *target;
};

struct simulated_system {
    const struct simulated_service *services;
    size_t service_count;
    const struct simulated_place *places;
    size_t place_count;
};

/* disnix-manifest: the store path of the manifest of a system in a model. Places on targets that the model
 * does not have are left out. */
const char *simulation_manifest(struct simulation *simulation, const struct simulated_system *system,
                                const struct infrastructure *infrastructure);

#endif
