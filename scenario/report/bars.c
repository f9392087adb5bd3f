/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/report/parts.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"

/* What makes a bar one bar, as a key of report->open. */
static char *identity(enum report_bar_kind kind, const char *target, const char *container, const char *key)
{
    return string_format("%d\n%s\n%s\n%s", kind, target, container, key);
}

static char *place_of(const char *target, const char *container, const char *service)
{
    return string_format("%s\n%s\n%s", target, container, service);
}

static struct report_bar *bar_find(const struct report *report, const char *key)
{
    const json_t *index = key ? json_object_get(report->open, key) : NULL;
    return index ? &report->bars[json_integer_value(index)] : NULL;
}

/* bar: its texts are interned here. */
static void bar_open(struct report *report, const char *key, const struct report_bar *bar)
{
    struct report_bar *grown = array_grow(report->bars, report->bar_count, sizeof *grown);
    if (!grown || !key
        || json_object_set_new(report->open, key, json_integer((json_int_t)report->bar_count)) != 0) {
        report->bars = grown ? grown : report->bars;
        report->failed = true;
        return;
    }
    report->bars = grown;
    grown += report->bar_count++;
    *grown = *bar;
    grown->target = report_text(report, bar->target);
    grown->service = report_text(report, bar->service);
    grown->container = report_text(report, bar->container);
    grown->key = report_text(report, bar->key);
    grown->version = report_text(report, bar->version);
    grown->state = report_text(report, bar->state);
    grown->reason = report_text(report, bar->reason);
    grown->open = true;
    report->changes++;
    grown->from = bar->early ? 0 : report->x;
    grown->since = bar->early ? -1 : report->time;
}

static void bar_close(struct report *report, const char *key)
{
    struct report_bar *bar = bar_find(report, key);
    if (!bar)
        return;
    if (bar->kind == BAR_SERVICE)
        json_count(report->running, bar->service, -1);
    bar->open = false;
    report->changes++;
    bar->to = report->x;
    bar->until = report->time;
    json_object_del(report->open, key);
}

void bars_begin(struct report *report, enum report_bar_kind kind, const char *target, const char *reason)
{
    CLEANUP_FREE char *key = identity(kind, target, "", "");
    if (!bar_find(report, key))
        bar_open(report, key, &(struct report_bar){ .kind = kind, .target = target, .reason = reason });
}

void bars_end(struct report *report, enum report_bar_kind kind, const char *target)
{
    CLEANUP_FREE char *key = identity(kind, target, "", "");
    bar_close(report, key);
}

/* A service that runs somewhere, or that nobody wants any more, is not missed. */
static void miss(struct report *report, const char *service, bool missed)
{
    CLEANUP_FREE char *key = identity(BAR_NOWHERE, NOWHERE, "", service);
    if (!missed)
        bar_close(report, key);
    else if (!bar_find(report, key))
        bar_open(report, key,
                 &(struct report_bar){
                     .kind = BAR_NOWHERE, .target = NOWHERE, .service = service, .container = "" });
}

static bool runs_nowhere(const struct report *report, const char *service)
{
    return json_integer_value(json_object_get(report->running, service)) == 0;
}

static void service_open(struct report *report, const char *key, const struct report_bar *bar)
{
    bar_open(report, key, bar);
    json_count(report->running, bar->service, 1);
    miss(report, bar->service, false);
    json_object_del(report->removed, bar->service);
}

void bars_cut(struct report *report, const char *target)
{
    const char *key;
    json_t *number;
    void *next;
    json_object_foreach_safe(report->open, next, key, number) {
        const struct report_bar bar = report->bars[json_integer_value(number)];
        if (bar.kind != BAR_SERVICE || strcmp(bar.target, target) != 0)
            continue;
        json_object_set(report->cut, key, number);
        bar_close(report, key);
        if (runs_nowhere(report, bar.service))
            miss(report, bar.service, true);
    }
}

