/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/unfinished/settle.h"

#include <string.h>

#include "host/calls/calls.h"
#include "host/phases/late.h"
#include "host/phases/locks.h"
#include "host/presence/hung.h"
#include "host/record/mended.h"
#include "host/unfinished/leftovers.h"
#include "host/unfinished/recover.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/manifest/previous.h"
#include "lib/model/client.h"
#include "lib/world/operations.h"

static const int64_t look_again = 100; /* milliseconds, while another deployment runs */

struct waiting {
    const struct recovery *recovery;
    bool told;
};

/* The loop that read what it prints is gone. */
static void empty_both(const char *file)
{
    CLEANUP_FREE char *errors = string_format("%s.err", file);
    state_transcript_empty(file);
    if (errors)
        state_transcript_empty(errors);
}

/* What such a process has started may hold its standard error for as long as it likes, as a master of ssh does. */
static int wait_for_one(void *closure, const char *name)
{
    struct waiting *waiting = closure;
    const struct recovery *recovery = waiting->recovery;
    CLEANUP_FREE char *file = string_format("%s/" RUNNING "/%s", recovery->directory, name);
    size_t length = strlen(name), end = strlen(".err");
    if (file)
        state_transcript_empty(file);
    if (length > end && strcmp(name + length - end, ".err") == 0)
        return 0;
    while (file && state_transcript_is_open(file) && !*recovery->stop) {
        if (!waiting->told)
            log_notice(NULL, "A deployment that was begun before still runs, waiting for its end...");
        waiting->told = true;
        empty_both(file);
        operations->sleep(look_again);
    }
    return 0;
}

int recover_wait(const struct recovery *recovery)
{
    CLEANUP_FREE char *running = recovery_path(recovery, RUNNING);
    struct waiting waiting = { recovery, false };
    if (running)
        operations->list(running, wait_for_one, &waiting);
    if (!*recovery->stop)
        return 0;
    log_error(NULL, "interrupted while waiting for a deployment that was begun before");
    return -1;
}

/* Notes which targets do not answer. */
static int ask_targets(struct broken *broken, const struct infrastructure *infrastructure)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    for (size_t i = 0; i < infrastructure->count; i++) {
        const char *name = infrastructure->targets[i].name;
        struct call *call = calls_add(&calls, name);
        if (!call)
            return -1;
        recovery_profile_arguments(&call->arguments, broken->recovery, broken_target(broken, name), "--query-installed");
    }
    calls_run(&calls, ask_deadline, true);
    for (size_t i = 0; i < calls.count; i++)
        if (!calls.items[i].done)
            json_object_set_new(broken->silent, calls.items[i].target, json_true());
    return 0;
}

static int ask_all(struct broken *broken)
{
    if (ask_targets(broken, &broken->new.infrastructure) == 0
        && (!broken->old || ask_targets(broken, &broken->old->infrastructure) == 0))
        return 0;
    log_error(NULL, "out of memory");
    return -1;
}

/* Ours are those that the state tells of. On a target that does not answer it is left to when it does. */
static int release_locks(const struct broken *broken)
{
    CLEANUP_JSON json_t *names = json_copy(state_locks(broken->recovery->state)), *mine = json_array();
    size_t index;
    json_t *name;
    json_array_foreach(names, index, name) {
        const char *lock = json_is_string(name) ? json_string_value(name) : "";
        const struct target *target = infrastructure_find(&broken->new.infrastructure, lock);
        CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
        if (!target || json_object_get(broken->overtaken, lock))
            continue;
        if (broken_answers(broken, lock)) {
            json_array_append(mine, name);
            mended_released(broken->report, lock);
            continue;
        }
        recovery_profile_arguments(&arguments, broken->recovery, target, "--unlock");
        leftovers_leave(broken, target, &(struct leftover){ .what = "unlock", .arguments = &arguments });
    }
    json_array_clear(state_locks(broken->recovery->state));
    json_array_extend(state_locks(broken->recovery->state), mine);
    if (state_save(broken->recovery->state) != 0)
        return -1;
    locks_release(broken->recovery, &broken->new, false);
    return 0;
}

/* What the deployment itself has changed. */
static int undo_changes(const struct broken *broken)
{
    if (broken->phase < DEPLOYMENT_ACTIVATING)
        return 0;
    if (broken_rescue(broken, false) != 0)
        return -1;
    if (broken->activation == ACTIVATION_ROLLED_BACK)
        broken_make_active(broken);
    return broken->activation == ACTIVATION_ROLLED_BACK || broken->previous_lost ? 0 : broken_undo(broken);
}

static int undo(const struct broken *broken, const json_t *record)
{
    int status = undo_changes(broken);
    return late_undo(broken, record, status == 0) == 0 ? status : -1;
}

/* disnix-distribute was ended: it asks each target for paths, and has no deadline. Who still does not answer that is left
 * out, or the next deployment would wait as long. */
static void find_hung(const struct broken *broken)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    for (size_t i = 0; i < broken->new.profile_count; i++) {
        const struct profile *profile = &broken->new.profiles[i];
        const struct target *target = broken_target(broken, profile->target);
        struct call *call = target ? calls_add(&calls, target->name) : NULL;
        if (!call)
            continue;
        client_arguments(&call->arguments, target, "--print-invalid");
        arguments_add(&call->arguments, profile->path);
    }
    calls_run(&calls, ask_deadline, true);
    for (size_t i = 0; i < calls.count; i++)
        if (!calls.items[i].done && !calls.items[i].refused)
            hung_leave_out(broken->recovery->state->root, calls.items[i].target, operations->clock());
}

