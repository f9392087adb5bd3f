/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/format/members.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/nearest.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"
#include "scenario/format/locate.h"

static char *place_path(const struct place *place)
{
    if (!place || !place->up)
        return strdup("");
    CLEANUP_FREE char *above = place_path(place->up);
    return place->key ? string_format("%s/%s", above, place->key)
                      : string_format("%s/%zu", above, place->index);
}

void mistake(struct reading *reading, const struct place *place, const char *format, ...)
{
    CLEANUP_FREE char *path = place_path(place), *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    reading->mistakes++;
    const struct spot spot = reading->text ? scenario_locate(reading->text, path) : (struct spot){ 0 };
    CLEANUP_FREE char *where = spot.line > 0 ? string_format(":%zu:%zu", spot.line, spot.column) : strdup("");
    log_error(NULL, "%s%s: %s: %s", reading->file, where, *path ? path : "/", text);
}

void no_such(struct reading *reading, const struct place *place, const char *what, const char *name,
             const struct nearest *nearest)
{
    CLEANUP_FREE char *question = nearest_question(nearest);
    mistake(reading, place, "there is no %s %s%s", what, name, question ? question : "");
}

void no_such_name(struct reading *reading, const struct place *place, const char *what, const char *name,
                  const json_t *names)
{
    struct nearest nearest = { .word = name };
    nearest_try_names(&nearest, names);
    no_such(reading, place, what, name, &nearest);
}

static void no_such_member(struct reading *reading, const struct place *place, const struct member *members)
{
    struct nearest nearest = { .word = place->key };
    for (; members->name; members++)
        nearest_try(&nearest, members->name);
    no_such(reading, place, "member", place->key, &nearest);
}

static const struct member *find_member(const struct member *members, const char *name)
{
    for (; members->name; members++)
        if (strcmp(members->name, name) == 0)
            return members;
    return NULL;
}

void check_object(struct reading *reading, const struct place *place, const json_t *value,
                  const struct member *members)
{
    const char *name;
    json_t *part;
    if (!json_is_object(value)) {
        mistake(reading, place, "this must be an object");
        return;
    }
    for (const struct member *member = members; member->name; member++)
        if (member->required && !json_object_get(value, member->name))
            mistake(reading, place, "there is no member %s", member->name);
    json_object_foreach((json_t *)value, name, part) {
        const struct place here = { place, name, 0 };
        const struct member *member = find_member(members, name);
        if (member)
            member->check(reading, &here, part, member);
        else
            no_such_member(reading, &here, members);
    }
}

void check_named(struct reading *reading, const struct place *place, const json_t *value,
                 const struct member *member, member_check *check)
{
    const char *name;
    json_t *part;
    if (!json_is_object(value)) {
        mistake(reading, place, "this must be an object");
        return;
    }
    json_object_foreach((json_t *)value, name, part) {
        const struct place here = { place, name, 0 };
        check(reading, &here, part, member);
    }
}

void check_list(struct reading *reading, const struct place *place, const json_t *value,
                const struct member *member, member_check *check)
{
    size_t index;
    json_t *part;
    if (!json_is_array(value)) {
        mistake(reading, place, "this must be a list");
        return;
    }
    json_array_foreach((json_t *)value, index, part) {
        const struct place here = { place, NULL, index };
        check(reading, &here, part, member);
    }
}

void check_anything(struct reading *reading, const struct place *place, const json_t *value,
                    const struct member *member)
{
    (void)reading, (void)place, (void)value, (void)member;
}

void check_boolean(struct reading *reading, const struct place *place, const json_t *value,
                   const struct member *member)
{
    (void)member;
    if (!json_is_boolean(value))
        mistake(reading, place, "this must be true or false");
}

void check_text(struct reading *reading, const struct place *place, const json_t *value,
                const struct member *member)
{
    (void)member;
    if (!json_is_string(value) || !is_plain_name(json_string_value(value)))
        mistake(reading, place, "this must be a text of one line");
}

void check_texts(struct reading *reading, const struct place *place, const json_t *value,
                 const struct member *member)
{
    check_list(reading, place, value, member, check_text);
}

void check_file_name(struct reading *reading, const struct place *place, const json_t *value,
                     const struct member *member)
{
    const char *name = json_string_value(value);
    (void)member;
    if (!name || !is_plain_name(name) || strchr(name, '/') || *name == '.' || *name == '-')
        mistake(reading, place, "this must be the name of something in the scenario's directory");
}

static bool is_word(const char *const *words, const char *word)
{
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

void check_word(struct reading *reading, const struct place *place, const json_t *value,
                const struct member *member)
{
    const char *word = json_string_value(value);
    CLEANUP_FREE char *all = strdup(member->words[0]);
    for (size_t i = 1; member->words[i]; i++) {
        char *longer = string_format("%s, %s", all, member->words[i]);
        free(all);
        all = longer;
    }
    struct nearest nearest = { .word = word };
    for (size_t i = 0; word && member->words[i]; i++)
        nearest_try(&nearest, member->words[i]);
    CLEANUP_FREE char *question = nearest_question(&nearest);
    if (!word || !is_word(member->words, word))
        mistake(reading, place, "this must be one of: %s%s", all, question ? question : "");
}

void check_integer(struct reading *reading, const struct place *place, const json_t *value,
                   const struct member *member)
{
    (void)member;
    if (!json_is_integer(value))
        mistake(reading, place, "this must be an integer");
}

void check_count(struct reading *reading, const struct place *place, const json_t *value,
                 const struct member *member)
{
    (void)member;
    if (!json_is_integer(value) || json_integer_value(value) < 1 || json_integer_value(value) > 1000000)
        mistake(reading, place, "this must be an integer from 1 to 1000000");
}

void check_count_or_none(struct reading *reading, const struct place *place, const json_t *value,
                         const struct member *member)
{
    (void)member;
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > 1000000)
        mistake(reading, place, "this must be an integer from 0 to 1000000");
}

void check_members(struct reading *reading, const struct place *place, const json_t *value,
                   const struct member *member)
{
    check_object(reading, place, value, member->members);
}

void check_list_of(struct reading *reading, const struct place *place, const json_t *value,
                   const struct member *member)
{
    check_list(reading, place, value, member, check_members);
}

static void check_name(struct reading *reading, const struct place *place, const json_t *value,
                       const json_t *names, const char *what)
{
    const char *name = json_string_value(value);
    if (!name)
        mistake(reading, place, "this must be the name of a %s", what);
    else if (names && !json_object_get(names, name))
        no_such_name(reading, place, what, name, names);
}

void check_target(struct reading *reading, const struct place *place, const json_t *value,
                  const struct member *member)
{
    (void)member;
    check_name(reading, place, value, reading->targets, "target");
}

void check_targets(struct reading *reading, const struct place *place, const json_t *value,
                   const struct member *member)
{
    check_list(reading, place, value, member, check_target);
}

void check_known_target(struct reading *reading, const struct place *place, const json_t *value,
                        const struct member *member)
{
    (void)member;
    check_name(reading, place, value, reading->known_targets, "target");
}

void check_known_targets(struct reading *reading, const struct place *place, const json_t *value,
                         const struct member *member)
{
    check_list(reading, place, value, member, check_known_target);
}

void check_service(struct reading *reading, const struct place *place, const json_t *value,
                   const struct member *member)
{
    (void)member;
    check_name(reading, place, value, reading->services, "service");
}

void check_services(struct reading *reading, const struct place *place, const json_t *value,
                    const struct member *member)
{
    check_list(reading, place, value, member, check_service);
}
