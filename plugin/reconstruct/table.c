/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _XOPEN_SOURCE 700
#include "plugin/reconstruct/table.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "lib/base/characters.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"

enum { COLUMNS = 6, NAMES_SHOWN = 5 };

#define RED "31"
#define GREEN "32"
#define YELLOW "33"
#define BOLD "1"

struct table {
    const json_t *report;
    FILE *out;
    bool colours;
};

/* How a text is shown: without what would move the cursor or turn the direction of writing. */
struct shown {
    char *text;
    size_t width; /* columns of a terminal */
};

struct row {
    struct shown cells[COLUMNS];
    const char *colour; /* of the status */
};

bool table_wants_colours(FILE *out)
{
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return !(none && *none) && terminal && *terminal && strcmp(terminal, "dumb") != 0 && isatty(fileno(out));
}

static struct shown show(const char *text)
{
    struct shown shown = { .text = strdup(text) };
    size_t length;
    if (!shown.text)
        return shown;
    text_one_line(shown.text);
    for (const char *p = shown.text; *p; p += length) {
        int width = wcwidth((wchar_t)character_at(p, strlen(p), &length));
        shown.width += width < 0 ? 1 : (size_t)width;
    }
    return shown;
}

/* Takes a text that string_format() made. */
static struct shown show_made(char *text)
{
    struct shown shown = show(text ? text : "");
    free(text);
    return shown;
}

static void put(const struct table *table, const char *colour, const char *text)
{
    struct shown shown = show(text ? text : "");
    bool coloured = table->colours && colour && shown.width > 0;
    fprintf(table->out, "%s%s%s%s%s", coloured ? "\033[" : "", coloured ? colour : "", coloured ? "m" : "",
            shown.text ? shown.text : "", coloured ? "\033[0m" : "");
    free(shown.text);
}

static char *describe_fetched(const json_t *target)
{
    json_int_t paths = json_integer_value(json_object_get(target, "fetchedPaths"));
    double bytes = (double)json_integer_value(json_object_get(target, "fetchedBytes"));
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    size_t unit = 0;
    if (paths == 0)
        return strdup("-");
    for (; bytes >= 1024 && unit < 4; unit++)
        bytes /= 1024;
    return string_format("%" JSON_INTEGER_FORMAT " (%.*f %s)", paths, unit > 0, bytes, units[unit]);
}

static char *describe_time(const json_t *target)
{
    json_int_t milliseconds = json_integer_value(json_object_get(target, "milliseconds"));
    return milliseconds < 1000 ? string_format("%" JSON_INTEGER_FORMAT " ms", milliseconds)
                               : string_format("%.1f s", (double)milliseconds / 1000);
}

static const char *status_colour(const char *status)
{
    return strcmp(status, "captured") == 0 ? GREEN : strcmp(status, "empty") == 0 ? NULL : RED;
}

static void fill_row(struct row *row, const char *name, const json_t *target)
{
    const json_t *services = json_object_get(target, "services");
    const char *done = text_at(target, "done"), *status = text_at(target, "status");
    row->cells[0] = show(name);
    row->cells[1] = show(status);
    row->cells[2] = show(*done ? done : "-");
    row->cells[3] = show_made(services ? string_format("%" JSON_INTEGER_FORMAT, json_integer_value(services))
                                       : strdup("-"));
    row->cells[4] = show_made(describe_fetched(target));
    row->cells[5] = show_made(describe_time(target));
    row->colour = status_colour(status);
}

static void print_row(const struct table *table, const struct row *row, const size_t *widths)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct shown *cell = &row->cells[i];
        int padding = i + 1 < COLUMNS ? (int)(widths[i] - cell->width) + 2 : 0;
        put(table, i == 1 ? row->colour : NULL, cell->text);
        fprintf(table->out, "%*s", padding, "");
    }
    fputc('\n', table->out);
}

