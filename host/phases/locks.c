/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/phases/locks.h"

#include <string.h>

#include "host/calls/client-calls.h"
#include "host/record/recovery-report.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/client.h"
#include "lib/world/operations.h"

static void forget(struct state *state, const char *target)
{
    json_t *locks = state_locks(state), *name;
    size_t index;
    json_array_foreach(locks, index, name)
        if (json_is_string(name) && strcmp(json_string_value(name), target) == 0) {
            json_array_remove(locks, index);
            return;
        }
}

/* A lock that was refused is not ours, whatever becomes of this process. Of a call that has not ended nobody
 * knows. */
static void note_ended(void *closure, struct call *call)
{
    struct state *state = closure;
    if (!call->refused)
        return;
    forget(state, call->target);
    state_save(state);
}

static int add_call(struct calls *calls, const struct recovery *recovery, const struct manifest *new,
                    const char *name, const char *operation)
{
    const struct target *target = infrastructure_find(&new->infrastructure, name);
    struct call *call = target ? calls_add(calls, name) : NULL;
    if (target && !call)
        return -1;
    if (call)
        recovery_profile_arguments(&call->arguments, recovery, target, operation);
    return 0;
}

/* Takes those away that were refused, so that they can be asked for again. How many there are. */
static size_t take_away(const struct recovery *recovery, const struct manifest *new,
                        const struct calls *locks, json_t *report)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    json_t *mended = json_object_get(report, "recover");
    for (size_t i = 0; i < locks->count; i++) {
        if (!locks->items[i].refused
            || add_call(&calls, recovery, new, locks->items[i].target, "--unlock") != 0)
            continue;
        log_warning(locks->items[i].target, "Releasing the lock here, whosever it is");
        json_array_append_new(state_locks(recovery->state), json_string(locks->items[i].target));
    }
    if (calls.count == 0 || state_save(recovery->state) != 0)
        return 0;
    calls_run(&calls, call_deadline, true);
    if (!mended) {
        json_object_set_new(report, "recover", recovery_report_new());
        mended = json_object_get(report, "recover");
    }
    for (size_t i = 0; i < calls.count; i++)
        if (calls.items[i].done)
            recovery_report_released(mended, calls.items[i].target);
    return calls.count;
}

/* What releases the lock of a target, for a person to type; malloc()ed, NULL: it is not known. */
static char *unlock_command(const struct recovery *recovery, const struct manifest *new, const char *name)
{
    const struct target *target = infrastructure_find(&new->infrastructure, name);
    return target ? client_unlock_command(target, recovery->settings->profile) : NULL;
}

/* Who holds the lock of a target, if we do not, is not known, but since when we know. The end of
 * the phase saves it. */
static void note_foreign(const struct recovery *recovery, const struct manifest *new,
                         const struct calls *calls)
{
    json_t *before = json_object_get(recovery->state->root, "foreign"), *foreign = json_object();
    for (size_t i = 0; i < calls->count; i++) {
        const char *name = calls->items[i].target;
        const json_t *since = json_object_get(json_object_get(before, name), "since");
        CLEANUP_FREE char *command = calls->items[i].refused ? unlock_command(recovery, new, name) : NULL;
        if (calls->items[i].refused)
            json_object_set_new(foreign, name,
                                json_pack("{sI ss*}", "since",
                                          since ? json_integer_value(since) : (json_int_t)operations->clock(),
                                          "unlock", command));
    }
    json_object_set_new(recovery->state->root, "foreign", foreign);
}

static void tell_refused(const struct recovery *recovery, const struct manifest *new, const struct call *call,
                         const char *profile)
{
    CLEANUP_FREE char *command = call->refused ? unlock_command(recovery, new, call->target) : NULL;
    if (!call->refused || recovery->settings->release_stale_locks)
        log_error(call->target, "Cannot lock profile: %s", profile);
    else
        log_error(
            call->target,
            "Cannot lock profile: %s: somebody else holds the lock, and it stays. If nobody is at work: %s",
            profile, command ? command : "release it by hand, or use --release-stale-locks");
}

static bool all_done(const struct recovery *recovery, const struct manifest *new, const struct calls *calls,
                     json_t *report)
{
    json_t *hung = json_array();
    bool all = true;
    for (size_t i = 0; i < calls->count; i++) {
        const char *name = calls->items[i].target;
        const struct profile *profile = manifest_find_profile(new, name);
        if (calls->items[i].done)
            continue;
        all = false;
        tell_refused(recovery, new, &calls->items[i], profile ? profile->path : "");
        if (!calls->items[i].refused && !*recovery->stop)
            json_array_append_new(hung, json_string(name));
    }
    if (json_array_size(hung) > 0)
        json_object_set(report, "hung", hung);
    json_decref(hung);
    return all;
}

int locks_acquire(const struct recovery *recovery, const struct manifest *new, json_t *report)
{
    CLEANUP_FREE char *running = recovery_path(recovery, RUNNING);
    CLEANUP_CALLS struct calls calls = { .running = running,
                                         .ended = note_ended,
                                         .closure = recovery->state };
    json_t *locks = state_locks(recovery->state);
    for (size_t i = 0; i < new->profile_count; i++) {
        const struct profile *profile = &new->profiles[i];
        if (add_call(&calls, recovery, new, profile->target, "--lock") != 0)
            return -1;
        json_array_append_new(locks, json_string(profile->target));
        log_notice(profile->target, "Acquiring a lock on profile: %s", profile->path);
    }
    if (!running || state_save(recovery->state) != 0)
        return -1;
    calls_run(&calls, ask_deadline, false);
    if (recovery->settings->release_stale_locks && take_away(recovery, new, &calls, report) > 0)
        calls_run(&calls, ask_deadline, false);
    note_foreign(recovery, new, &calls);
    return all_done(recovery, new, &calls, report) ? 0 : -1;
}

int locks_release(const struct recovery *recovery, const struct manifest *new, json_t *absent)
{
    CLEANUP_FREE char *running = recovery_path(recovery, RUNNING);
    CLEANUP_CALLS struct calls calls = { .running = running };
    size_t index;
    json_t *name;
    json_array_foreach(state_locks(recovery->state), index, name) {
        const char *target = json_is_string(name) ? json_string_value(name) : "";
        const struct profile *profile = manifest_find_profile(new, target);
        if (!profile || add_call(&calls, recovery, new, profile->target, "--unlock") != 0)
            continue;
        log_notice(target, "Releasing a lock on profile: %s", profile->path);
    }
    calls_release(&calls);
    bool all = true;
    for (size_t i = 0; i < calls.count; i++) {
        const struct profile *profile = manifest_find_profile(new, calls.items[i].target);
        if (!calls.items[i].done && !absent)
            log_error(calls.items[i].target, "Cannot unlock profile: %s", profile ? profile->path : "");
        all = all && calls.items[i].done;
        const bool gone = absent && !calls.items[i].done && calls.items[i].refused;
        if (gone)
            json_object_set_new(absent, calls.items[i].target, json_true());
        if (calls.items[i].done || gone)
            forget(recovery->state, calls.items[i].target);
    }
    return state_save(recovery->state) == 0 && all ? 0 : -1;
}
