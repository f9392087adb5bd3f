/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/model.h"

static struct strings *strings;

#define MANIFEST(content) "<?xml version=\"1.0\"?>\n\n  <manifest version=\"2\">" content "</manifest>\n"
#define PROFILE_MANIFEST(content) \
    "<?xml version=\"1.0\"?>\n\n  <profilemanifest version=\"2\">" content "</profilemanifest>\n"
#define SERVICES(content) "<services>" content "</services>"
#define SERVICE_WITH(key, name, more)                                   \
    "<service name=\"" key "\"><name>" name "</name><pkg>" PKG "</pkg>" \
    "<type>process</type>" more "</service>"
#define SERVICE(key) SERVICE_WITH(key, "web", "")
#define TEXT(element, text) "<" element ">" text "</" element ">"
#define MAPPING(content) "<mapping>" content "</mapping>"
#define MAPPINGS(content) "<serviceMappings>" content "</serviceMappings>"
#define SNAPSHOTS(content) "<snapshotMappings>" content "</snapshotMappings>"
#define ON(service, target) \
    MAPPING(TEXT("container", "process") TEXT("service", service) TEXT("target", target))
#define SNAPSHOT(component, more) \
    MAPPING(TEXT("component", component) TEXT("container", "process") TEXT("service", KEY_A) more)
#define TARGET(name, more)                                                                                   \
    "<infrastructure><target name=\"" name "\"><properties><property name=\"hostname\" "                     \
    "type=\"string\">" name "</property></properties><system>s</system><clientInterface>c</clientInterface>" \
    "<targetProperty>hostname</targetProperty>" more "</target></infrastructure>"

static int parse(const char *xml, const char *own_target, struct manifest *manifest, char **reason)
{
    if (own_target)
        return profile_manifest_parse(xml, strlen(xml), "FILE", own_target, NULL, strings, manifest, reason);
    return manifest_parse(xml, strlen(xml), "FILE", NULL, strings, manifest, reason);
}

static void parsed(const char *xml, const char *own_target, struct manifest *manifest)
{
    char *reason;

    if (parse(xml, own_target, manifest, &reason))
        fail_msg("%s: %s", xml, reason);
}

static void refused_as(const char *xml, const char *own_target, const char *part)
{
    struct manifest manifest;
    char *reason;

    if (!parse(xml, own_target, &manifest, &reason))
        fail_msg("accepted: %s", xml);
    assert_int_equal(manifest.service_count + manifest.profile_count + manifest.service_mapping_count, 0);
    assert_null(manifest.services);
    expect_reason(reason, part);
}

static void refused(const char *xml, const char *part)
{
    refused_as(xml, NULL, part);
}

static void profile_refused(const char *xml, const char *part)
{
    refused_as(xml, "test1", part);
}

static void test_everything_there_is(void **state)
{
    struct manifest manifest;
    const struct service *service;
    const struct snapshot_mapping *snapshot;
    const struct service_mapping *mapping;

    (void)state;
    parsed(MANIFEST("<unknown><services>" SERVICE(
               KEY_B) "</services></unknown>"
                      "<profiles><profile name=\"test2\">" PKG "</profile><profile name=\"test1\">" PKG
                      "</profile></profiles>" SERVICES(
                          "<service name=\"" KEY_A "\"><type/><name/><pkg>" PKG "</pkg><unknown/>"
                          "<dependsOn>" ON(KEY_B, "z")
                              ON(KEY_A, "a") "</dependsOn>"
                                             "<connectsTo>" ON(
                                                 KEY_B, "test2") "</connectsTo><providesContainers>"
                                                                 "<container name=\"x\" "
                                                                 "type=\"attrs\"><property name=\"port\" "
                                                                 "type=\"int\">80</property>"
                                                                 "<property "
                                                                 "name=\"dropped\">y</property></container></"
                                                                 "providesContainers></service>")
                          MAPPINGS(MAPPING(TEXT("target", "test1") TEXT("service", KEY_A) TEXT(
                              "container", "c d") TEXT("containerProvidedByService", KEY_B)))
                              SNAPSHOTS(SNAPSHOT("web-1.0", TEXT("target", "test1"))) TARGET("test1", "")),
           NULL, &manifest);
    assert_string_equal(manifest.profiles[0].target, "test1");
    assert_string_equal(manifest_find_profile(&manifest, "test2")->path, PKG);
    service = manifest_find_service(&manifest, KEY_A);
    assert_string_equal(service->name, "");
    assert_string_equal(service->type, "");
    assert_int_equal(service->depends_on.count, 2);
    assert_string_equal(service->depends_on.items[0].target, "z");
    assert_string_equal(service->connects_to.items[0].service, KEY_B);
    assert_int_equal(nix_value_get(&service->provides_containers, "x")->count, 1);
    mapping = manifest_find_service_mapping(&manifest, "test1", "c d", KEY_A);
    assert_string_equal(mapping->provider, KEY_B);
    snapshot = manifest_find_snapshot_mapping(&manifest, "test1", "process", "web-1.0");
    assert_string_equal(snapshot->service, KEY_A);
    assert_null(snapshot->provider);
    assert_string_equal(infrastructure_find(&manifest.infrastructure, "test1")->number_of_cores, "1");
    assert_null(manifest_find_service(&manifest, KEY_B));
    assert_null(manifest_find_profile(&manifest, "test3"));
    assert_null(manifest_find_snapshot_mapping(&manifest, "test1", "process", "web-1.1"));
    manifest_clear(&manifest);
}

