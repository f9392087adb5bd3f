/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "xml.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

struct xml_reader {
    const struct xml_source *source;
    const struct xml_events *events;
    void *closure;
    size_t told; /* bytes that libxml2 has got */
    xmlParserCtxtPtr context;
    unsigned depth, depth_limit;
    unsigned skipped; /* levels within an element that nobody wants */
    char *text;
    size_t text_length, text_room;
    const xmlChar **attributes; /* of the element that begins */
    int attribute_count;
    bool failed;
    char *reason;
};

static char *one_line(char *text)
{
    for (char *c = text; c && *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = c[1] ? '?' : '\0';
    return text;
}

static int reader_line(const struct xml_reader *reader)
{
    return reader->context && reader->context->input ? reader->context->input->line : 1;
}

int xml_fail(struct xml_reader *reader, const char *format, ...)
{
    CLEANUP_FREE char *message = NULL;
    va_list arguments;

    if (reader->failed)
        return XML_FAILED;
    reader->failed = true;
    va_start(arguments, format);
    if (vasprintf(&message, format, arguments) < 0)
        message = NULL;
    va_end(arguments);
    if (message)
        reader->reason =
            one_line(string_format("%s: line %d: %s", reader->source->name, reader_line(reader), message));
    xmlStopParser(reader->context);
    return XML_FAILED;
}

int xml_no_memory(struct xml_reader *reader)
{
    return xml_fail(reader, "not enough memory");
}

int reason_set(char **reason, const char *name, const char *format, ...)
{
    CLEANUP_FREE char *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&message, format, arguments) < 0)
        message = NULL;
    va_end(arguments);
    *reason = message ? one_line(string_format("%s: %s", name, message)) : NULL;
    return -1;
}

const char *xml_attribute(struct xml_reader *reader, const char *name)
{
    for (int i = 0; i < reader->attribute_count; i++) {
        const xmlChar **attribute = reader->attributes + 5 * i; /* local name, prefix, URI, value, its end */
        const char *value;

        if (attribute[1] || strcmp((const char *)attribute[0], name))
            continue;
        value = strings_intern_length(reader->source->strings, (const char *)attribute[3],
                                      (size_t)(attribute[4] - attribute[3]));
        if (!value)
            xml_no_memory(reader);
        return value;
    }
    return NULL;
}

static void on_start(void *closure, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int attribute_count, int defaulted,
                     const xmlChar **attributes)
{
    struct xml_reader *reader = closure;
    int outcome = XML_SKIP;

    (void)uri, (void)namespace_count, (void)namespaces, (void)defaulted;
    if (reader->failed)
        return;
    if (++reader->depth > reader->depth_limit) {
        xml_fail(reader, "more than %u levels of elements", reader->depth_limit);
        return;
    }
    if (!reader->skipped && !prefix) {
        reader->attributes = attributes;
        reader->attribute_count = attribute_count;
        outcome = reader->events->start(reader->closure, reader, (const char *)name);
        reader->attribute_count = 0;
    }
    if (outcome == XML_SKIP)
        reader->skipped++;
    else
        reader->text_length = 0;
}

static void on_end(void *closure, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct xml_reader *reader = closure;

    (void)name, (void)prefix, (void)uri;
    if (reader->failed)
        return;
    reader->depth--;
    if (reader->skipped) {
        reader->skipped--;
        return;
    }
    reader->events->end(reader->closure, reader, reader->text_length ? reader->text : "",
                        reader->text_length);
    reader->text_length = 0;
}

static void on_text(void *closure, const xmlChar *text, int length)
{
    struct xml_reader *reader = closure;
    size_t more = (size_t)length;

    if (reader->failed || reader->skipped)
        return;
    if (more > reader->text_room - reader->text_length) {
        size_t room = 2 * (reader->text_length + more);
        char *grown = realloc(reader->text, room);

        if (!grown) {
            xml_no_memory(reader);
            return;
        }
        reader->text = grown;
        reader->text_room = room;
    }
    memcpy(reader->text + reader->text_length, text, more);
    reader->text_length += more;
}

/* libxml2 tells this after the name of the document type, before it reads the declarations. */
static void on_document_type(void *closure, const xmlChar *name, const xmlChar *external,
                             const xmlChar *system)
{
    (void)name, (void)external, (void)system;
    xml_fail(closure, "a document type definition is not allowed");
}

#if LIBXML_VERSION >= 21200
static void on_error(void *closure, const xmlError *error)
#else
static void on_error(void *closure, xmlErrorPtr error)
#endif
{
    struct xml_reader *reader = closure;

    /* Namespace errors are none: names with a prefix are only unknown. */
    if (error->level == XML_ERR_FATAL && error->code != XML_ERR_USER_STOP)
        xml_fail(reader, "%s", error->message ? error->message : "not well-formed");
}

static const xmlSAXHandler handler = {
    .initialized = XML_SAX2_MAGIC,
    .internalSubset = on_document_type,
    .startElementNs = on_start,
    .endElementNs = on_end,
    .characters = on_text,
    .ignorableWhitespace = on_text, /* the same: then all white space counts */
    .cdataBlock = on_text,
    .serror = on_error,
};

/* What libxml2 would stumble over or read otherwise than one would think. */
static const char *source_objection(const struct xml_source *source)
{
    if (source->limit && source->length > source->limit)
        return "larger than allowed";
    if (source->length == 0)
        return "empty";
    if (memchr(source->xml, '\0', source->length))
        return "holds a NUL byte";
    return NULL;
}

/* Piece by piece: given all at once, libxml2 would make a copy of it. */
static int on_read(void *closure, char *buffer, int room)
{
    struct xml_reader *reader = closure;
    size_t left = reader->source->length - reader->told, piece = left < (size_t)room ? left : (size_t)room;

    memcpy(buffer, reader->source->xml + reader->told, piece);
    reader->told += piece;
    return (int)piece;
}

static void reader_run(struct xml_reader *reader)
{
    const struct xml_source *source = reader->source;
    /* It is UTF-8, whatever it says. Without NOENT, &amp; in an attribute is told as &#38;. */
    int options = XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOENT;

    if (source->length >= XML_MAX_TEXT_LENGTH) /* nothing can expand any more */
        options |= XML_PARSE_HUGE;
    *reader->context->sax = handler;
    reader->context->userData = reader;
    xmlFreeDoc(xmlCtxtReadIO(reader->context, on_read, NULL, reader, NULL, NULL, options));
    if (!reader->context->wellFormed)
        xml_fail(reader, "not well-formed");
}

int xml_read(const struct xml_source *source, const struct xml_events *events, void *closure, char **reason)
{
    unsigned depth = source->depth ? source->depth : XML_DEPTH_DEFAULT;
    struct xml_reader reader = { .source = source, .events = events, .closure = closure };
    const char *objection = source_objection(source);

    *reason = NULL;
    if (objection)
        return reason_set(reason, source->name, "%s", objection);
    reader.depth_limit = depth < XML_DEPTH_MAX ? depth : XML_DEPTH_MAX;
    reader.context = xmlNewParserCtxt();
    if (!reader.context)
        return -1;
    reader_run(&reader);
    xmlFreeParserCtxt(reader.context);
    free(reader.text);
    *reason = reader.reason;
    return reader.failed ? -1 : 0;
}
