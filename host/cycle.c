/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cycle.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "loader.h"
#include "mended.h"
#include "model.h"
#include "operations.h"
#include "recover.h"
#include "redeploy.h"
#include "stages.h"
#include "state.h"
#include "strings.h"

static const size_t event_limit = (size_t)1 << 30;

struct cycle {
    const struct settings *settings;
    bool retry;
    pid_t host; /* of the loop that started this cycle */
    struct plugin *plugins;
    size_t plugin_count;
    struct strings *strings;
    struct state state;
    struct model model;
    json_t *event;
    char *work; /* directory for the temporary files of this cycle */
};

static volatile sig_atomic_t interrupted;

void cycle_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

/* A stage: its hook, and what happens when no plugin takes it. */
struct stage {
    const char *name;
    size_t hook;
    int (*run)(struct cycle *cycle, json_t **report);
};

static const char *state_directory(const struct cycle *cycle)
{
    return cycle->settings->state_directory;
}

static char *state_path(const struct settings *settings, const char *name)
{
    return string_format("%s/%s", settings->state_directory, name);
}

static json_t *base_event(const struct settings *settings)
{
    return json_pack(
        "{si ss ss ss ss* ss* ss* ss* sb sb sI s{}}", "version", 1, "profile", settings->profile, "services",
        settings->services, "qos", settings->qos, "filters", settings->filters, "coordinatorProfilePath",
        settings->coordinator_profile_path, "interface", settings->interface, "targetProperty",
        settings->target_property, "showTrace", settings->show_trace, "dryRun", 0, "maxConcurrentTransfers",
        (json_int_t)(settings->max_concurrent_transfers ? atol(settings->max_concurrent_transfers) : 2),
        "reports");
}

static int load_plugins(struct cycle *cycle)
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

static int cycle_open(struct cycle *cycle, const struct settings *settings)
{
    *cycle = (struct cycle){ .settings = settings, .strings = strings_new(), .event = base_event(settings),
                             .work = state_path(settings, "work") };
    if (!cycle->event)
        log_error(NULL, "an option or the path of a model is not UTF-8 and cannot be told to plugins");
    if (!cycle->strings || !cycle->event || !cycle->work
        || state_load(settings->state_directory, &cycle->state) != 0)
        return -1;
    return load_plugins(cycle);
}

static void cycle_close(struct cycle *cycle)
{
    for (size_t i = 0; i < cycle->plugin_count; i++)
        plugin_unload(&cycle->plugins[i]);
    free(cycle->plugins);
    json_decref(cycle->event);
    model_clear(&cycle->model);
    state_clear(&cycle->state);
    strings_free(cycle->strings);
    free(cycle->work);
}

static dydisnix_stage *hook_of(const struct plugin *plugin, size_t offset)
{
    dydisnix_stage *hook;
    memcpy(&hook, (const char *)&plugin->hooks + offset, sizeof hook);
    return hook;
}

/* The first plugin that takes the stage has it; else its Disnix command runs. */
static int run_hooks(struct cycle *cycle, const struct stage *stage, json_t **report)
{
    for (size_t i = 0; i < cycle->plugin_count; i++) {
        dydisnix_stage *hook = hook_of(&cycle->plugins[i], stage->hook);
        int status = hook ? hook(cycle->event, report) : DYDISNIX_NOT_MINE;
        if (status == DYDISNIX_DONE)
            return 0;
        if (status != DYDISNIX_NOT_MINE) {
            log_error(NULL, "plugin %s: its hook %s failed with %d", cycle->plugins[i].hooks.name,
                      stage->name, status);
            return -1;
        }
        json_decref(*report);
        *report = NULL;
    }
    return stage->run ? stage->run(cycle, report) : 0;
}

/* cycle_finished runs in another process, also after a crash: it gets what is known so far in a file. */
static void keep_event(struct cycle *cycle)
{
    bool wanted = false;
    for (size_t i = 0; i < cycle->plugin_count; i++)
        wanted = wanted || cycle->plugins[i].hooks.cycle_finished;
    if (!wanted)
        return;
    CLEANUP_FREE char *file = state_path(cycle->settings, "event.json");
    CLEANUP_FREE char *text = json_dumps(cycle->event, JSON_COMPACT);
    if (!file || !text || operations->write(file, text, strlen(text), 0600) != 0)
        log_warning(NULL, "%s: %s", file ? file : "event.json", strerror(errno));
}

