/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/deploy/dry-run.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"

static const char *text(const json_t *entry, const char *key)
{
    const char *value = json_string_value(json_object_get(entry, key));
    return value ? value : "?";
}

/* A line. What a target said may stand in it: it stays one line. */
static void line(size_t *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void line(size_t *lines, const char *format, ...)
{
    char *printed = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&printed, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    for (char *c = printed; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    printf("[plan]: %s\n", printed);
    free(printed);
    ++*lines;
}

static void print_targets(const json_t *changes, size_t *lines)
{
    size_t index;
    json_t *name;
    const char *target;
    json_array_foreach(json_object_get(changes, "added"), index, name)
        line(lines, "target added: %s", json_string_value(name));
    json_array_foreach(json_object_get(changes, "removed"), index, name)
        line(lines, "target removed: %s", json_string_value(name));
    json_object_foreach(json_object_get(changes, "changed"), target, name)
        line(lines, "target changed: %s", target);
}

static void print_superseded(const json_t *report, size_t *lines)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(report, "superseded"), index, entry)
        line(lines, "superseded: the state of %s in %s on %s: %s", text(entry, "component"),
             text(entry, "container"), text(entry, "target"), text(entry, "reason"));
}

static void print_disputes(const json_t *report, size_t *lines)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(report, "disputes"), index, entry)
        line(lines, "in dispute: the state of %s in %s: %s", text(entry, "component"),
             text(entry, "container"), text(entry, "reason"));
}

static void print_pins(const json_t *pins, size_t *lines)
{
    size_t i, j;
    json_t *pin, *target;
    json_array_foreach(pins, i, pin)
        json_array_foreach(json_object_get(pin, "targets"), j, target)
            line(lines, "%s in %s stays on %s: %s", text(pin, "component"), text(pin, "container"),
                 json_string_value(target), text(pin, "reason"));
}

static void print_mappings(const json_t *mappings, const char *verb, size_t *lines)
{
    size_t index;
    json_t *entry;
    json_array_foreach(mappings, index, entry)
        line(lines, "%s %s in %s on %s", verb, text(entry, "name"), text(entry, "container"),
             text(entry, "target"));
}

static bool is_same_state(const json_t *a, const json_t *b)
{
    return strcmp(text(a, "component"), text(b, "component")) == 0
           && strcmp(text(a, "container"), text(b, "container")) == 0;
}

/* What is placed anew comes from where it was placed before, if it was. */
static void print_moves(const json_t *snapshots, size_t *lines)
{
    size_t i, j;
    json_t *to, *from;
    json_array_foreach(json_object_get(snapshots, "added"), i, to) {
        bool moved = false;
        json_array_foreach(json_object_get(snapshots, "removed"), j, from)
            if (is_same_state(to, from)) {
                line(lines, "move the state of %s in %s from %s to %s", text(to, "component"),
                     text(to, "container"), text(from, "target"), text(to, "target"));
                moved = true;
            }
        if (!moved)
            line(lines, "restore the state of %s in %s on %s, if there is any", text(to, "component"),
                 text(to, "container"), text(to, "target"));
    }
}

void dry_run_print(const json_t *event)
{
    const json_t *reports = json_object_get(event, "reports"),
                 *redeploy = json_object_get(reports, "redeploy");
    const json_t *reconstruct = json_object_get(reports, "reconstruct");
    const json_t *difference = json_object_get(redeploy, "difference"),
                 *mappings = json_object_get(difference, "mappings");
    size_t lines = 0;
    print_targets(json_object_get(event, "changes"), &lines);
    print_superseded(reconstruct, &lines);
    print_disputes(reconstruct, &lines);
    print_pins(json_object_get(redeploy, "pinned"), &lines);
    print_mappings(json_object_get(mappings, "removed"), "deactivate", &lines);
    print_mappings(json_object_get(mappings, "added"), "activate", &lines);
    print_moves(json_object_get(difference, "snapshots"), &lines);
    if (lines == 0)
        line(&lines, "nothing changes");
    if (json_is_false(json_object_get(redeploy, "allowed")))
        line(&lines, "the check does not allow this deployment");
    fflush(stdout);
}
