/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Version 1: what is read, what is refused and with which words, and what is written.
 */
#include "config.h"

#include "lib/manifest/dependency-line.h"
#include "tests/unit/model.h"

#define OTHER "/nix/store/11111111111111111111111111111111-web-1.0"
#define LINES(name, path, container, type, key, stateful, dependencies) \
    name "\n" path "\n" container "\n" type "\n" key "\n" stateful "\n" dependencies "\n"
#define WEB LINES("web", PKG, "process", "process", KEY_A, "false", "[]")
#define ON(target, container, key) \
    "{ target = \"" target "\"; container = \"" container "\"; _key = \"" key "\"; }"

static struct strings *strings;

static int begin(void **state)
{
    (void)state;
    operations_use(&kept_operations);
    strings = strings_new();
    return 0;
}

static int end(void **state)
{
    (void)state;
    strings_free(strings);
    return 0;
}

/* The dependencies of a line, one as "target/container/key " each. */
static void line_is(const char *line, const char *expected)
{
    struct dependencies list;
    char *reason, got[1024] = "";

    if (dependency_line_parse(line, strlen(line), strings, &list, &reason))
        fail_msg("%s: %s", line, reason);
    for (size_t i = 0; i < list.count; i++)
        sprintf(got + strlen(got), "%s/%s/%s ", list.items[i].target, list.items[i].container,
                list.items[i].service);
    assert_string_equal(got, expected);
    free(list.items);
}

static void line_refused(const char *line, const char *part)
{
    struct dependencies list;
    char *reason;

    if (!dependency_line_parse(line, strlen(line), strings, &list, &reason))
        fail_msg("accepted: %s", line);
    assert_null(list.items);
    assert_int_equal(list.count, 0);
    expect_reason(reason, part);
}

static void test_dependency_line(void **state)
{
    (void)state;
    line_is("[]", "");
    line_is(" [ \t] ", "");
    line_is("[" ON("t", "c", "k") "]", "t/c/k ");
    line_is("[" ON("t", "c", "k") " " ON("u", "d", "k") ON("t", "c", "k") "]", "t/c/k u/d/k t/c/k ");
    line_is("[{_key=\"k\";target=\"t\";container=\"c\";}]", "t/c/k ");
    line_is("[" ON("a\\\"b", "\\\\", "\\$\\{x}") "]", "a\"b/\\/${x} ");
    line_is("[" ON("$", "$$", "$${k}") "]", "$/$$/$${k} ");
    line_is("[" ON("a$b", "\\a", "{ } ; ]") "]", "a$b/a/{ } ; ] ");
}

static void test_dependency_line_refusals(void **state)
{
    (void)state;
    line_refused("", "column 1: [ expected, but the line ends");
    line_refused("[", "column 2: { expected, but the line ends");
    line_refused("x", "column 1: [ expected");
    line_refused("[] x", "column 4: something after the list");
    line_refused("[] ++ []", "something after the list");
    line_refused("[1]", "column 2: { expected");
    line_refused("[[]]", "column 2: { expected");
    line_refused("[{", "column 3: an attribute expected, but the line ends");
    line_refused("[{}]", "a dependency without target");
    line_refused("[{ target = \"t\"; container = \"c\"; }]", "a dependency without _key");
    line_refused("[{ target = \"t\"; _key = \"k\"; }]", "a dependency without container");
    line_refused("[{ target = \"t\"; target = \"t\"; }]", "target given twice");
    line_refused("[{ target = \"t\"; key = \"k\"; }]", "column 18: key: an attribute that no dependency has");
    line_refused("[{ \"target\" = \"t\"; }]", "an attribute expected");
    line_refused("[{ target \"t\"; }]", "= expected");
    line_refused("[{ target = t; }]", "\" expected");
    line_refused("[{ target = ''t''; }]", "\" expected");
    line_refused("[{ target = \"t\" }]", "; expected");
    line_refused("[{ target = \"t; }]", "\" expected, but the line ends");
    line_refused("[{ target = \"t\\", "\" expected, but the line ends");
    line_refused("[{ target = \"${builtins.abort}\"; }]", "column 14: an interpolation");
    line_refused("[{ target = \"$$${x}\"; }]", "an interpolation");
    line_refused("[{ target = \"\"; }]", "target: empty");
    line_refused("[{ target = \"a\\nb\"; }]", "target: empty, or with control characters");
    line_refused("[{ target = \"a\\tb\"; }]", "control characters");
    line_refused("[{ inherit target; }]", "inherit: an attribute that no dependency has");
    line_refused("[ /* */ ]", "{ expected");
    line_refused("[ # ]", "{ expected");
    line_refused("(import <x>)", "[ expected");
}

