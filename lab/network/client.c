/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The client interfaces: dydisnix-lab-client --target MACHINE OPERATION …, with the arguments and exit
 * statuses of Disnix's clients. What has to happen on the machine is run there by its agent; that of
 * dydisnix-lab-ssh-client by ssh.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "lab/base/network.h"
#include "lab/base/trap.h"
#include "lab/base/tree.h"
#include "lab/engine/ending.h"
#include "lab/machine/agent.h"
#include "lab/machine/archive.h"
#include "lab/machine/geninfra.h"
#include "lab/machine/ssh.h"
#include "lab/network/programs.h"
#include "lib/base/arguments.h"
#include "lib/base/cleanup.h"
#include "lib/base/nearest.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

#define ANSWER_LIMIT (64u << 20)

struct call {
    const char *name;                                /* of this program */
    int (*run)(const struct agent_program *program); /* how programs are run on the target */
    const char *target;
    const char *profile;
    const char *type;
    const char *container;
    const char *component;
    const char *keep;
    const char *command;
    struct arguments properties; /* --arguments */
    bool local, remote, delete_old;
    char **paths;
};

struct operation {
    const char *name;
    int (*run)(const struct call *call, const char *operation);
    int letter; /* its short option, or 0 */
};

static int run_with(const struct call *call, const struct arguments *arguments, int in, int out)
{
    const char *const *argv = arguments_vector(arguments);
    const struct agent_program program = {
        .machine = call->target, .argv = argv, .in = in, .out = out, .err = STDERR_FILENO
    };
    return argv ? call->run(&program) : 1;
}

/* With nothing on standard input. */
static int run_on_target(const struct call *call, const struct arguments *arguments, int out)
{
    CLEANUP_FD int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return run_with(call, arguments, nothing, out);
}

static void add_paths(struct arguments *arguments, const struct call *call)
{
    for (char **path = call->paths; *path; path++)
        arguments_add(arguments, *path);
}

/* No path can be taken for an option. */
static int check_paths(const struct call *call)
{
    for (char **path = call->paths; *path; path++) {
        if (**path != '/') {
            log_error(call->target, "%s: not an absolute path", *path);
            return -1;
        }
    }
    return 0;
}

static int nix_store(const struct call *call, const char *operation)
{
    static const struct {
        const char *operation;
        const char *words[4];
    } forms[] = {
        { "query-requisites", { "nix-store", "--query", "--requisites", NULL } },
        { "print-invalid", { "nix-store", "--check-validity", "--print-invalid", NULL } },
        { "realise", { "nix-store", "--realise", NULL } },
    };
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };

    if (check_paths(call) != 0)
        return 1;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        for (size_t j = 0; strcmp(forms[i].operation, operation) == 0 && forms[i].words[j]; j++)
            arguments_add(&arguments, forms[i].words[j]);
    }
    if (!*call->paths) { /* whether the machine answers has to be known all the same */
        arguments_clear(&arguments);
        arguments_add(&arguments, "true");
    }
    add_paths(&arguments, call);
    return run_on_target(call, &arguments, STDOUT_FILENO);
}

/* dydisnix-lab target OPERATION … on the machine. */
static void on_target(struct arguments *arguments, const char *operation)
{
    arguments_add(arguments, PACKAGE_LAB);
    arguments_add(arguments, "target");
    arguments_add(arguments, operation);
}

static int profile_operation(const struct call *call, const char *operation)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };

    if (!is_profile_name(call->profile)) {
        log_error(call->target, "%s: not a profile's name", call->profile);
        return 1;
    }
    on_target(&arguments, operation);
    arguments_add(&arguments, call->profile);
    if (strcmp(operation, "set") == 0) {
        if (check_paths(call) != 0 || !*call->paths) {
            log_error(call->target, "a path to set is needed");
            return 1;
        }
        arguments_add(&arguments, *call->paths);
    }
    return run_on_target(call, &arguments, STDOUT_FILENO);
}

