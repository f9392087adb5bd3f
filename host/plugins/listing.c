/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/plugins/listing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/plugins/hooks.h"
#include "host/plugins/loader.h"
#include "lib/world/operations.h"

static const unsigned open_deadline = 60; /* seconds */

static void print_line(const struct plugin *plugin)
{
    printf("%s%s%s", plugin->hooks.name, plugin->hooks.version ? " " : "",
           plugin->hooks.version ? plugin->hooks.version : "");
    printf("%s%s (%s)\n", plugin->hooks.description ? ": " : "",
           plugin->hooks.description ? plugin->hooks.description : "", plugin->file);
}

static void print_pairs(const struct plugin *plugin)
{
    printf("path=%s\nname=%s\n", plugin->file, plugin->hooks.name);
    if (plugin->hooks.version)
        printf("version=%s\n", plugin->hooks.version);
    if (plugin->hooks.description)
        printf("description=%s\n", plugin->hooks.description);
    if (plugin->object)
        printf("api_version=%d\nstruct_size=%zu\n", plugin->hooks._api_version, plugin->size);
    if (plugin->hooks.load)
        puts("has_load=1");
    if (plugin->hooks.configure || !plugin->object)
        puts("has_configure=1");
    if (plugin->hooks.unload)
        puts("has_unload=1");
    for (const struct hook *hook = all_hooks; hook->name; hook++)
        if (plugin_has(plugin, hook->name))
            printf("has_%s=1\n", hook->name);
}

static int print_plugin(const char *name, void (*print)(const struct plugin *plugin))
{
    struct plugin plugin;
    alarm(open_deadline);
    if (plugin_open(&plugin, name) != 0)
        return 1;
    print(&plugin);
    plugin.hooks.unload = NULL; /* load() was not called */
    plugin_unload(&plugin);
    return fflush(stdout) == 0 ? 0 : 1;
}

static int print_apart(const char *name, void (*print)(const struct plugin *plugin))
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(print_plugin(name, print));
    if (child < 0 || waitpid(child, &status, 0) != child) {
        log_error(NULL, "plugin %s: %s", name, strerror(errno));
        return -1;
    }
    if (WIFSIGNALED(status))
        log_error(NULL, "plugin %s: it was ended by signal %d (%s) while it was opened", name,
                  WTERMSIG(status), strsignal(WTERMSIG(status)));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static void list_one(void *closure, const char *file)
{
    if (print_apart(file, print_line) != 0)
        *(int *)closure = -1;
}

int list_plugins(void)
{
    int status = 0;
    plugins_find(list_one, &status);
    return status;
}

int dump_plugin(const char *name)
{
    return print_apart(name, print_pairs);
}
