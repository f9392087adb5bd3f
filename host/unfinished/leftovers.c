/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/unfinished/leftovers.h"

#include <string.h>

#include "host/calls/client-calls.h"
#include "host/calls/resend.h"
#include "host/copies/survivors.h"
#include "host/presence/presence.h"
#include "host/record/again.h"
#include "host/record/recovery-report.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/switch.h"
#include "lib/model/client.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

static const int64_t first_pause = 30; /* seconds */
#define AGAIN "again"                  /* a member, as again.h describes it */

static json_t *as_json(const struct arguments *arguments)
{
    json_t *list = json_array();
    for (size_t i = 0; i < arguments->count; i++)
        json_array_append_new(list, json_string(arguments->items[i]));
    return list;
}

static void from_json(const json_t *list, struct arguments *arguments)
{
    size_t index;
    json_t *word;
    json_array_foreach(list, index, word)
        arguments_add(arguments, json_is_string(word) ? json_string_value(word) : "");
}

static json_t *list_of(const struct state *state)
{
    json_t *list = json_object_get(state->root, "leftovers");
    return json_is_array(list) ? list : NULL;
}

static json_t *entry_of(const struct state *state, const char *target)
{
    size_t index;
    json_t *entry;
    json_array_foreach(list_of(state), index, entry)
        if (strcmp(text_at(entry, "target"), target) == 0)
            return entry;
    return NULL;
}

/* Of several profiles the last one is to be set. */
static void drop_earlier_set(json_t *calls, const char *what)
{
    for (size_t i = strcmp(what, "set") == 0 ? json_array_size(calls) : 0; i-- > 0;)
        if (strcmp(text_at(json_array_get(calls, i), "what"), "set") == 0)
            json_array_remove(calls, i);
}

#define OF \
    "of" /* of a call, and of the deployment that is undone: the number by which both belong together */

/* The same call, which an earlier deployment may have left; NULL: there is none. */
static json_t *find_same(const json_t *calls, const json_t *wanted)
{
    size_t index;
    json_t *call;
    json_array_foreach(calls, index, call) {
        CLEANUP_JSON json_t *copy = json_copy(call);
        json_object_del(copy, OF);
        if (json_equal(copy, wanted))
            return call;
    }
    return NULL;
}

/* The entry of a target; NULL: no memory. */
static json_t *entry_for(const struct unfinished *unfinished, const struct target *target)
{
    struct state *state = unfinished->recovery->state;
    json_t *entry = entry_of(state, target->name);
    CLEANUP_ARGUMENTS struct arguments ask = { 0 };
    if (entry)
        return entry;
    if (!list_of(state))
        json_object_set_new(state->root, "leftovers", json_array());
    recovery_profile_arguments(&ask, unfinished->recovery, target, "--query-installed");
    json_array_append_new(list_of(state),
                          json_pack("{ss so si s[]}", "target", target->name, "ask", as_json(&ask), "version",
                                    unfinished->new.version, "calls"));
    return entry_of(state, target->name);
}

/* of: NULL: it belongs to none that is undone. */
static int leftovers_add(json_t *entry, const struct leftover *leftover, json_t *of)
{
    CLEANUP_JSON json_t *call = json_pack("{ss ss* ss* ss* so}", "what", leftover->what, "component",
                                          leftover->component, "container", leftover->container, "service",
                                          leftover->service, "arguments", as_json(leftover->arguments));
    json_t *calls = json_object_get(entry, "calls"), *same = call ? find_same(calls, call) : NULL;
    if (of)
        json_object_set(same ? same : call, OF, of);
    if (same)
        return 0;
    json_object_del(entry, AGAIN);
    drop_earlier_set(calls, leftover->what);
    return json_array_append(calls, call);
}

/* The target in the model; a manifest of version 1 has keys for names. NULL: it has left the model, and what
 * is left stays for when it comes back: it is not asked, for it may be dead. */
static const struct target *target_of(const json_t *entry, const struct infrastructure *model)
{
    const char *name = text_at(entry, "target");
    for (size_t i = 0; i < model->count; i++) {
        const char *key = target_connection_key(&model->targets[i]);
        if (strcmp(model->targets[i].name, name) == 0 || (key && strcmp(key, name) == 0))
            return &model->targets[i];
    }
    return NULL;
}

/* Until a deployment has succeeded nobody knows whether it is wanted. */
static bool is_put_off(const char *what)
{
    return strcmp(what, "deactivate if unwanted") == 0;
}

