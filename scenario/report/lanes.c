/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/report/strip.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"

enum { LANES_MOST = 24, LANES_QUIET = 8, ROWS_MOST = 12 };

struct lane *lane_find(const struct strip *strip, const char *target)
{
    const json_t *index = json_object_get(strip->index, target);
    return index ? &strip->lanes[json_integer_value(index)] : NULL;
}

static struct lane *lane_of(struct strip *strip, const char *target)
{
    struct lane *lane = lane_find(strip, target);
    if (lane)
        return lane;
    struct lane *grown = array_grow(strip->lanes, strip->lane_count, sizeof *grown);
    if (grown)
        strip->lanes = grown;
    if (!grown
        || json_object_set_new(strip->index, target, json_integer((json_int_t)strip->lane_count)) != 0) {
        strip->failed = true;
        return NULL;
    }
    grown += strip->lane_count++;
    *grown = (struct lane){ .target = target };
    return grown;
}

struct row *row_find(const struct lane *lane, const struct report_bar *bar)
{
    for (size_t i = 0; i < lane->row_count; i++)
        if (lane->rows[i].service == bar->service && lane->rows[i].container == bar->container) /* interned */
            return &lane->rows[i];
    return NULL;
}

static void row_add(struct strip *strip, struct lane *lane, const struct report_bar *bar)
{
    struct row *row = row_find(lane, bar);
    if (row) {
        row->stateful = row->stateful || bar->stateful;
        return;
    }
    row = array_grow(lane->rows, lane->row_count, sizeof *row);
    if (!row) {
        strip->failed = true;
        return;
    }
    lane->rows = row;
    row[lane->row_count++] = (struct row){ bar->service, bar->container, bar->stateful };
}

bool is_in(const struct strip *strip, double x)
{
    return x >= strip->from && x <= strip->to;
}

bool bar_is_in(const struct strip *strip, const struct report_bar *bar)
{
    const bool is_none = bar->kind == BAR_NOWHERE && bar->from >= bar->to;
    return !is_none && bar->from < strip->to && bar->to > strip->from;
}

bool bar_has_row(const struct report_bar *bar)
{
    return bar->kind == BAR_SERVICE || bar->kind == BAR_NOWHERE;
}

static int compare_lanes(const void *a, const void *b)
{
    return strverscmp(((const struct lane *)a)->target, ((const struct lane *)b)->target);
}

static int compare_busy(const void *a, const void *b)
{
    const struct lane *one = a, *other = b;
    return one->busy != other->busy ? (one->busy ? -1 : 1) : compare_lanes(a, b);
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *one = a, *other = b;
    const int order = strverscmp(one->service, other->service);
    return order ? order : strcmp(one->container, other->container);
}

/* The last strip, which tells how it was in the end, has as many as there is room for; another one has those where
 * something happens, and in a small network all. */
static size_t lanes_most(const struct strip *strip)
{
    size_t busy = 0;
    if (strip->last + 1 == strip->report->column_count || strip->lane_count <= LANES_QUIET)
        return LANES_MOST;
    for (size_t i = 0; i < strip->lane_count; i++)
        busy += strip->lanes[i].busy;
    return busy < LANES_MOST ? busy : LANES_MOST;
}

/* Where there is no room for all, those are shown where something happens. */
static void lanes_choose(struct strip *strip)
{
    const size_t most = lanes_most(strip);
    if (strip->lane_count > most) {
        qsort(strip->lanes, strip->lane_count, sizeof *strip->lanes, compare_busy);
        for (size_t i = most; i < strip->lane_count; i++)
            free(strip->lanes[i].rows);
        strip->lanes_left_out = strip->lane_count - most;
        strip->lane_count = most;
    }
    if (strip->lane_count > 0)
        qsort(strip->lanes, strip->lane_count, sizeof *strip->lanes, compare_lanes);
    json_object_clear(strip->index);
    for (size_t i = 0; i < strip->lane_count; i++)
        json_object_set_new(strip->index, strip->lanes[i].target, json_integer((json_int_t)i));
}

static void lanes_place(struct strip *strip)
{
    double y = LANES_Y;
    lanes_choose(strip);
    for (size_t i = 0; i < strip->lane_count; i++) {
        struct lane *lane = &strip->lanes[i];
        if (lane->row_count > 0)
            qsort(lane->rows, lane->row_count, sizeof *lane->rows, compare_rows);
        lane->rows_left_out = lane->row_count > ROWS_MOST ? lane->row_count - ROWS_MOST : 0;
        lane->row_count -= lane->rows_left_out;
        lane->y = y;
        lane->height = LANE_HEAD + ROW_HEIGHT * (double)(lane->row_count + (lane->rows_left_out > 0)) + 4;
        y += lane->height + LANE_GAP;
    }
    strip->height = y + 2 + (strip->lanes_left_out > 0 ? 16 : 0);
}

void lanes_collect(struct strip *strip)
{
    const struct report *report = strip->report;
    for (size_t i = 0; i < report->bar_count; i++) {
        const struct report_bar *bar = &report->bars[i];
        struct lane *lane = bar_is_in(strip, bar) ? lane_of(strip, bar->target) : NULL;
        if (lane && bar_has_row(bar))
            row_add(strip, lane, bar);
        if (lane && bar->kind == BAR_NOWHERE)
            lane->busy = true;
        if (lane && ((!bar->early && is_in(strip, bar->from)) || (!bar->open && is_in(strip, bar->to))))
            lane->busy = true;
    }
    for (size_t i = 0; i < report->mark_count; i++) {
        const struct report_mark *mark = &report->marks[i];
        struct lane *lane = is_in(strip, mark->x) ? lane_of(strip, mark->target) : NULL;
        if (lane)
            lane->busy = true;
    }
    lanes_place(strip);
}
