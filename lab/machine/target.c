/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dydisnix-lab target OPERATION …: what a client call runs on the machine, where neither a Nix program nor
 * another one does it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lab/base/nature.h"
#include "lab/base/network.h"
#include "lab/base/tree.h"
#include "lab/engine/snapshots.h"
#include "lab/machine/archive.h"
#include "lab/machine/component.h"
#include "lab/machine/geninfra.h"
#include "lab/network/programs.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

/* argv[0] is the operation. Gives the exit status. */
typedef int target_operation(int argc, char **argv);

/* Disnix sets a profile only if its path is as long as that of the one before. */
static bool is_set_again(const char *profile, const char *path)
{
    CLEANUP_FREE char *generation = NULL, *now = NULL;
    if (operations->read_link(profile, &generation) != 0)
        return true;
    CLEANUP_FREE char *link =
        string_format("%.*s/%s", (int)(strrchr(profile, '/') - profile), profile, generation);
    return !link || operations->read_link(link, &now) != 0 || strlen(now) == strlen(path);
}

/* set PROFILE PATH */
static int set_profile(int argc, char **argv)
{
    CLEANUP_FREE char *profile = argc == 3 ? target_profile_path(argv[1]) : NULL;
    CLEANUP_FREE char *directory = NULL;

    if (profile)
        directory = strndup(profile, (size_t)(strrchr(profile, '/') - profile));
    if (!directory)
        return 1;
    if (operations->make_directory(directory, 0755) != 0) {
        log_error(machine_here(), "%s: %s", directory, strerror(errno));
        return 1;
    }
    if (!is_set_again(profile, argv[2]))
        return 0;
    execlp("nix-env", "nix-env", "--profile", profile, "--set", argv[2], (char *)NULL);
    log_error(machine_here(), "nix-env: %s", strerror(errno));
    return 1;
}

/* query-installed PROFILE: nothing, if there is none. */
static int query_installed(int argc, char **argv)
{
    CLEANUP_FREE char *profile = argc == 2 ? target_profile_path(argv[1]) : NULL;
    CLEANUP_FREE char *path = profile ? string_format("%s/profilemanifest.xml", profile) : NULL;
    CLEANUP_FD int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    char data[65536];
    ssize_t got;

    while (file >= 0 && (got = read(file, data, sizeof data)) > 0)
        fwrite(data, 1, (size_t)got, stdout);
    return 0;
}

static char *lock_path(const char *profile)
{
    const char *directory = getenv("TMPDIR");
    return string_format("%s/disnix-%s.lock", directory ? directory : "/tmp", profile);
}

static int lock_target(int argc, char **argv)
{
    CLEANUP_FREE char *path = argc == 2 ? lock_path(argv[1]) : NULL;
    CLEANUP_FD int file = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644) : -1;

    if (file < 0)
        log_error(machine_here(), "%s: %s", path ? path : "lock", strerror(errno));
    return file < 0;
}

static int unlock_target(int argc, char **argv)
{
    CLEANUP_FREE char *path = argc == 2 ? lock_path(argv[1]) : NULL;

    if (path && unlink(path) == 0)
        return 0;
    log_error(machine_here(), "%s: %s", path ? path : "unlock", strerror(errno));
    return 1;
}

/* import FILE */
static int import_closures(int argc, char **argv)
{
    int file = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

    if (file < 0 || dup2(file, STDIN_FILENO) < 0) {
        log_error(machine_here(), "%s: %s", argc == 2 ? argv[1] : "import", strerror(errno));
        return 1;
    }
    execlp("nix-store", "nix-store", "--import", (char *)NULL);
    log_error(machine_here(), "nix-store: %s", strerror(errno));
    return 1;
}

static int capture_config(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    geninfra_print_machine(machine_here(), "");
    putchar('\n');
    return 0;
}

