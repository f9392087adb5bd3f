/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Loads plugins: shared objects that keep include/dydisnix/plugin.h, and scripts.
 */
#ifndef LOADER_H
#define LOADER_H

#include <dydisnix/plugin.h>

#include "host/plugins/script.h"

struct plugin {
    char *file;
    void *object; /* NULL: a script */
    struct script script;
    size_t size;                  /* of the struct that the plugin gave */
    struct dydisnix_plugin hooks; /* what an older plugin does not have is NULL; of a script the name */
};

/* A plugin that is part of this program. */
struct plugin_builtin {
    const char *name;
    struct dydisnix_plugin *(*entry)(void);
};

/* Looked up by name before any file; the last has no name. NULL: there are none. */
extern const struct plugin_builtin *plugins_builtin;

/* Finds and opens name: script:FILE; a file if it has a slash; else NAME.so from $DYDISNIX_PLUGIN_PATH or
 * the plugin directory. 0, or -1 after one message that names the file. */
int plugin_open(struct plugin *plugin, const char *name);

/* The same, and calls its load(). */
int plugin_load(struct plugin *plugin, const char *name, const struct dydisnix_operations *table);

/* Passes one option on. 0, or -1 after a message. */
int plugin_configure(const struct plugin *plugin, const char *key, const char *value);

bool plugin_has(const struct plugin *plugin, const char *hook);

/* Calls a hook, or gives DYDISNIX_NOT_MINE where there is none. directory: for the temporary files of
 * scripts. */
int plugin_call(const struct plugin *plugin, const char *hook, const json_t *event, const char *directory,
                json_t **report);

/* Calls each() with the path of every NAME.so in the search path, sorted within a directory; of one name
 * only the first, which is the one that plugin_open() takes. */
void plugins_find(void (*each)(void *closure, const char *file), void *closure);

void plugin_unload(struct plugin *plugin);

#endif