static bool are_put_off(const json_t *calls)
{
    size_t index;
    json_t *call;
    json_array_foreach(calls, index, call)
        if (!is_put_off(text_at(call, "what")))
            return false;
    return true;
}

/* In how many seconds it is to be tried; what has come back since the last try, at once. -1: its target is
 * not there. */
static int64_t due_of(const struct state *state, const json_t *entry, const struct infrastructure *model,
                      int64_t now)
{
    const struct target *target = target_of(entry, model);
    int64_t due = again_due(entry, AGAIN, now);
    if (!target || are_put_off(json_object_get(entry, "calls")))
        return -1;
    if (due <= 0)
        return 0;
    const json_t *known = json_object_get(json_object_get(state->root, "targets"), target->name);
    json_int_t back = json_integer_value(json_object_get(known, "back"));
    return back < json_integer_value(json_object_get(json_object_get(entry, AGAIN), "tried")) ? due : 0;
}

int64_t leftovers_due(const struct state *state, const struct infrastructure *model, int64_t now)
{
    int64_t first = -1;
    size_t index;
    json_t *entry;
    json_array_foreach(list_of(state), index, entry) {
        int64_t due = due_of(state, entry, model, now);
        if (due >= 0 && (first < 0 || due < first))
            first = due;
    }
    return first;
}

void leftovers_hurry(struct state *state)
{
    size_t index;
    json_t *entry;
    json_array_foreach(list_of(state), index, entry)
        json_object_del(entry, AGAIN);
}

static bool owes(const json_t *entry, const char *what)
{
    size_t index;
    json_t *call;
    json_array_foreach(json_object_get(entry, "calls"), index, call)
        if (strcmp(text_at(call, "what"), what) == 0)
            return true;
    return false;
}

bool leftovers_owe_profile(const struct state *state, const char *target)
{
    return owes(entry_of(state, target), "set");
}

json_t *leftovers_left_out(const struct state *state, const struct infrastructure *model)
{
    json_t *names = json_array(), *entry;
    size_t index;
    json_array_foreach(list_of(state), index, entry) {
        const struct target *target = target_of(entry, model);
        bool untold = target && owes(entry, "set") && !presence_was_deployed(state->root, target->name);
        if (!untold && !(target && owes(entry, "unlock")))
            continue;
        log_warning(target->name, "its %s is still to be %s: it is left out until then",
                    untold ? "profile" : "lock", untold ? "set" : "released");
        json_array_append_new(names, json_string(target->name));
    }
    return names;
}

/* Words of a call up to its operation, and the path that it is about; false: it is about none. */
static bool question(const json_t *words, struct arguments *arguments, const char **path)
{
    bool operation = false;
    size_t index;
    json_t *word;
    json_array_foreach(words, index, word) {
        const char *value = json_is_string(word) ? json_string_value(word) : "";
        if (operation && is_store_path(value)) {
            arguments_add(arguments, *path = value);
            return true;
        }
        if (!operation && strncmp(value, "--", 2) == 0
            && strncmp(value, "--target", strlen("--target")) != 0) {
            arguments_add(arguments, "--print-invalid");
            operation = true;
        } else if (!operation) {
            arguments_add(arguments, value);
        }
    }
    return false;
}

/* Whether the path that the call is about is not in the target's store: Nix may have collected it, or the
 * disk may be another one. 1: *path, malloc()ed; 0: it is there, or the call is about none; -1: the target
 * does not tell. */
static int find_missing(const char *target, const json_t *described, char **path)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    struct call *call = calls_add(&calls, target);
    const char *found = NULL;
    *path = NULL;
    if (!call || !question(json_object_get(described, "arguments"), &call->arguments, &found))
        return 0;
    calls_run(&calls, ask_deadline, true);
    if (call->done && strcmp(call->output, found) == 0)
        *path = strdup(found);
    return *path ? 1 : call->done ? 0 : -1;
}

/* True: it was missing, and is there again. */
static bool send_again(const struct recovery *recovery, const struct target *target, const json_t *entry,
                       const json_t *described)
{
    const char *name = text_at(entry, "target");
    int version = json_integer_value(json_object_get(entry, "version")) == 1 ? 1 : 2;
    CLEANUP_FREE char *path = NULL;
    if (find_missing(name, described, &path) <= 0 || !SWITCH(RESEND))
        return false;
    log_notice(name, "%s is gone from its store, and is sent again", path);
    return resend_path(recovery, target, path, version, call_deadline) == 0;
}

