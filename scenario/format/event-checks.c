/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/format/event-checks.h"

#include <string.h>

#include "host/settings/stage-names.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"

void check_new_target(struct reading *reading, const struct place *place, const json_t *value,
                      const struct member *member)
{
    const char *name = json_string_value(value);
    check_text(reading, place, value, member);
    if (name && json_object_get(reading->targets, name))
        mistake(reading, place, "there is a target %s already", name);
}

void check_resources(struct reading *reading, const struct place *place, const json_t *value,
                     const struct member *member)
{
    check_named(reading, place, value, member, check_count_or_none);
}

void check_properties(struct reading *reading, const struct place *place, const json_t *value,
                      const struct member *member)
{
    check_named(reading, place, value, member, check_text);
}

const struct member members_of_target[] = { { .name = "key", .check = check_text },
                                            { .name = "properties", .check = check_properties },
                                            { .name = "resources", .check = check_resources },
                                            { .name = NULL } };

static const char *const natures[] = { "files", "database", "dump", "process", NULL };

const struct member members_of_service[] = { { .name = "type", .check = check_text },
                                             { .name = "container", .check = check_text },
                                             { .name = "version", .check = check_text },
                                             { .name = "state", .check = check_boolean },
                                             { .name = "nature", .check = check_word, .words = natures },
                                             { .name = "dependsOn", .check = check_services },
                                             { .name = "connectsTo", .check = check_services },
                                             { .name = "provides", .check = check_text },
                                             { .name = "resources", .check = check_resources },
                                             { .name = NULL } };

static const struct member members_of_policy[] = {
    { .name = "on", .check = check_texts }, /* also targets that are not there yet */
    { .name = "copies", .check = check_count },
    { .name = "stay", .check = check_boolean },
    { .name = NULL }
};

static const char *const phases[] = { "distributing", "locking", "deactivating",
                                      "activating",   "undoing", "snapshotting",
                                      "restoring",    "setting", "coordinator",
                                      "releasing",    NULL };
/* What is a program, which can end. */
const char *const ending_phases[] = { "distributing", "deactivating", "activating",
                                      "undoing",      "snapshotting", "restoring",
                                      "setting",      "coordinator",  NULL };
const char *const operations_of_client[] = { "--query-requisites",
                                             "--query-installed",
                                             "--print-invalid",
                                             "--export",
                                             "--import",
                                             "--realise",
                                             "--set",
                                             "--lock",
                                             "--unlock",
                                             "--activate",
                                             "--deactivate",
                                             "--snapshot",
                                             "--restore",
                                             "--delete-state",
                                             "--query-all-snapshots",
                                             "--query-latest-snapshot",
                                             "--print-missing-snapshots",
                                             "--resolve-snapshots",
                                             "--export-snapshots",
                                             "--import-snapshots",
                                             "--clean-snapshots",
                                             "--capture-config",
                                             "--collect-garbage",
                                             NULL };
const char *const fates[] = { "fails", "hangs", "empties", "lies", "lingers", "misses", "breaks", NULL };
const char *const *const fates_of_operations = fates + 3;

bool operation_needs_room(const char *operation)
{
    static const char *const operations[] = { "--import", "--snapshot", "--restore", "--import-snapshots" };
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (strcmp(operations[i], operation) == 0)
            return true;
    return false;
}

void check_at(struct reading *reading, const struct place *place, const json_t *value,
              const struct member *member)
{
    static const struct member members[] = {
        { .name = "stage", .check = check_word, .words = stage_names },
        { .name = "phase", .check = check_word, .words = phases },
        { .name = "call", .check = check_word, .words = operations_of_client },
        { .name = "target", .check = check_known_target },
        { .name = "number", .check = check_count },
        { .name = NULL }
    };
    (void)member;
    check_object(reading, place, value, members);
    bool call = json_object_get(value, "call");
    if (!!json_object_get(value, "stage") + !!json_object_get(value, "phase") + call != 1)
        mistake(reading, place, "this must be a stage, a phase or a call");
    if (!call && (json_object_get(value, "target") || json_object_get(value, "number")))
        mistake(reading, place, "target and number are of a call");
}

void check_disk(struct reading *reading, const struct place *place, const json_t *value,
                const struct member *member)
{
    const char *label = json_string_value(json_object_get(value, "saved"));
    (void)member;
    if (!json_is_object(value)) {
        check_word(reading, place, value, &(struct member){ WORDS("kept", "lost") });
        return;
    }
    check_object(reading, place, value,
                 (const struct member[]){ { .name = "saved", .check = check_text, .required = true },
                                          { .name = NULL } });
    if (label && !json_object_get(reading->saved, label))
        mistake(reading, place, "no disk was saved as %s", label);
}

/* Anything, also what no name may have. */
void check_said(struct reading *reading, const struct place *place, const json_t *value,
                const struct member *member)
{
    (void)member;
    if (!json_is_string(value))
        mistake(reading, place, "this must be a text");
}

void check_probability(struct reading *reading, const struct place *place, const json_t *value,
                       const struct member *member)
{
    (void)member;
    if (!json_is_number(value) || json_number_value(value) <= 0 || json_number_value(value) > 1)
        mistake(reading, place, "this must be a number above 0, at most 1");
}

static void check_changed_service(struct reading *reading, const struct place *place, const json_t *value,
                                  const struct member *member)
{
    (void)member;
    if (!json_is_null(value))
        check_object(reading, place, value, members_of_service);
    else if (reading->services && !json_object_get(reading->services, place->key))
        no_such_name(reading, place, "service", place->key, reading->services);
}

void check_upgrade(struct reading *reading, const struct place *place, const json_t *value,
                   const struct member *member)
{
    const char *name;
    json_t *part;
    json_object_foreach((json_t *)value, name, part) {
        if (reading->services && !json_is_null(part)) {
            json_object_set(reading->services, name, part);
            json_object_set(reading->known_services, name, part);
        }
    }
    check_named(reading, place, value, member, check_changed_service);
    json_object_foreach((json_t *)value, name, part)
        if (reading->services && json_is_null(part))
            json_object_del(reading->services, name);
}

static void check_one_policy(struct reading *reading, const struct place *place, const json_t *value,
                             const struct member *member)
{
    (void)member;
    if (reading->services && !json_object_get(reading->services, place->key))
        no_such_name(reading, place, "service", place->key, reading->services);
    check_object(reading, place, value, members_of_policy);
}

void check_policy(struct reading *reading, const struct place *place, const json_t *value,
                  const struct member *member)
{
    check_named(reading, place, value, member, check_one_policy);
}
