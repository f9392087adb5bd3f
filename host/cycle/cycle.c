/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cycle/cycle.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/calls/stages.h"
#include "host/copies/restore.h"
#include "host/copies/survivors.h"
#include "host/copies/wrapper.h"
#include "host/cycle/summary.h"
#include "host/deploy/plan.h"
#include "host/deploy/redeploy.h"
#include "host/outside/status.h"
#include "host/outside/totals.h"
#include "host/phases/phases.h"
#include "host/plugins/loader.h"
#include "host/presence/hung.h"
#include "host/presence/model.h"
#include "host/presence/presence.h"
#include "host/presence/probe.h"
#include "host/record/again.h"
#include "host/record/journal.h"
#include "host/record/mended.h"
#include "host/record/progress.h"
#include "host/record/state.h"
#include "host/record/waits.h"
#include "host/record/words.h"
#include "host/unfinished/leftovers.h"
#include "host/unfinished/recover.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/base/switch.h"
#include "lib/manifest/previous.h"
#include "lib/model/doubles.h"
#include "lib/model/nix-access.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

static const size_t event_limit = (size_t)1 << 30;
#define UNCAPTURED "uncaptured" /* the member of the state */

struct cycle {
    const struct settings *settings;
    struct cycle_request request;
    struct progress progress;
    struct plugin *plugins;
    size_t plugin_count;
    struct strings *strings;
    struct state state;
    char *captured;     /* the model that capture and augment gave */
    struct model model; /* the effective one */
    struct model_digest digest; /* of what capture gave */
    struct presence presence;
    bool refused; /* by the guard */
    bool deposed; /* and for good */
    bool redeployed; /* by the loop itself, not by a plugin */
    bool finished;   /* a deployment that had failed while it set profiles: what is left is some targets' trouble */
    struct journal journal;
    json_t *event;
    int64_t began; /* the stage that runs */
    int64_t due;   /* in so many seconds the loop looks again; 0: it was not told so */
    char *work;    /* directory for the temporary files of this cycle */
};

static volatile sig_atomic_t interrupted;

void cycle_interrupt(int signal)
{
    interrupted = signal != 0;
}

/* A stage: its name, which is that of its hook, what happens when no plugin takes it, and for one that
 * changes something whether it does so without a plugin; NULL: it changes nothing. run gives 0, -1, or
 * DYDISNIX_NOT_MINE: there is nothing to do. */
struct stage {
    const char *name;
    int (*run)(struct cycle *cycle, json_t **report);
    bool (*changes)(const struct settings *settings);
};

static const char *text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

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
        "{si ss ss ss ss* ss* ss* ss* sb sb sb sI s{}}", "version", 1, "profile", settings->profile, "services",
        settings->services, "qos", settings->qos, "filters", settings->filters, "coordinatorProfilePath",
        settings->coordinator_profile_path, "interface", settings->interface, "targetProperty",
        settings->target_property, "showTrace", settings->show_trace, "dryRun", settings->dry_run, "late", 1,
        "maxConcurrentTransfers",
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
    *cycle = (struct cycle){ .settings = settings, .progress.fd = -1, .strings = strings_new(),
                             .event = base_event(settings), .work = state_path(settings, "work") };
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
    free(cycle->captured);
    journal_close(&cycle->journal);
    model_clear(&cycle->model);
    presence_clear(&cycle->presence);
    state_clear(&cycle->state);
    strings_free(cycle->strings);
    free(cycle->work);
}

/* The first plugin that takes the stage has it; else its Disnix command runs. As run of struct stage. */
static int run_hooks(struct cycle *cycle, const struct stage *stage, json_t **report)
{
    json_object_set_new(cycle->event, "stageTimeout",
                        json_integer((json_int_t)settings_stage_timeout(cycle->settings, stage->name)));
    for (size_t i = 0; i < cycle->plugin_count; i++) {
        int status = plugin_call(&cycle->plugins[i], stage->name, cycle->event, cycle->work, report);
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
    return stage->run ? stage->run(cycle, report) : DYDISNIX_NOT_MINE;
}

/* cycle_finished runs in another process, also after a crash: it gets what is known so far in a file. */
static void keep_event(struct cycle *cycle)
{
    bool wanted = false;
    for (size_t i = 0; i < cycle->plugin_count; i++)
        wanted = wanted || plugin_has(&cycle->plugins[i], "cycle_finished");
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
    if (getppid() != cycle->request.host) {
        log_error(NULL, "the loop was killed, the cycle ends before the stage %s", name);
        return -1;
    }
    cycle->began = operations->now();
    if (progress_tell(&cycle->progress, json_pack("{ss ss}", "event", "begin", "stage", name)) != 0) {
        log_error(NULL, "the loop cannot be told of the stage %s", name);
        return -1;
    }
    json_object_set_new(cycle->event, "hook", json_string(name));
    json_object_set_new(cycle->event, "stage", json_string(name));
    keep_event(cycle);
    return 0;
}

static void note_stage(struct cycle *cycle, const char *name, bool failed, int64_t milliseconds, json_t *report)
{
    journal_add(&cycle->journal,
                json_pack("{ss sO* ss ss sI sO*}", "kind", "stage", "cycle", json_object_get(cycle->event, "cycle"),
                          "stage", name, "outcome", failed ? "failed" : "done", "milliseconds",
                          (json_int_t)milliseconds, "report", report),
                false);
}

/* Gives status back; DYDISNIX_NOT_MINE, nothing had to be done, as 0. report: NULL if there is none. */
static int end_stage(struct cycle *cycle, const char *name, int status, json_t *report)
{
    const json_int_t milliseconds = operations->now() - cycle->began;
    const bool idle = status == DYDISNIX_NOT_MINE, failed = status != 0 && !idle;
    progress_tell(&cycle->progress, json_pack("{ss ss si sI}", "event", "end", "stage", name, "status",
                                              failed ? -1 : 0, "milliseconds", milliseconds));
    if (!idle)
        note_stage(cycle, name, failed, milliseconds, report);
    if (failed)
        log_error(NULL, "the stage %s failed", name);
    return failed ? -1 : 0;
}

/* In the store nothing refers yet to what a stage has made. The model that the user names is the user's. */
static int keep_result(const struct cycle *cycle, const char *name, const char *file, bool *vanished)
{
    const struct settings *settings = cycle->settings;
    if (!is_store_path(file) || (settings->infrastructure && strcmp(file, settings->infrastructure) == 0)
        || !SWITCH(KEPT_RESULTS))
        return 0;
    return stage_keep(settings, file, cycle->work, name, vanished);
}

/* What later stages need of a report goes into the event, and is kept until the cycle ends. */
static int take_results(struct cycle *cycle, const struct stage *stage, json_t *report, bool *vanished)
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
        if (keep_result(cycle, results[i], json_string_value(file), vanished) != 0)
            return -1;
        json_object_set(cycle->event, results[i], file);
    }
    return 0;
}

