/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "broken.h"

#include <string.h>

#include "calls.h"
#include "cleanup.h"
#include "client.h"
#include "late.h"
#include "leftovers.h"
#include "mended.h"
#include "operations.h"
#include "previous.h"
#include "strings.h"

static const int64_t look_again = 100; /* milliseconds, while another deployment runs */

char *broken_path(const struct recovery *recovery, const char *name)
{
    return string_format("%s/%s", recovery->directory, name);
}

char *recover_transcript(const char *directory)
{
    return string_format("%s/deployment", directory);
}

int recover_wait(const struct recovery *recovery)
{
    static const char *const names[] = { "deployment", "undo" };
    bool told = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CLEANUP_FREE char *file = broken_path(recovery, names[i]);
        while (file && state_transcript_is_open(file) && !*recovery->stop) {
            if (!told)
                log_notice(NULL, "A deployment that was begun before still runs, waiting for its end...");
            told = true;
            operations->sleep(look_again);
        }
    }
    if (!*recovery->stop)
        return 0;
    log_error(NULL, "interrupted while waiting for a deployment that was begun before");
    return -1;
}

static const char *const kept_files[] = { "deployment", "deployment.err", "undo", "undo.err", "undo.xml",
                                          "active.xml", "set.xml", "new", "previous" };

void recover_tidy(const struct recovery *recovery)
{
    for (size_t i = 0; i < sizeof kept_files / sizeof *kept_files; i++) {
        CLEANUP_FREE char *file = broken_path(recovery, kept_files[i]);
        if (file && operations->inspect(file, NULL) != DYDISNIX_ABSENT)
            operations->remove(file);
    }
}

int recover_forget(const struct recovery *recovery)
{
    state_deploying(recovery->state, NULL, NULL);
    if (state_save(recovery->state) != 0)
        return -1;
    recover_tidy(recovery);
    return 0;
}

static const struct target *find_target(const struct broken *broken, const char *name)
{
    const struct target *target = infrastructure_find(&broken->new.infrastructure, name);
    return target || !broken->old ? target : infrastructure_find(&broken->old->infrastructure, name);
}

bool broken_answers(const struct broken *broken, const char *target)
{
    return !json_object_get(broken->silent, target);
}

void broken_profile_arguments(struct arguments *arguments, const struct recovery *recovery, const struct target *target,
                              const char *operation)
{
    client_arguments(arguments, target, operation);
    arguments_option(arguments, "--profile", recovery->settings->profile);
}

void broken_component_arguments(struct arguments *arguments, const struct target *target, const char *operation,
                                const struct manifest *manifest, const char *container, const char *service,
                                const char *provider)
{
    const struct service *found = manifest_find_service(manifest, service);
    client_arguments(arguments, target, operation);
    if (found)
        client_component_arguments(arguments, target, container, found,
                                   provider ? manifest_find_service(manifest, provider) : NULL);
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
        broken_profile_arguments(&call->arguments, broken->recovery, find_target(broken, name), "--query-installed");
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

void broken_leave(const struct broken *broken, const struct target *target, const char *what,
                  const struct snapshot_mapping *mapping, const struct arguments *arguments)
{
    CLEANUP_ARGUMENTS struct arguments ask = { 0 };
    broken_profile_arguments(&ask, broken->recovery, target, "--query-installed");
    const struct leftover leftover = { .target = target->name, .ask = &ask, .what = what, .arguments = arguments,
                                       .component = mapping ? mapping->component : NULL,
                                       .container = mapping ? mapping->container : NULL };
    if (leftovers_add(broken->recovery->state, &leftover) != 0)
        log_error(target->name, "what is to be done here when it answers cannot be noted");
    mended_pending(broken->report, target->name);
}

/* A lock is a file without an owner. Ours are those that our own disnix-deploy has acquired and not released. */
static bool is_ours(const struct broken *broken, const char *target)
{
    return broken->released ? json_object_get(broken->transcript.unreleased, target) != NULL
                            : transcript_has_lock(&broken->transcript, target);
}

static void tell_refused(const struct broken *broken)
{
    const char *target;
    json_t *ignored;
    json_object_foreach(broken->transcript.refused, target, ignored) {
        if (!broken_answers(broken, target))
            continue;
        log_error(target, "somebody else holds the lock, and it stays; if nobody is at work, release it by hand%s",
                  json_object_get(broken->recovery->state->root, "deployed") ? "" : ", or use --release-stale-locks");
    }
}

static int release_locks(struct broken *broken)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    for (size_t i = 0; i < broken->new.profile_count; i++) {
        const char *name = broken->new.profiles[i].target;
        const struct target *target = infrastructure_find(&broken->new.infrastructure, name);
        CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
        if (!target || !is_ours(broken, name))
            continue;
        if (!broken_answers(broken, name)) {
            broken_profile_arguments(&arguments, broken->recovery, target, "--unlock");
            broken_leave(broken, target, "unlock", NULL, &arguments);
            continue;
        }
        struct call *call = calls_add(&calls, name);
        if (!call)
            return -1;
        log_notice(name, "Releasing our lock of the last deployment");
        broken_profile_arguments(&call->arguments, broken->recovery, target, "--unlock");
        mended_released(broken->report, name);
    }
    calls_release(&calls);
    return 0;
}

