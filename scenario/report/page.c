/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "scenario/report/parts.h"

/* Made of the files in scenario/report/ when the program is built. */
static const char page_text[] =
#include "scenario/report/page.html.inc"
    ;
const char report_style[] =
#include "scenario/report/style.css.inc"
    ;
static const char script_text[] =
#include "scenario/report/script.js.inc"
    ;

/* The browser takes these two and no other style or script. A test knows what they have to be. */
const char report_style_hash[] = "rgHakrsEXPndKdCS4+FSx3Ubh+6gNx7FiZe4UQc6PG8=";
static const char script_hash[] = "VlLYqLo/D6PKJ2ibd+el+Or1gB36Z1eQ1qb0h4fHTZw=";

static const size_t journal_limit = (size_t)256 << 20;

/* Operations want it so. malloc()ed; NULL: no memory. */
static char *absolute_path(const char *file)
{
    CLEANUP_FREE char *directory = *file == '/' ? strdup("") : getcwd(NULL, 0);
    return directory ? string_format("%s%s%s", directory, *file == '/' ? "" : "/", file) : NULL;
}

/* malloc()ed, NUL-terminated; NULL after a message. */
static char *read_stream(size_t *length)
{
    char *text = NULL;
    FILE *whole = open_memstream(&text, length);
    char part[65536];
    size_t got;
    while (whole && *length <= journal_limit && (got = fread(part, 1, sizeof part, stdin)) > 0) {
        fwrite(part, 1, got, whole);
        fflush(whole);
    }
    if (whole && fclose(whole) == 0 && !ferror(stdin) && *length <= journal_limit)
        return text;
    log_error(NULL, "standard input: %s", ferror(stdin) ? strerror(errno) : "too large");
    free(text);
    return NULL;
}

static int read_journal(struct report *report, const char *file, const char *name)
{
    CLEANUP_FREE char *text = NULL;
    size_t length = 0;
    if (strcmp(file, "-") == 0) {
        text = read_stream(&length);
    } else {
        CLEANUP_FREE char *path = absolute_path(file);
        if (!path || operations->read(path, journal_limit, &text, &length) != 0)
            log_error(NULL, "%s: %s", file, strerror(errno));
    }
    if (!text)
        return -1;
    report_take_lines(report, name, text, length);
    report_finish(report);
    if (report->failed)
        log_error(NULL, "%s: out of memory", name);
    return report->failed ? -1 : 0;
}

static void put_figure(FILE *page, const char *name, size_t number, const char *class)
{
    fprintf(page, "<div%s><dt>%s</dt><dd>%zu</dd></div>", class, name, number);
}

static size_t count_names(const struct report *report, bool services)
{
    CLEANUP_JSON json_t *names = json_object();
    for (size_t i = 0; i < report->bar_count; i++) {
        const char *name = services ? report->bars[i].service : report->bars[i].target;
        if (name && *name && report->bars[i].kind != BAR_NOWHERE)
            json_object_set_new(names, name, json_true());
    }
    for (size_t i = 0; !services && i < report->mark_count; i++)
        if (*report->marks[i].target)
            json_object_set_new(names, report->marks[i].target, json_true());
    return json_object_size(names);
}

static void put_figures(FILE *page, const struct report *report)
{
    const size_t failed = report->failed_cycles;
    int64_t longest = 0;
    for (size_t i = 0; i < report->cycle_count; i++) {
        const struct report_cycle *cycle = &report->cycles[i];
        longest = cycle->milliseconds > longest ? cycle->milliseconds : longest;
    }
    put_figure(page, "cycles", report->cycle_count + report->repeats, "");
    put_figure(page, "failed", failed, failed ? " class=\"bad\"" : "");
    put_figure(page, "targets", count_names(report, false), "");
    put_figure(page, "services", count_names(report, true), "");
    put_figure(page, "moves of state", report->move_count, "");
    fputs("<div><dt>longest cycle</dt><dd>", page);
    put_duration(page, longest);
    fputs("</dd></div>", page);
}