/* What is taken by a garbage collection before it is kept is made again, unless that would change something twice. */
static int run_and_take(struct cycle *cycle, const struct stage *stage, json_t **report)
{
    bool vanished = true;
    int status = -1;
    for (int attempt = 0; vanished && attempt < (stage->changes ? 1 : KEEP_ATTEMPTS); attempt++) {
        vanished = false;
        json_decref(*report);
        *report = NULL;
        status = run_hooks(cycle, stage, report);
        if (status == 0)
            status = take_results(cycle, stage, *report, &vanished);
    }
    return status;
}

static bool is_guarded(const struct cycle *cycle, const struct stage *stage)
{
    if (!cycle->settings->guard || cycle->settings->dry_run || !stage->changes)
        return false;
    for (size_t i = 0; i < cycle->plugin_count; i++)
        if (plugin_has(&cycle->plugins[i], stage->name))
            return true;
    return stage->changes(cycle->settings);
}

static bool guard_refuses(struct cycle *cycle, const char *stage)
{
    int status = stage_guard(cycle->settings, stage);
    if (status != 0)
        cycle->refused = true;
    if (status == GUARD_DEPOSED)
        cycle->deposed = true;
    return status != 0;
}

static int run_stage(struct cycle *cycle, const struct stage *stage)
{
    CLEANUP_JSON json_t *report = NULL;
    if (begin_stage(cycle, stage->name) != 0)
        return -1;
    if (is_guarded(cycle, stage) && guard_refuses(cycle, stage->name))
        return end_stage(cycle, stage->name, -1, NULL);
    int status = run_and_take(cycle, stage, &report);
    if (report)
        json_object_set(json_object_get(cycle->event, "reports"), stage->name, report);
    keep_event(cycle);
    return end_stage(cycle, stage->name, status, report);
}

static int capture(struct cycle *cycle, json_t **report)
{
    return stage_capture(cycle->settings, state_directory(cycle), report);
}

static int augment(struct cycle *cycle, json_t **report)
{
    if (!cycle->settings->augment)
        return DYDISNIX_NOT_MINE;
    return stage_augment(cycle->settings, cycle->event, report);
}

static json_t *report_of(const struct cycle *cycle, const char *stage)
{
    return json_object_get(json_object_get(cycle->event, "reports"), stage);
}

static int snapshot(struct cycle *cycle, json_t **report)
{
    (void)report;
    if (!cycle->settings->snapshot)
        return DYDISNIX_NOT_MINE;
    return take_snapshots(cycle->settings, &cycle->state, &cycle->model.infrastructure,
                          state_directory(cycle), cycle->strings);
}

static int redistribute(struct cycle *cycle, json_t **report)
{
    return stage_redistribute(cycle->settings, cycle->event, report);
}

static int assign_ids(struct cycle *cycle, json_t **report)
{
    (void)report;
    return cycle->settings->ids ? stage_assign_ids(cycle->settings, cycle->event) : DYDISNIX_NOT_MINE;
}

static struct recovery recovery_of(struct cycle *cycle)
{
    return (struct recovery){ .settings = cycle->settings, .state = &cycle->state,
                              .directory = state_directory(cycle), .work = cycle->work,
                              .strings = cycle->strings, .stop = &interrupted };
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
    json_t *earlier = report_of(cycle, "recover");
    if (!report)
        return;
    forget_model(cycle->settings, "deployed.xml");
    if (earlier)
        mended_join(earlier, report);
    else
        json_object_set(json_object_get(cycle->event, "reports"), "recover", report);
    json_decref(report);
    keep_event(cycle);
}