static int component_operation(const struct call *call, const char *operation)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    bool shell = strcmp(operation, "shell") == 0;

    if (!call->type || !*call->type || !*call->paths || check_paths(call) != 0) {
        log_error(call->target, "--%s needs a type and a package", operation);
        return 1;
    }
    on_target(&arguments, operation);
    arguments_add(&arguments, call->container ? call->container : "type");
    arguments_add(&arguments, call->type);
    arguments_add(&arguments, *call->paths);
    if (shell)
        arguments_add(&arguments, call->command ? call->command : "");
    for (size_t i = 0; i < call->properties.count; i++)
        arguments_add(&arguments, call->properties.items[i]);
    return shell ? run_with(call, &arguments, STDIN_FILENO, STDOUT_FILENO)
                 : run_on_target(call, &arguments, STDOUT_FILENO);
}

/* The snapshots of one component; empty: of all. */
static int component_snapshots(const struct call *call, const char *operation)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };

    on_target(&arguments, operation);
    arguments_add(&arguments, call->container ? call->container : "");
    arguments_add(&arguments, call->component ? call->component : "");
    arguments_add(&arguments, call->keep ? call->keep : "1");
    return run_on_target(call, &arguments, STDOUT_FILENO);
}

/* Snapshots by their names. */
static int named_snapshots(const struct call *call, const char *operation)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };

    on_target(&arguments, operation);
    add_paths(&arguments, call);
    return run_on_target(call, &arguments, STDOUT_FILENO);
}

static char *temporary_name(void)
{
    const char *directory = getenv("TMPDIR");
    return string_format("%s/dydisnix-lab.XXXXXX", directory && *directory ? directory : "/tmp");
}

static int export_closure(const struct call *call, const char *operation)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    CLEANUP_FREE char *name = temporary_name();
    CLEANUP_FD int file = -1;
    int status;

    (void)operation;
    if (check_paths(call) != 0 || (!call->local && !call->remote)) {
        log_error(call->target, "--export needs --remotefile or --localfile, and absolute paths");
        return 1;
    }
    file = name ? mkostemp(name, O_CLOEXEC) : -1;
    if (file < 0) {
        log_error(call->target, "%s: %s", name, strerror(errno));
        return 1;
    }
    arguments_add(&arguments, "nix-store");
    arguments_add(&arguments, "--export");
    add_paths(&arguments, call);
    status = run_on_target(call, &arguments, file);
    if (status != 0)
        unlink(name);
    else if (call->remote)
        puts(name);
    return status;
}

/* A --remotefile is on the machine, which shares all but the store with the others. */
static int import_closure(const struct call *call, const char *operation)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    CLEANUP_FD int file = -1;

    (void)operation;
    if (!*call->paths || (!call->local && !call->remote)) {
        log_error(call->target, "--import needs --localfile or --remotefile, and a file");
        return 1;
    }
    if (!call->local) {
        on_target(&arguments, "import");
        arguments_add(&arguments, *call->paths);
        return run_on_target(call, &arguments, STDOUT_FILENO);
    }
    file = open(*call->paths, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        log_error(call->target, "%s: %s", *call->paths, strerror(errno));
        return 1;
    }
    arguments_add(&arguments, "nix-store");
    arguments_add(&arguments, "--import");
    return run_with(call, &arguments, file, STDOUT_FILENO);
}

/* Directory and last name of a path without a slash at its end. */
static int split_path(const char *path, char **directory, const char **name)
{
    const char *slash = strrchr(path, '/');

    *directory = slash && slash[1] ? strndup(path, (size_t)(slash - path)) : NULL;
    *name = slash + 1;
    if (*directory && strcmp(*name, "..") != 0)
        return 0;
    log_error(NULL, "%s: not the path of a snapshot", path);
    return -1;
}

static int export_snapshot(const struct call *call, const char *path)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    CLEANUP_FREE char *local = temporary_name();
    CLEANUP_FREE char *directory = NULL;
    const char *name;
    int ends[2], status;

    if (split_path(path, &directory, &name) != 0)
        return 1;
    if (!local || !mkdtemp(local) || pipe2(ends, O_CLOEXEC) != 0) {
        log_error(call->target, "%s: %s", local, strerror(errno));
        return 1;
    }
    pid_t tar = archive_start((const char *const[]){ "tar", "-x", "-f", "-", "-C", local, NULL }, ends[0],
                              STDIN_FILENO);
    close(ends[0]);
    arguments_add(&arguments, "tar");
    arguments_add(&arguments, "-c");
    arguments_add(&arguments, "-f");
    arguments_add(&arguments, "-");
    arguments_format(&arguments, "--directory=%s/", directory);
    arguments_add(&arguments, "--");
    arguments_add(&arguments, name);
    status = run_on_target(call, &arguments, ends[1]);
    close(ends[1]);
    if ((archive_wait(tar) != 0 && status == 0) || (status != 0 && status != AGENT_LOST))
        status = 1;
    if (status == 0)
        puts(local);
    else
        operations->remove(local);
    return status;
}

