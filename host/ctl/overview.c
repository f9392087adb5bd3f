/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/ctl/overview.h"

#include <stdint.h>
#include <string.h>

#include "host/ctl/words.h"
#include "host/record/failure.h"
#include "host/record/failures.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"

struct overview {
    const struct overview_sources *sources;
    json_t *document, *targets, *placement, *reasons, *attention;
    const char *condition;
    int64_t since; /* 0: not known */
};

static const json_t *remembered(const struct overview *overview, const char *target)
{
    return json_object_get(json_object_get(overview->sources->state, "targets"), target);
}

static bool was_deployed(const struct overview *overview, const char *target)
{
    return json_list_has(json_object_get(overview->sources->state, "effective"), target);
}

/* For a person: what it is about, and the command that settles it. */
static void need_command(struct overview *overview, char *about, const char *command)
{
    CLEANUP_FREE char *owned = about;
    json_array_append_new(overview->attention, json_pack("{ss* ss*}", "about", owned, "command", command));
}

/* The same with a command of this program. Both names may be NULL. */
static void need(struct overview *overview, char *about, const char *word, const char *target,
                 const char *component)
{
    CLEANUP_FREE char *first = target ? string_shell_word(target) : NULL,
                      *second = component ? string_shell_word(component) : NULL;
    CLEANUP_FREE char *command =
        string_format("%s %s%s%s%s%s", overview->sources->command, word, first ? " " : "", first ? first : "",
                      second ? " " : "", second ? second : "");
    need_command(overview, about, command);
}

/* The worst condition counts, and how long it is so at the longest. */
static void judge(struct overview *overview, const char *condition, int64_t since, char *reason)
{
    CLEANUP_FREE char *words = reason;
    if (!overview->condition)
        overview->condition = condition;
    if (strcmp(condition, overview->condition) == 0 && since > 0
        && (overview->since == 0 || since < overview->since))
        overview->since = since;
    if (words)
        json_array_append_new(overview->reasons, json_string(words));
}

/* Targets. */

static bool is_held(const json_t *known)
{
    return json_object_get(known, "held") != NULL;
}

/* What a loop that does not answer knew last. */
static const char *last_status(const json_t *known)
{
    const char *status = text_at(known, "status");
    return strcmp(status, "unknown") == 0 ? "held" : strcmp(status, "here") == 0 ? "present" : status;
}

static const json_t *since_of(const json_t *known)
{
    if (is_held(known))
        return json_object_get(json_object_get(known, "held"), "since");
    const json_t *missing = json_object_get(known, "missing");
    return missing ? missing : json_object_get(known, "back");
}

static void add_target(struct overview *overview, const char *name, const json_t *told)
{
    const json_t *known = remembered(overview, name);
    const char *held = text_at(json_object_get(known, "held"), "text");
    json_t *target = told ? json_deep_copy(told) : json_pack("{ss}", "status", last_status(known));
    if (!told && *held)
        json_object_set_new(target, "reason", json_string(held));
    if (since_of(known))
        json_object_set(target, "since", (json_t *)since_of(known));
    if (json_object_get(known, "seen"))
        json_object_set(target, "seen", json_object_get(known, "seen"));
    if (overview->sources->manifest || !json_object_get(overview->sources->state, "deployed"))
        json_object_set_new(target, "runs", json_array());
    json_object_set_new(overview->targets, name, target);
}

/* One that is not in the model any more is shown for as long as the loop remembers it. */
static void add_targets(struct overview *overview)
{
    const json_t *told = json_object_get(overview->sources->answer, "targets");
    const char *name;
    json_t *target;
    json_object_foreach((json_t *)told, name, target)
        add_target(overview, name, target);
    json_object_foreach(json_object_get(overview->sources->state, "targets"), name, target)
        if (!json_object_get(overview->targets, name))
            add_target(overview, name, NULL);
}

static bool is_well(const struct overview *overview, const char *name, const json_t *target)
{
    static const char *const well[] = { "captured", "empty", "present", "double" };
    for (size_t i = 0; i < sizeof well / sizeof *well; i++)
        if (text_at_is(target, "status", well[i]))
            return true;
    return text_at_is(target, "status", "missing") && !was_deployed(overview, name);
}

static void judge_targets(struct overview *overview)
{
    const char *name;
    json_t *target;
    json_object_foreach(overview->targets, name, target) {
        const char *status = text_at(target, "status"), *reason = text_at(target, "reason");
        if (is_well(overview, name, target))
            continue;
        judge(overview, "degraded", json_integer_value(json_object_get(target, "since")),
              string_format("%s is %s%s%s", name, status, *reason ? ": " : "", reason));
        if (strcmp(status, "held") != 0 && strcmp(status, "flapping") != 0)
            continue;
        need(overview, string_format("%s is held out: %s; to deploy to it all the same:", name, reason),
             "discard-copy", name, NULL);
    }
}

