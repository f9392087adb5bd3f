/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/model.h"

static struct strings *strings;
static const struct infrastructure_defaults defaults = { "default-client", "hostname", "x86_64-linux" };

#define ATTR(name, content) "<attr name=\"" name "\">" content "</attr>"
#define STRING(name, text) ATTR(name, "<string value=\"" text "\" />")
#define ATTRS(content) "<attrs>" content "</attrs>"
#define EXPR(content) "<?xml version='1.0' encoding='utf-8'?>\n<expr>" content "</expr>\n"
#define PROPERTIES ATTR("properties", ATTRS(STRING("hostname", "one")))
#define TARGET(content) EXPR(ATTRS(ATTR("one", ATTRS(content))))

static int parse(const char *xml, struct infrastructure *infrastructure, char **reason)
{
    return infrastructure_parse(xml, strlen(xml), "FILE", strings, &defaults, infrastructure, reason);
}

static void parsed(const char *xml, struct infrastructure *infrastructure)
{
    char *reason;

    if (parse(xml, infrastructure, &reason))
        fail_msg("%s: %s", xml, reason);
}

static void refused(const char *xml, const char *part)
{
    struct infrastructure infrastructure;
    char *reason;

    if (!parse(xml, &infrastructure, &reason))
        fail_msg("accepted: %s", xml);
    assert_int_equal(infrastructure.count, 0);
    expect_reason(reason, part);
}

static void test_defaults(void **state)
{
    struct infrastructure infrastructure;
    const struct target *target;

    (void)state;
    parsed(TARGET(PROPERTIES), &infrastructure);
    target = infrastructure_find(&infrastructure, "one");
    assert_string_equal(target->client_interface, "default-client");
    assert_string_equal(target->target_property, "hostname");
    assert_string_equal(target->number_of_cores, "1");
    assert_string_equal(target->system, "x86_64-linux");
    assert_int_equal(target->containers.count, 0);
    assert_string_equal(target_connection_key(target), "one");
    assert_null(infrastructure_find(&infrastructure, "two"));
    infrastructure_clear(&infrastructure);
    parsed(EXPR(ATTRS("")), &infrastructure);
    assert_int_equal(infrastructure.count, 0);
    infrastructure_clear(&infrastructure);
}

static void test_what_a_target_says_itself(void **state)
{
    struct infrastructure infrastructure;
    const struct target *target;

    (void)state;
    parsed(TARGET(ATTR("properties", ATTRS(ATTR("port", "<int value=\"2201\" />")))
                      ATTR("numOfCores", "<int value=\"8\" />") STRING("clientInterface", "/a b/client")
                          STRING("targetProperty", "port") STRING("system", "x") STRING("other", "dropped")
                              ATTR("containers",
                                   ATTRS(ATTR("process", ATTRS(ATTR("path", "<path value=\"/x\" />")))))),
           &infrastructure);
    target = &infrastructure.targets[0];
    assert_string_equal(target_connection_key(target), "2201");
    assert_string_equal(target->number_of_cores, "8");
    assert_string_equal(target->client_interface, "/a b/client");
    assert_int_equal(nix_value_get(nix_value_get(&target->containers, "process"), "path")->type, NIX_UNTYPED);
    infrastructure_clear(&infrastructure);
}