/* Settles a redeployment that did not end well, in this cycle or before. */
static int settle_redeployment(struct cycle *cycle)
{
    const struct recovery recovery = recovery_of(cycle);
    json_t *report = NULL;
    int status = recover(&recovery, &report);
    const char *action = text(report, "action");
    cycle->finished = status == 0 && action && strcmp(action, "finished") == 0;
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

/* Either of these as a stage, for it changes what targets do. */
static int run_recovery(struct cycle *cycle, int (*settle)(struct cycle *cycle))
{
    if (begin_stage(cycle, "recover") != 0)
        return -1;
    if (cycle->settings->guard && guard_refuses(cycle, "recover"))
        return end_stage(cycle, "recover", -1, NULL);
    int status = settle(cycle);
    status = end_stage(cycle, "recover", status, report_of(cycle, "recover"));
    if (status != 0 || report_of(cycle, "recover"))
        journal_release(&cycle->journal); /* targets were changed, even if the cycle then has nothing to do */
    return status;
}

/* Neither a dry run nor a loop that is paused touches a target. */
static bool may_recover(const struct cycle *cycle)
{
    return !cycle->settings->dry_run && !json_object_get(cycle->state.root, "paused");
}

static int recover_before(struct cycle *cycle)
{
    const struct recovery recovery = recovery_of(cycle);
    bool wanted = may_recover(cycle) && state_is_deploying(&cycle->state);
    if (!cycle->settings->dry_run && !state_is_deploying(&cycle->state))
        recovery_tidy(&recovery); /* what could not be removed when it was over */
    return wanted ? run_recovery(cycle, settle_redeployment) : 0;
}

/* Within the stage redeploy; the journal tells of it as of one that came later. */
static void settle_failed(struct cycle *cycle)
{
    int64_t began = operations->now();
    bool wanted = state_is_deploying(&cycle->state);
    int status = settle_redeployment(cycle);
    if (wanted)
        note_stage(cycle, "recover", status != 0, operations->now() - began, report_of(cycle, "recover"));
}

/* Disnix makes the last part of the path alone, when everything else has been done. */
static int prepare_profile(const struct settings *settings)
{
    CLEANUP_FREE char *profile = coordinator_profile_path(settings->coordinator_profile_path, settings->profile);
    if (profile)
        return nix_prepare_profile(profile);
    log_error(NULL, "cannot tell where the coordinator profile is");
    return -1;
}

/* Where nothing was changed yet, who did not answer is the likely reason, and the others are not to wait for it. */
static void note_hung(struct cycle *cycle, const json_t *report)
{
    json_t *deployment = json_object_get(cycle->state.root, "deployment");
    if (!deployment || phase_last(deployment) > DEPLOYMENT_LOCKING)
        return;
    hung_note(cycle->state.root, report_of(cycle, "reconstruct"), report, operations->clock());
    state_save(&cycle->state);
}

static int redeploy_stage(struct cycle *cycle, json_t **report)
{
    const struct recovery recovery = recovery_of(cycle);
    if (!cycle->settings->dry_run && prepare_profile(cycle->settings) != 0)
        return -1;
    int status = redeploy(&recovery, cycle->event, &cycle->model.infrastructure, report);
    cycle->redeployed = status == 0;
    cycle->finished = false;
    if (status != 0)
        note_hung(cycle, *report);
    if (status != 0 && may_recover(cycle) && !interrupted && getppid() == cycle->request.host)
        settle_failed(cycle);
    return cycle->finished && SWITCH(FINISHED) ? 0 : status;
}

static bool never(const struct settings *settings)
{
    (void)settings;
    return false;
}

static bool always(const struct settings *settings)
{
    (void)settings;
    return true;
}

static bool takes_snapshots(const struct settings *settings)
{
    return settings->snapshot;
}

static bool assigns_ids(const struct settings *settings)
{
    return settings->ids != NULL;
}

static const struct stage stage_capture_hook = { "capture", capture, NULL };
static const struct stage stage_augment_hook = { "augment", augment, NULL };
static const struct stage stage_reconstruct_hook = { "reconstruct", NULL, never };
static const struct stage stage_snapshot_hook = { "snapshot", snapshot, takes_snapshots };
static const struct stage later_stages[] = { { "redistribute", redistribute, NULL },
                                             { "assign_ids", assign_ids, assigns_ids },
                                             { "redeploy", redeploy_stage, always } };

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

/* Whether there is something to do though the model is the same. */
static bool has_waiting(const struct cycle *cycle)
{
    return survivors_wait(cycle->state.root) || restore_wanted(cycle->state.root)
           || survivors_due(cycle->state.root, operations->clock()) == 0
           || again_due(cycle->state.root, UNCAPTURED, operations->clock()) == 0;
}

/* The difference from the model that was deployed last, where there is something to do: it is not that one,
 * and it did not just fail. */
static json_t *find_changes(struct cycle *cycle)
{
    json_t *from_deployed = compare_with(cycle, "deployed.xml");
    CLEANUP_JSON json_t *from_failed = compare_with(cycle, "failed.xml");
    const struct infrastructure nothing = { 0 };
    bool failed = from_failed && !model_changed(from_failed);
    /* A deployment that was begun and did not end well has left something else than that model. */
    bool deployed = from_deployed && !model_changed(from_deployed) && !state_is_deploying(&cycle->state)
                    && !has_waiting(cycle);
    if ((deployed && !cycle->request.resync) || (failed && !cycle->request.retry)) {
        json_decref(from_deployed);
        return NULL;
    }
    if (!failed && !deployed)
        progress_tell(&cycle->progress, json_pack("{ss}", "event", "change"));
    return from_deployed ? from_deployed
                         : infrastructure_difference(&nothing, &cycle->model.infrastructure);
}

/* When the loop is to look again though nothing happens: the earliest of what this cycle tells. */
static void tell_due(struct cycle *cycle, int64_t seconds)
{
    if (seconds < 0 || (cycle->due > 0 && cycle->due <= seconds))
        return;
    cycle->due = seconds > 1 ? seconds : 1;
    progress_tell(&cycle->progress, json_pack("{ss sI}", "event", "due", "seconds",
                                              (json_int_t)cycle->due));
}

/* The same, where nothing is told of what is due in this cycle. */
static void tell_later(struct cycle *cycle, int64_t seconds)
{
    if (seconds > 0)
        tell_due(cycle, seconds);
}

/* Whether the model has been still for long enough; else another cycle will see. */
static bool is_settled(struct cycle *cycle)
{
    CLEANUP_FREE char *file = state_path(cycle->settings, "settling.xml");
    CLEANUP_JSON json_t *difference = compare_with(cycle, "settling.xml");
    int64_t now = operations->clock(), settle = cycle->settings->settle;
    int64_t since = json_integer_value(json_object_get(cycle->state.root, "settling"));
    if (settle == 0 || cycle->request.now)
        return true;
    if (!difference || model_changed(difference) || since > now || since <= 0) {
        since = now;
        json_object_set_new(cycle->state.root, "settling", json_integer(now));
        if (!file || model_save(&cycle->model, file) != 0)
            return true;
        log_notice(NULL, "The infrastructure has changed, and has to be still for %lld seconds",
                   (long long)settle);
    }
    if (now - since >= settle)
        return true;
    tell_due(cycle, since + settle - now);
    return false;
}

static void forget_settling(struct cycle *cycle)
{
    CLEANUP_FREE char *file = state_path(cycle->settings, "settling.xml");
    if (file && cycle->settings->settle > 0)
        operations->remove(file);
    json_object_del(cycle->state.root, "settling");
}

static json_t *names_of(const struct infrastructure *infrastructure)
{
    json_t *names = json_array();
    for (size_t i = 0; i < infrastructure->count; i++)
        json_array_append_new(names, json_string(infrastructure->targets[i].name));
    return names;
}

/* Who of the model answers; *record stays NULL if nobody is asked. */
static int ask_targets(struct cycle *cycle, json_t **record)
{
    const struct settings *settings = cycle->settings;
    const struct infrastructure *infrastructure = &cycle->model.infrastructure;
    CLEANUP_FREE char *file = state_path(settings, "captured.xml");
    if (!settings->probes)
        return 0;
    CLEANUP_JSON json_t *before = probe_read(settings->state_directory);
    state_probed(&cycle->state, before);
    if (!file || model_save(&cycle->model, file) != 0)
        return -1;
    if (!cycle->request.now && !cycle->request.first
        && probe_is_recent(before, infrastructure, settings, operations->clock()))
        *record = json_incref(before);
    else if (probe_ask(settings, infrastructure, record) != 0)
        return -1;
    return 0;
}

/* Who is there, for hooks. */
static void tell_presence(struct cycle *cycle)
{
    json_t *status = json_object(), *target;
    const char *name;
    json_object_foreach(json_object_get(cycle->state.root, "targets"), name, target)
        json_object_set(status, name, json_object_get(target, "status"));
    json_object_set_new(cycle->event, "presence", status);
}

static bool are_all(const json_t *names, const json_t *silent)
{
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)names, index, name)
        if (!json_object_get(silent, json_string_value(name)))
            return false;
    return true;
}

