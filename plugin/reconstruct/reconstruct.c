/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/reconstruct/reconstruct.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/switch.h"
#include "lib/model/doubles.h"
#include "lib/model/nix.h"
#include "lib/state/remembered-copies.h"
#include "lib/world/operations.h"
#include "plugin/capture/closures.h"
#include "plugin/capture/facts.h"
#include "plugin/capture/remembered.h"
#include "plugin/copies/disputes.h"
#include "plugin/copies/survivor.h"
#include "plugin/reconstruct/aggregate.h"
#include "plugin/reconstruct/reconstruction.h"
#include "plugin/reconstruct/report.h"

/* Something that the decision needs could not be had. */
static int failed(struct reconstruction *reconstruction, const char *where)
{
    input_failed(&reconstruction->input, where);
    return -1;
}

static int read_infrastructure(struct reconstruction *reconstruction)
{
    struct infrastructure_defaults defaults;
    CLEANUP_FREE char *xml = NULL, *reason = NULL;
    const char *name = NULL;
    size_t length = 0;
    if (reconstruction->source->infrastructure(reconstruction, &xml, &length, &name, &defaults) != 0)
        return -1;
    infrastructure_defaults_complete(&defaults);
    input_infrastructure(&reconstruction->input, xml, length, &defaults);
    remembered_model(&reconstruction->remembered, xml, length, &defaults);
    if (infrastructure_parse(xml, length, name, reconstruction->strings, &defaults,
                             &reconstruction->infrastructure, &reason)
        == 0)
        return 0;
    log_error(NULL, "%s", reason ? reason : "out of memory");
    return -1;
}

/* By hand, as in the loop: an empty model is a mistake more often than the wish to have nothing deployed. */
static int check_targets(const struct reconstruction *reconstruction)
{
    const struct request *request = reconstruction->request;
    const struct options *options = reconstruction->options;
    const bool changes =
        !request->replay && !request->print && !options->dry_run && options->coordinator_profile;
    if (!request->needs_targets || !changes || reconstruction->infrastructure.count > 0
        || !reconstruction->previous.known)
        return 0;
    log_error(NULL,
              "%s: no targets; an empty manifest would replace that of what runs, and is refused without "
              "--allow-empty",
              request->infrastructure);
    return -1;
}

static int load_previous(struct reconstruction *reconstruction)
{
    struct previous *previous = &reconstruction->previous;
    if (reconstruction->source->load_previous(reconstruction) != 0)
        return failed(reconstruction, FAILED_PREVIOUS);
    input_previous(&reconstruction->input, previous, reconstruction->namesake);
    return check_targets(reconstruction) == 0 ? previous_name_targets(previous, &reconstruction->keys) : -1;
}

static int read_previous(struct reconstruction *reconstruction)
{
    if (reconstruction->source->find_previous(reconstruction) != 0)
        return failed(reconstruction, FAILED_PREVIOUS);
    return reconstruction->remembered.report ? 0 : load_previous(reconstruction);
}

/* The last deployment that is known; NULL: none is. */
static const struct manifest *last_deployment(const struct reconstruction *reconstruction)
{
    const struct previous *previous = &reconstruction->previous;
    if (previous->known && !(previous_is_reconstructed(previous) && SWITCH(DEPLOYED_ONLY)))
        return &previous->manifest;
    return reconstruction->deployed_known ? &reconstruction->deployed : NULL;
}

static int capture(struct reconstruction *reconstruction)
{
    struct capture *answers = &reconstruction->capture;
    if (capture_init(answers, &reconstruction->infrastructure, reconstruction->strings) != 0)
        return -1;
    if (SWITCH(OWED_PROFILE))
        facts_set_owed(reconstruction->history, answers);
    if (reconstruction->source->targets(reconstruction) != 0)
        return failed(reconstruction, FAILED_TARGETS);
    input_targets(&reconstruction->input, answers);
    report_targets(reconstruction->report, answers, reconstruction->options, NULL);
    return 0;
}

static int check_answers(const struct reconstruction *reconstruction)
{
    size_t usable = 0;
    for (size_t i = 0; i < reconstruction->capture.count; i++)
        usable += reconstruction->capture.targets[i].answer == ANSWER_CAPTURED
                  || reconstruction->capture.targets[i].answer == ANSWER_EMPTY;
    if (usable > 0 || reconstruction->capture.count == 0 || reconstruction->previous.known)
        return 0;
    log_error(
        NULL,
        "no target gave a usable answer and there is no previous manifest: nothing to reconstruct from");
    return -1;
}

