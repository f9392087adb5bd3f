/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "broken.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "client.h"
#include "operations.h"
#include "stages.h"
#include "strings.h"
#include "survivors.h"

static int copy_services(const struct manifest *from, struct manifest *to)
{
    for (size_t i = 0; i < from->service_count; i++)
        if (!manifest_add_service(to, &from->services[i]))
            return -1;
    return 0;
}

/* Targets of either manifest that answer; the way to reach one is that of the newer. */
static int copy_targets(const struct broken *broken, const struct infrastructure *from, struct manifest *to)
{
    for (size_t i = 0; i < from->count; i++) {
        const char *name = from->targets[i].name;
        if (broken_answers(broken, name) && (from == &broken->new.infrastructure
                                      || !infrastructure_find(&broken->new.infrastructure, name))
            && manifest_add_target(to, &from->targets[i]) != 0)
            return -1;
    }
    return 0;
}

static int copy_mappings(const struct broken *broken, const struct manifest *from, struct manifest *to)
{
    for (size_t i = 0; i < from->service_mapping_count; i++)
        if (broken_answers(broken, from->service_mappings[i].target)
            && !manifest_add_service_mapping(to, &from->service_mappings[i]))
            return -1;
    return 0;
}

static void drop_dangling(const struct manifest *manifest, struct dependencies *dependencies)
{
    size_t kept = 0;
    for (size_t i = 0; i < dependencies->count; i++) {
        const struct dependency dependency = dependencies->items[i];
        if (manifest_find_service_mapping(manifest, dependency.target, dependency.container, dependency.service))
            dependencies->items[kept++] = dependency;
    }
    dependencies->count = kept;
}

/* The previous deployment as far as its targets answer, with all targets that answer: Disnix leaves services alone on
 * targets that the manifest it is to go to has not, and fails on those that do not answer. */
static int make_undo(const struct broken *broken, struct manifest *undo)
{
    if (copy_targets(broken, &broken->new.infrastructure, undo) != 0)
        return -1;
    if (broken->old
        && (copy_targets(broken, &broken->old->infrastructure, undo) != 0 || copy_services(broken->old, undo) != 0
            || copy_mappings(broken, broken->old, undo) != 0))
        return -1;
    manifest_sort(undo);
    for (size_t i = 0; i < undo->service_count; i++) {
        drop_dangling(undo, &undo->services[i].depends_on);
        drop_dangling(undo, &undo->services[i].connects_to);
    }
    return 0;
}

static int write_manifest(struct manifest *manifest, const char *file)
{
    CLEANUP_BUFFER xmlBufferPtr text = manifest_write(manifest);
    if (text
        && operations->write(file, (const char *)xmlBufferContent(text), (size_t)xmlBufferLength(text), 0600) == 0)
        return 0;
    log_error(NULL, "%s: %s", file, text ? strerror(errno) : "out of memory");
    return -1;
}

static void profile_options(struct arguments *arguments, const struct settings *settings)
{
    arguments_option(arguments, "--profile", settings->profile);
    arguments_option(arguments, "--coordinator-profile-path", settings->coordinator_profile_path);
}

/* That the previous services cannot all be activated is no reason not to go on: the next deployment does not need
 * them. That one of the new ones cannot be deactivated is: it would be live twice. */
static int activate_previous(const struct broken *broken, const char *active, const char *undo, const char *transcript)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    struct transcript said;
    arguments_add(&arguments, "disnix-activate");
    arguments_add(&arguments, "--no-rollback");
    profile_options(&arguments, broken->recovery->settings);
    arguments_option(&arguments, "-o", active);
    arguments_add(&arguments, undo);
    const struct stage_program program = { .arguments = &arguments, .show = true, .transcript = transcript };
    if (stage_run(broken->recovery->settings, &program, NULL, NULL, NULL) == 0)
        return 0;
    bool known = transcript_init(&said) == 0 && transcript_read(&said, transcript) == 0;
    bool reached = known && said.phase >= DEPLOYMENT_ACTIVATING && !said.deactivation_failed;
    transcript_clear(&said);
    if (!reached) {
        log_error(NULL, "The last deployment cannot be undone, so nothing is deployed");
        return -1;
    }
    log_warning(NULL, "Not all services of the previous deployment are active again");
    return 0;
}

/* Services of one manifest that the other has not, on targets that do not answer. */
static void leave_mappings(const struct broken *broken, const struct manifest *manifest, const struct manifest *other,
                           const char *what)
{
    CLEANUP_FREE char *operation = string_format("--%s", what);
    bool new = manifest == &broken->new;
    for (size_t i = 0; manifest && operation && i < manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &manifest->service_mappings[i];
        const struct target *target = infrastructure_find(&manifest->infrastructure, mapping->target);
        CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
        if (!target || broken_answers(broken, mapping->target)
            || (other
                && manifest_find_service_mapping(other, mapping->target, mapping->container, mapping->service))
            || (new && !transcript_activated(&broken->transcript, mapping->target, mapping->service)))
            continue;
        broken_component_arguments(&arguments, target, operation, manifest, mapping->container, mapping->service,
                            mapping->provider);
        broken_leave(broken, target, what, NULL, &arguments);
    }
}