/* Who does not answer, by a probe or since it hung; where nobody else is there, who hung is tried all the same. */
static json_t *list_silent(const struct cycle *cycle, const json_t *record, const json_t *names, int64_t now, int64_t *due)
{
    json_t *probed = json_object_get(record, "silent"), *joined = hung_join(cycle->state.root, probed, now, due);
    if (!joined || !are_all(names, joined) || (probed && are_all(names, probed)))
        return joined;
    json_decref(joined);
    return probed ? json_copy(probed) : json_object();
}

static int judge(struct cycle *cycle)
{
    CLEANUP_JSON json_t *record = NULL, *names = names_of(&cycle->model.infrastructure);
    CLEANUP_JSON json_t *doubles = doubles_of(&cycle->model.infrastructure,
                                              json_object_get(cycle->state.root, "effective"));
    int64_t now = operations->clock();
    if (!doubles || ask_targets(cycle, &record) != 0)
        return -1;
    int64_t due = -1;
    CLEANUP_JSON json_t *silent = list_silent(cycle, record, names, now, &due);
    if (!silent)
        return -1;
    if (presence_judge(cycle->state.root, names, silent, doubles, &cycle->settings->presence, now,
                       &cycle->presence)
        != 0)
        return -1;
    state_see(&cycle->state, &cycle->model.infrastructure, silent, now);
    tell_presence(cycle);
    tell_due(cycle, cycle->presence.due);
    tell_later(cycle, survivors_due(cycle->state.root, now));
    tell_later(cycle, again_due(cycle->state.root, UNCAPTURED, now));
    tell_later(cycle, due);
    return state_save(&cycle->state);
}

