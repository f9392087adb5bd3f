/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/machine/geninfra.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lab/base/channel.h"
#include "lab/base/network.h"
#include "lab/base/trap.h"
#include "lab/network/programs.h"
#include "lib/base/cleanup.h"

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

/* A scenario's model stands in DIR/scenario/models/infrastructure.json; those that it does not reach are left
 * out. */
static json_t *reachable_model(void)
{
    CLEANUP_FREE char *path = network_path("scenario/models/infrastructure.json");
    json_t *model = path ? json_load_file(path, 0, NULL) : NULL, *target;
    const char *name;
    void *next;

    json_object_foreach_safe(model, next, name, target) {
        const char *key =
            json_string_value(json_object_get(json_object_get(target, "properties"), "hostname"));
        if (!key || !is_machine_name(key) || !is_reachable(key))
            json_object_del(model, name);
    }
    return model;
}

static char *printed(const char *text, const char *how)
{
    if (!how)
        return strdup(text);
    if (strcmp(how, "half") == 0)
        return strndup(text, strlen(text) / 2);
    return strdup(strcmp(how, "empty") == 0 ? "{ }" : strcmp(how, "garbage") == 0 ? ")" : "");
}

int model_main(int argc, char **argv)
{
    CLEANUP_FREE char *how = trap_generator();
    CLEANUP_JSON json_t *model = reachable_model();
    CLEANUP_FREE char *json = model ? json_dumps(model, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    CLEANUP_FREE char *text = json ? printed(json, how) : NULL;

    (void)argc;
    (void)argv;
    if (!text || (how && strcmp(how, "fail") == 0))
        return 1;
    if (how && strcmp(how, "half") != 0)
        fputs(text, stdout);
    else {
        fputs("builtins.fromJSON ", stdout);
        print_string(text);
    }
    return fflush(stdout) == 0 ? 0 : 1;
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
