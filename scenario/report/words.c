/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/report/parts.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"

enum { ENTRIES_MOST = 40 };                         /* of one list */
static const size_t report_most = (size_t)16 << 10; /* of one report as JSON */
static const size_t reports_most = (size_t)4 << 20; /* of all together, the newest ones */

static void put_more(FILE *page, size_t count)
{
    if (count > ENTRIES_MOST)
        fprintf(page, "<li>and %zu more</li>", count - ENTRIES_MOST);
}

static void put_part(FILE *page, const char *before, const char *text)
{
    if (*text == '\0')
        return;
    fputs(before, page);
    put_text(page, text);
}

/* Of an object that has none of the members below: all that is a text or a number. */
static void put_members(FILE *page, const json_t *entry)
{
    const char *member;
    json_t *value;
    json_object_foreach((json_t *)entry, member, value) {
        if (!json_is_string(value) && !json_is_integer(value))
            continue;
        put_part(page, " ", member);
        put_part(page, " ", json_string_value(value) ? json_string_value(value) : "");
        if (json_is_integer(value))
            fprintf(page, " %lld", (long long)json_integer_value(value));
    }
}

static bool is_common(const json_t *entry)
{
    return *text_at(entry, "name") || *text_at(entry, "component") || *text_at(entry, "target")
           || *text_at(entry, "reason");
}

/* The copies of a dispute. */
static void put_copies(FILE *page, const json_t *copies)
{
    size_t index;
    json_t *copy;
    json_array_foreach((json_t *)copies, index, copy) {
        put_part(page, index ? ", " : ": ", text_at(copy, "target"));
        put_part(page, " ", text_at(copy, "reason"));
    }
}

/* "database-1 in process on test2, home test1: moved to …" */
static void put_entry(FILE *page, const char *what, const json_t *entry)
{
    const char *name = text_at(entry, "name");
    fputs("<li><b>", page);
    put_text(page, what);
    fputs("</b>", page);
    put_part(page, " ", *name ? name : text_at(entry, "component"));
    put_part(page, " in ", text_at(entry, "container"));
    put_part(page, " on ", text_at(entry, "target"));
    put_part(page, ", home ", text_at(entry, "home"));
    put_part(page, ", needs one on ", text_at(json_object_get(entry, "dependency"), "target"));
    put_part(page, ": ", text_at(entry, "reason"));
    put_part(page, " ", json_is_string(entry) ? json_string_value(entry) : "");
    put_copies(page, json_object_get(entry, "copies"));
    if (!is_common(entry))
        put_members(page, entry);
    fputs("</li>", page);
}

static void put_entries(FILE *page, const char *what, const json_t *entries)
{
    size_t index;
    json_t *entry;
    json_array_foreach((json_t *)entries, index, entry)
        if (index < ENTRIES_MOST)
            put_entry(page, what, entry);
    put_more(page, json_array_size(entries));
}

static void put_answers(FILE *page, const json_t *targets)
{
    const char *name;
    json_t *answer;
    size_t count = 0;
    json_object_foreach((json_t *)targets, name, answer) {
        if (count++ >= ENTRIES_MOST)
            continue;
        fputs("<li><b>", page);
        put_text(page, name);
        fputs("</b>", page);
        put_part(page, " ", text_at(answer, "status"));
        if (json_is_integer(json_object_get(answer, "services")))
            fprintf(page, ", services: %lld",
                    (long long)json_integer_value(json_object_get(answer, "services")));
        put_part(page, ": ", text_at(answer, "reason"));
        fputs("</li>", page);
    }
    put_more(page, count);
}

static void put_difference(FILE *page, const json_t *difference)
{
    const json_t *mappings = json_object_get(difference, "mappings"),
                 *snapshots = json_object_get(difference, "snapshots");
    put_entries(page, "\xe2\x88\x92 service", json_object_get(mappings, "removed"));
    put_entries(page, "+ service", json_object_get(mappings, "added"));
    put_entries(page, "\xe2\x88\x92 state", json_object_get(snapshots, "removed"));
    put_entries(page, "+ state", json_object_get(snapshots, "added"));
}

static void put_report(FILE *page, const json_t *told)
{
    static const char *const members[] = { "previous", "manifest", "distribution", "infrastructure" };
    static const char *const words[] = { "phase", "action" };
    const char *member;
    json_t *value;
    fputs("<ul>", page);
    put_answers(page, json_object_get(told, "targets"));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (*text_at(told, words[i])) {
            fprintf(page, "<li><b>%s</b> ", words[i]);
            put_text(page, text_at(told, words[i]));
            fputs("</li>", page);
        }
    json_object_foreach((json_t *)told, member, value)
        if (json_is_array(value))
            put_entries(page, member, value);
    put_difference(page, json_object_get(told, "difference"));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (*text_at(told, members[i])) {
            fprintf(page, "<li><b>%s</b> <code>", members[i]);
            put_text(page, text_at(told, members[i]));
            fputs("</code></li>", page);
        }
    if (json_is_integer(json_object_get(told, "status")))
        fprintf(page, "<li><b>exit status</b> %lld</li>",
                (long long)json_integer_value(json_object_get(told, "status")));
    fputs("</ul>", page);
}

