/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/model.h"

static struct strings *strings, *other_strings;

#define OTHER_PKG "/nix/store/00000000000000000000000000000000-web-1.1"

static const char base[] =
    "<manifest version=\"2\"><profiles><profile name=\"a\">" PKG "</profile><profile name=\"b\">" PKG
    "</profile></profiles>"
    "<services><service name=\"" KEY_A "\"><name>web</name><pkg>" PKG
    "</pkg><type>process</type><connectsTo><mapping>"
    "<container>c</container><service>" KEY_B "</service><target>b</target></mapping></connectsTo></service>"
    "<service name=\"" KEY_B "\"><name>api</name><pkg>" PKG "</pkg><type>process</type></service></services>"
    "<infrastructure><target name=\"a\"><properties><property name=\"hostname\" type=\"string\">a</property>"
    "<property name=\"load\" type=\"float\">5</property></properties></target></infrastructure>"
    "<serviceMappings><mapping><container>c</container><service>" KEY_A
    "</service><target>a</target></mapping>"
    "<mapping><container>c</container><service>" KEY_B
    "</service><target>b</target></mapping></serviceMappings>"
    "<snapshotMappings><mapping><component>web-1.0</component><container>c</container><service>" KEY_A
    "</service>"
    "<target>a</target></mapping></snapshotMappings></manifest>";

static void parsed(const char *xml, struct strings *pool, struct manifest *manifest)
{
    char *reason;

    if (manifest_parse(xml, strlen(xml), "FILE", NULL, pool, manifest, &reason))
        fail_msg("%s: %s", xml, reason);
}

/* xml with the first occurrence of one text replaced. */
static char *replaced(const char *xml, const char *from, const char *to)
{
    const char *place = strstr(xml, from);

    if (!place)
        fail_msg("%s is not there", from);
    return string_format("%.*s%s%s", (int)(place - xml), xml, to, place + strlen(from));
}

static const char nothing[] =
    "{\"profiles\":{},\"services\":{\"added\":[],\"removed\":[]},"
    "\"mappings\":{\"added\":[],\"removed\":[]},\"snapshots\":{\"added\":[],\"removed\":[]},"
    "\"changed\":[],\"targets\":{\"added\":[],\"removed\":[],\"changed\":{}}}";

static char *difference(const struct manifest *a, const struct manifest *b)
{
    json_t *value = manifest_difference(a, b, 0);
    char *text = json_dumps(value, JSON_COMPACT);

    json_decref(value);
    return text;
}

static void expect_equal(const struct manifest *a, const struct manifest *b)
{
    char *text = difference(a, b);

    assert_string_equal(text, nothing);
    assert_true(manifest_equal(a, b));
    free(text);
}

/* One replacement in the manifest: it is seen, both ways, and told with this. */
static void told(const char *from, const char *to, const char *part)
{
    char *xml = replaced(base, from, to), *text, *back;
    struct manifest a, b;

    parsed(base, strings, &a);
    parsed(xml, other_strings, &b);
    assert_false(manifest_equal(&a, &b));
    assert_false(manifest_equal(&b, &a));
    text = difference(&a, &b);
    back = difference(&b, &a);
    if (!strstr(text, part))
        fail_msg("%s lacks %s", text, part);
    assert_string_not_equal(back, nothing);
    free(text);
    free(back);
    free(xml);
    manifest_clear(&a);
    manifest_clear(&b);
}

static void test_equal(void **state)
{
    struct manifest a, b;

    (void)state;
    parsed(base, strings, &a);
    parsed(base, other_strings, &b);
    expect_equal(&a, &b);
    manifest_clear(&b);
    parsed("<manifest version=\"2\"/>", other_strings, &b);
    assert_false(manifest_equal(&a, &b));
    manifest_clear(&a);
    manifest_clear(&b);
}