static int hash_claims(void *closure, const json_t *documents, json_t **keys)
{
    struct reconstruction *reconstruction = closure;
    if (reconstruction->source->hashes(reconstruction, documents, keys) != 0)
        return failed(reconstruction, FAILED_HASHES);
    input_hashes(&reconstruction->input, documents, *keys);
    return 0;
}

/* Claims until no two of them disagree about a key: a refused target may have hidden nothing else. */
static int collect_claims(struct reconstruction *reconstruction)
{
    bool refused = true;
    while (refused) {
        claims_clear(&reconstruction->claims);
        if (claims_collect(&reconstruction->capture, &reconstruction->infrastructure, &reconstruction->claims)
                != 0
            || claims_settle(&reconstruction->claims, hash_claims, reconstruction, &refused) != 0)
            return -1;
    }
    return 0;
}

static int choose_survivors(struct reconstruction *reconstruction)
{
    const struct judgement judgement = { .capture = &reconstruction->capture,
                                         .previous = reconstruction_previous(reconstruction),
                                         .infrastructure = &reconstruction->infrastructure,
                                         .options = reconstruction->options,
                                         .strings = reconstruction->strings };
    if (survivors_choose(&reconstruction->copies, &judgement) == 0)
        return 0;
    log_error(NULL, "out of memory");
    return -1;
}

static int check_copy_policies(const struct reconstruction *reconstruction)
{
    for (size_t i = 0;
         reconstruction->options->superseded == SUPERSEDED_FAIL && i < reconstruction->copies.count; i++) {
        const struct copy *copy = &reconstruction->copies.items[i];
        if (copy->verdict == COPY_KEPT && !copy->disputed)
            continue;
        log_error(copy->captured->target->name, "its copy of %s in %s would %s (%s), and that is to fail",
                  copy->mapping->component, copy->mapping->container,
                  copy->disputed ? "be in dispute" : "be left out", copy->reason);
        return -1;
    }
    return 0;
}

/* A decision that is made again, without a target that was refused, goes on from what was done before. */
static int find_copies(struct reconstruction *reconstruction)
{
    struct copies earlier = reconstruction->copies;
    CLEANUP_JSON json_t *concerned = remembered_copies_concerned(reconstruction->survivors);
    const struct manifest *last = last_deployment(reconstruction),
                          *previous = reconstruction_previous(reconstruction);
    const struct finding finding = {
        .capture = &reconstruction->capture,
        .infrastructure = &reconstruction->infrastructure,
        .previous = previous,
        .homes = last ? last : previous,
        .homes_are_reconstructed = !last,
        .survivors = reconstruction->survivors,
        .brought = reconstruction->brought,
        .concerned = concerned,
        .keeps_unasked = reconstruction->options->unreachable == UNREACHABLE_KEEP,
        .strings = reconstruction->strings,
    };
    int status = concerned ? copies_find(&finding, &reconstruction->copies) : -1;
    if (status == 0) {
        copies_go_on(&reconstruction->copies, &earlier);
        report_acted(reconstruction->acted, &earlier);
    } else {
        log_error(NULL, "out of memory");
    }
    copies_clear(&earlier);
    return status;
}

/* Before anything is made of the answers: what somebody's profile has lost, and what is known to be there. */
static int recall(struct reconstruction *reconstruction)
{
    const struct manifest *reconstructed =
        previous_is_reconstructed(&reconstruction->previous) ? reconstruction_previous(reconstruction) : NULL;
    if (disputes_bring_back(reconstruction->survivors, &reconstruction->capture, reconstructed,
                            last_deployment(reconstruction), reconstruction->strings, reconstruction->brought)
        == 0)
        return 0;
    log_error(NULL, "out of memory");
    return -1;
}

static int gather_facts(struct reconstruction *reconstruction)
{
    facts_set_absences(reconstruction->history, &reconstruction->capture);
    if (find_copies(reconstruction) != 0)
        return -1;
    return reconstruction->source->facts(reconstruction) == 0 ? 0 : failed(reconstruction, FAILED_SNAPSHOTS);
}

/* Decides, does what the decision wants, and decides again by how that went, until nothing is left to do. */
static int settle_copies(struct reconstruction *reconstruction)
{
    int status = gather_facts(reconstruction);
    bool again = status == 0;
    while (again) {
        status = choose_survivors(reconstruction) == 0 ? check_copy_policies(reconstruction) : -1;
        again = status == 0 && reconstruction->source->act(reconstruction);
    }
    input_copies(&reconstruction->input, &reconstruction->copies);
    return status;
}

