/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/machine/machine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lab/base/network.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

#define LIFE_FD 3 /* where the first process finds its end of life */

static int machine_failed(const char *machine, const char *what)
{
    log_error(machine, "%s: %s", what, strerror(errno));
    return -1;
}

static int machine_make_disk(const char *machine)
{
    static const char *const directories[] = { "nix/store",
                                               "nix/var/nix",
                                               "var/state/dysnomia",
                                               "var/lib/lab/active",
                                               "var/lib/lab/state",
                                               "var/log",
                                               "tmp",
                                               "home",
                                               "run/services",
                                               "root",
                                               NULL };

    for (size_t i = 0; directories[i]; i++) {
        CLEANUP_FREE char *path = machine_path(machine, directories[i]);
        if (!path)
            return -1;
        if (operations->make_directory(path, 0755) != 0)
            return machine_failed(machine, path);
    }
    return 0;
}

static int write_machine_file(const char *path, const char *text)
{
    CLEANUP_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

/* In a new user namespace: this user is root there, and has no other rights than before outside. */
static int become_root(uid_t user, gid_t group)
{
    CLEANUP_FREE char *users = string_format("0 %lu 1", (unsigned long)user);
    CLEANUP_FREE char *groups = string_format("0 %lu 1", (unsigned long)group);

    return users && groups && write_machine_file("/proc/self/setgroups", "deny") == 0
                   && write_machine_file("/proc/self/uid_map", users) == 0
                   && write_machine_file("/proc/self/gid_map", groups) == 0
               ? 0
               : -1;
}

/* The machine's own processes; where that may not be, everybody's. */
static int mount_processes(const char *to)
{
    if (mkdir(to, 0555) != 0)
        return -1;
    return mount("proc", to, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0
               ? 0
               : mount("/proc", to, NULL, MS_BIND | MS_REC, NULL);
}

/* One entry of the old / in the new one. What cannot be bound is an empty place there. */
static int copy_entry(int root, const char *new_root, const char *name)
{
    CLEANUP_FREE char *from = string_format("/%s", name);
    CLEANUP_FREE char *to = string_format("%s/%s", new_root, name);
    char link[PATH_MAX];
    struct stat status;

    if (!from || !to || fstatat(root, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    if (S_ISLNK(status.st_mode)) {
        ssize_t length = readlinkat(root, name, link, sizeof link - 1);
        if (length < 0)
            return -1;
        link[length] = '\0';
        return symlink(link, to);
    }
    if (strcmp(name, "proc") == 0)
        return mount_processes(to);
    if (S_ISDIR(status.st_mode)) {
        if (mkdir(to, 0755) != 0)
            return -1;
    } else if (S_ISREG(status.st_mode)) {
        CLEANUP_FD int file = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (file < 0)
            return -1;
    } else {
        return 0;
    }
    if (mount(from, to, NULL, MS_BIND | MS_REC, NULL) != 0)
        log_debug(NULL, "%s is empty on the machines: %s", from, strerror(errno));
    return 0;
}

static int copy_root(const char *machine, const char *new_root)
{
    DIR *entries = opendir("/");
    struct dirent *entry;
    int result = entries ? 0 : machine_failed(machine, "/");

    while (result == 0 && (entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0
            || strcmp(entry->d_name, "nix") == 0)
            continue;
        if (copy_entry(dirfd(entries), new_root, entry->d_name) != 0)
            result = machine_failed(machine, entry->d_name);
    }
    if (entries)
        closedir(entries);
    return result;
}

static int bind_nix(const char *machine, const char *new_root)
{
    CLEANUP_FREE char *from = machine_path(machine, "nix");
    CLEANUP_FREE char *to = string_format("%s/nix", new_root);

    if (!from || !to)
        return -1;
    if (mkdir(to, 0755) != 0 || mount(from, to, NULL, MS_BIND, NULL) != 0)
        return machine_failed(machine, to);
    return 0;
}

static int change_root(const char *machine)
{
    CLEANUP_FREE char *new_root = machine_path(machine, "root");

    if (!new_root)
        return -1;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
        || mount("lab", new_root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0)
        return machine_failed(machine, new_root);
    if (copy_root(machine, new_root) != 0 || bind_nix(machine, new_root) != 0)
        return -1;
    /* The old root is mounted over the new one, and taken away. */
    if (chdir(new_root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0
        || chdir("/") != 0)
        return machine_failed(machine, "changing the root");
    /* The network's directory was bound with the unfinished root in it. */
    umount2(new_root, MNT_DETACH);
    return 0;
}

/* What programs on the machine find in their environment. */
static int set_environment(const char *machine)
{
    static const char *const unwanted[] = { "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS",
                                            "XDG_DATA_HOME",   "XDG_DATA_DIRS",
                                            "XDG_CACHE_HOME",  "XDG_STATE_HOME",
                                            "NIX_STORE_DIR",   "NIX_STATE_DIR",
                                            "NIX_LOG_DIR",     "NIX_USER_CONF_FILES",
                                            "NIX_CONFIG",      "NIX_LOCALSTATE_DIR",
                                            "NIX_DATA_DIR",    NULL };

    for (size_t i = 0; unwanted[i]; i++)
        unsetenv(unwanted[i]);
    return environment_set_path("TMPDIR", machine_path(machine, "tmp"))
                   || environment_set_path("HOME", machine_path(machine, "home"))
                   || environment_set_path("XDG_RUNTIME_DIR", machine_path(machine, "var/run"))
                   || environment_set_path("DYSNOMIA_STATEDIR", machine_path(machine, "var/state/dysnomia"))
                   || environment_set_path("NIX_CONF_DIR", network_path("etc"))
                   || setenv("DYDISNIX_LAB_MACHINE", machine, 1) || setenv("NIX_REMOTE", "", 1)
                   || setenv("DISNIX_CLIENT_INTERFACE", "dydisnix-lab-client", 1)
               ? -1
               : 0;
}

/* The new process: from here on the machine. Its code is opened before the root changes. */
static void become_machine(const char *machine, int life, bool own_users, uid_t user, gid_t group)
{
    int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char *argv[] = { (char *)"dydisnix-lab", (char *)"machine", (char *)machine, NULL };
    sigset_t none;

    if (own_users && become_root(user, group) != 0) {
        machine_failed(machine, "becoming root in a user namespace");
        return;
    }
    if (change_root(machine) != 0)
        return;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (self < 0 || dup2(nothing, STDIN_FILENO) < 0 || set_environment(machine) != 0) {
        machine_failed(machine, "starting its first process");
        return;
    }
    if (life == LIFE_FD)
        fcntl(life, F_SETFD, 0);
    else
        dup2(life, LIFE_FD);
    /* Should self have been descriptor 3, it is gone: it was opened after life, so it is a higher one. */
    setsid();
    fexecve(self, argv, environ);
    machine_failed(machine, "/proc/self/exe");
}

/* As fork(2), in new namespaces. */
static pid_t fork_machine(bool own_users)
{
    long flags = CLONE_NEWNS | CLONE_NEWPID | (own_users ? CLONE_NEWUSER : 0) | SIGCHLD;
    return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, 0L);
}

static int wait_until_ready(const char *machine, int life)
{
    char byte;
    ssize_t got;

    while ((got = read(life, &byte, 1)) < 0 && errno == EINTR)
        continue;
    if (got != 1)
        log_error(machine, "did not start");
    return got == 1 ? 0 : -1;
}

int machine_start(const char *machine, struct machine_process *process)
{
    uid_t user = geteuid();
    gid_t group = getegid();
    bool own_users = user != 0;
    int life[2];

    if (machine_make_disk(machine) != 0)
        return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, life) != 0)
        return machine_failed(machine, "socketpair");
    process->pid = fork_machine(own_users);
    if (process->pid < 0 && errno == EPERM && !own_users) {
        own_users = true; /* root without rights, as in a container */
        process->pid = fork_machine(own_users);
    }
    if (process->pid == 0) {
        become_machine(machine, life[1], own_users, user, group);
        _exit(1);
    }
    int failure = errno;
    close(life[1]);
    process->life = life[0];
    if (process->pid < 0) {
        close(life[0]);
        errno = failure;
        return machine_failed(machine, "user namespaces are not allowed here");
    }
    if (wait_until_ready(machine, process->life) != 0) {
        machine_kill(process);
        return -1;
    }
    return 0;
}

void machine_kill(struct machine_process *process)
{
    if (process->pid <= 0)
        return;
    kill(process->pid, SIGKILL);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    close(process->life);
    *process = (struct machine_process){ .pid = 0, .life = -1 };
}
