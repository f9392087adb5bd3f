/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/calls/resend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/calls/client-calls.h"
#include "host/calls/stages.h"
#include "lib/base/arguments.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/base/switch.h"
#include "lib/manifest/manifest.h"
#include "lib/world/operations.h"

static int distribute(const struct recovery *recovery, const char *manifest, const char *transcript,
                      int64_t deadline)
{
    int status = -1;
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    arguments_add(&arguments, "disnix-distribute");
    arguments_option(&arguments, "-m", recovery->settings->max_concurrent_transfers);
    arguments_add(&arguments, manifest);
    const struct stage_program program = {
        .arguments = &arguments, .show = true, .transcript = transcript, .deadline = deadline
    };
    stage_run(recovery->settings, &program, NULL, NULL, &status);
    return status;
}

int resend_profiles(const struct recovery *recovery, const char *manifest, const char *transcript)
{
    return SWITCH(RESEND) ? distribute(recovery, manifest, transcript, call_deadline) : -1;
}

/* A manifest in which the path is the target's profile: what it really is makes no difference to a
 * closure. */
static int write_alone(struct manifest *manifest, const struct target *target, const char *path,
                       const char *file)
{
    if (manifest_add_target(manifest, target) != 0 || !manifest_add_profile(manifest, target->name, path))
        return -1;
    CLEANUP_BUFFER xmlBufferPtr text = manifest_write(manifest);
    return text ? operations->write(file, (const char *)xmlBufferContent(text), (size_t)xmlBufferLength(text),
                                    0600)
                : -1;
}

int resend_path(const struct recovery *recovery, const struct target *target, const char *path, int version,
                int64_t deadline)
{
    CLEANUP_FREE char *file = string_format("%s/resend.xml", recovery->work);
    struct manifest manifest;
    manifest_init(&manifest, recovery->strings);
    manifest.version = version;
    int status = file ? write_alone(&manifest, target, path, file) : -1;
    if (status != 0)
        log_error(NULL, "%s: %s", file ? file : "resend.xml", strerror(errno));
    manifest_clear(&manifest);
    return status == 0 ? distribute(recovery, file, NULL, deadline) : -1;
}

static int add_path(void *closure, char *line)
{
    arguments_add(closure, line);
    return 0;
}

bool resend_is_possible(const char *path)
{
    const char *const query[] = { "nix-store", "--query", "--requisites", path, NULL };
    CLEANUP_ARGUMENTS struct arguments export = { 0 };
    struct dydisnix_result paths = { 0 }, result = { 0 };
    int status = run_program(&(struct dydisnix_program){ .argv = query, .deadline = call_deadline }, &paths);
    arguments_add(&export, "nix-store");
    arguments_add(&export, "--export");
    if (status == 0)
        status = string_lines(paths.output, add_path, &export);
    if (status == 0 && arguments_vector(&export))
        status = run_program(&(struct dydisnix_program){ .argv = arguments_vector(&export),
                                                         .deadline = call_deadline,
                                                         .drop_output = true },
                             &result);
    if (status != 0)
        log_error(NULL, "%s cannot be sent to anybody: nix-store --export fails", path);
    free(paths.output);
    free(result.output);
    return status == 0;
}
