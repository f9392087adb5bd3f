/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/play/golden.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "scenario/format/file.h"
#include "scenario/format/policy.h"

static const size_t golden_limit = (size_t)16 << 20;

/* Objects down to depth have a line for each member, what is below stands in one line. */
static void dump_value(FILE *stream, const json_t *value, int depth, int indent)
{
    CLEANUP_FREE const char **names = json_is_object(value) && depth > 0 ? json_sorted_names(value) : NULL;
    if (!names || !names[0]) {
        json_dumpf(value, stream, JSON_ENCODE_ANY | JSON_SORT_KEYS);
        return;
    }
    fputs("{\n", stream);
    for (size_t i = 0; names[i]; i++) {
        CLEANUP_JSON json_t *name = json_string(names[i]);
        fprintf(stream, "%*s", indent + 2, "");
        json_dumpf(name, stream, JSON_ENCODE_ANY);
        fputs(": ", stream);
        dump_value(stream, json_object_get(value, names[i]), depth - 1, indent + 2);
        fputs(names[i + 1] ? ",\n" : "\n", stream);
    }
    fprintf(stream, "%*s}", indent, "");
}

static char *dump(const json_t *document, int depth)
{
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    if (!stream)
        return NULL;
    dump_value(stream, document, depth, 0);
    fputc('\n', stream);
    return fclose(stream) == 0 ? text : NULL;
}

/* "test1", or "test1/mysql" for a container that is not called as the type of the service. */
static void add_place(json_t *services, const json_t *service, const json_t *mapping, const char *list)
{
    const char *name = json_string_value(json_object_get(mapping, "service"));
    const char *target = json_string_value(json_object_get(mapping, "target"));
    const char *container = json_string_value(json_object_get(mapping, "container"));
    const char *type = json_string_value(json_object_get(service, "type"));
    json_t *entry = json_object_get(services, name);
    bool usual = type && container && strcmp(type, container) == 0;
    CLEANUP_FREE char *place = usual ? strdup(target) : string_format("%s/%s", target, container);
    if (!json_object_get(entry, list))
        json_object_set_new(entry, list, json_array());
    json_array_append_new(json_object_get(entry, list), json_string(place));
}

/* Snapshots are told by component and container. */
static json_t *snapshots_of(const json_t *manifest)
{
    json_t *snapshots = json_object(), *mapping;
    size_t index;
    json_array_foreach(json_object_get(manifest, "snapshots"), index, mapping) {
        CLEANUP_FREE char *name =
            string_format("%s/%s", json_string_value(json_object_get(mapping, "container")),
                          json_string_value(json_object_get(mapping, "component")));
        if (!json_object_get(snapshots, name))
            json_object_set_new(snapshots, name, json_array());
        json_array_append(json_object_get(snapshots, name), json_object_get(mapping, "target"));
    }
    return snapshots;
}

char *scenario_manifest_text(const json_t *observed)
{
    const json_t *manifest = json_object_get(json_object_get(observed, "coordinator"), "manifest");
    CLEANUP_JSON json_t *services = json_object();
    const char *name;
    json_t *service, *mapping;
    size_t index;
    if (!json_is_object(manifest))
        return strdup("null\n");
    json_object_foreach(json_object_get(manifest, "services"), name, service)
        json_object_set_new(services, name, json_copy(service));
    json_array_foreach(json_object_get(manifest, "mappings"), index, mapping) {
        name = json_string_value(json_object_get(mapping, "service"));
        service = json_object_get(json_object_get(manifest, "services"), name);
        if (!json_object_get(services, name))
            json_object_set_new(services, name, json_object());
        add_place(services, service, mapping, "on");
    }
    CLEANUP_JSON json_t *document =
        json_pack("{sO so}", "services", services, "state", snapshots_of(manifest));
    return document ? dump(document, 2) : NULL;
}

