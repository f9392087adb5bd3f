/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/search/alphabet.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "scenario/format/policy.h"

static const char disk[] = "earlier";

struct drawing {
    const json_t *system, *observed;
    const struct alphabet_world *world;
    json_t *moments;
    char text[24]; /* of a write */
};

static void add(struct drawing *drawing, json_t *moment)
{
    json_array_append_new(drawing->moments, moment);
}

static bool is(const json_t *target, const char *word)
{
    return strcmp(text_at(target, "is"), word) == 0;
}

/* Targets that are alike. */

static bool names(const json_t *value, const char *target)
{
    CLEANUP_FREE char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    return text && strstr(text, target);
}

/* Whether anything but the machine itself knows it. */
static bool is_known(const struct drawing *drawing, const char *target)
{
    static const char *const remembered[] = { "survivors", "leftovers", "held", "hung" };
    static const char *const judged[] = { "rescued", "partners" };
    const json_t *memory = drawing->world->memory;
    for (size_t i = 0; i < sizeof remembered / sizeof *remembered; i++)
        if (names(json_object_get(drawing->observed, remembered[i]), target))
            return true;
    for (size_t i = 0; i < sizeof judged / sizeof *judged; i++)
        if (names(json_object_get(memory, judged[i]), target))
            return true;
    return names(json_object_get(json_object_get(memory, "system"), "distribution"), target);
}

static bool are_equal(const json_t *document, const char *one, const char *other)
{
    const json_t *targets = json_object_get(document, "targets");
    return json_equal(json_object_get(targets, one), json_object_get(targets, other));
}

/* Whether it stands for this one: they are the same, and always were. */
static bool stands_for(const struct drawing *drawing, const char *other, const char *target)
{
    return are_equal(drawing->observed, other, target) && are_equal(drawing->world->first, other, target)
           && are_equal(drawing->system, other, target) && !is_known(drawing, other)
           && !is_known(drawing, target);
}

/* What happens to it happens to one before it. */
static bool is_another(const struct drawing *drawing, const char *target)
{
    const char *name;
    json_t *other;
    json_object_foreach(json_object_get(drawing->observed, "targets"), name, other) {
        if (strcmp(name, target) == 0)
            return false;
        if (stands_for(drawing, name, target))
            return true;
    }
    return false;
}

/* A client that writes before each call. */
static json_t *client_of(const char *service, const char *target)
{
    return json_pack("{ss ss ss si}", "event", "client", "service", service, "target", target, "times", 60);
}

/* It comes back, alone or while somebody writes to what it has, or something fails. */
static void add_return(struct drawing *drawing, const char *target, json_t *event)
{
    static const char *const operations[] = { "--snapshot", "--activate", "--deactivate" };
    const char *service;
    json_t *document;
    add(drawing, json_incref(event));
    json_object_foreach(json_object_get(drawing->system, "services"), service, document)
        if (scenario_has_state(document))
            add(drawing, json_pack("[o, O]", client_of(service, target), event));
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        add(drawing, json_pack("[{ss ss}, O]", "event", "fail", "operation", operations[i], event));
    json_decref(event);
}

static void add_of_target(struct drawing *drawing, const char *name, const json_t *target, bool last)
{
    if (is(target, "up") && !last) {
        add(drawing, json_pack("{ss ss}", "event", "crash", "target", name));
        add(drawing, json_pack("{ss s[s]}", "event", "partition", "targets", name));
    }
    if (is(target, "up"))
        add(drawing, json_pack("{ss ss sb}", "event", "collect-garbage", "target", name, "old", 1));
    if (is(target, "crashed")) {
        add_return(drawing, name, json_pack("{ss ss}", "event", "reappear", "target", name));
        add(drawing, json_pack("{ss ss ss}", "event", "reappear", "target", name, "disk", "lost"));
        add_return(drawing, name,
                   json_pack("{ss ss s{ss}}", "event", "reappear", "target", name, "disk", "saved", disk));
    }
    if (is(target, "partitioned"))
        add_return(drawing, name, json_pack("{ss s[s]}", "event", "join", "targets", name));
}

