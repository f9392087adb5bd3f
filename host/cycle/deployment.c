/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cycle/deployment.h"

#include "host/copies/survivors.h"
#include "host/cycle/outage.h"
#include "host/cycle/settle.h"
#include "host/deploy/redeploy.h"
#include "host/phases/phases.h"
#include "host/presence/hung.h"
#include "host/presence/refusals.h"
#include "host/unfinished/leftovers.h"
#include "lib/base/cleanup.h"
#include "lib/base/switch.h"
#include "lib/manifest/previous.h"
#include "lib/model/nix-access.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

/* Disnix makes the last part of the path alone, when everything else has been done. */
static int prepare_profile(const struct settings *settings)
{
    CLEANUP_FREE char *profile =
        coordinator_profile_path(settings->coordinator_profile_path, settings->profile);
    if (profile)
        return nix_prepare_profile(profile);
    log_error(NULL, "cannot tell where the coordinator profile is");
    return -1;
}

/* Where nothing was changed yet, who did not answer is the likely reason, and the others are not to wait for
 * it. */
static void note_hung(struct cycle *cycle, const json_t *report)
{
    json_t *deployment = json_object_get(cycle->state.root, "deployment");
    bool refused = json_is_false(json_object_get(report, "allowed"));
    if (deployment ? phase_last(deployment) > DEPLOYMENT_LOCKING : !refused)
        return;
    hung_note(cycle->state.root, cycle_report(cycle, "reconstruct"), report, operations->clock());
    state_save(&cycle->state);
}

int deployment_run(struct cycle *cycle, json_t **report)
{
    const struct recovery recovery = cycle_recovery(cycle);
    if (!cycle->settings->dry_run && prepare_profile(cycle->settings) != 0)
        return -1;
    int status = redeploy(&recovery, cycle->event, &cycle->model.infrastructure, report);
    cycle->redeployed = status == 0;
    cycle->finished = false;
    if (status != 0)
        note_hung(cycle, *report);
    if (status != 0)
        settle_failed(cycle);
    return cycle->finished && SWITCH(FINISHED) ? 0 : status;
}

/* The manifest that is current is what was deployed, also by a plugin that took the redeployment. One that
 * had to be finished was noted then, with what is left to do on targets. */
static int take_deployed(struct cycle *cycle)
{
    const struct settings *settings = cycle->settings;
    struct previous current = { 0 };
    if (settings->dry_run || cycle->finished)
        return 0;
    int status =
        previous_read(settings->coordinator_profile_path, settings->profile, NULL, cycle->strings, &current);
    const bool unwanted = status == 0
                          && leftovers_forget(&cycle->state, &cycle->model.infrastructure,
                                              current.known ? &current.manifest : NULL);
    if (status == 0 && current.known && !cycle->redeployed) {
        state_deployed(&cycle->state, current.path, &cycle->model.infrastructure);
        survivors_deployed(cycle->state.root, &current.manifest, &cycle->model.infrastructure);
    }
    previous_clear(&current);
    return unwanted ? settle_leftovers(cycle) : status;
}

int deployment_remember(struct cycle *cycle, int status)
{
    CLEANUP_FREE char *deployed = cycle_file(cycle->settings, "deployed.xml");
    CLEANUP_FREE char *failed = cycle_file(cycle->settings, "failed.xml");
    CLEANUP_JSON json_t *names = infrastructure_names(&cycle->model.infrastructure);
    if (!deployed || !failed)
        return -1;
    if (status != 0)
        return model_save(&cycle->model, failed);
    operations->remove(failed);
    presence_deployed(cycle->state.root, names);
    json_object_del(cycle->state.root, "tried");
    hung_forget(cycle->state.root, &cycle->model.infrastructure);
    refusals_forget(cycle->state.root, &cycle->model.infrastructure);
    if (take_deployed(cycle) != 0)
        return -1;
    outage_note(cycle);
    cycle_tell_due(cycle, leftovers_due(&cycle->state, &cycle->model.infrastructure, operations->clock()));
    return state_save(&cycle->state) == 0 ? model_save(&cycle->model, deployed) : -1;
}