static int parse(const char *text, struct manifest *manifest, char **reason)
{
    return profile_manifest_1_parse(text, strlen(text), "FILE", "key1", NULL, strings, manifest, reason);
}

static void parsed(const char *text, struct manifest *manifest)
{
    char *reason;

    if (parse(text, manifest, &reason))
        fail_msg("%s", reason);
    assert_int_equal(manifest->version, 1);
}

static void refused(const char *text, const char *part)
{
    struct manifest manifest;
    char *reason;

    if (!parse(text, &manifest, &reason))
        fail_msg("accepted: %s", text);
    assert_null(manifest.services);
    assert_int_equal(manifest.service_count + manifest.service_mapping_count, 0);
    expect_reason(reason, part);
}

static void test_profile_manifest(void **state)
{
    struct manifest manifest;

    (void)state;
    parsed("", &manifest);
    assert_int_equal(manifest.service_count + manifest.service_mapping_count, 0);
    parsed(" \n\n", &manifest);
    assert_int_equal(manifest.service_count, 0);
    parsed(WEB LINES("", OTHER, "c d", "", "k", "true", "[" ON("key2", "process", KEY_A) "]") " \n",
           &manifest);
    assert_int_equal(manifest.service_count, 2);
    assert_string_equal(manifest.services[0].key, KEY_A);
    assert_string_equal(manifest.services[0].pkg, PKG);
    assert_string_equal(manifest.services[1].name, "");
    assert_int_equal(manifest.services[1].depends_on.count, 1);
    assert_string_equal(manifest.services[1].depends_on.items[0].target, "key2");
    assert_non_null(manifest_find_service_mapping(&manifest, "key1", "process", KEY_A));
    assert_int_equal(manifest.snapshot_mapping_count, 1);
    assert_string_equal(manifest.snapshot_mappings[0].component, "web-1.0");
    assert_string_equal(manifest.snapshot_mappings[0].container, "c d");
    assert_string_equal(manifest.snapshot_mappings[0].service, "k");
    manifest_clear(&manifest);
}

static void test_one_service_in_several_containers(void **state)
{
    struct manifest manifest;

    (void)state;
    parsed(LINES("web", PKG, "b", "process", KEY_A, "true", "[]")
               LINES("web", PKG, "a", "process", KEY_A, "true", "[]"),
           &manifest);
    assert_int_equal(manifest.service_count, 1);
    assert_int_equal(manifest.service_mapping_count, 2);
    assert_int_equal(manifest.snapshot_mapping_count, 2);
    manifest_clear(&manifest);
    refused(WEB WEB, "service mapping of " KEY_A " in process on target key1: given twice");
    refused(WEB LINES("web", PKG, "a", "other", KEY_A, "false", "[]"),
            "service " KEY_A " (web): what is said of it differs");
}

static void test_two_services_with_one_package(void **state)
{
    struct manifest manifest;

    (void)state;
    parsed(LINES("a", PKG, "c", "t", KEY_B, "true", "[]") LINES("b", PKG, "c", "t", KEY_A, "true", "[]"),
           &manifest);
    assert_int_equal(manifest.service_count, 2);
    assert_int_equal(manifest.snapshot_mapping_count, 1);
    assert_string_equal(manifest.snapshot_mappings[0].service, KEY_A);
    manifest_clear(&manifest);
    parsed(LINES("a", PKG, "c", "t", KEY_B, "true", "[]") LINES("b", PKG, "d", "t", KEY_A, "false", "[]"),
           &manifest);
    assert_string_equal(manifest.snapshot_mappings[0].service, KEY_B); /* KEY_A is in another container */
    manifest_clear(&manifest);
    refused(LINES("a", PKG, "c", "t", KEY_B, "true", "[]") LINES("b", OTHER, "c", "t", KEY_A, "true", "[]"),
            "snapshot mapping of web-1.0 in c on target key1: given twice");
}

