/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a machine of a simulated network does for Dysnomia.
 */
#ifndef SIMULATED_COMPONENT_H
#define SIMULATED_COMPONENT_H

#include "simulated-network.h"

/* The state of a component, made if make. */
struct simulated_state *simulated_state(struct simulated_machine *machine, const char *container,
                                        const char *component, bool make);
bool simulated_is_active(const struct simulated_machine *machine, const char *container, const char *package);

/* What the machine itself does for Dysnomia. Give an exit status. */
int simulated_activate(struct simulated_machine *machine, const char *container, const char *package,
                       const char *key);
int simulated_deactivate(struct simulated_machine *machine, const char *container, const char *package);
int simulated_snapshot(struct simulated_machine *machine, const char *container, const char *component);
int simulated_restore(struct simulated_machine *machine, const char *container, const char *component);
void simulated_import(struct simulated_machine *machine, const char *container, const char *component,
                      const struct simulated_value *value);

#endif
