/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The line of Nix with the dependencies of a service of version 1. What was read, written with all escapes,
 * is read as the same.
 */
#include "config.h"

#include "fuzz.h"
#include "lib/manifest/dependency-line.h"

static void put_string(FILE *file, const char *name, const char *text)
{
    fprintf(file, "%s = \"", name);
    for (; *text; text++)
        fprintf(file, "%s%c", strchr("$\"\\", *text) ? "\\" : "", *text);
    fprintf(file, "\"; ");
}

static void require_written(const struct dependencies *dependencies, struct strings *strings)
{
    CLEANUP_FREE char *line = NULL;
    char *reason;
    size_t length;
    struct dependencies again;
    FILE *file = open_memstream(&line, &length);

    fprintf(file, "[ ");
    for (size_t i = 0; i < dependencies->count; i++) {
        fprintf(file, "{ ");
        put_string(file, "_key", dependencies->items[i].service);
        put_string(file, "target", dependencies->items[i].target);
        put_string(file, "container", dependencies->items[i].container);
        fprintf(file, "} ");
    }
    fprintf(file, "]");
    fclose(file);
    REQUIRE(!dependency_line_parse(line, length, strings, &again, &reason));
    REQUIRE(again.count == dependencies->count);
    for (size_t i = 0; i < again.count; i++) /* texts of one pool */
        REQUIRE(!memcmp(&again.items[i], &dependencies->items[i], sizeof *again.items));
    free(again.items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strings *strings = strings_new();
    struct dependencies dependencies;
    char *reason = NULL;

    if (dependency_line_parse((const char *)data, size, strings, &dependencies, &reason)) {
        REQUIRE(reason && !strncmp(reason, "column ", strlen("column ")));
        REQUIRE(!dependencies.count);
        free(reason);
    } else {
        for (size_t i = 0; i < dependencies.count; i++)
            REQUIRE(is_plain_name(dependencies.items[i].service)
                    && is_plain_name(dependencies.items[i].container)
                    && is_plain_name(dependencies.items[i].target));
        require_written(&dependencies, strings);
    }
    free(dependencies.items);
    strings_free(strings);
    return 0;
}
