/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reconstruct.h"

#include <errno.h>
#include <string.h>

#include "actions.h"
#include "aggregate.h"
#include "cleanup.h"
#include "closures.h"
#include "facts.h"
#include "holding.h"
#include "install.h"
#include "nix.h"
#include "operations.h"
#include "report.h"

static const size_t infrastructure_limit = (size_t)1 << 30;

struct reconstruction {
    const struct request *request;
    const struct options *options;
    struct strings *strings;
    struct infrastructure infrastructure;
    struct target_keys keys;
    struct capture capture;
    struct previous previous;
    struct manifest deployed; /* of the last successful redeployment, as the host remembers */
    bool deployed_known;
    struct claims claims;
    struct copies copies;
    struct manifest manifest;
    struct closure_report fetched;
    struct installed installed;
    json_t *report;
};

static const struct manifest *known_previous(const struct reconstruction *reconstruction)
{
    return reconstruction->previous.known ? &reconstruction->previous.manifest : NULL;
}

static bool looks_only(const struct reconstruction *reconstruction)
{
    return reconstruction->request->print || reconstruction->options->dry_run;
}

static int read_infrastructure(struct reconstruction *reconstruction)
{
    const struct request *request = reconstruction->request;
    struct infrastructure_defaults defaults = { .client_interface = reconstruction->options->interface,
                                                .target_property = reconstruction->options->target_property };
    CLEANUP_FREE char *xml = NULL, *reason = NULL;
    size_t length = 0;
    infrastructure_defaults_complete(&defaults);
    if (request->xml) {
        if (operations->read(request->infrastructure, infrastructure_limit, &xml, &length) != 0) {
            log_error(NULL, "%s: %s", request->infrastructure, strerror(errno));
            return -1;
        }
    } else if (nix_evaluate(request->infrastructure, reconstruction->options->show_trace, &xml, &length) != 0) {
        return -1;
    }
    if (infrastructure_parse(xml, length, request->infrastructure, reconstruction->strings, &defaults,
                             &reconstruction->infrastructure, &reason) == 0)
        return 0;
    log_error(NULL, "%s", reason ? reason : "out of memory");
    return -1;
}

/* A state file may name a manifest that a garbage collection took: then it is not known. */
static void read_deployed(struct reconstruction *reconstruction)
{
    const char *path = json_string_value(json_object_get(reconstruction->request->history, "deployed"));
    CLEANUP_FREE char *reason = NULL;
    if (!path)
        return;
    enum manifest_reading outcome = manifest_read(path, reconstruction->strings, &reconstruction->deployed, &reason);
    reconstruction->deployed_known = outcome == MANIFEST_READ
                                     && manifest_name_targets(&reconstruction->deployed, &reconstruction->keys) == 0;
    if (outcome == MANIFEST_DAMAGED)
        log_warning(NULL, "the last deployed manifest is not known: %s", reason ? reason : "out of memory");
}

/* Where the host remembers nothing, the previous manifest tells what was deployed last; if reconstruction wrote it, an
 * older one does, and if there is none, nothing is known to have been deployed. */
static int find_deployed(struct reconstruction *reconstruction)
{
    if (reconstruction->deployed_known || reconstruction->copies.count == 0
        || !previous_is_reconstructed(&reconstruction->previous))
        return 0;
    manifest_clear(&reconstruction->deployed);
    reconstruction->deployed_known = previous_find_deployed(&reconstruction->previous, reconstruction->strings,
                                                            &reconstruction->deployed) >= 0;
    return reconstruction->deployed_known ? 0 : -1;
}

static int check_answers(const struct reconstruction *reconstruction)
{
    size_t usable = 0;
    for (size_t i = 0; i < reconstruction->capture.count; i++)
        usable += reconstruction->capture.targets[i].answer == ANSWER_CAPTURED
                  || reconstruction->capture.targets[i].answer == ANSWER_EMPTY;
    if (usable > 0 || reconstruction->capture.count == 0 || reconstruction->previous.known)
        return 0;
    log_error(NULL, "no target gave a usable answer and there is no previous manifest: nothing to reconstruct from");
    return -1;
}

