/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The status of a loop, at a glance.
 */
#ifndef CTL_STATUS_H
#define CTL_STATUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What is known: see overview.h. answer: of the loop, NULL: none runs; state: what it has written down, NULL: nothing;
 * command: how this program is called for the loop of this profile. A new reference; NULL: nothing is known. */
json_t *status_look(const json_t *answer, const json_t *state, const char *command, const char *profile);

/* For people. */
void status_print(const json_t *status, int64_t now);

/* Whether all is well; status_check() prints the condition and why, in a line. */
bool status_is_well(const json_t *status);
bool status_check(const json_t *status);

#endif