/* Goes on with the captured model without those that are left out. */
static int leave_out(struct cycle *cycle)
{
    CLEANUP_FREE char *file = NULL;
    if (json_array_size(cycle->presence.left_out) == 0)
        return 0;
    if (wrap_infrastructure(cycle->work, cycle->captured, cycle->presence.left_out, &file) != 0)
        return -1;
    model_clear(&cycle->model);
    json_object_set_new(cycle->event, "infrastructure", json_string(file));
    return model_evaluate(file, cycle->settings, cycle->strings, &cycle->model);
}

/* Whether it is the model that could not be evaluated, and whose time has not come yet. */
static bool is_put_off(const struct cycle *cycle)
{
    const char *unreadable = json_string_value(json_object_get(cycle->state.root, "unreadable"));
    return !cycle->request.retry && unreadable && strcmp(unreadable, cycle->digest.digits) == 0;
}

static int evaluate_captured(struct cycle *cycle)
{
    const char *digits = cycle->digest.digits;
    const char *known = json_string_value(json_object_get(cycle->state.root, "unreadable"));
    if (model_evaluate(cycle->captured, cycle->settings, cycle->strings, &cycle->model) == 0) {
        json_object_del(cycle->state.root, "unreadable");
        return 0;
    }
    if (*digits && (!known || strcmp(known, digits) != 0)) {
        progress_tell(&cycle->progress, json_pack("{ss}", "event", "change"));
        json_object_set_new(cycle->state.root, "unreadable", json_string(digits));
        state_save(&cycle->state);
    }
    return -1;
}

static int detect(struct cycle *cycle)
{
    if (begin_stage(cycle, "detect") != 0)
        return -1;
    int status = evaluate_captured(cycle);
    if (status == 0)
        status = judge(cycle);
    if (status == 0 && json_array_size(cycle->presence.waiting) == 0)
        status = leave_out(cycle);
    return end_stage(cycle, "detect", status, NULL);
}

/* A deployment to it would forget what was begun on it, which its profile does not tell. What was deployed to last stays: its
 * services are known. */
static int leave_out_untold(struct cycle *cycle)
{
    CLEANUP_JSON json_t *untold = leftovers_untold(&cycle->state, &cycle->model.infrastructure);
    size_t index, left_out = json_array_size(cycle->presence.left_out);
    json_t *name;
    json_array_foreach(untold, index, name) {
        if (presence_was_deployed(cycle->state.root, json_string_value(name)))
            continue;
        log_warning(json_string_value(name), "its profile is still to be set: it is left out until then");
        json_array_append(cycle->presence.left_out, name);
    }
    if (!untold || json_array_size(cycle->presence.left_out) == left_out)
        return untold ? 0 : -1;
    return leave_out(cycle);
}

/* Once it is known who is there. */
static int recover_after(struct cycle *cycle)
{
    const struct infrastructure *model = &cycle->model.infrastructure;
    if (cycle->request.now)
        leftovers_hurry(&cycle->state);
    int64_t due = may_recover(cycle) ? leftovers_due(&cycle->state, model, operations->clock()) : -1;
    if (due < 0)
        return 0;
    int status = due == 0 ? run_recovery(cycle, settle_leftovers) : 0;
    tell_due(cycle, leftovers_due(&cycle->state, model, operations->clock()));
    return status == 0 && json_array_size(cycle->presence.waiting) == 0 ? leave_out_untold(cycle) : status;
}

static const char *model_of(const struct cycle *cycle)
{
    return json_string_value(json_object_get(cycle->event, "infrastructure"));
}

/* 0, -1, or 1: it is put off. */
static int look(struct cycle *cycle)
{
    if (run_stage(cycle, &stage_capture_hook) != 0)
        return -1;
    if (model_of(cycle))
        cycle->digest = model_digest(model_of(cycle), cycle->settings->augment);
    if (run_stage(cycle, &stage_augment_hook) != 0)
        return -1;
    const char *file = model_of(cycle);
    if (!file) {
        log_error(NULL, "the stage capture gave no infrastructure model");
        return -1;
    }
    log_notice(NULL, "Using infrastructure model: %s", file);
    if (is_put_off(cycle))
        return 1;
    cycle->captured = strdup(file);
    return cycle->captured ? detect(cycle) : -1;
}

/* The evaluated model as a file, and what the loop remembers, for hooks. */
static int prepare_event(struct cycle *cycle)
{
    CLEANUP_FREE char *file = state_path(cycle->settings, "infrastructure.xml");
    json_t *history = json_object();
    static const char *const members[] = { "targets", "snapshots", "deployed", "survivors", "leftovers" };
    if (!file || !history || model_save(&cycle->model, file) != 0) {
        json_decref(history);
        return -1;
    }
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (json_object_get(cycle->state.root, members[i]))
            json_object_set(history, members[i], json_object_get(cycle->state.root, members[i]));
    json_object_set_new(history, "accepted", presence_marked(cycle->state.root, "accepted"));
    json_object_set_new(history, "preferred", presence_marked(cycle->state.root, "preferred"));
    json_object_set_new(cycle->event, "history", json_deep_copy(history));
    json_decref(history);
    json_object_set_new(cycle->event, "infrastructureXml", json_string(file));
    json_object_set(cycle->event, "cycle", json_object_get(cycle->state.root, "cycle"));
    return 0;
}