static void test_profile_manifest_refusals(void **state)
{
    static const char nul[] = "web\0";
    const struct manifest_limits limits = { .bytes = 5 };
    struct manifest manifest;
    char *reason;

    (void)state;
    refused("web\n", "FILE: line 1: neither XML nor lines of version 1: 1, and a service has 7");
    refused(WEB "web\n" PKG "\n", "FILE: line 1: neither XML nor lines of version 1: 9, and a service has 7");
    refused(WEB "\n" WEB, "FILE: line 9: service : web is no store path");
    refused(LINES("web", "/etc/passwd", "c", "t", "k", "true", "[]"),
            "FILE: line 2: service web: /etc/passwd is no store path");
    refused(WEB LINES("api", PKG, "", "t", "k", "true", "[]"),
            "FILE: line 10: service api: a container that is empty");
    refused(LINES("we\tb", PKG, "c", "t", "k", "true", "[]"), "FILE: line 1: control characters");
    refused(LINES("web", "/nix/store/00000000000000000000000000000000-..", "c", "t", "k", "true", "[]"),
            "FILE: line 2: service web: a component with state, .., that is no file name");
    refused(LINES("web", PKG, "c\r", "t", "k", "true", "[]"), "FILE: line 3: ");
    refused(LINES("web", PKG, "c", "\xc2\x85", "k", "true", "[]"),
            "FILE: line 4: service web: control characters");
    refused(LINES("web", PKG, "c", "t", "", "true", "[]"), "FILE: line 5: service web: a key");
    refused(LINES("web", PKG, "c", "t", "k", "yes", "[]"),
            "FILE: line 6: service web: yes in place of true or false");
    refused(LINES("web", PKG, "../c", "t", "k", "true", "[]"),
            "FILE: line 3: service web: a container with state");
    refused(WEB LINES("web", PKG, "c", "t", "k", "true", "[x]"),
            "FILE: line 14: the dependencies of service web: column 2: { expected");
    refused(LINES("\xff", PKG, "c", "t", "k", "true", "[]"), "FILE: line 1: not UTF-8");
    refused(LINES("web", PKG, "c", "\xef\xbf\xbf", "k", "true", "[]"),
            "FILE: line 4: not UTF-8, or a character that XML");
    refused(LINES("web", PKG, "c", "\xc3", "k", "true", "[]"), "FILE: line 4: not UTF-8");
    refused("\x01", "FILE: line 1: not UTF-8, or");
    assert_int_equal(
        profile_manifest_1_parse(nul, sizeof nul, "FILE", "k", NULL, strings, &manifest, &reason), -1);
    expect_reason(reason, "FILE: holds a NUL byte");
    assert_int_equal(
        profile_manifest_1_parse(WEB, strlen(WEB), "FILE", "k", &limits, strings, &manifest, &reason), -1);
    expect_reason(reason, "FILE: larger than allowed");
}

#define MANIFEST(content) "<manifest version=\"1\">" content "</manifest>"
#define DISTRIBUTED(path, target) \
    "<distribution><mapping><profile>" path "</profile><target>" target "</target></mapping></distribution>"
#define ACTIVATED(key, path, target, dependencies)                                         \
    "<mapping><dependsOn>" dependencies "</dependsOn><name>web</name><service>" path       \
    "</service><target>" target "</target><container>c</container><type>t</type><key>" key \
    "</key></mapping>"
#define ACTIVATION(content) "<activation>" content "</activation>"
#define SNAPSHOT(path, target)                                                                  \
    "<snapshots><mapping><component>web-1.0</component><container>c</container><target>" target \
    "</target><service>" path "</service><type>t</type></mapping></snapshots>"
#define TARGET(key, more)                                                                                  \
    "<target><properties><ip>" key "</ip>" more "</properties><containers><c><a>1 2 </a></c></containers>" \
    "<system>s</system><numOfCores>2</numOfCores><clientInterface>i</clientInterface>"                     \
    "<targetProperty>ip</targetProperty></target>"
#define TARGETS(content) "<targets>" content "</targets>"
#define WHOLE                                                                                        \
    MANIFEST(DISTRIBUTED(PKG, "k1") ACTIVATION(ACTIVATED(KEY_A, PKG, "k1", "") ACTIVATED(            \
        KEY_B, OTHER, "k2",                                                                          \
        "<dependency><target>k1</target><container>c</container><key>" KEY_A "</key></dependency>")) \
                 SNAPSHOT(PKG, "k1") TARGETS(TARGET("k2", "<x>y<z>lost</z></x>") TARGET("k1", "")))

