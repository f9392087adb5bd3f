/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/phases/phases.h"

#include <string.h>

#include "lib/world/operations.h"

static const struct {
    const char *name, *announcement;
} phases[] = {
    [DEPLOYMENT_STARTED] = { "started", NULL },
    [DEPLOYMENT_DISTRIBUTING] = { "distributing", "Distributing intra-dependency closures..." },
    [DEPLOYMENT_LOCKING] = { "locking", "Acquiring locks..." },
    [DEPLOYMENT_ACTIVATING] = { "activating", "Activating new configuration..." },
    [DEPLOYMENT_MIGRATING] = { "migrating", "Migrating data..." },
    [DEPLOYMENT_SETTING] = { "setting profiles", "Setting profiles..." },
    [DEPLOYMENT_RELEASING] = { "releasing", "Releasing locks..." },
};

const char *phase_name(enum deployment_phase phase)
{
    return phases[phase].name;
}

int phase_begin(struct state *state, enum deployment_phase phase)
{
    state_phase(state, phase_name(phase));
    if (state_save(state) != 0)
        return -1;
    log_notice(NULL, "%s", phases[phase].announcement);
    return 0;
}

void phase_end(struct state *state, enum deployment_phase phase, int status)
{
    state_ended(state, phase_name(phase), status);
    state_save(state); /* one that cannot be saved is as one that is not known */
}

enum deployment_phase phase_last(const json_t *record)
{
    const char *name = json_string_value(json_object_get(record, "phase"));
    for (size_t i = 0; name && i < sizeof phases / sizeof *phases; i++)
        if (strcmp(phases[i].name, name) == 0)
            return (enum deployment_phase)i;
    return DEPLOYMENT_ACTIVATING; /* of another version: then anything may be */
}

int phase_status(const json_t *record, enum deployment_phase phase)
{
    const json_t *status = json_object_get(json_object_get(record, "ended"), phase_name(phase));
    return json_is_integer(status) ? (int)json_integer_value(status) : -1;
}
