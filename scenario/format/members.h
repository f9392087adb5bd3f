/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Documents against tables of their members.
 */
#ifndef SCENARIO_MEMBERS_H
#define SCENARIO_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* Where a value stands: in an object by key, in a list (key NULL) by index. up NULL: the whole. */
struct place {
    const struct place *up;
    const char *key;
    size_t index;
};

struct reading {
    const char *file, *text; /* text NULL: lines are not known */
    size_t mistakes;
    json_t *targets, *known_targets;   /* names that are there now, and that ever were */
    json_t *services, *known_services; /* NULL: a model has them, and any name may be one */
    json_t *saved;                     /* "TARGET LABEL" */
};

struct member;
typedef void member_check(struct reading *reading, const struct place *place, const json_t *value,
                          const struct member *member);

struct member {
    const char *name;
    member_check *check;
    bool required;
    const char *const *words;     /* of check_word and check_word_or_name: NULL-terminated */
    const struct member *members; /* of check_members and check_list_of: ends with a name that is NULL */
};

void mistake(struct reading *reading, const struct place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* There is no such target, member, ...: a mistake, told with the nearest that there is. */
struct nearest;
void no_such(struct reading *reading, const struct place *place, const char *what, const char *name,
             const struct nearest *nearest);
void no_such_name(struct reading *reading, const struct place *place, const char *what, const char *name,
                  const json_t *names);

/* Whether it is an object that has all that is required and nothing that is unknown. Each member is checked.
 */
void check_object(struct reading *reading, const struct place *place, const json_t *value,
                  const struct member *members);

/* Each name of an object by its value. */
void check_named(struct reading *reading, const struct place *place, const json_t *value,
                 const struct member *member, member_check *check);

/* Each part of a list by one check. */
void check_list(struct reading *reading, const struct place *place, const json_t *value,
                const struct member *member, member_check *check);

member_check check_anything, check_boolean, check_text, check_texts, check_word, check_file_name;
member_check check_integer, check_count, check_count_or_none, check_members, check_list_of;

/* The name of a target that is there now, or (known) that ever was; of a service. */
member_check check_target, check_targets, check_known_target, check_known_targets, check_service,
    check_services;

#endif
