/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The members of events and expectations.
 */
#include "scenario/format/events.h"

#include <string.h>

#include "host/settings/stage-names.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"

#define WORDS(...) .words = (const char *const[]){ __VA_ARGS__, NULL }

#define EVENT_MEMBERS { .name = "event", .check = check_anything }, { .name = "at", .check = check_at }

static void check_new_target(struct reading *reading, const struct place *place, const json_t *value,
                             const struct member *member)
{
    const char *name = json_string_value(value);
    check_text(reading, place, value, member);
    if (name && json_object_get(reading->targets, name))
        mistake(reading, place, "there is a target %s already", name);
}

static void check_resources(struct reading *reading, const struct place *place, const json_t *value,
                            const struct member *member)
{
    check_named(reading, place, value, member, check_count_or_none);
}

static void check_properties(struct reading *reading, const struct place *place, const json_t *value,
                             const struct member *member)
{
    check_named(reading, place, value, member, check_text);
}

const struct member members_of_target[] = {
    { .name = "key", .check = check_text },
    { .name = "properties", .check = check_properties },
    { .name = "resources", .check = check_resources },
    { .name = NULL }
};

static const char *const natures[] = { "files", "database", "dump", "process", NULL };

const struct member members_of_service[] = {
    { .name = "type", .check = check_text },
    { .name = "container", .check = check_text },
    { .name = "version", .check = check_text },
    { .name = "state", .check = check_boolean },
    { .name = "nature", .check = check_word, .words = natures },
    { .name = "dependsOn", .check = check_services },
    { .name = "connectsTo", .check = check_services },
    { .name = "provides", .check = check_text },
    { .name = "resources", .check = check_resources },
    { .name = NULL }
};

const struct member members_of_policy[] = {
    { .name = "on", .check = check_texts }, /* also targets that are not there yet */
    { .name = "copies", .check = check_count },
    { .name = "stay", .check = check_boolean },
    { .name = NULL }
};

static const char *const phases[] = {
    "distributing", "locking", "deactivating", "activating", "undoing", "snapshotting", "restoring", "setting",
    "coordinator", "releasing", NULL
};
/* What is a program, which can end. */
static const char *const ending_phases[] = {
    "distributing", "deactivating", "activating", "undoing", "snapshotting", "restoring", "setting", "coordinator", NULL
};
static const char *const operations_of_client[] = {
    "--query-requisites", "--query-installed", "--print-invalid", "--export", "--import", "--realise",
    "--set", "--lock", "--unlock", "--activate", "--deactivate", "--snapshot", "--restore", "--delete-state",
    "--query-all-snapshots", "--query-latest-snapshot", "--print-missing-snapshots", "--resolve-snapshots",
    "--export-snapshots", "--import-snapshots", "--clean-snapshots", "--capture-config", "--collect-garbage",
    NULL
};
static const char *const fates[] = { "fails", "hangs", "lies", "empties", NULL };