static json_t *describe_target(const json_t *target)
{
    const char *is = json_string_value(json_object_get(target, "is"));
    json_t *described = json_pack("{ss*}", "is", is), *runs = json_object(), *active;
    size_t index;
    json_array_foreach(json_object_get(target, "active"), index, active) {
        const char *name = json_string_value(json_object_get(active, "service"));
        json_t *entry =
            json_pack("{sO sO* sO*}", "version", json_object_get(active, "version"), "answers",
                      json_object_get(active, "answers"), "state", json_object_get(active, "state"));
        if (name)
            json_object_set_new(runs, name, entry);
    }
    if (is && strcmp(is, "up") == 0) {
        json_object_set(described, "runs", runs);
        if (!json_is_true(json_object_get(target, "listed")))
            json_object_set_new(described, "listed", json_false());
    }
    json_decref(runs);
    return described;
}

char *scenario_running_text(const json_t *observed)
{
    CLEANUP_JSON json_t *targets = json_object();
    CLEANUP_JSON json_t *document = json_pack("{sO}", "targets", targets);
    const char *name;
    json_t *target;
    json_object_foreach(json_object_get(observed, "targets"), name, target)
        json_object_set_new(targets, name, describe_target(target));
    if (json_array_size(json_object_get(observed, "held")) > 0)
        json_object_set(document, "held", json_object_get(observed, "held"));
    if (json_is_true(json_object_get(observed, "paused")))
        json_object_set_new(document, "paused", json_true());
    return document ? dump(document, 4) : NULL;
}

/* diff -u of a file and a text; empty where they are equal. */
static char *compare(const char *directory, const char *name, const char *text)
{
    CLEANUP_FREE char *file = string_format("%s/%s", directory, name), *scratch = NULL, *actual = NULL;
    CLEANUP_FREE char *golden = string_format("%s (golden)", name), *seen = string_format("%s (seen)", name);
    struct dydisnix_result result = { 0 };
    if (!file || operations->temporary_directory("scenario", &scratch) != 0)
        return NULL;
    actual = string_format("%s/%s", scratch, name);
    const char *old = operations->inspect(file, NULL) == DYDISNIX_FILE ? file : "/dev/null";
    const struct dydisnix_program diff = {
        .argv = (const char *const[]){ "diff", "-u", "--label", golden, "--label", seen, old, actual, NULL }
    };
    char *difference = NULL;
    if (actual && operations->write(actual, text, strlen(text), 0600) == 0) {
        int status = run_program(&diff, &result);
        if (status == 0 || (result.ending == DYDISNIX_EXITED && result.status == 1)) {
            difference = result.output ? result.output : strdup("");
            result.output = NULL;
        }
    }
    free(result.output);
    operations->remove(scratch);
    return difference;
}

static bool is_golden(const char *directory, const char *name, const char *text)
{
    CLEANUP_FREE char *file = string_format("%s/%s", directory, name), *golden = NULL;
    size_t length;
    return file && operations->read(file, golden_limit, &golden, &length) == 0 && length == strlen(text)
           && memcmp(golden, text, length) == 0;
}

int scenario_golden_compare(const char *directory, const json_t *texts, char **difference)
{
    size_t length;
    FILE *stream = open_memstream(difference, &length);
    int status = stream ? 0 : -1;
    for (size_t i = 0; status == 0 && scenario_golden_files[i]; i++) {
        const char *name = scenario_golden_files[i], *text = json_string_value(json_object_get(texts, name));
        if (is_golden(directory, name, text))
            continue;
        CLEANUP_FREE char *one = compare(directory, name, text);
        if (one)
            fputs(one, stream);
        else
            status = -1;
    }
    if (stream && fclose(stream) != 0)
        status = -1;
    if (status != 0)
        log_error(NULL, "%s: the golden files cannot be compared: diff does not run", directory);
    return status;
}

int scenario_golden_write(const char *directory, const json_t *texts)
{
    for (size_t i = 0; scenario_golden_files[i]; i++) {
        const char *name = scenario_golden_files[i], *text = json_string_value(json_object_get(texts, name));
        CLEANUP_FREE char *file = string_format("%s/%s", directory, name);
        if (!is_golden(directory, name, text)
            && (!file || operations->write(file, text, strlen(text), 0644) != 0)) {
            log_error(NULL, "%s: %s", file ? file : name, strerror(errno));
            return -1;
        }
    }
    return 0;
}