/* Version 1 where it is asked for, or where nothing speaks against it. */
static int choose_version(const struct reconstruction *reconstruction)
{
    const struct manifest *previous = reconstruction_previous(reconstruction);
    bool captured = false;
    if (reconstruction->options->manifest_version != 0)
        return reconstruction->options->manifest_version;
    for (size_t i = 0; i < reconstruction->capture.count; i++) {
        if (reconstruction->capture.targets[i].answer != ANSWER_CAPTURED)
            continue;
        if (reconstruction->capture.targets[i].manifest.version != 1)
            return 2;
        captured = true;
    }
    return captured || (previous && previous->version == 1) ? 1 : 2;
}

static int put_together(struct reconstruction *reconstruction, int version)
{
    manifest_clear(&reconstruction->manifest);
    reconstruction->manifest.version = version;
    return aggregate(&reconstruction->infrastructure, &reconstruction->capture, &reconstruction->claims,
                     &reconstruction->copies, reconstruction_previous(reconstruction),
                     reconstruction->survivors, reconstruction->options, &reconstruction->manifest,
                     reconstruction->report);
}

/* What version 1 cannot tell makes it fail if it was asked for, and version 2 otherwise. */
static int make_manifest(struct reconstruction *reconstruction)
{
    int version = choose_version(reconstruction);
    CLEANUP_FREE char *reason = NULL;
    if (put_together(reconstruction, version) != 0)
        return -1;
    if (version == 2 || manifest_check_version_1(&reconstruction->manifest, &reason) == 0)
        return 0;
    if (reconstruction->options->manifest_version == 1) {
        log_error(NULL, "%s", reason ? reason : "out of memory");
        return -1;
    }
    log_notice(NULL, "The manifest is of version 2: %s", reason ? reason : "out of memory");
    return put_together(reconstruction, 2);
}

static int decide(struct reconstruction *reconstruction)
{
    char *reason = NULL;
    input_round(&reconstruction->input);
    reconstruction->saved.round++;
    int status = recall(reconstruction) == 0 ? collect_claims(reconstruction) : -1;
    /* Who was refused is told also where it goes no further. */
    report_targets(reconstruction->report, &reconstruction->capture, reconstruction->options, NULL);
    if (status != 0 || check_answers(reconstruction) != 0 || settle_copies(reconstruction) != 0
        || make_manifest(reconstruction) != 0)
        return -1;
    report_targets(reconstruction->report, &reconstruction->capture, reconstruction->options,
                   &reconstruction->manifest);
    report_copies(reconstruction->report, &reconstruction->copies, reconstruction->acted,
                  reconstruction->options);
    report_disputes(
        reconstruction->report, &reconstruction->copies,
        disputes_next(reconstruction->survivors, &reconstruction->copies, &reconstruction->capture));
    if (manifest_check(&reconstruction->manifest, &reason) == 0)
        return 0;
    log_error(NULL, "the reconstructed manifest is not usable: %s", reason ? reason : "out of memory");
    free(reason);
    return -1;
}

/* One fetching. refused: some targets' closures cannot be had. */
static int fetch(struct reconstruction *reconstruction, bool *refused)
{
    struct capture *targets = &reconstruction->capture;
    CLEANUP_FREE bool *captured = calloc(targets->count + 1, sizeof *captured);
    if (!captured)
        return -1;
    for (size_t i = 0; i < targets->count; i++)
        captured[i] = targets->targets[i].answer == ANSWER_CAPTURED;
    const struct manifest *current =
        reconstruction->request->previous ? NULL : reconstruction_previous(reconstruction);
    int status = reconstruction->source->closures(reconstruction, current, refused);
    input_refused(&reconstruction->input, targets, captured);
    input_fetched(&reconstruction->input, targets, &reconstruction->fetched);
    return status == 0 ? 0 : failed(reconstruction, FAILED_CLOSURES);
}

/* Decides again without the targets whose closures cannot be had. */
static int fetch_closures(struct reconstruction *reconstruction)
{
    bool refused = true;
    int status = 0;
    while (status == 0 && refused) {
        refused = false;
        status = fetch(reconstruction, &refused);
        if (status == 0 && refused)
            status = decide(reconstruction);
    }
    if (reconstruction->fetched.targets)
        closures_describe(&reconstruction->fetched, &reconstruction->capture,
                          json_object_get(reconstruction->report, "targets"));
    return status;
}

static void say_result(const struct reconstruction *reconstruction, bool changed)
{
    if (!changed)
        log_notice(NULL, "Not setting the profile as the manifest has not changed...");
    else if (reconstruction->installed.generation > 0)
        log_notice(NULL, "Reconstructed manifest: %s, generation %ld", reconstruction->installed.path,
                   reconstruction->installed.generation);
    else
        log_notice(NULL, "Reconstructed manifest: %s", reconstruction->installed.path);
}

