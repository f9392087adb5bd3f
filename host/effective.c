/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "effective.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "nix.h"
#include "operations.h"
#include "strings.h"

static const size_t expression_limit = 64 * 1024;

static int write_text(const char *directory, const char *name, const char *text, size_t length)
{
    CLEANUP_FREE char *file = string_format("%s/%s", directory, name);
    return file && text ? operations->write(file, text, length, 0600) : -1;
}

static int write_json(const char *directory, const char *name, const json_t *value)
{
    CLEANUP_FREE char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    return text ? write_text(directory, name, text, strlen(text)) : -1;
}

static int write_expression(const char *directory)
{
    CLEANUP_FREE char *source = nix_expression("effective-model.nix"), *text = NULL;
    size_t length = 0;
    if (!source || operations->read(source, expression_limit, &text, &length) != 0) {
        log_error(NULL, "%s: %s", source ? source : "effective-model.nix", strerror(errno));
        return -1;
    }
    return write_text(directory, "infrastructure.nix", text, length);
}

int effective_write(const char *directory, const char *file, const json_t *left_out, char **path)
{
    CLEANUP_FREE char *own = string_format("%s/effective", directory);
    CLEANUP_JSON json_t *model = json_string(file);
    if (own && model && operations->make_directory(own, 0700) == 0 && write_expression(own) == 0
        && write_json(own, "model.json", model) == 0 && write_json(own, "left-out.json", left_out) == 0
        && (*path = string_format("%s/infrastructure.nix", own)) != NULL)
        return 0;
    log_error(NULL, "%s: the effective model cannot be written: %s", own ? own : directory, strerror(errno));
    return -1;
}
