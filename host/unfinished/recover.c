/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/unfinished/settle.h"

#include <errno.h>
#include <string.h>

#include "host/calls/client-calls.h"
#include "host/calls/resend.h"
#include "host/calls/stages.h"
#include "host/phases/late.h"
#include "host/phases/locks.h"
#include "host/presence/hung.h"
#include "host/presence/refusals.h"
#include "host/record/recovery-report.h"
#include "host/unfinished/leftovers.h"
#include "host/unfinished/recover.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/base/switch.h"
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

/* What such a process has started may hold its standard error for as long as it likes, as a master of ssh
 * does. */
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
    if (!running || (operations->list(running, wait_for_one, &waiting) != 0 && errno != ENOENT))
        log_error(NULL, "%s: %s", running ? running : RUNNING, strerror(errno));
    else if (*recovery->stop)
        log_error(NULL, "interrupted while waiting for a deployment that was begun before");
    else
        return 0;
    return -1;
}

/* Notes which targets do not answer. */
static int ask_targets(struct unfinished *unfinished, const struct infrastructure *infrastructure)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    for (size_t i = 0; i < infrastructure->count; i++) {
        const char *name = infrastructure->targets[i].name;
        struct call *call = calls_add(&calls, name);
        if (!call)
            return -1;
        recovery_profile_arguments(&call->arguments, unfinished->recovery,
                                   unfinished_target(unfinished, name), "--query-installed");
    }
    calls_run(&calls, ask_deadline, true);
    for (size_t i = 0; i < calls.count; i++)
        if (!calls.items[i].done)
            json_object_set_new(unfinished->silent, calls.items[i].target, json_true());
    return 0;
}

static int ask_all(struct unfinished *unfinished)
{
    if (ask_targets(unfinished, &unfinished->new.infrastructure) == 0
        && (!unfinished->old || ask_targets(unfinished, &unfinished->old->infrastructure) == 0))
        return 0;
    log_error(NULL, "out of memory");
    return -1;
}

static void leave_lock(const struct unfinished *unfinished, const struct target *target)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    recovery_profile_arguments(&arguments, unfinished->recovery, target, "--unlock");
    leftovers_leave(unfinished, target, &(struct leftover){ .what = "unlock", .arguments = &arguments });
}

/* Of these those that the state still tells of are on targets that hang. */
static void take_released(const struct unfinished *unfinished, const json_t *locks)
{
    const json_t *left = state_locks(unfinished->recovery->state);
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)locks, index, name) {
        const char *lock = json_string_value(name);
        if (!json_list_has(left, lock)) {
            recovery_report_released(unfinished->report, lock);
            continue;
        }
        leave_lock(unfinished, infrastructure_find(&unfinished->new.infrastructure, lock));
        unfinished_silence(unfinished, lock);
    }
}

/* Ours are those that the state tells of. On a target that does not answer it is left to when it does. */
static int release_locks(const struct unfinished *unfinished)
{
    CLEANUP_JSON json_t *names = json_copy(state_locks(unfinished->recovery->state)), *mine = json_array();
    size_t index;
    json_t *name;
    json_array_foreach(names, index, name) {
        const char *lock = json_is_string(name) ? json_string_value(name) : "";
        const struct target *target = infrastructure_find(&unfinished->new.infrastructure, lock);
        if (!target || json_object_get(unfinished->overtaken, lock))
            continue;
        if (unfinished_answers(unfinished, lock))
            json_array_append(mine, name);
        else
            leave_lock(unfinished, target);
    }
    json_array_clear(state_locks(unfinished->recovery->state));
    json_array_extend(state_locks(unfinished->recovery->state), mine);
    if (state_save(unfinished->recovery->state) != 0)
        return -1;
    locks_release(unfinished->recovery, &unfinished->new, unfinished->unlocked);
    take_released(unfinished, mine);
    return 0;
}

/* Who has not got all may have waited for another one, or another one has refused it: it is sent to each
 * alone. */
static void send_alone(const struct unfinished *unfinished, struct calls *calls, int64_t deadline)
{
    for (size_t i = 0; i < calls->count && !*unfinished->recovery->stop; i++) {
        struct call *call = &calls->items[i];
        const struct profile *profile = call->closure;
        if (!call->done || !*call->output)
            continue;
        int status = resend_path(unfinished->recovery, unfinished_target(unfinished, call->target),
                                 profile->path, unfinished->new.version, deadline);
        call->hung = status == STAGE_HUNG;
        call->refused = status > 0 && resend_is_possible(profile->path);
    }
}