static bool is_unlock(const json_t *described)
{
    return strcmp(text_at(described, "what"), "unlock") == 0;
}

/* Whether the lock was there; an absent one holds nothing up. -1: the target does not tell. */
static int unlock(const char *target, const json_t *described, json_t *report)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    struct call *call = calls_add(&calls, target);
    if (!call)
        return -1;
    from_json(json_object_get(described, "arguments"), &call->arguments);
    calls_release(&calls);
    if (!call->done && !call->refused)
        return -1;
    recovery_report_released(report, target);
    return call->done;
}

#define LOCK "lock" /* of an entry: whether our lock was there when it was released */

/* Whether the deployment has left any trace: its lock, or, where that was released before, any profile. -1:
 * the target does not tell. */
static int has_traces(const struct recovery *recovery, const struct target *target, const json_t *entry)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    CLEANUP_FREE char *path = target_profile_path(recovery->settings->profile);
    struct call *call = calls_add(&calls, target->name);
    const json_t *lock = json_object_get(entry, LOCK);
    if (lock || !call || !path)
        return !json_is_false(lock);
    client_arguments(&call->arguments, target, "--query-requisites");
    arguments_add(&call->arguments, path);
    calls_run(&calls, ask_deadline, true);
    return call->done ? *call->output != '\0' : call->refused ? 0 : -1;
}

/* Whether anything is missing of what the calls are about; -1: the target does not tell. */
static int misses_something(const char *target, const json_t *calls)
{
    int missing = 0;
    size_t index;
    json_t *call;
    json_array_foreach(calls, index, call) {
        CLEANUP_FREE char *path = NULL;
        int one = find_missing(target, call, &path);
        missing = one != 0 && missing <= 0 ? one : missing;
    }
    return missing;
}

/* Our lock is released first. Where nothing is left of the deployment, and of what it had brought something
 * is missing, it is another disk, on which nothing was done: a profile set there would tell of services that
 * do not run. -1: the target does not tell. */
static int is_replaced(const struct recovery *recovery, const struct target *target, json_t *entry,
                       json_t *report)
{
    json_t *calls = json_object_get(entry, "calls");
    while (is_unlock(json_array_get(calls, 0))) {
        int there = unlock(target->name, json_array_get(calls, 0), report);
        if (there < 0)
            return -1;
        json_object_set_new(entry, LOCK, json_boolean(there && !json_is_false(json_object_get(entry, LOCK))));
        json_array_remove(calls, 0);
    }
    if (json_is_true(json_object_get(entry, LOCK)) || !SWITCH(REPLACED))
        return 0;
    int missing = misses_something(target->name, calls),
        traces = missing != 0 ? has_traces(recovery, target, entry) : 1;
    if (traces > 0)
        return 0;
    if (missing < 0 || traces < 0)
        return -1;
    log_notice(target->name, "has another disk: nothing of what was left to do here had been begun on it");
    return 1;
}

/* One call. */
static bool do_call(const char *target, const json_t *described, json_t *report)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    const char *what = text_at(described, "what");
    struct call *call = calls_add(&calls, target);
    if (!call)
        return false;
    from_json(json_object_get(described, "arguments"), &call->arguments);
    if (strcmp(what, "deactivate") == 0)
        calls_stop(&calls);
    else
        calls_run(&calls, strcmp(what, "set") == 0 ? set_deadline : call_deadline, false);
    if (!call->done) {
        log_warning(target, "what was left to do here fails: %s %s", what, text_at(described, "component"));
        return strcmp(what, "try rescue") == 0 || strcmp(what, "rescue again") == 0;
    }
    if (strcmp(what, "name") == 0 || strcmp(what, "name again") == 0)
        recovery_report_rescued(report, target, text_at(described, "component"),
                                text_at(described, "container"), call->output);
    return true;
}

static bool is_rescue(const json_t *described)
{
    return strcmp(text_at(described, "what"), "rescue") == 0;
}

static bool is_activation(const json_t *described)
{
    return strcmp(text_at(described, "what"), "activate") == 0;
}

