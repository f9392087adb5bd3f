/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Documents that somebody made to do harm: what is refused, and that whatever is read takes time in
 * proportion.
 */
#include "config.h"

#include <stdio.h>
#include <time.h>

#include "lib/model/xml.h"
#include "tests/unit/model.h"

static struct strings *strings;

struct bounded_lists {
    size_t elements, text;
};

static int told_start(void *closure, struct xml_reader *reader, const char *element)
{
    (void)reader, (void)element;
    ((struct bounded_lists *)closure)->elements++;
    return XML_GO_ON;
}

static int told_end(void *closure, struct xml_reader *reader, const char *text, size_t length)
{
    (void)reader, (void)text;
    ((struct bounded_lists *)closure)->text += length;
    return XML_GO_ON;
}

static int read_xml(const char *xml, size_t length, struct bounded_lists *told, char **reason)
{
    static const struct xml_events events = { told_start, told_end };

    *told = (struct bounded_lists){ 0 };
    return xml_read(&(struct xml_source){ .xml = xml, .length = length, .name = "FILE", .strings = strings },
                    &events, told, reason);
}

static void refused_bytes(const char *xml, size_t length, const char *part)
{
    struct bounded_lists told;
    char *reason;

    assert_int_equal(read_xml(xml, length, &told, &reason), -1);
    expect_reason(reason, part);
}

#define refused(xml, part) refused_bytes(xml, sizeof xml - 1, part)

static void a_document_type_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    refused("<!DOCTYPE a><a/>", "FILE: line 1: a document type definition");
    refused("\xef\xbb\xbf<!DOCTYPE a><a/>", "line 1: a document type definition");
    refused("<?xml version=\"1.0\"?>\n<!-- > \" -->\n<?pi > ?>\n<!DOCTYPE a><a/>",
            "line 4: a document type definition");
    refused("<a><![CDATA[ > ' ]]><!DOCTYPE a></a>", "line 1: a document type definition");
    refused("<a x='>'><!DOCTYPE a></a>", "line 1: a document type definition");
    refused("<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/\"> %p;]><a/>",
            "a document type definition");
    refused(
        "<!DOCTYPE a [<!ENTITY a0 \"ha\"><!ENTITY a1 \"&a0;&a0;&a0;&a0;\"><!ENTITY a2 \"&a1;&a1;&a1;&a1;\">]><a>&a2;"
        "</a>",
        "a document type definition");
    refused("<!doctype a><a/>", "line 1: ");
    refused("<!ENTITY a \"x\"><a>&a;</a>", "line 1: ");
    refused("<a>&a;</a>", "line 1: ");
    refused("<a x=\"&a;\"/>", "line 1: ");
}

static void nothing_is_included(void **state)
{
    static const char xml[] =
        "<a xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include href=\"/etc/passwd\" "
        "parse=\"text\"/></a>";
    struct bounded_lists told;
    char *reason;

    (void)state;
    assert_int_equal(read_xml(xml, sizeof xml - 1, &told, &reason), 0);
    assert_int_equal(told.elements, 1);
    assert_int_equal(told.text, 0);
}

static void it_is_utf8_whatever_it_says(void **state)
{
    static const char ebcdic[] =
        "\x4c\x6f\xa7\x94\x93\x40\xa5\x85\x99\xa2\x89\x96\x95\x7e\x7f\xf1\x4b\xf0\x7f\x6f\x6e"
        "\x4c\x81\x61\x6e";
    static const char *const names[] = { "UTF-16", "UTF-7", "ISO-8859-1", "EBCDIC-CP-US", "nonsense", NULL };
    struct bounded_lists told;
    char *reason;

    (void)state;
    for (int i = 0; names[i]; i++) {
        char *xml =
            string_format("<?xml version=\"1.0\" encoding=\"%s\"?><a>+ADwAIQ-DOCTYPE \xc3\xa9</a>", names[i]);

        assert_int_equal(read_xml(xml, strlen(xml), &told, &reason), 0);
        assert_int_equal(told.text, strlen("+ADwAIQ-DOCTYPE \xc3\xa9"));
        free(xml);
    }
    refused("\xff\xfe<\0a\0/\0>\0", "FILE: holds a NUL byte");
    refused("<\0a\0/\0>\0", "FILE: holds a NUL byte");
    refused("\0\0\0<\0\0\0a\0\0\0/\0\0\0>", "FILE: holds a NUL byte");
    refused("\xfe\xff\x3c\x21", "FILE: line 1: not UTF-8");
    refused(ebcdic, "FILE: line 1: not UTF-8");
    refused("<a/>\0", "FILE: holds a NUL byte");
    refused("<a>&#0;</a>", "line 1: ");
}

