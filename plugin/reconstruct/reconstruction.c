/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/reconstruct/reconstruction.h"

const struct manifest *reconstruction_previous(const struct reconstruction *reconstruction)
{
    return reconstruction->previous.known ? &reconstruction->previous.manifest : NULL;
}

bool reconstruction_looks_only(const struct reconstruction *reconstruction)
{
    return reconstruction->options->dry_run
           || (reconstruction->request->print && reconstruction->source->live);
}

struct capturing reconstruction_capturing(const struct reconstruction *reconstruction)
{
    const json_t *remembered = reconstruction->remembered.report;
    return (struct capturing){ .options = reconstruction->options,
                               .verify = reconstruction_looks_only(reconstruction),
                               .expected = json_object_get(remembered, "targets"),
                               .keys = &reconstruction->keys,
                               .strings = reconstruction->strings };
}
