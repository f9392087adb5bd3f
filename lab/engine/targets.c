/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/engine/targets.h"

#include "lab/engine/workers.h"
#include "lib/model/client.h"
#include "lib/world/operations.h"

const struct target *profile_machine(const struct deployment *deployment, size_t i)
{
    return infrastructure_find(&deployment->manifest.infrastructure, deployment->manifest.profiles[i].target);
}

static bool is_target_wanted(void *closure, size_t i)
{
    const struct target_calls *calls = closure;
    return !calls->wanted || calls->wanted[i];
}

static int call_target(void *closure, size_t i)
{
    const struct target_calls *calls = closure;
    const struct profile *profile = &calls->deployment->manifest.profiles[i];
    const struct target *machine = profile_machine(calls->deployment, i);
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    if (!machine)
        return -1;
    announce(profile->target, "%s: %s", calls->doing, profile->path);
    client_arguments(&arguments, machine, calls->operation);
    if (calls->with_path)
        arguments_add(&arguments, profile->path);
    arguments_option(&arguments, "--profile", calls->deployment->profile);
    return client_call(&arguments, profile->target, NULL);
}

static void note_result(void *closure, size_t i, bool success)
{
    const struct target_calls *calls = closure;
    const struct profile *profile = &calls->deployment->manifest.profiles[i];
    if (!success)
        log_error(profile->target, "%s: %s", calls->complaint, profile->path);
    if (calls->done)
        calls->done[i] = success;
}

bool target_calls_run(struct target_calls *calls)
{
    const struct workers workers = {
        .count = calls->deployment->manifest.profile_count,
        .admit = is_target_wanted,
        .work = call_target,
        .done = note_result,
        .closure = calls,
    };
    return workers_run(&workers);
}
