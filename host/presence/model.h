/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The infrastructure model as Nix evaluates it, and what changed in it.
 */
#ifndef MODEL_H
#define MODEL_H

#include "host/settings/settings.h"
#include "lib/model/infrastructure.h"

struct model {
    char *xml; /* as nix-instantiate prints it */
    size_t length;
    struct infrastructure infrastructure;
};

/* Evaluates file and checks it. 0, or -1 after a message. */
int model_evaluate(const char *file, const struct settings *settings, struct strings *strings,
                   struct model *model);

/* Reads what model_save() wrote: 0, or 1: there is none that can be used. */
int model_load(const char *file, const struct settings *settings, struct strings *strings,
               struct model *model);

/* What the text of a model, and that of what augments it (NULL: nothing), amounts to; empty: it cannot be
 * read. */
struct model_digest {
    char digits[65];
};
struct model_digest model_digest(const char *file, const char *augment);

int model_save(const struct model *model, const char *file); /* 0, or -1 after a message */

void model_clear(struct model *model);

/* Says what changed, a line for each kind of change. */
void model_tell_changes(const json_t *difference);
bool model_changed(const json_t *difference);

#endif