/* Nix may have collected on a target what no profile there leads to yet, and without which nothing can be
 * saved, stopped or started there. */
static void send_collected(const struct unfinished *unfinished, const struct manifest *manifest)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    unfinished_ask_missing(unfinished, manifest, NULL, &calls);
    if (SWITCH(RESEND))
        send_alone(unfinished, &calls, call_deadline);
    unfinished_note_hung(unfinished, &calls);
}

/* What the deployment itself has changed. */
static int undo_changes(const struct unfinished *unfinished)
{
    if (unfinished->phase < DEPLOYMENT_ACTIVATING)
        return 0;
    leftovers_begin_undo(unfinished);
    send_collected(unfinished, &unfinished->new);
    if (unfinished->old)
        send_collected(unfinished, unfinished->old);
    if (unfinished_rescue(unfinished, false) != 0)
        return -1;
    if (unfinished->activation == ACTIVATION_ROLLED_BACK)
        return unfinished_go_back_again(unfinished);
    return unfinished->previous_lost ? 0 : unfinished_undo(unfinished);
}

static int undo(const struct unfinished *unfinished, const json_t *record)
{
    int status = undo_changes(unfinished);
    return late_undo(unfinished, record, status == 0) == 0 ? status : -1;
}

/* Whether something with state lives there, as far as anybody knows. */
static bool has_state(const struct unfinished *unfinished, const char *target)
{
    const struct manifest *old = unfinished->old;
    for (size_t i = 0; old && i < old->snapshot_mapping_count; i++)
        if (strcmp(old->snapshot_mappings[i].target, target) == 0)
            return true;
    return unfinished->previous_lost;
}

/* disnix-distribute has failed: who has not taken its closure alone either is the reason, or who does not
 * even tell what it lacks; of whom the reconstruction knows that already, that is noted. */
static void note_refusals(const struct unfinished *unfinished, const struct calls *calls)
{
    json_t *state = unfinished->recovery->state->root;
    CLEANUP_JSON json_t *mute = json_pack("{s[]}", "hung");
    for (size_t i = 0; i < calls->count; i++) {
        const struct call *call = &calls->items[i];
        if (call->refused && call->done)
            refusals_closures(state, call->target, calls->count, has_state(unfinished, call->target),
                              operations->clock());
        else if ((call->refused || call->lost) && !state_is_silent(unfinished->recovery->state, call->target))
            json_list_add(json_object_get(mute, "hung"), call->target);
    }
    hung_note(state, NULL, mute, operations->clock());
}

/* Who hangs in what disnix-distribute does is left out, or the next deployment would wait as long. status:
 * its own; negative: it was ended. 0, or -1: interrupted, and the next cycle asks. */
static int find_culprits(const struct unfinished *unfinished, int status)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    if (!unfinished_ask_missing(unfinished, &unfinished->new, NULL, &calls) && status != -1)
        send_alone(unfinished, &calls, status > 0 ? call_deadline : set_deadline);
    if (*unfinished->recovery->stop)
        return -1;
    for (size_t i = 0; i < calls.count; i++)
        if (calls.items[i].hung)
            hung_leave_out(unfinished->recovery->state->root, calls.items[i].target, NULL, 0,
                           operations->clock());
    if (status > 0)
        note_refusals(unfinished, &calls);
    return 0;
}

/* Those for which a program was ended are left out for at least as long as they were waited for; once. */
static void leave_out_hung(const struct unfinished *unfinished, json_t *record)
{
    json_t *seconds;
    const char *name;
    json_object_foreach(json_object_get(record, "hung"), name, seconds)
        if (unfinished_target(unfinished, name))
            hung_leave_out(unfinished->recovery->state->root, name, NULL, json_integer_value(seconds),
                           operations->clock());
    json_object_del(record, "hung");
}

static int settle(struct unfinished *unfinished, json_t *record)
{
    if (unfinished->phase < DEPLOYMENT_LOCKING) {
        int status = phase_status(record, DEPLOYMENT_DISTRIBUTING);
        bool wrong = unfinished->phase == DEPLOYMENT_DISTRIBUTING && status != 0;
        return wrong && (status < 0 || SWITCH(REFUSED)) ? find_culprits(unfinished, status) : 0;
    }
    leave_out_hung(unfinished, record);
    if (ask_all(unfinished) != 0)
        return -1;
    unfinished_find_overtaken(unfinished);
    if (release_locks(unfinished) != 0)
        return -1;
    int status =
        unfinished->phase >= DEPLOYMENT_SETTING ? unfinished_finish(unfinished) : undo(unfinished, record);
    return *unfinished->recovery->stop ? -1 : status; /* calls that were interrupted tell nothing */
}

