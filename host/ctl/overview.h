/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is known of a network, at a glance: from what the loop answers, from what it has written down, and from the
 * manifest that is deployed. The members are described in dydisnix-self-adaptctl(1), under status.
 */
#ifndef CTL_OVERVIEW_H
#define CTL_OVERVIEW_H

#include <jansson.h>

#include "lib/manifest/manifest.h"

struct overview_sources {
    const json_t *answer;            /* of the loop to "status"; NULL: no loop runs */
    const json_t *state;             /* its state.json */
    const struct manifest *manifest; /* that is deployed; NULL: it is not known */
    const char *command;             /* how this program is called for this loop */
    const char *profile;
};

/* The answer with what is known beside it; a new reference, NULL: no memory. */
json_t *overview_make(const struct overview_sources *sources);

#endif
