/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a reconstruction gets its answers from, and what it does: in the world, or in a saved input, which
 * gives what the world once gave. Each function of a source gives 0, or -1 after a message.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>

#include "lib/model/infrastructure.h"
#include "plugin/capture/closures.h"

struct reconstruction;

struct source {
    bool live; /* what it does takes place now */

    /* First, with the options that count from then on. */
    int (*begin)(struct reconstruction *reconstruction);

    /* The XML of the model, malloc()ed; its name for messages, borrowed; and what targets have by default. */
    int (*infrastructure)(struct reconstruction *reconstruction, char **xml, size_t *length,
                          const char **name, struct infrastructure_defaults *defaults);

    /* Which manifest is the previous one; then, unless everything is as it is remembered, what it holds. */
    int (*find_previous)(struct reconstruction *reconstruction);
    int (*load_previous)(struct reconstruction *reconstruction);

    /* The last deployed manifest and whether it is known. */
    int (*deployed)(struct reconstruction *reconstruction);

    /* What targets tell, into reconstruction->capture. */
    int (*targets)(struct reconstruction *reconstruction);

    /* The keys of services, a new reference, by the documents that are hashed for them. */
    int (*hashes)(struct reconstruction *reconstruction, const json_t *documents, json_t **keys);

    /* Whether what will be done can be done at all. */
    int (*access)(struct reconstruction *reconstruction);

    /* What is to be known of each copy of state, into reconstruction->copies. */
    int (*facts)(struct reconstruction *reconstruction);

    /* Does what was decided about copies. True: a new decision has to be made. */
    bool (*act)(struct reconstruction *reconstruction);

    /* Fetches what the manifest refers to. *refused: some target's closures cannot be had. */
    int (*closures)(struct reconstruction *reconstruction, const struct manifest *current, bool *refused);

    /* Installs the manifest, unless *changed is false or becomes so. */
    int (*install)(struct reconstruction *reconstruction, bool *changed);
};

extern const struct source source_world, source_saved;

#endif
