/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/world/warnings.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/base/strings.h"

enum { WARNINGS_MOST = 256 }; /* what comes beyond is said each time */

/* Of each warning that was said, a hash; 0: none yet. Two processes at once may say one warning twice. */
static uint64_t own[WARNINGS_MOST], *said = own;

void warnings_share(void)
{
    uint64_t *shared = mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (shared == MAP_FAILED)
        return; /* then each process says it once */
    memcpy(shared, own, sizeof own);
    said = shared;
}

static bool is_warning(const char *line)
{
    static const char evaluation[] = "evaluation ", warning[] = "warning: ";

    if (strncmp(line, evaluation, strlen(evaluation)) == 0)
        line += strlen(evaluation);
    return strncmp(line, warning, strlen(warning)) == 0;
}

static bool is_of_nix(const char *program)
{
    return strncmp(string_base_name(program), "nix-", strlen("nix-")) == 0;
}

/* FNV-1a. */
static uint64_t hash_of_line(const char *line)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *line != '\0'; line++)
        hash = (hash ^ (unsigned char)*line) * UINT64_C(0x100000001b3);
    return hash | 1;
}

bool warnings_of_absence(const char *const *argv, const char *line)
{
    static const char error[] = "error: ";
    const char *path = NULL, *at;
    bool asks = false;

    for (; *argv != NULL; argv++) {
        asks = asks || strcmp(*argv, "--query-requisites") == 0;
        path = *argv;
    }
    if (!asks || strncmp(line, error, strlen(error)) != 0 || (at = strstr(line, path)) == NULL)
        return false;
    at += strlen(path);
    return *at != '\0'
           && (strcmp(at + 1, ": No such file or directory") == 0
               || strcmp(at + 1, " is not in the Nix store") == 0);
}

bool warnings_repeated(const char *program, const char *target, const char *line)
{
    bool nix = is_of_nix(program);
    uint64_t hash;
    size_t i = 0;

    if (!is_warning(line) || (target != NULL && !nix))
        return false;
    hash = hash_of_line(line);
    while (i < WARNINGS_MOST && said[i] != 0 && said[i] != hash)
        i++;
    if (i < WARNINGS_MOST && said[i] == hash)
        return true;
    if (i < WARNINGS_MOST && nix)
        said[i] = hash;
    return false;
}
