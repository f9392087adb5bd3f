/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "lab/engine/deployment.h"
#include "lab/engine/ending.h"
#include "lab/engine/targets.h"
#include "lib/base/cleanup.h"
#include "lib/model/nix.h"
#include "lib/world/operations.h"

bool set_target_profiles(const struct deployment *deployment)
{
    struct target_calls calls = {
        .deployment = deployment,
        .operation = "--set",
        .with_path = true,
        .doing = "Setting Disnix profile",
        .complaint = "Cannot set Disnix profile",
    };
    return ending_phase("setting") && target_calls_run(&calls);
}

/* Disnix makes the directory itself, but only the last part of its path when the user names one. */
static int make_profile_directory(const struct deployment *deployment, const char *profile)
{
    CLEANUP_FREE char *directory = string_format("%.*s", (int)(strrchr(profile, '/') - profile), profile);
    if (!directory)
        return -1;
    CLEANUP_FREE char *parent = strdup(directory);
    char *slash = parent ? strrchr(parent, '/') : NULL;
    if (deployment->coordinator_directory && slash && slash > parent) {
        *slash = '\0';
        if (operations->inspect(parent, NULL) == DYDISNIX_ABSENT) {
            errno = ENOENT;
            return -1;
        }
    }
    return operations->make_directory(directory, 0755);
}

bool set_coordinator_profile(const struct deployment *deployment)
{
    const char *profile = deployment->previous.profile;
    if (!ending_phase("coordinator"))
        return false;
    if (make_profile_directory(deployment, profile) != 0) {
        log_error(NULL, "Cannot create the directory of the profile: %s: %s", profile, strerror(errno));
        return false;
    }
    CLEANUP_FREE char *current = follow_links(profile);
    if (current && strcmp(current, deployment->manifest_path) == 0)
        return true;
    return nix_set_profile(profile, deployment->manifest_path) == 0;
}
