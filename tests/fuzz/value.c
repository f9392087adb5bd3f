/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A Nix value as nix-instantiate prints it. What a manifest can hold of it is the same after it was in one.
 */
#include "config.h"

#include "fuzz.h"

static void require_in_manifest(const struct nix_value *value, struct strings *strings)
{
    CLEANUP_BUFFER xmlBufferPtr xml = xmlBufferCreate();
    struct manifest manifest;
    char *reason = NULL;

    xmlBufferCCat(xml, "<manifest version=\"2\"><infrastructure><target name=\"test1\"><properties>");
    REQUIRE(!nix_value_write_children(xml, value));
    xmlBufferCCat(xml, "</properties></target></infrastructure></manifest>");
    if (manifest_parse((const char *)xmlBufferContent(xml), (size_t)xmlBufferLength(xml), "WRITTEN", NULL,
                       strings, &manifest, &reason))
        require_failed(__FILE__, __LINE__, reason);
    REQUIRE(manifest.infrastructure.count == 1);
    REQUIRE(!nix_value_compare(&manifest.infrastructure.targets[0].properties, value));
    manifest_clear(&manifest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strings *strings = strings_new();
    struct nix_value value, copy;
    char *reason = NULL;

    operations_use(&no_operations);
    if (nix_value_parse((const char *)data, size, "FILE", strings, &value, &reason)) {
        require_reason(reason, "FILE");
        REQUIRE(value.type == NIX_ATTRS && !value.count);
    } else {
        require_value(&value, false);
        REQUIRE(!nix_value_copy(&copy, &value));
        REQUIRE(!nix_value_compare(&copy, &value));
        nix_value_drop_untyped(&copy, "test1", "properties");
        require_value(&copy, copy.type != NIX_UNTYPED);
        if (copy.type == NIX_ATTRS)
            require_in_manifest(&copy, strings);
        nix_value_clear(&copy);
    }
    nix_value_clear(&value);
    strings_free(strings);
    return 0;
}
