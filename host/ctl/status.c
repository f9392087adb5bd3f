/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/ctl/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/ctl/overview.h"
#include "host/ctl/words.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/manifest/manifest.h"
#include "lib/manifest/previous.h"

json_t *status_look(const json_t *answer, const json_t *state, const char *command, const char *profile)
{
    struct strings *strings = strings_new();
    struct manifest manifest;
    CLEANUP_FREE char *reason = NULL;
    const char *deployed = json_string_value(json_object_get(state, "deployed"));
    json_t *status = NULL;
    if (!strings)
        return NULL;
    const bool known = deployed && manifest_read(deployed, strings, &manifest, &reason) == MANIFEST_READ;
    const struct overview_sources sources = { .answer = answer,
                                              .state = state,
                                              .manifest = known ? &manifest : NULL,
                                              .command = command,
                                              .profile = profile };
    if (answer || state)
        status = overview_make(&sources);
    if (known)
        manifest_clear(&manifest);
    strings_free(strings);
    return status;
}

static json_int_t number(const json_t *status, const char *key)
{
    return json_integer_value(json_object_get(status, key));
}

static void print_line(const char *name, const char *value)
{
    if (!value || !*value)
        return;
    print_padded(name, 13);
    print_padded(value, 0);
    putchar('\n');
}

static char *describe_absence(const json_t *status, int64_t now)
{
    CLEANUP_FREE char *known = words_of_moment(number(status, "knownAt"), now);
    return string_format("no loop runs; this is what the last one knew, %s", known ? known : "?");
}

/* What it does now. */
static char *describe_phase(const json_t *status, int64_t now)
{
    const char *phase = text_at(status, "phase");
    const bool paused = json_is_true(json_object_get(status, "paused"));
    if (!json_is_true(json_object_get(status, "running")))
        return describe_absence(status, now);
    if (strcmp(phase, "cycle") == 0)
        return string_format("cycle, %s, for %lld s%s",
                             *text_at(status, "stage") ? text_at(status, "stage") : "starting",
                             (long long)number(status, "since"), paused ? ", paused" : "");
    return string_format("%s", paused ? "paused" : strcmp(phase, "idle") == 0 ? "waiting" : phase);
}

/* Calls under way, and how one that takes long is ended. */
static void print_waits(const json_t *status)
{
    const char *name;
    json_t *call;
    json_object_foreach(json_object_get(status, "waits"), name, call) {
        CLEANUP_FREE char *end =
            number(call, "seconds") < 60
                ? NULL
                : string_format("; to end this call: kill %lld", (long long)number(call, "process"));
        CLEANUP_FREE char *words = string_format("%s, %s for %lld s%s", name, text_at(call, "operation"),
                                                 (long long)number(call, "seconds"), end ? end : "");
        print_line("waits for", words);
    }
}

static void print_condition(const json_t *status, int64_t now)
{
    CLEANUP_FREE char *since = words_of_moment(number(status, "conditionSince"), now);
    CLEANUP_FREE char *words = number(status, "conditionSince") > 0 && since
                                   ? string_format("%s, since %s", text_at(status, "condition"), since)
                                   : string_format("%s", text_at(status, "condition"));
    size_t index;
    json_t *reason;
    print_line("condition", words);
    json_array_foreach(json_object_get(status, "reasons"), index, reason)
        print_line(index == 0 ? "why" : "", json_string_value(reason));
    json_array_foreach(json_object_get(json_object_get(status, "failure"), "said"), index, reason)
        print_line(index == 0 ? "it said" : "", json_string_value(reason));
}

/* Moments of the answer are text, in UTC. */
static void print_moment(const char *name, const char *before, const char *text, int64_t now)
{
    const int64_t moment = moment_read(text);
    CLEANUP_FREE char *local = words_of_moment(moment, now);
    CLEANUP_FREE char *words = string_format("%s%s", before, moment > 0 && local ? local : text);
    if (*text)
        print_line(name, words);
}

static void print_head(const json_t *status, int64_t now)
{
    CLEANUP_FREE char *process =
        string_format("%lld, version %s", (long long)number(status, "process"), text_at(status, "program"));
    CLEANUP_FREE char *phase = describe_phase(status, now), *cycle = NULL, *failures = NULL,
                      *last = string_format("%s, ", text_at(status, "lastOutcome"));
    if (json_object_get(status, "cycle"))
        cycle = string_format("%lld", (long long)number(status, "cycle"));
    if (number(status, "failures") > 0)
        failures = string_format("%lld in a row", (long long)number(status, "failures"));
    print_line("profile", text_at(status, "profile"));
    print_condition(status, now);
    print_line("process", json_object_get(status, "process") ? process : NULL);
    print_line("state", phase);
    print_waits(status);
    print_line("cycle", cycle);
    print_moment("last cycle", last ? last : "", text_at(status, "lastEnded"), now);
    print_moment("last success", "", text_at(status, "lastSuccess"), now);
    print_line("failures", failures);
    print_moment("next", "", text_at(status, "next"), now);
    print_line("deployed", text_at(status, "deployed"));
}

/* What went live without any state. */
static void print_missing(const json_t *status, int64_t now)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(status, "missing"), index, entry) {
        CLEANUP_FREE char *when = words_of_moment(number(entry, "when"), now);
        CLEANUP_FREE char *words = string_format(
            "%s in %s, since %s live on %s without the state that it had on %s: no snapshot of it existed",
            text_at(entry, "component"), text_at(entry, "container"), when ? when : "?",
            text_at(entry, "target"), json_string_value(json_array_get(json_object_get(entry, "from"), 0)));
        print_line("state lost", words);
    }
}

