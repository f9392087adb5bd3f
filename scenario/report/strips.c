/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The timeline: drawn in strips below each other, so that it fits on a page of paper too.
 */
#include "scenario/report/strip.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"

static const double strip_width = 1000, gutter = 146, margin = 8, stages_y = 22, stages_height = 18;
static const double letter = 6.4, small_letter = 5.9, scale_most = 1.25;
enum { COLOURS = 6 };

static double place(const struct strip *strip, double x)
{
    x = x < strip->from ? strip->from : x > strip->to ? strip->to : x;
    return gutter + strip->scale * (x - strip->from);
}

static double row_y(const struct lane *lane, const struct row *row)
{
    return lane->y + LANE_HEAD + ROW_HEIGHT * (double)(row - lane->rows);
}

static int colour_of(const struct strip *strip, const char *service)
{
    return (int)(json_integer_value(json_object_get(strip->colours, service)) % COLOURS);
}

static const char *shown_target(const char *target)
{
    return strcmp(target, NOWHERE) == 0 ? "runs nowhere" : *target ? target : "coordinator";
}

static const char *stage_kind(const struct report_stage *stage)
{
    if (stage->failed)
        return "failed";
    const bool named = strcmp(stage->name, "reconstruct") == 0 || strcmp(stage->name, "redeploy") == 0;
    return named ? stage->name : "plain";
}

static void draw_stage(FILE *page, const struct strip *strip, const struct report_stage *stage)
{
    const double x = place(strip, stage->x), width = strip->scale * stage->width - 1.5;
    fprintf(page, "<g class=\"stage %s\"><title>", stage_kind(stage));
    put_text(page, stage->name);
    fputs(stage->failed ? " failed after " : ", ", page);
    put_duration(page, stage->milliseconds);
    fprintf(page, "</title><rect x=\"%.1f\" y=\"%.0f\" width=\"%.1f\" height=\"%.0f\" rx=\"2\"/>", x,
            stages_y, width, stages_height);
    if (text_fits(stage->name, width - 2, small_letter)) {
        fprintf(page, "<text x=\"%.1f\" y=\"%.0f\">", x + width / 2, stages_y + 12.5);
        put_text(page, stage->name);
        fputs("</text>", page);
    }
    fputs("</g>", page);
}

static void draw_cycle(FILE *page, const struct strip *strip, const struct report_column *column)
{
    const struct report_cycle *cycle = &strip->report->cycles[column->cycle];
    const double x = place(strip, column->x), width = strip->scale * column->width;
    char name[40];
    snprintf(name, sizeof name, "Cycle %lld", (long long)cycle->number);
    char repeated[24] = "";
    if (cycle->repeats > 0)
        snprintf(repeated, sizeof repeated, " \xc3\x97%zu", cycle->repeats + 1);
    const char *shown = text_fits(name, width - 76, letter) ? name : name + strlen("Cycle ");
    if (cycle->number < 0)
        shown = "";
    fprintf(page, "<a class=\"item cycle %s\" href=\"#cycle-%zu\" data-cycle=\"cycle-%zu\"><title>",
            cycle_kind(cycle), column->cycle, column->cycle);
    put_cycle_title(page, cycle);
    fprintf(page, "</title><rect class=\"hit\" x=\"%.1f\" y=\"2\" width=\"%.1f\" height=\"42\" rx=\"4\"/>",
            x + 1, width - 2);
    fprintf(page, "<use href=\"#is-%s\" x=\"%.1f\" y=\"11\"/>", cycle_kind(cycle), x + 13);
    fprintf(page,
            "<text class=\"name\" x=\"%.1f\" y=\"15\">%s</text><text class=\"clock\" x=\"%.1f\" y=\"15\">",
            x + 22, shown, x + 26 + letter * 1.08 * (double)strlen(shown));
    put_clock(page, cycle->began);
    fprintf(page, "%s</text>", repeated);
    for (size_t i = 0; i < cycle->stage_count; i++)
        draw_stage(page, strip, &cycle->stages[i]);
    fputs("</a>\n", page);
}