static int begin_stage(struct cycle *cycle, const char *name)
{
    if (interrupted) {
        log_error(NULL, "interrupted before the stage %s", name);
        return -1;
    }
    if (getppid() != cycle->host) {
        log_error(NULL, "the loop was killed, the cycle ends before the stage %s", name);
        return -1;
    }
    json_object_set_new(cycle->event, "hook", json_string(name));
    json_object_set_new(cycle->event, "stage", json_string(name));
    keep_event(cycle);
    return 0;
}

/* What later stages need of a report goes into the event. */
static int take_results(struct cycle *cycle, const struct stage *stage, json_t *report)
{
    static const char *const results[] = { "infrastructure", "distribution" };
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        json_t *file = json_object_get(report, results[i]);
        if (!file)
            continue;
        if (!json_is_string(file) || json_string_value(file)[0] != '/') {
            log_error(NULL, "the stage %s gave no absolute path as %s", stage->name, results[i]);
            return -1;
        }
        json_object_set(cycle->event, results[i], file);
    }
    return 0;
}

static int run_stage(struct cycle *cycle, const struct stage *stage)
{
    json_t *report = NULL;
    if (begin_stage(cycle, stage->name) != 0)
        return -1;
    int status = run_hooks(cycle, stage, &report);
    if (status == 0)
        status = take_results(cycle, stage, report);
    if (report)
        json_object_set_new(json_object_get(cycle->event, "reports"), stage->name, report);
    keep_event(cycle);
    if (status != 0)
        log_error(NULL, "the stage %s failed", stage->name);
    return status;
}

static int capture(struct cycle *cycle, json_t **report)
{
    return stage_capture(cycle->settings, state_directory(cycle), report);
}

static int augment(struct cycle *cycle, json_t **report)
{
    return cycle->settings->augment ? stage_augment(cycle->settings, cycle->event, cycle->work, report) : 0;
}

static const json_t *reconstruct_report(const struct cycle *cycle)
{
    return json_object_get(json_object_get(cycle->event, "reports"), "reconstruct");
}

static int snapshot(struct cycle *cycle, json_t **report)
{
    (void)report;
    if (!cycle->settings->snapshot)
        return 0;
    return take_snapshots(cycle->settings, &cycle->state, &cycle->model.infrastructure,
                          state_directory(cycle), cycle->strings);
}

static int redistribute(struct cycle *cycle, json_t **report)
{
    return stage_redistribute(cycle->settings, cycle->event, cycle->work, report);
}

static int assign_ids(struct cycle *cycle, json_t **report)
{
    (void)report;
    return stage_assign_ids(cycle->settings, cycle->event);
}

static struct recovery recovery_of(struct cycle *cycle)
{
    return (struct recovery){ .settings = cycle->settings, .state = &cycle->state,
                              .directory = state_directory(cycle), .strings = cycle->strings,
                              .stop = &interrupted };
}

static void forget_model(const struct settings *settings, const char *name)
{
    CLEANUP_FREE char *file = state_path(settings, name);
    if (file)
        operations->remove(file);
}

/* What is deployed is now no model that is remembered. */
static void take_recovery(struct cycle *cycle, json_t *report)
{
    json_t *reports = json_object_get(cycle->event, "reports");
    if (!report)
        return;
    forget_model(cycle->settings, "deployed.xml");
    if (json_object_get(reports, "recover"))
        mended_join(json_object_get(reports, "recover"), report);
    else
        json_object_set(reports, "recover", report);
    json_decref(report);
    keep_event(cycle);
}

/* Settles a redeployment that did not end well, in this cycle or before. */
static int settle_redeployment(struct cycle *cycle)
{
    const struct recovery recovery = recovery_of(cycle);
    json_t *report = NULL;
    int status = recover(&recovery, &report);
    take_recovery(cycle, report);
    return status;
}

static int settle_leftovers(struct cycle *cycle)
{
    const struct recovery recovery = recovery_of(cycle);
    json_t *report = NULL;
    int status = recover_leftovers(&recovery, &cycle->model.infrastructure, &report);
    take_recovery(cycle, report);
    return status;
}

static int redeploy_stage(struct cycle *cycle, json_t **report)
{
    const struct recovery recovery = recovery_of(cycle);
    int status = redeploy(&recovery, cycle->event, &cycle->model.infrastructure, report);
    if (status != 0 && !interrupted && getppid() == cycle->host)
        settle_redeployment(cycle);
    return status;
}