static void test_from_nothing(void **state)
{
    struct manifest b;
    char *text;

    (void)state;
    parsed(base, strings, &b);
    text = difference(NULL, &b);
    assert_string_equal(
        text,
        "{\"profiles\":{\"a\":{\"from\":null,\"to\":\"" PKG "\"},\"b\":{\"from\":null,\"to\":\"" PKG
        "\"}},\"services\":{\"added\":[{\"name\":\"web\",\"key\":\"" KEY_A
        "\"},{\"name\":\"api\",\"key\":\"" KEY_B
        "\"}],\"removed\":[]},\"mappings\":{\"added\":[{\"name\":\"web\",\"service\":\"" KEY_A
        "\",\"container\":\"c\",\"target\":\"a\"},{\"name\":\"api\",\"service\":\"" KEY_B
        "\",\"container\":\"c\",\"target\":\"b\"}],\"removed\":[]},\"snapshots\":{\"added\":[{\"component\":"
        "\"web-1.0\",\"container\":\"c\",\"target\":\"a\"}],\"removed\":[]},\"changed\":[],"
        "\"targets\":{\"added\":[\"a\"],\"removed\":[],\"changed\":{}}}");
    free(text);
    manifest_clear(&b);
}

#define CHANGED_A "\"changed\":[{\"name\":\"web\",\"key\":\"" KEY_A "\"}]"
#define CHANGED_MAPPING "{\"name\":\"web\",\"service\":\"" KEY_A "\",\"container\":\"c\",\"target\":\"a\"}"
#define CHANGED_SNAPSHOT "{\"component\":\"web-1.0\",\"container\":\"c\",\"target\":\"a\"}"

static void test_every_value_counts(void **state)
{
    (void)state;
    told("<profile name=\"a\">" PKG, "<profile name=\"a\">" OTHER_PKG,
         "\"profiles\":{\"a\":{\"from\":\"" PKG "\",\"to\":\"" OTHER_PKG "\"}}");
    told("<profile name=\"b\">" PKG "</profile>", "",
         "\"profiles\":{\"b\":{\"from\":\"" PKG "\",\"to\":null}}");
    told("<pkg>" PKG, "<pkg>" OTHER_PKG, CHANGED_A);
    told("<type>process", "<type>other", CHANGED_A);
    told("<target>b", "<target>c", CHANGED_A);
    told("connectsTo><mapping>",
         "dependsOn/><connectsTo><mapping><service>x</service><container>y</container>"
         "<target>z</target></mapping><mapping>",
         CHANGED_A);
    told("<connectsTo>",
         "<providesContainers><container name=\"x\" type=\"attrs\"/></providesContainers><connectsTo>",
         CHANGED_A);
    told("<service name=\"" KEY_B "\"><name>api</name><pkg>" PKG "</pkg><type>process</type></service>", "",
         "\"services\":{\"added\":[],\"removed\":[{\"name\":\"api\",\"key\":\"" KEY_B "\"}]}");
    told("type=\"float\">5", "type=\"int\">5", "\"changed\":{\"a\":[\"properties.load\"]}");
    told("</target></infrastructure>", "<numOfCores>2</numOfCores></target></infrastructure>",
         "\"changed\":{\"a\":[\"numOfCores\"]}");
    told("</target></infrastructure>", "</target><target name=\"z\"/></infrastructure>",
         "\"targets\":{\"added\":[\"z\"]");
    told("<serviceMappings><mapping>",
         "<serviceMappings><mapping><containerProvidedByService>" KEY_B "</containerProvidedByService>",
         "\"mappings\":{\"added\":[" CHANGED_MAPPING "],\"removed\":[" CHANGED_MAPPING "]}");
    told("</mapping></serviceMappings>",
         "</mapping><mapping><container>c</container><service>unknown</service><target>a"
         "</target></mapping></serviceMappings>",
         "\"added\":[{\"name\":\"unknown\",\"service\":\"unknown\"");
    told(
        "<container>c</container><service>" KEY_A "</service><target>a</target></mapping></snapshotMappings>",
        "<container>c</container><service>" KEY_B "</service><target>a</target></mapping></snapshotMappings>",
        "\"snapshots\":{\"added\":[" CHANGED_SNAPSHOT "],\"removed\":[" CHANGED_SNAPSHOT "]}");
    told("web-1.0</component>", "web-1.1</component>", "\"removed\":[" CHANGED_SNAPSHOT "]");
}

/* One replacement in the manifest, and what it is by target. */
static void changes(const char *from, const char *to, const char *expected)
{
    char *xml = replaced(base, from, to), *text;
    struct manifest a, b;
    json_t *flat, *by_target;

    parsed(base, strings, &a);
    parsed(xml, other_strings, &b);
    flat = manifest_difference(&a, &b, 0);
    by_target = manifest_changes(&a, &b, flat, 0);
    text = json_dumps(by_target, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, expected);
    free(text);
    free(xml);
    json_decref(flat);
    json_decref(by_target);
    manifest_clear(&a);
    manifest_clear(&b);
}

