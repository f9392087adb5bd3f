/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A profile manifest of version 1, as a target of Disnix 0.7 sends it. Its key is another target's name.
 */
#include "config.h"

#include "fuzz.h"

static struct nix_attribute test1_key[] = { { "hostname", { .type = NIX_STRING, .text = "10.0.0.1" } } },
                            other_key[] = { { "hostname", { .type = NIX_STRING, .text = "elsewhere" } } };
static struct target targets[] = {
    { .name = "10.0.0.1", .properties = { NIX_ATTRS, NULL, other_key, 1 }, .target_property = "hostname" },
    { .name = "test1", .properties = { NIX_ATTRS, NULL, test1_key, 1 }, .target_property = "hostname" },
};
static const struct infrastructure model = { targets, 2 };

static void require_named(const char *text, size_t length, struct strings *strings)
{
    struct target_keys keys;
    struct manifest manifest;
    char *reason = NULL;

    REQUIRE(!target_keys_list(&keys, &model));
    if (profile_manifest_parse_any(text, length, "FILE", &targets[1], &keys, NULL, strings, &manifest,
                                   &reason)) {
        require_reason(reason, "FILE");
        require_empty(&manifest);
    } else {
        require_manifest(&manifest, "test1");
    }
    manifest_clear(&manifest);
    target_keys_clear(&keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strings *strings = strings_new();
    struct manifest manifest;
    char *reason = NULL;

    operations_use(&no_operations);
    if (profile_manifest_1_parse((const char *)data, size, "FILE", "10.0.0.1", NULL, strings, &manifest,
                                 &reason)) {
        require_reason(reason, "FILE");
        require_empty(&manifest);
    } else {
        REQUIRE(manifest.version == 1);
        require_manifest(&manifest, "10.0.0.1");
        require_round_trip(&manifest);
    }
    manifest_clear(&manifest);
    require_named((const char *)data, size, strings);
    strings_free(strings);
    return 0;
}
