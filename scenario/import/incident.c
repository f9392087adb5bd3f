/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/import/incident.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "scenario/format/policy.h"
#include "scenario/import/names.h"

enum { A_WHILE = 60 }; /* seconds between two things that happen, from which on the time is told */

struct incident {
    json_t *system;
    json_t *timeline;
    json_t *moment;     /* events, until a cycle has ended */
    json_t *there;      /* { TARGET: true } now */
    json_t *machines;   /* { TARGET: true } that ever were: what comes back is known */
    json_t *places;     /* { SERVICE: [TARGET] } now */
    json_t *untold;     /* { what: true } that was told already */
    time_t last;        /* when something happened last; 0: nothing has */
    json_t *failure;    /* the event of the last stage that failed; borrowed */
    const char *inputs; /* where the loop has saved what it decided from; NULL: nowhere */
};

static bool is_kind(const json_t *document, const char *kind)
{
    return strcmp(text_at(document, "kind"), kind) == 0;
}

static bool is_stage(const json_t *document, const char *stage)
{
    return is_kind(document, "stage") && strcmp(text_at(document, "stage"), stage) == 0;
}

/* The name in the scenario; a target that is in the journal only has nothing but its name. */
static const char *target_of(struct incident *incident, const char *original)
{
    json_t *names = json_object_get(json_object_get(incident->system, "names"), "targets");
    json_t *targets = json_object_get(incident->system, "targets");
    const char *name = import_name(names, original, "target");
    if (json_object_get(targets, name) || json_object_get(incident->machines, name))
        return name;
    json_object_set_new(targets, name, json_object());
    log_notice(name, "it is in the journal only: its key and its properties are not known");
    return name;
}

static const char *service_of(const struct incident *incident, const json_t *mapping)
{
    const json_t *names = json_object_get(json_object_get(incident->system, "names"), "services");
    return json_string_value(json_object_get(names, text_at(mapping, "name")));
}

/* Where the incident begins. */

/* What the targets said in the cycle of the document at index; NULL: it has not come to that. */
static const json_t *statuses(const json_t *documents, size_t index)
{
    for (size_t i = index + 1; i < json_array_size(documents); i++) {
        const json_t *document = json_array_get(documents, i);
        if (is_stage(document, "reconstruct"))
            return json_object_get(json_object_get(document, "report"), "targets");
        if (is_kind(document, "cycle_began") || is_kind(document, "infrastructure"))
            return NULL;
    }
    return NULL;
}

static bool is_empty(const json_t *all, const char *target)
{
    return strcmp(text_at(json_object_get(all, target), "status"), "empty") == 0;
}

/* Whether the system was deployed for the first time then: all that is there is new and empty. */
static bool is_first_deployment(const json_t *documents, size_t index)
{
    const json_t *changes = json_object_get(json_array_get(documents, index), "changes");
    const json_t *all = statuses(documents, index);
    const char *name;
    json_t *status;
    if (json_array_size(json_object_get(changes, "removed")) > 0 || json_object_size(all) == 0)
        return false;
    json_object_foreach((json_t *)all, name, status)
        if (!is_empty(all, name) || !json_list_has(json_object_get(changes, "added"), name))
            return false;
    return true;
}

/* The first document after the first deployment, or 0. */
static size_t find_begin(const json_t *documents)
{
    size_t index;
    json_t *document;
    json_array_foreach((json_t *)documents, index, document) {
        if (!is_kind(document, "infrastructure"))
            continue;
        if (!is_first_deployment(documents, index))
            return 0;
        for (size_t i = index; i < json_array_size(documents); i++)
            if (is_kind(json_array_get(documents, i), "cycle_ended"))
                return i + 1;
    }
    return 0;
}