static void manifest_parsed(const char *xml, struct manifest *manifest)
{
    char *reason;

    if (manifest_parse(xml, strlen(xml), "FILE", NULL, strings, manifest, &reason))
        fail_msg("%s", reason);
    assert_int_equal(manifest->version, 1);
}

static void manifest_refused(const char *xml, const char *part)
{
    struct manifest manifest;
    char *reason;

    if (!manifest_parse(xml, strlen(xml), "FILE", NULL, strings, &manifest, &reason))
        fail_msg("accepted: %s", xml);
    assert_null(manifest.services);
    expect_reason(reason, part);
}

static void test_manifest(void **state)
{
    struct manifest manifest;
    const struct target *target;

    (void)state;
    manifest_parsed("<manifest version=\"1\"/>", &manifest);
    manifest_clear(&manifest);
    manifest_parsed(WHOLE, &manifest);
    assert_int_equal(manifest.service_count, 2);
    assert_int_equal(manifest.profile_count, 1);
    assert_string_equal(manifest.snapshot_mappings[0].service, KEY_A);
    target = infrastructure_find(&manifest.infrastructure, "k2");
    assert_string_equal(nix_value_get(&target->properties, "x")->text, "y");
    assert_string_equal(nix_value_get(&target->containers.children[0].value, "a")->text, "1 2 ");
    assert_string_equal(target->number_of_cores, "2");
    manifest_clear(&manifest);
    /* A snapshot of what is nowhere active: reconstruction writes such. */
    manifest_parsed(MANIFEST(SNAPSHOT(PKG, "k1")), &manifest);
    assert_string_equal(manifest.snapshot_mappings[0].service, PKG);
    assert_string_equal(manifest_find_service(&manifest, PKG)->type, "t");
    manifest_clear(&manifest);
}

static void test_manifest_refusals(void **state)
{
    (void)state;
    manifest_refused("<!DOCTYPE manifest [<!ENTITY e \"x\">]><manifest version=\"1\"/>",
                     "FILE: line 1: a document type");
    manifest_refused(MANIFEST("<activation>"), "FILE: line 1: ");
    manifest_refused(MANIFEST(DISTRIBUTED("/x", "k1")),
                     "distribution mapping of target k1: /x is no store path");
    manifest_refused(MANIFEST("<distribution><mapping/></distribution>"),
                     "distribution mapping without target");
    manifest_refused(MANIFEST(DISTRIBUTED(PKG, "k1</target><target>k2")), "target given twice");
    manifest_refused(MANIFEST(ACTIVATION(ACTIVATED("", PKG, "k1", ""))), "activation mapping: key : empty");
    manifest_refused(MANIFEST(ACTIVATION(ACTIVATED("k", "/x", "k1", ""))),
                     "activation mapping of service k: /x is no store path");
    manifest_refused(MANIFEST(ACTIVATION("<mapping><key>k</key></mapping>")),
                     "activation mapping without service");
    manifest_refused(MANIFEST(ACTIVATION(ACTIVATED("k", PKG, "k1", "<dependency/>"))),
                     "dependency without key");
    manifest_refused(MANIFEST(ACTIVATION(ACTIVATED("k", PKG, "k1", "") ACTIVATED("k", PKG, "k1", ""))),
                     "service mapping of k in c on target k1: given twice");
    manifest_refused(MANIFEST(ACTIVATION(ACTIVATED("k", PKG, "k1", "") ACTIVATED("k", OTHER, "k2", ""))),
                     "service k (web): what is said of it differs");
    manifest_refused(MANIFEST(SNAPSHOT("/x", "k1")),
                     "snapshot mapping of component web-1.0: /x is no store path");
    manifest_refused(
        MANIFEST("<snapshots><mapping><component>..</component><container>c</container><target>t</target>"
                 "<service>" PKG "</service></mapping></snapshots>"),
        "no file names");
    manifest_refused(MANIFEST(TARGETS("<target/>")), "target number 1: without a connection key");
    manifest_refused(MANIFEST(TARGETS(TARGET("k1", "") TARGET("-x", ""))),
                     "target number 2: without a connection key");
    manifest_refused(MANIFEST(TARGETS(TARGET("k1", "") TARGET("k1", ""))), "target k1: given twice");
    manifest_refused(MANIFEST(TARGETS(TARGET("k1", "<x>1</x><x>2</x>"))), "x: given twice");
}

static struct infrastructure model_of(const char *xml)
{
    const struct infrastructure_defaults defaults = { "i", "ip", "s" };
    struct infrastructure infrastructure;
    char *reason;

