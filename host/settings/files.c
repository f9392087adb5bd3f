/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/settings/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

/* The directory of a path without links; NULL with errno set: it is not there. */
static char *real_directory(const char *file, const char **name)
{
    const char *slash = strrchr(file, '/');
    CLEANUP_FREE char *directory =
        slash ? strndup(file, slash > file ? (size_t)(slash - file) : 1) : strdup(".");
    *name = slash ? slash + 1 : file;
    return directory ? realpath(directory, NULL) : NULL;
}

char *file_absolute(const char *file)
{
    CLEANUP_FREE char *copy = strdup(file), *directory = NULL, *here = NULL;
    const char *name;
    if (!copy)
        return NULL;
    for (char *end = copy + strlen(copy); end > copy + 1 && end[-1] == '/'; end--)
        end[-1] = '\0';
    directory = real_directory(copy, &name);
    here = directory && copy[0] != '/' ? realpath(".", NULL) : NULL;
    if (directory && (here || copy[0] == '/')) {
        const char *relative = strncmp(copy, "./", 2) == 0 ? copy + 2 : copy;
        return here ? string_format("%s/%s", strcmp(here, "/") == 0 ? "" : here, relative) : strdup(copy);
    }
    log_error(NULL, "%s: %s", file, strerror(errno));
    return NULL;
}

char *file_resolved(const char *file)
{
    const char *name;
    CLEANUP_FREE char *directory = real_directory(file, &name);
    return directory ? string_format("%s/%s", strcmp(directory, "/") == 0 ? "" : directory, name) : NULL;
}