/* Targets that the first document which tells of them has as new were not there before it. */
static void find_there(struct incident *incident, const json_t *documents, size_t begin)
{
    CLEANUP_JSON json_t *told = json_object();
    const char *name;
    json_t *value;
    size_t index;
    json_object_foreach(json_object_get(incident->system, "targets"), name, value)
        json_object_set_new(incident->there, name, json_true());
    for (size_t i = begin; i < json_array_size(documents); i++) {
        const json_t *changes = json_object_get(json_array_get(documents, i), "changes");
        json_array_foreach(json_object_get(changes, "removed"), index, value) {
            name = target_of(incident, json_string_value(value));
            if (!json_object_get(told, name))
                json_object_set_new(incident->there, name, json_true());
            json_object_set_new(told, name, json_true());
        }
        json_array_foreach(json_object_get(changes, "added"), index, value) {
            name = target_of(incident, json_string_value(value));
            if (!json_object_get(told, name))
                json_object_del(incident->there, name);
            json_object_set_new(told, name, json_true());
        }
    }
    json_object_update(incident->machines, incident->there);
}

/* Services move. */

static void drop(json_t *list, const char *text)
{
    for (size_t i = json_array_size(list); i-- > 0;)
        if (strcmp(json_string_value(json_array_get(list, i)), text) == 0)
            json_array_remove(list, i);
}

/* "added" or "removed" of a difference; on: the targets become places, else they are none any more. */
static void move(struct incident *incident, const json_t *difference, const char *which, bool on)
{
    const json_t *mappings = json_object_get(json_object_get(difference, "mappings"), which);
    size_t index;
    json_t *mapping;
    json_array_foreach((json_t *)mappings, index, mapping) {
        const char *service = service_of(incident, mapping),
                   *target = target_of(incident, text_at(mapping, "target"));
        json_t *list = service ? json_object_get(incident->places, service) : NULL;
        if (service && !list) {
            json_object_set_new(incident->places, service, json_array());
            list = json_object_get(incident->places, service);
        }
        if (service && on)
            json_list_add(list, target);
        else if (service)
            drop(list, target);
    }
}

/* What the stage has changed; NULL: nothing, or it started from nothing, so that all is new to it. */
static const json_t *difference_of(const json_t *document)
{
    const json_t *report = json_object_get(document, "report");
    bool known = is_stage(document, "redeploy")
                 || (is_stage(document, "reconstruct") && json_object_get(report, "previous"));
    return known && strcmp(text_at(document, "outcome"), "done") == 0 ? json_object_get(report, "difference")
                                                                      : NULL;
}

/* From where they are in the end to where they were in the beginning. */
static void go_back(struct incident *incident, const json_t *documents, size_t begin)
{
    for (size_t i = json_array_size(documents); i-- > begin;) {
        const json_t *difference = difference_of(json_array_get(documents, i));
        move(incident, difference, "added", false);
        move(incident, difference, "removed", true);
    }
}

/* The targets that services have gone to, in that order, before those to which they may go. */
static void order_homes(struct incident *incident, json_t *orders)
{
    json_t *policy, *target;
    const char *service;
    size_t index;
    json_object_foreach(json_object_get(incident->system, "distribution"), service, policy) {
        json_t *order = json_object_get(orders, service);
        json_array_foreach(json_object_get(policy, "on"), index, target)
            if (order)
                json_list_add(order, json_string_value(target));
        if (order)
            json_object_set(policy, "on", order);
    }
}

static void note_homes(const struct incident *incident, json_t *orders)
{
    const char *service;
    json_t *targets, *target;
    size_t index;
    json_object_foreach(incident->places, service, targets) {
        if (!json_object_get(orders, service))
            json_object_set_new(orders, service, json_array());
        json_array_foreach(targets, index, target)
            json_list_add(json_object_get(orders, service), json_string_value(target));
    }
}

static void set_copies(struct incident *incident)
{
    json_t *policy;
    const char *service;
    json_object_foreach(json_object_get(incident->system, "distribution"), service, policy) {
        size_t copies = json_array_size(json_object_get(incident->places, service));
        if (copies > 1)
            json_object_set_new(policy, "copies", json_integer((json_int_t)copies));
        else
            json_object_del(policy, "copies");
    }
}

/* What happens. */

static void add_event(struct incident *incident, json_t *event)
{
    json_array_append_new(incident->moment, event);
}

static void tell_once(struct incident *incident, const char *what)
{
    if (json_object_get(incident->untold, what))
        return;
    json_object_set_new(incident->untold, what, json_true());
    log_notice(NULL, "not taken over from the journal: %s", what);
}

