/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The subcommands that do something to machines.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "lab/base/channel.h"
#include "lab/base/network.h"
#include "lab/base/tree.h"
#include "lab/machine/agent.h"
#include "lab/network/master.h"
#include "lab/network/programs.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

#define MASTER_DEADLINE 60000

json_t *master_ask(const char *what, const char *machine, const char *name)
{
    CLEANUP_FREE char *path = network_path("control");
    CLEANUP_JSON json_t *question =
        json_pack("{s:s, s:s*, s:s*}", "do", what, "machine", machine, "name", name);
    CLEANUP_FREE char *text = question ? json_dumps(question, JSON_COMPACT) : NULL;
    json_t *answer = path && text ? channel_ask(path, text, MASTER_DEADLINE) : NULL;
    const char *error = json_string_value(json_object_get(answer, "error"));

    if (path && !answer)
        log_error(NULL, "the lab does not answer");
    if (!error)
        return answer;
    log_error(machine, "%s", error);
    json_decref(answer);
    return NULL;
}

static int master_do(const char *what, const char *machine, const char *name)
{
    CLEANUP_JSON json_t *answer = master_ask(what, machine, name);
    return answer ? 0 : -1;
}

int control_main(int argc, char **argv)
{
    bool renames = strcmp(argv[0], "rename") == 0;

    if (argc != (renames ? 3 : 2))
        return -1;
    return master_do(argv[0], argv[1], renames ? argv[2] : NULL) != 0;
}

static int change_failed(const char *machine, const char *path)
{
    log_error(machine, "%s: %s", path ? path : "no memory", strerror(errno));
    return -1;
}

struct removal {
    const char *directory;
};

static int remove_disk_entry(void *closure, const char *name)
{
    const struct removal *removal = closure;
    CLEANUP_FREE char *path = string_format("%s/%s", removal->directory, name);
    return path && operations->remove(path) == 0 ? 0 : change_failed(NULL, path);
}

/* A directory that something may be mounted from stays; what is in it goes. */
static int empty_directory(const char *machine, const char *name)
{
    CLEANUP_FREE char *path = machine_path(machine, name);
    struct removal removal = { path };

    if (!path)
        return -1;
    return operations->list(path, remove_disk_entry, &removal) == 0 || errno == ENOENT ? 0 : -1;
}

/* Its processes live on, and find an empty store. */
static int lose_coordinator(void)
{
    return empty_directory(COORDINATOR, "nix") == 0 ? empty_directory(COORDINATOR, "var/state") : -1;
}

static bool is_machine_up(const char *machine)
{
    CLEANUP_JSON json_t *answer = master_ask("status", NULL, NULL);
    const char *state = json_string_value(json_object_get(json_object_get(answer, "machines"), machine));
    return state && strcmp(state, "crashed") != 0;
}

static const char *const disk[] = { "nix", "var", "tmp", "home", NULL };

static int erase(const char *machine)
{
    for (size_t i = 0; disk[i]; i++) {
        if (empty_directory(machine, disk[i]) != 0)
            return -1;
    }
    return 0;
}

static char *saved_path(const char *machine, const char *label, const char *part)
{
    if (!is_machine_name(machine) || !is_machine_name(label))
        return NULL;
    return network_path("saved/%s/%s%s", machine, label, part);
}

static int save_disk(const char *machine, const char *label)
{
    CLEANUP_FREE char *saved = saved_path(machine, label, "");

    if (!saved || operations->remove(saved) != 0)
        return change_failed(machine, saved);
    for (size_t i = 0; disk[i]; i++) {
        CLEANUP_FREE char *from = machine_path(machine, disk[i]);
        CLEANUP_FREE char *to = string_format("%s/%s", saved, disk[i]);
        if (!from || !to || tree_copy(from, to) != 0)
            return change_failed(machine, from);
    }
    return 0;
}

static int restore_disk(const char *machine, const char *label)
{
    for (size_t i = 0; disk[i]; i++) {
        CLEANUP_FREE char *part = string_format("/%s", disk[i]);
        CLEANUP_FREE char *from = part ? saved_path(machine, label, part) : NULL;
        CLEANUP_FREE char *to = machine_path(machine, disk[i]);
        if (!from || !to || operations->inspect(from, NULL) != DYDISNIX_DIRECTORY) {
            log_error(machine, "%s: no disk was saved under this label", label);
            return -1;
        }
        if (tree_replace(from, to) != 0)
            return change_failed(machine, to);
    }
    return 0;
}

/* A disk is changed while the machine is down; it comes up again if it was up. */
static int change_disk(const char *what, const char *machine, const char *label)
{
    bool up = is_machine_up(machine);
    int result;

    if (strcmp(what, "save") == 0)
        return save_disk(machine, label);
    if (up && master_do("crash", machine, NULL) != 0)
        return -1;
    result = label ? restore_disk(machine, label) : erase(machine);
    if (up && master_do("reappear", machine, NULL) != 0)
        return -1;
    return result;
}

int disk_main(int argc, char **argv)
{
    bool labelled = strcmp(argv[0], "save") == 0 || strcmp(argv[0], "restore-disk") == 0;

    if (strcmp(argv[0], "lose-coordinator") == 0)
        return argc == 1 ? lose_coordinator() != 0 : -1;
    if (argc != (labelled ? 3 : 2))
        return -1;
    if (!network_directory())
        return 1;
    if (!machine_exists(argv[1])) {
        log_error(NULL, "%s: there is no such machine", argv[1]);
        return 1;
    }
    return change_disk(argv[0], argv[1], labelled ? argv[2] : NULL) != 0;
}

int connection_main(int argc, char **argv)
{
    bool slow = strcmp(argv[0], "slow") == 0;

    if (argc != (slow ? 3 : 2) || (slow && (!*argv[2] || argv[2][strspn(argv[2], "0123456789")] != '\0')))
        return -1;
    if (!network_directory())
        return 1;
    if (!machine_exists(argv[1])) {
        log_error(NULL, "%s: there is no such machine", argv[1]);
        return 1;
    }
    if (slow)
        return machine_mark(argv[1], "slow", strcmp(argv[2], "0") == 0 ? NULL : argv[2]) != 0;
    return machine_mark(argv[1], "partitioned", strcmp(argv[0], "partition") == 0 ? "" : NULL) != 0;
}

int exec_main(int argc, char **argv)
{
    CLEANUP_FREE char *directory = getcwd(NULL, 0);
    int first = argc > 2 && strcmp(argv[2], "--") == 0 ? 3 : 2;
    struct agent_program program;

    if (argc <= first)
        return -1;
    if (!network_directory())
        return 1;
    if (!machine_exists(argv[1])) {
        log_error(NULL, "%s: there is no such machine", argv[1]);
        return AGENT_LOST;
    }
    program = (struct agent_program){ .machine = argv[1],
                                      .argv = (const char *const *)argv + first,
                                      .directory = directory,
                                      .in = STDIN_FILENO,
                                      .out = STDOUT_FILENO,
                                      .err = STDERR_FILENO,
                                      .forward_signals = true };
    return agent_run(&program);
}
