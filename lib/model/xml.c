/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/model/xml.h"

#include <libxml/SAX2.h>
#include <libxml/dict.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/characters.h"
#include "lib/base/cleanup.h"

/* Nix gives an element four at most, Disnix two. */
enum { ATTRIBUTES_MAX = 64 };

/* Different names of elements, attributes, processing instructions and namespaces. Only a version 1 manifest
 * has names that somebody chose, those of properties. The dictionary of older libxml2 takes time in
 * proportion to their square. */
enum { NAMES_MAX = 10000 };

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

/* libxml2 ends its messages with a newline. */
static char *one_line(char *text)
{
    size_t length = text ? strlen(text) : 0;

    while (length && text[length - 1] == '\n')
        text[--length] = '\0';
    if (text)
        text_one_line(text);
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

/* 0, or XML_FAILED: too many. */
static int names_check(struct xml_reader *reader)
{
    return xmlDictSize(reader->context->dict) > NAMES_MAX
               ? xml_fail(reader, "more than %d different names of elements and attributes", NAMES_MAX)
               : 0;
}

static void on_instruction(void *closure, const xmlChar *name, const xmlChar *text)
{
    (void)name, (void)text;
    names_check(closure);
}

static void on_start(void *closure, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int attribute_count, int defaulted,
                     const xmlChar **attributes)
{
    struct xml_reader *reader = closure;
    int outcome = XML_SKIP;

    (void)uri, (void)namespace_count, (void)namespaces, (void)defaulted;
    if (reader->failed || names_check(reader) != 0)
        return;
    if (++reader->depth > reader->depth_limit) {
        const char *option = reader->source->depth_option;
        xml_fail(reader, "more than %u levels of elements%s%s", reader->depth_limit,
                 option ? "; more are allowed by " : "", option ? option : "");
        return;
    }
    if (prefix && reader->depth == 1) {
        xml_fail(reader, "the root element is %s:%s, with a prefix", prefix, name);
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
    .processingInstruction = on_instruction,
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

static int refuse_at(const struct xml_source *source, const char *at, const char *objection, char **reason)
{
    size_t line = 1;

    for (const char *c = source->xml; c < at; c++)
        line += *c == '\n';
    return reason_set(reason, source->name, "line %zu: %s", line, objection);
}

/* Markup being looked over before libxml2 gets it. What is not well-formed is left to libxml2. */
struct markup {
    const char *at, *end;
    const char *objection;
};

/* Goes on behind the next closing, or to the end. */
static void markup_pass(struct markup *markup, size_t opening, const char *closing)
{
    const char *from = markup->at + opening, *found;

    if (from > markup->end)
        from = markup->end;
    found = memmem(from, (size_t)(markup->end - from), closing, strlen(closing));
    markup->at = found ? found + strlen(closing) : markup->end;
}

static void markup_pass_tag(struct markup *markup)
{
    const char *at = markup->at + 1, *end = markup->end;
    unsigned attributes = 0;

    for (; at < end && *at != '>'; at++) {
        if (*at != '"' && *at != '\'')
            continue;
        if (++attributes > ATTRIBUTES_MAX) {
            markup->objection = "an element has too many attributes";
            return;
        }
        at = memchr(at + 1, *at, (size_t)(end - at) - 1);
        if (!at)
            at = end - 1;
    }
    markup->at = at;
}

static bool markup_begins(const struct markup *markup, const char *text)
{
    return (size_t)(markup->end - markup->at) >= strlen(text) && !memcmp(markup->at, text, strlen(text));
}

/* libxml2 reads declarations of which it tells only later, and compares each attribute of an element with
 * every other one: neither gets that far. */
static int markup_check(const struct xml_source *source, char **reason)
{
    struct markup markup = { source->xml, source->xml + source->length, NULL };

    while (!markup.objection && (markup.at = memchr(markup.at, '<', (size_t)(markup.end - markup.at)))) {
        if (markup_begins(&markup, "<!--"))
            markup_pass(&markup, strlen("<!--"), "-->");
        else if (markup_begins(&markup, "<![CDATA["))
            markup_pass(&markup, strlen("<![CDATA["), "]]>");
        else if (markup_begins(&markup, "<?"))
            markup_pass(&markup, strlen("<?"), "?>");
        else if (markup_begins(&markup, "<!DOCTYPE"))
            markup.objection = "a document type definition is not allowed";
        else
            markup_pass_tag(&markup);
    }
    return markup.objection ? refuse_at(source, markup.at, markup.objection, reason) : 0;
}

static int encoding_check(const struct xml_source *source, char **reason)
{
    size_t good = text_utf8_length(source->xml, source->length);

    return good < source->length ? refuse_at(source, source->xml + good, "not UTF-8", reason) : 0;
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
    if (encoding_check(source, reason) || markup_check(source, reason))
        return -1;
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
