/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/report/parts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "scenario/report/report.h"

/* Units of the page: a strip is 1000 wide. */
static const double cycle_start = 8, cycle_end = 10, end_width = 76, cycle_least = 94, stage_most = 110,
                    letter = 6;
enum { STAGES_MOST = 32 }; /* of one cycle; a cycle has eight */

int report_init(struct report *report)
{
    *report = (struct report){ .strings = strings_new(),
                               .time = -1,
                               .open = json_object(),
                               .running = json_object(),
                               .cut = json_object(),
                               .removed = json_object(),
                               .risks = json_array(),
                               .away_from = json_object(),
                               .stateful = json_object(),
                               .marks_here = json_object() };
    return report->strings && report->open && report->running && report->cut && report->removed
                   && report->risks && report->away_from && report->stateful && report->marks_here
               ? 0
               : -1;
}

static void drop_reports(struct report_cycle *cycle)
{
    for (size_t i = 0; i < cycle->stage_count; i++) {
        json_decref(cycle->stages[i].report);
        cycle->stages[i].report = NULL;
    }
}

void report_clear(struct report *report)
{
    for (size_t i = 0; i < report->cycle_count; i++) {
        drop_reports(&report->cycles[i]);
        json_decref(report->cycles[i].changes);
        free(report->cycles[i].stages);
    }
    json_decref(report->open);
    json_decref(report->running);
    json_decref(report->cut);
    json_decref(report->removed);
    json_decref(report->risks);
    json_decref(report->away_from);
    json_decref(report->stateful);
    json_decref(report->marks_here);
    free(report->columns);
    free(report->cycles);
    free(report->bars);
    free(report->marks);
    free(report->moves);
    strings_free(report->strings);
    *report = (struct report){ 0 };
}

/* A duration of at most a few centuries. */
static int64_t member_milliseconds(const json_t *object)
{
    const json_int_t most = (json_int_t)10000000000000,
                     value = json_integer_value(json_object_get(object, "milliseconds"));
    return value < 0 ? 0 : value < most ? value : most;
}

/* 2026-01-31T12:00:00Z; what is after the seconds is not looked at. -1: it is none. */
static int64_t time_of(const char *text)
{
    struct tm parts = { 0 };
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour,
               &parts.tm_min, &parts.tm_sec)
            != 6
        || parts.tm_year < 1970)
        return -1;
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    return timegm(&parts);
}

/* Of a number from 1, near enough. */
static double logarithm(double value)
{
    double whole = 0;
    for (; value >= 2; value /= 2)
        whole++;
    return whole + value - 1;
}

static struct report_column *column_add(struct report *report, enum report_column_kind kind, double width,
                                        int64_t seconds)
{
    struct report_column *grown = array_grow(report->columns, report->column_count, sizeof *grown);
    if (!grown) {
        report->failed = true;
        return NULL;
    }
    report->columns = grown;
    grown += report->column_count++;
    *grown = (struct report_column){ .kind = kind, .x = report->x, .width = width, .seconds = seconds };
    report->x += width;
    return grown;
}

/* The time since the last document, before a new column; a clock may have gone back. */
static void gap_add(struct report *report, int64_t before)
{
    const int64_t seconds = before >= 0 ? report->time - before : 0;
    const double width = seconds > 0 ? 16 + 5 * logarithm((double)seconds) : 10;
    if (report->column_count > 0)
        column_add(report, COLUMN_GAP, width < 80 ? width : 80, seconds);
}

static struct report_cycle *last_cycle(const struct report *report)
{
    return report->cycle_count > 0 ? &report->cycles[report->cycle_count - 1] : NULL;
}

size_t report_first_cycle(const struct report *report)
{
    return report->cycle_count > REPORT_CYCLES ? report->cycle_count - REPORT_CYCLES : 0;
}