static void check_at(struct reading *reading, const struct place *place, const json_t *value,
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

static void check_disk(struct reading *reading, const struct place *place, const json_t *value,
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
static void check_said(struct reading *reading, const struct place *place, const json_t *value,
                       const struct member *member)
{
    (void)member;
    if (!json_is_string(value))
        mistake(reading, place, "this must be a text");
}

static void check_probability(struct reading *reading, const struct place *place, const json_t *value,
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
        mistake(reading, place, "there is no service %s", place->key);
}

static void check_upgrade(struct reading *reading, const struct place *place, const json_t *value,
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

static void check_changed_policy(struct reading *reading, const struct place *place, const json_t *value,
                                 const struct member *member)
{
    (void)member;
    if (reading->services && !json_object_get(reading->services, place->key))
        mistake(reading, place, "there is no service %s", place->key);
    check_object(reading, place, value, members_of_policy);
}

static void check_policy(struct reading *reading, const struct place *place, const json_t *value,
                         const struct member *member)
{
    check_named(reading, place, value, member, check_changed_policy);
}

static const struct {
    const char *name;
    const struct member *members;
} events[] = {
#define EVENT(event, ...) { event, (const struct member[]){ EVENT_MEMBERS, ##__VA_ARGS__, { .name = NULL } } }
#define TARGET { .name = "target", .check = check_target, .required = true }
    EVENT("crash", TARGET),
    EVENT("reappear", TARGET, { .name = "disk", .check = check_disk }),
    EVENT("save", TARGET, { .name = "label", .check = check_text, .required = true }),
    EVENT("add", { .name = "target", .check = check_new_target, .required = true },
          { .name = "key", .check = check_text }, { .name = "properties", .check = check_properties },
          { .name = "resources", .check = check_resources }),
    EVENT("remove", TARGET),
    EVENT("change", TARGET, { .name = "property", .check = check_text, .required = true },
          { .name = "value", .check = check_text, .required = true }),
    EVENT("rename", TARGET, { .name = "to", .check = check_new_target, .required = true }),
    EVENT("partition", { .name = "targets", .check = check_targets, .required = true }),
    EVENT("join", { .name = "targets", .check = check_targets, .required = true }),
    EVENT("slow", TARGET, { .name = "milliseconds", .check = check_count_or_none, .required = true }),
    EVENT("hang", TARGET),
    EVENT("resume", TARGET),
    EVENT("lose-coordinator",
          { .name = "what", .check = check_word, WORDS("manifest", "store", "state", "snapshots", "all") }),
    EVENT("corrupt", TARGET,
          { .name = "how",
            .check = check_word,
            .required = true,
            WORDS("garbage", "half", "empty", "stranger") }),
    EVENT("say", TARGET, { .name = "operation", .check = check_word, .words = operations_of_client },
          { .name = "text", .check = check_said, .required = true }, { .name = "repeat", .check = check_count }),
    EVENT("generator",
          { .name = "prints",
            .check = check_word,
            .required = true,
            WORDS("half", "nothing", "empty", "garbage", "fails", "hangs") },
          { .name = "times", .check = check_count }),
    EVENT("fail", { .name = "operation", .check = check_word, .words = operations_of_client },
          { .name = "target", .check = check_target },
          { .name = "stage", .check = check_word, .words = stage_names },
          { .name = "program", .check = check_text }, { .name = "times", .check = check_count },
          { .name = "probability", .check = check_probability },
          { .name = "how", .check = check_word, .words = fates }),
    EVENT("foreign-deploy", { .name = "services", .check = check_upgrade },
          { .name = "distribution", .check = check_policy }),
    EVENT("end", { .name = "phase", .check = check_word, .required = true, .words = ending_phases },
          { .name = "status", .check = check_count_or_none },
          { .name = "signal", .check = check_word, WORDS("KILL", "SEGV", "TERM", "INT") }),
    EVENT("upgrade", { .name = "services", .check = check_upgrade, .required = true },
          { .name = "distribution", .check = check_policy }),
    EVENT("write", { .name = "service", .check = check_service, .required = true },
          { .name = "text", .check = check_text, .required = true },
          { .name = "target", .check = check_target }, { .name = "snapshot", .check = check_boolean }),
    EVENT("client", { .name = "service", .check = check_service, .required = true },
          { .name = "target", .check = check_target }, { .name = "times", .check = check_count }),
    EVENT("kill-host", { .name = "spares", .check = check_word, WORDS("engine") }),
    EVENT("keep-copy", TARGET, { .name = "component", .check = check_text }),
    EVENT("discard-copy", TARGET, { .name = "component", .check = check_text }),
    EVENT("restore", TARGET, { .name = "service", .check = check_service, .required = true }),
    EVENT("pause"),
    EVENT("continue"),
    EVENT("trigger"),
    EVENT("collect-garbage", { .name = "target", .check = check_target }, { .name = "old", .check = check_boolean }),
    EVENT("full-disk"),
    EVENT("free-disk"),
    EVENT("damage-state", { .name = "how", .check = check_word, WORDS("half", "newer", "unreadable") }),
    EVENT("mend-state"),
    EVENT("close-profiles"),
    EVENT("open-profiles"),
    EVENT("distrust"),
    EVENT("trust"),
    EVENT("clock", { .name = "seconds", .check = check_integer, .required = true }),
    EVENT("replay", { .name = "input", .check = check_file_name, .required = true }),
    EVENT("wait", { .name = "seconds", .check = check_count, .required = true }),
};

/* Which names there are after it. */
static void take_names(struct reading *reading, const char *event, const json_t *value)
{
    const char *target = json_string_value(json_object_get(value, "target"));
    const char *to = json_string_value(json_object_get(value, "to"));
    const char *label = json_string_value(json_object_get(value, "label"));
    const char *new = strcmp(event, "add") == 0 ? target : strcmp(event, "rename") == 0 ? to : NULL;
    if (new) {
        json_object_set_new(reading->targets, new, json_object());
        json_object_set_new(reading->known_targets, new, json_object());
    }
    if (target && (strcmp(event, "remove") == 0 || strcmp(event, "rename") == 0))
        json_object_del(reading->targets, target);
    if (label && strcmp(event, "save") == 0)
        json_object_set_new(reading->saved, label, json_true());
}

static bool is_text(const json_t *object, const char *member, const char *text)
{
    const char *own = json_string_value(json_object_get(object, member));
    return own && strcmp(own, text) == 0;
}

static void check_combination(struct reading *reading, const struct place *place, const char *event,
                              const json_t *value)
{
    if (strcmp(event, "fail") == 0
        && !!json_object_get(value, "operation") + !!json_object_get(value, "stage")
                   + !!json_object_get(value, "program")
               != 1)
        mistake(reading, place, "what fails must be an operation, a stage or a program");
    if (strcmp(event, "fail") == 0 && json_object_get(value, "target")
        && !json_object_get(value, "operation"))
        mistake(reading, place, "a target is of an operation");
    if (is_text(value, "how", "lies") && !json_object_get(value, "operation"))
        mistake(reading, place, "only an operation lies");
    if (is_text(value, "how", "empties") && !is_text(value, "operation", "--snapshot"))
        mistake(reading, place, "only a snapshot may be empty");
    if (json_object_get(value, "old") && !json_object_get(value, "target"))
        mistake(reading, place, "old generations are of a target");
    if (strcmp(event, "end") == 0 && !json_object_get(value, "status") == !json_object_get(value, "signal"))
        mistake(reading, place, "it ends with a status or by a signal");
}

void check_event(struct reading *reading, const struct place *place, const json_t *value)
{
    const char *event = json_string_value(json_object_get(value, "event"));
    if (!event) {
        mistake(reading, place, "there is no member event");
        return;
    }
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (strcmp(events[i].name, event) != 0)
            continue;
        check_object(reading, place, value, events[i].members);
        check_combination(reading, place, event, value);
        take_names(reading, event, value);
        return;
    }
    mistake(reading, &(struct place){ place, "event", 0 }, "there is no event %s", event);
}

/* What must hold. */

static void check_lines(struct reading *reading, const struct place *place, const json_t *value,
                        const struct member *member)
{
    if (reading->known_services && !json_object_get(reading->known_services, place->key))
        mistake(reading, place, "there is no service %s", place->key);
    check_texts(reading, place, value, member);
}

static void check_homes(struct reading *reading, const struct place *place, const json_t *value,
                        const struct member *member)
{
    if (reading->known_services && !json_object_get(reading->known_services, place->key))
        mistake(reading, place, "there is no service %s", place->key);
    check_known_targets(reading, place, value, member);
}

static void check_answers(struct reading *reading, const struct place *place, const json_t *value,
                          const struct member *member)
{
    check_named(reading, place, value, member, check_homes);
}

static void check_state(struct reading *reading, const struct place *place, const json_t *value,
                        const struct member *member)
{
    check_named(reading, place, value, member, check_lines);
}

static void check_range(struct reading *reading, const struct place *place, const json_t *value,
                        const struct member *member)
{
    static const struct member range[] = { { .name = "least", .check = check_count_or_none },
                                           { .name = "most", .check = check_count_or_none },
                                           { .name = NULL } };
    if (json_is_object(value))
        check_object(reading, place, value, range);
    else
        check_count_or_none(reading, place, value, member);
}

static const struct member members_of_entry[] = {
    { .name = "target", .check = check_known_target },
    { .name = "home", .check = check_known_target },
    { .name = "component", .check = check_text },
    { .name = "container", .check = check_text },
    { .name = "reason", .check = check_text },
    { .name = "live", .check = check_boolean },
    { .name = NULL }
};

static const struct member members_of_report[] = {
    { .name = "stage", .check = check_word, .required = true, .words = stage_names },
    { .name = "path", .check = check_text, .required = true },
    { .name = "is", .check = check_anything, .required = true },
    { .name = NULL }
};

static const struct member members_of_expectation[] = {
    { .name = "answers", .check = check_answers },
    { .name = "state", .check = check_state },
    { .name = "cycles", .check = check_range },
    { .name = "failed", .check = check_range },
    { .name = "held", .check = check_known_targets },
    { .name = "silent", .check = check_known_targets },
    { .name = "paused", .check = check_boolean },
    { .name = "rescued", .check = check_list_of, .members = members_of_entry },
    { .name = "superseded", .check = check_list_of, .members = members_of_entry },
    { .name = "regressed", .check = check_list_of, .members = members_of_entry },
    { .name = "activated", .check = check_list_of, .members = members_of_entry },
    { .name = "disputed", .check = check_list_of, .members = members_of_entry },
    { .name = "fenced", .check = check_list_of, .members = members_of_entry },
    { .name = "report", .check = check_list_of, .members = members_of_report },
    { .name = "says", .check = check_texts },
    { .name = "silent-about", .check = check_texts },
    { .name = "manifest", .check = check_boolean },
    { .name = NULL }
};

void check_expectation(struct reading *reading, const struct place *place, const json_t *value)
{
    check_object(reading, place, value, members_of_expectation);
}
