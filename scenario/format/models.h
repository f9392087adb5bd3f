/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The models of a scenario in Nix: expressions that never change, and documents that they read.
 */
#ifndef SCENARIO_MODELS_H
#define SCENARIO_MODELS_H

#include <jansson.h>

/* Into the directory: services.nix, distribution.nix and infrastructure.nix, which read the documents beside
 * them; and services.json, distribution.json and infrastructure.json. 0, or -1 after a message. */
int scenario_copy_expressions(const char *directory);
int scenario_write_documents(const char *directory, const json_t *services, const json_t *distribution,
                             const json_t *infrastructure);

#endif
