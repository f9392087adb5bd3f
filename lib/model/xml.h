/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One way to read XML that somebody else wrote: events, no tree. A DTD is refused before anything of it is
 * read, so there are no entities but the five predefined ones and character references. Nothing is fetched,
 * nothing is printed.
 */
#ifndef XML_H
#define XML_H

#include <stddef.h>

#include "lib/base/strings.h"

enum { XML_DEPTH_DEFAULT = 64, XML_DEPTH_MAX = 256 };

struct xml_reader;

struct xml_source {
    const char *xml;
    size_t length;
    const char *name;         /* named in the reason */
    size_t limit;             /* bytes; 0: none */
    unsigned depth;           /* levels of elements; 0: XML_DEPTH_DEFAULT; never more than XML_DEPTH_MAX */
    const char *depth_option; /* that raises it, named in the reason; NULL: there is none */
    struct strings *strings;  /* where attributes are interned */
};

enum { XML_GO_ON = 0, XML_SKIP = 1, XML_FAILED = -1 };

struct xml_events {
    /* An element begins. XML_SKIP: neither it nor its content is told; XML_FAILED after xml_fail(). */
    int (*start)(void *closure, struct xml_reader *reader, const char *element);
    /* It ends. text is what stands in it after its last element that was told, not terminated. */
    int (*end)(void *closure, struct xml_reader *reader, const char *text, size_t length);
};

/* 0, or -1 with *reason malloc()ed: one line, "NAME: line N: …" (NULL: no memory at all). */
int xml_read(const struct xml_source *source, const struct xml_events *events, void *closure, char **reason);

/* Within start(): an attribute of the element, interned. NULL: not there (or no memory, the reader then
 * fails). */
const char *xml_attribute(struct xml_reader *reader, const char *name);

/* Ends reading with this reason; the first one counts. Returns XML_FAILED. */
int xml_fail(struct xml_reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));

int xml_no_memory(struct xml_reader *reader);

/* What is found wrong after reading: *reason becomes "NAME: …", one line. Returns -1. */
int reason_set(char **reason, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