static bool reconstructs(const struct cycle *cycle)
{
    for (size_t i = 0; i < cycle->plugin_count; i++)
        if (plugin_has(&cycle->plugins[i], stage_reconstruct_hook.name))
            return true;
    return false;
}

/* What cannot be captured may not run where the manifest has it: a machine that has lost its disk between two captures
 * looks as before. So the next cycle reconstructs, and if that does not help others do, less and less often. */
static void note_uncaptured(struct cycle *cycle, bool failed)
{
    const bool looked = report_of(cycle, "reconstruct"), known = json_object_get(cycle->state.root, UNCAPTURED);
    if (!reconstructs(cycle) || (failed && looked != known))
        return;
    again_note(cycle->state.root, UNCAPTURED, failed, 0, operations->clock());
    tell_due(cycle, again_due(cycle->state.root, UNCAPTURED, operations->clock()));
}

/* A snapshot that fails is told, and the adaptation goes on: it matters more. */
static int run_snapshot_stage(struct cycle *cycle)
{
    if (cycle->settings->dry_run)
        return 0;
    int status = run_stage(cycle, &stage_snapshot_hook);
    note_uncaptured(cycle, status != 0 && !cycle->refused);
    if (status == 0)
        return 0;
    if (!cycle->refused)
        log_warning(NULL, "the state of the system was not captured, the cycle goes on");
    journal_release(&cycle->journal);
    return cycle->refused ? -1 : 0;
}

static void leave_out_held(struct cycle *cycle, const char *target)
{
    const json_t *known = json_object_get(json_object_get(cycle->state.root, "targets"), target);
    json_array_append_new(cycle->presence.left_out, json_string(target));
    journal_add(&cycle->journal,
                json_pack("{ss sO* ss sO*}", "kind", "held", "cycle", json_object_get(cycle->event, "cycle"), "target",
                          target, "reason", json_object_get(json_object_get(known, "held"), "text")),
                false);
}

/* Targets that did not tell the reconstruction what runs on them are left out from here on. */
static int take_held(struct cycle *cycle)
{
    const json_t *report = report_of(cycle, "reconstruct");
    const struct infrastructure *model = &cycle->model.infrastructure;
    size_t left_out = json_array_size(cycle->presence.left_out);
    presence_hold(cycle->state.root, report, operations->clock(), &cycle->presence);
    for (size_t i = 0; i < model->count; i++)
        if (presence_is_held(cycle->state.root, model->targets[i].name))
            leave_out_held(cycle, model->targets[i].name);
    if (json_array_size(cycle->presence.left_out) == left_out)
        return 0;
    tell_due(cycle, cycle->presence.due);
    tell_presence(cycle);
    if (state_save(&cycle->state) != 0 || leave_out(cycle) != 0)
        return -1;
    return prepare_event(cycle);
}

/* For the check before a deployment. True: there is something to check. */
static bool note_blind(struct cycle *cycle)
{
    json_t *report = report_of(cycle, "reconstruct"), *blind = report ? presence_blind(cycle->state.root, report) : NULL;
    bool any = json_array_size(blind) > 0;
    if (any)
        json_object_set(report, "blind", blind);
    json_decref(blind);
    return any;
}

static int reconstruct(struct cycle *cycle)
{
    if (cycle->settings->reconstruct)
        log_notice(NULL, "Reconstructing manifest...");
    int status = run_stage(cycle, &stage_reconstruct_hook);
    state_rescued(&cycle->state, report_of(cycle, "reconstruct"), operations->clock());
    state_heard(&cycle->state, report_of(cycle, "reconstruct"));
    survivors_take(cycle->state.root, report_of(cycle, "reconstruct"), operations->clock());
    tell_due(cycle, survivors_due(cycle->state.root, operations->clock()));
    bool blind = status == 0 && note_blind(cycle);
    if (cycle->settings->probes && !blind) /* one that nothing is known of is asked again, not left out unheard */
        probe_note_silent(cycle->settings, report_of(cycle, "reconstruct"));
    if (state_save(&cycle->state) != 0 || status != 0)
        return -1;
    return take_held(cycle);
}

/* A snapshot that is not restored is told, and the adaptation goes on. */
static int run_restore(struct cycle *cycle)
{
    CLEANUP_JSON json_t *report = NULL;
    const struct recovery recovery = recovery_of(cycle);
    if (cycle->settings->dry_run || !restore_wanted(cycle->state.root))
        return 0;
    if (begin_stage(cycle, "restore") != 0)
        return -1;
    if (cycle->settings->guard && guard_refuses(cycle, "restore"))
        return end_stage(cycle, "restore", -1, NULL);
    int status = restore(&recovery, &cycle->model.infrastructure, &report);
    return end_stage(cycle, "restore", status, report);
}

