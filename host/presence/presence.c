/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/presence/presence.h"

#include <string.h>

#include "host/presence/hung.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/model/doubles.h"
#include "lib/world/operations.h"

static const int64_t look_first = 10,
                     look_longest = 3600; /* seconds until the reconstruction sees a held one again */
static const int64_t forgotten_after = INT64_C(365) * 24 * 3600; /* a target that is missing */

struct judging {
    json_t *state;
    json_t *targets;  /* of state */
    json_t *here;     /* { NAME: true } that are in the model and answer */
    json_t *captured; /* { NAME: true } that are in the model */
    json_t *deployed; /* { NAME: true } that were deployed to last */
    const json_t *doubles;
    const struct presence_policy *policy;
    int64_t now;
    struct presence *presence;
    json_t *lost; /* [NAME] */
};

static json_t *as_set(const json_t *names)
{
    json_t *set = json_object(), *name;
    size_t index;
    json_array_foreach((json_t *)names, index, name)
        if (json_is_string(name))
            json_object_set_new(set, json_string_value(name), json_true());
    return set;
}

static bool has(const json_t *set, const char *name)
{
    return json_object_get(set, name) != NULL;
}

/* The moment under key; -1: there is none. The clock may have been set back since: then it is now, and waits
 * begin anew. */
static int64_t moment(json_t *object, const char *key, int64_t now)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value))
        return -1;
    if (json_integer_value(value) > now)
        json_object_set_new(object, key, json_integer(now));
    return json_integer_value(json_object_get(object, key));
}

static const char *hold_reason(const json_t *target)
{
    return json_string_value(json_object_get(json_object_get(target, "held"), "reason"));
}

static bool is_held(const json_t *target, const char *reason)
{
    const char *held = hold_reason(target);
    return held && strcmp(held, reason) == 0;
}

static void add(json_t *names, const char *name)
{
    json_array_append_new(names, json_string(name));
}

static void wait_until(struct judging *judging, int64_t then)
{
    int64_t left = then > judging->now ? then - judging->now : 0;
    if (judging->presence->due < 0 || left < judging->presence->due)
        judging->presence->due = left;
}

/* Disappearances that are too old, or in the future, do not count. */
static void prune(json_t *target, int64_t from, int64_t now)
{
    json_t *vanished = json_object_get(target, "vanished");
    for (size_t i = json_array_size(vanished); i > 0; i--) {
        int64_t when = json_integer_value(json_array_get(vanished, i - 1));
        if (when <= from || when > now)
            json_array_remove(vanished, i - 1);
    }
    if (vanished && json_array_size(vanished) == 0)
        json_object_del(target, "vanished");
}

static void forget_absence(json_t *target)
{
    json_object_del(target, "away");
    json_object_del(target, "missed");
}

/* A new absence of a target that the system is deployed to: how long it had been away before is no matter. */
static void note_absence(json_t *target, bool deployed, int64_t now)
{
    bool was_here = json_object_get(target, "seen") != NULL;
    json_object_del(target, "back");
    if (json_object_get(target, "missing"))
        return;
    json_object_set_new(target, "missing", json_integer(now));
    if (deployed)
        forget_absence(target);
    if (!was_here)
        return;
    if (!json_is_array(json_object_get(target, "vanished")))
        json_object_set_new(target, "vanished", json_array());
    json_array_append_new(json_object_get(target, "vanished"), json_integer(now));
}

/* Within its grace nothing was moved from it: it was not away. */
static void note_presence(json_t *target, int64_t now)
{
    const char *status = json_string_value(json_object_get(target, "status"));
    if (!json_object_get(target, "missing"))
        return;
    json_object_del(target, "missing");
    json_object_set_new(target, "back", json_integer(now));
    if (status && strcmp(status, "grace") == 0)
        forget_absence(target);
}

