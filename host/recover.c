/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recover.h"

#include <errno.h>
#include <string.h>

#include "calls.h"
#include "cleanup.h"
#include "client.h"
#include "leftovers.h"
#include "mended.h"
#include "operations.h"
#include "previous.h"
#include "stages.h"
#include "strings.h"

static const int64_t look_again = 100; /* milliseconds, while another deployment runs */

/* A redeployment that did not end well. */
struct broken {
    const struct recovery *recovery;
    const char *path;                /* of its manifest */
    bool rolled_back;                /* it said so itself, by its exit status */
    bool released;                   /* it did all that it does before it exits */
    struct manifest previous, new;
    const struct manifest *old;      /* previous, or NULL: there was none, or it is lost */
    bool previous_lost;
    struct transcript transcript;
    json_t *silent;                  /* { TARGET: true } */
    json_t *report;
};

static char *path_in(const struct recovery *recovery, const char *name)
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
        CLEANUP_FREE char *file = path_in(recovery, names[i]);
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

static const char *const kept_files[] = { "deployment", "deployment.err", "undo", "undo.err", "undo.xml", "set.xml",
                                          "new", "previous" };

int recover_forget(const struct recovery *recovery)
{
    state_deploying(recovery->state, NULL, NULL);
    if (state_save(recovery->state) != 0)
        return -1;
    for (size_t i = 0; i < sizeof kept_files / sizeof *kept_files; i++) {
        CLEANUP_FREE char *file = path_in(recovery, kept_files[i]);
        if (file)
            operations->remove(file);
    }
    return 0;
}

/* ---- targets ---- */

static const struct target *find_target(const struct broken *broken, const char *name)
{
    const struct target *target = infrastructure_find(&broken->new.infrastructure, name);
    return target || !broken->old ? target : infrastructure_find(&broken->old->infrastructure, name);
}

static bool answers(const struct broken *broken, const char *target)
{
    return !json_object_get(broken->silent, target);
}

static void profile_arguments(struct arguments *arguments, const struct broken *broken, const struct target *target,
                              const char *operation)
{
    client_arguments(arguments, target, operation);
    arguments_option(arguments, "--profile", broken->recovery->settings->profile);
}

static void component_arguments(struct arguments *arguments, const struct target *target, const char *operation,
                                const struct manifest *manifest, const char *container, const char *service,
                                const char *provider)
{
    const struct service *found = manifest_find_service(manifest, service);
    client_arguments(arguments, target, operation);
    if (found)
        client_component_arguments(arguments, target, container, found,
                                   provider ? manifest_find_service(manifest, provider) : NULL);
}

static void name_arguments(struct arguments *arguments, const struct target *target,
                           const struct snapshot_mapping *mapping)
{
    client_arguments(arguments, target, "--query-latest-snapshot");
    arguments_option(arguments, "--container", mapping->container);
    arguments_option(arguments, "--component", mapping->component);
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
        profile_arguments(&call->arguments, broken, find_target(broken, name), "--query-installed");
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

/* What is to be done on a target that does not answer. mapping: the component that it is about, or NULL. */
static void leave(const struct broken *broken, const struct target *target, const char *what,
                  const struct snapshot_mapping *mapping, const struct arguments *arguments)
{
    CLEANUP_ARGUMENTS struct arguments ask = { 0 };
    profile_arguments(&ask, broken, target, "--query-installed");
    const struct leftover leftover = { .target = target->name, .ask = &ask, .what = what, .arguments = arguments,
                                       .component = mapping ? mapping->component : NULL,
                                       .container = mapping ? mapping->container : NULL };
    if (leftovers_add(broken->recovery->state, &leftover) != 0)
        log_error(target->name, "what is to be done here when it answers cannot be noted");
    mended_pending(broken->report, target->name);
}

/* ---- locks ---- */

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
    json_object_foreach(broken->transcript.refused, target, ignored)
        log_error(target, "somebody else holds the lock, and it stays; if nobody is at work, release it by hand%s",
                  json_object_get(broken->recovery->state->root, "deployed") ? "" : ", or use --release-stale-locks");
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
        if (!answers(broken, name)) {
            profile_arguments(&arguments, broken, target, "--unlock");
            leave(broken, target, "unlock", NULL, &arguments);
            continue;
        }
        struct call *call = calls_add(&calls, name);
        if (!call)
            return -1;
        log_notice(name, "Releasing our lock of the last deployment");
        profile_arguments(&call->arguments, broken, target, "--unlock");
        mended_released(broken->report, name);
    }
    calls_run(&calls, call_deadline, true); /* one that is absent is no error */
    return 0;
}

