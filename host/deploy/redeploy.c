/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/deploy/redeploy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/calls/stages.h"
#include "host/copies/missing.h"
#include "host/copies/older.h"
#include "host/copies/pins.h"
#include "host/copies/survivors.h"
#include "host/copies/wrapper.h"
#include "host/deploy/check.h"
#include "host/deploy/deploy.h"
#include "host/presence/refusals.h"
#include "host/record/routine.h"
#include "host/unfinished/recover.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/switch.h"
#include "lib/manifest/previous.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

/* disnix-manifest; *path is the store path of the new manifest. */
static int build_manifest(const struct settings *settings, const json_t *event, char **path)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    CLEANUP_FREE char *output = NULL;
    char *last;
    arguments_add(&arguments, "disnix-manifest");
    arguments_option(&arguments, "--services", settings->services);
    arguments_option(&arguments, "--infrastructure",
                     json_string_value(json_object_get(event, "infrastructure")));
    arguments_option(&arguments, "--distribution", json_string_value(json_object_get(event, "distribution")));
    arguments_option(&arguments, "--target-property", settings->target_property);
    arguments_option(&arguments, "--interface", settings->interface);
    arguments_option(&arguments, "--extra-params", settings->extra_params);
    arguments_add(&arguments, "--no-out-link");
    if (settings->show_trace)
        arguments_add(&arguments, "--show-trace");
    log_notice(NULL, "Building manifest...");
    if (stage_run(settings, &(struct stage_program){ .arguments = &arguments }, &output, NULL, NULL) != 0)
        return -1;
    last = string_last_line(output);
    if (!last || !is_store_path(last)) {
        log_error(NULL, "disnix-manifest: no store path: %.200s", last ? last : "");
        return -1;
    }
    *path = strdup(last);
    return *path ? 0 : -1;
}

/* Nothing else keeps the new manifest before its deployment has set the profile: neither what was kept of an
 * earlier one, which goes first, nor a dry run, which touches nothing of that. */
static int keep_new(const struct recovery *recovery, const char *path, bool *vanished)
{
    const struct settings *settings = recovery->settings;
    if (settings->dry_run)
        return stage_keep(settings, path, recovery->work, "new", vanished);
    return recovery_forget(recovery) == 0 ? stage_keep(settings, path, recovery->directory, "new", vanished)
                                          : -1;
}

static int build_and_keep(const struct recovery *recovery, const json_t *event, char **path)
{
    bool vanished = true;
    int status = -1;
    for (int attempt = 0; vanished && attempt < KEEP_ATTEMPTS; attempt++) {
        vanished = false;
        free(*path);
        *path = NULL;
        status = build_manifest(recovery->settings, event, path);
        if (status == 0)
            status = keep_new(recovery, *path, &vanished);
    }
    return status;
}

/* A client that is given no target would be the coordinator's own. */
static int check_keys(const char *path, const struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->infrastructure.count; i++) {
        const struct target *target = &manifest->infrastructure.targets[i];
        if (target_connection_key(target))
            continue;
        log_error(target->name, "%s: it has no usable connection key", path);
        return -1;
    }
    return 0;
}

/* keys: of the model, for targets of version 1. */
static int read_manifest(const char *path, const struct target_keys *keys, struct strings *strings,
                         struct manifest *manifest)
{
    CLEANUP_FREE char *reason = NULL;
    if (manifest_read(path, strings, manifest, &reason) == MANIFEST_READ
        && manifest_name_targets(manifest, keys) == 0)
        return check_keys(path, manifest);
    log_error(NULL, "%s", reason ? reason : "out of memory");
    return -1;
}

/* Whether some state stays behind where it was. */
static bool has_moved(const struct manifest *previous, const struct manifest *new)
{
    for (size_t i = 0; previous && i < previous->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &previous->snapshot_mappings[i];
        if (!manifest_find_snapshot_mapping(new, mapping->target, mapping->container, mapping->component))
            return true;
    }
    return false;
}