    if (infrastructure_parse(xml, strlen(xml), "MODEL", strings, &defaults, &infrastructure, &reason))
        fail_msg("%s", reason);
    return infrastructure;
}

#define MODEL(content) "<expr><attrs>" content "</attrs></expr>"
#define NAMED(name, key, more)                                                                       \
    "<attr name=\"" name                                                                             \
    "\"><attrs><attr name=\"numOfCores\"><int value=\"2\"/></attr><attr name=\"properties\"><attrs>" \
    "<attr name=\"ip\"><string value=\"" key "\"/></attr>" more "</attrs></attr></attrs></attr>"

static void test_names(void **state)
{
    struct infrastructure model = model_of(MODEL(NAMED("k2", "k1", "") NAMED("b", "k3", "")));
    struct manifest manifest;
    struct target_keys keys;
    xmlBufferPtr written;

    (void)state;
    assert_int_equal(target_keys_list(&keys, &model), 0);
    manifest_parsed(WHOLE, &manifest);
    assert_null(manifest_shared_key(&manifest, &keys));
    assert_int_equal(manifest_name_targets(&manifest, &keys), 0);
    assert_string_equal(manifest.profiles[0].target, "k2");
    assert_non_null(manifest_find_service_mapping(&manifest, "k2", "c", KEY_A));
    /* No target of the model has this key, but one has the name. */
    assert_non_null(manifest_find_service_mapping(&manifest, " k2", "c", KEY_B));
    assert_string_equal(manifest_find_service(&manifest, KEY_B)->depends_on.items[0].target, "k2");
    written = manifest_write(&manifest);
    assert_non_null(strstr(
        (const char *)xmlBufferContent(written),
        "<mapping><dependsOn><dependency><target>k1</target><container>c</container><key>" KEY_A
        "</key></dependency></dependsOn><name>web</name><service>" OTHER "</service><target>k2</target>"));
    assert_null(strstr((const char *)xmlBufferContent(written), " k2"));
    xmlBufferFree(written);
    manifest_clear(&manifest);
    target_keys_clear(&keys);
    infrastructure_clear(&model);
}

static void test_shared_keys(void **state)
{
    struct infrastructure model =
        model_of(MODEL(NAMED("a", "k1", "") NAMED("b", "k1", "") NAMED("c", "k2", "")));
    static const char dependent[] = LINES("web", PKG, "c", "t", "k", "false", "[" ON("k1", "c", "k") "]");
    struct manifest manifest;
    struct target_keys keys;
    char *reason;

    (void)state;
    assert_int_equal(target_keys_list(&keys, &model), 0);
    assert_string_equal(target_keys_name(&keys, "k1", strings), "k1");
    assert_string_equal(target_keys_name(&keys, "k2", strings), "c");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(
            profile_manifest_parse_any(i == 2 ? dependent : WEB, i == 2 ? strlen(dependent) : strlen(WEB),
                                       "FILE", &model.targets[i], &keys, NULL, strings, &manifest, &reason),
            -1);
        expect_reason(reason, "FILE: several targets have the connection key k1");
    }
    assert_int_equal(profile_manifest_parse_any("", 0, "FILE", &model.targets[0], &keys, NULL, strings,
                                                &manifest, &reason),
                     -1);
    expect_reason(reason, "several targets have the connection key k1");
    assert_int_equal(profile_manifest_parse_any(WEB, strlen(WEB), "FILE", &model.targets[2], &keys, NULL,
                                                strings, &manifest, &reason),
                     0);
    assert_string_equal(manifest.service_mappings[0].target, "c");
    manifest_clear(&manifest);
    manifest_init(&manifest, strings);
    manifest.version = 1;
    for (size_t i = 0; i < model.count; i++)
        assert_int_equal(manifest_add_target(&manifest, &model.targets[i]), 0);
    assert_int_equal(manifest_check_version_1(&manifest, &reason), -1);
    expect_reason(reason, "target a has that of another one, k1");
    manifest_clear(&manifest);
    target_keys_clear(&keys);
    infrastructure_clear(&model);
}

