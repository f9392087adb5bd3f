/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/report/parts.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

static bool is_blank(const char *line, size_t length)
{
    while (length > 0 && strchr(" \t\r", line[length - 1]) && line[length - 1] != '\0')
        length--;
    return length == 0;
}

static void take_line(struct report *report, const char *name, size_t number, const char *line, size_t length)
{
    json_error_t error;
    CLEANUP_JSON json_t *document = NULL;
    if (is_blank(line, length))
        return;
    document = json_loadb(line, length, 0, &error);
    if (json_is_object(document))
        report_take(report, document);
    else
        log_warning(NULL, "%s: line %zu: not a document, skipped: %s", name, number,
                    document ? "it is no object" : error.text);
}

void report_take_lines(struct report *report, const char *name, const char *text, size_t length)
{
    const char *end = text + length;
    for (size_t number = 1; text < end; number++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const size_t part = (size_t)((newline ? newline : end) - text);
        take_line(report, name, number, text, part);
        text += part + 1;
    }
}
