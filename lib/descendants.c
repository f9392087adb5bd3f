/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "descendants.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "operations.h"
#include "strings.h"

struct process {
    pid_t id, parent;
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
    if (name[strspn(name, "0123456789")])
        return 0;
    CLEANUP_FREE char *file = string_format("/proc/%s/stat", name);
    FILE *stat = file ? fopen(file, "re") : NULL;
    if (!stat)
        return 0;
    if (fgets(line, sizeof line, stat)) {
        /* The name of the program stands in parentheses and may hold anything. */
        const char *rest = strrchr(line, ')');
        if (rest && sscanf(line, "%d", &id) == 1 && sscanf(rest, ") %*c %d", &parent) == 1) {
            struct process *grown = realloc(processes->items, (processes->count + 1) * sizeof *grown);
            if (grown) {
                processes->items = grown;
                processes->items[processes->count++] = (struct process){ id, parent };
            }
        }
    }
    fclose(stat);
    return 0;
}

/* Parents first: they could start something else when a child has ended. */
static void signal_children(const struct processes *processes, pid_t parent, pid_t spared, int signal)
{
    for (size_t i = 0; i < processes->count; i++) {
        const struct process *process = &processes->items[i];
        if (process->parent != parent || process->id == spared)
            continue;
        kill(process->id, signal);
        signal_children(processes, process->id, spared, signal);
    }
}

void descendants_signal(pid_t process, pid_t spared, int signal)
{
    struct processes processes = { 0 };
    operations->list("/proc", add_process, &processes);
    signal_children(&processes, process, spared, signal);
    free(processes.items);
}