static void test_absent_sections_are_empty(void **state)
{
    struct manifest manifest;
    char *reason;

    (void)state;
    parsed(MANIFEST(""), NULL, &manifest);
    assert_null(manifest_find_service(&manifest, KEY_A));
    assert_null(manifest_find_profile(&manifest, "x"));
    assert_int_equal(manifest_check(&manifest, &reason), 0);
    manifest_clear(&manifest);
    parsed("<profilemanifest/>\n\n", "test1", &manifest);
    manifest_clear(&manifest);
}

static void test_profile_manifest(void **state)
{
    struct manifest manifest;

    (void)state;
    parsed(PROFILE_MANIFEST(
               "<profiles><profile name=\"x\">junk</profile></profiles>" TARGET("x", "")
                   SERVICES(SERVICE_WITH(KEY_A, "web",
                                         "<dependsOn>" MAPPING(TEXT("container", "c") TEXT("service", KEY_B))
                                             ON(KEY_B, "test9") "</dependsOn>"))
                       MAPPINGS(MAPPING(TEXT("container", "process") TEXT("service", KEY_A)))
                           SNAPSHOTS(SNAPSHOT("web-1.0", "") MAPPING(TEXT("component", "package-1.0") TEXT(
                               "container", "c") TEXT("service", KEY_B)))) "\n",
           "test1", &manifest);
    assert_int_equal(manifest.profile_count + manifest.infrastructure.count, 0);
    assert_string_equal(manifest.services[0].depends_on.items[0].target, "test1");
    assert_string_equal(manifest.services[0].depends_on.items[1].target, "test9");
    assert_non_null(manifest_find_service_mapping(&manifest, "test1", "process", KEY_A));
    assert_int_equal(manifest.snapshot_mapping_count, 1); /* the package's is left out */
    assert_string_equal(manifest.snapshot_mappings[0].component, "web-1.0");
    manifest_clear(&manifest);
}

static void test_profile_manifest_refusals(void **state)
{
    (void)state;
    profile_refused("", "FILE: empty");
    profile_refused("\n", "FILE: line ");
    profile_refused(MANIFEST(""), "the root element is manifest, not profilemanifest");
    profile_refused("<profilemanifest version=\"3\"/>", "profilemanifest of version 3");
    profile_refused(PROFILE_MANIFEST(SERVICES(SERVICE(KEY_A)) MAPPINGS(ON(KEY_A, "test2"))),
                    "line 3: service mapping of service " KEY_A
                    " is on target test2, but this is the profile of test1");
    profile_refused(
        PROFILE_MANIFEST(SERVICES(SERVICE(KEY_A)) SNAPSHOTS(SNAPSHOT("a", TEXT("target", "test2")))),
        "snapshot mapping of service " KEY_A " is on target test2");
    profile_refused(PROFILE_MANIFEST(SERVICES(SERVICE(KEY_A)) MAPPINGS(ON(KEY_B, "test1"))),
                    "does not hold the service " KEY_B);
    profile_refused(PROFILE_MANIFEST(SERVICES(SERVICE(KEY_A) SERVICE(KEY_A))),
                    "service " KEY_A ": given twice");
    profile_refused(PROFILE_MANIFEST(SERVICES(SERVICE(KEY_A)) MAPPINGS(
                        ON(KEY_A, "test1") MAPPING(TEXT("container", "process") TEXT("service", KEY_A)))),
                    "service mapping of " KEY_A " in process on target test1: given twice");
}