static const struct stage stage_capture_hook = { "capture", offsetof(struct dydisnix_plugin, capture),
                                                 capture };
static const struct stage stage_augment_hook = { "augment", offsetof(struct dydisnix_plugin, augment),
                                                 augment };
static const struct stage stage_reconstruct_hook = { "reconstruct",
                                                     offsetof(struct dydisnix_plugin, reconstruct), NULL };
static const struct stage stage_snapshot_hook = { "snapshot", offsetof(struct dydisnix_plugin, snapshot),
                                                  snapshot };
static const struct stage later_stages[] = {
    { "redistribute", offsetof(struct dydisnix_plugin, redistribute), redistribute },
    { "assign_ids", offsetof(struct dydisnix_plugin, assign_ids), assign_ids },
    { "redeploy", offsetof(struct dydisnix_plugin, redeploy), redeploy_stage },
};

/* The difference between the model that name holds and this one; NULL: there is no such model. */
static json_t *compare_with(struct cycle *cycle, const char *name)
{
    CLEANUP_FREE char *file = state_path(cycle->settings, name);
    struct model known = { 0 };
    json_t *difference = NULL;
    if (file && model_load(file, cycle->settings, cycle->strings, &known) == 0)
        difference = infrastructure_difference(&known.infrastructure, &cycle->model.infrastructure);
    model_clear(&known);
    return difference;
}

/* Whether there is something to do: the model is not the one that was deployed last, and it did not just
 * fail. */
static bool detect(struct cycle *cycle)
{
    CLEANUP_JSON json_t *from_deployed = compare_with(cycle, "deployed.xml");
    CLEANUP_JSON json_t *from_failed = compare_with(cycle, "failed.xml");
    const struct infrastructure nothing = { 0 };
    /* A deployment that was begun and did not end well has left something else than that model. */
    if (from_deployed && !model_changed(from_deployed) && !state_is_deploying(&cycle->state))
        return false;
    if (from_failed && !model_changed(from_failed) && !cycle->retry)
        return false;
    if (!from_deployed)
        from_deployed = infrastructure_difference(&nothing, &cycle->model.infrastructure);
    log_notice(NULL, "A change in the infrastructure has been detected!");
    model_tell_changes(from_deployed);
    json_object_set(cycle->event, "changes", from_deployed);
    return true;
}

static int look(struct cycle *cycle)
{
    if (run_stage(cycle, &stage_capture_hook) != 0 || run_stage(cycle, &stage_augment_hook) != 0)
        return -1;
    const char *file = json_string_value(json_object_get(cycle->event, "infrastructure"));
    if (!file) {
        log_error(NULL, "the stage capture gave no infrastructure model");
        return -1;
    }
    log_notice(NULL, "Using infrastructure model: %s", file);
    if (begin_stage(cycle, "detect") != 0)
        return -1;
    if (model_evaluate(file, cycle->settings, cycle->strings, &cycle->model) == 0)
        return 0;
    log_error(NULL, "the stage detect failed");
    return -1;
}

/* The evaluated model as a file, and what the loop remembers, for hooks. */
static int prepare_event(struct cycle *cycle)
{
    CLEANUP_FREE char *file = state_path(cycle->settings, "infrastructure.xml");
    json_t *history = json_object();
    static const char *const members[] = { "targets", "snapshots", "deployed" };
    if (!file || !history || model_save(&cycle->model, file) != 0) {
        json_decref(history);
        return -1;
    }
    for (size_t i = 0; i < 3; i++)
        if (json_object_get(cycle->state.root, members[i]))
            json_object_set(history, members[i], json_object_get(cycle->state.root, members[i]));
    json_object_set_new(cycle->event, "history", json_deep_copy(history));
    json_decref(history);
    json_object_set_new(cycle->event, "infrastructureXml", json_string(file));
    json_object_set(cycle->event, "cycle", json_object_get(cycle->state.root, "cycle"));
    return 0;
}

/* A snapshot that fails is told, and the adaptation goes on: it matters more. */
static void run_snapshot_stage(struct cycle *cycle)
{
    if (run_stage(cycle, &stage_snapshot_hook) != 0)
        log_warning(NULL, "the state of the system was not captured, the cycle goes on");
}

