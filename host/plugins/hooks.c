/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/plugins/hooks.h"

#include <ctype.h>
#include <string.h>

#include "host/settings/stage-names.h"

#define HOOK(name, seconds) { #name, offsetof(struct dydisnix_plugin, name) },
#define NO_HOOK(name, seconds)
const struct hook all_hooks[] = { CYCLE_STAGES(HOOK, NO_HOOK) HOOK(cycle_finished, 0){ NULL, 0 } };

const struct hook *hook_find(const char *name)
{
    for (const struct hook *hook = all_hooks; hook->name; hook++)
        if (strcmp(hook->name, name) == 0)
            return hook;
    return NULL;
}

dydisnix_stage *hook_of(const struct dydisnix_plugin *plugin, const struct hook *hook)
{
    dydisnix_stage *function;
    memcpy(&function, (const char *)plugin + hook->offset, sizeof function);
    return function;
}

bool is_plugin_name(const char *name)
{
    if (!*name)
        return false;
    for (const char *c = name; *c; c++)
        if (!isascii((unsigned char)*c) || (!isalnum((unsigned char)*c) && *c != '-' && *c != '_'))
            return false;
    return name[0] != '-';
}