static int install_manifest(struct reconstruction *reconstruction, bool *changed)
{
    if (reconstruction->source->install(reconstruction, changed) != 0)
        return failed(reconstruction, FAILED_INSTALL);
    if (*changed)
        input_installed(&reconstruction->input, &reconstruction->installed);
    if (reconstruction->source->live)
        say_result(reconstruction, *changed);
    return 0;
}

static int finish(struct reconstruction *reconstruction)
{
    const struct installed *installed = &reconstruction->installed;
    const struct previous *previous = &reconstruction->previous;
    json_t *report = reconstruction->report;
    bool changed = report_difference(report, previous, &reconstruction->manifest);
    report_names(report, &reconstruction->capture, previous, reconstruction->namesake,
                 reconstruction->manifest.version);
    report_warn(report);
    if (!reconstruction_looks_only(reconstruction) && install_manifest(reconstruction, &changed) != 0)
        return -1;
    CLEANUP_FREE char *path = string_utf8(installed->path ? installed->path : previous->path);
    json_object_update_new(
        report, json_pack("{ss* sI sO*}", "manifest", path, "generation",
                          (json_int_t)(installed->generation ? installed->generation : previous->generation),
                          "unbacked", installed->unbacked));
    remembered_keep(&reconstruction->remembered, report, path,
                    installed->generation ? installed->generation : previous->generation);
    if (!reconstruction->request->print)
        return 0;
    *reconstruction->printed = manifest_write(&reconstruction->manifest);
    return *reconstruction->printed ? 0 : -1;
}

static void reconstruction_clear(struct reconstruction *reconstruction)
{
    installed_clear(&reconstruction->installed);
    copies_clear(&reconstruction->copies);
    claims_clear(&reconstruction->claims);
    capture_clear(&reconstruction->capture);
    manifest_clear(&reconstruction->manifest);
    manifest_clear(&reconstruction->deployed);
    previous_clear(&reconstruction->previous);
    target_keys_clear(&reconstruction->keys);
    infrastructure_clear(&reconstruction->infrastructure);
    closures_release(&reconstruction->fetched);
    remembered_clear(&reconstruction->remembered);
    free(reconstruction->namesake);
    json_decref(reconstruction->acted);
    json_decref(reconstruction->survivors);
    json_decref(reconstruction->brought);
    input_clear(&reconstruction->input);
    replay_clear(&reconstruction->saved);
    budget_clear(&reconstruction->budget);
    strings_free(reconstruction->strings);
}

static int read_model(struct reconstruction *reconstruction)
{
    return read_infrastructure(reconstruction) == 0
                   && doubles_drop(&reconstruction->infrastructure,
                                   json_object_get(reconstruction->history, "effective"))
                          == 0
                   && target_keys_list(&reconstruction->keys, &reconstruction->infrastructure) == 0
               ? 0
               : -1;
}

static int read_manifests(struct reconstruction *reconstruction)
{
    if (read_previous(reconstruction) != 0)
        return -1;
    return reconstruction->remembered.report ? 0 : reconstruction->source->deployed(reconstruction);
}

/* Whether all profiles are there, and with them what they refer to. -1 after a message. */
static int find_profiles(const struct capture *capture, bool *all)
{
    CLEANUP_FREE const char **paths = calloc(capture->count + 1, sizeof *paths);
    CLEANUP_FREE bool *invalid = calloc(capture->count + 1, sizeof *invalid);
    size_t count = 0;
    for (size_t i = 0; paths && i < capture->count; i++)
        if (capture->targets[i].profile)
            paths[count++] = capture->targets[i].profile;
    if (!paths || !invalid || nix_find_invalid(paths, count, invalid) != 0)
        return -1;
    *all = !memchr(invalid, true, count * sizeof *invalid);
    return 0;
}

/* Nothing but the times is another than what was remembered. */
static void report_remembered(struct reconstruction *reconstruction)
{
    json_t *report = reconstruction->report,
           *targets = json_object_get(reconstruction->remembered.report, "targets");
    for (size_t i = 0; i < reconstruction->capture.count; i++) {
        const struct captured *captured = &reconstruction->capture.targets[i];
        json_object_set_new(json_object_get(targets, captured->target->name), "milliseconds",
                            json_integer((json_int_t)captured->milliseconds));
    }
    json_object_update(report, reconstruction->remembered.report);
}