static int adapt(struct cycle *cycle)
{
    json_t *number = json_integer(1 + json_integer_value(json_object_get(cycle->state.root, "cycle")));
    json_object_set_new(cycle->state.root, "cycle", number);
    journal_add(&cycle->journal,
                json_pack("{ss sO sO* sO*}", "kind", "infrastructure", "cycle", number, "changes",
                          json_object_get(cycle->event, "changes"), "leftOut", cycle->presence.left_out),
                false);
    journal_release(&cycle->journal);
    progress_tell(&cycle->progress,
                  json_pack("{ss s{sO sb}}", "event", "facts", "facts", "cycle", number, "adapted", 1));
    if (state_save(&cycle->state) != 0 || prepare_event(cycle) != 0 || reconstruct(cycle) != 0
        || run_restore(cycle) != 0)
        return -1;
    int status = run_snapshot_stage(cycle);
    for (size_t i = 0; status == 0 && i < sizeof later_stages / sizeof *later_stages; i++)
        if (!cycle->settings->dry_run || later_stages[i].changes != assigns_ids)
            status = run_stage(cycle, &later_stages[i]);
    return status;
}

/* The manifest that is current is what was deployed, also by a plugin that took the redeployment. One that had to be finished
 * was noted then, with what is left to do on targets. */
static int take_deployed(struct cycle *cycle)
{
    const struct settings *settings = cycle->settings;
    struct previous current = { 0 };
    if (settings->dry_run || cycle->finished)
        return 0;
    int status = previous_read(settings->coordinator_profile_path, settings->profile, NULL, cycle->strings, &current);
    const bool unwanted = status == 0
                          && leftovers_forget(&cycle->state, &cycle->model.infrastructure,
                                              current.known ? &current.manifest : NULL);
    if (status == 0 && current.known && !cycle->redeployed) {
        state_deployed(&cycle->state, current.path, &cycle->model.infrastructure);
        survivors_deployed(cycle->state.root, &current.manifest, &cycle->model.infrastructure);
    }
    previous_clear(&current);
    return unwanted ? run_recovery(cycle, settle_leftovers) : status;
}

/* Remembers the model as deployed or as failed. */
static int remember(struct cycle *cycle, int status)
{
    CLEANUP_FREE char *deployed = state_path(cycle->settings, "deployed.xml");
    CLEANUP_FREE char *failed = state_path(cycle->settings, "failed.xml");
    CLEANUP_JSON json_t *names = names_of(&cycle->model.infrastructure);
    if (!deployed || !failed)
        return -1;
    if (status != 0)
        return model_save(&cycle->model, failed);
    operations->remove(failed);
    presence_deployed(cycle->state.root, names);
    hung_forget(cycle->state.root, &cycle->model.infrastructure);
    if (take_deployed(cycle) != 0)
        return -1;
    tell_due(cycle, leftovers_due(&cycle->state, &cycle->model.infrastructure, operations->clock()));
    return state_save(&cycle->state) == 0 ? model_save(&cycle->model, deployed) : -1;
}

/* While nothing is adapted, those that are not there are not asked for snapshots. */
static void drop_absent(struct cycle *cycle)
{
    struct infrastructure *infrastructure = &cycle->model.infrastructure;
    const json_t *status = json_object_get(cycle->event, "presence");
    size_t kept = 0;
    for (size_t i = 0; i < infrastructure->count; i++) {
        struct target *target = &infrastructure->targets[i];
        const char *found = json_string_value(json_object_get(status, target->name));
        if (found && strcmp(found, "here") == 0)
            infrastructure->targets[kept++] = *target;
        else
            target_clear(target);
    }
    infrastructure->count = kept;
}

/* Nothing to do now. */
static int idle(struct cycle *cycle, int status)
{
    prepare_event(cycle);
    if (run_snapshot_stage(cycle) != 0)
        return CYCLE_FAILED;
    return state_save(&cycle->state) == 0 ? status : CYCLE_FAILED;
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
    journal_open(&cycle->journal, state_directory(cycle));
    journal_add(&cycle->journal,
                json_pack("{ss sb}", "kind", "cycle_began", "retry", cycle->request.retry), false);
    int looked = prepare_work(cycle) != 0 || recover_before(cycle) != 0 ? -1 : look(cycle);
    if (looked > 0)
        return CYCLE_UNCHANGED;
    if (looked < 0 || recover_after(cycle) != 0) {
        journal_release(&cycle->journal);
        return CYCLE_FAILED;
    }
    if (json_array_size(cycle->presence.waiting) > 0) {
        drop_absent(cycle);
        return idle(cycle, CYCLE_UNCHANGED);
    }
    CLEANUP_JSON json_t *changes = find_changes(cycle);
    if (cycle->presence.paused)
        return idle(cycle, CYCLE_PAUSED);
    if (!changes) {
        forget_settling(cycle);
        return idle(cycle, CYCLE_UNCHANGED);
    }
    if (!is_settled(cycle))
        return idle(cycle, CYCLE_UNCHANGED);
    if (model_changed(changes))
        log_notice(NULL, "A change in the infrastructure has been detected!");
    model_tell_changes(changes);
    json_object_set(cycle->event, "changes", changes);
    int status = adapt(cycle);
    if (cycle->settings->dry_run && (status == 0 || report_of(cycle, "redeploy")))
        plan_print(cycle->event);
    if (remember(cycle, status) != 0)
        status = -1;
    return status == 0 ? CYCLE_DONE : CYCLE_FAILED;
}