/* How it ended, as far as that is known. */
static void read_end(struct unfinished *unfinished, const json_t *record)
{
    unfinished->phase = phase_last(record);
    unfinished->activation = phase_status(record, DEPLOYMENT_ACTIVATING);
    int status = phase_status(record, unfinished->phase);
    json_object_set_new(unfinished->report, "phase", json_string(phase_name(unfinished->phase)));
    if (status >= 0)
        json_object_set_new(unfinished->report, "status", json_integer(status));
    log_notice(NULL, "The last deployment did not end well: its last phase was '%s'",
               phase_name(unfinished->phase));
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

static int read_manifests(struct unfinished *unfinished, const json_t *record)
{
    const char *previous = json_string_value(json_object_get(record, "previous"));
    unfinished->path = json_string_value(json_object_get(record, "new"));
    int status =
        unfinished->path ? read_one(unfinished->path, unfinished->recovery->strings, &unfinished->new) : 1;
    int lost = status == 0 && previous
                   ? read_one(previous, unfinished->recovery->strings, &unfinished->previous)
                   : 0;
    unfinished->old = status == 0 && previous && lost == 0 ? &unfinished->previous : NULL;
    unfinished->previous_lost = lost > 0;
    if (status > 0 || lost > 0)
        log_warning(NULL,
                    "The last deployment did not end well, and its manifests are gone: it is not undone");
    if (status > 0)
        json_object_del(unfinished->recovery->state->root, "deployed"); /* then nothing is known of it */
    return lost < 0 ? -1 : status;
}

static int settle_record(const struct recovery *recovery, json_t *record, json_t *report)
{
    struct unfinished unfinished = { .recovery = recovery,
                                     .report = report,
                                     .silent = json_object(),
                                     .unlocked = json_object(),
                                     .overtaken = json_object() };
    manifest_init(&unfinished.previous, recovery->strings);
    manifest_init(&unfinished.new, recovery->strings);
    int status = unfinished.silent && unfinished.unlocked && unfinished.overtaken
                     ? read_manifests(&unfinished, record)
                     : -1;
    if (status == 0) {
        read_end(&unfinished, record);
        status = settle(&unfinished, record);
    }
    if (status >= 0)
        status = recovery_forget(recovery);
    manifest_clear(&unfinished.previous);
    manifest_clear(&unfinished.new);
    json_decref(unfinished.silent);
    json_decref(unfinished.unlocked);
    json_decref(unfinished.overtaken);
    return status;
}

int recover(const struct recovery *recovery, json_t **report)
{
    CLEANUP_JSON json_t *record = json_incref(json_object_get(recovery->state->root, "deployment"));
    *report = record ? recovery_report_new() : NULL;
    return record ? settle_record(recovery, record, *report) : 0;
}

int recover_leftovers(const struct recovery *recovery, const struct infrastructure *model, json_t **report)
{
    *report = NULL;
    if (leftovers_due(recovery->state, model, operations->clock()) != 0)
        return 0;
    *report = recovery_report_new();
    if (!leftovers_settle(recovery, model, *report)) {
        json_decref(*report);
        *report = NULL;
    }
    return state_save(recovery->state);
}

static void add_releases(struct calls *calls, const struct recovery *recovery,
                         const struct manifest *manifest, const struct manifest *other)
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
static void release_all(const struct recovery *recovery, const struct manifest *previous,
                        const struct manifest *new, json_t *report)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    log_notice(NULL, "Releasing all locks, whosever they are...");
    add_releases(&calls, recovery, new, NULL);
    if (previous)
        add_releases(&calls, recovery, previous, new);
    calls_run(&calls, call_deadline, true);
    for (size_t i = 0; i < calls.count; i++)
        if (calls.items[i].done)
            recovery_report_released(report, calls.items[i].target);
}

void recover_unknown(const struct recovery *recovery, const struct manifest *previous,
                     const struct manifest *new, json_t **report)
{
    *report = NULL;
    if (state_knows_deployment(recovery->state) || (!previous && !recovery->settings->release_stale_locks))
        return;
    *report = recovery_report_new();
    if (recovery->settings->release_stale_locks)
        release_all(recovery, previous, new, *report);
    if (previous)
        rescue_all(previous, new, *report);
}