static void test_refusals(void **state)
{
    (void)state;
    refused("<manifest/>", "manifest of version none, which cannot be read");
    refused("<manifest version=\"3\"/>", "manifest of version 3, which cannot be read");
    refused(PROFILE_MANIFEST(""), "the root element is profilemanifest, not manifest");
    refused(MANIFEST("<profiles><profile>" PKG "</profile></profiles>"), "profile without name");
    refused(MANIFEST("<profiles><profile name=\"a\">/etc</profile></profiles>"),
            "profile a: /etc is no store path");
    refused(MANIFEST("<profiles><profile name=\"a&#10;b\">" PKG "</profile></profiles>"),
            "profile a?b: a name");
    refused(MANIFEST("<profiles><profile name=\"a\">" PKG "</profile><profile name=\"a\">" PKG
                     "</profile></profiles>"),
            "profile a: given twice");
    refused(MANIFEST(SERVICES("<service><name/></service>")), "service without name");
    refused(MANIFEST(SERVICES("<service name=\"\"><name/></service>")), "service : a name that is empty");
    refused(MANIFEST(SERVICES("<service name=\"k\"><pkg>" PKG "</pkg><type/></service>")),
            "service k: without name");
    refused(MANIFEST(SERVICES("<service name=\"k\"><name/><type/></service>")), "service k: without pkg");
    refused(MANIFEST(SERVICES("<service name=\"k\"><name/><pkg>" PKG "</pkg></service>")),
            "service k: without type");
    refused(MANIFEST(SERVICES("<service name=\"k\"><name>a&#9;b</name><type/><pkg>" PKG "</pkg></service>")),
            "service k: control characters");
    refused(MANIFEST(SERVICES("<service name=\"k\"><name>a</name><name>b</name></service>")),
            "name given twice");
    refused(MANIFEST(SERVICES("<service name=\"k\"><name/><type/><pkg>" PKG "/../x</pkg></service>")),
            "service k: pkg " PKG "/../x is no store path");
    refused(MANIFEST(SERVICES("<service name=\"k\"><name/><type/><pkg/></service>")), "is no store path");
    refused(MANIFEST(SERVICES(SERVICE(KEY_B) SERVICE(KEY_A) SERVICE(KEY_B))),
            "service " KEY_B ": given twice");
    refused(MANIFEST(SERVICES(SERVICE_WITH(
                KEY_A, "a",
                "<dependsOn>" MAPPING(TEXT("container", "c") TEXT("service", KEY_B)) "</dependsOn>"))),
            "dependsOn mapping without target");
    refused(MANIFEST(SERVICES(
                SERVICE_WITH(KEY_A, "a", "<connectsTo>" MAPPING(TEXT("container", "c")) "</connectsTo>"))),
            "connectsTo mapping without service");
    refused(MANIFEST(SERVICES(SERVICE_WITH(KEY_A, "a",
                                           "<providesContainers><container name=\"c\" type=\"int\">1"
                                           "</container></providesContainers>"))),
            "container c: not a set");
    refused(MANIFEST(SERVICES(SERVICE_WITH(KEY_A, "a", "<providesContainers/><providesContainers/>"))),
            "providesContainers given twice");
    refused(MANIFEST(MAPPINGS(MAPPING(TEXT("container", "c") TEXT("service", "s")))),
            "service mapping without target");
    refused(MANIFEST(MAPPINGS(MAPPING(TEXT("service", "s") TEXT("target", "t")))),
            "service mapping without container");
    refused(MANIFEST(MAPPINGS(MAPPING(TEXT("container", "") TEXT("service", "s") TEXT("target", "t")))),
            "service mapping: container : empty");
    refused(MANIFEST(MAPPINGS(ON("s", "t") ON("s", "t"))),
            "service mapping of s in process on target t: given twice");
    refused(MANIFEST(SNAPSHOTS(MAPPING(TEXT("container", "c") TEXT("service", "s") TEXT("target", "t")))),
            "snapshot mapping without component");
    refused(MANIFEST(SNAPSHOTS(SNAPSHOT("..", TEXT("target", "t")))),
            "component .. in container process: no file names");
    refused(MANIFEST(SNAPSHOTS(SNAPSHOT("a/b", TEXT("target", "t")))), "no file names");
    refused(MANIFEST(SNAPSHOTS(SNAPSHOT("a", TEXT("target", "t")) SNAPSHOT("a", TEXT("target", "t")))),
            "snapshot mapping of a in process on target t: given twice");
    refused(MANIFEST("<infrastructure><target name=\"a\"><containers><container name=\"c\" "
                     "type=\"string\">x</container>"
                     "</containers></target></infrastructure>"),
            "target a: containers.c: not a set");
    refused(MANIFEST("<infrastructure/><infrastructure/>"), "infrastructure given twice");
    refused(MANIFEST("<infrastructure><target name=\"a\"/><target name=\"a\"/></infrastructure>"),
            "a: given twice");
}