void bars_return(struct report *report, const char *target)
{
    const char *key;
    json_t *number;
    void *next;
    json_object_foreach_safe(report->cut, next, key, number) {
        struct report_bar bar = report->bars[json_integer_value(number)];
        bar.early = false;
        if (strcmp(bar.target, target) != 0)
            continue;
        service_open(report, key, &bar);
        json_object_del(report->cut, key);
    }
}

bool is_component_of(const char *component, const char *service)
{
    const size_t length = strlen(service);
    return length > 0 && strncmp(component, service, length) == 0
           && (component[length] == '\0' || component[length] == '-');
}

/* Notes all names that a service with this component may have. */
static void note_stateful(struct report *report, const json_t *snapshot)
{
    CLEANUP_FREE char *name = strdup(text_at(snapshot, "component"));
    char *end = name;
    while (end) {
        CLEANUP_FREE char *place =
            place_of(text_at(snapshot, "target"), text_at(snapshot, "container"), name);
        if (place)
            json_object_set_new(report->stateful, place, json_true());
        end = strrchr(name, '-');
        if (end)
            *end = '\0';
    }
}

static void take_removed(struct report *report, const json_t *mapping)
{
    const char *target = text_at(mapping, "target"), *container = text_at(mapping, "container");
    const char *service = text_at(mapping, "service");
    CLEANUP_FREE char *key = identity(BAR_SERVICE, target, container, service);
    if (key && json_object_del(report->cut, key) == 0)
        return;
    if (!bar_find(report, key))
        service_open(report, key,
                     &(struct report_bar){ .target = target,
                                           .service = text_at(mapping, "name"),
                                           .container = container,
                                           .key = service,
                                           .early = true });
    bar_close(report, key);
}

static void take_added(struct report *report, const json_t *mapping)
{
    const char *target = text_at(mapping, "target"), *container = text_at(mapping, "container");
    const char *service = text_at(mapping, "service"), *name = text_at(mapping, "name");
    CLEANUP_FREE char *key = identity(BAR_SERVICE, target, container, service);
    CLEANUP_FREE char *place = place_of(target, container, name);
    if (key)
        json_object_del(report->cut, key);
    if (!bar_find(report, key))
        service_open(report, key,
                     &(struct report_bar){ .target = target,
                                           .service = name,
                                           .container = container,
                                           .key = service,
                                           .stateful = place && json_object_get(report->stateful, place) });
}

static void move_add(struct report *report, const json_t *snapshot, const char *from)
{
    struct report_move *grown = array_grow(report->moves, report->move_count, sizeof *grown);
    if (!grown) {
        report->failed = true;
        return;
    }
    report->moves = grown;
    grown[report->move_count++] = (struct report_move){
        .component = report_text(report, text_at(snapshot, "component")),
        .container = report_text(report, text_at(snapshot, "container")),
        .from = report_text(report, from),
        .to = report_text(report, text_at(snapshot, "target")),
        .x = report->x,
        .time = report->time,
    };
}

/* The state of a component goes from where it was last to where it is now. */
static void take_snapshots(struct report *report, const json_t *snapshots, bool moves)
{
    size_t index;
    json_t *snapshot;
    json_array_foreach(json_object_get(snapshots, "removed"), index, snapshot) {
        CLEANUP_FREE char *component =
            place_of("", text_at(snapshot, "container"), text_at(snapshot, "component"));
        if (component)
            json_object_set_new(report->away_from, component, json_string(text_at(snapshot, "target")));
    }
    json_array_foreach(json_object_get(snapshots, "added"), index, snapshot) {
        CLEANUP_FREE char *component =
            place_of("", text_at(snapshot, "container"), text_at(snapshot, "component"));
        const char *from =
            component ? json_string_value(json_object_get(report->away_from, component)) : NULL;
        note_stateful(report, snapshot);
        if (from && moves && strcmp(from, text_at(snapshot, "target")) != 0)
            move_add(report, snapshot, from);
        if (from && moves)
            json_object_del(report->away_from, component);
    }
}