/* Tables: as wide as what is in them. */

enum { COLUMNS = 6 };

struct row {
    char *cells[COLUMNS];
};

static void print_table(const char *const *heads, struct row *rows, size_t count)
{
    size_t widths[COLUMNS] = { 0 }, last = 0;
    for (size_t column = 0; column < COLUMNS && heads[column]; column++, last++) {
        widths[column] = columns_of(heads[column]);
        for (size_t i = 0; i < count; i++)
            if (rows[i].cells[column] && columns_of(rows[i].cells[column]) > widths[column])
                widths[column] = columns_of(rows[i].cells[column]);
    }
    putchar('\n');
    for (size_t i = 0; i <= count; i++) {
        size_t end = last;
        while (i > 0 && end > 0 && (!rows[i - 1].cells[end - 1] || !*rows[i - 1].cells[end - 1]))
            end--;
        for (size_t column = 0; column < end; column++) {
            const char *cell = i == 0 ? heads[column] : rows[i - 1].cells[column];
            print_padded(cell ? cell : "", column + 1 < end ? widths[column] + 2 : 0);
        }
        putchar('\n');
    }
    for (size_t i = 0; i < count; i++)
        for (size_t column = 0; column < COLUMNS; column++)
            free(rows[i].cells[column]);
    free(rows);
}

/* How long ago; "-": it is not known. */
static char *age(const json_t *object, const char *member, int64_t now)
{
    return json_object_get(object, member) ? words_of_time(now - number(object, member)) : string_format("-");
}

/* NULL: nobody knows. */
static char *list(const json_t *names)
{
    char *text = string_format("%s", !names ? "?" : json_array_size(names) == 0 ? "-" : "");
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)names, index, name) {
        char *longer =
            string_format("%s%s%s", text ? text : "", index > 0 ? " " : "", json_string_value(name));
        free(text);
        text = longer;
    }
    return text;
}

static void print_targets(const json_t *status, int64_t now)
{
    static const char *const heads[] = { "TARGET", "STATUS", "SINCE", "SEEN", "RUNS", "REASON" };
    const json_t *targets = json_object_get(status, "targets");
    struct row *rows = calloc(json_object_size(targets) + 1, sizeof *rows);
    size_t count = 0;
    const char *name;
    json_t *target;
    if (!rows)
        return;
    json_object_foreach((json_t *)targets, name, target)
        rows[count++] =
            (struct row){ { strdup(name), strdup(text_at(target, "status")), age(target, "since", now),
                            age(target, "seen", now), list(json_object_get(target, "runs")),
                            strdup(text_at(target, "reason")) } };
    if (count > 0)
        print_table(heads, rows, count);
    else
        free(rows);
}

/* Snapshots are of services with state only. */
static char *snapshot_age(const json_t *service, int64_t now)
{
    if (!json_object_get(service, "component"))
        return string_format("-");
    return json_object_get(service, "snapshot") ? age(service, "snapshot", now) : string_format("none");
}

static char *describe_service(const json_t *service, int64_t now)
{
    CLEANUP_FREE char *down = age(service, "since", now);
    if (!json_is_true(json_object_get(service, "down")))
        return string_format("live");
    return string_format("DOWN for %s", down ? down : "?");
}

static void print_services(const json_t *status, int64_t now)
{
    static const char *const heads[] = { "SERVICE", "WHERE", "CONTAINER", "STATE", "SNAPSHOT", NULL };
    const json_t *services = json_object_get(status, "placement");
    struct row *rows = calloc(json_array_size(services) + 1, sizeof *rows);
    size_t index;
    json_t *service;
    if (!rows)
        return;
    json_array_foreach((json_t *)services, index, service)
        rows[index] = (struct row){ { strdup(text_at(service, "service")), strdup(text_at(service, "target")),
                                      strdup(text_at(service, "container")), describe_service(service, now),
                                      snapshot_age(service, now), NULL } };
    if (json_array_size(services) > 0)
        print_table(heads, rows, json_array_size(services));
    else
        free(rows);
}

static void print_attention(const json_t *status)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(status, "attention"), index, entry) {
        putchar('\n');
        print_padded(text_at(entry, "about"), 0);
        fputs("\n    ", stdout);
        print_padded(text_at(entry, "command"), 0);
        putchar('\n');
    }
}

void status_print(const json_t *status, int64_t now)
{
    print_head(status, now);
    print_missing(status, now);
    print_targets(status, now);
    print_services(status, now);
    print_attention(status);
}

bool status_is_well(const json_t *status)
{
    return json_is_true(json_object_get(status, "running")) && text_at_is(status, "condition", "ok");
}

bool status_check(const json_t *status)
{
    const bool runs = json_is_true(json_object_get(status, "running"));
    size_t index;
    json_t *reason;
    fputs(runs ? text_at(status, "condition") : "no loop runs", stdout);
    json_array_foreach(json_object_get(status, "reasons"), index, reason) {
        fputs(index == 0 ? ": " : "; ", stdout);
        print_padded(json_string_value(reason), 0);
    }
    putchar('\n');
    return status_is_well(status);
}
