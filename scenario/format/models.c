/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/format/models.h"

#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/nix.h"
#include "lib/world/operations.h"

enum { EXPRESSION_LIMIT = 1 << 20 };

static int write_file(const char *directory, const char *name, const char *ending, const char *text)
{
    CLEANUP_FREE char *path = string_format("%s/%s.%s", directory, name, ending);
    if (path && text && operations->write(path, text, strlen(text), 0644) == 0)
        return 0;
    log_error(NULL, "%s: %s", path ? path : name, strerror(errno));
    return -1;
}

static int copy_expression(const char *directory, const char *name)
{
    CLEANUP_FREE char *ours = string_format("scenario-%s.nix", name),
                      *from = ours ? nix_expression(ours) : NULL;
    CLEANUP_FREE char *text = NULL;
    size_t length;
    if (from && operations->read(from, EXPRESSION_LIMIT, &text, &length) == 0)
        return write_file(directory, name, "nix", text);
    log_error(NULL, "%s: %s", from ? from : name, strerror(errno));
    return -1;
}

static int write_document(const char *directory, const char *name, const json_t *document)
{
    CLEANUP_FREE char *text = json_dumps(document, JSON_INDENT(2) | JSON_SORT_KEYS);
    return write_file(directory, name, "json", text);
}

int scenario_copy_expressions(const char *directory)
{
    return copy_expression(directory, "services") == 0 && copy_expression(directory, "distribution") == 0
                   && copy_expression(directory, "infrastructure") == 0
               ? 0
               : -1;
}

int scenario_write_documents(const char *directory, const json_t *services, const json_t *distribution,
                             const json_t *infrastructure)
{
    return write_document(directory, "services", services) == 0
                   && write_document(directory, "distribution", distribution) == 0
                   && write_document(directory, "infrastructure", infrastructure) == 0
               ? 0
               : -1;
}