static void draw_event(FILE *page, const struct report_column *column, double x, double width, double bottom)
{
    const double middle = x + width / 2;
    fprintf(page, "<path class=\"when\" d=\"M%.1f 20V%.1f\"/><text class=\"event\" x=\"%.1f\" y=\"15\">",
            middle, bottom, middle);
    put_fitting(page, column->label ? column->label : "", width, small_letter);
    fputs("</text>", page);
}

/* What lies behind all lanes: where cycles and events are, and how long nothing happened. */
static void draw_columns(FILE *page, const struct strip *strip)
{
    const double bottom = strip->height - (strip->lanes_left_out > 0 ? 16 : 0);
    fputs("<g class=\"columns\" aria-hidden=\"true\">", page);
    for (size_t i = strip->first; i <= strip->last; i++) {
        const struct report_column *column = &strip->report->columns[i];
        const double x = place(strip, column->x), width = strip->scale * column->width;
        if (column->kind == COLUMN_CYCLE) {
            fprintf(page, "<rect class=\"band\" x=\"%.1f\" y=\"2\" width=\"%.1f\" height=\"%.1f\" rx=\"4\"/>",
                    x + 1, width - 2, bottom - 4);
        } else if (column->kind == COLUMN_EVENT) {
            draw_event(page, column, x, width, bottom);
        } else if (column->kind == COLUMN_END) {
            fprintf(page,
                    "<rect class=\"band end\" x=\"%.1f\" y=\"2\" width=\"%.1f\" height=\"%.1f\" rx=\"4\"/>"
                    "<text class=\"event\" x=\"%.1f\" y=\"15\">in the end</text>",
                    x + 1, width - 2, bottom - 4, x + width / 2);
        } else if (column->seconds > 0) {
            fprintf(page, "<text class=\"gap\" x=\"%.1f\" y=\"35\">", x + width / 2);
            put_duration(page, 1000 * column->seconds);
            fputs("</text>", page);
        }
    }
    fputs("</g>\n", page);
}

static void put_period(FILE *page, const struct report_bar *bar)
{
    if (bar->early)
        fputs("since before this journal begins", page);
    else
        put_time(page, bar->since);
    fputs(bar->open ? ", to its end" : " to ", page);
    if (!bar->open)
        put_time(page, bar->until);
}

static void put_bar_title(FILE *page, const struct report_bar *bar)
{
    fputs("<title>", page);
    put_text(page, bar->service ? bar->service : shown_target(bar->target));
    if (bar->kind == BAR_SERVICE) {
        fputs(" in ", page);
        put_text(page, bar->container);
        fputs(" on ", page);
        put_text(page, shown_target(bar->target));
        fputs(bar->stateful ? ", with state\n" : "\n", page);
    } else {
        fputs(bar->kind == BAR_HELD      ? " is held\n"
              : bar->kind == BAR_PAUSED  ? ": adaptation is paused\n"
              : bar->kind == BAR_NOWHERE ? " runs nowhere\n"
                                         : " is away\n",
              page);
    }
    if (bar->reason && *bar->reason) {
        put_fitting(page, bar->reason, 300, 1);
        fputs("\n", page);
    }
    put_period(page, bar);
    if (bar->version && *bar->version) {
        fputs("\nversion ", page);
        put_fitting(page, bar->version, 40, 1);
    } else if (bar->key && *bar->key) {
        fputs("\nkey ", page);
        put_fitting(page, bar->key, 20, 1);
    }
    if (bar->state) {
        fputs("\nholds: ", page);
        put_fitting(page, bar->state, 200, 1);
    }
    fputs("</title>", page);
}