static void tell_obsolete(const struct late *late, const char *previous)
{
    const struct settings *settings = late->recovery->settings;
    const char *directory = settings->coordinator_profile_path;
    if (settings->delete_state || settings->no_migration || !has_moved(late->previous, late->new))
        return;
    log_notice(
        NULL, "The state that has moved is also where it was; to delete it: disnix-delete-state -p %s%s%s %s",
        settings->profile, directory ? " --coordinator-profile-path " : "", directory ? directory : "",
        previous);
}

static int deploy_and_tell(const struct late *late, const char *previous, const char *new)
{
    const struct recovery *recovery = late->recovery;
    bool vanished;
    /* Nothing keeps it once the deployment has set the profile. */
    if (previous && stage_keep(recovery->settings, previous, recovery->directory, "previous", &vanished) != 0)
        log_warning(NULL, "the previous manifest may be collected as garbage meanwhile");
    enum deploy_outcome outcome = deploy(late, previous, new);
    json_object_set_new(late->report, "status", json_integer(outcome));
    if (outcome == DEPLOY_DONE)
        tell_obsolete(late, previous);
    return outcome == DEPLOY_DONE ? 0 : -1;
}

/* Differences alone tell nothing to one whose journal has lost its beginning. */
static void report_running(const json_t *event, const struct manifest *new, json_t *report)
{
    static const size_t most = 10000; /* mappings: a report has to fit into the journal */
    static const json_int_t interval = 50;
    if (json_integer_value(json_object_get(event, "cycle")) % interval == 1
        && new->service_mapping_count <= most)
        json_object_set_new(report, "running", manifest_running(new));
}

/* A redeployment on the way to its check. */
struct plan {
    const struct recovery *recovery;
    json_t *event; /* with the distribution that is used */
    json_t *report;
    struct previous previous;
    char *path; /* of the new manifest */
    struct manifest new;
    json_t *pins;    /* what stays where it is */
    json_t *missing; /* state that is left behind */
};

static const struct manifest *known(const struct plan *plan)
{
    return plan->previous.known ? &plan->previous.manifest : NULL;
}

static const json_t *report_of_reconstruct(const struct plan *plan)
{
    return json_object_get(json_object_get(plan->event, "reports"), "reconstruct");
}

static const json_t *survivors_of(const struct plan *plan)
{
    return json_object_get(plan->recovery->state->root, "survivors");
}

/* Makes the new manifest, and keeps and reads it. */
static int make_manifest(struct plan *plan)
{
    const struct recovery *recovery = plan->recovery;
    manifest_clear(&plan->new);
    manifest_init(&plan->new, recovery->strings);
    if (build_and_keep(recovery, plan->event, &plan->path) != 0)
        return -1;
    json_object_set_new(plan->report, "manifest", json_string(plan->path));
    return read_manifest(plan->path, plan->previous.keys, recovery->strings, &plan->new);
}

static void tell_pins(const json_t *pins)
{
    size_t index, place;
    json_t *pin, *target;
    json_array_foreach((json_t *)pins, index, pin) {
        const char *remedy = json_string_value(json_object_get(pin, "remedy"));
        json_array_foreach(json_object_get(pin, "targets"), place, target)
            log_warning(json_string_value(target), "%s in %s stays here: %s; %s",
                        json_string_value(json_object_get(pin, "component")),
                        json_string_value(json_object_get(pin, "container")),
                        json_string_value(json_object_get(pin, "reason")),
                        remedy ? remedy : "'dydisnix-self-adaptctl disputes' tells more");
    }
}

/* The distribution with services in these places. */
static int place(struct plan *plan, const char *distribution, const json_t *places)
{
    const struct settings *settings = plan->recovery->settings;
    CLEANUP_FREE char *file = NULL;
    if (wrap_distribution(plan->recovery->work, distribution, places, &file) != 0)
        return -1;
    json_object_set_new(plan->event, "distribution", json_string(file));
    return settings->ids && !settings->dry_run ? stage_assign_ids(settings, plan->event) : 0;
}