static void test_hostile_documents(void **state)
{
    static const char nul[] = "<manifest version=\"2\"/>\0<manifest>";
    struct manifest manifest;
    char *reason;

    (void)state;
    refused("<!DOCTYPE manifest [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>" MANIFEST("&b;"),
            "FILE: line 1: a document type definition");
    refused("<!DOCTYPE manifest [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><manifest "
            "version=\"2\"><services><service "
            "name=\"k\"><name>&a;</name></service></services></manifest>",
            "a document type definition");
    profile_refused("<!DOCTYPE x SYSTEM \"http://127.0.0.1:1/\"><profilemanifest/>",
                    "a document type definition");
    refused("<manifest version=\"2\"><services>&nothing;</services></manifest>", "FILE: line 1: ");
    refused("<manifest version=\"2\"><services>", "FILE: line 1: ");
    refused("<manifest version=\"2\"/><more/>", "FILE: line 1: ");
    refused(MANIFEST("\xff"), "FILE: line 3: ");
    refused(MANIFEST("\x01"), "FILE: line 3: ");
    refused(MANIFEST("&#1;"), "FILE: line 3: ");
    refused("\xfe\xff", "FILE: line ");
    assert_int_equal(manifest_parse(nul, sizeof nul - 1, "FILE", NULL, strings, &manifest, &reason), -1);
    expect_reason(reason, "FILE: holds a NUL byte");
}

static void test_limits(void **state)
{
    static const char xml[] = MANIFEST("<a><b><c></c></b></a>");
    struct manifest_limits limits = { .bytes = sizeof xml - 1, .depth = 4 };
    struct manifest manifest;
    char deep[64 * 16] = "<manifest version=\"2\">";
    char *reason;

    (void)state;
    assert_int_equal(manifest_parse(xml, sizeof xml - 1, "FILE", &limits, strings, &manifest, &reason), 0);
    manifest_clear(&manifest);
    limits.bytes--;
    assert_int_equal(manifest_parse(xml, sizeof xml - 1, "FILE", &limits, strings, &manifest, &reason), -1);
    expect_reason(reason, "FILE: larger than allowed");
    limits = (struct manifest_limits){ .depth = 3 };
    assert_int_equal(manifest_parse(xml, sizeof xml - 1, "FILE", &limits, strings, &manifest, &reason), -1);
    expect_reason(reason, "more than 3 levels");
    for (int i = 0; i < 64; i++)
        strcat(deep, "<a>");
    refused(deep, "more than 64 levels");
}

/* An attribute that is longer than libxml2 reads without being told to. */
static void test_large_text(void **state)
{
    static const char before[] = "<manifest version=\"2\"><services><service name=\"";
    static const char after[] = "\"><name/><type/><pkg>" PKG "</pkg></service></services></manifest>";
    size_t size = 11 * 1000 * 1000, length = sizeof before - 1 + size + sizeof after - 1;
    char *xml = malloc(length), *reason;
    struct manifest manifest;

    (void)state;
    memset(xml, 'x', length);
    memcpy(xml, before, sizeof before - 1);
    memcpy(xml + sizeof before - 1 + size, after, sizeof after - 1);
    if (manifest_parse(xml, length, "FILE", NULL, strings, &manifest, &reason))
        fail_msg("%s", reason);
    assert_int_equal(strlen(manifest.services[0].key), size);
    manifest_clear(&manifest);
    free(xml);
}