static void draw_bar(FILE *page, const struct strip *strip, const struct lane *lane,
                     const struct report_bar *bar)
{
    static const char *const names[] = {
        [BAR_AWAY] = "away", [BAR_HELD] = "held", [BAR_PAUSED] = "paused", [BAR_NOWHERE] = "nowhere"
    };
    const struct row *row = bar_has_row(bar) ? row_find(lane, bar) : NULL;
    const double x = place(strip, bar->from), width = place(strip, bar->to) - x;
    if (bar_has_row(bar) && !row)
        return;
    if (bar->kind == BAR_SERVICE)
        fprintf(page, "<g class=\"item bar s%d%s\" role=\"img\" tabindex=\"0\">",
                colour_of(strip, bar->service), bar->stateful ? " state" : "");
    else
        fprintf(page, "<g class=\"item span %s\" role=\"img\" tabindex=\"0\">", names[bar->kind]);
    put_bar_title(page, bar);
    fprintf(page, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%d\"/></g>\n",
            x + (row ? 0.5 : 0), row ? row_y(lane, row) + 3 : lane->y, width > 2 ? width - (row ? 1 : 0) : 1,
            row ? ROW_HEIGHT - 5 : lane->height, row ? 3 : 4);
}

static const char *mark_name(enum report_mark_kind kind)
{
    static const char *const names[] = { "changed", "came", "event", "asked",
                                         "rescued", "went", "held",  "conflict" };
    return names[kind];
}

static void draw_mark(FILE *page, const struct strip *strip, const struct lane *lane,
                      const struct report_mark *mark)
{
    const double x = place(strip, mark->x), y = lane->y + LANE_HEAD / 2;
    fprintf(page, "<g class=\"item mark %s\" role=\"img\" tabindex=\"0\"><title>", mark_name(mark->kind));
    put_text(page, shown_target(mark->target));
    fputs("\n", page);
    put_text(page, mark->words);
    fputs("\n", page);
    put_time(page, mark->time);
    fprintf(page,
            "</title><circle class=\"hit\" cx=\"%.1f\" cy=\"%.1f\" r=\"9\"/><use href=\"#mark-%s\" "
            "x=\"%.1f\" y=\"%.1f\"/></g>\n",
            x, y, mark_name(mark->kind), x, y);
}

static void draw_names(FILE *page, const struct strip *strip, const struct lane *lane)
{
    fprintf(page,
            "<rect class=\"lane-back\" x=\"0\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"4\"/><text "
            "class=\"target\" "
            "x=\"10\" y=\"%.1f\">",
            lane->y, place(strip, strip->to), lane->height, lane->y + 16);
    put_shortened(page, shown_target(lane->target), gutter - 24, 7.4);
    fputs("</text>", page);
    for (size_t i = 0; i < lane->row_count; i++) {
        const struct row *row = &lane->rows[i];
        const double y = row_y(lane, row) + 13;
        if (row->stateful)
            fprintf(page, "<use class=\"s%d\" href=\"#has-state\" x=\"15\" y=\"%.1f\"/>",
                    colour_of(strip, row->service), y - 4);
        fprintf(page, "<text class=\"service\" x=\"24\" y=\"%.1f\">", y);
        put_shortened(page, row->service, gutter - 30, letter);
        fputs("</text>", page);
    }
    if (lane->rows_left_out > 0)
        fprintf(page, "<text class=\"service\" x=\"24\" y=\"%.1f\">and %zu services more</text>",
                lane->y + LANE_HEAD + ROW_HEIGHT * (double)lane->row_count + 13, lane->rows_left_out);
}

/* What is drawn later lies above: absences, services, marks. */
static void draw_lane(FILE *page, const struct strip *strip, const struct lane *lane)
{
    const struct report *report = strip->report;
    fputs("<g class=\"lane\" role=\"group\" aria-label=\"", page);
    put_text(page, *lane->target ? "Target " : "");
    put_text(page, shown_target(lane->target));
    fputs("\">", page);
    draw_names(page, strip, lane);
    fputs("\n", page);
    for (int services = 0; services < 2; services++)
        for (size_t i = 0; i < report->bar_count; i++)
            if (report->bars[i].target == lane->target && (report->bars[i].kind == BAR_SERVICE) == services
                && bar_is_in(strip, &report->bars[i]))
                draw_bar(page, strip, lane, &report->bars[i]);
    for (size_t i = 0; i < report->mark_count; i++)
        if (report->marks[i].target == lane->target && is_in(strip, report->marks[i].x))
            draw_mark(page, strip, lane, &report->marks[i]);
    fputs("</g>\n", page);
}

