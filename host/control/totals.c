/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/control/totals.h"

#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static const size_t totals_limit = (size_t)1 << 20;

/* Upper ends of the classes of durations, in seconds; the last class has none. */
static const int bounds[] = { 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600 };
enum { BOUNDS = sizeof bounds / sizeof *bounds };

static json_t *fresh_durations(void)
{
    json_t *durations = json_pack("{s[] s[] si si}", "bounds", "counts", "count", 0, "milliseconds", 0);
    for (size_t i = 0; i <= BOUNDS; i++) {
        if (i < BOUNDS)
            json_array_append_new(json_object_get(durations, "bounds"), json_integer(bounds[i]));
        json_array_append_new(json_object_get(durations, "counts"), json_integer(0));
    }
    return durations;
}

static json_t *read_totals(const char *file)
{
    CLEANUP_FREE char *text = NULL;
    size_t length = 0;
    json_t *totals = NULL;
    if (operations->read(file, totals_limit, &text, &length) == 0) {
        totals = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
        if (json_is_object(totals) && json_integer_value(json_object_get(totals, "version")) == 1)
            return totals;
        log_warning(NULL, "%s is damaged and starts afresh", file);
    } else if (errno != ENOENT) {
        log_warning(NULL, "%s is not read and starts afresh: %s", file, strerror(errno));
    }
    json_decref(totals);
    return json_pack("{si}", "version", 1);
}

/* Those of a version with other classes cannot be added to. */
json_t *totals_durations(const json_t *totals)
{
    json_t *durations = json_object_get(totals, "durations"), *fresh = fresh_durations();
    if (!json_equal(json_object_get(durations, "bounds"), json_object_get(fresh, "bounds"))
        || json_array_size(json_object_get(durations, "counts")) != BOUNDS + 1)
        return fresh;
    json_decref(fresh);
    return json_incref(durations);
}

static void count_duration(json_t *totals, int64_t milliseconds)
{
    json_t *durations = totals_durations(totals), *counts = json_object_get(durations, "counts");
    size_t class = 0;
    while (class < BOUNDS && milliseconds > bounds[class] * INT64_C(1000))
        class ++;
    json_array_set_new(counts, class, json_integer(json_integer_value(json_array_get(counts, class)) + 1));
    json_count(durations, "count", 1);
    json_count(durations, "milliseconds", milliseconds);
    json_object_set_new(totals, "durations", durations);
}

static void count_cycle(json_t *totals, const struct status *status, int64_t clock)
{
    static const char *const facts[] = { "superseded", "regressed", "rescued", NULL };
    const char *stage = *status->stage ? status->stage : "start";
    json_count(json_object_at(totals, "cycles"), status->outcome, 1);
    if (strcmp(status->outcome, "failed") == 0)
        json_count(json_object_at(totals, "failures"), stage, 1);
    json_count(totals, "crashes", status->signal != 0);
    for (const char *const *fact = facts; *fact; fact++)
        json_count(totals, *fact, status_count(status, *fact));
    count_duration(totals, status->lasted);
    json_object_set_new(totals, "lastCycle", json_integer(clock));
    if (strcmp(status->outcome, "done") == 0)
        json_object_set_new(totals, "lastSuccess", json_integer(clock));
}

json_t *totals_count(const char *directory, const struct status *status, int64_t clock)
{
    CLEANUP_FREE char *file = string_format("%s/totals.json", directory), *text = NULL;
    json_t *totals = file ? read_totals(file) : NULL;
    if (!totals)
        return NULL;
    count_cycle(totals, status, clock);
    text = json_dumps(totals, JSON_INDENT(2) | JSON_SORT_KEYS);
    if (!text || operations->write(file, text, strlen(text), 0600) != 0)
        log_warning(NULL, "%s: %s", file, text ? strerror(errno) : "out of memory");
    return totals;
}