/* Holds a target that flaps, and takes it in again when it has been stable. */
static void judge_flapping(struct judging *judging, const char *name, json_t *target, bool here)
{
    const struct presence_policy *policy = judging->policy;
    size_t times = json_array_size(json_object_get(target, "vanished"));
    if (!hold_reason(target) && policy->flap_count > 0 && times >= (size_t)policy->flap_count) {
        json_object_set_new(target, "held",
                            json_pack("{ss sI so}", "reason", "flapping", "since", (json_int_t)judging->now,
                                      "text",
                                      json_sprintf("it vanished %zu times within %lld seconds", times,
                                                   (long long)policy->flap_window)));
        log_warning(name,
                    "it vanished %zu times within %lld seconds, and is held out until it has been "
                    "there for %lld seconds",
                    times, (long long)policy->flap_window, (long long)policy->flap_stable);
    }
    if (!is_held(target, "flapping") || !here)
        return;
    int64_t since = moment(target, "back", judging->now);
    if (since < 0)
        since = moment(json_object_get(target, "held"), "since", judging->now);
    if (judging->now - since < policy->flap_stable) {
        wait_until(judging, since + policy->flap_stable);
        return;
    }
    json_object_del(target, "held");
    json_object_del(target, "vanished");
    log_notice(name, "it has been there for %lld seconds, and is held out no more",
               (long long)policy->flap_stable);
}

/* A target that is not there: in its grace, lost, or no matter. */
static const char *judge_absence(struct judging *judging, const char *name, json_t *target)
{
    int64_t end = moment(target, "missing", judging->now) + judging->policy->grace;
    bool captured = has(judging->captured, name);
    if (has(judging->deployed, name) && judging->now < end) {
        add(judging->presence->waiting, name);
        wait_until(judging, end);
        return "grace";
    }
    if (captured)
        add(judging->presence->left_out, name);
    if (has(judging->deployed, name) && !json_list_has(json_object_get(judging->state, "resumed"), name))
        add(judging->lost, name);
    return captured ? "silent" : "missing";
}

/* A target that is held though services run on it, and nobody knows which: now and then it stays in the
 * model, so that the reconstruction asks again. */
static bool wants_look(struct judging *judging, json_t *target, bool here)
{
    json_t *held = json_object_get(target, "held");
    if (!here || !is_held(target, "unknown"))
        return false;
    json_int_t pause = json_integer_value(json_object_get(held, "pause"));
    pause = pause < look_first ? look_first : pause;
    int64_t tried = moment(held, "tried", judging->now);
    bool wants = judging->now - tried >= pause;
    if (wants) {
        tried = judging->now;
        pause = pause * 2 < look_longest ? pause * 2 : look_longest;
        json_object_set_new(held, "tried", json_integer(tried));
        json_object_set_new(held, "pause", json_integer(pause));
    }
    wait_until(judging, tried + pause);
    return wants;
}

/* Another name of a machine that is in the model. */
static const char *judge_double(struct judging *judging, const char *name, json_t *target)
{
    json_object_set(target, "double", json_object_get(judging->doubles, name));
    add(judging->presence->left_out, name);
    return "double";
}

static const char *judge_target(struct judging *judging, const char *name, json_t *target)
{
    bool here = has(judging->here, name);
    if (json_object_get(judging->doubles, name))
        return judge_double(judging, name, target);
    json_object_del(target, "double");
    if (here)
        note_presence(target, judging->now);
    else
        note_absence(target, has(judging->deployed, name), judging->now);
    if (!is_held(target, "flapping"))
        prune(target, judging->now - judging->policy->flap_window, judging->now);
    judge_flapping(judging, name, target, here);
    if (hold_reason(target)) {
        if (!wants_look(judging, target, here) && has(judging->captured, name))
            add(judging->presence->left_out, name);
        return hold_reason(target);
    }
    return here ? "here" : judge_absence(judging, name, target);
}

static void tell_status(const char *name, const char *before, const char *status, const json_t *target)
{
    const char *text = json_string_value(json_object_get(json_object_get(target, "held"), "text"));
    const char *reason = hung_reason(target);
    if (before && strcmp(before, status) == 0)
        return;
    if (strcmp(status, "silent") == 0)
        log_notice(name, "%s, and is left out of the model", reason ? reason : "it does not answer");
    else if (strcmp(status, "grace") == 0)
        log_notice(name, "it has vanished, and has some time to come back");
    else if (strcmp(status, "double") == 0)
        doubles_tell(name, json_string_value(json_object_get(target, "double")));
    else if (strcmp(status, "unknown") == 0)
        log_warning(name, "it is held: %s", text ? text : status);
    else if (strcmp(status, "here") == 0 && before)
        log_notice(name, "it is there again");
}

static bool is_forgotten(const struct judging *judging, const char *name, json_t *target)
{
    int64_t missing = moment(target, "missing", judging->now);
    return missing >= 0 && judging->now - missing > forgotten_after && !hold_reason(target)
           && !has(judging->captured, name) && !has(judging->deployed, name);
}

