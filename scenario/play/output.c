/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/play/output.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

int scenario_output_format(struct scenario_output *output, const char *name)
{
    static const char *const names[] = { "", "words", "tap", "json" };
    for (enum scenario_format format = SCENARIO_WORDS; format <= SCENARIO_JSON; format++)
        if (strcmp(name, names[format]) == 0) {
            output->format = format;
            return 0;
        }
    return -1;
}

void scenario_output_open(struct scenario_output *output, size_t count, const char *network)
{
    output->network = network;
    if (output->format == SCENARIO_UNSET)
        output->format = isatty(STDOUT_FILENO) ? SCENARIO_WORDS : SCENARIO_TAP;
    if (output->format == SCENARIO_TAP)
        printf("1..%zu\n", count);
    if (output->format == SCENARIO_JSON)
        output->cases = json_array();
}

static const char *name_of(const char *directory)
{
    const char *slash = strrchr(directory, '/');
    return slash && slash[1] ? slash + 1 : directory;
}

void scenario_output_begin(struct scenario_output *output, const char *directory, size_t done, size_t count)
{
    if (output->format == SCENARIO_WORDS)
        show_progress(name_of(directory), done, count);
}

static int print_line(void *closure, char *line)
{
    printf("%s%s\n", (const char *)closure, line);
    return 0;
}

static void print_lines(const char *before, const json_t *text)
{
    CLEANUP_FREE char *lines = json_is_string(text) ? strdup(json_string_value(text)) : NULL;
    if (lines)
        string_lines(lines, print_line, (void *)before);
}

/* What is wrong, and how it went. */
static void print_details(const char *before, const json_t *result, bool failed)
{
    size_t index;
    json_t *text;
    json_array_foreach(json_object_get(result, "broken"), index, text)
        print_lines(before, text);
    print_lines(before, json_object_get(result, "difference"));
    print_lines(before, json_object_get(result, "assumed"));
    print_lines(before, json_object_get(result, "note"));
    if (!failed)
        return;
    print_lines(before, json_object_get(result, "said"));
    if (!json_object_get(result, "texts"))
        print_lines(before, json_object_get(result, "story"));
}

static void print_tap(struct scenario_output *output, const char *name, const json_t *result, bool failed)
{
    const char *skipped = json_string_value(json_object_get(result, "skipped"));
    print_details("# ", result, failed);
    printf("%sok %zu - %s%s%s\n", failed ? "not " : "", output->passed + output->failed + output->skipped,
           name, skipped ? " # SKIP " : "", skipped ? skipped : "");
}

static void print_words(const char *name, const json_t *result, bool failed)
{
    const char *skipped = json_string_value(json_object_get(result, "skipped"));
    const char *description = json_string_value(json_object_get(result, "description"));
    show_progress(name, 0, 0);
    printf("%s  %s: %s\n",
           skipped  ? "skipped"
           : failed ? "WRONG  "
                    : "right  ",
           name,
           skipped       ? skipped
           : description ? description
                         : "");
    print_details("         ", result, failed);
}

/* Without the journal, which is long, and has a file of its own. */
static void note_json(struct scenario_output *output, const char *name, const json_t *result, bool failed)
{
    CLEANUP_JSON json_t *entry = json_copy((json_t *)result);
    json_object_set_new(entry, "name", json_string(name));
    json_object_set_new(entry, "outcome",
                        json_string(json_object_get(result, "skipped") ? "skipped"
                                    : failed                           ? "failed"
                                                                       : "passed"));
    json_object_del(entry, "journal");
    json_object_del(entry, "texts");
    json_array_append(output->cases, entry);
}

void scenario_output_end(struct scenario_output *output, const char *directory, const json_t *result)
{
    const char *name = name_of(directory);
    const bool skipped = json_object_get(result, "skipped");
    const bool failed = !skipped && json_array_size(json_object_get(result, "broken")) > 0;
    *(skipped ? &output->skipped : failed ? &output->failed : &output->passed) += 1;
    if (output->format == SCENARIO_TAP)
        print_tap(output, name, result, failed);
    else if (output->format == SCENARIO_WORDS)
        print_words(name, result, failed);
    else
        note_json(output, name, result, failed);
    fflush(stdout);
}

int scenario_output_close(struct scenario_output *output)
{
    if (output->format == SCENARIO_WORDS)
        printf("%zu right, %zu wrong, %zu skipped, in the %s\n", output->passed, output->failed,
               output->skipped, output->network);
    if (output->format == SCENARIO_JSON) {
        CLEANUP_JSON json_t *document =
            json_pack("{si ss sO}", "version", 1, "network", output->network, "cases", output->cases);
        json_dumpf(document, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(output->cases);
    return output->failed == 0 && fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
