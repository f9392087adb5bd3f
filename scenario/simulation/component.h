/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a machine of a simulated network does for Dysnomia.
 */
#ifndef SIMULATED_COMPONENT_H
#define SIMULATED_COMPONENT_H

#include "scenario/simulation/network.h"

/* The state of a component, made if make. */
struct simulated_state *simulated_state(struct simulated_machine *machine, const char *container,
                                        const char *component, bool make);
bool simulated_is_active(const struct simulated_machine *machine, const char *container, const char *package);

/* Whether clients find it though it is not active. */
bool simulated_is_served(const struct simulated_state *state);

/* What the machine itself does for Dysnomia, by a module of that nature. Give an exit status. */
int simulated_activate(struct simulated_machine *machine, const char *container, const char *package,
                       const char *key, enum component_nature nature);
int simulated_deactivate(struct simulated_machine *machine, const char *container, const char *package,
                         enum component_nature nature);
int simulated_snapshot(struct simulated_machine *machine, const char *container, const char *component,
                       enum component_nature nature);
/* Of the newest snapshot that the machine has; where there is none, all stays as it is. */
int simulated_restore(struct simulated_machine *machine, const char *container, const char *component,
                      enum component_nature nature);
/* Only of what was active and is so no longer. */
int simulated_delete_state(struct simulated_machine *machine, const char *container, const char *component,
                           enum component_nature nature);
/* A snapshot becomes the newest of the machine. */
void simulated_import(struct simulated_machine *machine, const char *container, const char *component,
                      const struct simulated_value *value);

#endif
