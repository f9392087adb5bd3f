/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/report/parts.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"

enum { WORDS_MOST = 2000, WORD_MOST = 500 };

static struct report_mark *mark_new(struct report *report, const char *target)
{
    struct report_mark *grown = array_grow(report->marks, report->mark_count, sizeof *grown);
    json_t *index = json_integer((json_int_t)report->mark_count);
    if (json_object_set_new(report->marks_here, target, index) != 0 || !grown) {
        report->marks = grown ? grown : report->marks;
        return NULL;
    }
    report->marks = grown;
    grown += report->mark_count++;
    *grown = (struct report_mark){
        .target = report_text(report, target), .words = "", .x = report->x, .time = report->time
    };
    return grown;
}

/* What happens at one place on one target is one mark. */
static struct report_mark *mark_here(struct report *report, const char *target)
{
    const json_t *index;
    if (report->x > report->marks_x)
        json_object_clear(report->marks_here);
    report->marks_x = report->x;
    index = json_object_get(report->marks_here, target);
    return index ? &report->marks[json_integer_value(index)] : mark_new(report, target);
}

void mark_add(struct report *report, enum report_mark_kind kind, const char *target, const char *format, ...)
{
    CLEANUP_FREE char *words = NULL, *all = NULL;
    struct report_mark *mark = mark_here(report, target);
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&words, format, arguments) < 0)
        words = NULL;
    va_end(arguments);
    if (!mark || !words || !mark->target) {
        report->failed = true;
        return;
    }
    mark->kind = kind > mark->kind ? kind : mark->kind;
    if (strlen(mark->words) > WORDS_MOST)
        return;
    const char *separator = *mark->words ? "\n" : "";
    all = strlen(words) > WORD_MOST
              ? string_format("%s%s%.*s\xe2\x80\xa6", mark->words, separator, WORD_MOST, words)
              : string_format("%s%s%s", mark->words, separator, words);
    const char *interned = report_text(report, all);
    mark->words = interned ? interned : mark->words;
}

/* Names that a target may have in an array. */
static const char *name_at(const json_t *name)
{
    return json_is_string(name) ? json_string_value(name) : "";
}

static void mark_changed(struct report *report, const char *target, const json_t *fields)
{
    CLEANUP_FREE char *list = strdup("");
    size_t index;
    json_t *field;
    json_array_foreach((json_t *)fields, index, field) {
        char *longer =
            list && index < 12 ? string_format("%s%s%s", list, index ? ", " : "", name_at(field)) : NULL;
        if (!longer)
            break;
        free(list);
        list = longer;
    }
    mark_add(report, MARK_CHANGED, target, "changed: %s", list ? list : "");
}

static void target_came(struct report *report, const char *target)
{
    bars_end(report, BAR_AWAY, target);
    bars_return(report, target);
}

/* What runs there is asked of the machines themselves, where that can be. */
static void target_went(struct report *report, const char *target, const char *reason)
{
    bars_begin(report, BAR_AWAY, target, reason);
    if (!report->watched)
        bars_cut(report, target);
}

static void mark_left_out(struct report *report, const char *target, const json_t *why)
{
    const char *status = text_at(why, "status"), *reason = text_at(why, "reason");
    mark_add(report, MARK_WENT, target, "left out of the model%s%s%s%s", *status ? ": " : "", status,
             *reason ? ": " : "", reason);
    if (strcmp(status, "flapping") == 0 || strcmp(status, "held") == 0)
        bars_begin(report, BAR_HELD, target, *reason ? reason : status);
    target_went(report, target, *status ? status : NULL);
}

void marks_of_changes(struct report *report, const json_t *changes, const json_t *left_out,
                      const json_t *reasons)
{
    const char *target;
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(changes, "added"), index, entry) {
        mark_add(report, MARK_CAME, name_at(entry), "in the model from now on");
        target_came(report, name_at(entry));
        bars_end(report, BAR_HELD, name_at(entry));
    }
    json_object_foreach(json_object_get(changes, "changed"), target, entry)
        mark_changed(report, target, entry);
    json_array_foreach(json_object_get(changes, "removed"), index, entry) {
        mark_add(report, MARK_WENT, name_at(entry), "not in the model any more");
        target_went(report, name_at(entry), NULL);
    }
    json_array_foreach((json_t *)left_out, index, entry)
        mark_left_out(report, name_at(entry), json_object_get(reasons, name_at(entry)));
}

/* "superseded: database-1 in process: moved to target test1 while the target was away" */
static void mark_entries(struct report *report, const json_t *entries, enum report_mark_kind kind,
                         const char *what, bool why)
{
    size_t index;
    json_t *entry;
    json_array_foreach((json_t *)entries, index, entry) {
        const char *reason = why ? text_at(entry, "reason") : "";
        mark_add(report, kind, text_at(entry, "target"), "%s: %s in %s%s%s", what,
                 text_at(entry, "component"), text_at(entry, "container"), *reason ? ": " : "", reason);
    }
}

static void mark_disputes(struct report *report, const json_t *disputes)
{
    size_t outer, inner;
    json_t *dispute, *copy;
    json_array_foreach((json_t *)disputes, outer, dispute)
        json_array_foreach(json_object_get(dispute, "copies"), inner, copy)
            if (json_is_true(json_object_get(copy, "disputed")))
                mark_add(report, MARK_CONFLICT, text_at(copy, "target"), "in dispute: %s in %s: %s",
                         text_at(dispute, "component"), text_at(dispute, "container"),
                         text_at(copy, "reason"));
}

void marks_of_reconstruction(struct report *report, const json_t *told)
{
    const char *target;
    json_t *entry;
    json_object_foreach(json_object_get(told, "targets"), target, entry) {
        const char *status = text_at(entry, "status");
        if (strcmp(status, "silent") == 0 || strcmp(status, "invalid") == 0) {
            mark_add(report, MARK_WENT, target, "%s: %s", status, text_at(entry, "reason"));
            target_went(report, target, text_at(entry, "reason"));
        } else {
            target_came(report, target);
        }
    }
    mark_entries(report, json_object_get(told, "superseded"), MARK_RESCUED, "superseded", true);
    mark_entries(report, json_object_get(told, "regressed"), MARK_RESCUED, "regressed", true);
    mark_entries(report, json_object_get(told, "rescued"), MARK_RESCUED, "rescued into a snapshot", false);
    mark_entries(report, json_object_get(told, "fenced"), MARK_RESCUED, "fenced", false);
    mark_entries(report, json_object_get(told, "activated"), MARK_RESCUED, "activated", true);
    mark_disputes(report, json_object_get(told, "disputes"));
}
