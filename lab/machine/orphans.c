/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/machine/orphans.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/base/tree.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

/* The parent's pid stands after the name, which is in parentheses and may hold any of them, and the state. */
static long parent_of(const char *pid)
{
    CLEANUP_FREE char *path = string_format("/proc/%s/stat", pid);
    CLEANUP_FREE char *text = path ? file_text(path, 4096) : NULL;

    if (!text)
        return -1;
    const char *end = strrchr(text, ')');
    return end && strlen(end) > 4 ? strtol(end + 4, NULL, 10) : -1;
}

static int kill_child(void *closure, const char *name)
{
    (void)closure;
    if (name[0] >= '1' && name[0] <= '9' && parent_of(name) == (long)getpid())
        kill((pid_t)strtol(name, NULL, 10), SIGKILL);
    return 0;
}

/* Grandchildren become children when their parents end. */
void orphans_end(void)
{
    pid_t pid = 0;

    while (pid >= 0 || errno == EINTR) {
        directory_each("/proc", kill_child, NULL);
        pid = waitpid(-1, NULL, 0);
    }
}
