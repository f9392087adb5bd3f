/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dydisnix-lab processes, on a machine: prints the names of the programs that run on it, one a line, but for
 * its first process and itself. --end kills all of them, --end-loop only dydisnix-self-adapt.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/machine/geninfra.h"
#include "lab/network/programs.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

#define NAME_LIMIT 4096

/* What a process was started as; NULL: it has ended. malloc()ed. */
static char *program_of(long pid)
{
    CLEANUP_FREE char *path = string_format("/proc/%ld/cmdline", pid);
    FILE *file = path ? fopen(path, "re") : NULL;
    char data[NAME_LIMIT];
    size_t length = file ? fread(data, 1, sizeof data - 1, file) : 0;

    if (file)
        fclose(file);
    data[length] = '\0';
    return length > 0 ? strdup(string_base_name(data)) : NULL;
}

/* Whether this is in a machine's own process namespace, and /proc too: else its numbers mean other processes,
 * and those that are killed would be everybody's. */
static bool is_on_machine(void)
{
    CLEANUP_FREE char *self = NULL, *first = program_of(1);
    return getenv("DYDISNIX_LAB_MACHINE") && first && strcmp(first, PACKAGE_LAB) == 0
           && operations->read_link("/proc/self", &self) == 0 && strtol(self, NULL, 10) == (long)getpid();
}

static void visit(long pid, bool end_loop)
{
    CLEANUP_FREE char *program = program_of(pid);

    if (!program)
        return;
    if (!end_loop)
        puts(program);
    else if (strcmp(program, "dydisnix-self-adapt") == 0)
        kill((pid_t)pid, SIGKILL);
}

int processes_main(int argc, char **argv)
{
    bool end = argc == 2 && strcmp(argv[1], "--end") == 0,
         end_loop = argc == 2 && strcmp(argv[1], "--end-loop") == 0;
    struct dirent *entry;

    if (!is_on_machine() || (argc != 1 && !end && !end_loop)) {
        log_error(NULL, "this is run on a machine of the lab only, with a /proc of its own");
        return 2;
    }
    if (end) /* of this process namespace, but for the first one and this */
        return kill(-1, SIGKILL) != 0 && errno != ESRCH;
    DIR *processes = opendir("/proc");
    if (!processes)
        return 1;
    while ((entry = readdir(processes)) != NULL) {
        long pid = strtol(entry->d_name, NULL, 10);
        if (pid > 1 && pid != (long)getpid())
            visit(pid, end_loop);
    }
    closedir(processes);
    return fflush(stdout) == 0 ? 0 : 1;
}
