/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a scenario expects, as dydisnix-scenario(5) describes it.
 */
#include "scenario/play/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "scenario/format/policy.h"

/* expected and seen are told as they are in JSON. */
static void add_difference(json_t *broken, const char *what, const json_t *expected, const json_t *seen)
{
    CLEANUP_FREE char *one = json_dumps(expected, JSON_ENCODE_ANY | JSON_SORT_KEYS);
    CLEANUP_FREE char *other = json_dumps(seen, JSON_ENCODE_ANY | JSON_SORT_KEYS), *text = NULL;
    if (asprintf(&text, "%s: expected %s, seen %s", what, one ? one : "nothing", other ? other : "nothing")
        < 0)
        text = NULL;
    json_array_append_new(broken, json_string(text ? text : what));
}

/* A list of names in their order; a new reference. */
static json_t *sorted(const json_t *names)
{
    CLEANUP_JSON json_t *set = json_object();
    json_t *list = json_array(), *name;
    size_t index;
    json_array_foreach((json_t *)names, index, name)
        if (json_is_string(name))
            json_object_set_new(set, json_string_value(name), json_true());
    CLEANUP_FREE const char **all = json_sorted_names(set);
    for (size_t i = 0; all && all[i]; i++)
        json_array_append_new(list, json_string(all[i]));
    return list;
}

static void compare_names(json_t *broken, const char *what, const json_t *expected, const json_t *seen)
{
    CLEANUP_JSON json_t *one = sorted(expected), *other = sorted(seen);
    if (!json_equal(one, other))
        add_difference(broken, what, one, other);
}

/* Calls each for every copy of the service that is live. */
static void each_live(const json_t *observed, const char *service,
                      void (*each)(void *closure, const char *target, const json_t *active), void *closure)
{
    CLEANUP_FREE const char **names = json_sorted_names(json_object_get(observed, "targets"));
    size_t index;
    json_t *active;
    for (size_t i = 0; names && names[i]; i++) {
        const json_t *target = json_object_get(json_object_get(observed, "targets"), names[i]);
        json_array_foreach(json_object_get(target, "active"), index, active)
            if (text_at_is(target, "is", "up") && text_at_is(active, "service", service))
                each(closure, names[i], active);
    }
}

static void note_home(void *closure, const char *target, const json_t *active)
{
    if (json_is_true(json_object_get(active, "answers")))
        json_array_append_new(closure, json_string(target));
}

static void expect_answers(const json_t *expected, const json_t *observed, json_t *broken)
{
    const char *service;
    json_t *homes;
    json_object_foreach((json_t *)expected, service, homes) {
        CLEANUP_JSON json_t *seen = json_array();
        CLEANUP_FREE char *what = NULL;
        each_live(observed, service, note_home, seen);
        if (asprintf(&what, "where %s answers", service) >= 0)
            compare_names(broken, what, homes, seen);
    }
}

static void note_state(void *closure, const char *target, const json_t *active)
{
    json_t *state = json_object_get(active, "state");
    json_object_set(closure, target, state ? state : json_null());
}

static void expect_state(const json_t *expected, const json_t *observed, json_t *broken)
{
    const char *service, *target;
    json_t *lines, *state;
    json_object_foreach((json_t *)expected, service, lines) {
        CLEANUP_JSON json_t *seen = json_object();
        each_live(observed, service, note_state, seen);
        CLEANUP_FREE char *what = NULL;
        bool same = json_object_size(seen) > 0;
        json_object_foreach(seen, target, state)
            same = same && json_equal(lines, state);
        if (!same && asprintf(&what, "the state of %s", service) >= 0)
            add_difference(broken, what, lines, seen);
    }
}

unsigned scenario_cycles(const json_t *documents, unsigned *failed)
{
    unsigned cycles = 0, wrong = 0;
    bool open = false;
    size_t index;
    json_t *document;
    json_array_foreach((json_t *)documents, index, document) {
        const bool began = text_at_is(document, "kind", "cycle_began");
        if (began || text_at_is(document, "kind", "cycle_ended")) {
            cycles += began || !open;
            wrong += began ? open : text_at_is(document, "outcome", "failed");
            open = began;
        }
    }
    *failed = wrong + open;
    return cycles;
}

static void expect_number(const json_t *expected, const char *what, unsigned number, json_t *broken)
{
    const json_t *least = json_object_get(expected, "least"), *most = json_object_get(expected, "most");
    bool right = json_is_object(expected) ? (!least || json_integer_value(least) <= number)
                                                && (!most || number <= json_integer_value(most))
                                          : json_integer_value(expected) == number;
    CLEANUP_JSON json_t *seen = json_integer(number);
    if (!right)
        add_difference(broken, what, expected, seen);
}

static void expect_cycles(const json_t *expectation, const struct scenario_seen *seen, json_t *broken)
{
    const json_t *cycles = json_object_get(expectation, "cycles"),
                 *failures = json_object_get(expectation, "failed");
    CLEANUP_JSON json_t *none = json_integer(0);
    unsigned failed, number = scenario_cycles(seen->documents, &failed);
    if (cycles)
        expect_number(cycles, "adaptation cycles", number, broken);
    expect_number(failures ? failures : none, "cycles that failed", failed, broken);
}

/* Whether an entry has all that is expected. */
static bool matches(const json_t *expected, const json_t *entry)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)expected, name, value)
        if (!json_equal(value, json_object_get(entry, name)))
            return false;
    return true;
}

