/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rebuilds the deployment manifest from what the targets store, and installs it on the coordinator.
 */
#ifndef RECONSTRUCT_H
#define RECONSTRUCT_H

#include <jansson.h>
#include <libxml/tree.h>

#include "plugin/settings/options.h"

struct request {
    const char *replay;         /* a saved input: all else but print comes from there; NULL: from the world */
    const char *infrastructure; /* the model: a Nix expression, or with xml its XML */
    bool xml;
    const char *previous;  /* a manifest in place of the coordinator profile's; NULL: the profile's */
    const json_t *history; /* what the host remembers; NULL: nothing */
    bool needs_targets;    /* a model without any does not replace a manifest */
    bool needs_input;      /* it fails if options->save_input cannot be written */
    bool print; /* the manifest is wanted; without replay no closure, store, profile or target is touched */
};

/* 0, or -1 after a message. *report: what was found and done, a new reference, also after a failure where
 * there is something to tell. *printed: the manifest as XML when request->print; may be NULL otherwise. */
int reconstruct(const struct request *request, const struct options *options, json_t **report,
                xmlBufferPtr *printed);

#endif