static void put_json(FILE *page, const json_t *told, size_t *left)
{
    CLEANUP_FREE char *text = json_dumps(told, JSON_INDENT(2));
    const size_t length = text ? strlen(text) : 0;
    if (length == 0 || length > report_most || length > *left) {
        fprintf(page, "<p>The whole report, of %zu bytes, is in the journal.</p>", length);
        return;
    }
    *left -= length;
    fputs("<details class=\"json\"><summary>The whole report</summary><pre>", page);
    put_text(page, text);
    fputs("</pre></details>", page);
}

static void put_stage(FILE *page, const struct report_stage *stage, size_t *left)
{
    fprintf(page, "<section class=\"stage%s\"><h4>", stage->failed ? " failed" : "");
    put_text(page, stage->name);
    fprintf(page, "%s <span>", stage->failed ? " failed" : "");
    put_duration(page, stage->milliseconds);
    fputs("</span></h4>", page);
    if (stage->reason) {
        fputs("<p class=\"reason\">", page);
        put_text(page, stage->reason);
        fputs("</p>", page);
    }
    if (stage->left_out)
        fputs("<p>The report was too large for the journal.</p>", page);
    if (json_object_size(stage->report) > 0) {
        put_report(page, stage->report);
        put_json(page, stage->report, left);
    }
    fputs("</section>\n", page);
}

static void put_names(FILE *page, const json_t *names, const char *sign, const char **separator)
{
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)names, index, name) {
        if (index < 6) {
            fprintf(page, "%s%s", *separator, sign);
            put_text(page, json_is_string(name) ? json_string_value(name) : "?");
            *separator = ", ";
        }
    }
    if (json_array_size(names) > 6)
        fprintf(page, ", %s%zu more", sign, json_array_size(names) - 6);
}

static void put_changes(FILE *page, const json_t *changes)
{
    CLEANUP_JSON json_t *changed = json_array();
    const char *separator = "", *name;
    json_t *fields;
    json_object_foreach(json_object_get(changes, "changed"), name, fields)
        json_array_append_new(changed, json_string(name));
    put_names(page, json_object_get(changes, "added"), "+", &separator);
    put_names(page, json_object_get(changes, "removed"), "\xe2\x88\x92", &separator);
    put_names(page, changed, "~", &separator);
}

const char *cycle_kind(const struct report_cycle *cycle)
{
    if (!cycle->outcome)
        return "broken";
    return strcmp(cycle->outcome, "done") == 0     ? "done"
           : strcmp(cycle->outcome, "paused") == 0 ? "paused"
                                                   : "failed";
}

static void put_outcome(FILE *page, const struct report_cycle *cycle)
{
    put_text(page, cycle->outcome ? cycle->outcome : "not ended");
    if (cycle->failed_stage)
        put_part(page, " in ", cycle->failed_stage);
    if (cycle->reason)
        put_part(page, ": ", cycle->reason);
    if (cycle->repeats > 0) {
        fprintf(page, ", %zu times, the last ", cycle->repeats + 1);
        put_time(page, cycle->last_began);
    }
    if (cycle->signal)
        fprintf(page, " by signal %lld", (long long)cycle->signal);
}

static void put_number(FILE *page, const struct report_cycle *cycle)
{
    if (cycle->number >= 0 && cycle->repeats > 0)
        fprintf(page, "Cycles %lld to %lld", (long long)cycle->number, (long long)cycle->last_number);
    else if (cycle->number >= 0)
        fprintf(page, "Cycle %lld", (long long)cycle->number);
    else
        fputs("A cycle", page);
}

void put_cycle_title(FILE *page, const struct report_cycle *cycle)
{
    put_number(page, cycle);
    fputs(", ", page);
    put_outcome(page, cycle);
    if (cycle->outcome) {
        fputs(" after ", page);
        put_duration(page, cycle->milliseconds);
    }
    fputs("\n", page);
    put_time(page, cycle->began);
    if (cycle->changes) {
        fputs("\n", page);
        put_changes(page, cycle->changes);
    }
    for (size_t i = 0; i < cycle->stage_count; i++) {
        fputs("\n", page);
        put_text(page, cycle->stages[i].name);
        fputs(cycle->stages[i].failed ? " failed after " : " ", page);
        put_duration(page, cycle->stages[i].milliseconds);
    }
}

static void put_cycle(FILE *page, const struct report_cycle *cycle, size_t index, size_t *left)
{
    fprintf(page, "<details class=\"cycle %s\" id=\"cycle-%zu\"><summary><span class=\"number\">",
            cycle_kind(cycle), index);
    put_number(page, cycle);
    fputs("</span> <span class=\"time\">", page);
    put_time(page, cycle->began);
    fputs("</span> <span class=\"outcome\">", page);
    put_outcome(page, cycle);
    fputs("</span> <span class=\"changes\">", page);
    put_changes(page, cycle->changes);
    fputs("</span> <span class=\"duration\">", page);
    if (cycle->outcome)
        put_duration(page, cycle->milliseconds);
    fputs("</span></summary><div class=\"stages\">\n", page);
    for (size_t i = 0; i < cycle->stage_count; i++)
        put_stage(page, &cycle->stages[i], left);
    if (cycle->stages_left_out > 0)
        fprintf(page, "<p>And %zu stages more.</p>", cycle->stages_left_out);
    fputs("</div></details>\n", page);
}

/* The newest first: they are what one looks for. */
void put_cycles(FILE *page, const struct report *report)
{
    size_t left = reports_most;
    for (size_t i = report->cycle_count; i-- > report_first_cycle(report);)
        put_cycle(page, &report->cycles[i], i, &left);
}