/* All that the reports since then have in a list; a new reference. */
static json_t *entries_of(const json_t *documents, const char *list)
{
    json_t *entries = json_array(), *document;
    size_t index;
    json_array_foreach((json_t *)documents, index, document) {
        const json_t *report = json_object_get(document, "report");
        CLEANUP_JSON json_t *disputed = strcmp(list, "disputed") == 0 ? scenario_disputed(report) : NULL;
        json_array_extend(entries, disputed ? disputed : json_object_get(report, list));
        json_array_extend(entries, json_object_get(json_object_get(report, "recover"), list));
    }
    return entries;
}

static void expect_entries(const json_t *expected, const char *list, const json_t *documents, json_t *broken)
{
    CLEANUP_JSON json_t *entries = entries_of(documents, list);
    size_t index, inner;
    json_t *wanted, *entry;
    json_array_foreach((json_t *)expected, index, wanted) {
        bool found = false;
        json_array_foreach(entries, inner, entry)
            found = found || matches(wanted, entry);
        if (!found)
            add_difference(broken, list, wanted, entries);
    }
    if (expected && json_array_size(expected) == 0 && json_array_size(entries) > 0)
        add_difference(broken, list, expected, entries);
}

/* A JSON pointer without escapes; NULL: it leads nowhere. */
static const json_t *follow(const json_t *value, const char *path)
{
    while (value && *path == '/') {
        size_t length = strcspn(path + 1, "/");
        CLEANUP_FREE char *part = strndup(path + 1, length);
        value = json_is_array(value) ? json_array_get(value, strtoul(part ? part : "", NULL, 10))
                                     : json_object_get(value, part ? part : "");
        path += 1 + length;
    }
    return value;
}

static void expect_report(const json_t *expected, const json_t *documents, json_t *broken)
{
    size_t index, inner;
    json_t *wanted, *document;
    json_array_foreach((json_t *)expected, index, wanted) {
        const json_t *report = NULL, *is_there = json_object_get(wanted, "is");
        CLEANUP_FREE char *what = NULL;
        json_array_foreach((json_t *)documents, inner, document)
            if (text_at_is(document, "kind", "stage")
                && text_at_is(document, "stage", text_at(wanted, "stage")))
                report = json_object_get(document, "report");
        const json_t *seen = follow(report, text_at(wanted, "path"));
        if ((seen && json_equal(seen, is_there)) || (!seen && json_is_null(is_there)))
            continue;
        if (asprintf(&what, "%s in the last report of %s", text_at(wanted, "path"), text_at(wanted, "stage"))
            >= 0)
            add_difference(broken, what, is_there, seen);
    }
}

/* The names of targets that did not answer, as the last cycle that found something knows it; a new reference.
 */
static json_t *silent_targets(const struct scenario_seen *seen)
{
    const json_t *left_out = NULL, *targets = NULL;
    json_t *silent = json_array(), *document, *target;
    const char *name;
    size_t index;
    json_array_foreach((json_t *)seen->documents, index, document) {
        if (text_at_is(document, "kind", "infrastructure"))
            left_out = json_object_get(document, "leftOut");
        if (text_at_is(document, "kind", "stage") && text_at_is(document, "stage", "reconstruct"))
            targets = json_object_get(json_object_get(document, "report"), "targets");
    }
    json_array_extend(silent, (json_t *)left_out);
    json_object_foreach((json_t *)targets, name, target)
        if (text_at_is(target, "status", "silent"))
            json_array_append_new(silent, json_string(name));
    return silent;
}

static void expect_words(const json_t *words, const char *messages, bool there, json_t *broken)
{
    size_t index;
    json_t *word;
    json_array_foreach((json_t *)words, index, word) {
        CLEANUP_FREE char *what = NULL;
        if ((strstr(messages ? messages : "", json_string_value(word)) != NULL) == there)
            continue;
        if (asprintf(&what, "the loop %s: %s", there ? "does not say" : "says", json_string_value(word)) >= 0)
            json_array_append_new(broken, json_string(what));
    }
}

void scenario_expect(const json_t *expectation, const struct scenario_seen *seen, json_t *broken)
{
    static const char *const lists[] = { "activated", "rescued", "superseded", "regressed",
                                         "disputed",  "fenced",  NULL };
    const json_t *held = json_object_get(expectation, "held"),
                 *silent = json_object_get(expectation, "silent");
    const json_t *paused = json_object_get(expectation, "paused");
    expect_answers(json_object_get(expectation, "answers"), seen->observed, broken);
    expect_state(json_object_get(expectation, "state"), seen->observed, broken);
    expect_cycles(expectation, seen, broken);
    if (held)
        compare_names(broken, "held targets", held, json_object_get(seen->observed, "held"));
    if (silent) {
        CLEANUP_JSON json_t *names = silent_targets(seen);
        compare_names(broken, "silent targets", silent, names);
    }
    if (paused && json_is_true(paused) != json_is_true(json_object_get(seen->observed, "paused")))
        add_difference(broken, "paused", paused, json_object_get(seen->observed, "paused"));
    for (size_t i = 0; lists[i]; i++)
        expect_entries(json_object_get(expectation, lists[i]), lists[i], seen->documents, broken);
    expect_report(json_object_get(expectation, "report"), seen->documents, broken);
    expect_words(json_object_get(expectation, "says"), seen->messages, true, broken);
    expect_words(json_object_get(expectation, "silent-about"), seen->messages, false, broken);
}
