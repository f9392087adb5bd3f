/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A strip of the timeline: some columns, and a lane for each target of which there is something in them.
 */
#ifndef REPORT_STRIP_H
#define REPORT_STRIP_H

#include "scenario/report/parts.h"

/* Units; the whole strip is 1000 wide. */
enum { LANES_Y = 52, LANE_HEAD = 24, LANE_GAP = 6, ROW_HEIGHT = 18 };

/* What a service's bars have for a height in its lane. */
struct row {
    const char *service, *container;
    bool stateful;
};

struct lane {
    const char *target;
    struct row *rows;
    size_t row_count, rows_left_out;
    bool busy; /* something begins or ends in this strip */
    double y, height;
};

struct strip {
    const struct report *report;
    json_t *colours;    /* by name of service */
    size_t first, last; /* columns */
    double from, to;    /* x of the report */
    double scale;       /* fills the width, if not much is missing */
    struct lane *lanes;
    size_t lane_count, lanes_left_out;
    json_t *index; /* of lanes by target */
    double height;
    bool failed;
};

/* Fills in lanes, index and height. */
void lanes_collect(struct strip *strip);

/* NULL: not in this strip, or there was no room for it. */
struct lane *lane_find(const struct strip *strip, const char *target);
struct row *row_find(const struct lane *lane, const struct report_bar *bar);

/* Whether something of it is in the strip. */
bool is_in(const struct strip *strip, double x);
bool bar_is_in(const struct strip *strip, const struct report_bar *bar);

/* Whether it is about a service, and has a row in its lane. */
bool bar_has_row(const struct report_bar *bar);

#endif