static void print_targets(const struct table *table)
{
    static const char *const titles[COLUMNS] = { "TARGET", "STATUS", "DONE", "SERVICES", "FETCHED", "TIME" };
    json_t *target, *targets = json_object_get(table->report, "targets");
    struct row *rows = calloc(json_object_size(targets) + 1, sizeof *rows);
    size_t count = 1, widths[COLUMNS] = { 0 };
    const char *name;
    for (size_t i = 0; rows && i < COLUMNS; i++)
        rows[0].cells[i] = show(titles[i]);
    if (rows)
        json_object_foreach(targets, name, target)
            fill_row(&rows[count++], name, target);
    for (size_t i = 0; rows && i < count * COLUMNS; i++)
        if (widths[i % COLUMNS] < rows[i / COLUMNS].cells[i % COLUMNS].width)
            widths[i % COLUMNS] = rows[i / COLUMNS].cells[i % COLUMNS].width;
    for (size_t i = 0; rows && i < count; i++) {
        print_row(table, &rows[i], widths);
        for (size_t j = 0; j < COLUMNS; j++)
            free(rows[i].cells[j].text);
    }
    free(rows);
}

/* A line about what has to be known: "superseded: db in mysql on target a (moved to …)". */
static void print_copies(const struct table *table, const char *list, const char *title, const char *colour)
{
    size_t index;
    json_t *copy;
    json_array_foreach(json_object_get(table->report, list), index, copy) {
        CLEANUP_FREE char *line =
            string_format(" %s in %s on target %s (%s)", text_at(copy, "component"),
                          text_at(copy, "container"), text_at(copy, "target"), text_at(copy, "reason"));
        put(table, colour, title);
        put(table, NULL, line);
        fputc('\n', table->out);
    }
}

/* "a, b, c" of texts; what is beyond NAMES_SHOWN is counted, and more of which nothing is known. */
static char *join(const json_t *names, size_t more)
{
    char *joined = strdup("");
    size_t index;
    json_t *name;
    json_array_foreach(names, index, name) {
        if (index == NAMES_SHOWN)
            break;
        char *longer =
            string_format("%s%s%s", joined ? joined : "", index ? ", " : "", json_string_value(name));
        free(joined);
        joined = longer;
    }
    more += json_array_size(names) - index;
    if (more == 0)
        return joined;
    char *longer = string_format("%s and %zu more", joined ? joined : "", more);
    free(joined);
    return longer;
}

static void print_disputes(const struct table *table)
{
    size_t outer, inner;
    json_t *dispute, *copy;
    json_array_foreach(json_object_get(table->report, "disputes"), outer, dispute) {
        json_array_foreach(json_object_get(dispute, "copies"), inner, copy) {
            CLEANUP_FREE char *line =
                string_format(" %s in %s on target %s%s (%s)", text_at(dispute, "component"),
                              text_at(dispute, "container"), text_at(copy, "target"),
                              json_is_false(json_object_get(copy, "live"))  ? ", not running"
                              : json_is_null(json_object_get(copy, "live")) ? ", perhaps not running"
                                                                            : "",
                              text_at(copy, "reason"));
            if (!json_is_true(json_object_get(copy, "disputed")))
                continue;
            put(table, RED, "in dispute:");
            put(table, NULL, line);
            fputc('\n', table->out);
        }
    }
}

static void print_services(const struct table *table)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(table->report, "dangling"), index, entry) {
        const json_t *dependency = json_object_get(entry, "dependency");
        CLEANUP_FREE char *line =
            string_format(" %s depended on what is gone from %s on target %s", text_at(entry, "name"),
                          text_at(dependency, "container"), text_at(dependency, "target"));
        put(table, YELLOW, "dangling:");
        put(table, NULL, line);
        fputc('\n', table->out);
    }
    json_array_foreach(json_object_get(table->report, "divergent"), index, entry) {
        CLEANUP_FREE char *line =
            string_format(" targets hold different versions of %s", text_at(entry, "name"));
        put(table, YELLOW, "divergent:");
        put(table, NULL, line);
        fputc('\n', table->out);
    }
}

/* What changed of one target, piece by piece. */
static void print_piece(const struct table *table, bool *first, const char *colour, const char *sign,
                        const char *piece)
{
    fputs(*first ? " " : "; ", table->out);
    *first = false;
    put(table, colour, sign);
    put(table, NULL, piece);
}

