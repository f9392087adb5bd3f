/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "scenario/import/incident.h"

static const size_t journal_limit = (size_t)64 << 20;

struct reading {
    const char *file;
    size_t skipped;
    json_t *documents;
};

static int take_line(void *closure, char *line)
{
    struct reading *reading = closure;
    json_t *document = json_loads(line, 0, NULL);
    if (json_is_object(document))
        return json_array_append_new(reading->documents, document);
    json_decref(document);
    reading->skipped++;
    return 0;
}

json_t *import_journal(const char *file)
{
    CLEANUP_FREE char *text = NULL;
    size_t length;
    struct reading reading = { .file = file, .documents = json_array() };
    if (operations->read(file, journal_limit, &text, &length) != 0) {
        log_error(NULL, "%s: %s", file, strerror(errno));
        json_decref(reading.documents);
        return NULL;
    }
    string_lines(text, take_line, &reading);
    if (reading.skipped > 0)
        log_warning(NULL, "%s: %zu lines are no documents, and are skipped", file, reading.skipped);
    return reading.documents;
}
