/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The programs that work on a manifest: disnix-deploy, its phases disnix-distribute, disnix-activate and
 * disnix-set, and those for state: disnix-snapshot, disnix-restore and disnix-delete-state.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/engine/deployment.h"
#include "lab/engine/engine.h"
#include "lab/engine/options.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

enum { DEPLOY_DONE = 0, DEPLOY_FAILED = 1, DEPLOY_STATE_FAILED = 2 };

#define COMMON_OPTIONS (ENGINE_OPTION(PROFILE) | ENGINE_OPTION(COORDINATOR_PROFILE_PATH))
#define MIGRATION_OPTIONS                                                                   \
    (ENGINE_OPTION(OLD_MANIFEST) | ENGINE_OPTION(NO_UPGRADE) | ENGINE_OPTION(TRANSFER_ONLY) \
     | ENGINE_OPTION(DEPTH_FIRST) | ENGINE_OPTION(ALL) | ENGINE_OPTION(KEEP)                \
     | ENGINE_OPTION(MAX_CONCURRENT_TRANSFERS))

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value && strcmp(value, "1") == 0;
}

static int deployment_begin(struct deployment *deployment, const struct engine_options *options)
{
    const char *transfers = options->values[OPTION_MAX_CONCURRENT_TRANSFERS];
    *deployment = (struct deployment){
        .profile = engine_option_or(options, OPTION_PROFILE, "DISNIX_PROFILE", "default"),
        .coordinator_directory = options->values[OPTION_COORDINATOR_PROFILE_PATH],
        .strings = strings_new(),
        .transfers = transfers ? (unsigned)strtoul(transfers, NULL, 10) : 2,
        .keep = options->values[OPTION_KEEP] ? options->values[OPTION_KEEP] : "1",
        .no_upgrade = options->values[OPTION_NO_UPGRADE],
        .no_lock = options->values[OPTION_NO_LOCK],
        .no_migration = options->values[OPTION_NO_MIGRATION],
        .no_rollback = options->values[OPTION_NO_ROLLBACK],
        .delete_state = options->values[OPTION_DELETE_STATE] || is_set("DISNIX_DELETE_STATE"),
        .depth_first = options->values[OPTION_DEPTH_FIRST],
        .transfer_only = options->values[OPTION_TRANSFER_ONLY],
        .all_snapshots = options->values[OPTION_ALL],
    };
    manifest_init(&deployment->manifest, deployment->strings);
    manifest_init(&deployment->previous.manifest, deployment->strings);
    if (!is_profile_name(deployment->profile)) {
        log_error(NULL, "this is no name of a profile: %s", deployment->profile);
        return -1;
    }
    return 0;
}

static int deployment_end(struct deployment *deployment, int status)
{
    deployment_clear(deployment);
    strings_free(deployment->strings);
    return status;
}

static int read_new(struct deployment *deployment, const struct engine_options *options)
{
    if (options->operand)
        return deployment_read_manifest(deployment, options->operand);
    log_error(NULL, "a manifest must be given");
    return -1;
}

/* Reads the manifest to deploy and the previous one. */
static int read_both(struct deployment *deployment, const struct engine_options *options)
{
    if (read_new(deployment, options) != 0)
        return -1;
    return deployment_read_previous(deployment, options->values[OPTION_OLD_MANIFEST]);
}

/* State in a container that a service provides can only be snapshotted while that service is there. */
static bool containers_stay(const struct deployment *deployment)
{
    const struct manifest *old = &deployment->previous.manifest;
    bool safe = true;
    for (size_t i = 0; !deployment->no_migration && i < old->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &old->snapshot_mappings[i];
        if (!mapping->provider || manifest_find_service(&deployment->manifest, mapping->provider))
            continue;
        log_error(mapping->target,
                  "Service %s is mapped to container %s, provided by service %s, which the new "
                  "configuration has no longer: its state could not be snapshotted (use --no-migration to "
                  "give it up)",
                  mapping->service, mapping->container, mapping->provider);
        safe = false;
    }
    return safe;
}

static bool migrate_all_state(const struct deployment *deployment)
{
    if (deployment->no_migration)
        return true;
    announce(NULL, "Migrating data...");
    return migrate_state(deployment);
}

static bool activate(const struct deployment *deployment)
{
    announce(NULL, "Activating new configuration...");
    return activate_configuration(deployment) == ACTIVATION_DONE;
}

static int transfer_and_set(const struct deployment *deployment)
{
    if (!migrate_all_state(deployment))
        return DEPLOY_STATE_FAILED;
    announce(NULL, "Setting profiles...");
    return set_target_profiles(deployment) && set_coordinator_profile(deployment) ? DEPLOY_DONE
                                                                                  : DEPLOY_FAILED;
}

static int deploy_manifest(const struct deployment *deployment)
{
    announce(NULL, "Distributing intra-dependency closures...");
    if (!distribute_closures(deployment) || !acquire_locks(deployment))
        return DEPLOY_FAILED;
    int status = activate(deployment) ? transfer_and_set(deployment) : DEPLOY_FAILED;
    if (!release_locks(deployment) && status == DEPLOY_DONE)
        status = DEPLOY_FAILED;
    return status;
}

static void tell_failure(const struct deployment *deployment, int status)
{
    if (status == DEPLOY_FAILED)
        log_error(NULL, "The deployment failed! Please inspect the output to diagnose any problems!");
    if (status == DEPLOY_STATE_FAILED)
        log_error(
            NULL,
            "The services are active, but their state was not migrated and no profile was set. Once this "
            "is mended by hand, finish with: disnix-set --profile %s %s",
            deployment->profile, deployment->manifest_path);
}

