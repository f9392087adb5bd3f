/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cycle/running.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

volatile sig_atomic_t cycle_interrupted;

void cycle_interrupt(int signal)
{
    cycle_interrupted = signal != 0;
}

char *cycle_file(const struct settings *settings, const char *name)
{
    return string_format("%s/%s", settings->state_directory, name);
}

void cycle_remove(const struct settings *settings, const char *name)
{
    CLEANUP_FREE char *file = cycle_file(settings, name);
    if (file && operations->remove(file) != 0 && operations->write(file, "", 0, 0600) != 0)
        log_error(NULL, "%s: cannot be removed: %s", file, strerror(errno));
}

/* What all hooks are told; a new reference, or NULL: a setting is not UTF-8. */
static json_t *base_event(const struct settings *settings)
{
    return json_pack(
        "{si ss ss ss ss* ss* ss* ss* sb sb sb sI s{}}", "version", 1, "profile", settings->profile,
        "services", settings->services, "qos", settings->qos, "filters", settings->filters,
        "coordinatorProfilePath", settings->coordinator_profile_path, "interface", settings->interface,
        "targetProperty", settings->target_property, "showTrace", settings->show_trace, "dryRun",
        settings->dry_run, "late", 1, "maxConcurrentTransfers",
        (json_int_t)(settings->max_concurrent_transfers ? atol(settings->max_concurrent_transfers) : 2),
        "reports");
}

int cycle_load(struct cycle *cycle)
{
    const struct settings *settings = cycle->settings;
    cycle->plugins = calloc(settings->plugin_count + 1, sizeof *cycle->plugins);
    if (!cycle->plugins)
        return -1;
    for (size_t i = 0; i < settings->plugin_count; i++) {
        if (plugin_load(&cycle->plugins[i], settings->plugins[i], operations) != 0)
            return -1;
        cycle->plugin_count++;
    }
    for (size_t i = 0; i < settings->plugin_option_count; i++) {
        const struct plugin_option *option = &settings->plugin_options[i];
        const struct plugin *found = NULL;
        for (size_t j = 0; j < cycle->plugin_count && !found; j++)
            if (strcmp(cycle->plugins[j].hooks.name, option->plugin) == 0)
                found = &cycle->plugins[j];
        if (!found) {
            log_error(NULL, "there is an option %s for plugin %s, but it is not loaded", option->key,
                      option->plugin);
            return -1;
        }
        if (plugin_configure(found, option->key, option->value) != 0)
            return -1;
    }
    return 0;
}

int cycle_open(struct cycle *cycle, const struct settings *settings)
{
    *cycle = (struct cycle){ .settings = settings,
                             .progress.fd = -1,
                             .strings = strings_new(),
                             .event = base_event(settings),
                             .work = cycle_file(settings, "work") };
    if (!cycle->event)
        log_error(NULL, "an option or the path of a model is not UTF-8 and cannot be told to plugins");
    return cycle->strings && cycle->event && cycle->work
                   && state_load(settings->state_directory, &cycle->state) == 0
               ? 0
               : -1;
}

void cycle_close(struct cycle *cycle)
{
    for (size_t i = 0; i < cycle->plugin_count; i++)
        plugin_unload(&cycle->plugins[i]);
    free(cycle->plugins);
    json_decref(cycle->event);
    free(cycle->captured);
    journal_close(&cycle->journal);
    model_clear(&cycle->model);
    presence_clear(&cycle->presence);
    state_clear(&cycle->state);
    strings_free(cycle->strings);
    free(cycle->work);
}

bool cycle_has_hook(const struct cycle *cycle, const char *hook)
{
    for (size_t i = 0; i < cycle->plugin_count; i++)
        if (plugin_has(&cycle->plugins[i], hook))
            return true;
    return false;
}

json_t *cycle_report(const struct cycle *cycle, const char *stage)
{
    return json_object_get(json_object_get(cycle->event, "reports"), stage);
}

struct recovery cycle_recovery(struct cycle *cycle)
{
    return (struct recovery){ .settings = cycle->settings,
                              .state = &cycle->state,
                              .directory = cycle->settings->state_directory,
                              .work = cycle->work,
                              .strings = cycle->strings,
                              .stop = &cycle_interrupted,
                              .progress = &cycle->progress,
                              .first = cycle->request.first };
}

void cycle_tell_due(struct cycle *cycle, int64_t seconds)
{
    if (seconds < 0 || (cycle->due > 0 && cycle->due <= seconds))
        return;
    cycle->due = seconds > 1 ? seconds : 1;
    progress_tell(&cycle->progress, json_pack("{ss sI}", "event", "due", "seconds", (json_int_t)cycle->due));
}

void cycle_tell_later(struct cycle *cycle, int64_t seconds)
{
    if (seconds > 0)
        cycle_tell_due(cycle, seconds);
}
