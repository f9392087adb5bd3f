/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/world/find-program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"

char *find_program(const char *name)
{
    const char *path = getenv("PATH");
    CLEANUP_FREE char *words = strdup(path ? path : "/usr/bin:/bin");
    char *save = NULL;
    if (strchr(name, '/'))
        return access(name, X_OK) == 0 ? strdup(name) : NULL;
    for (char *word = words ? strtok_r(words, ":", &save) : NULL; word; word = strtok_r(NULL, ":", &save)) {
        char *found = string_format("%s/%s", word, name);
        if (found && access(found, X_OK) == 0)
            return found;
        free(found);
    }
    return NULL;
}
