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
    const char *reason; /* why it failed, lines; NULL: nobody said */
    json_t *report;     /* NULL: none, or of a cycle that is not shown */
    bool left_out;      /* the journal had no room for it */
};

struct report_cycle {
    int64_t number; /* -1: it has none */
    int64_t began, ended, milliseconds, signal;
    size_t repeats;                  /* equal cycles after it, which are not shown */
    int64_t last_number, last_began; /* of the last of these */
    const char *outcome;             /* NULL: it has not ended */
    const char *failed_stage;        /* or NULL */
    const char *reason;              /* why it failed or was paused, one line; NULL: nobody said */
    double x, width;
    struct report_stage *stages;
    size_t stage_count, stages_left_out;
    json_t *changes;
};

enum report_column_kind { COLUMN_GAP, COLUMN_EVENT, COLUMN_CYCLE, COLUMN_END /* how it was in the end */ };

/* Columns lie beside each other without gaps, but for those that are gaps in time. */
struct report_column {
    enum report_column_kind kind;
    double x, width;
    int64_t seconds;   /* of a gap: how long nothing happened; else when it begins */
    const char *label; /* of an event */
    size_t cycle;      /* index */
};

enum report_bar_kind { BAR_SERVICE, BAR_AWAY, BAR_HELD, BAR_PAUSED, BAR_NOWHERE };

/* In place of a target's name: where services are that no target runs. */
#define NOWHERE "\n"

/* From here to there something was so on a target. */
struct report_bar {
    enum report_bar_kind kind;
    const char *target, *service, *container, *key, *version;
    const char *state;          /* what it holds; NULL: nobody said */
    const char *reason;         /* why it is so; NULL: nobody said */
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
    double x;                            /* where what happens now has its place */
    int64_t time;                        /* of the last document; -1: not yet known */
    size_t repeats, failed_cycles;       /* cycles that are not shown for themselves, that failed */
    size_t changes;                      /* of bars, so far */
    size_t changes_before, marks_before; /* this cycle */
    bool in_cycle, watched;              /* watched: documents say what runs, manifests need not be asked */
    bool failed;                         /* out of memory */
    json_t *open;                        /* indexes of bars that have not ended */
    json_t *running;                     /* by service: how many of its bars have not ended */
    json_t *cut;                         /* the same indexes, of bars that ended because their target went */
    json_t *removed;                     /* a set of services that a deployment took out */
    json_t *away_from;                   /* by component and container: the target that had its state last */
    json_t *stateful;                    /* a set of targets, containers and services */
    json_t *marks_here;                  /* by target: indexes of the marks at marks_x */
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
    const char *profile, *host; /* interned; NULL: the journal does not tell */
    json_t *risks;              /* [TEXT], of state that may be lost */
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
/* reason: NULL, or why; the first one counts. */
void bars_begin(struct report *report, enum report_bar_kind kind, const char *target, const char *reason);
void bars_end(struct report *report, enum report_bar_kind kind, const char *target);
/* A target has gone, and with it what runs there, or is there again, with what nobody took from it. */
void bars_cut(struct report *report, const char *target);
void bars_return(struct report *report, const char *target);
void bars_difference(struct report *report, const json_t *difference, bool moves);
void bars_running(struct report *report, const json_t *targets, bool early);
void bars_finish(struct report *report);
/* Whether component may be the state of service: its name, and often a version. */
bool is_component_of(const char *component, const char *service);

/* report-marks.c: what reports and events say, as marks. */
void mark_add(struct report *report, enum report_mark_kind kind, const char *target, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* reasons: by target, why it is left out; NULL: nobody said. */
void marks_of_changes(struct report *report, const json_t *changes, const json_t *left_out,
                      const json_t *reasons);
void marks_of_reconstruction(struct report *report, const json_t *document);

/* report-words.c: what a cycle did, in words. */
const char *
cycle_kind(const struct report_cycle *cycle); /* done, failed, paused, broken (it has not ended) */
void put_cycle_title(FILE *page, const struct report_cycle *cycle);
void put_cycles(FILE *page, const struct report *report);

/* report-strips.c */
void put_strips(FILE *page, const struct report *report);
/* A mark for each strip, to jump to it; nothing where there is only one. */
void put_overview(FILE *page, const struct report *report);

/* incident.c: what failed, what was down for how long, what may be lost, and what operators said. */
void put_incident(FILE *page, const struct report *report);

#endif
