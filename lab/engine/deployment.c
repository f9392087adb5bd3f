/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/engine/deployment.h"

#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/engine/inside.h"
#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

static const size_t MANIFEST_LIMIT = 1 << 30;
static const unsigned LINKS_MOST = 40; /* as Linux follows */

static char *in_directory_of(const char *path, const char *name)
{
    return *name == '/' ? strdup(name)
                        : string_format("%.*s%s", (int)(strrchr(path, '/') + 1 - path), path, name);
}

char *follow_links(const char *path)
{
    char *here = *path == '/' ? strdup(path) : realpath(path, NULL), *link = NULL;
    for (unsigned i = 0; here && i < LINKS_MOST && operations->read_link(here, &link) == 0; i++) {
        char *next = in_directory_of(here, link);
        free(link);
        free(here);
        here = next;
    }
    if (here && operations->inspect(here, NULL) == DYDISNIX_FILE)
        return here;
    free(here);
    return NULL;
}

int deployment_read_manifest(struct deployment *deployment, const char *path)
{
    CLEANUP_FREE char *reason = NULL;
    CLEANUP_FREE char *full = follow_links(path);
    CLEANUP_FREE char *text = NULL;
    size_t length = 0;
    deployment->manifest_path = strings_intern(deployment->strings, full);
    if (!full || operations->read(full, MANIFEST_LIMIT, &text, &length) != 0) {
        log_error(NULL, "%s: the manifest cannot be read", path);
        return -1;
    }
    if (manifest_parse(text, length, path, NULL, deployment->strings, &deployment->manifest, &reason) != 0
        || manifest_check(&deployment->manifest, &reason) != 0) {
        log_error(NULL, "%s", reason ? reason : "no memory");
        return -1;
    }
    if (deployment->manifest.version != 2) {
        log_error(NULL, "%s: of version %d, and only 2 can be deployed", path, deployment->manifest.version);
        return -1;
    }
    manifest_sort(&deployment->manifest);
    return 0;
}

int deployment_read_previous(struct deployment *deployment, const char *file)
{
    CLEANUP_FREE char *reason = NULL;
    if (previous_read(deployment->coordinator_directory, deployment->profile, file, deployment->strings,
                      &deployment->previous)
        != 0)
        return -1;
    if (!deployment->previous.known || manifest_check(&deployment->previous.manifest, &reason) == 0)
        return 0;
    log_error(NULL, "the previous manifest: %s", reason ? reason : "no memory");
    return -1;
}

void deployment_clear(struct deployment *deployment)
{
    manifest_clear(&deployment->manifest);
    previous_clear(&deployment->previous);
}

/* As Disnix calls one: what the target prints stands among our own lines. */
static int call_beside(const char *const *argv)
{
    pid_t pid;
    int status = 0;
    if (posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv, environ) != 0)
        return -1;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status == 0 ? 0 : -1;
}

static int pass_on(void *closure, char *line)
{
    (void)closure;
    inside->say(line);
    return 0;
}

int client_call(struct arguments *arguments, const char *target, char **output)
{
    const struct dydisnix_program program = { .argv = arguments_vector(arguments), .target = target };
    struct dydisnix_result result = { 0 };
    if (!program.argv)
        return -1;
    if (!output && !inside)
        return call_beside(program.argv);
    int status = run_program(&program, &result);
    if (output) {
        *output = result.output;
        return status;
    }
    if (result.output)
        string_lines(result.output, pass_on, NULL);
    free(result.output);
    return status;
}

int add_line(void *closure, char *line)
{
    arguments_add(closure, line);
    return 0;
}

void announce(const char *target, const char *format, ...)
{
    va_list arguments;
    char *message = NULL;
    va_start(arguments, format);
    int length = vasprintf(&message, format, arguments);
    va_end(arguments);
    CLEANUP_FREE char *text = length >= 0 ? message : NULL;
    CLEANUP_FREE char *line = text && target ? string_format("[target: %s]: %s", target, text)
                              : text         ? string_format("[coordinator]: %s", text)
                                             : NULL;
    if (inside && line) {
        inside->say(line);
        return;
    }
    puts(line ? line : "");
    fflush(stdout);
}