static void add_of_targets(struct drawing *drawing)
{
    const json_t *targets = json_object_get(drawing->observed, "targets");
    size_t up = 0;
    const char *name;
    json_t *target;
    json_object_foreach((json_t *)targets, name, target)
        up += is(target, "up");
    json_object_foreach((json_t *)targets, name, target)
        if (!is_another(drawing, name))
            add_of_target(drawing, name, target, up == 1);
}

/* The distribution wants it on each target alone. */
static void add_moves(struct drawing *drawing, const char *service)
{
    const char *name;
    json_t *target;
    json_object_foreach(json_object_get(drawing->observed, "targets"), name, target)
        if (is(target, "up") && !is_another(drawing, name))
            add(drawing, json_pack("{ss s{} s{s{s[s] sb}}}", "event", "upgrade", "services", "distribution",
                                   service, "on", name, "stay", 0));
}

/* A write to a service that nobody runs, or of which several copies live, says nothing. */
static const char *home_of(const struct drawing *drawing, const char *service)
{
    const char *name;
    json_t *target, *active;
    size_t index;
    json_object_foreach(json_object_get(drawing->observed, "targets"), name, target)
        json_array_foreach(json_object_get(target, "active"), index, active)
            if (is(target, "up") && strcmp(text_at(active, "service"), service) == 0)
                return name;
    return NULL;
}

static void add_of_services(struct drawing *drawing)
{
    const char *name;
    json_t *service;
    json_object_foreach(json_object_get(drawing->system, "services"), name, service) {
        const char *home = home_of(drawing, name);
        if (!scenario_has_state(service))
            continue;
        if (home) {
            add(drawing, json_pack("{ss ss ss ss}", "event", "write", "service", name, "text", drawing->text,
                                   "target", home));
            add(drawing, json_pack("[o, {ss s{s{ss}}}]", client_of(name, home), "event", "upgrade",
                                   "services", name, "version", "2"));
        }
        add_moves(drawing, name);
    }
}

static void add_of_coordinator(struct drawing *drawing)
{
    static const char *const losses[] = { "manifest", "state", "all" };
    static const char *const phases[] = { "deactivating", "activating", "restoring", "setting" };
    static const char *const operations[] = { "--snapshot",   "--restore", "--activate",
                                              "--deactivate", "--set",     "--import-snapshots",
                                              "--unlock" };
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        add(drawing, json_pack("{ss ss}", "event", "lose-coordinator", "what", losses[i]));
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        add(drawing, json_pack("{ss s{ss}}", "event", "kill-host", "at", "phase", phases[i]));
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        add(drawing, json_pack("{ss ss}", "event", "fail", "operation", operations[i]));
    add(drawing, json_pack("{ss}", "event", "collect-garbage"));
    add(drawing, json_pack("{ss ss}", "event", "generator", "prints", "empty"));
}

json_t *alphabet_first(const json_t *system)
{
    json_t *moment = json_array(), *value;
    const char *name;
    json_object_foreach(json_object_get(system, "targets"), name, value)
        json_array_append_new(moment,
                              json_pack("{ss ss ss}", "event", "save", "target", name, "label", disk));
    json_object_foreach(json_object_get(system, "services"), name, value)
        if (scenario_has_state(value))
            json_array_append_new(moment, json_pack("{ss ss ss sb}", "event", "write", "service", name,
                                                    "text", "first", "snapshot", 1));
    return moment;
}

json_t *alphabet_next(const json_t *system, const struct alphabet_world *world)
{
    struct drawing drawing = {
        .system = system, .observed = world->observed, .world = world, .moments = json_array()
    };
    snprintf(drawing.text, sizeof drawing.text, "w%zu", world->number);
    add_of_targets(&drawing);
    add_of_services(&drawing);
    add_of_coordinator(&drawing);
    return drawing.moments;
}

json_t *alphabet_last(const json_t *observed)
{
    json_t *moment = json_array(), *target;
    const char *name;
    json_object_foreach(json_object_get(observed, "targets"), name, target)
        if (is(target, "partitioned"))
            json_array_append_new(moment, json_pack("{ss s[s]}", "event", "join", "targets", name));
    json_array_append_new(moment, json_pack("{ss si}", "event", "wait", "seconds", 5400));
    return moment;
}
