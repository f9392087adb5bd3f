/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What failed is tried again though nothing changes, less and less often: a member of the state, which is {
 * "tried": seconds, "pause": seconds } from a failure until a success. See state.h for those that there are.
 */
#ifndef AGAIN_H
#define AGAIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* It was tried now. first: the pause after a first failure, in seconds; those that follow grow from ten to an
 * hour. */
void again_note(json_t *state, const char *member, bool failed, int64_t first, int64_t now);

/* In how many seconds it is to be tried again; 0: it is time; -1: nothing has failed. */
int64_t again_due(const json_t *state, const char *member, int64_t now);

#endif