/* The middle of the row of what a component is the state of, or of the lane's head. */
static double move_y(const struct lane *lane, const struct report_move *move)
{
    for (size_t i = lane->row_count; i-- > 0;) /* the longest name that fits is the last one */
        if (lane->rows[i].container == move->container
            && is_component_of(move->component, lane->rows[i].service))
            return row_y(lane, &lane->rows[i]) + ROW_HEIGHT / 2;
    return lane->y + LANE_HEAD / 2;
}

static void draw_move(FILE *page, const struct strip *strip, const struct report_move *move)
{
    const struct lane *from = lane_find(strip, move->from), *to = lane_find(strip, move->to);
    const double x = place(strip, move->x), start = x - 34 > gutter ? x - 34 : gutter;
    if (!from || !to)
        return;
    const double y1 = move_y(from, move), y2 = move_y(to, move);
    fputs("<g class=\"item move\" role=\"img\" tabindex=\"0\"><title>The state of ", page);
    put_text(page, move->component);
    fputs(" in ", page);
    put_text(page, move->container);
    fputs(" moves\nfrom ", page);
    put_text(page, move->from);
    fputs(" to ", page);
    put_text(page, move->to);
    fputs("\n", page);
    put_time(page, move->time);
    fprintf(page,
            "</title><path d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\"/><path class=\"head\" d=\"M%.1f "
            "%.1fl-7 -4v8z\"/>"
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/></g>\n",
            start, y1, start + 26, y1, x - 32, y2, x - 6, y2, x, y2, start, y1);
}

static void put_caption(FILE *page, const struct strip *strip)
{
    const struct report_column *first = &strip->report->columns[strip->first],
                               *last = &strip->report->columns[strip->last];
    first += first->kind == COLUMN_GAP && strip->first < strip->last;
    last -= last->kind == COLUMN_GAP && strip->first < strip->last;
    put_time(page, first->seconds);
    if (last == first)
        return;
    fputs(" to ", page);
    put_time(page, last->seconds);
}

static void draw_strip(FILE *page, const struct strip *strip)
{
    const double width = place(strip, strip->to) + margin;
    fprintf(page, "<figure class=\"strip\" id=\"strip-%zu\"><figcaption>", strip->first);
    put_caption(page, strip);
    fprintf(page, "</figcaption>\n<svg viewBox=\"0 0 %.0f %.0f\" role=\"group\" aria-label=\"Timeline, ",
            width > strip_width ? width : strip_width, strip->height);
    put_caption(page, strip);
    fputs("\">\n", page);
    draw_columns(page, strip);
    fputs("<g class=\"cycles\" role=\"group\" aria-label=\"Cycles\">\n", page);
    for (size_t i = strip->first; i <= strip->last; i++)
        if (strip->report->columns[i].kind == COLUMN_CYCLE)
            draw_cycle(page, strip, &strip->report->columns[i]);
    fputs("</g>\n", page);
    for (size_t i = 0; i < strip->lane_count; i++)
        draw_lane(page, strip, &strip->lanes[i]);
    fputs("<g class=\"moves\" role=\"group\" aria-label=\"Moves of state\">\n", page);
    for (size_t i = 0; i < strip->report->move_count; i++)
        if (is_in(strip, strip->report->moves[i].x))
            draw_move(page, strip, &strip->report->moves[i]);
    fputs("</g>\n", page);
    if (strip->lanes_left_out > 0)
        fprintf(page,
                "<text class=\"more\" x=\"10\" y=\"%.1f\">and %zu targets more, where %s happens</text>\n",
                strip->height - 5, strip->lanes_left_out,
                strip->lane_count < 24 && strip->last + 1 < strip->report->column_count ? "nothing" : "less");
    fputs("</svg></figure>\n", page);
}

