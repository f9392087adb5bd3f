/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A deployment manifest of version 2.
 */
#include "config.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strings *strings = strings_new();
    struct manifest manifest;
    char *reason = NULL;

    operations_use(&no_operations);
    if (manifest_parse((const char *)data, size, "FILE", NULL, strings, &manifest, &reason)) {
        require_reason(reason, "FILE");
        require_empty(&manifest);
    } else {
        REQUIRE(memmem(data, size, "<manifest", sizeof "<manifest" - 1));
        require_manifest(&manifest, NULL);
        require_round_trip(&manifest);
        if (manifest_check(&manifest, &reason))
            require_reason(reason, "manifest");
    }
    manifest_clear(&manifest);
    strings_free(strings);
    return 0;
}