/* ---- rescue ---- */

static bool is_new_home(const struct manifest *previous, const struct snapshot_mapping *mapping)
{
    return !previous
           || !manifest_find_snapshot_mapping(previous, mapping->target, mapping->container, mapping->component);
}

struct rescues {
    struct calls snapshots, names;
    const struct snapshot_mapping **mappings;
    size_t count;
};

static int rescues_add(struct rescues *rescues, const struct manifest *manifest, const struct target *target,
                       const struct snapshot_mapping *mapping)
{
    struct call *snapshot = calls_add(&rescues->snapshots, target->name);
    struct call *name = calls_add(&rescues->names, target->name);
    if (!snapshot || !name)
        return -1;
    component_arguments(&snapshot->arguments, target, "--snapshot", manifest, mapping->container, mapping->service,
                        mapping->provider);
    name_arguments(&name->arguments, target, mapping);
    rescues->mappings[rescues->count++] = mapping;
    return 0;
}

/* Takes the snapshots, and tells their names. -1: not all of them were taken. */
static int rescues_take(struct rescues *rescues, json_t *report, bool quiet)
{
    int status = 0;
    calls_run(&rescues->snapshots, call_deadline, quiet);
    calls_run(&rescues->names, call_deadline, quiet);
    for (size_t i = 0; i < rescues->count; i++) {
        const struct snapshot_mapping *mapping = rescues->mappings[i];
        const struct call *snapshot = &rescues->snapshots.items[i], *name = &rescues->names.items[i];
        if (snapshot->done && name->done) {
            mended_rescued(report, mapping->target, mapping->component, mapping->container, name->output);
            continue;
        }
        status = -1;
        if (!quiet)
            log_error(mapping->target, "%s in %s cannot be rescued, so nothing is undone and nothing is deployed",
                      mapping->component, mapping->container);
    }
    return status;
}

static void rescues_clear(struct rescues *rescues)
{
    calls_clear(&rescues->snapshots);
    calls_clear(&rescues->names);
    free(rescues->mappings);
}

static void leave_rescue(const struct broken *broken, const struct target *target,
                         const struct snapshot_mapping *mapping)
{
    CLEANUP_ARGUMENTS struct arguments snapshot = { 0 }, name = { 0 };
    component_arguments(&snapshot, target, "--snapshot", &broken->new, mapping->container, mapping->service,
                        mapping->provider);
    name_arguments(&name, target, mapping);
    leave(broken, target, "rescue", mapping, &snapshot);
    leave(broken, target, "name", mapping, &name);
}

/* What was activated on a new home may have been written to: a later deployment restores an older snapshot over it. */
static int rescue(struct broken *broken)
{
    const struct manifest *new = &broken->new;
    struct rescues rescues = { .mappings = calloc(new->snapshot_mapping_count + 1, sizeof *rescues.mappings) };
    int status = rescues.mappings ? 0 : -1;
    for (size_t i = 0; status == 0 && i < new->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &new->snapshot_mappings[i];
        const struct target *target = infrastructure_find(&new->infrastructure, mapping->target);
        if (!target || !manifest_find_service(new, mapping->service) || !is_new_home(broken->old, mapping)
            || !transcript_activated(&broken->transcript, mapping->target, mapping->service))
            continue;
        if (answers(broken, mapping->target))
            status = rescues_add(&rescues, new, target, mapping);
        else
            leave_rescue(broken, target, mapping);
    }
    if (status == 0)
        status = rescues_take(&rescues, broken->report, false);
    rescues_clear(&rescues);
    return status;
}

/* ---- undoing ---- */

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
        if (answers(broken, name) && (from == &broken->new.infrastructure
                                      || !infrastructure_find(&broken->new.infrastructure, name))
            && manifest_add_target(to, &from->targets[i]) != 0)
            return -1;
    }
    return 0;
}

static int copy_mappings(const struct broken *broken, const struct manifest *from, struct manifest *to)
{
    for (size_t i = 0; i < from->service_mapping_count; i++)
        if (answers(broken, from->service_mappings[i].target)
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
static int activate_previous(const struct broken *broken, const char *undo, const char *transcript)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    struct transcript said;
    arguments_add(&arguments, "disnix-activate");
    arguments_add(&arguments, "--no-rollback");
    profile_options(&arguments, broken->recovery->settings);
    arguments_option(&arguments, "-o", broken->path);
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
        if (!target || answers(broken, mapping->target)
            || (other
                && manifest_find_service_mapping(other, mapping->target, mapping->container, mapping->service))
            || (new && !transcript_activated(&broken->transcript, mapping->target, mapping->service)))
            continue;
        component_arguments(&arguments, target, operation, manifest, mapping->container, mapping->service,
                            mapping->provider);
        leave(broken, target, what, NULL, &arguments);
    }
}

