/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/model/value.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static const char *const type_names[] = { "string", "int", "float", "bool", "list", "attrs", NULL };

void nix_value_clear(struct nix_value *value)
{
    for (size_t i = 0; i < value->count; i++)
        nix_value_clear(&value->children[i].value);
    free(value->children);
    *value = (struct nix_value){ .type = NIX_ATTRS };
}

int nix_value_copy(struct nix_value *to, const struct nix_value *from)
{
    *to = (struct nix_value){ .type = from->type, .text = from->text };
    if (!from->count)
        return 0;
    to->children = array_new(from->count, sizeof *to->children);
    if (!to->children)
        return -1;
    for (size_t i = 0; i < from->count; i++) {
        to->children[i].name = from->children[i].name;
        to->count++;
        if (nix_value_copy(&to->children[i].value, &from->children[i].value) < 0) {
            nix_value_clear(to);
            return -1;
        }
    }
    return 0;
}

static int compare_attribute_names(const void *a, const void *b)
{
    const struct nix_attribute *one = a, *other = b;

    return strcmp(one->name, other->name);
}

const struct nix_value *nix_value_get(const struct nix_value *value, const char *name)
{
    const struct nix_attribute wanted = { .name = name }, *found;

    if (value->type != NIX_ATTRS || !value->count)
        return NULL;
    found = bsearch(&wanted, value->children, value->count, sizeof wanted, compare_attribute_names);
    return found ? &found->value : NULL;
}

int nix_value_compare(const struct nix_value *a, const struct nix_value *b)
{
    int order = a->type < b->type ? -1 : a->type > b->type;

    if (!order)
        order = string_order(a->text, b->text);
    for (size_t i = 0; !order && i < a->count && i < b->count; i++) {
        order = string_order(a->children[i].name, b->children[i].name);
        if (!order)
            order = nix_value_compare(&a->children[i].value, &b->children[i].value);
    }
    if (!order)
        order = a->count < b->count ? -1 : a->count > b->count;
    return order;
}

static void drop_warning(const struct nix_value *value, const char *target, const char *path)
{
    log_warning(target, "%s: a %s cannot be kept in a manifest, left out", path, value->text);
}

static char *child_path(const char *path, const struct nix_attribute *child, size_t index)
{
    return child->name ? string_format("%s.%s", path, child->name) : string_format("%s[%zu]", path, index);
}

void nix_value_drop_untyped(struct nix_value *value, const char *target, const char *path)
{
    size_t kept = 0;

    for (size_t i = 0; i < value->count; i++) {
        struct nix_attribute *child = &value->children[i];
        CLEANUP_FREE char *below = path ? child_path(path, child, i) : NULL;

        if (child->value.type == NIX_UNTYPED) {
            if (below)
                drop_warning(&child->value, target, below);
            continue;
        }
        nix_value_drop_untyped(&child->value, target, below);
        value->children[kept++] = *child;
    }
    value->count = kept;
}

static int escape(xmlBufferPtr buffer, const char *text, const char *special)
{
    while (*text) {
        size_t plain = strcspn(text, special);
        char reference[] = "&#0;";
        const char *escaped = reference;

        if (plain && xmlBufferAdd(buffer, (const xmlChar *)text, (int)plain))
            return -1;
        text += plain;
        if (!*text)
            break;
        switch (*text++) {
        case '&': escaped = "&amp;"; break;
        case '<': escaped = "&lt;"; break;
        case '>': escaped = "&gt;"; break;
        case '"': escaped = "&quot;"; break;
        case '\t': reference[2] = '9'; break;
        case '\n': escaped = "&#10;"; break;
        default: escaped = "&#13;";
        }
        if (xmlBufferCat(buffer, (const xmlChar *)escaped))
            return -1;
    }
    return 0;
}

int xml_write_text(xmlBufferPtr buffer, const char *text)
{
    return escape(buffer, text, "&<>\t\r");
}

int xml_write_attribute(xmlBufferPtr buffer, const char *text)
{
    return escape(buffer, text, "&<>\"\t\r\n");
}