static int check_access(struct reconstruction *reconstruction)
{
    return reconstruction->source->access(reconstruction) == 0 ? 0 : failed(reconstruction, FAILED_ACCESS);
}

/* Decides, unless everything is as it was remembered; if not, what was not read for that reason is read
 * now. */
static int decide_if_needed(struct reconstruction *reconstruction)
{
    const struct capturing capturing = reconstruction_capturing(reconstruction);
    bool all = false;
    if (!reconstruction->remembered.report)
        return check_access(reconstruction) == 0 ? decide(reconstruction) : -1;
    if (reconstruction->deferred && find_profiles(&reconstruction->capture, &all) != 0)
        return -1;
    if (all) {
        report_remembered(reconstruction);
        return 0;
    }
    if (reconstruction->deferred && capture_complete(&capturing, &reconstruction->capture) != 0)
        return -1;
    reconstruction->deferred = false;
    json_decref(reconstruction->remembered.report);
    reconstruction->remembered.report = NULL;
    if (load_previous(reconstruction) != 0 || reconstruction->source->deployed(reconstruction) != 0)
        return -1;
    report_targets(reconstruction->report, &reconstruction->capture, reconstruction->options, NULL);
    return check_access(reconstruction) == 0 ? decide(reconstruction) : -1;
}

static int fetch_if_needed(struct reconstruction *reconstruction)
{
    return reconstruction_looks_only(reconstruction) || reconstruction->deferred
               ? 0
               : fetch_closures(reconstruction);
}

static int finish_if_needed(struct reconstruction *reconstruction)
{
    if (!reconstruction->deferred)
        return finish(reconstruction);
    say_result(reconstruction, false);
    return 0;
}

/* The steps of a reconstruction; the report tells how long each took, unless it is made again. */
static const struct step {
    const char *name;
    int (*take)(struct reconstruction *);
} steps[] = {
    { "model", read_model },          { "previous", read_manifests },  { "targets", capture },
    { "decision", decide_if_needed }, { "closures", fetch_if_needed }, { "manifest", finish_if_needed },
};

static int run(struct reconstruction *reconstruction)
{
    json_t *times = json_array();
    int status = 0;
    if (reconstruction->source->live)
        json_object_set(reconstruction->report, "steps", times);
    for (size_t i = 0; status == 0 && i < sizeof steps / sizeof *steps; i++) {
        int64_t began = operations->now();
        status = steps[i].take(reconstruction);
        json_array_append_new(times, json_pack("{ss sI}", "step", steps[i].name, "milliseconds",
                                               (json_int_t)(operations->now() - began)));
    }
    json_decref(times);
    return status;
}

static int begin(struct reconstruction *reconstruction)
{
    if (reconstruction->source->begin(reconstruction) != 0)
        return -1;
    reconstruction->survivors = disputes_read(reconstruction->history);
    reconstruction->brought = json_object();
    if (!reconstruction->survivors || !reconstruction->brought) {
        log_error(NULL, "out of memory");
        return -1;
    }
    return input_begin(&reconstruction->input, reconstruction->options,
                       reconstruction_looks_only(reconstruction), reconstruction->history);
}

/* A decision that failed is saved as well: it is then that one wants to see from what it was made. */
static int save_input(struct reconstruction *reconstruction)
{
    return input_save(&reconstruction->input, &reconstruction->previous,
                      reconstruction->deployed_known ? &reconstruction->deployed : NULL,
                      &reconstruction->capture);
}

int reconstruct(const struct request *request, const struct options *options, json_t **report,
                xmlBufferPtr *printed)
{
    struct reconstruction reconstruction = { .request = request,
                                             .options = options,
                                             .history = request->history,
                                             .source = request->replay ? &source_saved : &source_world,
                                             .printed = printed };
    reconstruction.strings = strings_new();
    reconstruction.report = json_pack("{si}", "version", REPORT_VERSION);
    reconstruction.acted = json_pack("{s[] s[] s[] s[]}", "activated", "rescued", "fenced", "failed");
    int status = -1;
    if (reconstruction.strings && reconstruction.report && reconstruction.acted) {
        manifest_init(&reconstruction.previous.manifest, reconstruction.strings);
        manifest_init(&reconstruction.deployed, reconstruction.strings);
        manifest_init(&reconstruction.manifest, reconstruction.strings);
        if (begin(&reconstruction) == 0) {
            status = run(&reconstruction);
            if (save_input(&reconstruction) != 0 && request->needs_input)
                status = -1;
        }
    }
    *report = reconstruction.report;
    reconstruction_clear(&reconstruction);
    return status;
}
