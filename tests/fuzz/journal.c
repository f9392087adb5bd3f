/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A journal. Whatever is in it, the page is well-formed, and has no elements but its own.
 */
#include "config.h"

#include "fuzz.h"

#include <libxml/parser.h>

#include "report-parts.h"

static const char *const own[] = { "a",    "b",   "circle",  "code",  "details", "div",     "figcaption", "figure",
                                   "g",    "h4",  "li",      "p",     "page",    "path",    "pre",        "rect",
                                   "span", "svg", "section", "summary", "text",  "title",   "ul",         "use" };

static void require_own(const xmlNode *node)
{
    for (; node; node = node->next) {
        bool known = node->type != XML_ELEMENT_NODE;
        for (size_t i = 0; !known && i < sizeof own / sizeof *own; i++)
            known = strcmp((const char *)node->name, own[i]) == 0;
        REQUIRE(known);
        for (const xmlAttr *attribute = known && node->type == XML_ELEMENT_NODE ? node->properties : NULL; attribute;
             attribute = attribute->next)
            REQUIRE(strncmp((const char *)attribute->name, "on", 2) != 0);
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
