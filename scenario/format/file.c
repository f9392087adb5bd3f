/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/format/file.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

const char *const scenario_golden_files[] = { "story.txt", "manifest.json", "running.json", NULL };

static const size_t scenario_limit = (size_t)16 << 20;

static json_t *read_document(const char *file)
{
    CLEANUP_FREE char *text = NULL;
    size_t length = 0;
    json_error_t error;
    if (operations->read(file, scenario_limit, &text, &length) != 0) {
        log_error(NULL, "%s: %s", file, strerror(errno));
        return NULL;
    }
    json_t *document = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!document)
        log_error(NULL, "%s:%d:%d: %s", file, error.line, error.column, error.text);
    if (document && scenario_validate(document, file, text) != 0) {
        json_decref(document);
        return NULL;
    }
    return document;
}

/* What may stand in the directory. */
struct named {
    const char *directory;
    json_t *names; /* name -> whether it was found */
    size_t mistakes;
};

static void name_file(const struct named *named, const json_t *name)
{
    if (json_is_string(name))
        json_object_set_new(named->names, json_string_value(name), json_false());
}

/* Words of the placement may be files of the directory, or not. */
static void name_words(const struct named *named, const json_t *words)
{
    size_t index;
    json_t *word;
    json_array_foreach((json_t *)words, index, word) {
        const char *text = json_string_value(word);
        json_object_set_new(named->names, strncmp(text, "./", 2) == 0 ? text + 2 : text, json_true());
    }
}

static void name_files(const struct named *named, const json_t *document)
{
    const json_t *models = json_object_get(document, "models");
    size_t index, inner;
    json_t *moment, *event;
    name_words(named, json_object_get(document, "placement"));
    json_object_set_new(named->names, "scenario.json", json_false());
    for (size_t i = 0; scenario_golden_files[i]; i++)
        json_object_set_new(named->names, scenario_golden_files[i], json_false());
    name_file(named, json_object_get(models, "services"));
    name_file(named, json_object_get(models, "distribution"));
    json_array_foreach(json_object_get(document, "timeline"), index, moment) {
        name_file(named, json_object_get(moment, "input"));
        json_array_foreach(moment, inner, event)
            name_file(named, json_object_get(event, "input"));
    }
}

static int find_file(void *closure, const char *name)
{
    struct named *named = closure;
    if (json_object_get(named->names, name))
        json_object_set_new(named->names, name, json_true());
    else {
        log_error(NULL, "%s/%s: nothing names this file", named->directory, name);
        named->mistakes++;
    }
    return 0;
}

/* Whether it has golden files, or some of them. */
static bool has_golden(const json_t *names)
{
    for (size_t i = 0; scenario_golden_files[i]; i++)
        if (json_is_true(json_object_get(names, scenario_golden_files[i])))
            return true;
    return false;
}

static int check_files(struct scenario *scenario)
{
    CLEANUP_JSON json_t *names = json_object();
    struct named named = { .directory = scenario->directory, .names = names };
    const char *name;
    json_t *found;
    name_files(&named, scenario->document);
    operations->list(scenario->directory, find_file, &named);
    scenario->golden = has_golden(names);
    for (size_t i = 0; !scenario->golden && scenario_golden_files[i]; i++)
        json_object_del(names, scenario_golden_files[i]);
    json_object_foreach(names, name, found) {
        if (json_is_true(found))
            continue;
        log_error(NULL, "%s/%s: there is no such file", scenario->directory, name);
        named.mistakes++;
    }
    return named.mistakes == 0 ? 0 : -1;
}

int scenario_read(const char *directory, bool golden, struct scenario *scenario)
{
    char *absolute = realpath(directory, NULL);
    *scenario = (struct scenario){ 0 };
    if (!absolute) {
        log_error(NULL, "%s: %s", directory, strerror(errno));
        return -1;
    }
    CLEANUP_FREE char *file = string_format("%s/scenario.json", directory);
    *scenario = (struct scenario){ .directory = absolute,
                                   .name = strdup(strrchr(absolute, '/') + 1),
                                   .document = file ? read_document(file) : NULL };
    if (scenario->name && scenario->document && (!golden || check_files(scenario) == 0))
        return 0;
    scenario_clear(scenario);
    return -1;
}

void scenario_clear(struct scenario *scenario)
{
    free(scenario->name);
    free(scenario->directory);
    json_decref(scenario->document);
    *scenario = (struct scenario){ 0 };
}

struct listing {
    const char *path;
    int (*each)(void *closure, const char *directory);
    void *closure;
    size_t count;
};

static bool is_scenario(const char *path)
{
    CLEANUP_FREE char *file = string_format("%s/scenario.json", path);
    return file && operations->inspect(file, NULL) == DYDISNIX_FILE;
}

static int list_below(struct listing *listing);

static int list_one(void *closure, const char *name)
{
    struct listing *above = closure;
    CLEANUP_FREE char *path = string_format("%s/%s", above->path, name);
    struct listing listing = *above;
    if (!path || operations->inspect(path, NULL) != DYDISNIX_DIRECTORY)
        return path ? 0 : -1;
    listing.path = path;
    int status = list_below(&listing);
    above->count = listing.count;
    return status;
}

static int list_below(struct listing *listing)
{
    if (!is_scenario(listing->path))
        return operations->list(listing->path, list_one, listing);
    listing->count++;
    return listing->each(listing->closure, listing->path);
}

int scenario_list(const char *path, int (*each)(void *closure, const char *directory), void *closure)
{
    struct listing listing = { .path = path, .each = each, .closure = closure };
    if (operations->inspect(path, NULL) != DYDISNIX_DIRECTORY) {
        log_error(NULL, "%s: this is no directory", path);
        return -1;
    }
    if (list_below(&listing) != 0)
        return -1;
    if (listing.count == 0)
        log_error(NULL, "%s: there is no scenario.json in it or below", path);
    return listing.count > 0 ? 0 : -1;
}