/* Disnix takes what both manifests have for active. What it has deactivated itself, as a dependent of something that it
 * rolled back, is not: it is taken out of the new manifest, so that it is activated again. True: there is such. */
static bool drop_deactivated(struct broken *broken, const struct manifest *undo)
{
    struct manifest *new = &broken->new;
    size_t kept = 0, before = new->service_mapping_count;
    for (size_t i = 0; i < before; i++) {
        const struct service_mapping mapping = new->service_mappings[i];
        if (!transcript_deactivated(&broken->transcript, mapping.target, mapping.service)
            || !manifest_find_service_mapping(undo, mapping.target, mapping.container, mapping.service))
            new->service_mappings[kept++] = mapping;
    }
    new->service_mapping_count = kept;
    return kept < before;
}

/* What is active now, as a file: the new manifest, or one of ours. malloc()ed; NULL after a message. */
static char *active_manifest(struct broken *broken, const struct manifest *undo)
{
    if (!drop_deactivated(broken, undo) && !broken->cut)
        return string_format("%s", broken->path);
    char *file = broken_path(broken->recovery, "active.xml");
    if (file && write_manifest(&broken->new, file) != 0) {
        free(file);
        return NULL;
    }
    return file;
}

int broken_undo(struct broken *broken)
{
    CLEANUP_FREE char *active = NULL;
    CLEANUP_FREE char *file = broken_path(broken->recovery, "undo.xml");
    CLEANUP_FREE char *transcript = broken_path(broken->recovery, "undo");
    struct manifest manifest;
    manifest_init(&manifest, broken->recovery->strings);
    manifest.version = broken->new.version;
    log_notice(NULL, "Undoing the last deployment...");
    int status = file && transcript ? make_undo(broken, &manifest) : -1;
    if (status == 0)
        status = write_manifest(&manifest, file);
    if (status == 0)
        status = (active = active_manifest(broken, &manifest)) ? 0 : -1;
    if (status == 0)
        status = activate_previous(broken, active, file, transcript);
    manifest_clear(&manifest);
    if (status != 0)
        return -1;
    leave_mappings(broken, &broken->new, broken->old, "deactivate");
    leave_mappings(broken, broken->old, &broken->new, "activate");
    json_object_set_new(broken->report, "action", json_string("undone"));
    return 0;
}

static int run_set(const struct broken *broken, const char *option, const char *manifest)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    arguments_add(&arguments, "disnix-set");
    if (option)
        arguments_add(&arguments, option);
    profile_options(&arguments, broken->recovery->settings);
    arguments_add(&arguments, manifest);
    return stage_run(broken->recovery->settings, &(struct stage_program){ .arguments = &arguments, .show = true }, NULL,
                     NULL, NULL);
}

/* Takes the profiles of targets that do not answer out of the new manifest, to be set when they do. */
static bool drop_silent(struct broken *broken)
{
    size_t kept = 0, before = broken->new.profile_count;
    for (size_t i = 0; i < before; i++) {
        const struct profile profile = broken->new.profiles[i];
        const struct target *target = infrastructure_find(&broken->new.infrastructure, profile.target);
        CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
        if (!target || broken_answers(broken, profile.target)) {
            broken->new.profiles[kept++] = profile;
            continue;
        }
        client_arguments(&arguments, target, "--set");
        arguments_add(&arguments, profile.path);
        arguments_option(&arguments, "--profile", broken->recovery->settings->profile);
        broken_leave(broken, target, "set", NULL, &arguments);
    }
    broken->new.profile_count = kept;
    return kept < before;
}

/* The manifest is deployed on the targets that answer. */
static int note_deployed(const struct broken *broken)
{
    const struct infrastructure *all = &broken->new.infrastructure;
    CLEANUP_FREE struct target *targets = calloc(all->count + 1, sizeof *targets);
    struct infrastructure reached = { .targets = targets };
    for (size_t i = 0; targets && i < all->count; i++)
        if (broken_answers(broken, all->targets[i].name))
            targets[reached.count++] = all->targets[i];
    if (!targets)
        return -1;
    state_deployed(broken->recovery->state, broken->path, &reached);
    survivors_deployed(broken->recovery->state->root, &broken->new, &reached);
    return 0;
}

int broken_finish(struct broken *broken)
{
    CLEANUP_FREE char *file = broken_path(broken->recovery, "set.xml");
    int status = file ? 0 : -1;
    log_notice(NULL, "Finishing the last deployment...");
    if (status == 0 && drop_silent(broken)) {
        status = write_manifest(&broken->new, file);
        if (status == 0)
            status = run_set(broken, "--no-coordinator-profile", file);
        if (status == 0)
            status = run_set(broken, "--no-target-profiles", broken->path);
    } else if (status == 0) {
        status = run_set(broken, NULL, broken->path);
    }
    if (status == 0)
        status = note_deployed(broken);
    if (status != 0) {
        log_error(NULL, "The last deployment cannot be finished, so nothing is deployed");
        return -1;
    }
    json_object_set_new(broken->report, "action", json_string("finished"));
    return 0;
}
