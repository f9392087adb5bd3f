/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The deployment manifest and the profile manifest that is one target's part of it. Version 2 are the formats
 * of Disnix 0.10 (root elements manifest and profilemanifest), version 1 those of Disnix 0.7 (XML, and a text
 * of seven lines a service). In memory both are one form, in which targets have names.
 *
 * All strings are interned in one pool that outlives the manifest; strings of one pool may be compared by
 * pointer.
 */
#ifndef MANIFEST_H
#define MANIFEST_H

#include <jansson.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/base/strings.h"
#include "lib/model/infrastructure.h"
#include "lib/model/target-keys.h"
#include "lib/model/value.h"

/* A dependency: an element of dependsOn or connectsTo. */
struct dependency {
    const char *service, *container, *target;
};

/* Those of a service in a manifest are of the manifest's pool, and may be shared: they are never changed. */
struct dependencies {
    struct dependency *items; /* in the order of the file: their order is part of a service's key */
    size_t count;
};

struct service {
    const char *key; /* SHA-256 of name, type, pkg and dependsOn, in hex */
    const char *name, *pkg, *type;
    struct dependencies depends_on, connects_to;
    struct nix_value provides_containers; /* attribute set: container name -> attribute set */
};

struct service_mapping {
    const char *target, *container, *service; /* identity, in this order */
    const char *provider;                     /* containerProvidedByService, or NULL */
};

struct snapshot_mapping {
    const char *target, *container, *component; /* identity, in this order */
    const char *service;
    const char *provider;
};

struct profile {
    const char *target, *path;
};

/* Arrays are sorted bytewise by identity once manifest_sort() was called; parsing and writing call it. */
struct manifest {
    struct strings *strings; /* borrowed */
    int version;             /* 1 or 2: as it was read, as it is to be written */
    struct profile *profiles;
    size_t profile_count;
    struct service *services; /* by key */
    size_t service_count;
    struct service_mapping *service_mappings;
    size_t service_mapping_count;
    struct snapshot_mapping *snapshot_mappings;
    size_t snapshot_mapping_count;
    struct infrastructure infrastructure;
};

/* Of version 2. */
void manifest_init(struct manifest *manifest, struct strings *strings);
void manifest_clear(struct manifest *manifest);

/* Appending; strings are interned, arrays grow geometrically. Return the new element,
 * or NULL: no memory. manifest_sort() afterwards. */
struct profile *manifest_add_profile(struct manifest *manifest, const char *target, const char *path);
struct service *manifest_add_service(struct manifest *manifest,
                                     const struct service *service); /* deep copy */
struct service_mapping *manifest_add_service_mapping(struct manifest *manifest,
                                                     const struct service_mapping *mapping);
struct snapshot_mapping *manifest_add_snapshot_mapping(struct manifest *manifest,
                                                       const struct snapshot_mapping *mapping);
/* The same for what is of the manifest's pool already. */
struct service *manifest_share_service(struct manifest *manifest, const struct service *service);
struct service_mapping *manifest_share_service_mapping(struct manifest *manifest,
                                                       const struct service_mapping *mapping);
struct snapshot_mapping *manifest_share_snapshot_mapping(struct manifest *manifest,
                                                         const struct snapshot_mapping *mapping);
/* Deep copy; properties that a manifest cannot hold (null, path, function) are left out with a warning; in a
 * manifest of version 1 it is target_flatten()ed. -1: no memory. The values in target and service are of the
 * manifest's pool already. */
int manifest_add_target(struct manifest *manifest, const struct target *target);
void manifest_sort(struct manifest *manifest);

/* The order of identities; 0: the same one. */
int service_mapping_order(const struct service_mapping *a, const struct service_mapping *b);
int snapshot_mapping_order(const struct snapshot_mapping *a, const struct snapshot_mapping *b);

/* Whether they say the same in all there is, identity included. */
bool service_equal(const struct service *a, const struct service *b);
bool profile_equal(const struct profile *a, const struct profile *b);
bool service_mapping_equal(const struct service_mapping *a, const struct service_mapping *b);
bool snapshot_mapping_equal(const struct snapshot_mapping *a, const struct snapshot_mapping *b);

/* Frees what a service owns that is in no manifest. */
void service_clear(struct service *service);

/* On sorted manifests; NULL: not there. Strings need not be of the manifest's pool. */
const struct profile *manifest_find_profile(const struct manifest *manifest, const char *target);
const struct service *manifest_find_service(const struct manifest *manifest, const char *key);
const struct service_mapping *manifest_find_service_mapping(const struct manifest *manifest,
                                                            const char *target, const char *container,
                                                            const char *service);
const struct snapshot_mapping *manifest_find_snapshot_mapping(const struct manifest *manifest,
                                                              const char *target, const char *container,
                                                              const char *component);

struct manifest_limits {
    size_t bytes;             /* 0: no limit */
    unsigned depth;           /* levels of elements; 0: 64 */
    const char *depth_option; /* that raises it, named in the reason; NULL: there is none */
};

