/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What --check finds of the network: its models and its machines.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include "host/doctor/findings.h"
#include "host/record/state.h"
#include "host/settings/settings.h"

/* Captures the model, evaluates and distributes it, and asks all targets at once. instead: how bad it is that a
 * program of Disnix fails, for a plugin may do it instead. */
void network_check(const struct settings *settings, const struct state *state, enum finding instead);

#endif
