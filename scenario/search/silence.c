/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/search/silence.h"

#include <fcntl.h>
#include <unistd.h>

#include "lib/base/cleanup.h"

int silence_begin(void)
{
    CLEANUP_FD int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int saved = dup(STDERR_FILENO);
    if (nothing >= 0 && saved >= 0)
        dup2(nothing, STDERR_FILENO);
    return saved;
}

void silence_end(int saved)
{
    if (saved < 0)
        return;
    dup2(saved, STDERR_FILENO);
    close(saved);
}
