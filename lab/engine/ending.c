/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/engine/ending.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lab/engine/inside.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

const struct inside *inside;

bool (*ending_watch)(const char *phase);

static const char *phase = "";
static unsigned step;

int ending_signal(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = { { "KILL", SIGKILL }, { "SEGV", SIGSEGV }, { "TERM", SIGTERM }, { "INT", SIGINT } };
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (strcmp(signals[i].name, name) == 0)
            return signals[i].number;
    return SIGKILL;
}

static void run_command(const char *command)
{
    const struct dydisnix_program program = { .argv = (const char *const[]){ "sh", "-c", command, NULL },
                                              .show_output = true };
    struct dydisnix_result result;
    run_program(&program, &result);
    free(result.output);
}

/* What is to happen now; false: the step fails. */
static bool end_so(const char *how)
{
    char word[16] = "";
    int begin = 0;
    sscanf(how, "%15s %n", word, &begin);
    const char *what = how + begin;
    fflush(NULL);
    if (strcmp(word, "exit") == 0)
        _exit(atoi(what));
    if (strcmp(word, "kill") == 0) {
        signal(ending_signal(what), SIG_DFL); /* sanitizers would make an exit of it */
        raise(ending_signal(what));
    }
    if (strcmp(word, "run") == 0)
        run_command(what);
    return strcmp(word, "fail") != 0;
}

static bool reach_step(void)
{
    if (inside)
        return inside->step(phase, step);
    const char *file = getenv("DYDISNIX_LAB_END");
    CLEANUP_FREE char *text = NULL;
    size_t length = 0;
    char name[32];
    unsigned wanted;
    int how = 0;
    if (!file || !*file || operations->read(file, 4096, &text, &length) != 0
        || sscanf(text, "%31s %u %n", name, &wanted, &how) != 2 || strcmp(name, phase) != 0 || wanted != step)
        return true;
    const char *rest = text + strcspn(text, "\n");
    if (!*rest || !rest[1])
        unlink(file);
    else
        operations->write(file, rest + 1, strlen(rest + 1), 0644);
    text[rest - text] = '\0';
    return end_so(text + how);
}

/* Counts the file's first line down by one step, if it is of this phase, and takes it out when it is due;
 * then how it ends is a new string. Calls of one phase come side by side. */
static char *count_down(const char *file, const char *name)
{
    CLEANUP_FD int fd = open(file, O_RDWR | O_CLOEXEC);
    char text[4096] = "", wanted[32];
    unsigned number;
    int how = 0;
    if (fd < 0 || flock(fd, LOCK_EX) != 0 || pread(fd, text, sizeof text - 1, 0) <= 0
        || sscanf(text, "%31s %u %n", wanted, &number, &how) != 2 || strcmp(wanted, name) != 0)
        return NULL;
    const char *rest = text + strcspn(text, "\n");
    bool due = number <= 1;
    CLEANUP_FREE char *left = due ? string_format("%s", *rest ? rest + 1 : "")
                                  : string_format("%s %u %s", wanted, number - 1, text + how);
    if (!left || ftruncate(fd, 0) != 0 || pwrite(fd, left, strlen(left), 0) < 0)
        return NULL;
    if (due && !*left)
        unlink(file);
    return due ? strndup(text + how, (size_t)(rest - text) - (size_t)how) : NULL;
}

bool ending_call(const char *name)
{
    const char *file = getenv("DYDISNIX_LAB_END");
    CLEANUP_FREE char *how = file && *file ? count_down(file, name) : NULL;
    return !how || end_so(how);
}

bool ending_phase(const char *name)
{
    phase = name;
    step = 0;
    return (!ending_watch || ending_watch(name)) && reach_step();
}

bool ending_step(void)
{
    step++;
    return reach_step();
}
