/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/switch.h"
#include "lib/manifest/previous.h"
#include "lib/model/nix-access.h"
#include "lib/model/nix.h"
#include "lib/world/operations.h"
#include "plugin/capture/facts.h"
#include "plugin/copies/actions.h"
#include "plugin/reconstruct/reconstruction.h"

static const size_t infrastructure_limit = (size_t)1 << 30;

static int begin(struct reconstruction *reconstruction)
{
    struct options *own = &reconstruction->own;
    if (budget_begin(&reconstruction->budget, reconstruction->options->target_timeout,
                     reconstruction->options->stage_timeout)
        != 0)
        return -1;
    *own = *reconstruction->options;
    own->budget = SWITCH(BUDGET) ? &reconstruction->budget : NULL;
    reconstruction->options = own;
    return 0;
}

static int infrastructure(struct reconstruction *reconstruction, char **xml, size_t *length,
                          const char **name, struct infrastructure_defaults *defaults)
{
    const struct options *options = reconstruction->options;
    const char *file = *name = reconstruction->request->infrastructure;
    *defaults = (struct infrastructure_defaults){ .client_interface = options->interface,
                                                  .target_property = options->target_property };
    if (!reconstruction->request->xml)
        return nix_evaluate(file, options->show_trace, xml, length);
    if (operations->read(file, infrastructure_limit, xml, length) == 0)
        return 0;
    log_error(NULL, "%s: %s", file, strerror(errno));
    return -1;
}

/* What was remembered counts only for a reconstruction as usual. */
static void look_for_remembered(struct reconstruction *reconstruction)
{
    const struct options *options = reconstruction->options;
    if (reconstruction_looks_only(reconstruction) || options->save_input || !options->coordinator_profile
        || reconstruction->request->previous || reconstruction->request->print)
        return;
    remembered_look(&reconstruction->remembered, &reconstruction->previous, reconstruction->namesake,
                    reconstruction->history, options);
}

static int find_previous(struct reconstruction *reconstruction)
{
    const struct options *options = reconstruction->options;
    struct previous *previous = &reconstruction->previous;
    if (previous_locate(options->coordinator_profile_directory, options->profile,
                        reconstruction->request->previous, reconstruction->strings, previous)
        != 0)
        return -1;
    reconstruction->namesake = previous_namesake(previous);
    look_for_remembered(reconstruction);
    return 0;
}

static int load_previous(struct reconstruction *reconstruction)
{
    return previous_load(&reconstruction->previous, reconstruction->request->previous);
}

/* Somebody may have deployed by hand since the deployment that the host remembers, or the host remembers
 * none. */
static int find_deployed(struct reconstruction *reconstruction, const char *remembered)
{
    struct manifest found;
    if (!reconstruction->previous.known || !previous_is_reconstructed(&reconstruction->previous))
        return 0;
    int result =
        previous_find_deployed(&reconstruction->previous, reconstruction->deployed_known ? remembered : NULL,
                               reconstruction->strings, &found);
    if (result == 1) {
        manifest_clear(&reconstruction->deployed);
        reconstruction->deployed = found;
        reconstruction->deployed_known = true;
    }
    return result < 0 ? -1 : 0;
}

/* A state file may name a manifest that a garbage collection took: then it is not known. */
static int read_remembered_deployment(struct reconstruction *reconstruction, const char *path)
{
    CLEANUP_FREE char *reason = NULL;
    enum manifest_reading outcome =
        manifest_read(path, reconstruction->strings, &reconstruction->deployed, &reason);
    reconstruction->deployed_known =
        outcome == MANIFEST_READ
        && manifest_name_targets(&reconstruction->deployed, &reconstruction->keys) == 0;
    if (outcome == MANIFEST_DAMAGED)
        log_warning(NULL, "the last deployed manifest is not known: %s", reason ? reason : "out of memory");
    if (outcome == MANIFEST_UNREADABLE)
        log_error(NULL, "%s", reason ? reason : "out of memory");
    return outcome == MANIFEST_UNREADABLE ? -1 : 0;
}

static int deployed(struct reconstruction *reconstruction)
{
    const char *path = json_string_value(json_object_get(reconstruction->history, "deployed"));
    if (path && read_remembered_deployment(reconstruction, path) != 0)
        return -1;
    return find_deployed(reconstruction, path);
}

static int targets(struct reconstruction *reconstruction)
{
    const struct capturing capturing = reconstruction_capturing(reconstruction);
    return capture_targets(&capturing, &reconstruction->capture, &reconstruction->deferred);
}

static int hashes(struct reconstruction *reconstruction, const json_t *documents, json_t **keys)
{
    (void)reconstruction;
    return nix_service_keys(documents, keys);
}

/* Whether a profile is not here. */
static bool fetches(const struct capture *capture)
{
    for (size_t i = 0; i < capture->count; i++)
        if (capture->targets[i].answer == ANSWER_CAPTURED && capture->targets[i].text)
            return true;
    return false;
}

/* Nothing is done to a target, and nothing fetched, that could not be made use of. */
static int access_store(struct reconstruction *reconstruction)
{
    if (reconstruction_looks_only(reconstruction))
        return 0;
    return (!reconstruction->options->coordinator_profile
            || nix_prepare_profile(reconstruction->previous.profile) == 0)
                   && (!fetches(&reconstruction->capture) || nix_check_import() == 0)
               ? 0
               : -1;
}

static int facts(struct reconstruction *reconstruction)
{
    return facts_gather(&reconstruction->copies, &reconstruction->previous, reconstruction->history,
                        reconstruction->options, reconstruction->strings);
}

static bool act(struct reconstruction *reconstruction)
{
    if (reconstruction_looks_only(reconstruction))
        return actions_assume(&reconstruction->copies, NULL, NULL);
    return actions_perform(&reconstruction->copies, reconstruction->options, reconstruction->strings);
}

static int closures(struct reconstruction *reconstruction, const struct manifest *current, bool *refused)
{
    return closures_fetch(&reconstruction->capture, current, reconstruction->options,
                          &reconstruction->fetched, refused);
}

static int install_manifest(struct reconstruction *reconstruction, bool *changed)
{
    return install(&reconstruction->manifest, &reconstruction->previous, &reconstruction->capture,
                   reconstruction->options, &reconstruction->installed, changed);
}

const struct source source_world = { .live = true,
                                     .begin = begin,
                                     .infrastructure = infrastructure,
                                     .find_previous = find_previous,
                                     .load_previous = load_previous,
                                     .deployed = deployed,
                                     .targets = targets,
                                     .hashes = hashes,
                                     .access = access_store,
                                     .facts = facts,
                                     .act = act,
                                     .closures = closures,
                                     .install = install_manifest };
