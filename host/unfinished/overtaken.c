/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where somebody else has deployed since: another coordinator, that took over when this one was lost in the
 * middle. What it has left there tells more than what this one knows; elsewhere this one's deployment is
 * settled all the same.
 */
#include <string.h>

#include "host/calls/client-calls.h"
#include "host/record/recovery-report.h"
#include "host/unfinished/leftovers.h"
#include "host/unfinished/settle.h"
#include "lib/base/cleanup.h"
#include "lib/base/switch.h"
#include "lib/model/client.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

bool unfinished_is_profile(const char *requisites, const char *profile)
{
    const char *last = strrchr(requisites, '\n');
    return strcmp(last ? last + 1 : requisites, profile) == 0;
}

static bool is_known(const struct unfinished *unfinished, const char *target, const char *requisites)
{
    const struct profile *after = manifest_find_profile(&unfinished->new, target);
    const struct profile *before = manifest_find_profile(unfinished->old, target);
    return (after && unfinished_is_profile(requisites, after->path))
           || (before && unfinished_is_profile(requisites, before->path));
}

/* Those of which the previous manifest says what profile they had. */
static void ask(const struct unfinished *unfinished, const char *path, struct calls *calls)
{
    for (size_t i = 0; i < unfinished->old->profile_count; i++) {
        const char *name = unfinished->old->profiles[i].target;
        const struct target *target = infrastructure_find(&unfinished->old->infrastructure, name);
        struct call *call = target && unfinished_answers(unfinished, name) ? calls_add(calls, name) : NULL;
        if (!call)
            continue;
        client_arguments(&call->arguments, target, "--query-requisites");
        arguments_add(&call->arguments, path);
    }
    calls_run(calls, ask_deadline, true);
}

void unfinished_find_overtaken(struct unfinished *unfinished)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    CLEANUP_FREE char *path = target_profile_path(unfinished->recovery->settings->profile);
    if (!unfinished->old || !path)
        return;
    ask(unfinished, path, &calls);
    for (size_t i = 0; i < calls.count; i++) {
        const struct call *call = &calls.items[i];
        if (!call->done || !*call->output || is_known(unfinished, call->target, call->output)
            || leftovers_owe_profile(unfinished->recovery->state, call->target))
            continue;
        log_warning(call->target,
                    "somebody else has deployed to it since: it is left as it is, and so is its lock");
        json_object_set_new(unfinished->overtaken, call->target, json_true());
        recovery_report_overtaken(unfinished->report, call->target);
    }
}

bool unfinished_ask_missing(const struct unfinished *unfinished, const struct manifest *manifest,
                            const json_t *among, struct calls *calls)
{
    for (size_t i = 0; i < manifest->profile_count; i++) {
        struct profile *profile = &manifest->profiles[i];
        const bool asked = unfinished_is_ours(unfinished, profile->target)
                           && (!among || json_object_get(among, profile->target));
        const struct target *target = asked ? unfinished_target(unfinished, profile->target) : NULL;
        struct call *call = target ? calls_add(calls, target->name) : NULL;
        if (!call)
            continue;
        client_arguments(&call->arguments, target, "--print-invalid");
        arguments_add(&call->arguments, profile->path);
        call->closure = profile;
    }
    calls_run(calls, ask_deadline, true);
    bool hung = false;
    for (size_t i = 0; i < calls->count; i++)
        hung = hung || calls->items[i].hung;
    return hung;
}

void unfinished_find_replaced(const struct unfinished *unfinished)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    if (!SWITCH(REPLACED))
        return;
    unfinished_ask_missing(unfinished, &unfinished->new, unfinished->unlocked, &calls);
    for (size_t i = 0; i < calls.count; i++) {
        const struct profile *profile = calls.items[i].closure;
        if (!calls.items[i].done || strcmp(calls.items[i].output, profile->path) != 0)
            continue;
        log_warning(profile->target, "has another disk, on which nothing was begun: its profile is not set");
        json_object_set_new(unfinished->overtaken, profile->target, json_true());
        recovery_report_overtaken(unfinished->report, profile->target);
    }
}
