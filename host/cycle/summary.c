/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cycle/summary.h"

#include <string.h>

#include "host/presence/hung.h"
#include "host/unfinished/leftovers.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"

enum { PORTION = 100, REASON_LENGTH = 160 }; /* targets in one document, bytes of a reason */

static const json_t *report_of(const json_t *event, const char *stage)
{
    return json_object_get(json_object_get(event, "reports"), stage);
}

static void count(json_t *facts, const json_t *report, const char *list)
{
    const json_t *entries = json_object_get(report, list);
    if (entries)
        json_object_set_new(facts, list, json_integer((json_int_t)json_array_size(entries)));
}

static json_t *facts_of(const json_t *event, const json_t *state)
{
    static const char *const lists[] = { "superseded", "regressed", "rescued", "disputes", NULL };
    json_t *facts = json_object(), *services = json_object_get(report_of(event, "redeploy"), "services");
    static const char *const members[] = { "cycle", "deployed", NULL };
    for (const char *const *member = members; *member; member++)
        if (json_object_get(state, *member))
            json_object_set(facts, *member, json_object_get(state, *member));
    for (const char *const *list = lists; *list; list++)
        count(facts, report_of(event, "reconstruct"), *list);
    if (services)
        json_object_set(facts, "services", services);
    json_t *missing = json_object_get(state, "missing");
    json_object_set_new(facts, "missing", missing ? json_incref(missing) : json_array());
    return facts;
}

static json_t *status_and_reason(const char *status, const char *reason)
{
    CLEANUP_FREE char *cut = reason ? strndup(reason, REASON_LENGTH) : NULL, *text = string_utf8(cut);
    return json_pack("{ss* ss*}", "status", status, "reason", text);
}

static bool is_silent(const char *status)
{
    return status && (strcmp(status, "silent") == 0 || strcmp(status, "grace") == 0);
}

/* What is said of one target: that it is held counts more than what it answered, and so does that its profile
 * is still to be set, if it answered. */
static json_t *describe(const char *name, const json_t *event, const struct state *state)
{
    const json_t *answer = json_object_get(json_object_get(report_of(event, "reconstruct"), "targets"), name);
    const json_t *known = json_object_get(json_object_get(state->root, "targets"), name);
    const json_t *held = json_object_get(known, "held");
    const char *status = json_string_value(json_object_get(known, "status"));
    if (held)
        return status_and_reason(state_target_word(known), json_string_value(json_object_get(held, "text")));
    if (status && strcmp(status, "double") == 0) {
        const char *other = json_string_value(json_object_get(known, "double"));
        CLEANUP_FREE char *reason =
            string_format("it has the connection key of target %s", other ? other : "?");
        return status_and_reason(status, reason);
    }
    if (!is_silent(status) && !is_silent(text_at(answer, "status")) && leftovers_owe_profile(state, name))
        return status_and_reason("unset", "its profile cannot be set, and is set later");
    if (!is_silent(status) && !is_silent(text_at(answer, "status")) && json_object_get(known, "refuses"))
        return status_and_reason("refusing", "it takes no closures, and gets nothing new");
    if (json_object_get(answer, "status"))
        return status_and_reason(json_string_value(json_object_get(answer, "status")),
                                 json_string_value(json_object_get(answer, "reason")));
    if (is_silent(status))
        return status_and_reason(status, hung_reason(known));
    return json_list_has(json_object_get(state->root, "silent"), name) ? json_object()
                                                                       : json_pack("{sb}", "here", 1);
}

/* Though it is not in the effective model. */
static bool is_of_interest(const json_t *target)
{
    const char *status = json_string_value(json_object_get(target, "status"));
    return json_object_get(target, "held") || is_silent(status) || (status && strcmp(status, "double") == 0);
}

static json_t *describe_all(const json_t *event, const struct state *state,
                            const struct infrastructure *infrastructure)
{
    json_t *all = json_object(), *target;
    const char *name;
    for (size_t i = 0; i < infrastructure->count; i++)
        json_object_set_new(all, infrastructure->targets[i].name,
                            describe(infrastructure->targets[i].name, event, state));
    json_object_foreach(json_object_get(state->root, "targets"), name, target)
        if (is_of_interest(target))
            json_object_set_new(all, name, describe(name, event, state));
    return all;
}

static json_t *portion(json_t *targets, bool first, bool last)
{
    json_t *document = json_pack("{ss sO}", "event", "targets", "targets", targets);
    if (first)
        json_object_set_new(document, "first", json_true());
    if (last)
        json_object_set_new(document, "last", json_true());
    return document;
}

static void tell_targets(const struct progress *progress, json_t *all)
{
    size_t left = json_object_size(all);
    bool first = true;
    CLEANUP_JSON json_t *some = json_object();
    json_t *target;
    const char *name;
    json_object_foreach(all, name, target) {
        json_object_set(some, name, target);
        if (--left == 0 || json_object_size(some) < PORTION)
            continue;
        progress_tell(progress, portion(some, first, false));
        json_object_clear(some);
        first = false;
    }
    progress_tell(progress, portion(some, first, true));
}

void summary_tell(const struct progress *progress, const json_t *event, const struct state *state,
                  const struct infrastructure *infrastructure)
{
    CLEANUP_JSON json_t *all = describe_all(event, state, infrastructure);
    progress_tell(progress, json_pack("{ss so}", "event", "facts", "facts", facts_of(event, state->root)));
    tell_targets(progress, all);
}