/* Claims until no two of them disagree about a key: a refused target may have hidden nothing else. */
static int collect_claims(struct reconstruction *reconstruction)
{
    bool refused = true;
    while (refused) {
        claims_clear(&reconstruction->claims);
        if (claims_collect(&reconstruction->capture, &reconstruction->infrastructure, &reconstruction->claims) != 0
            || claims_settle(&reconstruction->claims, &refused) != 0)
            return -1;
    }
    return 0;
}

static int judge_copies(struct reconstruction *reconstruction)
{
    if (copies_judge(&reconstruction->copies, &reconstruction->capture, known_previous(reconstruction),
                     reconstruction->deployed_known ? &reconstruction->deployed : NULL,
                     &reconstruction->infrastructure, reconstruction->options) == 0)
        return 0;
    log_error(NULL, "out of memory");
    return -1;
}

static int check_copy_policies(const struct reconstruction *reconstruction)
{
    for (size_t i = 0; i < reconstruction->copies.count; i++) {
        const struct copy *copy = &reconstruction->copies.items[i];
        bool superseded = copy->verdict == COPY_SUPERSEDED || copy->verdict == COPY_REGRESSED;
        if (!(superseded && reconstruction->options->superseded == SUPERSEDED_FAIL)
            && !(copy->verdict == COPY_CONFLICT && reconstruction->options->on_conflict == CONFLICT_FAIL))
            continue;
        log_error(copy->captured->target->name, "%s in %s: %s (%s), and that is to fail", copy->mapping->component,
                  copy->mapping->container, verdict_name(copy->verdict), copy->reason);
        return -1;
    }
    return 0;
}

/* A decision that is made again, without a target that was refused, goes on from what was done before. */
static int find_copies(struct reconstruction *reconstruction)
{
    struct copies earlier = reconstruction->copies;
    int status = copies_find(&reconstruction->capture, known_previous(reconstruction), &reconstruction->copies);
    if (status == 0)
        copies_take_outcomes(&reconstruction->copies, &earlier);
    else
        log_error(NULL, "out of memory");
    copies_clear(&earlier);
    return status;
}

/* Judges, does what the judgement wants, and judges again by how that went, until nothing is left to do. */
static int settle_copies(struct reconstruction *reconstruction)
{
    facts_set_absences(reconstruction->request->history, &reconstruction->capture);
    if (find_copies(reconstruction) != 0)
        return -1;
    if (facts_gather(&reconstruction->copies, &reconstruction->infrastructure, &reconstruction->previous,
                     reconstruction->request->history, reconstruction->options, reconstruction->strings) != 0
        || find_deployed(reconstruction) != 0)
        return -1;
    bool again = true;
    while (again) {
        if (judge_copies(reconstruction) != 0 || check_copy_policies(reconstruction) != 0)
            return -1;
        again = looks_only(reconstruction) ? actions_assume(&reconstruction->copies)
                                           : actions_perform(&reconstruction->copies, reconstruction->options);
    }
    if (holding_fence(&reconstruction->capture, reconstruction->options, looks_only(reconstruction)) == 0)
        return 0;
    log_error(NULL, "out of memory");
    return -1;
}

/* Version 1 where it is asked for, or where nothing speaks against it. */
static int choose_version(const struct reconstruction *reconstruction)
{
    const struct manifest *previous = known_previous(reconstruction);
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
                     &reconstruction->copies, known_previous(reconstruction), reconstruction->options,
                     &reconstruction->manifest, reconstruction->report);
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
    if (check_answers(reconstruction) != 0 || collect_claims(reconstruction) != 0
        || settle_copies(reconstruction) != 0 || make_manifest(reconstruction) != 0)
        return -1;
    report_copies(reconstruction->report, &reconstruction->copies);
    if (manifest_check(&reconstruction->manifest, &reason) == 0)
        return 0;
    log_error(NULL, "the reconstructed manifest is not usable: %s", reason ? reason : "out of memory");
    free(reason);
    return -1;
}

