/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/model/nix-access.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/nix-stream.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

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

static int tell_unwritable(const char *directory)
{
    log_error(
        NULL,
        "%s, where the coordinator profile is, cannot be written to: %s; --coordinator-profile-path names "
        "another directory",
        directory, strerror(errno));
    return -1;
}

int nix_check_profile(const char *profile)
{
    CLEANUP_FREE char *directory = strdup(profile);
    return directory && to_parent(directory) && !may_make(directory) ? tell_unwritable(directory) : 0;
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
        log_error(
            NULL,
            "%s, where the coordinator profile is to be, is missing and cannot be made: %s; an administrator "
            "can make it for this user, or --coordinator-profile-path names another directory",
            directory, strerror(error));
        return -1;
    }
    return may_write(directory) ? 0 : tell_unwritable(directory);
}

/* What nobody has signed: a path that is always the same one, and whose name is no hash of anything. */
static const char unsigned_path[] = NIX_STORE_DIR "/00000000000000000000000000000000-dydisnix-self-adapt";

/* What `nix-store --export` writes of one path: a file, without references, deriver or signature. */
static void put_unsigned_path(struct nix_stream *stream)
{
    static const uint64_t one_more = 1, magic = 0x4558494e, none = 0;
    static const char *const archive[] = { NIX_ARCHIVE_FILE, "unsigned\n", NIX_ARCHIVE_END, NULL };
    nix_stream_number(stream, one_more);
    nix_stream_texts(stream, archive);
    nix_stream_number(stream, magic);
    nix_stream_text(stream, unsigned_path);
    nix_stream_number(stream, none);
    nix_stream_text(stream, "");
    nix_stream_number(stream, none);
    nix_stream_number(stream, none);
}

static int run_store(const char *const *argv, const char *input, bool quiet)
{
    const struct dydisnix_program program = { .argv = argv, .input = input, .quiet = quiet };
    struct dydisnix_result result = { 0 };
    int status = run_program(&program, &result);
    free(result.output);
    return status;
}

/* Whoever may put a file into the store, and may not import, is not trusted. */
static int check_import(const char *file)
{
    const char *const import[] = { "nix-store", "--import", NULL };
    const char *const add[] = { "nix-store", "--add", file, NULL };
    const char *user = own_user_name();
    if (run_store(import, file, true) == 0)
        return 0;
    if (run_store(add, NULL, false) != 0) {
        log_error(NULL, "nothing can be put into the Nix store of this machine");
        return -1;
    }
    log_error(
        NULL,
        "the Nix daemon takes no closures of targets from this user: trusted-users in its nix.conf has to "
        "name %s",
        user ? user : "it");
    return NIX_UNTRUSTED;
}

int nix_check_import(void)
{
    struct nix_stream stream = { 0 };
    CLEANUP_FREE char *directory = NULL, *file = NULL;
    int status = -1;
    put_unsigned_path(&stream);
    if (operations->temporary_directory("dydisnix-import", &directory) != 0) {
        log_error(NULL, "cannot make a temporary directory: %s", strerror(errno));
        return -1;
    }
    file = string_format("%s/unsigned", directory);
    if (file && operations->write(file, stream.data, stream.length, 0600) == 0)
        status = check_import(file);
    else
        log_error(NULL, "%s/unsigned: %s", directory, strerror(errno));
    operations->remove(directory);
    return status;
}
