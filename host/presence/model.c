/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/presence/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/sha256.h"
#include "lib/base/switch.h"
#include "lib/model/nix.h"
#include "lib/world/operations.h"

static const size_t model_limit = (size_t)1 << 30;

static int parse(const char *source, const struct settings *settings, struct strings *strings,
                 struct model *model, char **reason)
{
    struct infrastructure_defaults defaults = { .client_interface = settings->interface,
                                                .target_property = settings->target_property };
    infrastructure_defaults_complete(&defaults);
    return infrastructure_parse(model->xml, model->length, source, strings, &defaults, &model->infrastructure,
                                reason);
}

int model_evaluate(const char *file, const struct settings *settings, struct strings *strings,
                   struct model *model)
{
    CLEANUP_FREE char *reason = NULL;
    *model = (struct model){ 0 };
    if (nix_evaluate(file, settings->show_trace, &model->xml, &model->length) != 0)
        return -1;
    if (parse(file, settings, strings, model, &reason) != 0) {
        log_error(NULL, "%s", reason ? reason : "out of memory");
        return -1;
    }
    if (model->infrastructure.count > 0 || settings->allow_empty || !SWITCH(EMPTY_MODEL))
        return 0;
    log_error(NULL, "%s: no targets; that would undeploy everything, and is refused without --allow-empty",
              file);
    return -1;
}

int model_load(const char *file, const struct settings *settings, struct strings *strings,
               struct model *model)
{
    CLEANUP_FREE char *reason = NULL;
    *model = (struct model){ 0 };
    if (operations->read(file, model_limit, &model->xml, &model->length) != 0)
        return 1;
    if (parse(file, settings, strings, model, &reason) == 0)
        return 0;
    log_warning(NULL, "the model is taken for a new one: %s", reason ? reason : "out of memory");
    return 1;
}

static bool add_file(struct sha256 *hash, const char *file)
{
    CLEANUP_FREE char *text = NULL;
    size_t length = 0;
    if (!file)
        return true;
    if (operations->read(file, model_limit, &text, &length) != 0)
        return false;
    sha256_add(hash, &length, sizeof length);
    sha256_add(hash, text, length);
    return true;
}

struct model_digest model_digest(const char *file, const char *augment)
{
    struct model_digest digest = { "" };
    struct sha256 hash;
    sha256_begin(&hash);
    if (add_file(&hash, file) && add_file(&hash, augment))
        sha256_end(&hash, digest.digits);
    return digest;
}

int model_save(const struct model *model, const char *file)
{
    if (operations->write(file, model->xml, model->length, 0600) == 0)
        return 0;
    log_error(NULL, "%s: %s", file, strerror(errno));
    return -1;
}

void model_clear(struct model *model)
{
    infrastructure_clear(&model->infrastructure);
    free(model->xml);
    *model = (struct model){ 0 };
}

bool model_changed(const json_t *difference)
{
    return json_array_size(json_object_get(difference, "added")) > 0
           || json_array_size(json_object_get(difference, "removed")) > 0
           || json_object_size(json_object_get(difference, "changed")) > 0;
}

static void append(xmlBufferPtr line, const char *separator, const char *text)
{
    if (xmlBufferLength(line) > 0)
        xmlBufferCCat(line, separator);
    xmlBufferCCat(line, text);
}

static void tell_names(const char *word, const json_t *names)
{
    CLEANUP_BUFFER xmlBufferPtr line = xmlBufferCreate();
    size_t index;
    json_t *name;
    json_array_foreach(names, index, name)
        append(line, ", ", json_string_value(name));
    if (xmlBufferLength(line) > 0)
        log_notice(NULL, "%s: %s", word, (const char *)xmlBufferContent(line));
}

void model_tell_changes(const json_t *difference)
{
    const char *name;
    json_t *fields;
    tell_names("added", json_object_get(difference, "added"));
    tell_names("removed", json_object_get(difference, "removed"));
    json_object_foreach(json_object_get(difference, "changed"), name, fields) {
        CLEANUP_FREE char *word = string_format("changed: %s", name);
        tell_names(word ? word : "changed", fields);
    }
}
