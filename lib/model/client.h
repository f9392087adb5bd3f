/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calls of a target's client interface, the program by which Disnix reaches a machine.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>

#include "lib/base/arguments.h"
#include "lib/manifest/manifest.h"
#include "lib/model/infrastructure.h"
#include "lib/world/operations.h"

/* Begins an argument vector: the target's client interface, its connection key and the operation. */
void client_arguments(struct arguments *arguments, const struct target *target, const char *operation);

/* What releases the lock of a profile on a target, for a person to type; malloc()ed, NULL: no memory. */
char *client_unlock_command(const struct target *target, const char *profile);

/* Whether what such a call prints on standard output is its answer. Else it is what Dysnomia and services
 * print. */
bool client_answers(const struct arguments *arguments);

/* Whether the client interface that targets have by default could not be started: that is the coordinator's
 * own failure, and says nothing of the target. It is said once: *missing, false at first, becomes true. One
 * that a model names for a target is that target's trouble. interface: what the option says, or NULL. */
bool client_is_missing(const char *interface, const struct dydisnix_program *program,
                       const struct dydisnix_result *result, bool *missing);

/* Whether the target was not reached, or the connection broke, for which ssh(1) has a status of its own: what
 * the call has done there is not known. Any other status is an answer of the target. */
bool client_is_lost(const struct dydisnix_result *result);

/* Adds what activate, deactivate, snapshot and their kin take: container, type and arguments of the mapping
 * of service on target, and the package last. provider: the service that provides the container, or NULL. */
void client_component_arguments(struct arguments *arguments, const struct target *target,
                                const char *container, const struct service *service,
                                const struct service *provider);

#endif
