/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/base/questions.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "lab/base/channel.h"
#include "lab/base/network.h"
#include "lab/base/tree.h"
#include "lab/network/programs.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

struct walk {
    const char *directory; /* of the machine's sockets */
    const char *container;
    int (*each)(struct walk *walk, const char *socket, const char *component);
    void *closure;
};

static int walk_socket(void *closure, const char *name)
{
    struct walk *walk = closure;
    CLEANUP_FREE char *socket = string_format("%s/%s/%s", walk->directory, walk->container, name);
    return socket ? walk->each(walk, socket, name) : -1;
}

static int ask_container(void *closure, const char *name)
{
    struct walk *walk = closure;
    CLEANUP_FREE char *path = string_format("%s/%s", walk->directory, name);

    walk->container = name;
    return path ? directory_each(path, walk_socket, walk) : -1;
}

static int walk_sockets(const char *machine, struct walk *walk)
{
    CLEANUP_FREE char *directory = machine_path(machine, "run/services");

    if (!directory)
        return -1;
    walk->directory = directory;
    return directory_each(directory, ask_container, walk);
}

struct search {
    const char *name;
    bool in_full;
    char *socket;
};

/* The service's name is the component's without a version. */
static int match_socket(struct walk *walk, const char *socket, const char *component)
{
    struct search *search = walk->closure;
    size_t length = strlen(search->name);

    if (search->in_full ? strcmp(component, search->name) != 0
                        : strncmp(component, search->name, length) != 0 || component[length] != '-')
        return 0;
    search->socket = strdup(socket);
    return 1;
}

static char *find_socket(const char *machine, const char *name)
{
    struct search search = { .name = name, .in_full = true };
    struct walk walk = { .each = match_socket, .closure = &search };

    if (walk_sockets(machine, &walk) == 0) {
        search.in_full = false;
        walk_sockets(machine, &walk);
    }
    return search.socket;
}

json_t *question_ask(const char *machine, const char *component, const char *question)
{
    CLEANUP_FREE char *socket = find_socket(machine, component);
    return socket ? channel_ask(socket, question, ANSWER_DEADLINE) : NULL;
}

struct visit {
    int (*each)(void *closure, const char *container, const json_t *answer);
    void *closure;
};

static int ask_socket(struct walk *walk, const char *socket, const char *component)
{
    const struct visit *visit = walk->closure;
    CLEANUP_JSON json_t *answer = channel_ask(socket, "ask", ANSWER_DEADLINE);

    (void)component;
    return answer ? visit->each(visit->closure, walk->container, answer) : 0;
}

static int questions_each(const char *machine,
                          int (*each)(void *closure, const char *container, const json_t *answer),
                          void *closure)
{
    struct visit visit = { each, closure };
    struct walk walk = { .each = ask_socket, .closure = &visit };
    return walk_sockets(machine, &walk);
}

static int print_json(const json_t *value)
{
    json_dumpf(value, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
    putchar('\n');
    return fflush(stdout) == 0 ? 0 : 1;
}

static int ask_and_print(const char *machine, const char *service, const char *question)
{
    CLEANUP_JSON json_t *answer = network_directory() ? question_ask(machine, service, question) : NULL;

    if (!answer) {
        log_error(machine, "%s does not answer", service);
        return 1;
    }
    return print_json(answer) != 0 || json_object_get(answer, "error") != NULL;
}

int ask_main(int argc, char **argv)
{
    if (argc == 3)
        return ask_and_print(argv[1], argv[2], "ask");
    return -1;
}

int write_main(int argc, char **argv)
{
    CLEANUP_FREE char *question = argc == 4 ? string_format("write %s", argv[3]) : NULL;

    if (question)
        return ask_and_print(argv[1], argv[2], question);
    return -1;
}

struct who {
    const char *service;
    const char *machine;
    json_t *answers;
};

static int add_answer(void *closure, const char *container, const json_t *answer)
{
    struct who *who = closure;
    const char *service = json_string_value(json_object_get(answer, "service"));
    const char *component = json_string_value(json_object_get(answer, "component"));

    (void)container;
    if ((service && strcmp(service, who->service) == 0)
        || (component && strcmp(component, who->service) == 0))
        json_object_set(who->answers, who->machine, (json_t *)answer);
    return 0;
}

static int ask_machine(void *closure, const char *machine)
{
    struct who *who = closure;

    who->machine = machine;
    if (is_machine_name(machine))
        questions_each(machine, add_answer, who);
    return 0;
}

int who_main(int argc, char **argv)
{
    CLEANUP_JSON json_t *answers = json_object();
    struct who who = { .service = argv[1], .answers = answers };

    if (argc != 2)
        return -1;
    if (!network_directory() || network_machines(ask_machine, &who) != 0)
        return 1;
    return print_json(answers);
}
