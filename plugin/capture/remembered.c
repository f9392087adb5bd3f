/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/capture/remembered.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

enum { FILE_VERSION = 1 };
static const size_t file_limit = (size_t)256 << 20;

/* With its end, so that no two sequences of texts are the same. */
static void add_text(struct remembered *remembered, const char *text)
{
    sha256_add(&remembered->hash, text ? text : "", (text ? strlen(text) : 0) + 1);
}

void remembered_model(struct remembered *remembered, const char *xml, size_t length,
                      const struct infrastructure_defaults *defaults)
{
    sha256_begin(&remembered->hash);
    add_text(remembered, PACKAGE_VERSION);
    add_text(remembered, defaults->client_interface);
    add_text(remembered, defaults->target_property);
    add_text(remembered, defaults->system);
    sha256_add(&remembered->hash, xml, length);
    add_text(remembered, "");
}

static void add_options(struct remembered *remembered, const struct options *options)
{
    CLEANUP_JSON json_t *described = options_describe(options);
    CLEANUP_FREE char *text = json_dumps(described, JSON_COMPACT | JSON_SORT_KEYS);
    CLEANUP_FREE char *limits = string_format("%zu %u", options->manifest_limit, options->depth_limit);
    add_text(remembered, text);
    add_text(remembered, limits);
    sha256_end(&remembered->hash, remembered->inputs);
}

/* Nobody was away, and nobody has decided on anything. */
static bool is_plain_history(const json_t *history)
{
    const char *name;
    json_t *target;
    json_object_foreach(json_object_get(history, "targets"), name, target)
        if (json_object_get(target, "away"))
            return false;
    return json_object_size(json_object_get(history, "survivors")) == 0
           && json_array_size(json_object_get(history, "keepCopy")) == 0
           && json_array_size(json_object_get(history, "discardCopy")) == 0;
}

static char *place_of(const char *profile)
{
    const char *slash = strrchr(profile, '/');
    int directory = slash ? (int)(slash + 1 - profile) : 0;
    return string_format("%.*s.%s.reconstructed", directory, profile, profile + directory);
}

static bool is_text(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value && text && strcmp(value, text) == 0;
}

static json_t *load(const char *file)
{
    CLEANUP_FREE char *text = NULL;
    size_t length = 0;
    return operations->read(file, file_limit, &text, &length) == 0 ? json_loadb(text, length, 0, NULL) : NULL;
}

void remembered_look(struct remembered *remembered, const struct previous *previous, const char *namesake,
                     const json_t *history, const struct options *options)
{
    add_options(remembered, options);
    if (namesake || !is_plain_history(history))
        return;
    remembered->file = place_of(previous->profile);
    if (!remembered->file || !previous->path || previous->generation == 0
        || operations->inspect(previous->path, NULL) != DYDISNIX_FILE)
        return;
    CLEANUP_JSON json_t *kept = load(remembered->file);
    json_t *report = json_object_get(kept, "report");
    if (json_integer_value(json_object_get(kept, "version")) == FILE_VERSION
        && is_text(kept, "inputs", remembered->inputs) && is_text(kept, "manifest", previous->path)
        && json_integer_value(json_object_get(kept, "generation")) == previous->generation
        && json_is_object(json_object_get(report, "targets")))
        remembered->report = json_incref(report);
}

static bool is_plain_report(const json_t *report)
{
    static const char *const lists[] = { "inactive", "divergent", "dangling",  "superseded", "regressed",
                                         "kept",     "disputes",  "activated", "rescued",    "fenced",
                                         "failed",   "late",      "warnings",  "unbacked" };
    const char *name;
    json_t *target;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (json_array_size(json_object_get(report, lists[i])) > 0)
            return false;
    json_object_foreach(json_object_get(report, "targets"), name, target)
        if (!is_text(target, "status", "captured") && !is_text(target, "status", "empty"))
            return false;
    return true;
}

/* What the next one will have to tell: nothing is fetched and nothing changes. */
static json_t *unchanged_report(const json_t *report, const char *path, long generation)
{
    static const struct manifest nothing;
    json_t *next = json_deep_copy(report), *target;
    const char *name;
    json_object_del(next, "steps");
    json_object_del(next, "unbacked");
    json_object_foreach(json_object_get(next, "targets"), name, target) {
        json_object_del(target, "unasked");
        json_object_del(target, "unaskedPaths");
        json_object_update_new(target, json_pack("{si si}", "fetchedPaths", 0, "fetchedBytes", 0));
    }
    json_object_update_new(next, json_pack("{ss ss sI sb s{} so}", "previous", path, "manifest", path,
                                           "generation", (json_int_t)generation, "changed", 0, "changes",
                                           "difference", manifest_difference(&nothing, &nothing, 0)));
    return next;
}

void remembered_keep(const struct remembered *remembered, const json_t *report, const char *path,
                     long generation)
{
    if (!remembered->file || remembered->report || !path || generation == 0 || !is_plain_report(report))
        return;
    CLEANUP_JSON json_t *kept =
        json_pack("{si ss ss sI so}", "version", FILE_VERSION, "inputs", remembered->inputs, "manifest", path,
                  "generation", (json_int_t)generation, "report", unchanged_report(report, path, generation));
    CLEANUP_FREE char *text = json_dumps(kept, JSON_COMPACT);
    if (text)
        operations->write(remembered->file, text, strlen(text),
                          0644); /* without it the next one takes longer */
}

void remembered_clear(struct remembered *remembered)
{
    free(remembered->file);
    json_decref(remembered->report);
    *remembered = (struct remembered){ 0 };
}
