/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/copies/wrapper.h"

#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/nix.h"
#include "lib/world/operations.h"

static const size_t expression_limit = 64 * 1024;

/* A model, what it is called where it is written, and the two files that it reads. */
struct wrapper {
    const char *expression, *directory, *name;
    struct {
        const char *name;
        const json_t *value;
    } files[2];
};

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

static int write_expression(const char *directory, const struct wrapper *wrapper)
{
    CLEANUP_FREE char *source = nix_expression(wrapper->expression), *text = NULL;
    size_t length = 0;
    if (!source || operations->read(source, expression_limit, &text, &length) != 0) {
        log_error(NULL, "%s: %s", source ? source : wrapper->expression, strerror(errno));
        return -1;
    }
    return write_text(directory, wrapper->name, text, length);
}

static int write_wrapper(const char *directory, const struct wrapper *wrapper, char **path)
{
    CLEANUP_FREE char *own = string_format("%s/%s", directory, wrapper->directory);
    if (own && operations->make_directory(own, 0700) == 0 && write_expression(own, wrapper) == 0
        && write_json(own, wrapper->files[0].name, wrapper->files[0].value) == 0
        && write_json(own, wrapper->files[1].name, wrapper->files[1].value) == 0
        && (*path = string_format("%s/%s", own, wrapper->name)) != NULL)
        return 0;
    log_error(NULL, "%s: the model cannot be written: %s", own ? own : directory, strerror(errno));
    return -1;
}

int wrap_infrastructure(const char *directory, const char *file, const json_t *left_out, char **path)
{
    CLEANUP_JSON json_t *model = json_string(file);
    const struct wrapper wrapper = { "effective-model.nix",
                                     "effective",
                                     "infrastructure.nix",
                                     { { "model.json", model }, { "left-out.json", left_out } } };
    return write_wrapper(directory, &wrapper, path);
}

int wrap_distribution(const char *directory, const char *file, const json_t *pins, char **path)
{
    CLEANUP_JSON json_t *model = json_string(file);
    const struct wrapper wrapper = { "pinned-distribution.nix",
                                     "pinned",
                                     "distribution.nix",
                                     { { "model.json", model }, { "pins.json", pins } } };
    return write_wrapper(directory, &wrapper, path);
}
