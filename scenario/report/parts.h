/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A page in the making. Documents are taken one by one and become things with a place on one long line: x,
 * which grows from document to document. Strips as wide as the page are cut out of it in the end.
 */
#ifndef REPORT_PARTS_H
#define REPORT_PARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/base/strings.h"
#include "scenario/report/text.h"

/* All texts that are no JSON are interned. In place of a target's name "" is the coordinator. */

struct report_stage {
    const char *name;
    double x, width;
    int64_t milliseconds;
    bool failed;
    json_t *report; /* NULL: none, or of a cycle that is not shown */
    bool left_out;  /* the journal had no room for it */
};

struct report_cycle {
    int64_t number; /* -1: it has none */
    int64_t began, ended, milliseconds, signal;
    const char *outcome;      /* NULL: it has not ended */
    const char *failed_stage; /* or NULL */
    double x, width;
    struct report_stage *stages;
    size_t stage_count, stages_left_out;
    json_t *changes;
};

enum report_column_kind { COLUMN_GAP, COLUMN_EVENT, COLUMN_CYCLE };

/* Columns lie beside each other without gaps, but for those that are gaps in time. */
struct report_column {
    enum report_column_kind kind;
    double x, width;
    int64_t seconds;   /* of a gap: how long nothing happened; else when it begins */
    const char *label; /* of an event */
    size_t cycle;      /* index */
};

enum report_bar_kind { BAR_SERVICE, BAR_AWAY, BAR_HELD };

/* From here to there something was so on a target. */
struct report_bar {
    enum report_bar_kind kind;
    const char *target, *service, *container, *key, *version;
    const char *state;          /* what it holds; NULL: nobody said */
    bool stateful, early, open; /* early: it began before the journal; open: it was so at its end */
    double from, to;
    int64_t since, until;
};

/* In the order of what is shown where several happen at once: the last one. */
enum report_mark_kind {
    MARK_CHANGED,
    MARK_CAME,
    MARK_EVENT,
    MARK_ASKED,
    MARK_RESCUED,
    MARK_WENT,
    MARK_HELD,
    MARK_CONFLICT
};

struct report_mark {
    enum report_mark_kind kind;
    const char *target, *words; /* lines */
    double x;
    int64_t time;
};

struct report_move {
    const char *component, *container, *from, *to;
    double x;
    int64_t time;
};

struct report {
    struct strings *strings;
    double x;               /* where what happens now has its place */
    int64_t time;           /* of the last document; -1: not yet known */
    bool in_cycle, watched; /* watched: documents say what runs, manifests need not be asked */
    bool failed;            /* out of memory */
    json_t *open;           /* indexes of bars that have not ended */
    json_t *away_from;      /* by component and container: the target that had its state last */
    json_t *stateful;       /* a set of targets, containers and services */
    json_t *marks_here;     /* by target: indexes of the marks at marks_x */
    double marks_x;
    struct report_column *columns;
    size_t column_count;
    struct report_cycle *cycles;
    size_t cycle_count;
    struct report_bar *bars;
    size_t bar_count;
    struct report_mark *marks;
    size_t mark_count;
    struct report_move *moves;
    size_t move_count;
};

/* report-model.c: 0; -1: no memory. */
int report_init(struct report *report);
void report_clear(struct report *report);
void report_take(struct report *report, const json_t *document);
/* After the last document. */
void report_finish(struct report *report);
/* The first cycle that is shown. */
size_t report_first_cycle(const struct report *report);

/* Interned; NULL stays NULL, no memory is noted. */
const char *report_text(struct report *report, const char *text);

/* report-journal.c: takes a document from each line; name is the journal's, for messages. */
void report_take_lines(struct report *report, const char *name, const char *text, size_t length);

/* report-bars.c */
void bars_presence(struct report *report, enum report_bar_kind kind, const char *target, bool begins);
void bars_difference(struct report *report, const json_t *difference, bool moves);
void bars_running(struct report *report, const json_t *targets, bool early);
void bars_finish(struct report *report);
/* Whether component may be the state of service: its name, and often a version. */
bool is_component_of(const char *component, const char *service);

/* report-marks.c: what reports and events say, as marks. */
void mark_add(struct report *report, enum report_mark_kind kind, const char *target, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void marks_of_changes(struct report *report, const json_t *changes, const json_t *left_out);
void marks_of_reconstruction(struct report *report, const json_t *document);

/* report-words.c: what a cycle did, in words. */
const char *
cycle_kind(const struct report_cycle *cycle); /* done, failed, paused, broken (it has not ended) */
void put_cycle_title(FILE *page, const struct report_cycle *cycle);
void put_cycles(FILE *page, const struct report *report);

/* report-strips.c */
void put_strips(FILE *page, const struct report *report);

#endif
