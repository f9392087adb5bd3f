/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/manifest/previous.h"
#include "plugin/copies/actions.h"
#include "plugin/reconstruct/reconstruction.h"

/* Whether the world failed there. */
static bool fails(const struct reconstruction *reconstruction, const char *where)
{
    return replay_fails(&reconstruction->saved, where);
}

static int begin(struct reconstruction *reconstruction)
{
    struct replay *saved = &reconstruction->saved;
    if (replay_load(saved, reconstruction->request->replay, reconstruction->options) != 0)
        return -1;
    reconstruction->options = &saved->options;
    reconstruction->history = replay_history(saved);
    return 0;
}

static int infrastructure(struct reconstruction *reconstruction, char **xml, size_t *length,
                          const char **name, struct infrastructure_defaults *defaults)
{
    *name = INPUT_INFRASTRUCTURE;
    *defaults = reconstruction->saved.defaults;
    return replay_infrastructure(&reconstruction->saved, xml, length);
}

static int find_previous(struct reconstruction *reconstruction)
{
    if (fails(reconstruction, FAILED_PREVIOUS))
        return -1;
    return replay_previous(&reconstruction->saved, reconstruction->strings, &reconstruction->previous,
                           &reconstruction->namesake);
}

static int load_previous(struct reconstruction *reconstruction)
{
    (void)reconstruction;
    return 0;
}

static int deployed(struct reconstruction *reconstruction)
{
    if (replay_deployed(&reconstruction->saved, reconstruction->strings, &reconstruction->deployed,
                        &reconstruction->deployed_known)
        != 0)
        return -1;
    return reconstruction->deployed_known
               ? manifest_name_targets(&reconstruction->deployed, &reconstruction->keys)
               : 0;
}

static int targets(struct reconstruction *reconstruction)
{
    if (fails(reconstruction, FAILED_TARGETS))
        return -1;
    return replay_capture(&reconstruction->saved, &reconstruction->keys, reconstruction->strings,
                          &reconstruction->capture);
}

static int hashes(struct reconstruction *reconstruction, const json_t *documents, json_t **keys)
{
    return fails(reconstruction, FAILED_HASHES) ? -1 : replay_hashes(&reconstruction->saved, documents, keys);
}

static int access_world(struct reconstruction *reconstruction)
{
    return fails(reconstruction, FAILED_ACCESS) ? -1 : 0;
}

static int facts(struct reconstruction *reconstruction)
{
    if (fails(reconstruction, FAILED_SNAPSHOTS))
        return -1;
    return replay_facts(&reconstruction->saved, reconstruction->strings, &reconstruction->copies);
}

static bool act(struct reconstruction *reconstruction)
{
    return actions_assume(&reconstruction->copies, replay_outcome, &reconstruction->saved);
}

static int closures(struct reconstruction *reconstruction, const struct manifest *current, bool *refused)
{
    (void)current;
    if (fails(reconstruction, FAILED_CLOSURES))
        return -1;
    return replay_closures(&reconstruction->saved, &reconstruction->capture, &reconstruction->fetched,
                           refused);
}

static int install_saved(struct reconstruction *reconstruction, bool *changed)
{
    if (!*changed)
        return 0;
    return fails(reconstruction, FAILED_INSTALL)
               ? -1
               : replay_install(&reconstruction->saved, &reconstruction->installed);
}

const struct source source_saved = { .begin = begin,
                                     .infrastructure = infrastructure,
                                     .find_previous = find_previous,
                                     .load_previous = load_previous,
                                     .deployed = deployed,
                                     .targets = targets,
                                     .hashes = hashes,
                                     .access = access_world,
                                     .facts = facts,
                                     .act = act,
                                     .closures = closures,
                                     .install = install_saved };