/* What a deployment takes out is wanted nowhere, unless it is put elsewhere. */
static void note_removed(struct report *report, const json_t *mappings)
{
    size_t index;
    json_t *mapping;
    json_array_foreach(json_object_get(mappings, "removed"), index, mapping) {
        const char *name = text_at(mapping, "name");
        json_object_set_new(report->removed, name, json_true());
        if (runs_nowhere(report, name))
            miss(report, name, false);
    }
    json_array_foreach(json_object_get(mappings, "added"), index, mapping)
        json_object_del(report->removed, text_at(mapping, "name"));
}

void bars_difference(struct report *report, const json_t *difference, bool moves)
{
    const json_t *mappings = json_object_get(difference, "mappings");
    size_t index;
    json_t *mapping;
    take_snapshots(report, json_object_get(difference, "snapshots"), moves);
    if (moves)
        note_removed(report, mappings);
    if (report->watched)
        return;
    json_array_foreach(json_object_get(mappings, "removed"), index, mapping)
        take_removed(report, mapping);
    json_array_foreach(json_object_get(mappings, "added"), index, mapping)
        take_added(report, mapping);
}

/* What a service holds, as one text, malloc()ed; NULL: nobody said. */
static char *state_of(const json_t *service)
{
    const json_t *state = json_object_get(service, "state"), *line;
    char *text = json_is_string(state)  ? strdup(json_string_value(state))
                 : json_is_array(state) ? strdup("")
                                        : NULL;
    size_t index;
    json_array_foreach((json_t *)state, index, line) {
        char *longer = string_format("%s%s%s", text, index ? ", " : "",
                                     json_is_string(line) ? json_string_value(line) : "?");
        free(text);
        text = longer;
        if (!text)
            return NULL;
    }
    return text;
}

/* A text or a number, malloc()ed. */
static char *version_of(const json_t *service)
{
    const json_t *version = json_object_get(service, "version");
    if (json_is_integer(version))
        return string_format("%lld", (long long)json_integer_value(version));
    return strdup(text_at(service, "version"));
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* seen: gets the keys of all that runs. A bar ends where what it holds changes. */
static void take_service(struct report *report, const char *target, const json_t *service, bool early,
                         json_t *seen)
{
    const char *container = text_at(service, "container"), *name = text_at(service, "service");
    const char *key = text_at(service, "key");
    CLEANUP_FREE char *version = version_of(service), *state = state_of(service);
    CLEANUP_FREE char *keyless = string_format("%s\n%s", name, version ? version : "");
    CLEANUP_FREE char *open = identity(BAR_SERVICE, target, container, *key ? key : keyless);
    const struct report_bar *known = bar_find(report, open);
    if (open)
        json_object_set_new(seen, open, json_true());
    if (known && (early || same_text(known->state, state)))
        return;
    bar_close(report, open);
    service_open(report, open,
                 &(struct report_bar){ .target = target,
                                       .service = name,
                                       .container = container,
                                       .key = key,
                                       .version = version,
                                       .state = state,
                                       .early = early,
                                       .stateful = state || json_object_get(service, "component") });
}

void bars_running(struct report *report, const json_t *targets, bool early)
{
    CLEANUP_JSON json_t *seen = json_object();
    const char *target, *key;
    json_t *services, *service, *number;
    void *next;
    size_t index;
    json_object_foreach((json_t *)targets, target, services)
        json_array_foreach(services, index, service)
            take_service(report, target, service, early, seen);
    json_object_foreach_safe(report->open, next, key, number)
        if (report->bars[json_integer_value(number)].kind == BAR_SERVICE && !json_object_get(seen, key))
            bar_close(report, key);
    json_object_clear(report->cut);
    json_object_foreach(report->running, key, number)
        if (runs_nowhere(report, key) && !json_object_get(report->removed, key))
            miss(report, key, true);
}

void bars_finish(struct report *report)
{
    for (size_t i = 0; i < report->bar_count; i++)
        if (report->bars[i].open) {
            report->bars[i].to = report->x;
            report->bars[i].until = report->time;
        }
}