/* The component that a call is about, and its container; empty: none. */
static const char *component_of(const json_t *described, const char **container)
{
    const json_t *words = json_object_get(described, "arguments");
    const char *component = text_at(described, "component"), *found = NULL;
    const char *package = json_string_value(json_array_get(words, json_array_size(words) - 1));
    size_t index;
    json_t *word;
    json_array_foreach(words, index, word)
        if (json_is_string(word) && strcmp(json_string_value(word), "--container") == 0)
            found = json_string_value(json_array_get(words, index + 1));
    *container = found ? found : "";
    return !*component && package && is_store_path(package) ? store_path_name(package) : component;
}

/* A decision since then has another copy live, or has started this one again. */
static bool is_overruled(const struct state *state, const char *target, const json_t *described)
{
    const char *container, *component = component_of(described, &container);
    if (is_activation(described))
        return survivors_gave_up(state->root, target, container, component);
    return strcmp(text_at(described, "what"), "deactivate") == 0
           && survivors_brought(state->root, target, container, component);
}

/* A service that cannot be started again holds nothing up, and may run all the same: the next deployment
 * starts it where it is wanted; where it is not, nothing else would stop it. */
static void note_unstarted(const struct state *state, const char *target, json_t *described)
{
    json_t *words = json_object_get(described, "arguments");
    const char *container, *component = component_of(described, &container);
    if (json_object_get(described, "service"))
        survivors_unstarted(state->root, target, container, text_at(described, "service"), component);
    for (size_t i = 0; i < json_array_size(words); i++) {
        const char *word = json_string_value(json_array_get(words, i));
        if (word && strcmp(word, "--activate") == 0)
            json_array_set_new(words, i, json_string("--deactivate"));
    }
    json_object_set_new(described, "what", json_string("deactivate if unwanted"));
}

static void note_started(const struct state *state, const char *target, const json_t *described)
{
    const char *container;
    component_of(described, &container);
    survivors_started(state->root, target, container, text_at(described, "service"));
}

/* True: nothing is left to do there now. Where even what the call needs was missing there may be nothing to
 * rescue. */
static bool settle_target(const struct recovery *recovery, const struct target *target, json_t *entry,
                          json_t *report)
{
    json_t *calls = json_object_get(entry, "calls");
    const char *name = text_at(entry, "target");
    log_notice(name, "answers: what was left to do here is tried");
    int replaced = is_replaced(recovery, target, entry, report);
    if (replaced < 0)
        return false;
    if (replaced > 0)
        json_array_clear(calls);
    for (size_t i = 0; i < json_array_size(calls);) {
        json_t *call = json_array_get(calls, i);
        if (is_put_off(text_at(call, "what"))) {
            i++;
            continue;
        }
        bool overruled = is_overruled(recovery->state, target->name, call);
        bool sent = !overruled && send_again(recovery, target, entry, call);
        bool done = !overruled && do_call(name, call, report);
        if (done && is_activation(call))
            note_started(recovery->state, target->name, call);
        if (overruled || done || (sent && is_rescue(call)))
            json_array_remove(calls, i);
        else if (is_activation(call))
            note_unstarted(recovery->state, target->name, call);
        else
            return false;
    }
    return true;
}

/* Whether a component of that name runs in that container of the target, of whatever version; package: that
 * one, NULL: any. */
static bool runs_there(const struct manifest *deployed, const struct target *target, const char *container,
                       const char *component, const char *package)
{
    const char *name = deployed->version == 1 ? target_connection_key(target) : target->name;
    for (size_t i = 0; i < deployed->service_mapping_count; i++) {
        const struct service_mapping *mapping = &deployed->service_mappings[i];
        const struct service *service = manifest_find_service(deployed, mapping->service);
        if (service && strcmp(mapping->target, name) == 0 && strcmp(mapping->container, container) == 0
            && strcmp(store_path_name(service->pkg), component) == 0
            && (!package || strcmp(service->pkg, package) == 0))
            return true;
    }
    return false;
}

/* Locks and profiles are as the deployment left them, and what it has started runs. But it knew nothing of what
 * an earlier one had begun here, and which is not in its manifest; nor that what it has found in a profile,
 * and wants there, is still to be started. */
static bool is_still_owed(const json_t *described, const struct target *target,
                          const struct manifest *deployed)
{
    const char *what = text_at(described, "what"), *container;
    if (strcmp(what, "unlock") == 0 || strcmp(what, "set") == 0)
        return false;
    const json_t *words = json_object_get(described, "arguments");
    const char *package = json_string_value(json_array_get(words, json_array_size(words) - 1));
    const char *component = component_of(described, &container);
    if (is_activation(described))
        return runs_there(deployed, target, container, component, package ? package : "");
    return !runs_there(deployed, target, container, component, NULL);
}

