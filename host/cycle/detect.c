/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cycle/detect.h"

#include <string.h>

#include "host/copies/restore.h"
#include "host/copies/survivors.h"
#include "host/copies/wrapper.h"
#include "host/cycle/event.h"
#include "host/cycle/outage.h"
#include "host/cycle/settle.h"
#include "host/cycle/snapshots.h"
#include "host/presence/hung.h"
#include "host/presence/presence.h"
#include "host/presence/probe.h"
#include "host/presence/refusals.h"
#include "host/record/again.h"
#include "host/record/routine.h"
#include "host/unfinished/leftovers.h"
#include "lib/base/cleanup.h"
#include "lib/model/doubles.h"
#include "lib/model/nix-access.h"
#include "lib/world/operations.h"

int detect_leave_out(struct cycle *cycle)
{
    CLEANUP_FREE char *file = NULL;
    if (json_array_size(cycle->presence.left_out) == 0)
        return 0;
    if (wrap_infrastructure(cycle->work, cycle->captured, cycle->presence.left_out, &file) != 0)
        return -1;
    model_clear(&cycle->model);
    json_object_set_new(cycle->event, "infrastructure", json_string(file));
    return model_evaluate(file, cycle->settings, cycle->strings, &cycle->model);
}

/* Who of the model answers; *record stays NULL if nobody is asked. */
static int ask_targets(struct cycle *cycle, json_t **record)
{
    const struct settings *settings = cycle->settings;
    const struct infrastructure *infrastructure = &cycle->model.infrastructure;
    CLEANUP_FREE char *file = cycle_file(settings, "captured.xml");
    if (!settings->probes)
        return 0;
    CLEANUP_JSON json_t *before = probe_read(settings->state_directory);
    state_probed(&cycle->state, before);
    if (!file || model_save(&cycle->model, file) != 0)
        return -1;
    if (!cycle->request.now && !cycle->request.first
        && probe_is_recent(before, infrastructure, settings, operations->clock()))
        *record = json_incref(before);
    else if (probe_ask(settings, infrastructure, record) != 0)
        return -1;
    return 0;
}

static bool are_all(const json_t *names, const json_t *silent)
{
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)names, index, name)
        if (!json_object_get(silent, json_string_value(name)))
            return false;
    return true;
}

/* Who does not answer, by a probe or since it hung; where nobody else is there, who hung is tried all the
 * same. */
static json_t *list_silent(const struct cycle *cycle, const json_t *record, const json_t *names, int64_t now,
                           int64_t *due)
{
    json_t *probed = json_object_get(record, "silent"),
           *joined = hung_join(cycle->state.root, probed, now, due);
    if (!joined || !are_all(names, joined) || (probed && are_all(names, probed)))
        return joined;
    json_decref(joined);
    return probed ? json_copy(probed) : json_object();
}

static int judge(struct cycle *cycle)
{
    CLEANUP_JSON json_t *record = NULL, *names = infrastructure_names(&cycle->model.infrastructure);
    CLEANUP_JSON json_t *doubles =
        doubles_of(&cycle->model.infrastructure, json_object_get(cycle->state.root, "effective"));
    int64_t now = operations->clock();
    if (!doubles || ask_targets(cycle, &record) != 0)
        return -1;
    int64_t due = -1;
    CLEANUP_JSON json_t *silent = list_silent(cycle, record, names, now, &due);
    if (!silent)
        return -1;
    if (presence_judge(cycle->state.root, names, silent, doubles, &cycle->settings->presence, now,
                       &cycle->presence)
        != 0)
        return -1;
    state_see(&cycle->state, &cycle->model.infrastructure, silent, now);
    event_presence(cycle);
    cycle_tell_due(cycle, cycle->presence.due);
    cycle_tell_later(cycle, survivors_due(cycle->state.root, now));
    cycle_tell_later(cycle, again_due(cycle->state.root, UNCAPTURED, now));
    cycle_tell_later(cycle, restore_due(cycle->state.root));
    cycle_tell_later(cycle, due);
    cycle_tell_later(cycle, refusals_due(cycle->state.root, &cycle->model.infrastructure, now));
    outage_note(cycle);
    return state_save(&cycle->state);
}

static int evaluate_captured(struct cycle *cycle)
{
    const char *digits = cycle->digest.digits;
    const char *known = json_string_value(json_object_get(cycle->state.root, "unreadable"));
    if (model_evaluate(cycle->captured, cycle->settings, cycle->strings, &cycle->model) == 0) {
        json_object_del(cycle->state.root, "unreadable");
        return 0;
    }
    if (*digits && (!known || strcmp(known, digits) != 0)) {
        progress_tell(&cycle->progress, json_pack("{ss}", "event", "change"));
        json_object_set_new(cycle->state.root, "unreadable", json_string(digits));
        state_save(&cycle->state);
    }
    return -1;
}

int detect_run(struct cycle *cycle, json_t **report)
{
    (void)report;
    if (evaluate_captured(cycle) != 0 || judge(cycle) != 0)
        return -1;
    return json_array_size(cycle->presence.waiting) == 0 ? detect_leave_out(cycle) : 0;
}

/* Whether it is the model that could not be evaluated, and whose time has not come yet. */
static bool is_put_off(const struct cycle *cycle)
{
    const char *unreadable = json_string_value(json_object_get(cycle->state.root, "unreadable"));
    return !cycle->request.retry && unreadable && strcmp(unreadable, cycle->digest.digits) == 0;
}