static void no_character_in_more_bytes_than_it_takes(void **state)
{
    (void)state;
    refused("<a>\n\xc0\xbc</a>", "FILE: line 2: not UTF-8");
    refused("<a>\xc1\x81</a>", "FILE: line 1: not UTF-8");
    refused("<a>\xe0\x80\xbc</a>", "line 1: not UTF-8");
    refused("<a>\xf0\x80\x80\xbc</a>", "line 1: not UTF-8");
    refused("<a>\xed\xa0\x80</a>", "line 1: not UTF-8");
    refused("<a>\xf4\x90\x80\x80</a>", "line 1: not UTF-8");
    refused("<a>\xf8\x88\x80\x80\x80</a>", "line 1: not UTF-8");
    refused("<a>\x80</a>", "line 1: not UTF-8");
    refused("<a>\xe2\x82</a>", "line 1: not UTF-8");
    refused("<a b=\"\xc0\x80\"/>", "line 1: not UTF-8");
    refused("<a/>\xe2", "line 1: not UTF-8");
    refused("<a>\xef\xbf\xbf</a>", "line 1: "); /* U+FFFF is no character of XML */
}

enum { MANY = 12 * 1000 * 1000 };

/* before, what is repeated in the middle so that it takes MANY bytes, after. */
static char *large(const char *before, const char *middle, const char *after, size_t *length)
{
    size_t first = strlen(before), size = strlen(middle), count = MANY / size, last = strlen(after);
    char *xml = malloc(first + count * size + last + 1);

    assert_non_null(xml);
    memcpy(xml, before, first);
    for (size_t i = 0; i < count; i++)
        memcpy(xml + first + i * size, middle, size);
    memcpy(xml + first + count * size, after, last + 1);
    *length = first + count * size + last;
    return xml;
}

static void large_is_read(const char *before, const char *middle, const char *after, size_t text)
{
    struct bounded_lists told;
    size_t length;
    char *xml = large(before, middle, after, &length), *reason;

    if (read_xml(xml, length, &told, &reason))
        fail_msg("%s%s...: %s", before, middle, reason);
    assert_int_equal(told.text, text);
    free(xml);
}

static void large_is_refused(const char *before, const char *middle, const char *after, const char *part)
{
    size_t length;
    char *xml = large(before, middle, after, &length);

    refused_bytes(xml, length, part);
    free(xml);
}

/* Beyond ten million bytes libxml2 has to be told not to mind. */
static void large_documents_are_read(void **state)
{
    (void)state;
    large_is_read("<a>", "x", "</a>", MANY);
    large_is_read("<a><![CDATA[", "x", "]]></a>", MANY);
    large_is_read("<a>", "&amp;", "</a>", MANY / 5);
    large_is_read("<a b=\"", "x", "\"/>", 0);
    large_is_read("<!--", "x", "--><a/>", 0);
    large_is_read("<?x ", "x", "?><a/>", 0);
    large_is_read("<a>", "<!---->", "</a>", 0);
    large_is_read("<a>", "<?x?>", "</a>", 0);
    large_is_read("<a>", "<b/>", "</a>", 0);
    large_is_read("<a>", "<b c='' d='' e=''/>", "</a>", 0);
}

