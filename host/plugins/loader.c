/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/plugins/loader.h"

#include <stdio.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "host/plugins/hooks.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

const struct plugin_builtin *plugins_builtin;

/* The end of the last field of version 1: a smaller plugin cannot have been made by the macro. */
static const size_t least_size = offsetof(struct dydisnix_plugin, cycle_finished) + sizeof(dydisnix_stage *);

static int refuse(const struct plugin *plugin, const char *reason)
{
    log_error(NULL, "plugin %s: %s", plugin->file, reason);
    return -1;
}

static char *search_path(void)
{
    const char *path = getenv("DYDISNIX_PLUGIN_PATH");
    return string_format("%s:%s", path ? path : "", PLUGIN_DIR);
}

/* The first DIRECTORY/NAME.so that is there. */
static char *search(const char *name)
{
    CLEANUP_FREE char *directories = search_path();
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

static bool has_hook(const struct dydisnix_plugin *plugin)
{
    for (const struct hook *hook = all_hooks; hook->name; hook++)
        if (hook_of(plugin, hook))
            return true;
    return false;
}

/* The name in the plugin is what messages and options use: it has to be the file's. */
static int check_name(const struct plugin *plugin)
{
    const char *name = plugin->hooks.name;
    const char *base = string_base_name(plugin->file);
    if (!name || !is_plugin_name(name))
        return refuse(plugin, "its name has other characters than letters, digits, - and _, or is missing");
    size_t length = strlen(name);
    if (strncmp(base, name, length) != 0 || strcmp(base + length, ".so") != 0)
        return refuse(plugin, "its name is not that of its file");
    return 0;
}

static int take_hooks(struct plugin *plugin, struct dydisnix_plugin *(*entry)(void))
{
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
    plugin->size = given->_size;
    memcpy(&plugin->hooks, given, given->_size < sizeof plugin->hooks ? given->_size : sizeof plugin->hooks);
    if (!has_hook(&plugin->hooks))
        return refuse(plugin, "it has no hook");
    return check_name(plugin);
}

static int take_symbol(struct plugin *plugin)
{
    struct dydisnix_plugin *(*entry)(void) = NULL;
    void *symbol = dlsym(plugin->object, "dydisnix_plugin_entry");
    if (!symbol)
        return refuse(plugin, "no plugin, it has no symbol dydisnix_plugin_entry");
    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from object to function pointer */
    return take_hooks(plugin, entry);
}

static int open_object(struct plugin *plugin)
{
    plugin->object = dlopen(plugin->file, RTLD_NOW | RTLD_LOCAL);
    if (plugin->object)
        return take_symbol(plugin);
    const char *reason = dlerror(); /* begins with the file, most often */
    size_t length = strlen(plugin->file);
    bool named = strncmp(reason, plugin->file, length) == 0 && strncmp(reason + length, ": ", 2) == 0;
    return refuse(plugin, named ? reason + length + 2 : reason);
}

static int open_script(struct plugin *plugin, const char *file)
{
    plugin->file = string_format("%s", file);
    if (!plugin->file || script_load(&plugin->script, file) != 0)
        return -1;
    plugin->hooks.name = plugin->script.name;
    return 0;
}

static const struct plugin_builtin *find_builtin(const char *name)
{
    for (const struct plugin_builtin *builtin = plugins_builtin; builtin && builtin->name; builtin++)
        if (strcmp(builtin->name, name) == 0)
            return builtin;
    return NULL;
}

/* Its object is the program itself. */
static int open_builtin(struct plugin *plugin, const struct plugin_builtin *builtin)
{
    plugin->file = string_format("%s.so", builtin->name);
    plugin->object = plugin->file ? dlopen(NULL, RTLD_NOW) : NULL;
    return plugin->object ? take_hooks(plugin, builtin->entry) : -1;
}

int plugin_open(struct plugin *plugin, const char *name)
{
    static const char script[] = "script:";
    const struct plugin_builtin *builtin = find_builtin(name);
    int status = -1;
    *plugin = (struct plugin){ 0 };
    if (strncmp(name, script, strlen(script)) == 0)
        status = open_script(plugin, name + strlen(script));
    else if (builtin)
        status = open_builtin(plugin, builtin);
    else if ((plugin->file = find_file(name)) != NULL)
        status = open_object(plugin);
    if (status == 0)
        return 0;
    plugin->hooks.unload = NULL;
    plugin_unload(plugin);
    return -1;
}

int plugin_load(struct plugin *plugin, const char *name, const struct dydisnix_operations *table)
{
    if (plugin_open(plugin, name) != 0)
        return -1;
    if (!plugin->hooks.load || plugin->hooks.load(table) == 0)
        return 0;
    refuse(plugin, "it refuses to be loaded");
    plugin->hooks.unload = NULL;
    plugin_unload(plugin);
    return -1;
}

int plugin_configure(const struct plugin *plugin, const char *key, const char *value)
{
    if (!plugin->object) {
        script_configure(&plugin->script, key, value);
        return 0;
    }
    if (!plugin->hooks.configure) {
        log_error(NULL, "plugin %s: it takes no options, but was given %s", plugin->file, key);
        return -1;
    }
    return plugin->hooks.configure(key, value) == 0 ? 0 : -1;
}

bool plugin_has(const struct plugin *plugin, const char *name)
{
    const struct hook *hook = hook_find(name);
    if (!plugin->object)
        return hook && script_has(&plugin->script, name);
    return hook && hook_of(&plugin->hooks, hook);
}

int plugin_call(const struct plugin *plugin, const char *hook, const json_t *event, const char *directory,
                json_t **report)
{
    if (!plugin_has(plugin, hook))
        return DYDISNIX_NOT_MINE;
    if (!plugin->object)
        return script_call(&plugin->script, hook, event, directory, report);
    int status = hook_of(&plugin->hooks, hook_find(hook))(event, report);
    fflush(stdout); /* the cycle does not end as a program does */
    return status;
}

struct finding {
    const char *directory;
    json_t *names; /* those that were found already */
    void (*each)(void *closure, const char *file);
    void *closure;
};

static int find_in_directory(void *closure, const char *entry)
{
    struct finding *finding = closure;
    size_t length = strlen(entry);
    if (length < 4 || strcmp(entry + length - 3, ".so") != 0 || json_object_get(finding->names, entry))
        return 0;
    CLEANUP_FREE char *file = string_format("%s/%s", finding->directory, entry);
    json_object_set_new(finding->names, entry, json_true());
    if (file)
        finding->each(finding->closure, file);
    return 0;
}

void plugins_find(void (*each)(void *closure, const char *file), void *closure)
{
    CLEANUP_FREE char *directories = search_path();
    CLEANUP_JSON json_t *names = json_object();
    char *rest = directories, *directory;
    while (rest && (directory = strsep(&rest, ":")) != NULL) {
        struct finding finding = { directory, names, each, closure };
        if (*directory)
            operations->list(directory, find_in_directory, &finding);
    }
}

void plugin_unload(struct plugin *plugin)
{
    if (plugin->hooks.unload)
        plugin->hooks.unload();
    if (plugin->object)
        dlclose(plugin->object);
    script_clear(&plugin->script);
    free(plugin->file);
    *plugin = (struct plugin){ 0 };
}