static int settle(struct broken *broken, const json_t *record)
{
    if (broken->phase < DEPLOYMENT_LOCKING) {
        if (broken->phase == DEPLOYMENT_DISTRIBUTING && phase_status(record, DEPLOYMENT_DISTRIBUTING) < 0)
            find_hung(broken);
        return 0;
    }
    if (ask_all(broken) != 0)
        return -1;
    broken_find_overtaken(broken);
    if (release_locks(broken) != 0)
        return -1;
    return broken->phase >= DEPLOYMENT_SETTING ? broken_finish(broken) : undo(broken, record);
}

/* How it ended, as far as that is known. */
static void read_end(struct broken *broken, const json_t *record)
{
    broken->phase = phase_last(record);
    broken->activation = phase_status(record, DEPLOYMENT_ACTIVATING);
    int status = phase_status(record, broken->phase);
    json_object_set_new(broken->report, "phase", json_string(phase_name(broken->phase)));
    if (status >= 0)
        json_object_set_new(broken->report, "status", json_integer(status));
    log_notice(NULL, "The last deployment did not end well: its last phase was '%s'", phase_name(broken->phase));
}

/* 1: there is no such manifest any more, as on a coordinator that has lost its store. */
static int read_one(const char *path, struct strings *strings, struct manifest *manifest)
{
    CLEANUP_FREE char *reason = NULL;
    enum manifest_reading outcome = manifest_read(path, strings, manifest, &reason);
    if (outcome == MANIFEST_READ)
        return 0;
    log_warning(NULL, "%s", reason ? reason : "out of memory");
    return outcome == MANIFEST_ABSENT ? 1 : -1;
}

static int read_manifests(struct broken *broken, const json_t *record)
{
    const char *previous = json_string_value(json_object_get(record, "previous"));
    broken->path = json_string_value(json_object_get(record, "new"));
    int status = broken->path ? read_one(broken->path, broken->recovery->strings, &broken->new) : 1;
    int lost = status == 0 && previous ? read_one(previous, broken->recovery->strings, &broken->previous) : 0;
    broken->old = status == 0 && previous && lost == 0 ? &broken->previous : NULL;
    broken->previous_lost = lost > 0;
    if (status > 0 || lost > 0)
        log_warning(NULL, "The last deployment did not end well, and its manifests are gone: it is not undone");
    if (status > 0)
        json_object_del(broken->recovery->state->root, "deployed"); /* then nothing is known of it */
    return lost < 0 ? -1 : status;
}

static int settle_record(const struct recovery *recovery, const json_t *record, json_t *report)
{
    struct broken broken = { .recovery = recovery, .report = report, .silent = json_object(),
                             .overtaken = json_object() };
    manifest_init(&broken.previous, recovery->strings);
    manifest_init(&broken.new, recovery->strings);
    int status = broken.silent && broken.overtaken ? read_manifests(&broken, record) : -1;
    if (status == 0) {
        read_end(&broken, record);
        status = settle(&broken, record);
    }
    if (status >= 0)
        status = recovery_forget(recovery);
    manifest_clear(&broken.previous);
    manifest_clear(&broken.new);
    json_decref(broken.silent);
    json_decref(broken.overtaken);
    return status;
}

int recover(const struct recovery *recovery, json_t **report)
{
    CLEANUP_JSON json_t *record = json_incref(json_object_get(recovery->state->root, "deployment"));
    *report = record ? mended_new() : NULL;
    return record ? settle_record(recovery, record, *report) : 0;
}

int recover_leftovers(const struct recovery *recovery, const struct infrastructure *model, json_t **report)
{
    *report = NULL;
    if (leftovers_due(recovery->state, model, operations->clock()) != 0)
        return 0;
    *report = mended_new();
    if (!leftovers_settle(recovery, model, *report)) {
        json_decref(*report);
        *report = NULL;
    }
    return state_save(recovery->state);
}

static void add_releases(struct calls *calls, const struct recovery *recovery, const struct manifest *manifest,
                         const struct manifest *other)
{
    for (size_t i = 0; i < manifest->infrastructure.count; i++) {
        const struct target *target = &manifest->infrastructure.targets[i];
        bool doubled = other && infrastructure_find(&other->infrastructure, target->name);
        struct call *call = doubled ? NULL : calls_add(calls, target->name);
        if (call)
            recovery_profile_arguments(&call->arguments, recovery, target, "--unlock");
    }
}

/* Also where the new manifest has nothing any more. */
static void release_all(const struct recovery *recovery, const struct manifest *previous, const struct manifest *new,
                        json_t *report)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    log_notice(NULL, "Releasing all locks, whosever they are...");
    add_releases(&calls, recovery, new, NULL);
    if (previous)
        add_releases(&calls, recovery, previous, new);
    calls_run(&calls, call_deadline, true);
    for (size_t i = 0; i < calls.count; i++)
        if (calls.items[i].done)
            mended_released(report, calls.items[i].target);
}

void recover_unknown(const struct recovery *recovery, const struct manifest *previous, const struct manifest *new,
                     json_t **report)
{
    *report = NULL;
    if (state_knows_deployment(recovery->state) || (!previous && !recovery->settings->release_stale_locks))
        return;
    *report = mended_new();
    if (recovery->settings->release_stale_locks)
        release_all(recovery, previous, new, *report);
    if (previous)
        rescue_all(previous, new, *report);
}