static int export_snapshots(const struct call *call, const char *operation)
{
    int status = 0;

    (void)operation;
    for (char **path = call->paths; *path && status == 0; path++)
        status = export_snapshot(call, *path);
    return status;
}

static int send_snapshot(const struct call *call, const struct arguments *remote, const char *path)
{
    CLEANUP_FREE char *directory = NULL;
    CLEANUP_FREE char *option = NULL;
    const char *name;
    int ends[2], status;

    if (split_path(path, &directory, &name) != 0)
        return 1;
    option = string_format("--directory=%s/", directory);
    if (!option || access(path, R_OK) != 0 || pipe2(ends, O_CLOEXEC) != 0) {
        log_error(call->target, "%s: %s", path, strerror(errno));
        return 1;
    }
    pid_t tar = archive_start((const char *const[]){ "tar", "-c", "-f", "-", option, "--", name, NULL },
                              ends[1], STDOUT_FILENO);
    close(ends[1]);
    status = run_with(call, remote, ends[0], STDOUT_FILENO);
    close(ends[0]);
    return archive_wait(tar) != 0 && status == 0 ? 1 : status;
}

static int import_snapshots(const struct call *call, const char *operation)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    int status = 0;

    (void)operation;
    if ((!call->local && !call->remote) || !call->container || !call->component) {
        log_error(call->target,
                  "--import-snapshots needs --localfile or --remotefile, container and component");
        return 1;
    }
    on_target(&arguments, call->local ? "receive-snapshot" : "import-snapshots");
    arguments_add(&arguments, call->container);
    arguments_add(&arguments, call->component);
    if (!call->local) {
        add_paths(&arguments, call);
        return run_on_target(call, &arguments, STDOUT_FILENO);
    }
    for (char **path = call->paths; *path && status == 0; path++)
        status = send_snapshot(call, &arguments, *path);
    return status;
}

static int capture_config(const struct call *call, const char *operation)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };

    on_target(&arguments, operation);
    return run_on_target(call, &arguments, STDOUT_FILENO);
}

static int collect_garbage(const struct call *call, const char *operation)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };

    (void)operation;
    arguments_add(&arguments, "nix-collect-garbage");
    if (call->delete_old)
        arguments_add(&arguments, "--delete-old");
    return run_on_target(call, &arguments, STDOUT_FILENO);
}

static const struct operation all_operations[] = {
    { "import", import_closure, 0 },
    { "export", export_closure, 0 },
    { "print-invalid", nix_store, 0 },
    { "realise", nix_store, 'r' },
    { "query-requisites", nix_store, 0 },
    { "query-installed", profile_operation, 'q' },
    { "set", profile_operation, 0 },
    { "lock", profile_operation, 0 },
    { "unlock", profile_operation, 0 },
    { "activate", component_operation, 0 },
    { "deactivate", component_operation, 0 },
    { "snapshot", component_operation, 0 },
    { "restore", component_operation, 0 },
    { "delete-state", component_operation, 0 },
    { "shell", component_operation, 0 },
    { "query-all-snapshots", component_snapshots, 0 },
    { "query-latest-snapshot", component_snapshots, 0 },
    { "print-missing-snapshots", named_snapshots, 0 },
    { "resolve-snapshots", named_snapshots, 0 },
    { "clean-snapshots", component_snapshots, 0 },
    { "export-snapshots", export_snapshots, 0 },
    { "import-snapshots", import_snapshots, 0 },
    { "capture-config", capture_config, 0 },
    { "collect-garbage", collect_garbage, 0 },
};

#define OPERATION_COUNT (sizeof all_operations / sizeof *all_operations)
#define FIRST_OPERATION 0x1000 /* getopt's value of the first operation's option */

