/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/format/event-checks.h"
#include "scenario/format/events.h"

#include <string.h>

#include "lib/model/paths.h"
#include "scenario/format/file.h"
#include "scenario/format/members.h"

static void check_version(struct reading *reading, const struct place *place, const json_t *value,
                          const struct member *member)
{
    (void)member;
    if (json_integer_value(value) != 1)
        mistake(reading, place, "this program knows version 1");
}

/* Names become arguments and files. */
static void check_own_name(struct reading *reading, const struct place *place, const char *what)
{
    if (!is_connection_key(place->key) || strpbrk(place->key, "/:\"\\") || *place->key == '.')
        mistake(reading, place, "this cannot be the name of a %s", what);
}

static void check_one_target(struct reading *reading, const struct place *place, const json_t *value,
                             const struct member *member)
{
    (void)member;
    check_own_name(reading, place, "target");
    check_object(reading, place, value, members_of_target);
}

static void check_one_service(struct reading *reading, const struct place *place, const json_t *value,
                              const struct member *member)
{
    (void)member;
    check_own_name(reading, place, "service");
    check_object(reading, place, value, members_of_service);
}

static void check_all_targets(struct reading *reading, const struct place *place, const json_t *value,
                              const struct member *member)
{
    check_named(reading, place, value, member, check_one_target);
}

static void check_all_services(struct reading *reading, const struct place *place, const json_t *value,
                               const struct member *member)
{
    check_named(reading, place, value, member, check_one_service);
}

static void check_moment(struct reading *reading, const struct place *place, const json_t *value,
                         const struct member *member)
{
    static const struct member expecting[] = { { .name = "expect", .check = check_anything },
                                               { .name = NULL } };
    size_t index;
    json_t *part;
    (void)member;
    if (json_is_array(value)) {
        json_array_foreach((json_t *)value, index, part)
            check_event(reading, &(struct place){ place, NULL, index }, part);
        return;
    }
    if (!json_object_get(value, "expect")) {
        check_event(reading, place, value);
        return;
    }
    check_object(reading, place, value, expecting);
    check_expectation(reading, &(struct place){ place, "expect", 0 }, json_object_get(value, "expect"));
}

/* Moments in their order: each may change which names there are. */
static void check_timeline(struct reading *reading, const struct place *place, const json_t *value,
                           const struct member *member)
{
    check_list(reading, place, value, member, check_moment);
}

/* A program that places services, and its arguments. */
static void check_placement(struct reading *reading, const struct place *place, const json_t *value,
                            const struct member *member)
{
    if (json_is_array(value) && json_array_size(value) == 0)
        mistake(reading, place, "there is no program");
    check_texts(reading, place, value, member);
}

static const struct member members_of_models[] = {
    { .name = "services", .check = check_file_name, .required = true },
    { .name = "distribution", .check = check_file_name, .required = true },
    { .name = NULL }
};

static const char *const one_network[] = { "simulation", "lab", NULL };

/* The timeline before what must hold in the end, which may speak of all names: not checked in the file's
 * order. */
static const struct member members_of_scenario[] = {
    { .name = "version", .check = check_version, .required = true },
    { .name = "description", .check = check_text, .required = true },
    { .name = "seed", .check = check_integer },
    { .name = "only", .check = check_word, .words = one_network },
    { .name = "because", .check = check_text },
    { .name = "discovery", .check = check_boolean },
    { .name = "options", .check = check_texts },
    { .name = "snapshot", .check = check_boolean },
    { .name = "targets", .check = check_all_targets, .required = true },
    { .name = "services", .check = check_all_services },
    { .name = "distribution", .check = check_policy },
    { .name = "placement", .check = check_placement },
    { .name = "models", .check = check_members, .members = members_of_models },
    { .name = "timeline", .check = check_anything, .required = true },
    { .name = "expect", .check = check_anything },
    { .name = NULL }
};

static void check_whole(struct reading *reading, const json_t *document)
{
    const struct place whole = { 0 };
    const json_t *timeline = json_object_get(document, "timeline"),
                 *expect = json_object_get(document, "expect");
    bool models = json_object_get(document, "models");
    check_object(reading, &whole, document, members_of_scenario);
    if (!json_object_get(document, "only") != !json_object_get(document, "because"))
        mistake(reading, &whole, "only and because come together");
    if (models && (json_object_get(document, "services") || json_object_get(document, "distribution")))
        mistake(reading, &(struct place){ &whole, "models", 0 }, "there are services or a distribution too");
    if (models && json_object_get(document, "placement"))
        mistake(reading, &(struct place){ &whole, "placement", 0 }, "the models have a distribution");
    if (!models && !json_object_get(document, "services"))
        mistake(reading, &whole, "there are neither services nor models");
    if (reading->mistakes == 0 && timeline)
        check_timeline(reading, &(struct place){ &whole, "timeline", 0 }, timeline, NULL);
    if (expect)
        check_expectation(reading, &(struct place){ &whole, "expect", 0 }, expect);
}

size_t scenario_validate(const json_t *document, const char *file, const char *text)
{
    struct reading reading = { .file = file,
                               .text = text,
                               .targets = json_object(),
                               .known_targets = json_object(),
                               .saved = json_object() };
    const json_t *targets = json_object_get(document, "targets"),
                 *services = json_object_get(document, "services");
    if (json_is_object(targets)) {
        json_object_update(reading.targets, (json_t *)targets);
        json_object_update(reading.known_targets, (json_t *)targets);
    }
    if (!json_object_get(document, "models")) {
        reading.services = json_is_object(services) ? json_copy((json_t *)services) : json_object();
        reading.known_services = json_copy(reading.services);
    }
    check_whole(&reading, document);
    json_decref(reading.targets);
    json_decref(reading.known_targets);
    json_decref(reading.services);
    json_decref(reading.known_services);
    json_decref(reading.saved);
    return reading.mistakes;
}
