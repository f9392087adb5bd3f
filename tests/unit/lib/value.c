/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/model.h"

static struct strings *strings;

static int parse(const char *xml, struct nix_value *value, char **reason)
{
    return nix_value_parse(xml, strlen(xml), "FILE", strings, value, reason);
}

static void parsed(const char *xml, struct nix_value *value)
{
    char *reason;

    if (parse(xml, value, &reason))
        fail_msg("%s: %s", xml, reason);
}

static void refused(const char *xml, const char *part)
{
    struct nix_value value;
    char *reason;

    assert_int_equal(parse(xml, &value, &reason), -1);
    assert_int_equal(value.count, 0);
    expect_reason(reason, part);
}

static void written(const struct nix_value *value, const char *expected)
{
    xmlBufferPtr buffer = xmlBufferCreate();

    assert_int_equal(nix_value_write_children(buffer, value), 0);
    assert_string_equal((const char *)xmlBufferContent(buffer), expected);
    xmlBufferFree(buffer);
}

#define ATTRS(content) "<?xml version='1.0' encoding='utf-8'?>\n<expr>\n<attrs>" content "</attrs></expr>\n"
#define ATTR(name, content) "<attr name=\"" name "\" line=\"1\">" content "</attr>"

static void test_every_kind(void **state)
{
    struct nix_value value;

    (void)state;
    parsed(ATTRS(ATTR("s", "<string value=\" a&#xA;&lt;&amp;&quot;${x} \" />")
                     ATTR("i", "<int value=\"-7\" />") ATTR("f", "<float value=\"1e-07\" />")
                         ATTR("b", "<bool value=\"true\" />")
                             ATTR("l", "<list><int value=\"1\" /><list></list><attrs></attrs></list>")
                                 ATTR("e", "<attrs></attrs>")),
           &value);
    assert_int_equal(value.count, 6);
    assert_string_equal(nix_value_get(&value, "s")->text, " a\n<&\"${x} ");
    assert_int_equal(nix_value_get(&value, "i")->type, NIX_INT);
    assert_string_equal(nix_value_get(&value, "f")->text, "1e-07");
    assert_null(nix_value_get(&value, "nothing"));
    assert_null(nix_value_get(nix_value_get(&value, "l"), "x"));
    written(&value, "<property name=\"b\" type=\"bool\">true</property><property name=\"e\" type=\"attrs\"/>"
                    "<property name=\"f\" type=\"float\">1e-07</property><property name=\"i\" "
                    "type=\"int\">-7</property>"
                    "<property name=\"l\" type=\"list\"><elem type=\"int\">1</elem><elem type=\"list\"/>"
                    "<elem type=\"attrs\"/></property>"
                    "<property name=\"s\" type=\"string\"> a\n&lt;&amp;\"${x} </property>");
    nix_value_clear(&value);
}

static void test_untyped_values_have_no_content(void **state)
{
    struct nix_value value;

    (void)state;
    parsed(ATTRS(ATTR("d",
                      "<derivation drvPath=\"/x\"><attrs>" ATTR(
                          "leak", "<string value=\"1\" />") "</attrs><string value=\"leak\" /></derivation>")
                     ATTR("f", "<function><attrspat><attr name=\"leak\" /></attrspat></function>")
                         ATTR("n", "<null />") ATTR("p", "<path value=\"/etc\" />")
                             ATTR("z", "<int value=\"1\" />")),
           &value);
    assert_int_equal(value.count, 5);
    assert_string_equal(nix_value_get(&value, "d")->text, "derivation");
    assert_int_equal(nix_value_get(&value, "d")->count, 0);
    assert_string_equal(nix_value_get(&value, "n")->text, "null");
    assert_int_equal(nix_value_get(&value, "p")->type, NIX_UNTYPED);
    written(&value, "<property name=\"z\" type=\"int\">1</property>");
    nix_value_clear(&value);
}

static void test_untyped_values_are_dropped(void **state)
{
    struct nix_value value;

    (void)state;
    parsed(ATTRS(ATTR("a", "<attrs>" ATTR("key", "<path value=\"/etc\" />")
                               ATTR("ok", "<int value=\"1\" />") "</attrs>")
                     ATTR("l", "<list><null /><int value=\"2\" /><list><null /></list></list>")
                         ATTR("n", "<null />")),
           &value);
    *logged = '\0';
    nix_value_drop_untyped(&value, "test1", "properties");
    assert_string_equal(logged, "[test1] properties.a.key: a path cannot be kept in a manifest, left out\n"
                                "[test1] properties.l[0]: a null cannot be kept in a manifest, left out\n"
                                "[test1] properties.l[2][0]: a null cannot be kept in a manifest, left out\n"
                                "[test1] properties.n: a null cannot be kept in a manifest, left out\n");
    assert_int_equal(value.count, 2);
    assert_int_equal(nix_value_get(&value, "l")->count, 2);
    nix_value_clear(&value);
}

