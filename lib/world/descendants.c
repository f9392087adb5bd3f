/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/world/descendants.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "lib/world/real.h"

/* After the name: the state, the parent and, eighteen fields later, the start; see proc(5). */
#define STAT_FORMAT ") %c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu"
#define VECTOR_MOST ((size_t)64 << 10) /* of an argument vector */

struct process {
    pid_t id, parent;
    char state;
    int64_t milliseconds; /* since its start */
};

struct processes {
    struct process *items;
    size_t count;
};

/* ticks: of the clock that begins when the machine does. */
static int64_t age_of_process(unsigned long long ticks)
{
    struct timespec now;
    if (clock_gettime(CLOCK_BOOTTIME, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000
           - (int64_t)(ticks * 1000 / (unsigned long long)sysconf(_SC_CLK_TCK));
}

static int add_process(void *closure, const char *name)
{
    struct processes *processes = closure;
    char line[1024];
    int id = 0, parent = 0;
    char state = 0;
    unsigned long long start = 0;
    if (name[strspn(name, "0123456789")])
        return 0;
    CLEANUP_FREE char *file = string_format("/proc/%s/stat", name);
    FILE *stat = file ? fopen(file, "re") : NULL;
    if (!stat)
        return 0;
    if (fgets(line, sizeof line, stat)) {
        /* The name of the program stands in parentheses and may hold anything. */
        const char *rest = strrchr(line, ')');
        if (rest && sscanf(line, "%d", &id) == 1 && sscanf(rest, STAT_FORMAT, &state, &parent, &start) == 3) {
            struct process *grown = realloc(processes->items, (processes->count + 1) * sizeof *grown);
            if (grown) {
                processes->items = grown;
                processes->items[processes->count++] =
                    (struct process){ id, parent, state, age_of_process(start) };
            }
        }
    }
    fclose(stat);
    return 0;
}

static bool is_spared(pid_t id, const pid_t *spared, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (spared[i] == id)
            return true;
    return false;
}

/* Parents first: they could start something else when a child has ended. */
static size_t signal_children(const struct processes *processes, pid_t parent, const pid_t *spared,
                              size_t count, int signal)
{
    size_t alive = 0;
    for (size_t i = 0; i < processes->count; i++) {
        const struct process *process = &processes->items[i];
        if (process->parent != parent || is_spared(process->id, spared, count))
            continue;
        kill(process->id, signal);
        alive += process->state != 'Z';
        alive += signal_children(processes, process->id, spared, count, signal);
    }
    return alive;
}

size_t descendants_signal(pid_t process, const pid_t *spared, size_t count, int signal)
{
    struct processes processes = { 0 };
    operations->list("/proc", add_process, &processes);
    size_t alive = signal_children(&processes, process, spared, count, signal);
    free(processes.items);
    return alive;
}

/* Its argument vector in one piece, each word with its NUL; malloc()ed, NULL: it has none, or has ended. */
static char *read_words(pid_t id, size_t *length)
{
    CLEANUP_FREE char *file = string_format("/proc/%d/cmdline", (int)id);
    FILE *stream = file ? fopen(file, "re") : NULL;
    char *words = stream ? malloc(VECTOR_MOST) : NULL;
    *length = words ? fread(words, 1, VECTOR_MOST - 1, stream) : 0;
    if (stream)
        fclose(stream);
    if (*length == 0) {
        free(words);
        return NULL;
    }
    words[*length] = '\0';
    return words;
}

static int tell_process(const struct process *process,
                        int (*each)(void *closure, const struct dydisnix_running *program), void *closure)
{
    size_t length, count = 0;
    CLEANUP_FREE char *words = read_words(process->id, &length);
    CLEANUP_FREE const char **argv = words ? calloc(length + 2, sizeof *argv) : NULL;
    for (size_t i = 0; argv && i < length; i += strlen(words + i) + 1)
        argv[count++] = words + i;
    return argv ? each(closure, &(struct dydisnix_running){ process->id, argv, process->milliseconds }) : 0;
}

static int tell_children(const struct processes *processes, pid_t parent,
                         int (*each)(void *closure, const struct dydisnix_running *program), void *closure)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < processes->count; i++) {
        const struct process *process = &processes->items[i];
        if (process->parent != parent || process->state == 'Z')
            continue;
        status = tell_process(process, each, closure);
        if (status == 0)
            status = tell_children(processes, process->id, each, closure);
    }
    return status;
}

int real_running(int (*each)(void *closure, const struct dydisnix_running *program), void *closure)
{
    struct processes processes = { 0 };
    operations->list("/proc", add_process, &processes);
    int status = tell_children(&processes, getpid(), each, closure);
    free(processes.items);
    return status;
}