static void test_normalised_document(void **state)
{
    struct infrastructure normalised, expression;

    (void)state;
    parsed(
        "<?xml version=\"1.0\"?><infrastructure version=\"2\"><target name=\"one\"><properties "
        "type=\"attrs\">"
        "<property name=\"hostname\" type=\"string\">one</property>"
        "<property name=\"l\" type=\"list\"><elem type=\"int\">1</elem><elem>x</elem></property></properties>"
        "<containers><container name=\"c\" type=\"attrs\"><property name=\"p\" type=\"string\"/></container>"
        "</containers><system>s</system><numOfCores>2</numOfCores><clientInterface>c</clientInterface>"
        "<targetProperty>hostname</targetProperty><unknown><system>no</system></unknown></target></"
        "infrastructure>",
        &normalised);
    parsed(TARGET(ATTR("properties",
                       ATTRS(STRING("hostname", "one") ATTR("l", "<list><int value=\"1\"/><null/></list>")))
                      ATTR("containers", ATTRS(ATTR("c", ATTRS(STRING("p", ""))))) STRING("system", "s")
                          ATTR("numOfCores", "<int value=\"2\"/>") STRING("clientInterface", "c")
                              STRING("targetProperty", "hostname")),
           &expression);
    for (int i = 0; i < 2; i++) { /* they differ in what kind of thing has no type */
        nix_value_drop_untyped(&normalised.targets[0].properties, NULL, NULL);
        nix_value_drop_untyped(&expression.targets[0].properties, NULL, NULL);
    }
    assert_int_equal(target_compare(&normalised.targets[0], &expression.targets[0]), 0);
    infrastructure_clear(&normalised);
    infrastructure_clear(&expression);
    refused("<infrastructure version=\"1\"/>", "infrastructure of version 1");
    refused("<infrastructure/>", "version none");
    refused("<manifest version=\"2\"/>", "neither expr nor infrastructure");
    refused("<infrastructure version=\"2\"><target/></infrastructure>", "target without name");
    refused("<infrastructure version=\"2\"><target name=\"a\"><properties "
            "type=\"list\"/></target></infrastructure>",
            "properties: not a set");
    refused("<infrastructure version=\"2\"><target name=\"a\"/><target name=\"a\"/></infrastructure>",
            "a: given twice");
}

static void test_refusals(void **state)
{
    (void)state;
    refused(EXPR("<function />"), "FILE: not a set of targets, but a function");
    refused(EXPR("<list></list>"), "FILE: not a set of targets");
    refused(EXPR(ATTRS(ATTR("one", "<int value=\"1\"/>"))), "FILE: target one: not a set");
    refused(EXPR(ATTRS(ATTR("a b", ATTRS(PROPERTIES)))), "FILE: target a b: a name");
    refused(EXPR(ATTRS(ATTR("", ATTRS(PROPERTIES)))), "a name that is empty");
    refused(EXPR(ATTRS(ATTR("a&#10;b", ATTRS(PROPERTIES)))), "target a?b: a name");
    refused(TARGET(""), "FILE: target one: targetProperty: names a property that the target does not have");
    refused(TARGET(ATTR("properties", "<null/>")), "target one: properties: not a set");
    refused(TARGET(PROPERTIES ATTR("containers", "<list></list>")), "target one: containers: not a set");
    refused(TARGET(PROPERTIES ATTR("containers", ATTRS(STRING("c", "x")))),
            "target one: containers.c: not a set");
    refused(TARGET(PROPERTIES ATTR("clientInterface", "<null/>")), "target one: clientInterface: null");
    refused(TARGET(PROPERTIES STRING("clientInterface", "")), "target one: clientInterface: empty");
    refused(TARGET(PROPERTIES STRING("clientInterface", "-x")), "target one: clientInterface: ");
    refused(TARGET(PROPERTIES ATTR("system", "<null/>")), "target one: system: null");
    refused(TARGET(PROPERTIES STRING("system", "")), "target one: system: empty");
    refused(TARGET(PROPERTIES ATTR("targetProperty", "<int value=\"1\"/>")),
            "targetProperty: of the wrong type");
    refused(TARGET(PROPERTIES ATTR("numOfCores", "<int value=\"0\"/>")), "target one: numOfCores: ");
    refused(TARGET(PROPERTIES ATTR("numOfCores", "<int value=\"-1\"/>")), "target one: numOfCores: ");
    refused(TARGET(PROPERTIES ATTR("numOfCores", "<float value=\"1.5\"/>")), "numOfCores: of the wrong type");
    refused(TARGET(ATTR("properties", ATTRS(STRING("hostname", "-oProxyCommand=x")))),
            "target one: hostname: not usable");
    refused(TARGET(ATTR("properties", ATTRS(STRING("hostname", "a b")))), "target one: hostname: not usable");
    refused(TARGET(ATTR("properties", ATTRS(STRING("hostname", "")))), "target one: hostname: not usable");
    refused(TARGET(ATTR("properties", ATTRS(ATTR("hostname", "<null/>")))),
            "target one: hostname: not usable");
    refused(TARGET(ATTR("properties", ATTRS(ATTR("hostname", "<bool value=\"true\"/>")))),
            "hostname: not usable");
}

