/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/ctl/watch.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

enum {
    LOOK_INTERVAL = 100,
    LOOKS = 10
}; /* milliseconds, and looks without a change until it is drawn again */

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

struct seen {
    struct timespec journal, state;
};

static struct timespec changed(const char *directory, const char *name)
{
    CLEANUP_FREE char *file = string_format("%s/%s", directory, name);
    struct stat status = { 0 };
    return file && stat(file, &status) == 0 ? status.st_mtim : (struct timespec){ 0 };
}

static struct seen look(const char *directory)
{
    return (struct seen){ changed(directory, "events.jsonl"), changed(directory, "state.json") };
}

static void wait_for_change(const char *directory, const struct seen *before)
{
    for (int i = 0; i < LOOKS && !interrupted; i++) {
        const struct seen now = look(directory);
        if (memcmp(&now, before, sizeof now) != 0)
            return;
        operations->sleep(LOOK_INTERVAL);
    }
}

int watch_draw(const char *directory, int (*draw)(void *closure), void *closure)
{
    static const char clear[] = "\033[H\033[2J\033[?7l", restore[] = "\033[?7h";
    const struct sigaction action = { .sa_handler = interrupt };
    const bool terminal = isatty(STDOUT_FILENO);
    int status = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    while (status == 0 && !interrupted) {
        const struct seen seen = look(directory);
        if (terminal)
            fputs(clear, stdout);
        status = draw(closure);
        if (fflush(stdout) != 0)
            status = -1;
        if (status == 0)
            wait_for_change(directory, &seen);
    }
    if (terminal)
        fputs(restore, stdout);
    return fflush(stdout) == 0 ? status : -1;
}