/* Services. */

static bool is_gone(const json_t *target)
{
    static const char *const gone[] = { "silent", "grace", "missing", "flapping" };
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        if (text_at_is(target, "status", gone[i]))
            return true;
    return target == NULL;
}

/* The component of a service that has state there; NULL: it has none. */
static const char *component_of(const struct manifest *manifest, const struct service_mapping *mapping)
{
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *snapshot = &manifest->snapshot_mappings[i];
        if (strcmp(snapshot->target, mapping->target) == 0
            && strcmp(snapshot->container, mapping->container) == 0
            && strcmp(snapshot->service, mapping->service) == 0)
            return snapshot->component;
    }
    return NULL;
}

static void add_service(struct overview *overview, const struct service_mapping *mapping)
{
    const struct manifest *manifest = overview->sources->manifest;
    const struct service *service = manifest_find_service(manifest, mapping->service);
    const char *name = service ? service->name : mapping->service,
               *component = component_of(manifest, mapping);
    json_t *target = json_object_get(overview->targets, mapping->target);
    const bool down = is_gone(target);
    json_t *entry = json_pack("{ss ss ss ss* sb}", "service", name, "target", mapping->target, "container",
                              mapping->container, "component", component, "down", down);
    const json_t *since = down ? json_object_get(target, "since") : NULL;
    const json_t *snapshots = json_object_get(overview->sources->state, "snapshots");
    if (component) {
        const json_t *taken = json_object_get(
            json_object_get(json_object_get(snapshots, mapping->target), mapping->container), component);
        if (taken)
            json_object_set(entry, "snapshot", (json_t *)taken);
    }
    if (since)
        json_object_set(entry, "since", (json_t *)since);
    if (down)
        judge(overview, "degraded", json_integer_value(since),
              string_format("%s on %s is DOWN", name, mapping->target));
    json_list_add(json_object_get(target, "runs"), name);
    json_array_append_new(overview->placement, entry);
}

static void add_services(struct overview *overview)
{
    const struct manifest *manifest = overview->sources->manifest;
    if (!manifest)
        return;
    for (size_t i = 0; i < manifest->service_mapping_count; i++)
        add_service(overview, &manifest->service_mappings[i]);
    json_object_set(overview->document, "placement", overview->placement);
}

/* The loop, and what it waits for. */

/* By target: the loop itself knows no more than how each one is reached. Anything else is no call of a target. */
static void name_waits(struct overview *overview)
{
    CLEANUP_JSON json_t *waits = json_incref(json_object_get(overview->document, "waits"));
    CLEANUP_JSON json_t *named = json_object();
    const char *name;
    json_t *target;
    json_object_foreach(json_object_get(overview->sources->state, "targets"), name, target)
        if (json_object_get(waits, text_at(target, "key")))
            json_object_set(named, name, json_object_get(waits, text_at(target, "key")));
    json_object_del(overview->document, "waits");
    if (json_object_size(named) > 0)
        json_object_set(overview->document, "waits", named);
}

/* What runs goes on running, but nobody looks. */
static void judge_absence(struct overview *overview)
{
    CLEANUP_FREE char *unit = string_format("dydisnix-self-adapt@%s", overview->sources->profile);
    CLEANUP_FREE char *word = unit ? string_shell_word(unit) : NULL;
    CLEANUP_FREE char *command = word ? string_format("systemctl start %s", word) : NULL;
    if (overview->sources->answer || !command)
        return;
    need_command(overview, string_format("no loop runs; where systemd runs it, start it again:"), command);
}

static void judge_locks(struct overview *overview)
{
    const char *name;
    json_t *lock;
    json_object_foreach(json_object_get(overview->sources->state, "foreign"), name, lock) {
        const char *command = text_at(lock, "unlock");
        if (*command)
            need_command(
                overview,
                string_format("somebody else holds the lock of %s; if nobody deploys, release it:", name),
                command);
    }
}

static void judge_failure(struct overview *overview)
{
    const json_t *told = json_object_get(overview->sources->answer, "failure");
    const json_t *failure = overview->sources->answer ? told : failures_open(overview->sources->state);
    CLEANUP_FREE char *words = failure_words(failure);
    if (!failure || !words)
        return;
    const long long count = (long long)json_integer_value(json_object_get(failure, "count"));
    judge(overview, "failing", json_integer_value(json_object_get(failure, "first")),
          count > 1 ? string_format("%lld cycles in a row failed in the stage %s: %s", count,
                                    text_at(failure, "stage"), words)
                    : string_format("the stage %s failed: %s", text_at(failure, "stage"), words));
    need(overview, string_format("the stage %s fails; to try it again at once:", text_at(failure, "stage")),
         "trigger", NULL, NULL);
    if (!overview->sources->answer)
        json_object_set(overview->document, "failure", (json_t *)failure);
}

