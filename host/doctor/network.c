/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/doctor/network.h"

#include <string.h>

#include "host/calls/stages.h"
#include "host/presence/model.h"
#include "host/presence/probe.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static const int64_t default_deadline = 600 * 1000; /* milliseconds, for a stage that has none */

static void try_stage(const struct settings *settings, const char *stage)
{
    const int64_t limit = 1000 * settings_stage_timeout(settings, stage);
    findings_try(limit ? limit : default_deadline);
}

/* The event for the stages that follow: where the model is. NULL: there is none, which is told. */
static json_t *find_model(const struct settings *settings, enum finding instead)
{
    CLEANUP_JSON json_t *report = NULL;
    try_stage(settings, "capture");
    if (stage_capture(settings, settings->state_directory, &report) != 0) {
        /* The first model of a stream comes when the loop has started its program. */
        finding_failure(settings->stream ? FINDING_WARNING : instead, "infrastructure",
                        settings->stream ? "the loop waits for it" : NULL);
        return NULL;
    }
    if (!settings->augment)
        return json_incref(report);
    try_stage(settings, "augment");
    CLEANUP_JSON json_t *augmented = NULL;
    if (stage_augment(settings, report, &augmented) == 0)
        return json_incref(augmented);
    finding_failure(instead, "infrastructure", NULL);
    return NULL;
}

/* The other models, together with this one. */
static void check_distribution(const struct settings *settings, const json_t *event, enum finding instead)
{
    CLEANUP_JSON json_t *report = NULL;
    try_stage(settings, "redistribute");
    if (stage_redistribute(settings, event, &report) == 0)
        finding(FINDING_OK, "models", "they evaluate, and the services have a distribution");
    else
        finding_failure(instead, "models", "see --services, --qos and --filters");
}

static void tell_silent(const struct settings *settings, const char *name)
{
    CLEANUP_FREE char *about = string_format("target %s", name);
    const char *said = text_at(json_object_get(findings_calls(), name), "said");
    finding(FINDING_WARNING, about ? about : name, "it does not answer%s%s; %s", *said ? ": " : "", said,
            settings->probes ? "until it does it is left out"
                             : "a deployment to it fails, and --probe leaves it out");
}

/* A shell on the target that does not find the program, or may not run it. */
static bool lacks_program(const json_t *call)
{
    const json_int_t status = json_integer_value(json_object_get(call, "status"));
    return status == 126 || status == 127;
}

static void tell_answers(const struct settings *settings, const struct infrastructure *infrastructure,
                         const json_t *silent)
{
    size_t answered = 0;
    for (size_t i = 0; i < infrastructure->count; i++) {
        const char *name = infrastructure->targets[i].name;
        const json_t *call = json_object_get(findings_calls(), name);
        CLEANUP_FREE char *about = string_format("target %s", name);
        if (json_object_get(silent, name))
            tell_silent(settings, name);
        else if (lacks_program(call))
            finding(FINDING_WARNING, about ? about : name,
                    "it cannot do what it is asked: %s; is Disnix there?", text_at(call, "said"));
        else
            answered++;
    }
    finding(answered > 0 || infrastructure->count == 0 ? FINDING_OK : FINDING_FAILED, "targets",
            "%zu of %zu answer%s", answered, infrastructure->count,
            answered > 0 || infrastructure->count == 0
                ? ""
                : "; see the network of this machine, its ssh key, and --target-property");
}

static void check_targets(const struct settings *settings, const struct infrastructure *infrastructure)
{
    CLEANUP_JSON json_t *record = NULL;
    findings_try(default_deadline);
    if (probe_ask(settings, infrastructure, &record) != 0)
        finding_failure(FINDING_FAILED, "targets", NULL);
    else
        tell_answers(settings, infrastructure, json_object_get(record, "silent"));
}

/* As the last deployment has found them: Disnix cannot be asked for a lock. */
static void tell_locks(const struct infrastructure *infrastructure, const struct state *state)
{
    const char *name;
    json_t *lock;
    json_object_foreach(json_object_get(state->root, "foreign"), name, lock) {
        CLEANUP_FREE char *about = string_format("target %s", name);
        if (infrastructure_find(infrastructure, name))
            finding(FINDING_WARNING, about ? about : name,
                    "somebody else holds its lock, at least since %s; if nobody is at work: %s",
                    moment_of(json_integer_value(json_object_get(lock, "since"))).text,
                    text_or(lock, "unlock", "release it by hand"));
    }
}

void network_check(const struct settings *settings, const struct state *state, enum finding instead)
{
    CLEANUP_JSON json_t *event = find_model(settings, instead);
    const char *file = text_or_null(event, "infrastructure");
    struct strings *strings = strings_new();
    struct model model = { 0 };
    if (!file || !strings) {
        strings_free(strings);
        return;
    }
    try_stage(settings, "detect");
    if (model_evaluate(file, settings, strings, &model) != 0) {
        finding_failure(FINDING_FAILED, "infrastructure", NULL);
    } else {
        finding(FINDING_OK, "infrastructure", "%zu target%s", model.infrastructure.count,
                model.infrastructure.count == 1 ? "" : "s");
        check_distribution(settings, event, instead);
        check_targets(settings, &model.infrastructure);
        tell_locks(&model.infrastructure, state);
    }
    model_clear(&model);
    strings_free(strings);
}
