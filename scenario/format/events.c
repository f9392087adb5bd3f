/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/format/events.h"

#include <string.h>

#include "host/settings/stage-names.h"
#include "lib/base/cleanup.h"
#include "lib/base/nearest.h"
#include "lib/base/strings.h"
#include "scenario/format/event-checks.h"
#include "scenario/format/event-kinds.h"

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
    for (size_t i = 0; fates_of_operations[i]; i++)
        if (is_text(value, "how", fates_of_operations[i]) && !json_object_get(value, "operation"))
            mistake(reading, place, "only an operation %s", fates_of_operations[i]);
    if (is_text(value, "how", "empties") && !is_text(value, "operation", "--snapshot"))
        mistake(reading, place, "only a snapshot may be empty");
    if (json_object_get(value, "old") && !json_object_get(value, "target"))
        mistake(reading, place, "old generations are of a target");
    if (strcmp(event, "end") == 0 && !json_object_get(value, "status") == !json_object_get(value, "signal"))
        mistake(reading, place, "it ends with a status or by a signal");
}

static void no_such_event(struct reading *reading, const struct place *place, const char *event)
{
    struct nearest nearest = { .word = event };
    for (size_t i = 0; i < EVENT_COUNT; i++)
        nearest_try(&nearest, event_name(i));
    no_such(reading, &(struct place){ place, "event", 0 }, "event", event, &nearest);
}

void check_event(struct reading *reading, const struct place *place, const json_t *value)
{
    const char *event = json_string_value(json_object_get(value, "event"));
    if (!event) {
        mistake(reading, place, "there is no member event");
        return;
    }
    size_t number = event_number(event);
    if (number == EVENT_COUNT) {
        no_such_event(reading, place, event);
        return;
    }
    check_object(reading, place, value, event_kinds[number].members);
    check_combination(reading, place, event, value);
    take_names(reading, event, value);
}

/* What must hold. */

static void check_lines(struct reading *reading, const struct place *place, const json_t *value,
                        const struct member *member)
{
    if (reading->known_services && !json_object_get(reading->known_services, place->key))
        no_such_name(reading, place, "service", place->key, reading->known_services);
    check_texts(reading, place, value, member);
}

static void check_homes(struct reading *reading, const struct place *place, const json_t *value,
                        const struct member *member)
{
    if (reading->known_services && !json_object_get(reading->known_services, place->key))
        no_such_name(reading, place, "service", place->key, reading->known_services);
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

static const struct member members_of_entry[] = { { .name = "target", .check = check_known_target },
                                                  { .name = "home", .check = check_known_target },
                                                  { .name = "component", .check = check_text },
                                                  { .name = "container", .check = check_text },
                                                  { .name = "reason", .check = check_text },
                                                  { .name = "live", .check = check_boolean },
                                                  { .name = NULL } };

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
