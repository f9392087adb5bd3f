/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/report/parts.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"

enum { LINES_MOST = 20 }; /* of one list */

/* By stage and reason: how many cycles. */
static json_t *count_failures(const struct report *report)
{
    json_t *counts = json_object();
    for (size_t i = 0; i < report->cycle_count; i++) {
        const struct report_cycle *cycle = &report->cycles[i];
        if (strcmp(cycle_kind(cycle), "failed") != 0)
            continue;
        CLEANUP_FREE char *words =
            string_format("%s%s%s", cycle->failed_stage ? cycle->failed_stage : "before the first stage",
                          cycle->reason ? ": " : "", cycle->reason ? cycle->reason : "");
        if (words)
            json_count(counts, words, (int64_t)(1 + cycle->repeats));
    }
    return counts;
}

/* By service: for how many seconds it was nowhere. */
static json_t *count_downtime(const struct report *report)
{
    json_t *counts = json_object();
    for (size_t i = 0; i < report->bar_count; i++) {
        const struct report_bar *bar = &report->bars[i];
        if (bar->kind == BAR_NOWHERE && bar->from < bar->to)
            json_count(counts, bar->service, bar->until > bar->since ? bar->until - bar->since : 0);
    }
    return counts;
}

static void put_line(FILE *page, size_t index, size_t count, const char *text)
{
    if (index == LINES_MOST)
        fprintf(page, "<li>and %zu more</li>\n", count - LINES_MOST);
    if (index >= LINES_MOST)
        return;
    fputs("<li>", page);
    put_text(page, text);
}

static void put_failures(FILE *page, json_t *failures)
{
    const char *words;
    json_t *count;
    size_t index = 0;
    fputs("<h3>What failed</h3>\n<ul>\n", page);
    json_object_foreach(failures, words, count) {
        put_line(page, index, json_object_size(failures), words);
        if (index++ < LINES_MOST)
            fprintf(page, ", %lld%s</li>\n", (long long)json_integer_value(count),
                    json_integer_value(count) > 1 ? " cycles" : " cycle");
    }
    fputs("</ul>\n", page);
}

/* malloc()ed. */
static char *longest(json_t *downtime)
{
    const char *service, *found = NULL;
    json_t *seconds;
    json_int_t most = -1;
    json_object_foreach(downtime, service, seconds)
        if (json_integer_value(seconds) > most) {
            most = json_integer_value(seconds);
            found = service;
        }
    return found ? strdup(found) : NULL;
}

static void put_downtime(FILE *page, json_t *downtime)
{
    const size_t count = json_object_size(downtime);
    fputs("<h3>What ran nowhere, and for how long</h3>\n<ul>\n", page);
    for (size_t index = 0; json_object_size(downtime) > 0; index++) {
        CLEANUP_FREE char *service = longest(downtime);
        put_line(page, index, count, service ? service : "");
        if (index < LINES_MOST) {
            fputs(": ", page);
            put_duration(page, 1000 * json_integer_value(json_object_get(downtime, service)));
            fputs("</li>\n", page);
        }
        if (!service || json_object_del(downtime, service) != 0)
            break;
    }
    fputs("</ul>\n", page);
}

static void put_risks(FILE *page, const struct report *report)
{
    size_t index;
    json_t *risk;
    fputs("<h3>State at risk</h3>\n<ul>\n", page);
    json_array_foreach(report->risks, index, risk) {
        put_line(page, index, json_array_size(report->risks), json_string_value(risk));
        fputs(index < LINES_MOST ? "</li>\n" : "", page);
    }
    fputs("</ul>\n", page);
}

static size_t count_decisions(const struct report *report)
{
    size_t count = 0;
    for (size_t i = 0; i < report->mark_count; i++)
        count += report->marks[i].kind == MARK_ASKED;
    return count;
}

static void put_decisions(FILE *page, const struct report *report)
{
    size_t index = 0;
    fputs("<h3>What operators decided</h3>\n<ul>\n", page);
    for (size_t i = 0; i < report->mark_count; i++) {
        const struct report_mark *mark = &report->marks[i];
        if (mark->kind != MARK_ASKED)
            continue;
        put_line(page, index, count_decisions(report), mark->words);
        if (index++ < LINES_MOST) {
            fputs(*mark->target ? " on " : "", page);
            put_text(page, mark->target);
            fputs(", ", page);
            put_time(page, mark->time);
            fputs("</li>\n", page);
        }
    }
    fputs("</ul>\n", page);
}

void put_incident(FILE *page, const struct report *report)
{
    CLEANUP_JSON json_t *failures = count_failures(report), *downtime = count_downtime(report);
    const size_t decisions = count_decisions(report), risks = json_array_size(report->risks);
    if (json_object_size(failures) + json_object_size(downtime) + decisions + risks == 0)
        return;
    fputs(
        "<section class=\"incident\" aria-labelledby=\"incident\">\n<h2 id=\"incident\">What was wrong</h2>\n",
        page);
    if (json_object_size(failures) > 0)
        put_failures(page, failures);
    if (json_object_size(downtime) > 0)
        put_downtime(page, downtime);
    if (risks > 0)
        put_risks(page, report);
    if (decisions > 0)
        put_decisions(page, report);
    fputs("</section>\n", page);
}
