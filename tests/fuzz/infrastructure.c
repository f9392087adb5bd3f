/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The infrastructure model, as Nix or disnix-normalize-infra prints it. What is accepted fits into a
 * manifest.
 */
#include "config.h"

#include "fuzz.h"

static void require_fits(const struct infrastructure *infrastructure, struct strings *strings)
{
    CLEANUP_JSON json_t *none = infrastructure_difference(infrastructure, infrastructure);
    struct manifest manifest;
    char *reason;

    REQUIRE(!json_array_size(json_object_get(none, "added"))
            && !json_array_size(json_object_get(none, "removed")));
    REQUIRE(!json_object_size(json_object_get(none, "changed")));
    manifest_init(&manifest, strings);
    for (size_t i = 0; i < infrastructure->count; i++)
        REQUIRE(!manifest_add_target(&manifest, &infrastructure->targets[i]));
    REQUIRE(!manifest_check(&manifest, &reason));
    require_manifest(&manifest, NULL);
    require_round_trip(&manifest);
    manifest_clear(&manifest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct infrastructure_defaults defaults = { "disnix-ssh-client", "hostname",
                                                             "x86_64-linux" };
    struct strings *strings = strings_new();
    struct infrastructure infrastructure;
    char *reason = NULL;

    operations_use(&no_operations);
    if (infrastructure_parse((const char *)data, size, "FILE", strings, &defaults, &infrastructure,
                             &reason)) {
        require_reason(reason, "FILE");
        REQUIRE(!infrastructure.count);
    } else {
        REQUIRE(memmem(data, size, "<expr", 5) || memmem(data, size, "<infrastructure", 15));
        for (size_t i = 0; i < infrastructure.count; i++) {
            const struct target *target = &infrastructure.targets[i];

            REQUIRE(!i || strcmp(target[-1].name, target->name) < 0);
            REQUIRE(infrastructure_find(&infrastructure, target->name) == target);
            require_target(target, true);
        }
        require_fits(&infrastructure, strings);
    }
    infrastructure_clear(&infrastructure);
    strings_free(strings);
    return 0;
}
