/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json-text.h"

static void as_json_dumps(void **state)
{
    static const char *const documents[] = {
        "{}",
        "[]",
        "[[], {}, [{}]]",
        "null",
        "\"\"",
        "-1",
        "1e300",
        "0.1",
        "[true, false, null, 0, -9223372036854775808, 9223372036854775807, 1.0, 3.141592653589793, -2.5e-9]",
        "{\"b\": 1, \"a\": {\"d\": [1, 2], \"c\": []}, \"\": \"empty\", \"ab\": 2, \"B\": {}}",
        "[\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001F\", \"a/b \\u00e9 \\u20ac \\ud83d\\ude00 z\", \"a\\u0000b\"]",
    };
    static const size_t flags[] = { 0,
                                    JSON_COMPACT,
                                    JSON_INDENT(2),
                                    JSON_INDENT(2) | JSON_SORT_KEYS,
                                    JSON_COMPACT | JSON_SORT_KEYS,
                                    JSON_COMPACT | JSON_INDENT(31) };
    (void)state;
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        json_t *document = json_loads(documents[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_non_null(document);
        for (size_t j = 0; j < sizeof flags / sizeof *flags; j++) {
            char *text = json_text(document, flags[j]),
                 *expected = json_dumps(document, flags[j] | JSON_ENCODE_ANY);
            assert_string_equal(text, expected);
            free(text);
            free(expected);
        }
        json_decref(document);
    }
}

static void escapes(void **state)
{
    json_t *document = json_pack("[s]", "\x7f \xc2\x85 \xe2\x80\xae");
    char *text = json_text(document, JSON_COMPACT);
    (void)state;
    assert_string_equal(text, "[\"\\u007F \\u0085 \\u202E\"]");
    assert_null(json_text(NULL, 0));
    free(text);
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(as_json_dumps), cmocka_unit_test(escapes) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
