/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/settings/default-paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"

/* An environment variable that is an absolute path. */
static const char *path_in(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value == '/' ? value : NULL;
}

char *default_state_directory(void)
{
    const char *home = path_in("HOME"), *state_home = path_in("XDG_STATE_HOME");
    if (geteuid() == 0)
        return string_format("/var/lib/dydisnix-self-adapt");
    if (state_home)
        return string_format("%s/dydisnix-self-adapt", state_home);
    return home ? string_format("%s/.local/state/dydisnix-self-adapt", home) : NULL;
}

char *system_socket(const char *profile)
{
    return string_format("/run/dydisnix-self-adapt/%s.socket", profile);
}

char *default_socket(const char *profile)
{
    const char *directory = path_in("XDG_RUNTIME_DIR");
    if (directory)
        return string_format("%s/dydisnix-self-adapt/%s.socket", directory, profile);
    return geteuid() == 0 ? system_socket(profile) : NULL;
}

static int fill_in(struct sockaddr_un *address, const char *path)
{
    if (strlen(path) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address->sun_path, path);
    return 0;
}

/* A long path is reached through its open directory. */
int socket_address(const char *path, struct sockaddr_un *address, int *directory)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    *directory = -1;
    if (fill_in(address, path) == 0)
        return 0;
    const char *name = strrchr(path, '/');
    CLEANUP_FREE char *parent = name ? strndup(path, (size_t)(name - path) + 1) : NULL, *near = NULL;
    int fd = parent ? open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0)
        return -1;
    near = string_format("/proc/self/fd/%d%s", fd, name);
    if (near && fill_in(address, near) == 0) {
        *directory = fd;
        return 0;
    }
    close(fd);
    return -1;
}