static void large_documents_are_no_less_safe(void **state)
{
    (void)state;
    large_is_refused("<!--", "x", "--><!DOCTYPE a><a/>", "line 1: a document type definition");
    large_is_refused("<!DOCTYPE a [<!-- ", "x", " -->]><a/>", "line 1: a document type definition");
    large_is_refused("<!DOCTYPE a SYSTEM \"", "x", "\"><a/>", "line 1: a document type definition");
    large_is_refused("<!DOCTYPE a [<!ENTITY e \"eeeeeeeeee\">]><a>", "&e;", "</a>",
                     "a document type definition");
    large_is_refused("<a>", "<b>", "", "line 1: more than 64 levels of elements");
    large_is_refused("<a>", "x", "&e;</a>", "line 1: ");
    large_is_refused("<a>", "x", "", "line 1: ");
    large_is_refused("<a>", "<", "", "line 1: ");
    large_is_refused("<a ", "'\"", "", "line 1: ");
    large_is_refused("<", "x", "/>", "line 1: ");
}

/* Each one would be compared with every other one. */
static void many_attributes_are_refused(void **state)
{
    char xml[64 * 1024] = "<a>\n<b";
    struct bounded_lists told;
    char *reason;

    (void)state;
    for (int i = 0; i < 64; i++)
        sprintf(xml + strlen(xml), " a%d='>'", i);
    strcat(xml, "/></a>");
    assert_int_equal(read_xml(xml, strlen(xml), &told, &reason), 0);
    xml[strlen(xml) - strlen("/></a>")] = '\0';
    strcat(xml, " x=\"\"/></a>");
    refused_bytes(xml, strlen(xml), "FILE: line 2: an element has too many attributes");
    large_is_refused("<a x='>' ", "b='' ", "/>", "line 1: an element has too many attributes");
    large_is_refused("<a ", "xmlns:a='' ", "/>", "line 1: an element has too many attributes");
}

/* before, count times middle with a number in it, after. */
static char *numbered(const char *before, const char *middle, int count, const char *after, size_t *length)
{
    char *xml = malloc(strlen(before) + (size_t)count * (strlen(middle) + 10) + strlen(after) + 1), *at;

    assert_non_null(xml);
    at = stpcpy(xml, before);
    for (int i = 0; i < count; i++)
        at += sprintf(at, middle, i);
    *length = (size_t)(stpcpy(at, after) - xml);
    return xml;
}

/* Older libxml2 takes time in proportion to the square of their number. What stands before is still told. */
static void many_different_names_are_refused(void **state)
{
    static const char *const names[] = {
        "<e%d/>", "<b a%d=''/>", "<?p%d x?>", "<x:e%d xmlns:x='u'/>", "<x xmlns:p%d='u'/>", "<x xmlns='u%d'/>"
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct bounded_lists told;
        size_t length;
        char *reason, *few = numbered("<a>", names[i], 9900, "</a>", &length);

        assert_int_equal(read_xml(few, length, &told, &reason), 0);
        free(few);
        char *many = numbered("<a>\n", names[i], 200000, "</a>", &length);
        assert_int_equal(read_xml(many, length, &told, &reason), -1);
        assert_true(told.elements < 10010);
        expect_reason(reason, "FILE: line 2: more than 10000 different names");
        free(many);
    }
}

static int begin(void **state)
{
    (void)state;
    operations_use(&kept_operations);
    strings = strings_new();
    return strings ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    strings_free(strings);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_type_is_refused_wherever_it_stands),
        cmocka_unit_test(nothing_is_included),
        cmocka_unit_test(it_is_utf8_whatever_it_says),
        cmocka_unit_test(no_character_in_more_bytes_than_it_takes),
        cmocka_unit_test(large_documents_are_read),
        cmocka_unit_test(large_documents_are_no_less_safe),
        cmocka_unit_test(many_attributes_are_refused),
        cmocka_unit_test(many_different_names_are_refused),
    };

    return cmocka_run_group_tests_name("xml", tests, begin, end);
}