/* Decides again without the targets whose closures cannot be had. */
static int fetch_closures(struct reconstruction *reconstruction)
{
    bool refused = false;
    do {
        if (closures_fetch(&reconstruction->capture, reconstruction->options, &reconstruction->fetched, &refused) != 0)
            return -1;
        if (refused && decide(reconstruction) != 0)
            return -1;
    } while (refused);
    closures_describe(&reconstruction->fetched, &reconstruction->capture,
                      json_object_get(reconstruction->report, "targets"));
    return 0;
}

static void say_result(const struct reconstruction *reconstruction, bool changed)
{
    if (!changed)
        log_notice(NULL, "The reconstructed manifest is the same as the previous one");
    else if (reconstruction->installed.generation > 0)
        log_notice(NULL, "Reconstructed manifest: %s, generation %ld", reconstruction->installed.path,
                   reconstruction->installed.generation);
    else
        log_notice(NULL, "Reconstructed manifest: %s", reconstruction->installed.path);
}

static int finish(struct reconstruction *reconstruction, xmlBufferPtr *printed)
{
    json_t *report = reconstruction->report;
    bool changed = !reconstruction->previous.known
                   || !manifest_equal(&reconstruction->previous.manifest, &reconstruction->manifest);
    json_object_set_new(report, "difference",
                        manifest_difference(known_previous(reconstruction), &reconstruction->manifest));
    json_object_set_new(report, "changed", json_boolean(changed));
    json_object_set_new(report, "manifestVersion", json_integer(reconstruction->manifest.version));
    report_names(report, &reconstruction->capture, &reconstruction->previous, reconstruction->manifest.version);
    report_warn(report);
    if (reconstruction->request->print) {
        *printed = manifest_write(&reconstruction->manifest);
        return *printed ? 0 : -1;
    }
    if (!reconstruction->options->dry_run) {
        if (install(&reconstruction->manifest, &reconstruction->previous, reconstruction->options,
                    &reconstruction->installed, &changed) != 0)
            return -1;
        say_result(reconstruction, changed);
    }
    const struct installed *installed = &reconstruction->installed;
    json_object_update_new(report, json_pack("{ss* sI sO*}", "manifest",
                                             installed->path ? installed->path : reconstruction->previous.path,
                                             "generation",
                                             (json_int_t)(installed->generation ? installed->generation
                                                                               : reconstruction->previous.generation),
                                             "unbacked", installed->unbacked));
    return 0;
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
    strings_free(reconstruction->strings);
}

static int run(struct reconstruction *reconstruction, xmlBufferPtr *printed)
{
    const struct request *request = reconstruction->request;
    if (read_infrastructure(reconstruction) != 0
        || previous_read(reconstruction->options->coordinator_profile_directory, reconstruction->options->profile,
                         request->previous, reconstruction->strings,
                         &reconstruction->previous) != 0
        || target_keys_list(&reconstruction->keys, &reconstruction->infrastructure) != 0
        || previous_name_targets(&reconstruction->previous, &reconstruction->keys) != 0)
        return -1;
    read_deployed(reconstruction);
    if (capture_targets(&reconstruction->infrastructure, reconstruction->options, looks_only(reconstruction),
                        reconstruction->strings, &reconstruction->capture) != 0)
        return -1;
    if (decide(reconstruction) != 0)
        return -1;
    if (!looks_only(reconstruction) && fetch_closures(reconstruction) != 0)
        return -1;
    return finish(reconstruction, printed);
}

int reconstruct(const struct request *request, const struct options *options, json_t **report,
                xmlBufferPtr *printed)
{
    struct reconstruction reconstruction = { .request = request, .options = options };
    reconstruction.strings = strings_new();
    reconstruction.report = json_object();
    int status = -1;
    if (reconstruction.strings && reconstruction.report) {
        manifest_init(&reconstruction.previous.manifest, reconstruction.strings);
        manifest_init(&reconstruction.deployed, reconstruction.strings);
        manifest_init(&reconstruction.manifest, reconstruction.strings);
        status = run(&reconstruction, printed);
    }
    *report = reconstruction.report;
    reconstruction_clear(&reconstruction);
    return status;
}