static void cycle_over(struct report *report)
{
    struct report_column *column = report->column_count ? &report->columns[report->column_count - 1] : NULL;
    struct report_cycle *cycle = last_cycle(report);
    if (!report->in_cycle)
        return;
    report->in_cycle = false;
    cycle->width = report->x + cycle_end - cycle->x;
    if (cycle->width < cycle_least)
        cycle->width = cycle_least;
    column->width = cycle->width;
    report->x = column->x + column->width;
}

static struct report_cycle *cycle_begin(struct report *report, int64_t before)
{
    cycle_over(report);
    gap_add(report, before);
    struct report_column *column = column_add(report, COLUMN_CYCLE, cycle_start, report->time);
    struct report_cycle *grown = array_grow(report->cycles, report->cycle_count, sizeof *grown);
    if (grown)
        report->cycles = grown;
    if (!column || !grown) {
        report->failed = true;
        return NULL;
    }
    if (report->cycle_count >= REPORT_CYCLES)
        drop_reports(&grown[report->cycle_count - REPORT_CYCLES]);
    column->cycle = report->cycle_count;
    grown += report->cycle_count++;
    *grown = (struct report_cycle){ .number = -1, .began = report->time, .x = column->x };
    report->in_cycle = true;
    report->changes_before = report->changes;
    report->marks_before = report->mark_count;
    return grown;
}

/* A journal may begin within a cycle. */
static struct report_cycle *current_cycle(struct report *report, int64_t before)
{
    return report->in_cycle ? last_cycle(report) : cycle_begin(report, before);
}

/* The stages that everything turns on show their names, however short they were. */
static double least_width(const char *stage)
{
    const bool shown = strcmp(stage, "reconstruct") == 0 || strcmp(stage, "redeploy") == 0;
    return shown ? 4 + letter * (double)strlen(stage) : 0;
}

/* "test1: no space left", and what the program said last; malloc()ed. */
static char *reason_of(const json_t *failure)
{
    const json_t *said = json_object_get(failure, "said");
    const size_t lines = json_array_size(said);
    const char *target = text_at(failure, "target"), *reason = text_at(failure, "reason");
    const json_t *last = lines > 0 ? json_array_get(said, lines - 1) : NULL;
    if (!*reason)
        return NULL;
    return string_format("%s%s%s%s%s", target, *target ? ": " : "", reason, last ? "\n" : "",
                         json_is_string(last) ? json_string_value(last) : "");
}

static struct report_stage *stage_add(struct report *report, struct report_cycle *cycle,
                                      const json_t *document)
{
    struct report_stage *grown = array_grow(cycle->stages, cycle->stage_count, sizeof *grown);
    const char *name = text_at(document, "stage");
    const int64_t milliseconds = member_milliseconds(document);
    CLEANUP_FREE char *reason = reason_of(json_object_get(document, "failure"));
    const double width = 5 + 7 * logarithm(1 + (double)milliseconds / 10), least = least_width(name);
    if (!grown) {
        report->failed = true;
        return NULL;
    }
    cycle->stages = grown;
    grown += cycle->stage_count++;
    *grown = (struct report_stage){
        .name = report_text(report, name),
        .x = report->x,
        .width = width < least        ? least
                 : width < stage_most ? width
                                      : stage_most,
        .milliseconds = milliseconds,
        .failed = strcmp(text_at(document, "outcome"), "done") != 0,
        .reason = report_text(report, reason),
        .report = json_incref(json_object_get(document, "report")),
        .left_out = json_is_true(json_object_get(document, "reportLeftOut")),
    };
    report->x += grown->width;
    return grown;
}