int disnix_deploy_main(int count, char **arguments)
{
    struct engine_options options;
    struct deployment deployment;
    int status = engine_options_read(count, arguments,
                                     COMMON_OPTIONS | MIGRATION_OPTIONS | ENGINE_OPTION(NO_LOCK)
                                         | ENGINE_OPTION(NO_MIGRATION) | ENGINE_OPTION(DELETE_STATE),
                                     true, &options);
    if (status >= 0)
        return status;
    status = DEPLOY_FAILED;
    if (deployment_begin(&deployment, &options) == 0 && read_both(&deployment, &options) == 0
        && containers_stay(&deployment)) {
        status = deploy_manifest(&deployment);
        tell_failure(&deployment, status);
    }
    return deployment_end(&deployment, status);
}

int disnix_activate_main(int count, char **arguments)
{
    struct engine_options options;
    struct deployment deployment;
    int status = engine_options_read(count, arguments,
                                     COMMON_OPTIONS | ENGINE_OPTION(OLD_MANIFEST) | ENGINE_OPTION(NO_UPGRADE)
                                         | ENGINE_OPTION(NO_ROLLBACK),
                                     true, &options);
    if (status >= 0)
        return status;
    bool ready = deployment_begin(&deployment, &options) == 0 && read_both(&deployment, &options) == 0;
    return deployment_end(&deployment, ready ? (int)activate_configuration(&deployment) : 1);
}

int disnix_distribute_main(int count, char **arguments)
{
    struct engine_options options;
    struct deployment deployment;
    int status =
        engine_options_read(count, arguments, ENGINE_OPTION(MAX_CONCURRENT_TRANSFERS), true, &options);
    if (status >= 0)
        return status;
    bool done = deployment_begin(&deployment, &options) == 0 && read_new(&deployment, &options) == 0
                && distribute_closures(&deployment);
    return deployment_end(&deployment, done ? 0 : 1);
}

int disnix_restore_main(int count, char **arguments)
{
    struct engine_options options;
    struct deployment deployment;
    int status = engine_options_read(count, arguments, COMMON_OPTIONS | MIGRATION_OPTIONS, true, &options);
    if (status >= 0)
        return status;
    bool done = deployment_begin(&deployment, &options) == 0 && read_both(&deployment, &options) == 0
                && restore_state(&deployment);
    return deployment_end(&deployment, done ? 0 : 1);
}

int disnix_delete_state_main(int count, char **arguments)
{
    struct engine_options options;
    struct deployment deployment;
    int status = engine_options_read(count, arguments, COMMON_OPTIONS, true, &options);
    if (status >= 0)
        return status;
    bool done = deployment_begin(&deployment, &options) == 0 && read_new(&deployment, &options) == 0
                && delete_state(&deployment, &deployment.manifest);
    return deployment_end(&deployment, done ? 0 : 1);
}

int disnix_set_main(int count, char **arguments)
{
    struct engine_options options;
    struct deployment deployment;
    int status = engine_options_read(count, arguments,
                                     COMMON_OPTIONS | ENGINE_OPTION(NO_COORDINATOR_PROFILE)
                                         | ENGINE_OPTION(NO_TARGET_PROFILES),
                                     true, &options);
    if (status >= 0)
        return status;
    bool done = deployment_begin(&deployment, &options) == 0 && read_both(&deployment, &options) == 0
                && (options.values[OPTION_NO_TARGET_PROFILES] || set_target_profiles(&deployment))
                && (options.values[OPTION_NO_COORDINATOR_PROFILE] || set_coordinator_profile(&deployment));
    return deployment_end(&deployment, done ? 0 : 1);
}

/* Keeps only the snapshot mappings that the filters name. */
static void filter_snapshots(struct manifest *manifest, const struct engine_options *options)
{
    const char *container = options->values[OPTION_CONTAINER], *component = options->values[OPTION_COMPONENT];
    size_t kept = 0;
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &manifest->snapshot_mappings[i];
        if ((!container || strcmp(container, mapping->container) == 0)
            && (!component || strcmp(component, mapping->component) == 0))
            manifest->snapshot_mappings[kept++] = *mapping;
    }
    manifest->snapshot_mapping_count = kept;
}

/* Without a manifest: all components of the current deployment. */
static int read_for_snapshot(struct deployment *deployment, const struct engine_options *options)
{
    if (deployment_read_previous(deployment, options->values[OPTION_OLD_MANIFEST]) != 0)
        return -1;
    if (options->operand)
        return deployment_read_manifest(deployment, options->operand);
    if (!deployment->previous.known) {
        announce(NULL, "Error while opening manifest file!");
        return -1;
    }
    deployment->no_upgrade = true;
    return deployment_read_manifest(deployment, deployment->previous.path);
}

int disnix_snapshot_main(int count, char **arguments)
{
    struct engine_options options;
    struct deployment deployment;
    int status = engine_options_read(count, arguments,
                                     COMMON_OPTIONS | MIGRATION_OPTIONS | ENGINE_OPTION(CONTAINER)
                                         | ENGINE_OPTION(COMPONENT),
                                     true, &options);
    if (status >= 0)
        return status;
    bool done = deployment_begin(&deployment, &options) == 0 && read_for_snapshot(&deployment, &options) == 0;
    if (done) {
        filter_snapshots(&deployment.manifest, &options);
        filter_snapshots(&deployment.previous.manifest, &options);
        done = snapshot_state(&deployment);
    }
    return deployment_end(&deployment, done ? 0 : 1);
}