static int write_child(xmlBufferPtr buffer, const struct nix_attribute *child)
{
    const char *element = child->name ? "property" : "elem", *type = type_names[child->value.type];
    int failed = xmlBufferCat(buffer, (const xmlChar *)"<") || xmlBufferCat(buffer, (const xmlChar *)element);

    if (child->name)
        failed = failed || xmlBufferCat(buffer, (const xmlChar *)" name=\"")
                 || xml_write_attribute(buffer, child->name) || xmlBufferCat(buffer, (const xmlChar *)"\"");
    failed = failed || xmlBufferCat(buffer, (const xmlChar *)" type=\"")
             || xmlBufferCat(buffer, (const xmlChar *)type) || xmlBufferCat(buffer, (const xmlChar *)"\"");
    if (child->value.count || (child->value.text && *child->value.text))
        failed =
            failed || xmlBufferCat(buffer, (const xmlChar *)">")
            || (child->value.text && xml_write_text(buffer, child->value.text))
            || nix_value_write_children(buffer, &child->value) || xmlBufferCat(buffer, (const xmlChar *)"</")
            || xmlBufferCat(buffer, (const xmlChar *)element) || xmlBufferCat(buffer, (const xmlChar *)">");
    else
        failed = failed || xmlBufferCat(buffer, (const xmlChar *)"/>");
    return failed ? -1 : 0;
}

int nix_value_write_children(xmlBufferPtr buffer, const struct nix_value *value)
{
    for (size_t i = 0; i < value->count; i++)
        if (value->children[i].value.type != NIX_UNTYPED && write_child(buffer, &value->children[i]))
            return -1;
    return 0;
}

void value_builder_begin(struct value_builder *builder, struct nix_value *root, enum nix_type type)
{
    *root = (struct nix_value){ .type = type };
    builder->open[0] = root;
    builder->depth = 1;
}

int value_builder_open(struct value_builder *builder, struct xml_reader *reader, const char *name,
                       enum nix_type type, const char *text)
{
    struct nix_value *parent = builder->open[builder->depth - 1];
    struct nix_attribute *children = array_grow(parent->children, parent->count, sizeof *children), *child;

    if (!children)
        return xml_no_memory(reader);
    parent->children = children;
    child = &children[parent->count++];
    *child = (struct nix_attribute){ .name = name, .value = { .type = type, .text = text } };
    builder->open[builder->depth++] = &child->value;
    return XML_GO_ON;
}

int value_builder_close(struct value_builder *builder, struct xml_reader *reader)
{
    struct nix_value *value = builder->open[--builder->depth];

    if (value->type != NIX_ATTRS || value->count < 2)
        return XML_GO_ON;
    qsort(value->children, value->count, sizeof *value->children, compare_attribute_names);
    for (size_t i = 1; i < value->count; i++)
        if (!strcmp(value->children[i - 1].name, value->children[i].name))
            return xml_fail(reader, "%s: given twice", value->children[i].name);
    return XML_GO_ON;
}

static enum nix_type type_of_name(const char *name)
{
    for (int type = 0; name && type_names[type]; type++)
        if (!strcmp(name, type_names[type]))
            return (enum nix_type)type;
    return NIX_UNTYPED;
}

int value_builder_start(struct value_builder *builder, struct xml_reader *reader, const char *element)
{
    enum nix_type above = builder->open[builder->depth - 1]->type, type;
    const char *name = NULL, *given;

    if (above == NIX_LIST
            ? strcmp(element, "elem") != 0
            : above != NIX_ATTRS || (strcmp(element, "property") && strcmp(element, "container")))
        return XML_SKIP;
    if (above == NIX_ATTRS) {
        name = xml_attribute(reader, "name");
        if (!name)
            return xml_fail(reader, "%s without name", element);
    }
    given = xml_attribute(reader, "type");
    type = type_of_name(given);
    return value_builder_open(builder, reader, name, type,
                              type == NIX_UNTYPED ? given && *given ? given : "value without type" : NULL);
}

int value_builder_end(struct value_builder *builder, struct xml_reader *reader, struct strings *strings,
                      const char *text, size_t length)
{
    struct nix_value *value = builder->open[builder->depth - 1];

    if (value->type < NIX_LIST) {
        value->text = strings_intern_length(strings, text, length);
        if (!value->text)
            return xml_no_memory(reader);
    }
    return value_builder_close(builder, reader);
}

