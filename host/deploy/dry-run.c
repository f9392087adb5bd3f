/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/deploy/dry-run.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "host/record/story.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

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

static void print_pins(const json_t *pins, size_t *lines)
{
    size_t i, j;
    json_t *pin, *target;
    json_array_foreach(pins, i, pin)
        json_array_foreach(json_object_get(pin, "targets"), j, target)
            line(lines, "%s in %s stays on %s: %s", text(pin, "component"), text(pin, "container"),
                 json_string_value(target), text(pin, "reason"));
}

/* With the reasons, as the story tells them afterwards. */
static int print_fact(void *closure, char *fact)
{
    line(closure, "%s", fact + strspn(fact, " "));
    return 0;
}

static void print_facts(const json_t *reports, size_t *lines)
{
    struct story story;
    CLEANUP_FREE char *facts = NULL;
    if (story_open(&story) == 0) {
        story_plan(&story, reports);
        facts = story_text(&story);
    }
    if (facts)
        string_lines(facts, print_fact, lines);
    story_close(&story);
}

/* The element of a list that is the same service, component or what member is, in the same container; target NULL: on
 * any. NULL: there is none. */
static const json_t *find(const json_t *list, const char *member, const json_t *entry, const char *target)
{
    size_t index;
    json_t *other;
    json_array_foreach((json_t *)list, index, other)
        if (strcmp(text(other, member), text(entry, member)) == 0
            && strcmp(text(other, "container"), text(entry, "container")) == 0
            && (!target || strcmp(text(other, "target"), target) == 0))
            return other;
    return NULL;
}

/* What moves is saved before, if its machine is there by then; else it is as old as this. */
static void print_age(const json_t *state, const json_t *to, const char *from, size_t *lines)
{
    const json_t *containers = json_object_get(json_object_get(state, "snapshots"), from);
    const json_t *taken =
        json_object_get(json_object_get(containers, text(to, "container")), text(to, "component"));
    if (json_is_integer(taken))
        line(lines, "the last snapshot of %s on %s was taken %lld seconds ago", text(to, "component"), from,
             (long long)(operations->clock() - json_integer_value(taken)));
    else
        line(lines, "no snapshot of %s on %s is known to have been taken", text(to, "component"), from);
}

static void print_ages(const json_t *redeploy, const json_t *state, size_t *lines)
{
    const json_t *snapshots = json_object_get(json_object_get(redeploy, "difference"), "snapshots");
    size_t index;
    json_t *to;
    json_array_foreach(json_object_get(snapshots, "added"), index, to) {
        const json_t *from = find(json_object_get(snapshots, "removed"), "component", to, NULL);
        const json_t *left = find(json_object_get(redeploy, "missing"), "component", to, text(to, "target"));
        const char *was = json_string_value(json_array_get(json_object_get(left, "from"), 0));
        if (from || was)
            print_age(state, to, from ? text(from, "target") : was, lines);
    }
}

char *deployment_counts(const json_t *reports, bool done)
{
    const json_t *difference = json_object_get(json_object_get(reports, "redeploy"), "difference");
    const json_t *services = json_object_get(difference, "mappings"),
                 *snapshots = json_object_get(difference, "snapshots");
    const json_t *added = json_object_get(services, "added"), *removed = json_object_get(services, "removed");
    size_t index, starts = 0, moves = 0, replaced = 0, stops = 0, states = 0;
    json_t *entry;
    json_array_foreach((json_t *)added, index, entry) {
        if (find(removed, "name", entry, text(entry, "target")))
            replaced++;
        else if (find(removed, "name", entry, NULL))
            moves++;
        else
            starts++;
    }
    json_array_foreach((json_t *)removed, index, entry)
        if (!find(added, "name", entry, NULL))
            stops++;
    json_array_foreach(json_object_get(snapshots, "added"), index, entry)
        if (find(json_object_get(snapshots, "removed"), "component", entry, NULL))
            states++;
    return string_format(
        done ? "%zu started, %zu moved, %zu replaced, %zu stopped; state of %zu moved; %zu in dispute"
             : "%zu to start, %zu to move, %zu to replace, %zu to stop; state of %zu to move; %zu in dispute",
        starts, moves, replaced, stops, states,
        json_array_size(json_object_get(json_object_get(reports, "reconstruct"), "disputes")));
}

void dry_run_print(const json_t *event, const json_t *state)
{
    const json_t *reports = json_object_get(event, "reports"),
                 *redeploy = json_object_get(reports, "redeploy");
    CLEANUP_FREE char *counts = deployment_counts(reports, false);
    size_t lines = 0;
    print_targets(json_object_get(event, "changes"), &lines);
    print_facts(reports, &lines);
    print_ages(redeploy, state, &lines);
    print_pins(json_object_get(redeploy, "pinned"), &lines);
    if (lines == 0)
        line(&lines, "nothing changes");
    else
        line(&lines, "in all: %s", counts ? counts : "?");
    if (json_is_false(json_object_get(redeploy, "allowed")))
        line(&lines, "the check does not allow this deployment");
    fflush(stdout);
}
