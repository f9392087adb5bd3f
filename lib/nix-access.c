/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nix-access.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "operations.h"

/* Cuts the last part of a path off. False: there is no other one. */
static bool to_parent(char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return false;
    *slash = '\0';
    return true;
}

/* Of a path that is not there, what is missing first. */
static void to_first_absent(char *path)
{
    CLEANUP_FREE char *parent = strdup(path);
    while (parent && to_parent(parent) && operations->inspect(parent, NULL) == DYDISNIX_ABSENT)
        to_parent(path);
}

int nix_prepare_profile(const char *profile)
{
    CLEANUP_FREE char *directory = strdup(profile);
    if (!directory || !to_parent(directory)) {
        log_error(NULL, "%s: no absolute path of a profile", profile);
        return -1;
    }
    if (operations->make_directory(directory, 0755) != 0) {
        int error = errno;
        to_first_absent(directory);
        log_error(NULL, "%s, where the coordinator profile is to be, is missing and cannot be made: %s; an administrator "
                        "can make it for this user, or --coordinator-profile-path names another directory",
                  directory, strerror(error));
        return -1;
    }
    if (may_write(directory))
        return 0;
    log_error(NULL, "%s, where the coordinator profile is, cannot be written to: %s; --coordinator-profile-path names "
                    "another directory", directory, strerror(errno));
    return -1;
}