static void test_what_version_1_tells_of_a_target(void **state)
{
    struct infrastructure model = model_of(MODEL(
        NAMED("a", "k",
              "<attr name=\"f\"><float value=\"1e+10\"/></attr>"
              "<attr name=\"l\"><list><int value=\"1\"/><string value=\"b\"/><list/><null/></list></attr>"
              "<attr name=\"n\"><null/></attr><attr name=\"p\"><path value=\"/x\"/></attr><attr "
              "name=\"s\"><attrs/></attr>"
              "<attr name=\"x y\"><int value=\"1\"/></attr><attr name=\"z:z\"><int value=\"1\"/></attr>"
              "<attr name=\"t\"><bool value=\"true\"/></attr>")));
    struct manifest manifest;
    xmlBufferPtr written;

    (void)state;
    manifest_init(&manifest, strings);
    manifest.version = 1;
    *logged = '\0';
    assert_int_equal(manifest_add_target(&manifest, &model.targets[0]), 0);
    assert_non_null(
        strstr(logged, "[a] properties.p: a path cannot be kept in a manifest of version 1, left out\n"));
    assert_non_null(strstr(logged, "[a] properties.x y: this name cannot be kept"));
    assert_non_null(strstr(logged, "[a] properties.z:z: this name cannot be kept"));
    written = manifest_write(&manifest);
    assert_string_equal(
        (const char *)xmlBufferContent(written),
        "<?xml version=\"1.0\"?>\n\n  <manifest version=\"1\"><distribution/><activation/><snapshots/>"
        "<targets><target><properties><f>1e+10</f><ip>k</ip><l>1 b   </l><n/><s/><t>true</t></properties>"
        "<system>s</system><numOfCores>2</numOfCores><clientInterface>i</clientInterface>"
        "<targetProperty>ip</targetProperty></target></targets></manifest>\n\n");
    xmlBufferFree(written);
    manifest_clear(&manifest);
    infrastructure_clear(&model);
}

static void cannot_tell(struct manifest *manifest, const char *part)
{
    char *reason;

    manifest_sort(manifest);
    assert_int_equal(manifest_check_version_1(manifest, &reason), -1);
    expect_reason(reason, part);
}

static void test_what_version_1_cannot_tell(void **state)
{
    struct dependency dependency = { "k", "c", "t" };
    struct nix_attribute container = { "c", { .type = NIX_ATTRS } };
    struct manifest manifest;
    struct service *service;
    char *reason;

    (void)state;
    manifest_parsed(WHOLE, &manifest);
    assert_int_equal(manifest_check_version_1(&manifest, &reason), 0);
    service = (struct service *)manifest_find_service(&manifest, KEY_A);
    service->connects_to = (struct dependencies){ &dependency, 1 };
    cannot_tell(&manifest, "it cannot tell the connectsTo of service web (" KEY_A ") on target k1");
    service->connects_to = (struct dependencies){ 0 };
    service->provides_containers =
        (struct nix_value){ .type = NIX_ATTRS, .children = &container, .count = 1 };
    cannot_tell(&manifest, "the providesContainers of service web (" KEY_A ") on target k1");
    service->provides_containers = (struct nix_value){ .type = NIX_ATTRS };
    manifest.service_mappings[1].provider = KEY_A;
    cannot_tell(&manifest, "the containerProvidedByService of service web (" KEY_B ") on target k2");
    manifest.service_mappings[1].provider = NULL;
    manifest.service_mapping_count = 1;
    cannot_tell(&manifest, "service web (" KEY_B ") of type t, which is mapped to no target");
    manifest_clear(&manifest);
}

static void test_versions_never_mean_the_same(void **state)
{
    struct manifest one, other;

    (void)state;
    manifest_init(&one, strings);
    manifest_init(&other, strings);
    assert_true(manifest_equal(&one, &other));
    other.version = 1;
    assert_false(manifest_equal(&one, &other));
    one.version = 1;
    assert_true(manifest_equal(&one, &other));
    manifest_clear(&one);
    assert_int_equal(one.version, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dependency_line),
        cmocka_unit_test(test_dependency_line_refusals),
        cmocka_unit_test(test_profile_manifest),
        cmocka_unit_test(test_one_service_in_several_containers),
        cmocka_unit_test(test_two_services_with_one_package),
        cmocka_unit_test(test_profile_manifest_refusals),
        cmocka_unit_test(test_manifest),
        cmocka_unit_test(test_manifest_refusals),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_shared_keys),
        cmocka_unit_test(test_what_version_1_tells_of_a_target),
        cmocka_unit_test(test_what_version_1_cannot_tell),
        cmocka_unit_test(test_versions_never_mean_the_same),
    };

    return cmocka_run_group_tests_name("manifest-version-1", tests, begin, end);
}