static int undo(struct broken *broken)
{
    CLEANUP_FREE char *file = path_in(broken->recovery, "undo.xml"), *transcript = path_in(broken->recovery, "undo");
    struct manifest manifest;
    manifest_init(&manifest, broken->recovery->strings);
    log_notice(NULL, "Undoing the last deployment...");
    int status = file && transcript ? make_undo(broken, &manifest) : -1;
    if (status == 0)
        status = write_manifest(&manifest, file);
    if (status == 0)
        status = activate_previous(broken, file, transcript);
    manifest_clear(&manifest);
    if (status != 0)
        return -1;
    leave_mappings(broken, &broken->new, broken->old, "deactivate");
    leave_mappings(broken, broken->old, &broken->new, "activate");
    json_object_set_new(broken->report, "action", json_string("undone"));
    return 0;
}

/* ---- finishing ---- */

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
        if (!target || answers(broken, profile.target)) {
            broken->new.profiles[kept++] = profile;
            continue;
        }
        client_arguments(&arguments, target, "--set");
        arguments_add(&arguments, profile.path);
        arguments_option(&arguments, "--profile", broken->recovery->settings->profile);
        leave(broken, target, "set", NULL, &arguments);
    }
    broken->new.profile_count = kept;
    return kept < before;
}

static int finish(struct broken *broken)
{
    CLEANUP_FREE char *file = path_in(broken->recovery, "set.xml");
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
    if (status != 0) {
        log_error(NULL, "The last deployment cannot be finished, so nothing is deployed");
        return -1;
    }
    state_deployed(broken->recovery->state, broken->path, &broken->new.infrastructure);
    json_object_set_new(broken->report, "action", json_string("finished"));
    return 0;
}

/* ---- the whole ---- */

static int settle(struct broken *broken)
{
    const struct transcript *transcript = &broken->transcript;
    if (transcript->phase < DEPLOYMENT_LOCKING)
        return 0;
    tell_refused(broken);
    if (ask_all(broken) != 0 || release_locks(broken) != 0)
        return -1;
    if (transcript->phase >= DEPLOYMENT_SETTING)
        return finish(broken);
    if (transcript->phase < DEPLOYMENT_ACTIVATING)
        return 0;
    if (rescue(broken) != 0)
        return -1;
    return broken->rolled_back || broken->previous_lost ? 0 : undo(broken);
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
    json_int_t exited = json_is_integer(status)         ? json_integer_value(status)
                        : broken->transcript.failed ? 1
                                                    : -1;
    broken->released = exited == 1 || exited == 2;
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
        status = read_end(&broken, record) == 0 ? settle(&broken) : -1;
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
    bool leftovers = leftovers_exist(recovery->state);
    *report = record || leftovers ? mended_new() : NULL;
    if (leftovers) {
        leftovers_settle(recovery->state, *report);
        if (state_save(recovery->state) != 0)
            return -1;
    }
    return record ? settle_record(recovery, record, *report) : 0;
}

/* ---- without any state ---- */

static void release_all(const struct recovery *recovery, const struct manifest *new, json_t *report)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    const struct broken nothing = { .recovery = recovery };
    log_notice(NULL, "Releasing all locks, whosever they are...");
    for (size_t i = 0; i < new->profile_count; i++) {
        const struct target *target = infrastructure_find(&new->infrastructure, new->profiles[i].target);
        struct call *call = target ? calls_add(&calls, target->name) : NULL;
        if (call)
            profile_arguments(&call->arguments, &nothing, target, "--unlock");
    }
    calls_run(&calls, call_deadline, true);
    for (size_t i = 0; i < calls.count; i++)
        if (calls.items[i].done)
            mended_released(report, calls.items[i].target);
}

static void rescue_all(const struct manifest *previous, const struct manifest *new, json_t *report)
{
    struct rescues rescues = { .mappings = calloc(new->snapshot_mapping_count + 1, sizeof *rescues.mappings) };
    for (size_t i = 0; rescues.mappings && i < new->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &new->snapshot_mappings[i];
        const struct target *target = infrastructure_find(&new->infrastructure, mapping->target);
        if (target && manifest_find_service(new, mapping->service) && is_new_home(previous, mapping)
            && rescues_add(&rescues, new, target, mapping) != 0)
            break;
    }
    rescues_take(&rescues, report, true);
    rescues_clear(&rescues);
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
