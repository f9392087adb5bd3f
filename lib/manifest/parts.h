/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the readers and writers of the two versions have in common.
 */
#ifndef MANIFEST_PARTS_H
#define MANIFEST_PARTS_H

#include "lib/manifest/manifest.h"
#include "lib/model/xml.h"

/* On a sorted manifest: -1 and *reason if an identity is there twice. */
int manifest_refuse_twice(const struct manifest *manifest, const char *source, char **reason);

/* Checks a text that the element has to have: XML_GO_ON, or XML_FAILED after xml_fail(). */
int xml_check_text(struct xml_reader *reader, const char *element, const char *name, const char *text);

/* Ends a service that was read, whose texts are of the manifest's pool: its lists are copied there, and it is
 * cleared. -1: no memory, and it is as it was. */
int manifest_take_service(struct manifest *manifest, struct service *service);

/* Version 1 says one service once for each place that it is in. On a manifest whose services are in any
 * order, with repetitions: sorts them and the service mappings, and leaves one of each. -1 and *reason if two
 * of one key say different things. */
int manifest_1_unite_services(struct manifest *manifest, const char *source, char **reason);

/* Version 1 knows the service of a snapshot mapping by its package. A mapping's service is the store path
 * when this is called, types[i] its type (NULL: any), and becomes the key; what stands there twice becomes
 * one. Services and service mappings are sorted before, all is sorted afterwards. A service that is nowhere
 * mapped is added, with the store path for a key. -1 and *reason: no memory. */
int manifest_1_join_snapshots(struct manifest *manifest, const char *const *types, const char *source,
                              char **reason);

/* Reads the manifest of version 1 that xml_source holds, as manifest_parse() does. */
int manifest_1_read(const struct xml_source *xml_source, struct manifest *manifest, char **reason);

/* Writes a sorted manifest as version 1. NULL: no memory. */
xmlBufferPtr manifest_1_write(const struct manifest *manifest);

#endif