/* OPERATION CONTAINER TYPE PACKAGE [ARGUMENT…]; of shell the first argument is the command. */
static int component(int argc, char **argv)
{
    static const struct {
        const char *operation;
        int (*run)(const struct component *component);
    } runs[] = {
        { "activate", component_activate }, { "deactivate", component_deactivate },
        { "snapshot", component_snapshot }, { "snapshot-nothing", component_snapshot_nothing },
        { "restore", component_restore },   { "delete-state", component_delete_state },
    };
    struct component given;

    if (argc < 4)
        return 1;
    given = (struct component){ .container = argv[1],
                                .type = argv[2],
                                .package = argv[3],
                                .name = store_path_name(argv[3]),
                                .arguments = (const char *const *)argv + 4 };
    if (!given.name || !is_file_name(given.name) || !is_machine_name(given.container)) {
        log_error(machine_here(), "%s in %s: not a package in a container", argv[3], argv[1]);
        return 1;
    }
    if (strcmp(argv[0], "shell") == 0 && argc > 4) {
        given.arguments++;
        return component_shell(&given, argv[4]) != 0;
    }
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        if (strcmp(runs[i].operation, argv[0]) == 0)
            return runs[i].run(&given) == 0 ? 0 : COMPONENT_FAILED;
    }
    return 1;
}

/* A component may be named by its package. */
static const char *component_name(const char *text)
{
    const char *name = store_path_name(text);
    return name ? name : text;
}

struct visit {
    char *store;
    const char *container; /* the one looked for, or empty: all */
    const char *component;
    const char *here; /* the container that is looked into */
    unsigned long keep;
    int (*each)(const struct visit *visit, const char *component);
};

static int visit_component(void *closure, const char *name)
{
    const struct visit *visit = closure;
    return *visit->component && strcmp(visit->component, name) != 0 ? 0 : visit->each(visit, name);
}

static int visit_container(void *closure, const char *name)
{
    struct visit *visit = closure;
    CLEANUP_FREE char *path = string_format("%s/generations/%s", visit->store, name);

    if (*visit->container && strcmp(visit->container, name) != 0)
        return 0;
    visit->here = name;
    return path ? directory_each(path, visit_component, visit) : -1;
}

/* Calls each() for the components of containers that have snapshots. */
static int visit_snapshots(int argc, char **argv,
                           int (*each)(const struct visit *visit, const char *component))
{
    CLEANUP_FREE char *store = snapshots_directory();
    CLEANUP_FREE char *path = store ? string_format("%s/generations", store) : NULL;
    struct visit visit;

    if (!path || argc != 4)
        return 1;
    visit = (struct visit){ .store = store,
                            .container = argv[1],
                            .component = component_name(argv[2]),
                            .keep = strtoul(argv[3], NULL, 10),
                            .each = each };
    if (directory_each(path, visit_container, &visit) == 0 || errno == ENOENT)
        return 0;
    log_error(machine_here(), "%s: %s", path, strerror(errno));
    return 1;
}

static int print_snapshots(const struct visit *visit, const char *component, enum snapshots_which which)
{
    struct snapshot_names names = { 0 };
    int result = snapshots_query(visit->store, visit->here, component, which, &names);

    for (size_t i = 0; result == 0 && i < names.count; i++)
        puts(names.items[i]);
    snapshot_names_clear(&names);
    return result;
}

static int print_all(const struct visit *visit, const char *component)
{
    return print_snapshots(visit, component, SNAPSHOTS_LISTED);
}

static int print_newest(const struct visit *visit, const char *component)
{
    return print_snapshots(visit, component, SNAPSHOTS_NEWEST);
}

static int query_all(int argc, char **argv)
{
    return visit_snapshots(argc, argv, print_all);
}

static int query_latest(int argc, char **argv)
{
    return visit_snapshots(argc, argv, print_newest);
}

static bool is_among(const struct snapshot_names *names, size_t first, const char *name)
{
    for (size_t i = first; i < names->count; i++) {
        if (strcmp(names->items[i], name) == 0)
            return true;
    }
    return false;
}

/* The oldest generation's link goes; they are numbered in the order of the names. */
static int remove_oldest(const char *directory, size_t count)
{
    for (unsigned long number = 1; count > 0; number++) {
        CLEANUP_FREE char *link = string_format("%s/%lu", directory, number);
        if (!link || operations->inspect(link, NULL) == DYDISNIX_ABSENT)
            continue;
        if (operations->remove(link) != 0)
            return -1;
        count--;
    }
    return 0;
}

static int clean_component(const struct visit *visit, const char *component)
{
    CLEANUP_FREE char *directory =
        string_format("%s/generations/%s/%s", visit->store, visit->here, component);
    struct snapshot_names names = { 0 };
    int result =
        directory ? snapshots_query(visit->store, visit->here, component, SNAPSHOTS_BY_AGE, &names) : -1;
    size_t old = names.count > visit->keep ? names.count - visit->keep : 0;

    if (result == 0)
        result = remove_oldest(directory, old);
    for (size_t i = 0; result == 0 && i < old; i++) {
        CLEANUP_FREE char *path = snapshots_resolve(visit->store, names.items[i]);
        if (!is_among(&names, old, names.items[i]))
            result = path ? operations->remove(path) : -1;
    }
    snapshot_names_clear(&names);
    return result;
}