#define WEB_IN_C "[{\"container\":\"c\",\"name\":\"web\"}]"
#define API_IN_C "[{\"container\":\"c\",\"name\":\"api\"}]"
#define KEY_C "cccc"

static void test_by_target(void **state)
{
    (void)state;
    changes("<manifest", "<manifest", "{}");
    changes("<profile name=\"a\">" PKG, "<profile name=\"a\">" OTHER_PKG,
            "{\"a\":{\"profile\":{\"from\":\"" PKG "\",\"to\":\"" OTHER_PKG "\"}}}");
    changes("<type>process", "<type>other", "{\"a\":{\"services\":{\"changed\":" WEB_IN_C "}}}");
    changes("<mapping><container>c</container><service>" KEY_B
            "</service><target>b</target></mapping></serviceM",
            "</serviceM", "{\"b\":{\"services\":{\"removed\":" API_IN_C "}}}");
    changes("<target>b</target></mapping></serviceM", "<target>a</target></mapping></serviceM",
            "{\"a\":{\"services\":{\"added\":" API_IN_C "}},"
            "\"b\":{\"services\":{\"removed\":" API_IN_C "}}}");
    changes("<component>web-1.0", "<component>web-1.1",
            "{\"a\":{\"snapshots\":{\"added\":[{\"component\":\"web-1.1\",\"container\":\"c\"}],"
            "\"removed\":[{\"component\":\"web-1.0\",\"container\":\"c\"}]}}}");
    changes(
        "<container>c</container><service>" KEY_A "</service><target>a</target></mapping></snapshotMappings>",
        "<container>c</container><service>" KEY_B "</service><target>a</target></mapping></snapshotMappings>",
        "{}");
    changes("type=\"float\">5", "type=\"float\">6",
            "{\"a\":{\"fields\":[\"properties.load\"],\"infrastructure\":\"changed\"}}");
    changes("</target></infrastructure>", "</target><target name=\"z\"/></infrastructure>",
            "{\"z\":{\"infrastructure\":\"added\"}}");
}

/* Another version of a service has another key; it is the same service to people. */
static void test_upgrade_by_target(void **state)
{
    char *with_service = replaced(base, "</services>",
                                  "<service name=\"" KEY_C "\"><name>api</name><pkg>" OTHER_PKG
                                  "</pkg><type>process</type></service></services>");
    char *upgraded =
        replaced(with_service, "<service>" KEY_B "</service><target>b</target></mapping></serviceM",
                 "<service>" KEY_C "</service><target>b</target></mapping></serviceM");
    struct manifest a, b;
    json_t *flat, *by_target;
    char *text;

    (void)state;
    parsed(base, strings, &a);
    parsed(upgraded, other_strings, &b);
    flat = manifest_difference(&a, &b, 0);
    by_target = manifest_changes(&a, &b, flat, 0);
    text = json_dumps(by_target, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, "{\"b\":{\"services\":{\"changed\":" API_IN_C "}}}");
    free(text);
    free(upgraded);
    free(with_service);
    json_decref(flat);
    json_decref(by_target);
    manifest_clear(&a);
    manifest_clear(&b);
}

static void test_running(void **state)
{
    struct manifest manifest;
    json_t *value;
    char *text;

    (void)state;
    parsed(base, strings, &manifest);
    value = manifest_running(&manifest);
    text = json_dumps(value, JSON_COMPACT);
    assert_string_equal(text, "{\"a\":[{\"service\":\"web\",\"container\":\"c\",\"key\":\"" KEY_A
                              "\",\"component\":\"web-1.0\"}],"
                              "\"b\":[{\"service\":\"api\",\"container\":\"c\",\"key\":\"" KEY_B "\"}]}");
    free(text);
    json_decref(value);
    manifest_clear(&manifest);
}

static void counted(const json_t *object, const char *list, size_t told, json_int_t more)
{
    char key[32];

    snprintf(key, sizeof key, "%sMore", list);
    assert_int_equal(json_array_size(json_object_get(object, list)), told);
    assert_int_equal(json_integer_value(json_object_get(object, key)), more);
    assert_int_equal(json_object_get(object, key) != NULL, more > 0);
}

