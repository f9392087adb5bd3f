/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/calls/recovery.h"

#include <stddef.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/client.h"
#include "lib/world/operations.h"

char *recovery_path(const struct recovery *recovery, const char *name)
{
    return string_format("%s/%s", recovery->directory, name);
}

void recovery_profile_arguments(struct arguments *arguments, const struct recovery *recovery,
                                const struct target *target, const char *operation)
{
    client_arguments(arguments, target, operation);
    arguments_option(arguments, "--profile", recovery->settings->profile);
}

void recovery_component_arguments(struct arguments *arguments, const struct target *target,
                                  const char *operation, const struct manifest *manifest,
                                  const char *container, const char *service, const char *provider)
{
    const struct service *found = manifest_find_service(manifest, service);
    client_arguments(arguments, target, operation);
    if (found)
        client_component_arguments(arguments, target, container, found,
                                   provider ? manifest_find_service(manifest, provider) : NULL);
}

static const char *const kept_files[] = { RUNNING, "set.xml", "away.xml", "arriving.xml", "new", "previous" };

void recovery_tidy(const struct recovery *recovery)
{
    for (size_t i = 0; i < sizeof kept_files / sizeof *kept_files; i++) {
        CLEANUP_FREE char *file = recovery_path(recovery, kept_files[i]);
        if (file && operations->inspect(file, NULL) != DYDISNIX_ABSENT)
            operations->remove(file);
    }
}

int recovery_forget(const struct recovery *recovery)
{
    state_deploying(recovery->state, NULL, NULL);
    if (state_save(recovery->state) != 0)
        return -1;
    recovery_tidy(recovery);
    return 0;
}