/* A deployment to it would fail, or forget what was begun on it. */
static int leave_out_unfinished(struct cycle *cycle)
{
    CLEANUP_JSON json_t *names = leftovers_left_out(&cycle->state, &cycle->model.infrastructure);
    if (json_array_size(names) == 0)
        return names ? 0 : -1;
    return json_array_extend(cycle->presence.left_out, names) == 0 ? detect_leave_out(cycle) : -1;
}

int detect_captured(struct cycle *cycle, int status)
{
    const char *file = json_string_value(json_object_get(cycle->event, "infrastructure"));
    if (status == 0 && file)
        cycle->digest = model_digest(file, cycle->settings->augment);
    return status;
}

int detect_augmented(struct cycle *cycle, int status)
{
    const char *file = json_string_value(json_object_get(cycle->event, "infrastructure"));
    if (status != 0)
        return status;
    if (!file) {
        log_error(NULL, "the stage capture gave no infrastructure model");
        return -1;
    }
    routine_notice("Using infrastructure model: %s", file);
    if (is_put_off(cycle))
        return 1;
    cycle->captured = strdup(file);
    return cycle->captured ? 0 : -1;
}

/* What was left on targets is settled before anything is compared with what was deployed. */
static int settle_first(struct cycle *cycle)
{
    int status = settle_due(cycle);
    if (status == 0 && json_array_size(cycle->presence.waiting) == 0)
        return leave_out_unfinished(cycle);
    return status < 0 ? -1 : 0;
}

/* The difference between the model that name holds and this one; NULL: there is no such model. */
static json_t *compare_with(struct cycle *cycle, const char *name)
{
    CLEANUP_FREE char *file = cycle_file(cycle->settings, name);
    struct model known = { 0 };
    json_t *difference = NULL;
    if (file && model_load(file, cycle->settings, cycle->strings, &known) == 0)
        difference = infrastructure_difference(&known.infrastructure, &cycle->model.infrastructure);
    model_clear(&known);
    return difference;
}

json_t *detect_seen(struct cycle *cycle)
{
    return compare_with(cycle, "seen.xml");
}

/* Whether there is something to do though the model is the same. */
static bool has_waiting(const struct cycle *cycle)
{
    return survivors_wait(cycle->state.root) || restore_due(cycle->state.root) == 0
           || survivors_due(cycle->state.root, operations->clock()) == 0
           || again_due(cycle->state.root, UNCAPTURED, operations->clock()) == 0
           || refusals_due(cycle->state.root, &cycle->model.infrastructure, operations->clock()) == 0;
}

/* The difference from the model that was deployed last, where there is something to do: it is not that one,
 * and it did not just fail. */
static json_t *find_changes(struct cycle *cycle)
{
    json_t *from_deployed = compare_with(cycle, "deployed.xml");
    CLEANUP_JSON json_t *from_failed = compare_with(cycle, "failed.xml");
    const struct infrastructure nothing = { 0 };
    bool failed = from_failed && !model_changed(from_failed);
    /* What was begun for another model and did not end well has left something else than that one: a
     * deployment, or the manifest alone. */
    bool deployed = from_deployed && !model_changed(from_deployed) && !from_failed
                    && !state_is_deploying(&cycle->state) && !has_waiting(cycle);
    if ((deployed && !cycle->request.resync) || (failed && !cycle->request.retry)) {
        json_decref(from_deployed);
        return NULL;
    }
    if (!failed && !deployed)
        progress_tell(&cycle->progress, json_pack("{ss}", "event", "change"));
    return from_deployed ? from_deployed : infrastructure_difference(&nothing, &cycle->model.infrastructure);
}

/* Whether the model has been still for long enough; else another cycle will see. */
static bool is_settled(struct cycle *cycle)
{
    CLEANUP_FREE char *file = cycle_file(cycle->settings, "settling.xml");
    CLEANUP_JSON json_t *difference = compare_with(cycle, "settling.xml");
    int64_t now = operations->clock(), settle = cycle->settings->settle;
    int64_t since = json_integer_value(json_object_get(cycle->state.root, "settling"));
    if (settle == 0 || cycle->request.now)
        return true;
    if (!difference || model_changed(difference) || since > now || since <= 0) {
        since = now;
        json_object_set_new(cycle->state.root, "settling", json_integer(now));
        if (!file || model_save(&cycle->model, file) != 0)
            return true;
        log_notice(NULL, "The infrastructure has changed, and has to be still for %lld seconds",
                   (long long)settle);
    }
    if (now - since >= settle)
        return true;
    cycle_tell_due(cycle, since + settle - now);
    return false;
}

static void forget_settling(struct cycle *cycle)
{
    CLEANUP_FREE char *file = cycle_file(cycle->settings, "settling.xml");
    if (file && cycle->settings->settle > 0)
        operations->remove(file);
    json_object_del(cycle->state.root, "settling");
}

enum verdict detect_verdict(struct cycle *cycle, json_t **changes)
{
    if (settle_first(cycle) != 0)
        return VERDICT_FAILED;
    if (json_array_size(cycle->presence.waiting) > 0)
        return VERDICT_WAITING;
    CLEANUP_JSON json_t *found = find_changes(cycle);
    if (cycle->presence.paused)
        return VERDICT_PAUSED;
    if (!found)
        forget_settling(cycle);
    if (!found || !is_settled(cycle))
        return VERDICT_UNCHANGED;
    *changes = json_incref(found);
    return VERDICT_CHANGED;
}
