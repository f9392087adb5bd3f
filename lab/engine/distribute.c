/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "lab/engine/deployment.h"
#include "lab/engine/ending.h"
#include "lab/engine/targets.h"
#include "lab/engine/workers.h"
#include "lib/base/cleanup.h"
#include "lib/model/client.h"
#include "lib/world/operations.h"

/* A closure may be large, and it passes through memory. */
static const size_t CLOSURE_LIMIT = BYTES_AT_MOST(UINT64_C(4) << 30);

static int run_local(struct arguments *arguments, struct dydisnix_result *result)
{
    const struct dydisnix_program program = { .argv = arguments_vector(arguments),
                                              .output_limit = CLOSURE_LIMIT };
    return program.argv ? run_program(&program, result) : -1;
}

static int query_requisites(const char *path, char **output)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    struct dydisnix_result result = { 0 };
    const char *const words[] = { "nix-store", "--query", "--requisites", path, NULL };
    for (size_t i = 0; words[i]; i++)
        arguments_add(&arguments, words[i]);
    int status = run_local(&arguments, &result);
    *output = result.output;
    return status;
}

/* Writes the closure as a stream into a file of directory; malloc()ed path. */
static char *export_paths(char *paths, const char *directory)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    struct dydisnix_result result = { 0 };
    arguments_add(&arguments, "nix-store");
    arguments_add(&arguments, "--export");
    string_lines(paths, add_line, &arguments);
    char *file = string_format("%s/closure", directory);
    bool done = file && run_local(&arguments, &result) == 0
                && operations->write(file, result.output, result.output_length, 0644) == 0;
    free(result.output);
    if (!done) {
        free(file);
        return NULL;
    }
    return file;
}

static int import_closure(const struct target *machine, const char *file)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    client_arguments(&arguments, machine, "--import");
    arguments_option(&arguments, "--localfile", file);
    CLEANUP_FREE char *imported = NULL;
    return client_call(&arguments, machine->name, &imported);
}

static int send_paths(const struct target *machine, char *paths)
{
    CLEANUP_FREE char *directory = NULL;
    if (operations->temporary_directory("disnix", &directory) != 0)
        return -1;
    CLEANUP_FREE char *file = export_paths(paths, directory);
    int status = file ? import_closure(machine, file) : -1;
    operations->remove(directory);
    return status;
}

static int copy_closure(void *closure, size_t i)
{
    const struct deployment *deployment = closure;
    const struct profile *profile = &deployment->manifest.profiles[i];
    const struct target *machine = profile_machine(deployment, i);
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    CLEANUP_FREE char *requisites = NULL;
    CLEANUP_FREE char *invalid = NULL;
    announce(profile->target, "Receiving intra-dependency closure of profile: %s", profile->path);
    if (!machine || query_requisites(profile->path, &requisites) != 0)
        return -1;
    client_arguments(&arguments, machine, "--print-invalid");
    string_lines(requisites, add_line, &arguments);
    if (client_call(&arguments, machine->name, &invalid) != 0)
        return -1;
    return *invalid ? send_paths(machine, invalid) : 0;
}

static void tell_unsent_closure(void *closure, size_t i, bool success)
{
    const struct deployment *deployment = closure;
    const struct profile *profile = &deployment->manifest.profiles[i];
    if (!success)
        log_error(profile->target, "Cannot receive intra-dependency closure of profile: %s", profile->path);
}

bool distribute_closures(const struct deployment *deployment)
{
    const struct workers workers = {
        .count = deployment->manifest.profile_count,
        .limit = deployment->transfers,
        .work = copy_closure,
        .done = tell_unsent_closure,
        .closure = (void *)deployment,
    };
    return ending_phase("distributing") && workers_run(&workers);
}