static json_t *spared_targets(const struct plan *plan, const struct infrastructure *model)
{
    json_t *targets = json_object();
    for (size_t i = 0; known(plan) && i < model->count; i++)
        if (refusals_spare(plan->recovery->state->root, model->targets[i].name))
            json_object_set_new(targets, model->targets[i].name, json_true());
    return targets;
}

/* Makes the new manifest with all that is on these targets where it is, for they take no closures: what they
 * have need not be sent. What no other target can have stays where it is, too. *spared: all these places. */
static int make_sparing(struct plan *plan, const struct infrastructure *model, const json_t *targets,
                        const char *distribution, json_t **spared)
{
    CLEANUP_JSON json_t *homeless = NULL;
    *spared = json_object_size(targets) > 0 ? pins_spare(known(plan), NULL, model, targets) : json_object();
    if ((json_object_size(*spared) > 0 && place(plan, distribution, *spared) != 0)
        || make_manifest(plan) != 0)
        return -1;
    homeless = json_object_size(targets) > 0 ? pins_spare(known(plan), &plan->new, model, targets) : NULL;
    if (json_object_size(homeless) == json_object_size(*spared))
        return 0;
    json_decref(*spared);
    *spared = json_incref(homeless);
    return place(plan, distribution, *spared) == 0 ? make_manifest(plan) : -1;
}

/* Makes the new manifest with what may not move where it is. What stays in spite of that is for the check. */
static int make_pinned(struct plan *plan, const struct infrastructure *model)
{
    const struct settings *settings = plan->recovery->settings;
    CLEANUP_FREE char *distribution = strdup(text_at(plan->event, "distribution"));
    CLEANUP_JSON json_t *targets = spared_targets(plan, model), *spared = NULL, *places = NULL;
    if (!distribution || !targets || make_sparing(plan, model, targets, distribution, &spared) != 0)
        return -1;
    plan->pins = pins_find(known(plan), &plan->new, survivors_of(plan), report_of_reconstruct(plan),
                           !settings->no_migration && !settings->force_keys);
    places = pins_places(known(plan), &plan->new, plan->pins);
    if (json_object_size(places) == 0 || !SWITCH(PINS))
        return 0;
    tell_pins(plan->pins);
    json_object_set(plan->report, "pinned", plan->pins);
    json_object_update_missing(places, spared);
    return place(plan, distribution, places) == 0 ? make_manifest(plan) : -1;
}

/* State that is left behind, and what may come to that. */
static int check_state(struct plan *plan)
{
    const struct settings *settings = plan->recovery->settings;
    if (settings->no_migration)
        return 0;
    if (!settings->snapshot)
        missing_warn(plan->recovery, &plan->new);
    plan->missing = missing_find(plan->recovery, known(plan), &plan->new);
    if (json_array_size(plan->missing) > 0)
        json_object_set(plan->report, "missing", plan->missing);
    if (!missing_tell(plan->missing) || !settings->refuse_missing)
        return 0;
    log_error(NULL, "so nothing is deployed; --on-missing-snapshot=warn goes on");
    return -1;
}

static int check(struct plan *plan)
{
    const struct settings *settings = plan->recovery->settings;
    json_object_set_new(plan->report, "difference", manifest_difference(known(plan), &plan->new, 0));
    json_object_set_new(plan->report, "services", json_integer((json_int_t)plan->new.service_count));
    int status =
        check_deployment(known(plan), &plan->new, survivors_of(plan), report_of_reconstruct(plan), settings);
    if (check_state(plan) != 0)
        status = -1;
    if (settings->dry_run || status != 0)
        json_object_set_new(plan->report, "allowed", json_boolean(status == 0));
    if (status != 0 && !settings->dry_run) {
        survivors_want(plan->recovery->state->root, plan->pins);
        recovery_forget(plan->recovery);
    }
    return status;
}

