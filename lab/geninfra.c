/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "geninfra.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "channel.h"
#include "cleanup.h"
#include "network.h"
#include "programs.h"

/* A Nix string: whatever stands in text, nothing of it is evaluated. */
static void print_string(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\' || *text == '$')
            putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

/* Nix's name of this kind of machine. */
static void print_system(void)
{
    struct utsname name;
    const char *processor = uname(&name) == 0 ? name.machine : "x86_64";

    if (processor[0] == 'i' && strcmp(processor + 2, "86") == 0)
        processor = "i686";
    printf("\"%s-linux\"", processor);
}

void geninfra_print_machine(const char *machine, const char *indent)
{
    printf("{\n%s  properties.hostname = ", indent);
    print_string(machine);
    printf(";\n%s  system = ", indent);
    print_system();
    printf(";\n%s  containers = { process = { }; database = { }; echo = { }; };\n", indent);
    printf("%s  numOfCores = 1;\n%s}", indent, indent);
}

/* Whether its agent would be heard. */
static bool is_reachable(const char *machine)
{
    CLEANUP_FREE char *path = machine_path(machine, "run/agent");
    CLEANUP_FD int fd = -1;

    if (!path || machine_is(machine, "partitioned") || machine_is(machine, "hung"))
        return false;
    fd = channel_connect(path);
    return fd >= 0;
}

static int print_if_reachable(void *closure, const char *machine)
{
    (void)closure;
    if (strcmp(machine, COORDINATOR) == 0 || !is_machine_name(machine) || !is_reachable(machine))
        return 0;
    fputs("  ", stdout);
    print_string(machine);
    fputs(" = ", stdout);
    geninfra_print_machine(machine, "  ");
    puts(";");
    return 0;
}

int geninfra_main(int argc, char **argv)
{
    if (argc > 1) {
        bool help = strcmp(argv[1], "--help") == 0;
        fputs("Usage: dydisnix-lab-geninfra\nPrints the infrastructure model of the machines that answer.\n",
              help ? stdout : stderr);
        return help ? 0 : 2;
    }
    if (!network_directory())
        return 1;
    puts("{");
    if (network_machines(print_if_reachable, NULL) != 0)
        return 1;
    puts("}");
    return fflush(stdout) == 0 ? 0 : 1;
}