static void judge_targets(struct judging *judging)
{
    const char *name;
    json_t *target;
    void *next;
    json_object_foreach(judging->captured, name, target)
        json_object_at(judging->targets, name);
    json_object_foreach(judging->deployed, name, target)
        json_object_at(judging->targets, name);
    json_object_foreach_safe(judging->targets, next, name, target) {
        if (!json_is_object(target) || is_forgotten(judging, name, target)) {
            json_object_del(judging->targets, name);
            continue;
        }
        const char *before = json_string_value(json_object_get(target, "status"));
        CLEANUP_FREE char *kept = before ? strdup(before) : NULL;
        const char *status = judge_target(judging, name, target);
        tell_status(name, kept, status, target);
        json_object_set_new(target, "status", json_string(status));
    }
}

static bool too_many(const struct judging *judging)
{
    size_t lost = json_array_size(judging->lost), most = (size_t)judging->policy->lost_most;
    if (judging->policy->lost_most < 0)
        return false;
    if (!judging->policy->lost_percent)
        return lost > most;
    return lost * 100 > most * json_object_size(judging->deployed);
}

/* A pause that lost targets began ends by itself when all of them are back: then there is nothing to adapt.
 * */
static void judge_pause(struct judging *judging)
{
    json_t *paused = json_object_get(judging->state, "paused");
    const char *reason = json_string_value(json_object_get(paused, "reason"));
    size_t lost = json_array_size(judging->lost);
    if (reason && strcmp(reason, "lost") == 0) {
        json_object_set(paused, "lost", judging->lost);
        if (lost == 0 && json_array_size(judging->presence->waiting) == 0) {
            log_notice(NULL, "The targets that were lost are there again, adaptation goes on");
            json_object_del(judging->state, "paused");
        }
    } else if (!paused && too_many(judging)) {
        log_error(NULL,
                  "%zu of %zu targets are lost at once: adaptation is paused until "
                  "'dydisnix-self-adaptctl resume', or until they are back",
                  lost, json_object_size(judging->deployed));
        json_object_set_new(judging->state, "paused",
                            json_pack("{ss sI sO}", "reason", "lost", "since", (json_int_t)judging->now,
                                      "lost", judging->lost));
    }
    judging->presence->paused = json_object_get(judging->state, "paused") != NULL;
}

int presence_judge(json_t *state, const json_t *names, const json_t *silent, const json_t *doubles,
                   const struct presence_policy *policy, int64_t now, struct presence *presence)
{
    CLEANUP_JSON json_t *captured = as_set(names), *here = as_set(names),
                        *deployed = as_set(json_object_get(state, "effective")), *lost = json_array();
    struct judging judging = {
        state, json_object_at(state, "targets"), here, captured, deployed, doubles, policy, now, presence,
        lost
    };
    const char *name;
    json_t *value;
    *presence = (struct presence){ .left_out = json_array(), .waiting = json_array(), .due = -1 };
    if (!captured || !here || !deployed || !lost || !presence->left_out || !presence->waiting
        || !judging.targets)
        return -1;
    json_object_foreach((json_t *)silent, name, value)
        json_object_del(here, name);
    judge_targets(&judging);
    judge_pause(&judging);
    return 0;
}

void presence_clear(struct presence *presence)
{
    json_decref(presence->left_out);
    json_decref(presence->waiting);
    *presence = (struct presence){ .due = -1 };
}

bool presence_take_in(json_t *state, const char *name, bool preferred)
{
    json_t *target = json_object_get(json_object_get(state, "targets"), name);
    const char *mark = preferred ? "preferred" : "accepted";
    if (!hold_reason(target) && !json_object_get(target, "blind"))
        return false;
    if (is_held(target, "flapping")) {
        json_object_del(target, "vanished");
    } else {
        json_object_del(target, preferred ? "accepted" : "preferred");
        json_object_set_new(target, mark, json_true());
    }
    json_object_del(target, "held");
    log_notice(name, "it takes part in deployments again");
    return true;
}