static int deploy_plan(const struct plan *plan)
{
    const struct recovery *recovery = plan->recovery;
    const int64_t limit = 900 * settings_stage_timeout(recovery->settings, "redeploy");
    const struct late late = { recovery,     known(plan),
                               &plan->new,   report_of_reconstruct(plan),
                               plan->report, limit > 0 ? operations->now() + limit : 0 };
    json_t *mended = NULL;
    survivors_pin(recovery->state->root, plan->pins);
    recover_unknown(recovery, known(plan), &plan->new, &mended);
    if (mended)
        json_object_set_new(plan->report, "recover", mended);
    if (deploy_and_tell(&late, plan->previous.path, plan->path) != 0)
        return -1;
    state_deployed(recovery->state, plan->path, &plan->new.infrastructure);
    survivors_deployed(recovery->state->root, &plan->new, &plan->new.infrastructure);
    missing_remember(recovery->state->root, plan->missing, &plan->new, operations->clock());
    report_running(plan->event, &plan->new, plan->report);
    return recovery_forget(recovery);
}

/* The coordinator's manifest, with the model's names for targets that it knows by key. */
static int read_previous(const struct settings *settings, const struct infrastructure *model,
                         struct target_keys *keys, struct strings *strings, struct previous *previous)
{
    if (target_keys_list(keys, model) != 0) {
        log_error(NULL, "out of memory");
        return -1;
    }
    if (previous_read(settings->coordinator_profile_path, settings->profile, NULL, strings, previous) != 0)
        return -1;
    return previous_name_targets(previous, keys);
}

/* A profile that was there after the reconstruction of this cycle and is gone is lost: without it everything
 * would be activated anew, and nothing stopped. */
static int check_there(const struct plan *plan)
{
    const json_t *reconstructed = json_object_get(json_object_get(plan->event, "reports"), "reconstruct");
    if (plan->previous.known || plan->recovery->settings->dry_run || !*text_at(reconstructed, "manifest"))
        return 0;
    log_error(NULL, "%s: it is gone since the manifest was reconstructed", plan->previous.profile);
    return -1;
}

int redeploy(const struct recovery *recovery, const json_t *event, const struct infrastructure *model,
             json_t **report)
{
    const struct settings *settings = recovery->settings;
    struct target_keys keys = { 0 };
    struct plan plan = { .recovery = recovery, .event = json_copy((json_t *)event), .report = json_object() };
    manifest_init(&plan.new, recovery->strings);
    *report = plan.report;
    log_notice(NULL, settings->dry_run ? "Planning the redeployment..." : "Redeploying the system...");
    int status = read_previous(settings, model, &keys, recovery->strings, &plan.previous);
    if (status == 0)
        status = check_there(&plan);
    if (status == 0)
        json_object_set_new(plan.report, "previous", json_string(plan.previous.path));
    if (status == 0)
        status = make_pinned(&plan, model);
    if (status == 0)
        status = check(&plan);
    if (status == 0 && !settings->dry_run)
        status = deploy_plan(&plan);
    manifest_clear(&plan.new);
    json_decref(plan.pins);
    json_decref(plan.missing);
    json_decref(plan.event);
    free(plan.path);
    previous_clear(&plan.previous);
    target_keys_clear(&keys);
    return status;
}

static bool can_be_asked(const struct state *state, const struct infrastructure *model, const char *target)
{
    return infrastructure_find(model, target) && !state_is_silent(state, target);
}

/* What is older than the newest snapshot of the coordinator must not become the newest one. */
static bool may_be_taken(const struct state *state, const struct infrastructure *model,
                         const struct snapshot_mapping *mapping)
{
    return can_be_asked(state, model, mapping->target)
           && !survivors_are_older(state->root, mapping->target, mapping->container, mapping->component);
}

/* Takes out what cannot be asked: one such target makes disnix-snapshot fail as a whole. */
static bool reduce(struct manifest *manifest, const struct state *state, const struct infrastructure *model)
{
    size_t snapshots = 0, services = 0, profiles = 0;
    size_t before = manifest->snapshot_mapping_count + manifest->profile_count;
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++)
        if (may_be_taken(state, model, &manifest->snapshot_mappings[i]))
            manifest->snapshot_mappings[snapshots++] = manifest->snapshot_mappings[i];
    for (size_t i = 0; i < manifest->service_mapping_count; i++)
        if (can_be_asked(state, model, manifest->service_mappings[i].target))
            manifest->service_mappings[services++] = manifest->service_mappings[i];
    for (size_t i = 0; i < manifest->profile_count; i++)
        if (can_be_asked(state, model, manifest->profiles[i].target))
            manifest->profiles[profiles++] = manifest->profiles[i];
    manifest->snapshot_mapping_count = snapshots;
    manifest->service_mapping_count = services;
    manifest->profile_count = profiles;
    return snapshots + profiles < before;
}

