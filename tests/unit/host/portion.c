/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One stateful component of a target by itself: what is written is read back, and nothing else is.
 */
#include "config.h"

#include "tests/unit/model.h"

#include "lib/base/cleanup.h"
#include "lib/state/portion.h"

#define KEY_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static const char whole[] =
    "<manifest version=\"2\"><profiles><profile name=\"a\">" PKG "</profile></profiles>"
    "<services><service name=\"" KEY_A "\"><name>web &amp; more</name><pkg>" PKG
    "</pkg><type>db</type></service>"
    "<service name=\"" KEY_B "\"><name>server</name><pkg>" PKG
    "</pkg><type>process</type><providesContainers>"
    "<container name=\"db\" type=\"attrs\"><property name=\"port\" type=\"int\">3306</property></container>"
    "</providesContainers></service>"
    "<service name=\"" KEY_C "\"><name>other</name><pkg>" PKG
    "</pkg><type>process</type></service></services>"
    "<serviceMappings><mapping><container>db</container><containerProvidedByService>" KEY_B
    "</containerProvidedByService><service>" KEY_A "</service><target>a</target></mapping>"
    "<mapping><container>process</container><service>" KEY_C
    "</service><target>a</target></mapping></serviceMappings>"
    "<snapshotMappings><mapping><component>web-1.0</component><container>db</container><containerProvidedByService>" KEY_B
    "</containerProvidedByService><service>" KEY_A
    "</service><target>a</target></mapping></snapshotMappings></manifest>";

static struct strings *strings;
static struct manifest manifest;

static int setup(void **state)
{
    char *reason = NULL;
    (void)state;
    strings = strings_new();
    manifest_init(&manifest, strings);
    assert_int_equal(manifest_parse(whole, strlen(whole), "FILE", NULL, strings, &manifest, &reason), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    manifest_clear(&manifest);
    strings_free(strings);
    return 0;
}

static void what_is_written_is_read(void **state)
{
    struct manifest read;
    char *reason = NULL;
    CLEANUP_FREE char *text = portion_write(&manifest, &manifest.snapshot_mappings[0]);
    (void)state;
    assert_non_null(text);
    assert_int_equal(portion_read(text, "a", "db", "web-1.0", strings, &read, &reason), 0);
    assert_int_equal(read.service_count, 2);
    assert_true(service_equal(manifest_find_service(&read, KEY_A), manifest_find_service(&manifest, KEY_A)));
    assert_true(service_equal(manifest_find_service(&read, KEY_B), manifest_find_service(&manifest, KEY_B)));
    assert_true(service_mapping_equal(&read.service_mappings[0], &manifest.service_mappings[0]));
    assert_true(snapshot_mapping_equal(&read.snapshot_mappings[0], &manifest.snapshot_mappings[0]));
    manifest_clear(&read);
}

static void without_its_service_there_is_none(void **state)
{
    struct snapshot_mapping mapping = manifest.snapshot_mappings[0];
    (void)state;
    mapping.service = strings_intern(strings, "no such key");
    assert_null(portion_write(&manifest, &mapping));
    mapping = manifest.snapshot_mappings[0];
    mapping.provider = strings_intern(strings, "no such key");
    assert_null(portion_write(&manifest, &mapping));
}

static void refused(const char *text, const char *target, const char *container, const char *component,
                    const char *part)
{
    struct manifest read;
    char *reason = NULL;
    assert_int_equal(portion_read(text, target, container, component, strings, &read, &reason), -1);
    assert_int_equal(read.service_count, 0);
    expect_reason(reason, part);
}

static void what_is_of_something_else_is_refused(void **state)
{
    CLEANUP_FREE char *text = portion_write(&manifest, &manifest.snapshot_mappings[0]);
    (void)state;
    refused(text, "b", "db", "web-1.0", "what is kept of web-1.0 in db on target b: not that component");
    refused(text, "a", "process", "web-1.0", "not that component");
    refused(text, "a", "db", "web-2.0", "not that component");
    refused(whole, "a", "db", "web-1.0", "not that component, or not all of it");
    refused("", "a", "db", "web-1.0", "what is kept of web-1.0 in db on target a");
    refused("<manifest version=\"2\"/>", "a", "db", "web-1.0", "not all of it");
}

/* Each service that an operation needs is taken out of the text. */
static void what_lacks_something_is_refused(void **state)
{
    const char *const keys[] = { KEY_A, KEY_B };
    CLEANUP_FREE char *text = portion_write(&manifest, &manifest.snapshot_mappings[0]);
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        CLEANUP_FREE char *opening = string_format("<service name=\"%s\">", keys[i]);
        char *begin = strstr(text, opening), *end = begin ? strstr(begin, "</service>") : NULL;
        assert_non_null(end);
        CLEANUP_FREE char *lacking =
            string_format("%.*s%s", (int)(begin - text), text, end + strlen("</service>"));
        refused(lacking, "a", "db", "web-1.0", "not all of it");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(without_its_service_there_is_none),
        cmocka_unit_test(what_is_of_something_else_is_refused),
        cmocka_unit_test(what_lacks_something_is_refused),
    };
    return cmocka_run_group_tests_name("one component by itself", tests, setup, teardown);
}