static void test_compare(void **state)
{
    static const char *const different[] = {
        "<int value=\"1\" />",
        "<string value=\"1\" />",
        "<float value=\"1\" />",
        "<int value=\"2\" />",
        "<null />",
        "<list></list>",
        "<list><int value=\"1\" /><int value=\"2\" /></list>",
        "<list><int value=\"2\" /><int value=\"1\" /></list>",
        "<attrs></attrs>",
        "<attrs><attr name=\"a\"><int value=\"1\" /></attr></attrs>",
        "<attrs><attr name=\"b\"><int value=\"1\" /></attr></attrs>",
        "<path value=\"/x\" />",
    };
    enum { COUNT = sizeof different / sizeof *different };
    struct nix_value values[COUNT], copy;
    char xml[256];

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        snprintf(xml, sizeof xml, "<expr>%s</expr>", different[i]);
        parsed(xml, &values[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < COUNT; j++) {
            int order = nix_value_compare(&values[i], &values[j]),
                reverse = nix_value_compare(&values[j], &values[i]);

            assert_int_equal(order == 0, i == j);
            assert_int_equal(order<0, reverse> 0);
        }
        assert_int_equal(nix_value_copy(&copy, &values[i]), 0);
        assert_int_equal(nix_value_compare(&copy, &values[i]), 0);
        nix_value_clear(&copy);
    }
    for (int i = 0; i < COUNT; i++)
        nix_value_clear(&values[i]);
}

static void test_refusals(void **state)
{
    (void)state;
    refused("", "FILE: empty");
    refused("<attrs></attrs>", "FILE: line 1: the root element is attrs, not expr");
    refused("<expr></expr>", "0 values where one");
    refused("<expr><null/><null/></expr>", "2 values where one");
    refused(ATTRS(ATTR("a", "")), "line 3: a: without a value");
    refused(ATTRS(ATTR("a", "<int value=\"1\"/><int value=\"1\"/>")), "where an attr is expected");
    refused(ATTRS(ATTR("a", "<null/>") ATTR("a", "<null/>")), "a: given twice");
    refused(ATTRS("<int value=\"1\"/>"), "int where an attr is expected");
    refused(ATTRS("<attr><null/></attr>"), "attr without name");
    refused(ATTRS(ATTR("a", "<int/>")), "int without value");
    refused(ATTRS(ATTR("a", "<unevaluated/>")), "unevaluated: not a kind of Nix value");
    refused("<expr><attrs>", "line 1: ");
    refused("<expr><null/></expr>x", "line 1: ");
    refused("<expr><string value=\"\x01\"/></expr>", "line 1: ");
    refused("<expr><string value=\"\xff\xfe\"/></expr>", "line 1: ");
    refused("<expr><string value=\"&unknown;\"/></expr>", "line 1: ");
}

static void test_depth(void **state)
{
    char xml[64 * 20] = "<expr>";
    struct nix_value value;

    (void)state;
    for (int i = 0; i < 63; i++)
        strcat(xml, "<list>");
    for (int i = 0; i < 63; i++)
        strcat(xml, "</list>");
    strcat(xml, "</expr>");
    parsed(xml, &value);
    nix_value_clear(&value);
    memcpy(xml, "<expr>", 7);
    for (int i = 0; i < 64; i++)
        strcat(xml, "<list>");
    refused(xml, "more than 64 levels");
}

static void test_nothing_is_read_of_a_dtd(void **state)
{
    (void)state;
    refused("<!DOCTYPE expr [<!ENTITY a \"x\"><!ENTITY b \"&a;&a;\">]><expr><string value=\"&b;\"/></expr>",
            "FILE: line 1: a document type definition");
    refused("<!DOCTYPE expr SYSTEM \"file:///etc/passwd\"><expr><null/></expr>",
            "a document type definition");
    refused("<!DOCTYPE expr PUBLIC \"a\" \"http://127.0.0.1:1/x\"><expr><null/></expr>",
            "a document type definition");
    refused("<!DOCTYPE expr><expr><null/></expr>", "a document type definition");
    refused("<!DOCTYPE expr [ this is never looked at", "a document type definition");
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
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_untyped_values_have_no_content),
        cmocka_unit_test(test_untyped_values_are_dropped),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_nothing_is_read_of_a_dtd),
    };

    return cmocka_run_group_tests_name("value", tests, begin, end);
}
