/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/record/journal.h"

#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-text.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static const size_t journal_limit = (size_t)16 << 20; /* of one file */
static const size_t document_limit = (size_t)4 << 20; /* of one document; a longer one loses its report */

/* Version and time come first. */
static json_t *dated(json_t *document)
{
    json_t *whole = json_pack("{si ss}", "version", 1, "time", moment_of(operations->clock()).text);
    json_object_update(whole, document);
    json_decref(document);
    return whole;
}

static char *one_line(json_t *document)
{
    CLEANUP_FREE char *text = json_text(document, JSON_COMPACT);
    if (text && strlen(text) > document_limit && json_object_del(document, "report") == 0) {
        json_object_set_new(document, "reportLeftOut", json_true());
        free(text);
        text = json_text(document, JSON_COMPACT);
    }
    return text ? string_format("%s\n", text) : NULL;
}

static void write_document(const char *directory, json_t *document, bool sync)
{
    if (operations->size < offsetof(struct dydisnix_operations, append) + sizeof operations->append)
        return;
    CLEANUP_FREE char *file = string_format("%s/events.jsonl", directory), *line = one_line(document);
    if (!file || !line)
        log_warning(NULL, "an event is not in the journal: out of memory");
    else if (operations->append(file, line, strlen(line), journal_limit, sync) != 0)
        log_warning(NULL, "%s: %s", file, strerror(errno));
}

void journal_open(struct journal *journal, const char *directory)
{
    *journal = (struct journal){ .directory = directory, .held = json_array() };
}

void journal_add(struct journal *journal, json_t *document, bool sync)
{
    CLEANUP_JSON json_t *whole = dated(document);
    if (journal->held)
        json_array_append(journal->held, whole);
    else if (journal->directory)
        write_document(journal->directory, whole, sync);
}

void journal_release(struct journal *journal)
{
    size_t index;
    json_t *document;
    json_array_foreach(journal->held, index, document)
        write_document(journal->directory, document, false);
    json_decref(journal->held);
    journal->held = NULL;
}

void journal_close(struct journal *journal)
{
    json_decref(journal->held);
    *journal = (struct journal){ 0 };
}

void journal_write(const char *directory, json_t *document, bool sync)
{
    journal_add(&(struct journal){ .directory = directory }, document, sync);
}