/* Reading what nix-instantiate prints. An attr element is no value; its name waits for the value within. */
struct expression {
    struct strings *strings;
    struct value_builder builder;
    struct nix_value root; /* expr, as a list */
    const char *name;      /* of the attr that is open; NULL when it has its value */
    bool is_attr[XML_DEPTH_MAX];
    unsigned depth;
};

static int start_attr(struct expression *expression, struct xml_reader *reader)
{
    expression->name = xml_attribute(reader, "name");
    if (!expression->name)
        return xml_fail(reader, "attr without name");
    expression->is_attr[expression->depth++] = true;
    return XML_GO_ON;
}

static const char *const untyped_names[] = { "null", "path", "function", "derivation", NULL };

/* Text of a scalar, or what an untyped value is; NULL: an element that is no value. */
static const char *value_text(struct expression *expression, struct xml_reader *reader, const char *element,
                              enum nix_type type)
{
    const char *text;

    if (type != NIX_UNTYPED) {
        text = xml_attribute(reader, "value");
        if (!text)
            xml_fail(reader, "%s without value", element);
        return text;
    }
    for (int i = 0; untyped_names[i]; i++)
        if (!strcmp(element, untyped_names[i]))
            return strings_intern(expression->strings, element);
    xml_fail(reader, "%s: not a kind of Nix value", element);
    return NULL;
}

static int start_value(struct expression *expression, struct xml_reader *reader, const char *element)
{
    struct value_builder *builder = &expression->builder;
    enum nix_type type = type_of_name(element), above = builder->open[builder->depth - 1]->type;
    const char *name = expression->name, *text = NULL;
    bool nested = type == NIX_LIST || type == NIX_ATTRS;

    if (above == NIX_ATTRS && !name)
        return xml_fail(reader, "%s where an attr is expected", element);
    if (!nested) {
        text = value_text(expression, reader, element, type);
        if (!text)
            return xml_no_memory(reader);
    }
    expression->name = NULL;
    if (value_builder_open(builder, reader, name, type, text) != XML_GO_ON)
        return XML_FAILED;
    if (!nested) {
        builder->depth--;
        return XML_SKIP;
    }
    expression->is_attr[expression->depth++] = false;
    return XML_GO_ON;
}

static int expression_start(void *closure, struct xml_reader *reader, const char *element)
{
    struct expression *expression = closure;
    struct value_builder *builder = &expression->builder;
    bool within_attr = expression->depth && expression->is_attr[expression->depth - 1];

    if (!builder->depth) {
        if (strcmp(element, "expr"))
            return xml_fail(reader, "the root element is %s, not expr", element);
        value_builder_begin(builder, &expression->root, NIX_LIST);
        return XML_GO_ON;
    }
    if (builder->open[builder->depth - 1]->type == NIX_ATTRS && !within_attr) {
        if (strcmp(element, "attr"))
            return xml_fail(reader, "%s where an attr is expected", element);
        return start_attr(expression, reader);
    }
    return start_value(expression, reader, element);
}

static int expression_end(void *closure, struct xml_reader *reader, const char *text, size_t length)
{
    struct expression *expression = closure;

    (void)text, (void)length;
    if (!expression->depth) {
        if (expression->root.count != 1)
            return xml_fail(reader, "%zu values where one is expected", expression->root.count);
        return XML_GO_ON;
    }
    if (!expression->is_attr[--expression->depth])
        return value_builder_close(&expression->builder, reader);
    if (expression->name)
        return xml_fail(reader, "%s: without a value", expression->name);
    return XML_GO_ON;
}

int nix_value_parse(const char *xml, size_t length, const char *source, struct strings *strings,
                    struct nix_value *value, char **reason)
{
    static const struct xml_events events = { expression_start, expression_end };
    struct expression expression = { .strings = strings, .root = { .type = NIX_ATTRS } };
    int outcome =
        xml_read(&(struct xml_source){ .xml = xml, .length = length, .name = source, .strings = strings },
                 &events, &expression, reason);

    *value = (struct nix_value){ .type = NIX_ATTRS };
    if (!outcome) {
        *value = expression.root.children[0].value;
        expression.root.count = 0;
    }
    nix_value_clear(&expression.root);
    return outcome;
}
