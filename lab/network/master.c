/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dydisnix-lab --run -- COMMAND: a network that lives as long as one command.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lab/base/channel.h"
#include "lab/base/network.h"
#include "lab/engine/engine.h"
#include "lab/machine/orphans.h"
#include "lab/network/machines.h"
#include "lab/network/programs.h"
#include "lib/base/cleanup.h"
#include "lib/base/nearest.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

#define TARGETS_DEFAULT 3
#define TARGETS_MOST 1000

struct settings {
    const char *directory; /* NULL: a temporary one */
    bool keep;
    bool run;
    bool other_engine; /* Disnix's programs instead of the lab's */
    unsigned targets;
    bool targets_given;
    char **names; /* of targets by --target; NULL-terminated */
    size_t name_count;
    char **command;
};

struct master {
    int signals;
    int listening;
    pid_t command;
    int status; /* of the command once it has ended, else -1 */
};

static int master_failed(const char *what)
{
    log_error(NULL, "%s: %s", what, strerror(errno));
    return -1;
}

static int write_configuration(void)
{
    static const char text[] =
        "build-users-group =\nsandbox = false\nsubstituters =\nfilter-syscalls = false\n";
    CLEANUP_FREE char *path = network_path("etc/nix.conf");
    return path && operations->write(path, text, strlen(text), 0644) == 0 ? 0 : master_failed("etc/nix.conf");
}

static int link_program(const char *self, const char *name)
{
    CLEANUP_FREE char *path = network_path("bin/%s", name);

    if (!path || operations->remove(path) != 0 || symlink(self, path) != 0)
        return master_failed(name);
    return 0;
}

/* The programs in bin/, which comes first on the PATH; the directory of this one is the second. */
static int link_programs(bool engine)
{
    const char *old = getenv("PATH");
    CLEANUP_FREE char *self = NULL;
    CLEANUP_FREE char *bin = network_path("bin");

    if (!bin || operations->read_link("/proc/self/exe", &self) != 0)
        return master_failed("/proc/self/exe");
    if (link_program(self, "dydisnix-lab") != 0)
        return -1;
    for (const struct lab_program *program = lab_programs; program->name; program++) {
        if (link_program(self, program->name) != 0)
            return -1;
    }
    for (const char *const *name = engine_names; engine && *name; name++) {
        if (link_program(self, *name) != 0)
            return -1;
    }
    *strrchr(self, '/') = '\0';
    CLEANUP_FREE char *path = string_format("%s:%s:%s", bin, self, old ? old : "/usr/bin:/bin");
    return path && setenv("PATH", path, 1) == 0 ? 0 : -1;
}

/* Makes the directory and says in the environment where it is. The lock is held until the end. */
static int make_network(const struct settings *settings)
{
    static const char *const directories[] = { "bin", "etc", "machines", "saved", NULL };
    CLEANUP_FREE char *made = NULL;
    CLEANUP_FREE char *real = NULL;

    if (settings->directory ? mkdir(settings->directory, 0700) != 0 && errno != EEXIST
                            : operations->temporary_directory("dydisnix-lab", &made) != 0)
        return master_failed(settings->directory ? settings->directory : "a temporary directory");
    real = realpath(made ? made : settings->directory, NULL);
    if (!real)
        return master_failed(settings->directory);
    if (strchr(real, ':') || strncmp(real, "/nix/", 5) == 0) {
        log_error(NULL, "%s: a network can neither be in a path with a colon nor in /nix", real);
        return -1;
    }
    int lock = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0) {
        log_error(NULL, "%s: %s", real,
                  errno == EWOULDBLOCK ? "another network lives there" : strerror(errno));
        return -1;
    }
    if (setenv("DYDISNIX_LAB", real, 1) != 0)
        return -1;
    for (size_t i = 0; directories[i]; i++) {
        CLEANUP_FREE char *path = network_path("%s", directories[i]);
        if (!path || operations->make_directory(path, 0755) != 0)
            return master_failed(directories[i]);
    }
    return write_configuration() == 0 ? link_programs(!settings->other_engine) : -1;
}

static int start_existing(void *closure, const char *machine)
{
    (void)closure;
    return is_machine_name(machine) ? machines_add(machine) : 0;
}

