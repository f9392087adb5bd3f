/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/machine/ssh.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/base/arguments.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

/* In single quotes all is literal but a single quote, which stands between two quoted parts. */
static char *quote(char *to, const char *text)
{
    *to++ = '\'';
    for (; *text; text++) {
        if (*text == '\'') {
            memcpy(to, "'\\''", 4);
            to += 4;
        } else {
            *to++ = *text;
        }
    }
    *to++ = '\'';
    return to;
}

static char *ssh_command(const char *const *argv)
{
    size_t room = 1;
    char *command, *end;

    for (size_t i = 0; argv[i]; i++)
        room += 4 * strlen(argv[i]) + 3;
    end = command = malloc(room);
    for (size_t i = 0; command && argv[i]; i++) {
        if (i > 0)
            *end++ = ' ';
        end = quote(end, argv[i]);
    }
    if (command)
        *end = '\0';
    return command;
}

static void add_words(struct arguments *arguments, const char *text)
{
    static const char blanks[] = " \t\n";
    CLEANUP_FREE char *copy = text ? strdup(text) : NULL;
    char *rest = NULL;

    if (!copy)
        return;
    for (char *word = strtok_r(copy, blanks, &rest); word; word = strtok_r(NULL, blanks, &rest))
        arguments_add(arguments, word);
}

/* HOST or HOST:PORT. Nothing that ssh, or what it is told to start, could take for something else. */
static bool is_key(const char *key)
{
    size_t host = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    if (host == 0 || *key == '-')
        return false;
    const char *port = key[host] == ':' ? key + host + 1 : NULL;
    return port ? *port && !port[strspn(port, "0123456789")] : key[host] == '\0';
}

int ssh_check_key(const char *key)
{
    if (is_key(key))
        return 0;
    log_error(NULL, "%s: not HOST or HOST:PORT", key);
    return -1;
}

/* ssh with all that it needs to know. */
static int put_together(struct arguments *arguments, const struct agent_program *program)
{
    const char *port = strchr(program->machine, ':');
    const char *user = getenv("SSH_USER");
    CLEANUP_FREE char *command = ssh_command(program->argv);
    CLEANUP_FREE char *host = strndup(program->machine, strcspn(program->machine, ":"));

    arguments_add(arguments, "ssh");
    if (port)
        arguments_option(arguments, "-p", port + 1);
    add_words(arguments, getenv("SSH_OPTS"));
    arguments_add(arguments, "--");
    if (!command || !host)
        return -1;
    if (user && *user)
        arguments_format(arguments, "%s@%s", user, host);
    else
        arguments_add(arguments, host);
    arguments_add(arguments, command);
    return arguments_vector(arguments) ? 0 : -1;
}

/* In the new process. */
static void become_ssh(const struct arguments *arguments, const struct agent_program *program)
{
    if (dup2(program->in, STDIN_FILENO) < 0 || dup2(program->out, STDOUT_FILENO) < 0
        || dup2(program->err, STDERR_FILENO) < 0)
        return;
    execvp(arguments->items[0], arguments->items);
    log_error(program->machine, "ssh: %s", strerror(errno));
}

int ssh_run(const struct agent_program *program)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    int status;
    pid_t pid;

    if (ssh_check_key(program->machine) != 0 || put_together(&arguments, program) != 0)
        return AGENT_LOST;
    pid = fork();
    if (pid == 0) {
        become_ssh(&arguments, program);
        _exit(AGENT_LOST);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return AGENT_LOST;
    }
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : AGENT_LOST;
}