bool leftovers_forget(struct state *state, const struct infrastructure *model,
                      const struct manifest *deployed)
{
    json_t *list = list_of(state);
    bool unwanted = false;
    for (size_t i = json_array_size(list); i-- > 0;) {
        json_t *entry = json_array_get(list, i);
        const struct target *target = target_of(entry, model);
        json_t *calls = json_object_get(entry, "calls");
        for (size_t k = target ? json_array_size(calls) : 0; k-- > 0;)
            if (!deployed || !is_still_owed(json_array_get(calls, k), target, deployed)) {
                json_array_remove(calls, k);
            } else if (is_put_off(text_at(json_array_get(calls, k), "what"))) {
                json_object_set_new(json_array_get(calls, k), "what", json_string("deactivate"));
                json_object_del(entry, AGAIN);
                unwanted = true;
            }
        if (json_array_size(calls) == 0)
            json_array_remove(list, i);
    }
    if (json_array_size(list) == 0)
        json_object_del(state->root, "leftovers");
    return unwanted;
}

bool leftovers_settle(const struct recovery *recovery, const struct infrastructure *model, json_t *report)
{
    struct state *state = recovery->state;
    CLEANUP_CALLS struct calls asks = { 0 };
    json_t *list = list_of(state), *remaining = json_array(), *entry;
    int64_t now = operations->clock();
    size_t index, asked = 0;
    bool any = false;
    json_array_foreach(list, index, entry) {
        struct call *call =
            due_of(state, entry, model, now) == 0 ? calls_add(&asks, text_at(entry, "target")) : NULL;
        if (call)
            from_json(json_object_get(entry, "ask"), &call->arguments);
    }
    calls_run(&asks, ask_deadline, true);
    json_array_foreach(list, index, entry) {
        bool due = due_of(state, entry, model, now) == 0;
        bool answers = due && asked < asks.count && asks.items[asked++].done;
        const json_t *calls = json_object_get(entry, "calls");
        size_t before = json_array_size(calls);
        bool settled = answers && settle_target(recovery, target_of(entry, model), entry, report);
        any = any || settled || json_array_size(calls) < before;
        if (json_array_size(calls) > 0)
            json_array_append(remaining, entry);
        if (!due || settled)
            continue;
        again_note(entry, AGAIN, true, first_pause, operations->clock());
        recovery_report_pending(report, text_at(entry, "target"));
    }
    if (json_array_size(remaining) > 0)
        json_object_set(state->root, "leftovers", remaining);
    else
        json_object_del(state->root, "leftovers");
    json_decref(remaining);
    return any;
}

static json_int_t highest_number(const json_t *list)
{
    json_int_t highest = 0;
    size_t index, inner;
    json_t *entry, *call;
    json_array_foreach(list, index, entry)
        json_array_foreach(json_object_get(entry, "calls"), inner, call)
            if (json_integer_value(json_object_get(call, OF)) > highest)
                highest = json_integer_value(json_object_get(call, OF));
    return highest;
}

void leftovers_begin_undo(const struct unfinished *unfinished)
{
    const struct state *state = unfinished->recovery->state;
    json_t *list = list_of(state), *deployment = json_object_get(state->root, "deployment");
    const json_t *of = json_object_get(deployment, OF);
    if (!of)
        json_object_set_new(deployment, OF, json_integer(highest_number(list) + 1));
    for (size_t i = of ? json_array_size(list) : 0; i-- > 0;) {
        json_t *calls = json_object_get(json_array_get(list, i), "calls");
        for (size_t k = json_array_size(calls); k-- > 0;)
            if (!is_unlock(json_array_get(calls, k))
                && json_equal(json_object_get(json_array_get(calls, k), OF), of))
                json_array_remove(calls, k);
        if (json_array_size(calls) == 0)
            json_array_remove(list, i);
    }
}

void leftovers_leave(const struct unfinished *unfinished, const struct target *target,
                     const struct leftover *leftover)
{
    const json_t *deployment = json_object_get(unfinished->recovery->state->root, "deployment");
    json_t *entry = entry_for(unfinished, target);
    if (!entry || leftovers_add(entry, leftover, json_object_get(deployment, OF)) != 0)
        log_error(target->name, "what is to be done here when it answers cannot be noted");
    if (!is_put_off(leftover->what))
        recovery_report_pending(unfinished->report, target->name);
}
