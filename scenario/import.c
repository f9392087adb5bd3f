/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command import: what is deployed, as a scenario.
 */
#include "lib/base/nearest.h"
#include "scenario/commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/base/tree.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/manifest/previous.h"
#include "lib/world/operations.h"
#include "scenario/format/file.h"
#include "scenario/import/incident.h"
#include "scenario/import/system.h"

struct import {
    const char *directory, *profile, *profiles, *output;
    const char *manifest;       /* a file; NULL: that of the profile */
    const char *journal;        /* NULL: none */
    const char *inputs;         /* what was saved of its cycles; NULL: nothing */
    const char *services, *qos; /* models; NULL: none */
};

/* What happened; NULL after a message. */
static json_t *make_timeline(const struct import *import, json_t *system)
{
    CLEANUP_JSON json_t *documents = import->journal ? import_journal(import->journal) : NULL;
    if (!import->journal)
        return json_array();
    return documents ? import_incident(system, documents, import->inputs) : NULL;
}

/* A model is named where it is, for it may need what is beside it. */
static int add_model(json_t *words, const char *option, const char *file)
{
    CLEANUP_FREE char *path = file ? realpath(file, NULL) : NULL;
    if (file && !path) {
        log_error(NULL, "%s: %s", file, strerror(errno));
        return -1;
    }
    if (path) {
        json_array_append_new(words, json_string(option));
        json_array_append_new(words, json_string(path));
    }
    return 0;
}

/* The program that places services by models of the user: a new reference, JSON null where there are none;
 * NULL after a message. */
static json_t *make_placement(const struct import *import)
{
    if (!import->services && !import->qos)
        return json_null();
    json_t *words = json_pack("[s]", "dydisnix-gendist");
    if (add_model(words, "--services", import->services) == 0 && add_model(words, "--qos", import->qos) == 0)
        return words;
    json_decref(words);
    return NULL;
}

/* Members in the order in which people read them. */
static json_t *make_document(const struct import *import, const char *source, const struct manifest *manifest)
{
    CLEANUP_JSON json_t *system = import_system(manifest);
    CLEANUP_JSON json_t *placement = make_placement(import);
    CLEANUP_JSON json_t *timeline = system && placement ? make_timeline(import, system) : NULL;
    CLEANUP_FREE char *plain = string_utf8(source);
    if (!timeline || !plain)
        return NULL;
    return json_pack(
        "{si ss++ sO* sO sO sO sO* sO sO}", "version", 1, "description", "what is deployed, imported from ",
        plain, "", "snapshot", json_object_get(system, "snapshot"), "targets",
        json_object_get(system, "targets"), "services", json_object_get(system, "services"), "distribution",
        json_object_get(system, "distribution"), "placement", json_is_null(placement) ? NULL : placement,
        "timeline", timeline, "expect", json_object_get(system, "expect"));
}

static int copy_input(const struct import *import, const json_t *event)
{
    const char *name = text_at(event, "input");
    if (strcmp(text_at(event, "event"), "replay") != 0)
        return 0;
    CLEANUP_FREE char *from = string_format("%s/%s", import->inputs, name + strlen(IMPORTED_INPUT));
    CLEANUP_FREE char *to = string_format("%s/%s", import->output, name);
    if (from && to && tree_copy(from, to) == 0)
        return 0;
    log_error(NULL, "%s cannot be copied: %s", from ? from : name, strerror(errno));
    return -1;
}

/* What the timeline replays. */
static int copy_inputs(const struct import *import, const json_t *timeline)
{
    size_t index, inner;
    json_t *moment, *event;
    json_array_foreach((json_t *)timeline, index, moment) {
        if (copy_input(import, moment) != 0)
            return -1;
        json_array_foreach(moment, inner, event)
            if (copy_input(import, event) != 0)
                return -1;
    }
    return 0;
}

static int write_scenario(const struct import *import, const json_t *document)
{
    CLEANUP_FREE char *file = string_format("%s/scenario.json", import->output);
    CLEANUP_FREE char *text = json_dumps(document, JSON_INDENT(2)), *whole = NULL;
    whole = text ? string_format("%s\n", text) : NULL;
    if (!file || !whole)
        return -1;
    if (operations->inspect(file, NULL) != DYDISNIX_ABSENT) {
        log_error(NULL, "%s is there already", file);
        return -1;
    }
    if (scenario_validate(document, file, whole) != 0)
        return -1;
    if (operations->make_directory(import->output, 0777) != 0) {
        log_error(NULL, "%s: %s", import->output, strerror(errno));
        return -1;
    }
    if (copy_inputs(import, json_object_get(document, "timeline")) != 0)
        return -1;
    if (operations->write(file, whole, strlen(whole), 0644) != 0) {
        log_error(NULL, "%s: %s", file, strerror(errno));
        return -1;
    }
    return 0;
}

static int import_all(const struct import *import)
{
    struct strings *strings = strings_new();
    struct previous previous = { 0 };
    int status =
        strings ? previous_read(import->profiles, import->profile, import->manifest, strings, &previous) : -1;
    if (status == 0 && !previous.known) {
        log_error(NULL, "%s: there is no manifest", import->manifest ? import->manifest : previous.profile);
        status = -1;
    }
    if (status == 0) {
        CLEANUP_JSON json_t *document =
            make_document(import, import->manifest ? import->manifest : previous.profile, &previous.manifest);
        status = document ? write_scenario(import, document) : -1;
    }
    if (status == 0)
        log_notice(
            NULL, "%s/scenario.json is written; %s", import->output,
            import->services || import->qos
                ? "dydisnix-gendist tells where services go"
                : "assumed: a service stays where it is, or goes to the first target that has its container");
    previous_clear(&previous);
    strings_free(strings);
    return status == 0 ? 0 : 1;
}

int scenario_import_main(int argc, char **argv)
{
    static const struct option options[] = { { "output", required_argument, NULL, 'o' },
                                             { "profile", required_argument, NULL, 'p' },
                                             { "coordinator-profile-path", required_argument, NULL, 'c' },
                                             { "journal", required_argument, NULL, 'j' },
                                             { "save-input", required_argument, NULL, 'i' },
                                             { "services", required_argument, NULL, 's' },
                                             { "qos", required_argument, NULL, 'q' },
                                             { "help", no_argument, NULL, 'h' },
                                             { NULL, 0, NULL, 0 } };
    struct import import = { .profile = "default", .output = "imported" };
    int option;
    while ((option = option_next(argc, argv, "o:p:s:q:h", options, NULL)) != -1)
        switch (option) {
        case 'o': import.output = optarg; break;
        case 'p': import.profile = optarg; break;
        case 'c': import.profiles = optarg; break;
        case 'j': import.journal = optarg; break;
        case 'i': import.inputs = optarg; break;
        case 's': import.services = optarg; break;
        case 'q': import.qos = optarg; break;
        case 'h': return fputs(scenario_help, stdout) == EOF || fflush(stdout) != 0;
        default: return 2;
        }
    if (argc - optind > 1) {
        fputs("dydisnix-scenario: one manifest at most; try --help\n", stderr);
        return 2;
    }
    if (import.inputs && !import.journal) {
        fputs("dydisnix-scenario: --save-input needs --journal; try --help\n", stderr);
        return 2;
    }
    import.manifest = argv[optind];
    return import_all(&import);
}
