/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Loads plugins: shared objects that keep include/dydisnix/plugin.h.
 */
#ifndef LOADER_H
#define LOADER_H

#include <dydisnix/plugin.h>

struct plugin {
    char *file;
    void *object;
    struct dydisnix_plugin hooks; /* what this host does not find in an older plugin is NULL */
};

/* Loads name: a file if it has a slash, else NAME.so from $DYDISNIX_PLUGIN_PATH or the plugin directory.
 * Calls its load(). 0, or -1 after one message that names the file. */
int plugin_load(struct plugin *plugin, const char *name, const struct dydisnix_operations *table);

/* Passes one option on. 0, or -1 after a message. */
int plugin_configure(const struct plugin *plugin, const char *key, const char *value);

void plugin_unload(struct plugin *plugin);

#endif