/* The events so far are a moment, after the time that has passed. */
static void end_moment(struct incident *incident, time_t time)
{
    size_t count = json_array_size(incident->moment);
    if (count == 0)
        return;
    if (incident->last != 0 && time >= incident->last + A_WHILE)
        json_array_append_new(incident->timeline, json_pack("{ss sI}", "event", "wait", "seconds",
                                                            (json_int_t)(time - incident->last)));
    if (count == 1)
        json_array_append(incident->timeline, json_array_get(incident->moment, 0));
    else
        json_array_append_new(incident->timeline, json_copy(incident->moment));
    json_array_clear(incident->moment);
    incident->last = time;
}

static void come(struct incident *incident, const char *name, bool empty)
{
    json_t *targets = json_object_get(incident->system, "targets");
    if (json_object_get(incident->machines, name)) {
        json_t *event = json_pack("{ss ss}", "event", "reappear", "target", name);
        if (empty)
            json_object_set_new(event, "disk", json_string("lost"));
        add_event(incident, event);
        return;
    }
    json_t *event = json_pack("{ss ss}", "event", "add", "target", name);
    json_object_update(event, json_object_get(targets, name));
    json_object_del(targets, name);
    json_object_set_new(incident->machines, name, json_true());
    add_event(incident, event);
}

/* A cycle that is tried again tells of the same changes again. */
static void take_changes(struct incident *incident, const json_t *documents, size_t index)
{
    const json_t *changes = json_object_get(json_array_get(documents, index), "changes");
    const json_t *all = statuses(documents, index);
    json_t *value;
    size_t i;
    json_array_foreach(json_object_get(changes, "removed"), i, value) {
        const char *name = target_of(incident, json_string_value(value));
        if (json_object_get(incident->there, name))
            add_event(incident, json_pack("{ss ss}", "event", "crash", "target", name));
        json_object_del(incident->there, name);
    }
    json_array_foreach(json_object_get(changes, "added"), i, value) {
        const char *name = target_of(incident, json_string_value(value));
        if (!json_object_get(incident->there, name))
            come(incident, name, is_empty(all, json_string_value(value)));
        json_object_set_new(incident->there, name, json_true());
    }
    if (json_object_size(json_object_get(changes, "changed")) > 0)
        tell_once(incident, "changes of properties");
}

/* Cycles that fail one after the other, with nothing between them, are one failure. */
static void take_failure(struct incident *incident, const json_t *document)
{
    const char *stage = text_at(document, "stage");
    if (strcmp(text_at(document, "outcome"), "failed") != 0 || !*stage)
        return;
    if (incident->failure && json_array_size(incident->moment) == 0
        && strcmp(text_at(incident->failure, "stage"), stage) == 0) {
        json_int_t times = json_integer_value(json_object_get(incident->failure, "times"));
        json_object_set_new(incident->failure, "times", json_integer(times + 1));
        return;
    }
    incident->failure = json_pack("{ss ss si}", "event", "fail", "stage", stage, "times", 1);
    add_event(incident, incident->failure);
}

static void take_request(struct incident *incident, const json_t *document)
{
    static const struct {
        const char *command, *event;
        bool target;
    } requests[] = { { "pause", "pause", false },       { "resume", "continue", false },
                     { "trigger", "trigger", false },   { "keep-copy", "keep-copy", true },
                     { "prefer", "keep-copy", true },   { "discard-copy", "discard-copy", true },
                     { "accept", "discard-copy", true } };
    const char *command = text_at(document, "command"), *target = text_at(document, "target");
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        if (strcmp(command, requests[i].command) == 0) {
            json_t *event = json_pack("{ss}", "event", requests[i].event);
            if (json_object_get(document, "component"))
                tell_once(incident, "that what operators asked was about one component only");
            if (requests[i].target)
                json_object_set_new(event, "target", json_string(target_of(incident, target)));
            add_event(incident, event);
            return;
        }
    if (strcmp(command, "restore") == 0)
        tell_once(incident, "snapshots that operators brought back");
}

