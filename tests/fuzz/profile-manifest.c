/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A profile manifest of version 2, as a target sends it.
 */
#include "config.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strings *strings = strings_new();
    struct manifest manifest;
    char *reason = NULL;

    operations_use(&no_operations);
    if (profile_manifest_parse((const char *)data, size, "FILE", "test1", NULL, strings, &manifest,
                               &reason)) {
        require_reason(reason, "FILE");
        require_empty(&manifest);
    } else {
        REQUIRE(memmem(data, size, "<profilemanifest", sizeof "<profilemanifest" - 1));
        require_manifest(&manifest, "test1");
        require_round_trip(&manifest);
    }
    manifest_clear(&manifest);
    strings_free(strings);
    return 0;
}