/* Written and read again it is the same, and written again the same bytes. */
static void round_trip(struct manifest *manifest)
{
    xmlBufferPtr first = manifest_write(manifest), second;
    struct manifest again;
    char *reason;

    if (manifest_parse((const char *)xmlBufferContent(first), (size_t)xmlBufferLength(first), "WRITTEN", NULL,
                       strings, &again, &reason))
        fail_msg("%s", reason);
    assert_true(manifest_equal(manifest, &again));
    second = manifest_write(&again);
    assert_string_equal((const char *)xmlBufferContent(first), (const char *)xmlBufferContent(second));
    xmlBufferFree(first);
    xmlBufferFree(second);
    manifest_clear(&again);
}

#define NIX "${builtins.abort &quot;x&quot;}"
#define NIX_READ "${builtins.abort \"x\"}"

static void test_code_stays_data(void **state)
{
    struct manifest manifest;

    (void)state;
    parsed("<manifest version=\"2\">" SERVICES(
               "<service name=\"" NIX "\"><name>" NIX "</name><type>" NIX "</type><pkg>" PKG
               "</pkg><dependsOn>" ON(NIX, NIX) "</dependsOn><providesContainers><container name=\"" NIX "\" "
                                                "type=\"attrs\"><property name=\"" NIX
                                                "\" type=\"string\">" NIX "</property></container>"
                                                "</providesContainers></service>")
               MAPPINGS(MAPPING(TEXT("container", NIX) TEXT("service", NIX) TEXT("target", NIX)
                                    TEXT("containerProvidedByService", NIX)))
                   SNAPSHOTS(MAPPING(TEXT("component", NIX) TEXT("container", NIX) TEXT("service", NIX)
                                         TEXT("target", "t"))) "</manifest>",
           NULL, &manifest);
    assert_string_equal(manifest.services[0].key, NIX_READ);
    assert_string_equal(manifest.service_mappings[0].provider, NIX_READ);
    assert_string_equal(manifest.snapshot_mappings[0].component, NIX_READ);
    round_trip(&manifest);
    manifest_clear(&manifest);
    refused(MANIFEST("<profiles><profile name=\"a\">" NIX "</profile></profiles>"), "is no store path");
    refused(MANIFEST(SERVICES("<service name=\"k\"><name/><type/><pkg>" NIX "</pkg></service>")),
            "is no store path");
}

static void test_white_space_is_kept(void **state)
{
    struct nix_attribute text = { "a\tb\n\"<&>", { .type = NIX_STRING, .text = " \t\r\n  x\r\ny\t " } };
    struct nix_attribute blank = { "blank", { .type = NIX_STRING, .text = "   " } };
    struct nix_attribute properties[] = { text, blank };
    struct target target = { .name = "t",
                             .properties = { .type = NIX_ATTRS, .children = properties, .count = 2 },
                             .containers = { .type = NIX_ATTRS },
                             .system = "s",
                             .number_of_cores = "1",
                             .client_interface = "c",
                             .target_property = "p" };
    struct manifest manifest;

    (void)state;
    manifest_init(&manifest, strings);
    assert_int_equal(manifest_add_target(&manifest, &target), 0);
    round_trip(&manifest);
    manifest_clear(&manifest);
}

static void test_untyped_properties_are_left_out(void **state)
{
    struct nix_attribute inner[] = { { "f", { .type = NIX_UNTYPED, .text = "function" } },
                                     { "i", { .type = NIX_INT, .text = "1" } } };
    struct nix_attribute list[] = { { NULL, { .type = NIX_UNTYPED, .text = "null" } },
                                    { NULL, { .type = NIX_ATTRS, .children = inner, .count = 2 } } };
    struct nix_attribute properties[] = { { "key", { .type = NIX_UNTYPED, .text = "path" } },
                                          { "l", { .type = NIX_LIST, .children = list, .count = 2 } } };
    struct target target = { .name = "test1",
                             .properties = { .type = NIX_ATTRS, .children = properties, .count = 2 },
                             .containers = { .type = NIX_ATTRS },
                             .system = "s",
                             .number_of_cores = "1",
                             .client_interface = "c",
                             .target_property = "p" };
    struct manifest manifest;

    (void)state;
    *logged = '\0';
    manifest_init(&manifest, strings);
    assert_int_equal(manifest_add_target(&manifest, &target), 0);
    assert_string_equal(logged,
                        "[test1] properties.key: a path cannot be kept in a manifest, left out\n"
                        "[test1] properties.l[0]: a null cannot be kept in a manifest, left out\n"
                        "[test1] properties.l[1].f: a function cannot be kept in a manifest, left out\n");
    assert_int_equal(target.properties.count, 2); /* the model keeps them */
    round_trip(&manifest);
    manifest_clear(&manifest);
}