static int settle(struct broken *broken, const json_t *record)
{
    const struct transcript *transcript = &broken->transcript;
    if (transcript->phase < DEPLOYMENT_LOCKING)
        return 0;
    if (ask_all(broken) != 0)
        return -1;
    if (broken_is_overtaken(broken)) {
        log_warning(NULL, "The last deployment is left as it is, and so are locks");
        json_object_set_new(broken->report, "action", json_string("overtaken"));
        return 0;
    }
    if (release_locks(broken) != 0)
        return -1;
    tell_refused(broken);
    if (transcript->phase >= DEPLOYMENT_SETTING)
        return broken_finish(broken);
    if (late_undo(broken, record) != 0)
        return -1;
    if (transcript->phase < DEPLOYMENT_ACTIVATING)
        return 0;
    bool undoes = !broken->rolled_back && !broken->previous_lost;
    if (undoes && transcript->phase == DEPLOYMENT_ACTIVATING && broken_reactivate(broken) != 0)
        return -1;
    if (broken_rescue(broken) != 0)
        return -1;
    return undoes ? broken_undo(broken) : 0;
}

/* How it ended, as far as that is known. */
static int read_end(struct broken *broken, const json_t *record)
{
    CLEANUP_FREE char *file = recover_transcript(broken->recovery->directory);
    const char *phase = json_string_value(json_object_get(record, "phase"));
    const json_t *status = json_object_get(record, "status");
    if (!file || transcript_read(&broken->transcript, file) != 0)
        return -1;
    if (phase)
        transcript_at_least(&broken->transcript, phase);
    json_int_t exited = broken->transcript.failed ? 1 : -1;
    if (json_is_integer(status))
        exited = json_integer_value(status);
    broken->released = exited >= 0 && exited <= 2;
    broken->rolled_back = exited == 1 && !broken->transcript.inconsistent;
    json_object_set_new(broken->report, "phase", json_string(transcript_phase(&broken->transcript)));
    if (exited >= 0)
        json_object_set_new(broken->report, "status", json_integer(exited));
    log_notice(NULL, "The last deployment did not end well: its last phase was '%s'",
               transcript_phase(&broken->transcript));
    return 0;
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
    struct broken broken = { .recovery = recovery, .report = report, .silent = json_object() };
    manifest_init(&broken.previous, recovery->strings);
    manifest_init(&broken.new, recovery->strings);
    int status = transcript_init(&broken.transcript) == 0 && broken.silent ? read_manifests(&broken, record) : -1;
    if (status == 0)
        status = read_end(&broken, record) == 0 ? settle(&broken, record) : -1;
    if (status >= 0)
        status = recover_forget(recovery);
    transcript_clear(&broken.transcript);
    manifest_clear(&broken.previous);
    manifest_clear(&broken.new);
    json_decref(broken.silent);
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
    if (!leftovers_exist(recovery->state, model))
        return 0;
    *report = mended_new();
    if (leftovers_settle(recovery->state, model, *report))
        return state_save(recovery->state);
    json_decref(*report);
    *report = NULL;
    return 0;
}

static void release_all(const struct recovery *recovery, const struct manifest *new, json_t *report)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    log_notice(NULL, "Releasing all locks, whosever they are...");
    for (size_t i = 0; i < new->profile_count; i++) {
        const struct target *target = infrastructure_find(&new->infrastructure, new->profiles[i].target);
        struct call *call = target ? calls_add(&calls, target->name) : NULL;
        if (call)
            broken_profile_arguments(&call->arguments, recovery, target, "--unlock");
    }
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
        release_all(recovery, new, *report);
    if (previous)
        rescue_all(previous, new, *report);
}
