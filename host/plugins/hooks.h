/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The hooks of a plugin by their names.
 */
#ifndef HOOKS_H
#define HOOKS_H

#include <dydisnix/plugin.h>

struct hook {
    const char *name;
    size_t offset; /* in struct dydisnix_plugin */
};

/* In the order of a cycle; the last one's name is NULL. */
extern const struct hook all_hooks[];

/* NULL: no hook is called so. */
const struct hook *hook_find(const char *name);

/* What the plugin has there; NULL: nothing. */
dydisnix_stage *hook_of(const struct dydisnix_plugin *plugin, const struct hook *hook);

/* Letters, digits, - (not first) and _. */
bool is_plugin_name(const char *name);

#endif
