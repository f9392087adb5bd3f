/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/calls/resend.h"

#include <errno.h>
#include <string.h>

#include "host/calls/stages.h"
#include "lib/base/arguments.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/base/switch.h"
#include "lib/manifest/manifest.h"
#include "lib/world/operations.h"

int resend_profiles(const struct recovery *recovery, const char *manifest, const char *transcript)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    if (!SWITCH(RESEND))
        return -1;
    arguments_add(&arguments, "disnix-distribute");
    arguments_option(&arguments, "-m", recovery->settings->max_concurrent_transfers);
    arguments_add(&arguments, manifest);
    const struct stage_program program = { .arguments = &arguments, .show = true, .transcript = transcript };
    return stage_run(recovery->settings, &program, NULL, NULL, NULL);
}

/* A manifest in which the path is the target's profile: what it really is makes no difference to a closure. */
static int write_alone(struct manifest *manifest, const struct target *target, const char *path, const char *file)
{
    if (manifest_add_target(manifest, target) != 0 || !manifest_add_profile(manifest, target->name, path))
        return -1;
    CLEANUP_BUFFER xmlBufferPtr text = manifest_write(manifest);
    return text ? operations->write(file, (const char *)xmlBufferContent(text), (size_t)xmlBufferLength(text), 0600) : -1;
}

int resend_path(const struct recovery *recovery, const struct target *target, const char *path, int version)
{
    CLEANUP_FREE char *file = string_format("%s/resend.xml", recovery->work);
    struct manifest manifest;
    manifest_init(&manifest, recovery->strings);
    manifest.version = version;
    int status = file ? write_alone(&manifest, target, path, file) : -1;
    if (status != 0)
        log_error(NULL, "%s: %s", file ? file : "resend.xml", strerror(errno));
    manifest_clear(&manifest);
    return status == 0 ? resend_profiles(recovery, file, NULL) : -1;
}