/* What is beyond a limit is counted; the first five of each list are told in any case. */
static void test_limit(void **state)
{
    struct manifest manifest;
    json_t *flat, *by_target, *target;

    (void)state;
    manifest_init(&manifest, strings);
    for (int i = 0; i < 40; i++) {
        char key[16], name[16];

        snprintf(key, sizeof key, "key%02d", i);
        snprintf(name, sizeof name, "name%02d", i);
        assert_non_null(
            manifest_add_service(&manifest, &(struct service){ .key = key,
                                                               .name = name,
                                                               .pkg = PKG,
                                                               .type = "process",
                                                               .provides_containers.type = NIX_ATTRS }));
        assert_non_null(manifest_add_service_mapping(
            &manifest,
            &(struct service_mapping){ .target = i < 30 ? "a" : "b", .container = "c", .service = key }));
    }
    manifest_sort(&manifest);
    flat = manifest_difference(NULL, &manifest, 12);
    counted(json_object_get(flat, "services"), "added", 12, 28);
    counted(json_object_get(flat, "mappings"), "added", 5, 35);
    counted(json_object_get(flat, "mappings"), "removed", 0, 0);
    counted(flat, "changed", 0, 0);
    by_target = manifest_changes(NULL, &manifest, flat, 12);
    target = json_object_get(json_object_get(by_target, "a"), "services");
    counted(target, "added", 12, 18);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(json_object_get(target, "added"), 11), "name")),
        "name11");
    counted(json_object_get(json_object_get(by_target, "b"), "services"), "added", 5, 5);
    json_decref(flat);
    json_decref(by_target);
    flat = manifest_difference(NULL, &manifest, 0);
    counted(json_object_get(flat, "mappings"), "added", 40, 0);
    json_decref(flat);
    manifest_clear(&manifest);
}

/* Many versions of services with one name in one container: what is there more often than before was
 * added. */
static void test_same_names(void **state)
{
    char *text;
    struct manifest a, b;
    json_t *flat, *by_target;

    (void)state;
    manifest_init(&a, strings);
    manifest_init(&b, strings);
    for (int i = 0; i < 7; i++) {
        struct manifest *manifest = i < 3 ? &a : &b;
        const char key[] = { (char)('1' + (i < 3 ? i : i + 10)), '\0' };

        assert_non_null(
            manifest_add_service(manifest, &(struct service){ .key = key,
                                                              .name = "web",
                                                              .pkg = PKG,
                                                              .type = "process",
                                                              .provides_containers.type = NIX_ATTRS }));
        assert_non_null(manifest_add_service_mapping(
            manifest,
            &(struct service_mapping){ .target = "a", .container = i % 3 ? "c" : "d", .service = key }));
    }
    manifest_sort(&a);
    manifest_sort(&b);
    flat = manifest_difference(&a, &b, 0);
    by_target = manifest_changes(&a, &b, flat, 0);
    text = json_dumps(by_target, JSON_COMPACT | JSON_SORT_KEYS);
    /* c: two before, two now; d: one before, two now */
    assert_string_equal(text, "{\"a\":{\"services\":{\"added\":[{\"container\":\"d\",\"name\":\"web\"}],"
                              "\"changed\":[{\"container\":\"c\",\"name\":\"web\"},"
                              "{\"container\":\"c\",\"name\":\"web\"},"
                              "{\"container\":\"d\",\"name\":\"web\"}]}}}");
    free(text);
    json_decref(flat);
    json_decref(by_target);
    manifest_clear(&a);
    manifest_clear(&b);
}

static int begin(void **state)
{
    (void)state;
    operations_use(&kept_operations);
    strings = strings_new();
    other_strings = strings_new();
    return strings && other_strings ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    strings_free(strings);
    strings_free(other_strings);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_from_nothing),
        cmocka_unit_test(test_every_value_counts),
        cmocka_unit_test(test_by_target),
        cmocka_unit_test(test_upgrade_by_target),
        cmocka_unit_test(test_running),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_same_names),
    };

    return cmocka_run_group_tests_name("manifest-difference", tests, begin, end);
}
