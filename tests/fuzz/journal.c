/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A journal. Whatever is in it, the page is well-formed, and has no elements but its own.
 */
#include "config.h"

#include "fuzz.h"

#include <libxml/parser.h>

#include "scenario/report/parts.h"

static const char *const own[] = {
    "a",    "b",    "circle", "code", "details", "div",  "figcaption", "figure", "g",    "h4",    "li", "p",
    "page", "path", "pre",    "rect", "section", "span", "summary",    "svg",    "text", "title", "ul", "use",
};

static bool is_own(const xmlNode *element)
{
    for (const xmlAttr *attribute = element->properties; attribute; attribute = attribute->next)
        if (strncmp((const char *)attribute->name, "on", 2) == 0)
            return false;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp((const char *)element->name, own[i]) == 0)
            return true;
    return false;
}

static void require_own(const xmlNode *node)
{
    for (; node; node = node->next) {
        REQUIRE(node->type != XML_ELEMENT_NODE || is_own(node));
        require_own(node->children);
    }
}

static void require_page(const char *text, size_t length)
{
    CLEANUP_XML_DOC xmlDocPtr doc =
        xmlReadMemory(text, (int)length, "PAGE", NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_HUGE);

    REQUIRE(doc);
    require_own(xmlDocGetRootElement(doc));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct report report;
    char *text = NULL;
    size_t length = 0;
    FILE *page = open_memstream(&text, &length);

    operations_use(&no_operations);
    REQUIRE(page && report_init(&report) == 0);
    report_take_lines(&report, "FILE", (const char *)data, size);
    report_finish(&report);
    REQUIRE(!report.failed);
    fputs("<page>", page);
    put_strips(page, &report);
    put_cycles(page, &report);
    fputs("</page>", page);
    fclose(page);
    require_page(text, length);
    free(text);
    report_clear(&report);
    return 0;
}