static int write_reduced(struct manifest *manifest, const char *file)
{
    CLEANUP_BUFFER xmlBufferPtr text = manifest_write(manifest);
    if (text
        && operations->write(file, (const char *)xmlBufferContent(text), (size_t)xmlBufferLength(text), 0600)
               == 0)
        return 0;
    log_error(NULL, "%s: %s", file, strerror(errno));
    return -1;
}

static int run_snapshot(const struct settings *settings, const char *manifest, const char *option,
                        int64_t deadline, int *exit_status)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    arguments_add(&arguments, "disnix-snapshot");
    stage_profile_options(&arguments, settings);
    arguments_option(&arguments, "-m", settings->max_concurrent_transfers);
    /* Disnix fetches nothing alone with it. */
    if (settings->depth_first && !option)
        arguments_add(&arguments, "--depth-first");
    arguments_option(&arguments, "--keep", settings->keep);
    /* Without an old manifest every snapshot mapping of this one is taken. */
    arguments_add(&arguments, "--no-upgrade");
    if (option)
        arguments_add(&arguments, option);
    arguments_add(&arguments, manifest);
    const struct stage_program program = {
        .arguments = &arguments, .show = true, .quiet = routine_is_kept(), .deadline = deadline
    };
    return stage_run(settings, &program, NULL, NULL, exit_status);
}

/* Where one component cannot be saved Disnix fetches no snapshot at all: the others are fetched by themselves,
 * unless that took so long that something would be waited for once more. */
static int save_and_fetch(const struct settings *settings, const char *manifest, bool *fetched)
{
    /* It ends before the stage has to be ended, and with it the cycle: the adaptation matters more. */
    const int64_t deadline = 900 * settings_stage_timeout(settings, "snapshot"), began = operations->now();
    int exit_status = -1, status = run_snapshot(settings, manifest, NULL, deadline, &exit_status);
    int64_t left = deadline - (operations->now() - began);
    *fetched = status == 0;
    if (exit_status == 1 && (deadline == 0 || left > deadline / 2))
        *fetched = run_snapshot(settings, manifest, "--transfer-only", deadline == 0 ? 0 : left, NULL) == 0;
    return status;
}

int take_snapshots(const struct settings *settings, struct state *state, const struct infrastructure *model,
                   const char *directory, struct strings *strings)
{
    struct previous previous = { 0 };
    struct target_keys keys = { 0 };
    CLEANUP_FREE char *file = string_format("%s/snapshot.xml", directory);
    int status = file ? read_previous(settings, model, &keys, strings, &previous) : -1;
    int64_t now = operations->clock();
    if (status == 0 && !previous.known) {
        routine_notice("No manifest yet, no state is captured");
    } else if (status == 0 && previous.manifest.snapshot_mapping_count > 0) {
        bool reduced = reduce(&previous.manifest, state, model);
        routine_notice("Capturing the state...");
        if (reduced)
            status = write_reduced(&previous.manifest, file);
        bool fetched = status == 0;
        if (status == 0 && previous.manifest.snapshot_mapping_count > 0)
            status = save_and_fetch(settings, reduced ? file : previous.path, &fetched);
        if (status == 0)
            state_snapshotted(state, &previous.manifest, now);
        /* What cannot be saved on one target hides no older disk of another one. Depth-first, Disnix removes
         * snapshots of targets: that one is gone tells nothing. */
        if (fetched
            && ((!settings->depth_first && older_find(state, &previous.manifest, model) != 0)
                || state_save(state) != 0))
            status = -1;
        operations->remove(file);
    }
    previous_clear(&previous);
    target_keys_clear(&keys);
    return status;
}
