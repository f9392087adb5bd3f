/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * On to the new deployment, that had begun to set profiles: services are active, and state has moved.
 */
#include "broken.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "client.h"
#include "operations.h"
#include "stages.h"
#include "survivors.h"

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

static int run_set(const struct broken *broken, const char *option, const char *manifest)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    arguments_add(&arguments, "disnix-set");
    if (option)
        arguments_add(&arguments, option);
    profile_options(&arguments, broken->recovery->settings);
    arguments_add(&arguments, manifest);
    CLEANUP_FREE char *transcript = broken_path(broken->recovery, RUNNING "/disnix-set");
    const struct stage_program program = { .arguments = &arguments, .show = true, .transcript = transcript };
    return transcript ? stage_run(broken->recovery->settings, &program, NULL, NULL, NULL) : -1;
}

/* Takes profiles out of the new manifest: those of targets that do not answer are set when they do, those where somebody
 * else has deployed are not. */
static bool drop_profiles(struct broken *broken)
{
    size_t kept = 0, before = broken->new.profile_count;
    for (size_t i = 0; i < before; i++) {
        const struct profile profile = broken->new.profiles[i];
        const struct target *target = infrastructure_find(&broken->new.infrastructure, profile.target);
        CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
        if (!target || broken_is_ours(broken, profile.target)) {
            broken->new.profiles[kept++] = profile;
            continue;
        }
        if (broken_answers(broken, profile.target))
            continue;
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
        if (broken_is_ours(broken, all->targets[i].name))
            targets[reached.count++] = all->targets[i];
    if (!targets)
        return -1;
    state_deployed(broken->recovery->state, broken->path, &reached);
    survivors_deployed(broken->recovery->state->root, &broken->new, &reached);
    return 0;
}

static int set_profiles(struct broken *broken)
{
    CLEANUP_FREE char *file = broken_path(broken->recovery, "set.xml");
    if (!file)
        return -1;
    if (!drop_profiles(broken))
        return run_set(broken, NULL, broken->path);
    if (write_manifest(&broken->new, file) != 0 || run_set(broken, "--no-coordinator-profile", file) != 0)
        return -1;
    return run_set(broken, "--no-target-profiles", broken->path);
}

int broken_finish(struct broken *broken)
{
    int status = 0;
    log_notice(NULL, "Finishing the last deployment...");
    if (broken->phase < DEPLOYMENT_RELEASING)
        status = set_profiles(broken);
    if (status == 0)
        status = note_deployed(broken);
    if (status != 0) {
        log_error(NULL, "The last deployment cannot be finished, so nothing is deployed");
        return -1;
    }
    json_object_set_new(broken->report, "action", json_string("finished"));
    return 0;
}