/* The entries of lists that are called list, by their key. */
static void print_list(const struct table *table, bool *first, const char *colour, const char *sign,
                       const json_t *lists, const char *list, const char *key)
{
    CLEANUP_FREE char *more = string_format("%sMore", list);
    const json_t *entries = json_object_get(lists, list);
    CLEANUP_JSON json_t *names = json_array();
    size_t index;
    json_t *entry;
    json_array_foreach(entries, index, entry) {
        CLEANUP_FREE char *name = string_format("%s in %s", text_at(entry, key), text_at(entry, "container"));
        json_array_append_new(names, json_string(name));
    }
    if (json_array_size(names) == 0)
        return;
    CLEANUP_FREE char *line = join(names, (size_t)json_integer_value(json_object_get(lists, more)));
    print_piece(table, first, colour, sign, line);
}

static const char *describe_profile(const json_t *change)
{
    return json_is_null(json_object_get(change, "from")) ? "it has a profile now"
           : json_is_null(json_object_get(change, "to")) ? "it has no profile any more"
                                                         : "it has another profile";
}

static char *describe_infrastructure(const json_t *change)
{
    const char *kind = text_at(change, "infrastructure");
    CLEANUP_FREE char *fields = join(json_object_get(change, "fields"), 0);
    return strcmp(kind, "added") == 0     ? strdup("new in the model")
           : strcmp(kind, "removed") == 0 ? strdup("gone from the model")
                                          : string_format("changed in the model: %s", fields ? fields : "");
}

/* "a: + db in mysql; it has a profile now; new in the model" */
static void print_change(const struct table *table, const char *target, const json_t *change)
{
    const json_t *services = json_object_get(change, "services"),
                 *snapshots = json_object_get(change, "snapshots");
    const json_t *profile = json_object_get(change, "profile");
    bool first = true;
    fputs("  ", table->out);
    put(table, BOLD, target);
    fputc(':', table->out);
    print_list(table, &first, GREEN, "+ ", services, "added", "name");
    print_list(table, &first, RED, "- ", services, "removed", "name");
    print_list(table, &first, YELLOW, "~ ", services, "changed", "name");
    print_list(table, &first, GREEN, "+ state of ", snapshots, "added", "component");
    print_list(table, &first, RED, "- state of ", snapshots, "removed", "component");
    if (profile)
        print_piece(table, &first, NULL, "", describe_profile(profile));
    if (json_object_get(change, "infrastructure")) {
        CLEANUP_FREE char *model = describe_infrastructure(change);
        print_piece(table, &first, NULL, "", model);
    }
    fputc('\n', table->out);
}

static void print_changes(const struct table *table)
{
    const json_t *changes = json_object_get(table->report, "changes");
    CLEANUP_FREE const char **names = json_sorted_names(changes);
    if (!names || !changes)
        return;
    fputs(!json_is_true(json_object_get(table->report, "changed"))
              ? "Nothing differs from the previous manifest.\n"
          : json_object_get(table->report, "previous")
              ? "What differs from the previous manifest:\n"
              : "There is no previous manifest; in this one there is:\n",
          table->out);
    for (size_t i = 0; names[i]; i++)
        print_change(table, names[i], json_object_get(changes, names[i]));
}

static void print_manifest(const struct table *table)
{
    json_int_t generation = json_integer_value(json_object_get(table->report, "generation"));
    const char *manifest = text_at(table->report, "manifest");
    if (!*manifest)
        return;
    fputs("Manifest: ", table->out);
    put(table, NULL, manifest);
    if (generation > 0)
        fprintf(table->out, ", generation %" JSON_INTEGER_FORMAT, generation);
    fputc('\n', table->out);
}

int table_print(const json_t *report, FILE *out, bool colours)
{
    const struct table table = { report, out, colours };
    /* wcwidth() goes by the locale; the report is UTF-8, whatever the locale of the user is. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
    locale_t before = utf8 ? uselocale(utf8) : NULL;
    if (json_object_get(report, "targets"))
        print_targets(&table);
    print_copies(&table, "superseded", "superseded:", YELLOW);
    print_copies(&table, "regressed", "regressed:", YELLOW);
    print_disputes(&table);
    print_copies(&table, "activated", "activated:", GREEN);
    print_copies(&table, "rescued", "rescued:", GREEN);
    print_copies(&table, "fenced", "fenced:", GREEN);
    print_copies(&table, "failed", "failed:", RED);
    print_services(&table);
    print_changes(&table);
    print_manifest(&table);
    if (utf8) {
        uselocale(before);
        freelocale(utf8);
    }
    return fflush(out) == 0 && !ferror(out) ? 0 : -1;
}