/* State that a deployment has left behind, or that is older than it was. */
static void note_risks(struct report *report, const json_t *missing)
{
    size_t index;
    json_t *entry;
    json_array_foreach((json_t *)missing, index, entry) {
        const char *from = json_string_value(json_array_get(json_object_get(entry, "from"), 0));
        const json_int_t age = json_integer_value(json_object_get(entry, "age"));
        json_t *risk =
            json_is_true(json_object_get(entry, "empty"))
                ? json_sprintf("%s in %s is live on %s without the state that it had on %s",
                               text_at(entry, "component"), text_at(entry, "container"),
                               text_at(entry, "target"), from ? from : "a target that is gone")
                : json_sprintf("%s in %s is live on %s with a snapshot that is %lld s older than what %s had",
                               text_at(entry, "component"), text_at(entry, "container"),
                               text_at(entry, "target"), (long long)age,
                               from ? from : "a target that is gone");
        if (risk)
            json_array_append_new(report->risks, risk);
    }
}

static void take_stage(struct report *report, const json_t *document, int64_t before)
{
    struct report_cycle *cycle = current_cycle(report, before);
    const json_t *told = json_object_get(document, "report");
    struct report_stage *stage;
    if (!cycle || cycle->stage_count >= STAGES_MOST || !(stage = stage_add(report, cycle, document))) {
        if (cycle)
            cycle->stages_left_out++;
        return;
    }
    const bool redeploy = strcmp(stage->name, "redeploy") == 0;
    if (strcmp(stage->name, "reconstruct") == 0)
        marks_of_reconstruction(report, told);
    else if (!redeploy)
        return;
    note_risks(report, json_object_get(told, "missing"));
    if (stage->failed)
        return;
    bars_difference(report, json_object_get(told, "difference"), redeploy);
    if (redeploy && !report->watched && json_object_get(told, "running"))
        bars_running(report, json_object_get(told, "running"), true);
}

static void take_infrastructure(struct report *report, const json_t *document, int64_t before)
{
    struct report_cycle *cycle = current_cycle(report, before);
    if (!cycle)
        return;
    json_decref(cycle->changes);
    /* A retry has the same changes again; what is new with it is told apart, by loops that do. */
    json_t *seen = json_object_get(document, "seen");
    cycle->changes = json_incref(seen ? seen : json_object_get(document, "changes"));
    marks_of_changes(report, cycle->changes, json_object_get(document, "leftOut"),
                     json_object_get(document, "leftOutFor"));
}

static bool same_failure(const struct report_cycle *one, const struct report_cycle *other)
{
    return strcmp(one->outcome ? one->outcome : "", "failed") == 0 && one->outcome == other->outcome
           && one->failed_stage == other->failed_stage && one->reason == other->reason; /* interned */
}

/* The cycle that has just ended failed as the one before it did, and changed nothing: it is no more than a number
 * there. */
static void fold_cycle(struct report *report)
{
    struct report_cycle *cycle = last_cycle(report), *before = cycle - 1;
    const size_t columns = report->column_count;
    if (report->cycle_count < 2 || report->changes != report->changes_before || columns < 3
        || !same_failure(cycle, before) || report->columns[columns - 3].kind != COLUMN_CYCLE)
        return;
    before->repeats++;
    before->last_number = cycle->number;
    before->last_began = cycle->began;
    report->repeats++;
    report->mark_count = report->marks_before;
    json_object_clear(report->marks_here);
    report->x = report->marks_x = report->columns[columns - 2].x;
    report->column_count -= 2; /* its gap, too */
    drop_reports(cycle);
    json_decref(cycle->changes);
    free(cycle->stages);
    report->cycle_count--;
}

static void take_ending(struct report *report, const json_t *document, int64_t before)
{
    struct report_cycle *cycle = current_cycle(report, before);
    if (!cycle)
        return;
    cycle->ended = report->time;
    cycle->outcome = report_text(report, text_at(document, "outcome"));
    cycle->failed_stage = report_text(report, json_string_value(json_object_get(document, "stage")));
    cycle->milliseconds = member_milliseconds(document);
    cycle->signal = json_integer_value(json_object_get(document, "signal"));
    const bool paused = strcmp(cycle->outcome, "paused") == 0;
    const char *reason = text_at(json_object_get(document, "failure"), "reason");
    cycle->reason = *reason  ? report_text(report, reason)
                    : paused ? "too many targets were lost at once"
                             : NULL;
    if (paused)
        bars_begin(report, BAR_PAUSED, "", cycle->reason);
    else
        bars_end(report, BAR_PAUSED, "");
    if (cycle->number < 0 && json_is_integer(json_object_get(document, "cycle")))
        cycle->number = json_integer_value(json_object_get(document, "cycle"));
    report->failed_cycles += strcmp(cycle->outcome, "failed") == 0;
    cycle_over(report);
    fold_cycle(report);
}