static int adapt(struct cycle *cycle)
{
    json_t *number = json_integer(1 + json_integer_value(json_object_get(cycle->state.root, "cycle")));
    json_object_set_new(cycle->state.root, "cycle", number);
    if (state_save(&cycle->state) != 0 || prepare_event(cycle) != 0)
        return -1;
    if (cycle->settings->reconstruct)
        log_notice(NULL, "Reconstructing manifest...");
    int status = run_stage(cycle, &stage_reconstruct_hook);
    state_rescued(&cycle->state, reconstruct_report(cycle), operations->clock());
    state_heard(&cycle->state, reconstruct_report(cycle));
    if (state_save(&cycle->state) != 0 || status != 0)
        return -1;
    run_snapshot_stage(cycle);
    for (size_t i = 0; status == 0 && i < sizeof later_stages / sizeof *later_stages; i++)
        status = run_stage(cycle, &later_stages[i]);
    return status;
}

/* Remembers the model as deployed or as failed. */
static int remember(struct cycle *cycle, int status)
{
    CLEANUP_FREE char *deployed = state_path(cycle->settings, "deployed.xml");
    CLEANUP_FREE char *failed = state_path(cycle->settings, "failed.xml");
    if (!deployed || !failed)
        return -1;
    if (status != 0)
        return model_save(&cycle->model, failed);
    operations->remove(failed);
    return model_save(&cycle->model, deployed);
}

/* All temporary files are made where the next cycle removes what one that was killed has left. */
static int prepare_work(const struct cycle *cycle)
{
    if (operations->remove(cycle->work) == 0 && operations->make_directory(cycle->work, 0700) == 0
        && setenv("TMPDIR", cycle->work, 1) == 0)
        return 0;
    log_error(NULL, "%s: %s", cycle->work, strerror(errno));
    return -1;
}

static int run_cycle(struct cycle *cycle)
{
    if (prepare_work(cycle) != 0 || settle_redeployment(cycle) != 0 || look(cycle) != 0
        || settle_leftovers(cycle) != 0)
        return CYCLE_FAILED;
    state_see(&cycle->state, &cycle->model.infrastructure, operations->clock());
    if (!detect(cycle)) {
        prepare_event(cycle);
        run_snapshot_stage(cycle);
        return state_save(&cycle->state) == 0 ? CYCLE_UNCHANGED : CYCLE_FAILED;
    }
    int status = adapt(cycle);
    if (remember(cycle, status) != 0)
        status = -1;
    return status == 0 ? CYCLE_DONE : CYCLE_FAILED;
}

int cycle_run(const struct settings *settings, bool retry, pid_t host)
{
    struct cycle cycle;
    int status = CYCLE_FAILED;
    CLEANUP_FREE char *event = state_path(settings, "event.json");
    if (event)
        operations->remove(event);
    bool open = cycle_open(&cycle, settings) == 0;
    const struct recovery recovery = recovery_of(&cycle);
    cycle.retry = retry;
    cycle.host = host;
    if (open && recover_wait(&recovery) == 0) {
        status = run_cycle(&cycle);
        operations->remove(cycle.work);
    }
    cycle_close(&cycle);
    return status;
}

static json_t *kept_event(const struct settings *settings)
{
    CLEANUP_FREE char *file = state_path(settings, "event.json"), *text = NULL;
    size_t length = 0;
    if (!file || operations->read(file, event_limit, &text, &length) != 0)
        return NULL;
    return json_loadb(text, length, 0, NULL);
}

int cycle_finished(const struct settings *settings, const char *outcome)
{
    struct cycle cycle;
    int status = cycle_open(&cycle, settings);
    CLEANUP_JSON json_t *kept = kept_event(settings);
    json_object_update(cycle.event, kept);
    json_object_update_new(cycle.event, json_pack("{ss ss}", "hook", "cycle_finished", "outcome", outcome));
    for (size_t i = 0; status == 0 && i < cycle.plugin_count; i++) {
        json_t *report = NULL;
        if (cycle.plugins[i].hooks.cycle_finished)
            cycle.plugins[i].hooks.cycle_finished(cycle.event, &report);
        json_decref(report);
    }
    cycle_close(&cycle);
    return status == 0 ? CYCLE_DONE : CYCLE_FAILED;
}

int cycle_probe(const struct settings *settings)
{
    struct cycle cycle;
    int status = cycle_open(&cycle, settings);
    cycle_close(&cycle);
    return status;
}

void cycle_forget(const struct settings *settings)
{
    forget_model(settings, "deployed.xml");
    forget_model(settings, "failed.xml");
}