static void resume(json_t *state)
{
    json_t *paused = json_object_get(state, "paused");
    const json_t *lost = json_object_get(paused, "lost");
    if (!paused) {
        log_notice(NULL, "Adaptation was not paused");
        return;
    }
    if (!json_is_array(json_object_get(state, "resumed")))
        json_object_set_new(state, "resumed", json_array());
    if (json_is_array(lost))
        json_array_extend(json_object_get(state, "resumed"), (json_t *)lost);
    json_object_del(state, "paused");
    log_notice(NULL, "Adaptation goes on");
}

void presence_word(json_t *state, const char *word, int64_t now)
{
    if (strcmp(word, "pause") == 0) {
        json_object_set_new(state, "paused",
                            json_pack("{ss sI}", "reason", "operator", "since", (json_int_t)now));
        log_notice(NULL, "Adaptation is paused");
    } else {
        resume(state);
    }
}

/* It is heard again: what runs there is in the manifest now. */
static void release_known(json_t *target, const char *name, const json_t *heard)
{
    const char *status = json_string_value(json_object_get(heard, "status"));
    bool known = status && (strcmp(status, "captured") == 0 || strcmp(status, "empty") == 0);
    if (!known || !is_held(target, "unknown"))
        return;
    json_object_del(target, "held");
    json_object_set_new(target, "status", json_string("here"));
    log_notice(name, "it tells what runs on it, and is taken in");
}

static bool is_unknown(const json_t *target, const json_t *heard)
{
    return json_is_true(json_object_get(heard, "unknown"))
           && !json_is_true(json_object_get(target, "accepted"));
}

/* To deploy to it would make its profile the new one, and what runs there would never be heard of again. */
static bool hold_unknown(json_t *target, const char *name, const json_t *heard, int64_t now)
{
    const char *reason = json_string_value(json_object_get(heard, "reason"));
    if (!is_unknown(target, heard) || json_object_get(target, "blind"))
        return false;
    if (hold_reason(target))
        return is_held(target, "unknown");
    json_object_set_new(target, "held",
                        json_pack("{ss sI sI ss}", "reason", "unknown", "since", (json_int_t)now, "tried",
                                  (json_int_t)now, "text", reason ? reason : "it does not answer"));
    json_object_set_new(target, "status", json_string("unknown"));
    log_warning(
        name, "it is left out until it can be read what runs on it; 'dydisnix-self-adaptctl accept' goes on "
              "without that");
    return true;
}

json_t *presence_blind(json_t *state, const json_t *report)
{
    const bool lost = !json_object_get(report, "previous");
    json_t *blind = json_array(), *heard;
    const char *name;
    json_object_foreach(json_object_get(report, "targets"), name, heard) {
        json_t *target = json_object_at(json_object_at(state, "targets"), name);
        if (!is_unknown(target, heard) || !(lost || json_object_get(target, "blind"))) {
            json_object_del(target, "blind");
            continue;
        }
        json_object_set_new(target, "blind", json_true());
        add(blind, name);
    }
    return blind;
}

static void look_soon(struct presence *presence)
{
    if (presence->due < 0 || presence->due > look_first)
        presence->due = look_first;
}

void presence_hold(json_t *state, const json_t *report, int64_t now, struct presence *presence)
{
    json_t *entry;
    const char *name;
    json_object_foreach(json_object_get(report, "targets"), name, entry) {
        json_t *target = json_object_at(json_object_at(state, "targets"), name);
        release_known(target, name, entry);
        if (hold_unknown(target, name, entry, now))
            look_soon(presence);
    }
}

bool presence_is_held(const json_t *state, const char *target)
{
    return is_held(json_object_get(json_object_get(state, "targets"), target), "unknown");
}

bool presence_was_deployed(const json_t *state, const char *target)
{
    return json_list_has(json_object_get(state, "effective"), target);
}

void presence_deployed(json_t *state, const json_t *names)
{
    size_t index;
    json_t *name;
    json_object_set_new(state, "effective", json_deep_copy(names));
    json_object_del(state, "resumed");
    json_array_foreach((json_t *)names, index, name) {
        json_t *target = json_object_get(json_object_get(state, "targets"), json_string_value(name));
        json_object_del(target, "accepted");
        json_object_del(target, "preferred");
    }
}

json_t *presence_marked(const json_t *state, const char *mark)
{
    json_t *marked = json_array(), *target;
    const char *name;
    json_object_foreach(json_object_get(state, "targets"), name, target)
        if (json_is_true(json_object_get(target, mark)))
            add(marked, name);
    return marked;
}
