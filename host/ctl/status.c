/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/ctl/status.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/characters.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

size_t columns_of(const char *text)
{
    size_t columns = 0;
    for (; *text; text++)
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

void print_padded(const char *text, size_t width)
{
    size_t columns = columns_of(text);
    CLEANUP_FREE char *shown = strdup(text);
    if (shown) {
        text_one_line(shown);
        fputs(shown, stdout);
    }
    for (; columns < width; columns++)
        putchar(' ');
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

/* What it does now. */
static char *describe_phase(const json_t *status)
{
    const char *phase = text_at(status, "phase");
    const bool paused = json_is_true(json_object_get(status, "paused"));
    if (strcmp(phase, "cycle") == 0)
        return string_format("cycle, %s, for %lld s%s",
                             *text_at(status, "stage") ? text_at(status, "stage") : "starting",
                             (long long)number(status, "since"), paused ? ", paused" : "");
    return string_format("%s", paused ? "paused" : strcmp(phase, "idle") == 0 ? "waiting" : phase);
}

/* Calls that may take too long, and how each is ended. */
static void print_waits(const json_t *status)
{
    const char *name;
    json_t *call;
    json_object_foreach(json_object_get(status, "waits"), name, call) {
        CLEANUP_FREE char *words =
            string_format("%s, %s for %lld s; to end this call: kill %lld", name, text_at(call, "operation"),
                          (long long)number(call, "seconds"), (long long)number(call, "process"));
        print_line("waits for", words);
    }
}

static void print_head(const json_t *status)
{
    CLEANUP_FREE char *process =
        string_format("%lld, version %s", (long long)number(status, "process"), text_at(status, "program"));
    CLEANUP_FREE char *phase = describe_phase(status), *last = NULL, *cycle = NULL, *failures = NULL;
    if (json_object_get(status, "lastOutcome"))
        last = string_format("%s, %s", text_at(status, "lastOutcome"), text_at(status, "lastEnded"));
    if (json_object_get(status, "cycle"))
        cycle = string_format("%lld", (long long)number(status, "cycle"));
    if (number(status, "failures") > 0)
        failures = string_format("%lld in a row", (long long)number(status, "failures"));
    print_line("profile", text_at(status, "profile"));
    print_line("process", process);
    print_line("state", phase);
    print_waits(status);
    print_line("cycle", cycle);
    print_line("last cycle", last);
    print_line("last success", text_at(status, "lastSuccess"));
    print_line("failures", failures);
    print_line("next", text_at(status, "next"));
    print_line("deployed", text_at(status, "deployed"));
}

/* What went live without any state. */
static void print_missing(const json_t *status)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(status, "missing"), index, entry) {
        CLEANUP_FREE char *words = string_format(
            "%s in %s, since %s live on %s without the state that it had on %s: no snapshot of it existed",
            text_at(entry, "component"), text_at(entry, "container"),
            moment_of(json_integer_value(json_object_get(entry, "when"))).text, text_at(entry, "target"),
            json_string_value(json_array_get(json_object_get(entry, "from"), 0)));
        print_line("state lost", words);
    }
}

void status_print(const json_t *status)
{
    json_t *targets = json_object_get(status, "targets"), *target;
    const char *name;
    size_t width = columns_of("TARGET");
    print_head(status);
    print_missing(status);
    json_object_foreach(targets, name, target)
        if (columns_of(name) > width)
            width = columns_of(name);
    if (json_object_size(targets) > 0)
        printf("\n%-*s  STATUS    REASON\n", (int)width, "TARGET");
    json_object_foreach(targets, name, target) {
        print_padded(name, width + 2);
        print_padded(text_at(target, "status"), *text_at(target, "reason") ? 10 : 0);
        print_padded(text_at(target, "reason"), 0);
        putchar('\n');
    }
}