static void test_environment(void **state)
{
    struct infrastructure_defaults own = { .client_interface = "mine" };

    (void)state;
    setenv("DISNIX_CLIENT_INTERFACE", "theirs", 1);
    setenv("DISNIX_TARGET_PROPERTY", "ip", 1);
    infrastructure_defaults_complete(&own);
    assert_string_equal(own.client_interface, "mine");
    assert_string_equal(own.target_property, "ip");
    assert_non_null(strstr(own.system, "-linux"));
    unsetenv("DISNIX_CLIENT_INTERFACE");
    setenv("DISNIX_TARGET_PROPERTY", "", 1);
    own = (struct infrastructure_defaults){ 0 };
    infrastructure_defaults_complete(&own);
    assert_string_equal(own.client_interface, "disnix-ssh-client");
    assert_string_equal(own.target_property, "hostname");
}

static void difference_is(const char *a, const char *b, const char *expected)
{
    struct infrastructure one, other;
    json_t *difference;
    char *text;

    parsed(a, &one);
    parsed(b, &other);
    difference = infrastructure_difference(&one, &other);
    text = json_dumps(difference, JSON_COMPACT);
    assert_string_equal(text, expected);
    free(text);
    json_decref(difference);
    infrastructure_clear(&one);
    infrastructure_clear(&other);
}

static void test_difference(void **state)
{
    (void)state;
    difference_is(TARGET(PROPERTIES), TARGET(PROPERTIES), "{\"added\":[],\"removed\":[],\"changed\":{}}");
    difference_is(
        EXPR(ATTRS(ATTR("a", ATTRS(PROPERTIES)) ATTR("c", ATTRS(PROPERTIES)))),
        EXPR(ATTRS(ATTR("b", ATTRS(PROPERTIES)) ATTR("c", ATTRS(PROPERTIES)) ATTR("d", ATTRS(PROPERTIES)))),
        "{\"added\":[\"b\",\"d\"],\"removed\":[\"a\"],\"changed\":{}}");
    difference_is(
        TARGET(ATTR("properties", ATTRS(STRING("hostname", "one") ATTR("a", "<null/>") STRING("b", "1")))
                   ATTR("containers", ATTRS(ATTR("process", ATTRS("")) ATTR("web", ATTRS(""))))),
        TARGET(ATTR("properties", ATTRS(STRING("hostname", "two") ATTR("a", "<path value=\"/x\"/>")
                                            STRING("b", "1") STRING("new", "")))
                   ATTR("containers", ATTRS(ATTR("process", ATTRS(STRING("x", "y")))))
                       ATTR("numOfCores", "<int value=\"2\"/>") STRING("system", "other")
                           STRING("clientInterface", "c")),
        "{\"added\":[],\"removed\":[],\"changed\":{\"one\":[\"properties.a\",\"properties.hostname\","
        "\"properties.new\",\"containers.process\",\"containers.web\",\"system\",\"numOfCores\","
        "\"clientInterface\"]}}");
}

static void test_copy(void **state)
{
    struct infrastructure infrastructure;
    struct target copy;

    (void)state;
    parsed(TARGET(PROPERTIES ATTR("containers", ATTRS(ATTR("a", ATTRS(STRING("b", "c")))))), &infrastructure);
    assert_int_equal(target_copy(&copy, &infrastructure.targets[0]), 0);
    assert_int_equal(target_compare(&copy, &infrastructure.targets[0]), 0);
    infrastructure_clear(&infrastructure);
    assert_string_equal(target_connection_key(&copy), "one");
    target_clear(&copy);
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
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_what_a_target_says_itself),
        cmocka_unit_test(test_normalised_document),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_difference),
        cmocka_unit_test(test_copy),
    };

    return cmocka_run_group_tests_name("infrastructure", tests, begin, end);
}