enum {
    OPTION_TYPE = 0x100,
    OPTION_ARGUMENTS,
    OPTION_KEEP,
    OPTION_COMMAND,
    OPTION_LOCAL,
    OPTION_REMOTE,
    OPTION_TARGET,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option settings[] = {
    { "target", required_argument, NULL, OPTION_TARGET },
    { "profile", required_argument, NULL, 'p' },
    { "type", required_argument, NULL, OPTION_TYPE },
    { "arguments", required_argument, NULL, OPTION_ARGUMENTS },
    { "container", required_argument, NULL, 'C' },
    { "component", required_argument, NULL, 'c' },
    { "keep", required_argument, NULL, OPTION_KEEP },
    { "command", required_argument, NULL, OPTION_COMMAND },
    { "localfile", no_argument, NULL, OPTION_LOCAL },
    { "remotefile", no_argument, NULL, OPTION_REMOTE },
    { "delete-old", no_argument, NULL, 'd' },
    { "help", no_argument, NULL, OPTION_HELP },
    { "version", no_argument, NULL, OPTION_VERSION },
};

#define SETTING_COUNT (sizeof settings / sizeof *settings)

static bool take_setting(struct call *call, int option)
{
    switch (option) {
    case OPTION_TARGET: call->target = optarg; return true;
    case 'p': call->profile = optarg; return true;
    case OPTION_TYPE: call->type = optarg; return true;
    case OPTION_ARGUMENTS: arguments_add(&call->properties, optarg); return true;
    case 'C': call->container = optarg; return true;
    case 'c': call->component = optarg; return true;
    case OPTION_KEEP: call->keep = optarg; return true;
    case OPTION_COMMAND: call->command = optarg; return true;
    case OPTION_LOCAL: call->local = true; return true;
    case OPTION_REMOTE: call->remote = true; return true;
    case 'd': call->delete_old = true; return true;
    default: return false;
    }
}

static const struct operation *operation_of(int option)
{
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        if (option == FIRST_OPERATION + (int)i
            || (all_operations[i].letter && option == all_operations[i].letter))
            return &all_operations[i];
    }
    return NULL;
}

static void print_help(const char *name)
{
    printf("Usage: %s --target MACHINE OPERATION [OPTION...] [PATH...]\n\nOperations:\n", name);
    for (size_t i = 0; i < OPERATION_COUNT; i++)
        printf("  --%s\n", all_operations[i].name);
    puts("\nOptions:");
    for (size_t i = 0; i < SETTING_COUNT; i++)
        printf("  --%s%s\n", settings[i].name, settings[i].has_arg ? "=VALUE" : "");
}

/* 0 to go on, else the exit status + 1. */
static int read_client_options(int argc, char **argv, struct call *call, const struct operation **operation)
{
    struct option options[OPERATION_COUNT + SETTING_COUNT + 1] = { { 0 } };
    const struct operation *named;
    int option;

    for (size_t i = 0; i < OPERATION_COUNT; i++)
        options[i] = (struct option){ all_operations[i].name, no_argument, NULL, FIRST_OPERATION + (int)i };
    memcpy(options + OPERATION_COUNT, settings, sizeof settings);
    while ((option = option_next(argc, argv, "rqp:dC:c:", options, NULL)) != -1) {
        if ((named = operation_of(option)) != NULL) {
            *operation = named;
        } else if (option == OPTION_HELP) {
            print_help(call->name);
            return 1;
        } else if (option == OPTION_VERSION) {
            printf("%s (" PACKAGE_STRING ")\n", call->name);
            return 1;
        } else if (!take_setting(call, option)) {
            return 2;
        }
    }
    call->paths = argv + optind;
    return 0;
}

/* What lies between the coordinator and the machine. */
static int reach_target(const char *target)
{
    CLEANUP_FREE char *path = NULL;
    CLEANUP_FREE char *delay = NULL;

    if (!network_directory())
        return 1;
    if (!is_machine_name(target) || !machine_exists(target)) {
        log_error(NULL, "%s: there is no such machine", target);
        return AGENT_LOST;
    }
    if (machine_is(target, "partitioned")) {
        log_error(target, "cannot be reached: partitioned");
        return AGENT_LOST;
    }
    path = machine_path(target, "slow");
    if (path && (delay = file_text(path, 32)) != NULL)
        operations->sleep(strtol(delay, NULL, 10));
    return 0;
}

