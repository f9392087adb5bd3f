/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What one block owns is released when the block ends. Initialise at the declaration; set to NULL (or -1)
 * when giving away.
 */
#ifndef CLEANUP_H
#define CLEANUP_H

#include <jansson.h>
#include <libxml/tree.h>
#include <libxml/xmlmemory.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *pointer)
{
    free(*(void **)pointer);
}
static inline void cleanup_json(json_t **value)
{
    json_decref(*value);
}
static inline void cleanup_xml_doc(xmlDocPtr *doc)
{
    xmlFreeDoc(*doc);
}
static inline void cleanup_buffer(xmlBufferPtr *buffer)
{
    xmlBufferFree(*buffer);
}
static inline void cleanup_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

#define CLEANUP_FREE __attribute__((cleanup(cleanup_free)))
#define CLEANUP_JSON __attribute__((cleanup(cleanup_json)))
#define CLEANUP_XML_DOC __attribute__((cleanup(cleanup_xml_doc)))
#define CLEANUP_BUFFER __attribute__((cleanup(cleanup_buffer)))
#define CLEANUP_FD __attribute__((cleanup(cleanup_fd)))

#endif
