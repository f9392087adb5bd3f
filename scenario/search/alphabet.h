/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What may happen next to a system, in every way that an exhaustive search tries.
 */
#ifndef SCENARIO_ALPHABET_H
#define SCENARIO_ALPHABET_H

#include <jansson.h>

/* What happens before the search begins: each service with state is written to, with a snapshot, and the disk
 * of each target is saved. The system is a scenario. A moment, a new reference. */
json_t *alphabet_first(const json_t *system);

/* How the world is. */
struct alphabet_world {
    const json_t *first, *observed; /* as a network observes itself: before anything happened, and now */
    const json_t *memory;           /* as struct scenario_watch has it */
    size_t number;                  /* tells the texts of writes apart */
};

/* The moments, of which any may come next, in a system. Of targets that nothing tells apart but their names
 * only the first one has any. A new reference. */
json_t *alphabet_next(const json_t *system, const struct alphabet_world *world);

/* What is only out of order is put in order, and time passes, so that what must hold in the end can be
 * demanded. A moment, a new reference. */
json_t *alphabet_last(const json_t *observed);

#endif
