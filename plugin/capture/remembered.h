/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a reconstruction came to where nothing had to be judged, no target was silent and nothing had to be
 * warned of. Made from the same answers to the same model, with the same generation of the coordinator
 * profile, the next one comes to the same. It is kept in .PROFILE.reconstructed beside that profile; nothing
 * is lost with it.
 */
#ifndef REMEMBERED_H
#define REMEMBERED_H

#include "lib/base/sha256.h"
#include "lib/manifest/previous.h"
#include "lib/model/infrastructure.h"
#include "plugin/settings/options.h"

struct remembered {
    struct sha256 hash;
    char inputs[65]; /* digest of model and options */
    char *file;      /* where it is kept; NULL: nothing is remembered of this one */
    json_t *report;  /* what it would report; NULL: it is not known */
};

/* Takes the model in. */
void remembered_model(struct remembered *remembered, const char *xml, size_t length,
                      const struct infrastructure_defaults *defaults);

/* Looks for what was made from this model, these options, and nothing else than the targets' answers.
 * previous: its places are known, whether or not it was read. namesake: see previous_namesake(). */
void remembered_look(struct remembered *remembered, const struct previous *previous, const char *namesake,
                     const json_t *history, const struct options *options);

/* Keeps what this one came to, if there is nothing in it that has to be judged anew. path, generation: of the
 * manifest that is current now. */
void remembered_keep(const struct remembered *remembered, const json_t *report, const char *path,
                     long generation);

void remembered_clear(struct remembered *remembered);

#endif