/* A decision is made again from what was saved of its cycle. */
static void take_input(struct incident *incident, const json_t *document)
{
    const json_int_t cycle = json_integer_value(json_object_get(document, "cycle"));
    CLEANUP_FREE char *path =
        incident->inputs ? string_format("%s/%lld", incident->inputs, (long long)cycle) : NULL;
    CLEANUP_FREE char *name = string_format(IMPORTED_INPUT "%lld", (long long)cycle);
    if (!path || !name || operations->inspect(path, NULL) != DYDISNIX_DIRECTORY)
        return;
    add_event(incident, json_pack("{ss ss}", "event", "replay", "input", name));
}

static time_t time_of(const json_t *document)
{
    struct tm moment = { 0 };
    return strptime(text_at(document, "time"), "%Y-%m-%dT%H:%M:%SZ", &moment) ? timegm(&moment) : 0;
}

static void take(struct incident *incident, const json_t *documents, size_t index)
{
    const json_t *document = json_array_get(documents, index), *report = json_object_get(document, "report");
    const json_t *difference = difference_of(document);
    if (is_kind(document, "infrastructure"))
        take_changes(incident, documents, index);
    if (is_stage(document, "reconstruct") && json_object_get(report, "manifest")
        && !json_object_get(report, "previous"))
        add_event(incident, json_pack("{ss ss}", "event", "lose-coordinator", "what", "manifest"));
    if (json_object_get(json_object_get(difference, "mappings"), "addedMore"))
        tell_once(incident, "some of the services that moved in large deployments");
    if (is_kind(document, "asked"))
        take_request(incident, document);
    if (is_kind(document, "event"))
        tell_once(incident, "events of a scenario that the loop did not see");
    move(incident, difference, "removed", false);
    move(incident, difference, "added", true);
    if (is_kind(document, "cycle_ended")) {
        take_failure(incident, document);
        take_input(incident, document);
        end_moment(incident, time_of(document));
    }
}

static bool has_snapshots(const json_t *documents)
{
    size_t index;
    json_t *document;
    json_array_foreach((json_t *)documents, index, document)
        if (is_stage(document, "snapshot"))
            return true;
    return false;
}

/* There is state, and it was saved, before anything happens: else nobody could tell an older copy. */
static void write_first(struct incident *incident, const json_t *documents)
{
    bool saved = has_snapshots(documents);
    json_t *service, *targets, *target;
    const char *name;
    size_t index;
    json_object_set_new(incident->system, "snapshot", json_boolean(saved));
    json_object_foreach(json_object_get(incident->system, "services"), name, service) {
        targets = json_object_get(incident->places, name);
        json_array_foreach(targets, index, target)
            if (scenario_has_state(service))
                add_event(incident, json_pack("{ss ss sO ss sb}", "event", "write", "service", name, "target",
                                              target, "text", "before", "snapshot", saved));
    }
    end_moment(incident, 0);
}

json_t *import_incident(json_t *system, const json_t *documents, const char *inputs)
{
    CLEANUP_JSON json_t *orders = json_object(), *there = json_object(), *machines = json_object();
    CLEANUP_JSON json_t *untold = json_object(), *moment = json_array();
    json_t *expect = json_object_get(system, "expect");
    CLEANUP_JSON json_t *places = json_deep_copy(json_object_get(expect, "answers"));
    struct incident incident = { .system = system,
                                 .timeline = json_array(),
                                 .moment = moment,
                                 .there = there,
                                 .machines = machines,
                                 .places = places,
                                 .untold = untold,
                                 .inputs = inputs };
    size_t begin = find_begin(documents);
    find_there(&incident, documents, begin);
    go_back(&incident, documents, begin);
    set_copies(&incident);
    note_homes(&incident, orders);
    write_first(&incident, documents);
    for (size_t i = begin; i < json_array_size(documents); i++) {
        take(&incident, documents, i);
        note_homes(&incident, orders);
    }
    end_moment(&incident, 0);
    order_homes(&incident, orders);
    if (incident.failure)
        json_object_set_new(expect, "failed", json_pack("{si}", "least", 0));
    return incident.timeline;
}
