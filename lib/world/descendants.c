/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/world/descendants.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

struct process {
    pid_t id, parent;
    char state;
};

struct processes {
    struct process *items;
    size_t count;
};

static int add_process(void *closure, const char *name)
{
    struct processes *processes = closure;
    char line[1024];
    int id = 0, parent = 0;
    char state = 0;
    if (name[strspn(name, "0123456789")])
        return 0;
    CLEANUP_FREE char *file = string_format("/proc/%s/stat", name);
    FILE *stat = file ? fopen(file, "re") : NULL;
    if (!stat)
        return 0;
    if (fgets(line, sizeof line, stat)) {
        /* The name of the program stands in parentheses and may hold anything. */
        const char *rest = strrchr(line, ')');
        if (rest && sscanf(line, "%d", &id) == 1 && sscanf(rest, ") %c %d", &state, &parent) == 2) {
            struct process *grown = realloc(processes->items, (processes->count + 1) * sizeof *grown);
            if (grown) {
                processes->items = grown;
                processes->items[processes->count++] = (struct process){ id, parent, state };
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
