/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * On to the new deployment, that had begun to set profiles: services are active, and state has moved.
 */
#include "host/unfinished/settle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/calls/client-calls.h"
#include "host/calls/resend.h"
#include "host/calls/stages.h"
#include "host/copies/survivors.h"
#include "host/unfinished/leftovers.h"
#include "lib/base/cleanup.h"
#include "lib/model/client.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

static int write_manifest(struct manifest *manifest, const char *file)
{
    CLEANUP_BUFFER xmlBufferPtr text = manifest_write(manifest);
    if (text
        && operations->write(file, (const char *)xmlBufferContent(text), (size_t)xmlBufferLength(text), 0600)
               == 0)
        return 0;
    log_error(NULL, "%s: %s", file, text ? strerror(errno) : "out of memory");
    return -1;
}

/* Its exit status, as of stage_run(). */
static int run_set(const struct unfinished *unfinished, const char *option, const char *manifest)
{
    int status = -1;
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    arguments_add(&arguments, "disnix-set");
    if (option)
        arguments_add(&arguments, option);
    stage_profile_options(&arguments, unfinished->recovery->settings);
    arguments_add(&arguments, manifest);
    CLEANUP_FREE char *transcript = recovery_path(unfinished->recovery, RUNNING "/disnix-set");
    const struct stage_program program = {
        .arguments = &arguments, .show = true, .transcript = transcript, .deadline = set_deadline
    };
    if (transcript)
        stage_run(unfinished->recovery->settings, &program, NULL, NULL, &status);
    return status;
}

static void leave_profile(const struct unfinished *unfinished, const struct target *target, const char *path)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    client_arguments(&arguments, target, "--set");
    arguments_add(&arguments, path);
    arguments_option(&arguments, "--profile", unfinished->recovery->settings->profile);
    leftovers_leave(unfinished, target, &(struct leftover){ .what = "set", .arguments = &arguments });
}

/* Takes profiles out of the new manifest: those of targets that do not answer are set when they do, those
 * where somebody else has deployed are not. */
static bool drop_profiles(struct unfinished *unfinished)
{
    size_t kept = 0, before = unfinished->new.profile_count;
    for (size_t i = 0; i < before; i++) {
        const struct profile profile = unfinished->new.profiles[i];
        const struct target *target = infrastructure_find(&unfinished->new.infrastructure, profile.target);
        if (!target || unfinished_is_ours(unfinished, profile.target))
            unfinished->new.profiles[kept++] = profile;
        else if (!unfinished_answers(unfinished, profile.target))
            leave_profile(unfinished, target, profile.path);
    }
    unfinished->new.profile_count = kept;
    return kept < before;
}

/* The manifest is deployed on the targets that answer. */
static int note_deployed(const struct unfinished *unfinished)
{
    const struct infrastructure *all = &unfinished->new.infrastructure;
    CLEANUP_FREE struct target *targets = calloc(all->count + 1, sizeof *targets);
    struct infrastructure reached = { .targets = targets };
    for (size_t i = 0; targets && i < all->count; i++)
        if (unfinished_is_ours(unfinished, all->targets[i].name))
            targets[reached.count++] = all->targets[i];
    if (!targets)
        return -1;
    state_deployed(unfinished->recovery->state, unfinished->path, &reached);
    survivors_deployed(unfinished->recovery->state->root, &unfinished->new, &reached);
    leftovers_forget(unfinished->recovery->state, &reached, &unfinished->new);
    return 0;
}

/* Asks every target for the profile that it has. */
static void ask_profiles(const struct unfinished *unfinished, struct calls *calls)
{
    CLEANUP_FREE char *link = target_profile_path(unfinished->recovery->settings->profile);
    for (size_t i = 0; link && i < unfinished->new.profile_count; i++) {
        struct profile *profile = &unfinished->new.profiles[i];
        const struct target *target = infrastructure_find(&unfinished->new.infrastructure, profile->target);
        struct call *call = target ? calls_add(calls, profile->target) : NULL;
        if (!call)
            continue;
        client_arguments(&call->arguments, target, "--query-requisites");
        arguments_add(&call->arguments, link);
        call->closure = profile;
    }
    calls_run(calls, ask_deadline, true);
}

/* Those that could not be set are left to later, as those that do not answer. hang: and are left out of the
 * next deployments, which would wait for them. 0, or -1: not one could be set. */
static int leave_unset(struct unfinished *unfinished, bool hang)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    size_t unset = 0;
    ask_profiles(unfinished, &calls);
    for (size_t i = 0; i < calls.count; i++) {
        const struct profile *profile = calls.items[i].closure;
        if (calls.items[i].done && unfinished_is_profile(calls.items[i].output, profile->path))
            continue;
        unset++;
        log_warning(profile->target, "its profile cannot be set, and is set later");
        leave_profile(unfinished, infrastructure_find(&unfinished->new.infrastructure, profile->target),
                      profile->path);
        if (hang)
            unfinished_silence(unfinished, profile->target);
        json_object_set_new(unfinished->silent, profile->target, json_true());
    }
    return unset < calls.count ? 0 : -1;
}

/* Those that fail to get their closures fail to be set, too. */
static int set_profiles(struct unfinished *unfinished)
{
    CLEANUP_FREE char *file = recovery_path(unfinished->recovery, "set.xml");
    CLEANUP_FREE char *transcript = recovery_path(unfinished->recovery, RUNNING "/disnix-distribute");
    if (!file || !transcript)
        return -1;
    unfinished_find_replaced(unfinished);
    bool whole = !drop_profiles(unfinished);
    if (!whole && write_manifest(&unfinished->new, file) != 0)
        return -1;
    const char *manifest = whole ? unfinished->path : file;
    resend_profiles(unfinished->recovery, manifest, transcript);
    int status = run_set(unfinished, "--no-coordinator-profile", manifest);
    if (status != 0 && leave_unset(unfinished, status == STAGE_HUNG) != 0)
        return -1;
    return run_set(unfinished, "--no-target-profiles", unfinished->path);
}

int unfinished_finish(struct unfinished *unfinished)
{
    int status = 0;
    log_notice(NULL, "Finishing the last deployment...");
    if (unfinished->phase < DEPLOYMENT_RELEASING)
        status = set_profiles(unfinished);
    if (status == 0)
        status = note_deployed(unfinished);
    if (status != 0) {
        log_error(NULL, "The last deployment cannot be finished, so nothing is deployed");
        return -1;
    }
    json_object_set_new(unfinished->report, "action", json_string("finished"));
    return 0;
}