/* What the target answers instead of its profile manifest, until one is set: DIR/machines/TARGET/answer. */
static bool answer_otherwise(const struct call *call, const char *operation)
{
    CLEANUP_FREE char *path = machine_path(call->target, "answer"), *text = NULL;
    size_t length = 0;

    if (strcmp(operation, "set") == 0 && path)
        operations->remove(path);
    if (strcmp(operation, "query-installed") != 0 || !path
        || operations->read(path, ANSWER_LIMIT, &text, &length) != 0)
        return false;
    fwrite(text, 1, length, stdout);
    return true;
}

/* A service may print anything while something is done with it, on both streams. DIR/machines/TARGET/says has
 * the operation that it does so at, how often, and from the next line on what. */
static void speak_for_target(const struct call *call, const char *option)
{
    CLEANUP_FREE char *path = machine_path(call->target, "says"), *text = NULL;
    char operation[64];
    size_t length = 0;
    unsigned long repeat;

    if (!path || operations->read(path, ANSWER_LIMIT, &text, &length) != 0
        || sscanf(text, "%63s %lu", operation, &repeat) != 2 || strcmp(operation, option) != 0)
        return;
    const char *said = strchr(text, '\n');
    for (unsigned long i = 0; said && i < repeat; i++) {
        fputs(said + 1, stdout);
        fputs(said + 1, stderr);
    }
    fflush(stdout);
}

static int check_key(const char *target)
{
    return ssh_check_key(target) == 0 ? 0 : AGENT_LOST;
}

/* False: a test wants it to fail. */
static bool ending_of(const char *operation)
{
    return strcmp(operation, "lock") == 0     ? ending_call("locking")
           : strcmp(operation, "unlock") == 0 ? ending_call("releasing")
                                              : true;
}

/* way gives 0 if there may be one to the target, else the exit status. */
static int run_call(const struct call *call, const struct operation *operation,
                    int (*way)(const char *target))
{
    CLEANUP_FREE char *option = string_format("--%s", operation->name);
    CLEANUP_FREE char *verdict = option ? trap_call(option, call->target) : NULL;

    if ((verdict && strcmp(verdict, "fail") == 0) || !ending_of(operation->name))
        return 1;
    if (verdict && strcmp(verdict, "lose") == 0)
        return AGENT_LOST;
    int result = way(call->target);
    if (result != 0 || (call->run == agent_run && answer_otherwise(call, operation->name)))
        return result;
    if (option)
        speak_for_target(call, option);
    if (verdict && strcmp(verdict, "lie") == 0)
        return 0;
    if (verdict && strcmp(verdict, "empty") == 0)
        return component_operation(call, "snapshot-nothing");
    result = operation->run(call, operation->name);
    if (verdict && strcmp(verdict, "linger") == 0)
        trap_hang();
    return verdict && strcmp(verdict, "break") == 0 ? AGENT_LOST : result;
}

static int answer_call(int argc, char **argv, struct call *call, int (*way)(const char *target))
{
    const char *profile = getenv("DISNIX_PROFILE");
    const struct operation *operation = NULL;
    int result;

    call->profile = profile && *profile ? profile : "default";
    result = read_client_options(argc, argv, call, &operation);
    if (result != 0) {
        result--;
    } else if (!call->target || !*call->target) {
        log_error(NULL, "a --target is needed");
        result = 1;
    } else if (!operation) {
        result = 0; /* as disnix-ssh-client */
    } else {
        result = run_call(call, operation, way);
    }
    arguments_clear(&call->properties);
    return fflush(stdout) == 0 ? result : 1;
}

int client_main(int argc, char **argv)
{
    struct call call = { .name = "dydisnix-lab-client", .run = agent_run };
    return answer_call(argc, argv, &call, reach_target);
}

int ssh_client_main(int argc, char **argv)
{
    struct call call = { .name = "dydisnix-lab-ssh-client", .run = ssh_run };
    return answer_call(argc, argv, &call, check_key);
}