static void judge_pause(struct overview *overview)
{
    const json_t *paused = json_object_get(overview->sources->state, "paused");
    const size_t lost = json_array_size(json_object_get(paused, "lost"));
    if (!paused)
        return;
    char *reason = text_at_is(paused, "reason", "lost")
                       ? string_format("%zu target%s lost at once, and adaptation waits for %s", lost,
                                       lost == 1 ? " was" : "s were", lost == 1 ? "it" : "them")
                       : string_format("somebody has paused adaptation");
    char *about = string_format("%s; to adapt all the same:", reason ? reason : "it is paused");
    judge(overview, "paused", json_integer_value(json_object_get(paused, "since")), reason);
    need(overview, about, "resume", NULL, NULL);
}

static void judge_dispute(struct overview *overview, const json_t *dispute)
{
    const char *component = text_at(dispute, "component"), *container = text_at(dispute, "container");
    size_t index;
    json_t *copy;
    judge(overview, "degraded", 0, string_format("%s in %s is in dispute", component, container));
    json_array_foreach(json_object_get(dispute, "copies"), index, copy) {
        const char *target = text_at(copy, "target");
        need(overview,
             string_format("%s in %s is in dispute; to keep the copy on %s, which %s now:", component,
                           container, target, words_of_life(copy)),
             "keep-copy", target, component);
    }
}

static void judge_state(struct overview *overview)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(overview->sources->state, "disputes"), index, entry)
        judge_dispute(overview, entry);
    entry = json_object_get(overview->sources->state, "unsaved");
    if (entry)
        judge(overview, "degraded", json_integer_value(json_object_get(entry, "since")),
              string_format("the state of the system is not captured: %s", text_at(entry, "text")));
    json_array_foreach(json_object_get(overview->sources->state, "missing"), index, entry) {
        judge(overview, "degraded", json_integer_value(json_object_get(entry, "when")),
              string_format("%s went live on %s without its state", text_at(entry, "component"),
                            text_at(entry, "target")));
    }
    if (json_object_get(overview->sources->state, "deployment") && !overview->sources->answer)
        judge(overview, "degraded", 0,
              string_format("a deployment was broken off; the loop settles it when it starts"));
    json_array_foreach(json_object_get(overview->sources->state, "leftovers"), index, entry)
        judge(overview, "degraded", 0,
              string_format("what an earlier deployment left on %s is still to be done",
                            text_at(entry, "target")));
}

static void add_last_known(struct overview *overview)
{
    static const char *const members[] = { "cycle", "deployed", "missing" };
    const json_t *state = overview->sources->state;
    const json_t *known = json_object_get(json_object_get(state, "clock"), "wall");
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (json_object_get(state, members[i]))
            json_object_set(overview->document, members[i], json_object_get(state, members[i]));
    if (known)
        json_object_set(overview->document, "knownAt", (json_t *)known);
}

json_t *overview_make(const struct overview_sources *sources)
{
    CLEANUP_JSON json_t *document =
        sources->answer ? json_deep_copy(sources->answer) : json_pack("{si}", "version", 1);
    CLEANUP_JSON json_t *targets = json_object(), *placement = json_array(), *reasons = json_array(),
                        *attention = json_array();
    struct overview overview = { sources, document, targets, placement, reasons, attention, NULL, 0 };
    if (!document || !targets || !placement || !reasons || !attention)
        return NULL;
    if (!sources->answer)
        add_last_known(&overview);
    name_waits(&overview);
    judge_absence(&overview);
    judge_locks(&overview);
    judge_failure(&overview);
    judge_pause(&overview);
    if (!sources->answer)
        judge(&overview, "degraded", 0, string_format("nothing is adapted"));
    add_targets(&overview);
    judge_targets(&overview);
    add_services(&overview);
    judge_state(&overview);
    json_object_update_new(document, json_pack("{ss sO sO sO sb}", "condition",
                                               overview.condition ? overview.condition : "ok", "reasons",
                                               reasons, "attention", attention, "targets", targets, "running",
                                               sources->answer != NULL));
    if (overview.since > 0)
        json_object_set_new(document, "conditionSince", json_integer(overview.since));
    return json_incref(document);
}