static void test_adding(void **state)
{
    struct strings *other = strings_new();
    struct dependency dependency = { strings_intern(other, KEY_B), "c", "t" };
    struct service service = { .key = KEY_A,
                               .name = strings_intern(other, "web"),
                               .pkg = PKG,
                               .type = "process",
                               .depends_on = { &dependency, 1 },
                               .provides_containers = { .type = NIX_ATTRS } };
    struct manifest manifest;
    char target[16];

    (void)state;
    manifest_init(&manifest, strings);
    assert_string_equal(manifest_add_service(&manifest, &service)->key, KEY_A);
    for (int i = 99; i >= 0; i--) {
        struct service_mapping mapping = { .target = target, .container = "c", .service = KEY_A };
        struct snapshot_mapping snapshot = {
            .target = target, .container = "c", .component = "x", .service = KEY_A
        };

        snprintf(target, sizeof target, "t%d", i);
        assert_string_equal(manifest_add_profile(&manifest, target, PKG)->target, target);
        assert_string_equal(manifest_add_service_mapping(&manifest, &mapping)->target, target);
        assert_string_equal(manifest_add_snapshot_mapping(&manifest, &snapshot)->target, target);
    }
    strings_free(other);
    memset(target, 0, sizeof target);
    manifest_sort(&manifest);
    assert_string_equal(manifest.profiles[2].target, "t10"); /* bytewise */
    for (int i = 0; i < 100; i++) {
        snprintf(target, sizeof target, "t%d", i);
        assert_non_null(manifest_find_profile(&manifest, target));
        assert_non_null(manifest_find_service_mapping(&manifest, target, "c", KEY_A));
        assert_non_null(manifest_find_snapshot_mapping(&manifest, target, "c", "x"));
    }
    assert_string_equal(manifest.services[0].depends_on.items[0].service, KEY_B);
    round_trip(&manifest);
    manifest_clear(&manifest);
}

static void check_refused(const char *xml, const char *part)
{
    struct manifest manifest;
    char *reason;

    parsed(xml, NULL, &manifest);
    assert_int_equal(manifest_check(&manifest, &reason), -1);
    expect_reason(reason, part);
    manifest_clear(&manifest);
}

static void test_check(void **state)
{
    static const char good[] = MANIFEST(SERVICES(SERVICE(KEY_A)) TARGET("t", "") MAPPINGS(ON(KEY_A, "t"))
                                            SNAPSHOTS(SNAPSHOT("web-1.0", TEXT("target", "t"))));
    struct manifest manifest;
    char *reason;

    (void)state;
    parsed(good, NULL, &manifest);
    assert_int_equal(manifest_check(&manifest, &reason), 0);
    manifest_clear(&manifest);
    check_refused(MANIFEST(SERVICES(SERVICE(KEY_A)) TARGET("t", "") MAPPINGS(ON(KEY_B, "t"))),
                  "a service mapping on target t names the unknown service " KEY_B);
    check_refused(MANIFEST(SERVICES(SERVICE(KEY_A)) TARGET("t", "") MAPPINGS(ON(KEY_A, "u"))),
                  "names the unknown target u");
    check_refused(MANIFEST(TARGET("t", "") SNAPSHOTS(SNAPSHOT("x", TEXT("target", "t")))),
                  "a snapshot mapping on target t names the unknown service " KEY_A);
    check_refused(MANIFEST(TARGET("t", "<numOfCores>0</numOfCores>")), "target t: numOfCores: ");
    check_refused(MANIFEST("<infrastructure><target name=\"t\"/></infrastructure>"),
                  "target t: clientInterface: ");
    check_refused(MANIFEST("<infrastructure><target name=\"t\"><clientInterface>c</clientInterface></target>"
                           "</infrastructure>"),
                  "target t: targetProperty: empty");
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
        cmocka_unit_test(test_everything_there_is),
        cmocka_unit_test(test_absent_sections_are_empty),
        cmocka_unit_test(test_profile_manifest),
        cmocka_unit_test(test_profile_manifest_refusals),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_hostile_documents),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_large_text),
        cmocka_unit_test(test_code_stays_data),
        cmocka_unit_test(test_white_space_is_kept),
        cmocka_unit_test(test_untyped_properties_are_left_out),
        cmocka_unit_test(test_adding),
        cmocka_unit_test(test_check),
    };

    return cmocka_run_group_tests_name("manifest", tests, begin, end);
}