static void put_strip(FILE *page, const struct report *report, json_t *colours, size_t first, size_t last)
{
    struct strip strip = {
        .report = report, .colours = colours, .first = first, .last = last, .index = json_object()
    };
    strip.from = report->columns[first].x;
    strip.to = report->columns[last].x + report->columns[last].width;
    strip.scale = (strip_width - gutter - margin) / (strip.to - strip.from);
    strip.scale = strip.scale < 1 ? 1 : strip.scale < scale_most ? strip.scale : scale_most;
    if (strip.index) {
        lanes_collect(&strip);
        draw_strip(page, &strip);
    }
    for (size_t i = 0; i < strip.lane_count; i++)
        free(strip.lanes[i].rows);
    free(strip.lanes);
    json_decref(strip.index);
}

/* The column with which the first cycle that is shown begins. */
static size_t first_column(const struct report *report)
{
    size_t first = 0;
    const size_t cycle = report_first_cycle(report);
    while (cycle > 0 && (report->columns[first].kind != COLUMN_CYCLE || report->columns[first].cycle < cycle))
        first++;
    return first;
}

/* A colour for each name in the order in which they come, so that few services never share one. */
static json_t *choose_colours(const struct report *report)
{
    json_t *colours = json_object();
    for (size_t i = 0; i < report->bar_count; i++) {
        const char *service = report->bars[i].service;
        if (service && !json_object_get(colours, service))
            json_object_set_new(colours, service, json_integer((json_int_t)json_object_size(colours)));
    }
    return colours;
}

/* The last column of the strip that begins with this one. */
static size_t strip_end(const struct report *report, size_t first)
{
    const double most = report->columns[first].x + strip_width - gutter - margin;
    size_t last = first;
    while (last + 1 < report->column_count
           && (report->columns[last + 1].kind == COLUMN_END
               || report->columns[last + 1].x + report->columns[last + 1].width <= most))
        last++;
    return last;
}

static bool is_missed(const struct report *report, double from, double to)
{
    for (size_t i = 0; i < report->bar_count; i++) {
        const struct report_bar *bar = &report->bars[i];
        if (bar->kind == BAR_NOWHERE && bar->from < bar->to && bar->from < to && bar->to > from)
            return true;
    }
    return false;
}

/* One strip in the overview: its cycles, and whether something was down. */
static void put_jump(FILE *page, const struct report *report, size_t first, size_t last)
{
    const double from = report->columns[first].x, to = report->columns[last].x + report->columns[last].width;
    fprintf(page, "<li><a href=\"#strip-%zu\"%s><span class=\"when\">", first,
            is_missed(report, from, to) ? " class=\"down\"" : "");
    put_time(page, report->columns[first].seconds && report->columns[first].kind != COLUMN_GAP
                       ? report->columns[first].seconds
                       : report->columns[first < last ? first + 1 : first].seconds);
    fputs("</span> ", page);
    for (size_t i = first; i <= last; i++)
        if (report->columns[i].kind == COLUMN_CYCLE) {
            const char *kind = cycle_kind(&report->cycles[report->columns[i].cycle]);
            fprintf(page,
                    "<svg class=\"%s\" viewBox=\"-8 -8 16 16\" role=\"img\" aria-label=\"%s\"><use "
                    "href=\"#is-%s\"/></svg>",
                    kind, kind, kind);
        }
    fputs("</a></li>\n", page);
}

void put_overview(FILE *page, const struct report *report)
{
    size_t first = report->column_count ? first_column(report) : 0;
    if (report->column_count == 0 || strip_end(report, first) + 1 == report->column_count)
        return;
    fputs("<nav aria-label=\"Parts of the timeline\"><ol class=\"overview\">\n", page);
    for (size_t last; first < report->column_count; first = last + 1) {
        last = strip_end(report, first);
        put_jump(page, report, first, last);
    }
    fputs("</ol></nav>\n", page);
}

void put_strips(FILE *page, const struct report *report)
{
    CLEANUP_JSON json_t *colours = choose_colours(report);
    size_t first = report->column_count ? first_column(report) : 0;
    for (size_t last; first < report->column_count; first = last + 1) {
        last = strip_end(report, first);
        put_strip(page, report, colours, first, last);
    }
}