static int start_machines(const struct settings *settings)
{
    /* A directory that was kept: its machines boot on their disks. */
    if (network_machines(start_existing, NULL) != 0)
        return -1;
    if (machines_count() > 0 && !settings->targets_given)
        return 0;
    if (!machines_have(COORDINATOR) && machines_add(COORDINATOR) != 0)
        return -1;
    for (size_t i = 0; i < settings->name_count; i++) {
        if (!machines_have(settings->names[i]) && machines_add(settings->names[i]) != 0)
            return -1;
    }
    for (unsigned i = 1; i <= settings->targets; i++) {
        CLEANUP_FREE char *name = string_format("test%u", i);
        if (!name || (!machines_have(name) && machines_add(name) != 0))
            return -1;
    }
    return 0;
}

/* In the new process. It ends with the master, whatever ends that. */
static void become_command(char **command)
{
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(command[0], command);
    log_error(NULL, "%s: %s", command[0], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

static void reap(struct master *master)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == master->command)
            master->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        else
            machines_reaped(pid);
    }
}

static void hear_signal(struct master *master)
{
    struct signalfd_siginfo info;

    if (read(master->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGCHLD)
        reap(master);
    else if (info.ssi_code != SI_KERNEL) /* the command has what the terminal sends */
        kill(master->command, (int)info.ssi_signo);
}

/* One question at a time; whoever asks is this user. */
static void hear_question(struct master *master)
{
    int fd = accept4(master->listening, NULL, NULL, SOCK_CLOEXEC);
    struct channel channel;

    if (fd < 0)
        return;
    channel_open(&channel, fd);
    CLEANUP_FREE char *line = channel_wait(&channel, 2000);
    CLEANUP_JSON json_t *question = line ? json_loads(line, 0, NULL) : NULL;
    CLEANUP_JSON json_t *answer = machines_answer(question);
    if (answer)
        channel_send(fd, answer, NULL, 0);
    channel_close(&channel);
}

static int watch(struct master *master)
{
    while (master->status < 0) {
        struct pollfd events[] = { { .fd = master->signals, .events = POLLIN },
                                   { .fd = master->listening, .events = POLLIN } };
        if (poll(events, 2, -1) < 0 && errno != EINTR)
            return 1;
        if (events[0].revents)
            hear_signal(master);
        if (events[1].revents)
            hear_question(master);
    }
    return master->status;
}

static int open_ears(struct master *master)
{
    sigset_t watched;

    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGHUP);
    sigprocmask(SIG_BLOCK, &watched, NULL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    master->signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    master->listening = channel_listen(network_directory(), "control");
    return master->signals < 0 || master->listening < 0 ? master_failed("control") : 0;
}

static int run_network(const struct settings *settings)
{
    struct master master = { .signals = -1, .listening = -1, .status = -1 };
    int status = 1;

    if (open_ears(&master) == 0 && start_machines(settings) == 0) {
        master.command = fork();
        if (master.command == 0)
            become_command(settings->command);
        status = master.command < 0 ? 1 : watch(&master);
    }
    machines_end();
    orphans_end();
    return status;
}

static int live(const struct settings *settings)
{
    int status = make_network(settings) == 0 ? run_network(settings) : 1;
    const char *directory = getenv("DYDISNIX_LAB");

    if (settings->directory || !directory)
        return status;
    if (settings->keep)
        log_notice(NULL, "the network is kept in %s", directory);
    else if (operations->remove(directory) != 0)
        master_failed(directory);
    return status;
}

enum {
    OPTION_TARGETS = 0x100,
    OPTION_TARGET,
    OPTION_DIRECTORY,
    OPTION_KEEP,
    OPTION_RUN,
    OPTION_ENGINE,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option options[] = { { "targets", required_argument, NULL, OPTION_TARGETS },
                                         { "target", required_argument, NULL, OPTION_TARGET },
                                         { "directory", required_argument, NULL, OPTION_DIRECTORY },
                                         { "engine", required_argument, NULL, OPTION_ENGINE },
                                         { "keep", no_argument, NULL, OPTION_KEEP },
                                         { "run", no_argument, NULL, OPTION_RUN },
                                         { "help", no_argument, NULL, OPTION_HELP },
                                         { "version", no_argument, NULL, OPTION_VERSION },
                                         { NULL, 0, NULL, 0 } };

static void print_usage(FILE *stream)
{
    fputs("Usage: dydisnix-lab [OPTION...] --run -- COMMAND [ARG...]\n"
          "       dydisnix-lab SUBCOMMAND [ARG...]          from within COMMAND\n\nOptions:\n"
          "  --run                   make a network that lives as long as COMMAND\n"
          "  --targets=N             of N machines test1, test2, ... and the coordinator (3)\n"
          "  --target=NAME           with a machine of that name; may be repeated\n"
          "  --directory=DIRECTORY   in that directory, which is kept, with the machines in it\n"
          "  --keep                  keep the temporary directory\n"
          "  --engine=lab|disnix     whose programs deploy (lab)\n"
          "  --help                  this text\n"
          "  --version               name and version\n\nSubcommands:\n",
          stream);
    for (const struct lab_program *subcommand = lab_subcommands; subcommand->name; subcommand++) {
        int width = fprintf(stream, "  %s %s", subcommand->name, subcommand->takes);
        fprintf(stream, "%*s  %s\n", width < 36 ? 36 - width : 0, "", subcommand->does);
    }
    fputs("\nSee dydisnix-lab(1).\n", stream);
}

/* Last, below all that was printed. */
static void tell_subcommand(const char *word)
{
    struct nearest nearest = { .word = word };
    for (const struct lab_program *subcommand = lab_subcommands; subcommand->name; subcommand++)
        nearest_try(&nearest, subcommand->name);
    CLEANUP_FREE char *question = nearest_question(&nearest);
    log_error(NULL, "there is no subcommand %s%s", word, question ? question : "");
}

static bool take_target_count(struct settings *settings)
{
    char *end;
    unsigned long count = strtoul(optarg, &end, 10);

    settings->targets = (unsigned)count;
    settings->targets_given = true;
    return *optarg >= '0' && *optarg <= '9' && *end == '\0' && count <= TARGETS_MOST;
}

/* 0 to go on, else the exit status + 1. */
static int read_network_options(int argc, char **argv, struct settings *settings)
{
    int option;

    while ((option = option_next(argc, argv, "+", options, NULL)) != -1) {
        switch (option) {
        case OPTION_TARGETS:
            if (!take_target_count(settings)) {
                log_error(NULL, "--targets=%s: a number up to %d", optarg, TARGETS_MOST);
                return 3;
            }
            break;
        case OPTION_TARGET:
            if (!is_machine_name(optarg) || strcmp(optarg, COORDINATOR) == 0) {
                log_error(NULL, "--target=%s: not a target's name", optarg);
                return 3;
            }
            settings->names[settings->name_count++] = optarg;
            break;
        case OPTION_ENGINE:
            settings->other_engine = strcmp(optarg, "disnix") == 0;
            if (!settings->other_engine && strcmp(optarg, "lab") != 0) {
                log_error(NULL, "--engine=%s: lab or disnix", optarg);
                return 3;
            }
            break;
        case OPTION_DIRECTORY: settings->directory = optarg; break;
        case OPTION_KEEP: settings->keep = true; break;
        case OPTION_RUN: settings->run = true; break;
        case OPTION_HELP: print_usage(stdout); return 1;
        case OPTION_VERSION: puts("dydisnix-lab (" PACKAGE_STRING ")"); return 1;
        default: print_usage(stderr); return 3;
        }
    }
    settings->command = argv + optind;
    if (settings->name_count > 0 && !settings->targets_given) {
        settings->targets = 0;
        settings->targets_given = true;
    }
    return 0;
}

int master_main(int argc, char **argv)
{
    CLEANUP_FREE char **names = calloc((size_t)argc + 1, sizeof *names);
    struct settings settings = { .targets = TARGETS_DEFAULT, .names = names };
    int result = names ? read_network_options(argc, argv, &settings) : 2;

    if (result != 0)
        return result - 1;
    if (!settings.run || !settings.command[0]) {
        print_usage(stderr);
        if (settings.command[0])
            tell_subcommand(settings.command[0]);
        return 2;
    }
    return live(&settings);
}