/* Of the loop that wrote last. */
static void put_origin(FILE *page, const struct report *report)
{
    if (report->profile && *report->profile) {
        fputs("Profile ", page);
        put_text(page, report->profile);
    }
    if (report->host && *report->host) {
        fputs(" on ", page);
        put_text(page, report->host);
    }
    if (report->profile && *report->profile)
        fputs(", ", page);
}

static void put_whole_period(FILE *page, const struct report *report)
{
    for (size_t i = 0; i < report->column_count; i++)
        if (report->columns[i].kind != COLUMN_GAP) {
            put_time(page, report->columns[i].seconds);
            fputs(" to ", page);
            put_time(page, report->time);
            fputs(", UTC", page);
            return;
        }
    fputs("Nothing has happened yet.", page);
}

static void put_note(FILE *page, const struct report *report)
{
    fputs("The axis is compressed: each doubling of a duration adds the same width. ", page);
    fputs(report->watched ? "Bars are what ran on the targets. "
                          : "Bars are what the manifests placed on the targets. ",
          page);
    if (report_first_cycle(report) > 0)
        fprintf(page, "The first %zu cycles are not shown. ", report_first_cycle(report));
}

static void put_value(FILE *page, const struct report *report, const char *value, size_t length,
                      const char *name)
{
    static const struct {
        const char *name, *text;
        void (*put)(FILE *page, const struct report *report);
    } values[] = {
        { "style-hash", report_style_hash, NULL },
        { "script-hash", script_hash, NULL },
        { "style", report_style, NULL },
        { "script", script_text, NULL },
        { "figures", NULL, put_figures },
        { "note", NULL, put_note },
        { "origin", NULL, put_origin },
        { "period", NULL, put_whole_period },
        { "strips", NULL, put_strips },
        { "cycles", NULL, put_cycles },
        { "overview", NULL, put_overview },
        { "incident", NULL, put_incident },
    };
    if (length == strlen("name") && memcmp(value, "name", length) == 0)
        put_text(page, name);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (length == strlen(values[i].name) && memcmp(value, values[i].name, length) == 0) {
            if (values[i].put)
                values[i].put(page, report);
            else
                fputs(values[i].text, page);
        }
}

/* In page_text each @value@ is put in its place. */
static void put_page(FILE *page, const struct report *report, const char *name)
{
    const char *text = page_text, *value;
    while ((value = strchr(text, '@')) != NULL) {
        const char *end = strchr(value + 1, '@');
        fwrite(text, 1, (size_t)(value - text), page);
        put_value(page, report, value + 1, (size_t)(end - value - 1), name);
        text = end + 1;
    }
    fputs(text, page);
}

int report_write_page(const char *file, const char *text, size_t length)
{
    if (strcmp(file, "-") == 0) {
        if (fwrite(text, 1, length, stdout) == length && fflush(stdout) == 0)
            return 0;
        log_error(NULL, "standard output: %s", strerror(errno));
        return -1;
    }
    CLEANUP_FREE char *path = absolute_path(file);
    if (path && write_output(path, text, length) == 0)
        return 0;
    log_error(NULL, "%s: %s", file, strerror(errno));
    return -1;
}

static int make_page(const struct report *report, const char *name, const char *html_file)
{
    CLEANUP_FREE char *text = NULL;
    size_t length = 0;
    FILE *page = open_memstream(&text, &length);
    if (page)
        put_page(page, report, name);
    const bool failed = !page || ferror(page);
    if ((page && fclose(page) != 0) || failed) {
        log_error(NULL, "%s: out of memory", html_file);
        return -1;
    }
    return report_write_page(html_file, text, length);
}

int report_write(const char *journal_file, const char *html_file)
{
    struct report report;
    const char *name = strcmp(journal_file, "-") == 0 ? "standard input" : string_base_name(journal_file);
    int status = -1;
    if (report_init(&report) != 0)
        log_error(NULL, "%s: out of memory", name);
    else if (read_journal(&report, journal_file, name) == 0)
        status = make_page(&report, name, html_file);
    report_clear(&report);
    return status;
}