/* In a cycle it is a mark there, else it has a column of its own. */
static void take_event(struct report *report, enum report_mark_kind kind, const json_t *document,
                       int64_t before)
{
    const char *name = text_at(document, kind == MARK_ASKED ? "command" : "event");
    const char *target = text_at(document, "target"), *words = text_at(document, "words");
    struct report_column *column = NULL;
    if (!report->in_cycle) {
        const double width = 16 + letter * (double)strnlen(name, 16);
        gap_add(report, before);
        column = column_add(report, COLUMN_EVENT, width, report->time);
        if (!column)
            return;
        column->label = report_text(report, name);
        report->x -= width / 2;
    }
    mark_add(report, kind, target, "%s%s%s%s", kind == MARK_ASKED ? "an operator said " : "", name,
             *words ? ": " : "", words);
    if (kind == MARK_EVENT && strcmp(name, "crash") == 0)
        bars_cut(report, target);
    if (kind == MARK_ASKED && strcmp(name, "pause") == 0)
        bars_begin(report, BAR_PAUSED, "", "an operator said so");
    if (kind == MARK_ASKED && strcmp(name, "resume") == 0)
        bars_end(report, BAR_PAUSED, "");
    if (column)
        report->x = column->x + column->width;
}

static void take_held(struct report *report, const json_t *document, int64_t before)
{
    const char *target = text_at(document, "target");
    if (!current_cycle(report, before))
        return;
    mark_add(report, MARK_HELD, target, "held: %s", text_at(document, "reason"));
    bars_begin(report, BAR_HELD, target, text_at(document, "reason"));
}

static void take_running(struct report *report, const json_t *document)
{
    report->watched = true;
    bars_running(report, json_object_get(document, "targets"), false);
}

static void take_start(struct report *report, const json_t *document)
{
    report->profile = report_text(report, text_at(document, "profile"));
    report->host = report_text(report, text_at(document, "host"));
}

static void take_kind(struct report *report, const char *kind, const json_t *document, int64_t before)
{
    if (strcmp(kind, "started") == 0)
        take_start(report, document);
    else if (strcmp(kind, "cycle_began") == 0)
        cycle_begin(report, before);
    else if (strcmp(kind, "infrastructure") == 0)
        take_infrastructure(report, document, before);
    else if (strcmp(kind, "stage") == 0)
        take_stage(report, document, before);
    else if (strcmp(kind, "held") == 0)
        take_held(report, document, before);
    else if (strcmp(kind, "cycle_ended") == 0)
        take_ending(report, document, before);
    else if (strcmp(kind, "asked") == 0)
        take_event(report, MARK_ASKED, document, before);
    else if (strcmp(kind, "event") == 0)
        take_event(report, MARK_EVENT, document, before);
    else if (strcmp(kind, "running") == 0)
        take_running(report, document);
}

void report_take(struct report *report, const json_t *document)
{
    const json_t *number = json_object_get(document, "cycle");
    const int64_t before = report->time, time = time_of(text_at(document, "time"));
    if (time >= 0)
        report->time = time;
    take_kind(report, text_at(document, "kind"), document, before);
    if (report->cycle_count > 0 && json_is_integer(number) && json_integer_value(number) >= 0
        && last_cycle(report)->number < 0)
        last_cycle(report)->number = json_integer_value(number);
}

void report_finish(struct report *report)
{
    cycle_over(report);
    if (report->column_count > 0)
        column_add(report, COLUMN_END, end_width, report->time);
    bars_finish(report);
}