/* Reads a deployment manifest. Targets of version 1 have their connection keys for names, see
 * manifest_name_targets(). A DTD is refused before anything of it is read; unknown elements are ignored;
 * absent sections are empty; an absent text is "". Refuses: another root or version, a service without
 * name, pkg or type (name and type may be empty), mappings and dependencies without identity, a pkg or
 * profile that is no store path, control characters in names and keys, a component or container with state
 * that is no file name (Dysnomia makes directories of them), one key or identity twice, one text twice, and
 * in version 1 two mappings of one key that disagree, and a target without a connection key. Values without
 * a type are left out. source is named in the reason. 0, or -1 with *reason malloc()ed, and *manifest
 * cleared. */
int manifest_parse(const char *xml, size_t length, const char *source, const struct manifest_limits *limits,
                   struct strings *strings, struct manifest *manifest, char **reason);

/* Reads the profile manifest of target (version 2 or none): the same, and a mapping or dependency without
 * target is target's. Refuses a mapping of another target, and a service mapping whose service it does not
 * hold. A snapshot mapping whose service it does not hold is left out: Disnix writes such ones for services
 * of type package with deployState. The result has no profiles and no infrastructure. Trailing white space
 * after the root is fine (the D-Bus client adds a line). */
int profile_manifest_parse(const char *xml, size_t length, const char *source, const char *target,
                           const struct manifest_limits *limits, struct strings *strings,
                           struct manifest *manifest, char **reason);

/* Reads the profile manifest of version 1 of the target with this connection key: seven lines a service
 * (name, store path, container, type, key, true or false for state, dependencies). Checks as the other
 * readers do, and that all of it is UTF-8 that XML can hold. White space after the last line is fine; an
 * empty text is an empty manifest. Targets have their keys for names. */
int profile_manifest_1_parse(const char *text, size_t length, const char *source, const char *key,
                             const struct manifest_limits *limits, struct strings *strings,
                             struct manifest *manifest, char **reason);

/* Reads the profile manifest of target, a target of the model that keys are of, in either version: a text
 * that begins with < is XML. Version 1 is refused where one of its keys is that of several targets. */
int profile_manifest_parse_any(const char *text, size_t length, const char *source,
                               const struct target *target, const struct target_keys *keys,
                               const struct manifest_limits *limits, struct strings *strings,
                               struct manifest *manifest, char **reason);

/* Gives the targets of a manifest of version 1 that was just read their names of the model; nothing else is
 * touched. See target_keys_name() for keys that are not one target's. -1: no memory. */
int manifest_name_targets(struct manifest *manifest, const struct target_keys *keys);

/* A key in a manifest of version 1 that was just read that is several targets' in the model; NULL: none. */
const char *manifest_shared_key(const struct manifest *manifest, const struct target_keys *keys);

/* Whether version 1 can tell all of it. 0, or -1 with *reason: one line that names service and target. */
int manifest_check_version_1(const struct manifest *manifest, char **reason);

/* The manifest as XML of its version, sorted, one header line, a blank line, all else on one line, as Disnix
 * writes it. New buffer; NULL: no memory. */
xmlBufferPtr manifest_write(struct manifest *manifest);

/* The same, piece by piece: put() gives 0, or -1 to end it. -1: no memory, or ended. */
int manifest_put(struct manifest *manifest, int (*put)(void *closure, const char *data, size_t length),
                 void *closure);

/* Whether two sorted manifests mean the same, in every value (stricter than disnix-compare-manifest, which
 * ignores containerProvidedByService and a snapshot's service). Two of version 1 do if they are written
 * alike: that is all there is of them. Two of different versions never do. */
bool manifest_equal(const struct manifest *a, const struct manifest *b);

/* Checks as disnix does before it uses a manifest: the service and target of each mapping exist, each target
 * has a numOfCores that is not 0, a client interface and its target property. 0, or -1 with *reason. */
int manifest_check(const struct manifest *manifest, char **reason);

/* What changed from a (may be NULL: nothing) to b, both sorted:
 * { "profiles": { target: { "from": path|null, "to": path|null } },
 *   "services": { "added": [{ "name", "key" }], "removed": […] },
 *   "mappings": { "added": [{ "name", "service", "container", "target" }], "removed": […] },
 *   "snapshots": { "added": [{ "component", "container", "target" }], "removed": […] },
 *   "changed": [{ "name", "key" }] same key, other content,
 *   "targets": as infrastructure_difference() }. New reference, deterministic order.
 * most: as many entries of added, removed and changed are told in all (0: no limit); of each list the first five in
 * any case, and the number of the others as "addedMore" and so on beside it. */
json_t *manifest_difference(const struct manifest *a, const struct manifest *b, size_t most);

/* The same by target, for those where something changed; what did not change is absent:
 * { target: { "profile": { "from": path|null, "to": path|null },
 *             "services": { "added": [{ "name", "container" }], "removed": […], "changed": […] },
 *             "snapshots": { "added": [{ "component", "container" }], "removed": […] },
 *             "infrastructure": "added"|"removed"|"changed", "fields": [field or property path] } }.
 * A service is changed that is there before and after, but as another version. difference: what
 * manifest_difference() told of them; most: as there. New reference. */
json_t *manifest_changes(const struct manifest *from, const struct manifest *to, const json_t *difference,
                         size_t most);

/* All that a sorted manifest has: { target: [{ "service": name, "container", "key", "component" }] };
 * component is that of its state, absent if it has none. New reference, deterministic order. */
json_t *manifest_running(const struct manifest *manifest);

#endif
