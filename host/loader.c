/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loader.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "operations.h"
#include "strings.h"

/* The end of the last field of version 1: a smaller plugin cannot have been made by the macro. */
static const size_t least_size = offsetof(struct dydisnix_plugin, cycle_finished) + sizeof(dydisnix_stage *);

static int refuse(const struct plugin *plugin, const char *reason)
{
    log_error(NULL, "plugin %s: %s", plugin->file, reason);
    return -1;
}

static bool is_plugin_name(const char *name)
{
    if (!*name)
        return false;
    for (const char *c = name; *c; c++)
        if (!isascii((unsigned char)*c) || (!isalnum((unsigned char)*c) && *c != '-' && *c != '_'))
            return false;
    return name[0] != '-';
}

/* The first DIRECTORY/NAME.so that is there. */
static char *search(const char *name)
{
    const char *path = getenv("DYDISNIX_PLUGIN_PATH");
    CLEANUP_FREE char *directories = string_format("%s:%s", path ? path : "", PLUGIN_DIR);
    char *rest = directories, *directory;
    while (rest && (directory = strsep(&rest, ":")) != NULL) {
        CLEANUP_FREE char *file = *directory ? string_format("%s/%s.so", directory, name) : NULL;
        if (!file || operations->inspect(file, NULL) == DYDISNIX_ABSENT)
            continue;
        char *found = file;
        file = NULL;
        return found;
    }
    log_error(NULL, "plugin %s: no %s.so in $DYDISNIX_PLUGIN_PATH or %s", name, name, PLUGIN_DIR);
    return NULL;
}

static char *find_file(const char *name)
{
    if (strchr(name, '/'))
        return string_format("%s", name);
    if (is_plugin_name(name))
        return search(name);
    log_error(NULL, "plugin %s: a name has only letters, digits, - and _", name);
    return NULL;
}

static bool has_hook(const struct dydisnix_plugin *hooks)
{
    return hooks->capture || hooks->augment || hooks->reconstruct || hooks->snapshot || hooks->redistribute
           || hooks->assign_ids || hooks->redeploy || hooks->cycle_finished;
}

/* The name in the plugin is what messages and options use: it has to be the file's. */
static int check_name(const struct plugin *plugin)
{
    const char *name = plugin->hooks.name;
    const char *base = strrchr(plugin->file, '/');
    base = base ? base + 1 : plugin->file;
    if (!name || !is_plugin_name(name))
        return refuse(plugin, "its name has other characters than letters, digits, - and _, or is missing");
    size_t length = strlen(name);
    if (strncmp(base, name, length) != 0 || strcmp(base + length, ".so") != 0)
        return refuse(plugin, "its name is not that of its file");
    return 0;
}

static int take_hooks(struct plugin *plugin)
{
    struct dydisnix_plugin *(*entry)(void) = NULL;
    void *symbol = dlsym(plugin->object, "dydisnix_plugin_entry");
    if (!symbol)
        return refuse(plugin, "no plugin, it has no symbol dydisnix_plugin_entry");
    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from object to function pointer */
    const struct dydisnix_plugin *given = entry();
    if (!given)
        return refuse(plugin, "it gives no plugin");
    if (given->_api_version < 1 || given->_api_version > DYDISNIX_PLUGIN_API_VERSION) {
        log_error(NULL, "plugin %s: made for version %d of the plugin interface, this is version %d",
                  plugin->file, given->_api_version, DYDISNIX_PLUGIN_API_VERSION);
        return -1;
    }
    if (given->_size < least_size)
        return refuse(plugin,
                      "smaller than any plugin can be; is it registered with DYDISNIX_REGISTER_PLUGIN?");
    memcpy(&plugin->hooks, given, given->_size < sizeof plugin->hooks ? given->_size : sizeof plugin->hooks);
    if (!has_hook(&plugin->hooks))
        return refuse(plugin, "it has no hook");
    return check_name(plugin);
}

int plugin_load(struct plugin *plugin, const char *name, const struct dydisnix_operations *table)
{
    *plugin = (struct plugin){ .file = find_file(name) };
    if (!plugin->file)
        return -1;
    plugin->object = dlopen(plugin->file, RTLD_NOW | RTLD_LOCAL);
    if (!plugin->object) {
        const char *reason = dlerror(); /* begins with the file, most often */
        size_t length = strlen(plugin->file);
        bool named = strncmp(reason, plugin->file, length) == 0 && strncmp(reason + length, ": ", 2) == 0;
        refuse(plugin, named ? reason + length + 2 : reason);
    } else if (take_hooks(plugin) == 0) {
        if (!plugin->hooks.load || plugin->hooks.load(table) == 0)
            return 0;
        plugin->hooks.unload = NULL;
        refuse(plugin, "it refuses to be loaded");
    } else {
        plugin->hooks.unload = NULL;
    }
    plugin_unload(plugin);
    return -1;
}

int plugin_configure(const struct plugin *plugin, const char *key, const char *value)
{
    if (!plugin->hooks.configure) {
        log_error(NULL, "plugin %s: it takes no options, but was given %s", plugin->file, key);
        return -1;
    }
    return plugin->hooks.configure(key, value) == 0 ? 0 : -1;
}

void plugin_unload(struct plugin *plugin)
{
    if (plugin->hooks.unload)
        plugin->hooks.unload();
    if (plugin->object)
        dlclose(plugin->object);
    free(plugin->file);
    *plugin = (struct plugin){ 0 };
}