/* What came of a word stands in the journal. */
static void note_word(const struct cycle *cycle, const json_t *word, const char *reason)
{
    json_t *document = json_copy((json_t *)word);
    json_object_del(document, "file");
    json_object_update_new(document, json_pack("{ss ss ss*}", "kind", "word", "outcome", reason ? "refused" : "taken",
                                               "reason", reason));
    journal_write(state_directory(cycle), document, true);
}

/* Copies of a target that is not held are the word's concern, and their components. */
static void take_copies(struct cycle *cycle, const json_t *word)
{
    json_t *state = cycle->state.root;
    const char *name = text(word, "word"), *target = text(word, "target"), *component = text(word, "component");
    CLEANUP_FREE char *reason = NULL;
    bool taken = survivors_word(state, name, target, component, &reason) == 0;
    if (!taken && !component)
        taken = presence_take_in(state, target, strcmp(name, "keep-copy") == 0);
    if (taken)
        log_notice(target, "%s: taken", name);
    else
        log_warning(target, "%s: %s", name, reason ? reason : "out of memory");
    note_word(cycle, word, taken ? NULL : reason ? reason : "out of memory");
}

static void take_word(struct cycle *cycle, const json_t *word)
{
    const char *name = text(word, "word");
    if (!name)
        return;
    if (text(word, "target")) {
        take_copies(cycle, word);
        return;
    }
    if (text(word, "snapshot"))
        restore_note(cycle->state.root, text(word, "snapshot"));
    else
        presence_word(cycle->state.root, name, operations->clock());
    note_word(cycle, word, NULL);
}

/* What operators said since the last cycle. */
static int take_words(struct cycle *cycle)
{
    CLEANUP_JSON json_t *words = words_take(state_directory(cycle));
    size_t index;
    json_t *word;
    if (json_array_size(words) == 0)
        return words ? 0 : -1;
    json_array_foreach(words, index, word)
        take_word(cycle, word);
    if (state_save(&cycle->state) != 0)
        return -1;
    words_drop(state_directory(cycle), words);
    return 0;
}

int cycle_run(const struct settings *settings, const struct cycle_request *request)
{
    struct cycle cycle;
    int status = CYCLE_FAILED;
    CLEANUP_FREE char *event = state_path(settings, "event.json");
    if (event)
        operations->remove(event);
    bool open = cycle_open(&cycle, settings) == 0;
    const struct recovery recovery = recovery_of(&cycle);
    if (open) {
        cycle.request = *request;
        cycle.progress = progress_to(request->progress);
        waits_keep(cycle.state.root, operations->clock(), operations->now());
        progress_tell(&cycle.progress, json_pack("{ss ss}", "event", "end", "stage", "load"));
        if ((settings->dry_run || recover_wait(&recovery) == 0) && take_words(&cycle) == 0)
            status = run_cycle(&cycle);
        if (cycle.deposed)
            status = CYCLE_DEPOSED;
        if (cycle.model.xml)
            summary_tell(&cycle.progress, cycle.event, &cycle.state, &cycle.model.infrastructure);
        operations->remove(cycle.work);
    }
    if (progress_tell(&cycle.progress, json_pack("{ss}", "event", "over")) != 0)
        status = CYCLE_FAILED;
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

/* On the disk before any plugin can crash. The totals, a new reference. */
static json_t *account(const struct settings *settings, const struct status *status)
{
    const bool adapted = json_is_true(json_object_get(status->facts, "adapted"));
    const bool failed = strcmp(status->outcome, "failed") == 0;
    json_t *document = json_pack("{ss sO* ss ss* sI}", "kind", "cycle_ended", "cycle",
                                 adapted ? json_object_get(status->facts, "cycle") : NULL, "outcome",
                                 status->outcome, "stage", failed && *status->stage ? status->stage : NULL,
                                 "milliseconds", (json_int_t)status->lasted);
    if (status->signal)
        json_object_set_new(document, "signal", json_integer(status->signal));
    journal_write(settings->state_directory, document, true);
    return totals_count(settings->state_directory, status, operations->clock());
}

/* The event of the last stage, and how it all ended. */
static void complete_event(json_t *event, const struct settings *settings, const struct status *status,
                           json_t *totals)
{
    CLEANUP_JSON json_t *kept = kept_event(settings);
    if (*status->stage)
        json_object_set_new(event, "stage", json_string(status->stage));
    json_object_update(event, kept);
    json_object_update_new(event, json_pack("{ss ss sI sO*}", "hook", "cycle_finished", "outcome",
                                            status->outcome, "milliseconds", (json_int_t)status->lasted,
                                            "totals", totals));
    if (status->signal)
        json_object_set_new(event, "signal", json_integer(status->signal));
    if (status->targets)
        json_object_set(event, "targets", status->targets);
}

int cycle_finished(const struct settings *settings, const struct status *ended)
{
    struct cycle cycle;
    CLEANUP_JSON json_t *totals = account(settings, ended);
    int status = cycle_open(&cycle, settings);
    if (status == 0)
        complete_event(cycle.event, settings, ended, totals);
    for (size_t i = 0; status == 0 && i < cycle.plugin_count; i++) {
        json_t *report = NULL;
        plugin_call(&cycle.plugins[i], "cycle_finished", cycle.event, cycle.work, &report);
        json_decref(report);
    }
    if (cycle.work)
        operations->remove(cycle.work);
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