static int clean_snapshots(int argc, char **argv)
{
    return visit_snapshots(argc, argv, clean_component);
}

static int print_missing_snapshots(int argc, char **argv)
{
    CLEANUP_FREE char *store = snapshots_directory();

    for (int i = 1; store && i < argc; i++) {
        if (!snapshots_have(store, argv[i]))
            puts(argv[i]);
    }
    return store ? 0 : 1;
}

static int resolve_links(int argc, char **argv)
{
    CLEANUP_FREE char *store = snapshots_directory();

    for (int i = 1; store && i < argc; i++) {
        CLEANUP_FREE char *path = snapshots_resolve(store, argv[i]);
        if (path)
            puts(path);
    }
    return store ? 0 : 1;
}

static bool are_names(const char *container, const char *component)
{
    if (is_machine_name(container) && is_machine_name(component))
        return true;
    log_error(machine_here(), "%s in %s: not a component in a container", component, container);
    return false;
}

/* What is in the store already only becomes the newest. */
static int take_snapshot(const char *store, const char *container, const char *component, const char *path)
{
    CLEANUP_FREE char *inside = string_format("%s/snapshots/%s/%s/", store, container, component);

    if (inside && strncmp(path, inside, strlen(inside)) == 0 && !strchr(path + strlen(inside), '/'))
        return snapshots_order(store, container, component, path + strlen(inside));
    return snapshots_import(store, container, component, path);
}

/* import-snapshots CONTAINER COMPONENT PATH… */
static int import_target_snapshots(int argc, char **argv)
{
    CLEANUP_FREE char *store = snapshots_directory();
    const char *name = argc > 2 ? component_name(argv[2]) : NULL;
    int result = store && name && are_names(argv[1], name) ? 0 : -1;

    for (int i = 3; result == 0 && i < argc; i++)
        result = take_snapshot(store, argv[1], name, argv[i]);
    return result != 0;
}

struct received {
    const char *directory;
    char **argv;
};

static int import_received(void *closure, const char *name)
{
    const struct received *received = closure;
    CLEANUP_FREE char *path = string_format("%s/%s", received->directory, name);
    char *argv[] = { received->argv[0], received->argv[1], received->argv[2], path, NULL };
    return import_target_snapshots(4, argv);
}

/* receive-snapshot CONTAINER COMPONENT, with a tar archive on standard input. */
static int receive_snapshot(int argc, char **argv)
{
    CLEANUP_FREE char *directory = NULL;
    int status = 1;

    if (argc != 3 || operations->temporary_directory("snapshot", &directory) != 0)
        return 1;
    const char *const tar[] = { "tar", "-x", "-f", "-", "-C", directory, NULL };
    if (archive_wait(archive_start(tar, STDIN_FILENO, STDIN_FILENO)) == 0) {
        struct received received = { directory, argv };
        status = directory_each(directory, import_received, &received) != 0;
    } else {
        log_error(machine_here(), "a snapshot could not be unpacked");
    }
    operations->remove(directory);
    return status;
}

static const struct {
    const char *name;
    target_operation *run;
} target_operations[] = {
    { "set", set_profile },
    { "query-installed", query_installed },
    { "lock", lock_target },
    { "unlock", unlock_target },
    { "import", import_closures },
    { "capture-config", capture_config },
    { "activate", component },
    { "deactivate", component },
    { "snapshot", component },
    { "snapshot-nothing", component },
    { "restore", component },
    { "delete-state", component },
    { "shell", component },
    { "query-all-snapshots", query_all },
    { "query-latest-snapshot", query_latest },
    { "clean-snapshots", clean_snapshots },
    { "print-missing-snapshots", print_missing_snapshots },
    { "resolve-snapshots", resolve_links },
    { "import-snapshots", import_target_snapshots },
    { "receive-snapshot", receive_snapshot },
};

int target_main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof target_operations / sizeof *target_operations; i++) {
        if (strcmp(target_operations[i].name, argv[1]) == 0) {
            int status = target_operations[i].run(argc - 1, argv + 1);
            return fflush(stdout) == 0 ? status : 1;
        }
    }
    log_error(NULL, "this is run by dydisnix-lab-client only");
    return 2;
}
