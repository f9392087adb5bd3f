/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The infrastructure model: targets with their properties and containers, normalised as Disnix does.
 */
#ifndef INFRASTRUCTURE_H
#define INFRASTRUCTURE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/base/strings.h"
#include "lib/model/value.h"

struct target {
    const char *name;
    struct nix_value properties; /* attribute set */
    struct nix_value containers; /* attribute set of attribute sets */
    const char *system;
    const char *number_of_cores; /* as text; "1" by default */
    const char *client_interface;
    const char *target_property;
};

struct infrastructure {
    struct target *targets; /* sorted bytewise by name, names unique */
    size_t count;
};

/* What a target gets that does not say it itself. */
struct infrastructure_defaults {
    const char *client_interface; /* option, else $DISNIX_CLIENT_INTERFACE, else disnix-ssh-client */
    const char *target_property;  /* option, else $DISNIX_TARGET_PROPERTY, else hostname */
    const char *system;           /* what builtins.currentSystem would be */
};

/* Fills in defaults from environment and build machine where a field is NULL. */
void infrastructure_defaults_complete(struct infrastructure_defaults *defaults);

/* Reads XML with root expr (nix-instantiate) or infrastructure version="2" (disnix-normalize-infra). source
 * is named in the reason. Checks what would be dangerous or wrong to use: names and connection keys (no
 * control characters, no white space, keys not starting with '-'), client interface non-empty and not
 * starting with '-', numOfCores a number that is not 0, the target property there and a string, int or float.
 * 0, or -1 with *reason malloc()ed: one line that names source, target and element. */
int infrastructure_parse(const char *xml, size_t length, const char *source, struct strings *strings,
                         const struct infrastructure_defaults *defaults,
                         struct infrastructure *infrastructure, char **reason);

/* The parts of reading that a manifest has in common: the events of xml.h for what stands in an
 * infrastructure element, with a builder begun as an attribute set; and the model of that set, which is taken
 * apart. defaults NULL: of a manifest, where an absent field is "" (number_of_cores "1") and manifest_check()
 * has the last word. */
int infrastructure_start(struct value_builder *builder, struct xml_reader *reader, const char *element);
int infrastructure_take(struct nix_value *set, const char *source, struct strings *strings,
                        const struct infrastructure_defaults *defaults, struct infrastructure *infrastructure,
                        char **reason);

void infrastructure_clear(struct infrastructure *infrastructure);

/* Bytewise by name. */
void infrastructure_sort(struct infrastructure *infrastructure);

/* A new reference. */
json_t *infrastructure_names(const struct infrastructure *infrastructure);

/* NULL: no such target. */
const struct target *infrastructure_find(const struct infrastructure *infrastructure, const char *name);

/* The text of the property by which the target is reached. NULL: not there or not usable. */
const char *target_connection_key(const struct target *target);

/* Whether it is named as its connection key: Disnix transfers no snapshot to or from another one. NULL: no. */
bool target_name_is_key(const struct target *target);

int target_copy(struct target *to, const struct target *from); /* same pool; -1: no memory */
void target_clear(struct target *target);

/* Leaves what a manifest of version 1 can tell of a target: properties and the values in containers become
 * texts, a list its elements with a blank behind each, a set, null or function an empty text. What has a
 * name that is no name of an XML element is left out, and a path, each with a warning. -1: no memory. */
int target_flatten(struct target *target, struct strings *strings);

/* What Disnix demands of a target before it uses it. NULL: nothing is wrong; else what, without the target's
 * name. *field becomes the field that it is about. */
const char *target_objection(const struct target *target, const char **field);

/* 0: all six fields say the same (typed, deep), and the names. */
int target_compare(const struct target *a, const struct target *b);

/* What changed from a to b:
 *   { "added": [name], "removed": [name], "changed": { name: [field or property path] } },
 * e.g. "properties.hostname", "containers.process", "numOfCores". New reference. Sorted. */
json_t *infrastructure_difference(const struct infrastructure *a, const struct infrastructure *b);

#endif
