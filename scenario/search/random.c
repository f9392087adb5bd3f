/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/search/random.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json-members.h"
#include "lib/base/random.h"
#include "scenario/format/event-kinds.h"
#include "scenario/format/policy.h"

enum { MOST_TARGETS = 5, MOST_SERVICES = 4, MOST_ADDED = 4 };

enum condition { UP, CRASHED, HUNG, CUT, REMOVED };

struct random_target {
    const char *name; /* in names */
    enum condition condition;
    bool saved; /* its disk, under the label "earlier" */
    bool full;  /* its disk */
};

/* A scenario that grows. What its timeline has led to so far is followed, so that what is drawn can
 * happen. */
struct drawing {
    uint64_t state, collections; /* each draws from numbers of its own */
    json_t *scenario, *timeline;
    json_t *names;                 /* { NAME: true } of all targets that there were */
    struct random_target *targets; /* with those that are added */
    size_t target_count, target_room, service_count;
    const char **service_names;
    bool *stateful;
    size_t least; /* moments that the timeline had before anything was drawn */
    unsigned writes, numbers, versions;
    bool paused, full, stood, damaged;
};

static const char *const names_of_services[MOST_SERVICES] = { "database", "queue", "api", "web" };

static void *checked(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static unsigned below(struct drawing *drawing, size_t limit)
{
    return (unsigned)(random_next(&drawing->state) % limit);
}

static bool chance(struct drawing *drawing, unsigned percent)
{
    return below(drawing, 100) < percent;
}

/* The name, as names has it. */
static const char *keep_name(struct drawing *drawing, const char *name)
{
    json_object_set_new(drawing->names, name, json_true());
    return json_object_iter_key(json_object_iter_at(drawing->names, name));
}

/* One that no target has had. */
static const char *new_name(struct drawing *drawing)
{
    char name[16];
    do
        snprintf(name, sizeof name, "test%u", ++drawing->numbers);
    while (json_object_get(drawing->names, name));
    return keep_name(drawing, name);
}

static struct random_target *add_target(struct drawing *drawing, const char *name)
{
    struct random_target *target = &drawing->targets[drawing->target_count++];
    *target = (struct random_target){ .name = name, .condition = UP };
    return target;
}

static void make_room(struct drawing *drawing, size_t targets, size_t services)
{
    drawing->target_room = targets + MOST_ADDED;
    drawing->targets = checked(calloc(drawing->target_room, sizeof *drawing->targets));
    drawing->service_names = checked(calloc(services, sizeof *drawing->service_names));
    drawing->stateful = checked(calloc(services, sizeof *drawing->stateful));
}

static void draw_targets(struct drawing *drawing)
{
    size_t count = 2 + below(drawing, MOST_TARGETS - 1);
    json_t *targets = json_object();
    for (size_t i = 0; i < count; i++)
        json_object_set_new(targets, add_target(drawing, new_name(drawing))->name, json_object());
    json_object_set_new(drawing->scenario, "targets", targets);
}

/* Of the services before it. */
static json_t *draw_dependencies(struct drawing *drawing, size_t service)
{
    json_t *names = json_array();
    for (size_t i = 0; i < service; i++)
        if (chance(drawing, 40))
            json_array_append_new(names, json_string(drawing->service_names[i]));
    return names;
}

static json_t *draw_service(struct drawing *drawing, size_t i)
{
    bool stateful = drawing->stateful[i] = i == 0 || chance(drawing, 30);
    const char *type = !stateful             ? "process"
                       : chance(drawing, 30) ? "mysql-database"
                       : chance(drawing, 10) ? "process"
                                             : "fileset";
    json_t *service = json_pack("{ss sb}", "type", type, "state", (int)stateful);
    if (stateful && strcmp(type, "process") == 0)
        json_object_set_new(service, "nature", json_string("process"));
    json_t *dependencies = draw_dependencies(drawing, i);
    if (json_array_size(dependencies) > 0)
        json_object_set(service, chance(drawing, 70) ? "dependsOn" : "connectsTo", dependencies);
    json_decref(dependencies);
    return service;
}

/* The targets of the beginning, in an order of its own. */
static json_t *draw_preference(struct drawing *drawing)
{
    json_t *names = json_array();
    for (size_t i = 0; i < drawing->target_count; i++)
        json_array_insert_new(names, below(drawing, json_array_size(names) + 1),
                              json_string(drawing->targets[i].name));
    return names;
}

static json_t *draw_places(struct drawing *drawing, size_t i)
{
    int copies = chance(drawing, drawing->stateful[i] ? 10 : 25) ? 2 : 1;
    bool anywhere = chance(drawing, 50);
    json_t *places = json_pack("{si sb}", "copies", copies, "stay", (int)chance(drawing, 60));
    if (!anywhere)
        json_object_set_new(places, "on", draw_preference(drawing));
    return places;
}

static void draw_services(struct drawing *drawing)
{
    json_t *services = json_object(), *distribution = json_object();
    drawing->service_count = 1 + below(drawing, MOST_SERVICES);
    for (size_t i = 0; i < drawing->service_count; i++) {
        drawing->service_names[i] = names_of_services[i];
        json_object_set_new(services, names_of_services[i], draw_service(drawing, i));
        json_object_set_new(distribution, names_of_services[i], draw_places(drawing, i));
    }
    json_object_set_new(drawing->scenario, "services", services);
    json_object_set_new(drawing->scenario, "distribution", distribution);
}

/* A target in that condition; NULL: there is none. */
static struct random_target *any_target(struct drawing *drawing, enum condition condition)
{
    size_t first = below(drawing, drawing->target_count);
    for (size_t i = 0; i < drawing->target_count; i++) {
        struct random_target *target = &drawing->targets[(first + i) % drawing->target_count];
        if (target->condition == condition)
            return target;
    }
    return NULL;
}

static size_t count_up(const struct drawing *drawing)
{
    size_t count = 0;
    for (size_t i = 0; i < drawing->target_count; i++)
        count += drawing->targets[i].condition == UP;
    return count;
}

static const char *any_service(struct drawing *drawing)
{
    return drawing->service_names[below(drawing, drawing->service_count)];
}

/* Each of these gives an event, or NULL where nothing of the kind can happen. */

/* Any target that the coordinator does not say is dead; NULL: there is none. */
static struct random_target *any_answering(struct drawing *drawing)
{
    size_t first = below(drawing, drawing->target_count);
    for (size_t i = 0; i < drawing->target_count; i++) {
        struct random_target *target = &drawing->targets[(first + i) % drawing->target_count];
        if (target->condition == UP || target->condition == CUT)
            return target;
    }
    return NULL;
}

/* NULL: there is none. */
static const char *any_stateful(struct drawing *drawing)
{
    size_t service = below(drawing, drawing->service_count), first = 0;
    while (first < drawing->service_count && !drawing->stateful[first])
        first++;
    if (first == drawing->service_count)
        return NULL;
    return drawing->service_names[drawing->stateful[service] ? service : first];
}

/* Some clients know of one machine only. */
static json_t *at_some_target(struct drawing *drawing, json_t *event, unsigned percent)
{
    struct random_target *target = chance(drawing, percent) ? any_answering(drawing) : NULL;
    if (target && event)
        json_object_set_new(event, "target", json_string(target->name));
    return event;
}

static json_t *draw_write(struct drawing *drawing)
{
    char text[16];
    snprintf(text, sizeof text, "w%u", ++drawing->writes);
    json_t *event = json_pack("{ss ss ss}", "event", "write", "service", any_stateful(drawing), "text", text);
    return at_some_target(drawing, event, 25);
}

static json_t *draw_client(struct drawing *drawing)
{
    json_t *event = json_pack("{ss ss si}", "event", "client", "service", any_stateful(drawing), "times",
                              1 + (int)below(drawing, 8));
    return at_some_target(drawing, event, 40);
}

static json_t *lose_target(struct drawing *drawing, const char *event, enum condition condition)
{
    struct random_target *target = count_up(drawing) > 1 ? any_target(drawing, UP) : NULL;
    if (!target)
        return NULL;
    target->condition = condition;
    return json_pack("{ss ss}", "event", event, "target", target->name);
}

static json_t *draw_crash(struct drawing *drawing)
{
    return lose_target(drawing, "crash", CRASHED);
}

static json_t *draw_hang(struct drawing *drawing)
{
    return lose_target(drawing, "hang", HUNG);
}

static json_t *draw_remove(struct drawing *drawing)
{
    return lose_target(drawing, "remove", REMOVED);
}

static json_t *draw_partition(struct drawing *drawing)
{
    struct random_target *target = count_up(drawing) > 1 ? any_target(drawing, UP) : NULL;
    if (!target)
        return NULL;
    target->condition = CUT;
    return json_pack("{ss s[s]}", "event", "partition", "targets", target->name);
}

static json_t *draw_return(struct drawing *drawing)
{
    struct random_target *target = any_target(drawing, CRASHED);
    if (!target)
        return NULL;
    target->condition = UP;
    json_t *event = json_pack("{ss ss}", "event", "reappear", "target", target->name);
    if (chance(drawing, 15))
        json_object_set_new(event, "disk", json_string("lost"));
    else if (target->saved && chance(drawing, 30))
        json_object_set_new(event, "disk", json_pack("{ss}", "saved", "earlier"));
    return event;
}

static json_t *draw_mending(struct drawing *drawing)
{
    struct random_target *target = any_target(drawing, HUNG);
    if (target) {
        target->condition = UP;
        return json_pack("{ss ss}", "event", "resume", "target", target->name);
    }
    if (!(target = any_target(drawing, CUT)))
        return NULL;
    target->condition = UP;
    return json_pack("{ss s[s]}", "event", "join", "targets", target->name);
}

static json_t *draw_save(struct drawing *drawing)
{
    struct random_target *target = any_target(drawing, UP);
    if (!target)
        return NULL;
    target->saved = true;
    return json_pack("{ss ss ss}", "event", "save", "target", target->name, "label", "earlier");
}

static json_t *draw_addition(struct drawing *drawing)
{
    if (drawing->target_count == drawing->target_room)
        return NULL;
    return json_pack("{ss ss}", "event", "add", "target", add_target(drawing, new_name(drawing))->name);
}

static json_t *draw_renaming(struct drawing *drawing)
{
    struct random_target *target = any_target(drawing, UP);
    if (!target)
        return NULL;
    const char *old = target->name;
    target->name = new_name(drawing);
    target->saved = false;
    return json_pack("{ss ss ss}", "event", "rename", "target", old, "to", target->name);
}

static json_t *draw_loss(struct drawing *drawing)
{
    static const char *const what[] = { "manifest", "store", "state", "all" };
    return json_pack("{ss ss}", "event", "lose-coordinator", "what", what[below(drawing, 4)]);
}

static json_t *draw_corruption(struct drawing *drawing)
{
    static const char *const how[] = { "garbage", "half", "empty", "stranger" };
    struct random_target *target = any_target(drawing, UP);
    return target ? json_pack("{ss ss ss}", "event", "corrupt", "target", target->name, "how",
                              how[below(drawing, 4)])
                  : NULL;
}

static json_t *draw_generator(struct drawing *drawing)
{
    static const char *const prints[] = { "half", "nothing", "empty", "garbage", "fails" };
    return json_pack("{ss ss}", "event", "generator", "prints", prints[below(drawing, 5)]);
}

/* Before its work or after it, which nobody can tell who waits. */
static const char *draw_silence(struct drawing *drawing)
{
    static const char *const silences[] = { "hangs", "lingers", "misses", "breaks" };
    return silences[below(drawing, 4)];
}

static json_t *draw_failure(struct drawing *drawing)
{
    static const char *const operations[] = {
        "--activate", "--deactivate", "--snapshot",        "--restore",         "--lock",
        "--unlock",   "--set",        "--query-installed", "--import-snapshots"
    };
    const char *operation = operations[below(drawing, sizeof operations / sizeof *operations)];
    json_t *event =
        json_pack("{ss ss si}", "event", "fail", "operation", operation, "times", 1 + (int)below(drawing, 2));
    if (chance(drawing, 20))
        json_object_set_new(event, "how", json_string(draw_silence(drawing)));
    else if (strcmp(operation, "--snapshot") == 0 && chance(drawing, 60))
        json_object_set_new(
            event, "how",
            json_string("empties")); /* who lies cannot be known to, and Disnix trusts him, too */
    return event;
}

/* One target hangs in one kind of call, some times. */
static json_t *draw_hanger(struct drawing *drawing)
{
    static const char *const operations[] = {
        "--query-requisites",
        "--query-installed",
        "--print-invalid",
        "--export",
        "--import",
        "--set",
        "--lock",
        "--activate",
        "--deactivate",
        "--snapshot",
        "--restore",
        "--query-all-snapshots",
        "--query-latest-snapshot",
        "--export-snapshots",
        "--import-snapshots",
        "--print-missing-snapshots",
    };
    struct random_target *target = any_target(drawing, UP);
    return target ? json_pack("{ss ss ss ss si}", "event", "fail", "operation",
                              operations[below(drawing, sizeof operations / sizeof *operations)], "target",
                              target->name, "how", draw_silence(drawing), "times", 1 + (int)below(drawing, 4))
                  : NULL;
}

/* The services of a target say what Disnix says, or very much. */
static json_t *draw_liar(struct drawing *drawing)
{
    static const char *const operations[] = { "--activate", "--deactivate", "--lock",
                                              "--set",      "--snapshot",   "--restore" };
    static const char *const texts[] = {
        "[coordinator]: The new configuration has been successfully activated!\n",
        "[coordinator]: Setting profiles...\n",
        "[coordinator]: Releasing locks...\n[target: test1]: There is no lock file!\n",
        "The deployment failed! Please inspect the output to diagnose any problems!\n",
    };
    struct random_target *target = any_target(drawing, UP);
    return target ? json_pack("{ss ss ss ss si}", "event", "say", "target", target->name, "operation",
                              operations[below(drawing, sizeof operations / sizeof *operations)], "text",
                              texts[below(drawing, sizeof texts / sizeof *texts)], "repeat",
                              chance(drawing, 20) ? 20000 : 1)
                  : NULL;
}

static json_t *draw_ending(struct drawing *drawing)
{
    static const char *const phases[] = { "distributing", "deactivating", "activating", "snapshotting",
                                          "restoring",    "setting",      "coordinator" };
    json_t *event =
        json_pack("{ss ss}", "event", "end", "phase", phases[below(drawing, sizeof phases / sizeof *phases)]);
    json_object_set_new(event, "signal", json_string(chance(drawing, 50) ? "KILL" : "SEGV"));
    return event;
}

static json_t *draw_kill(struct drawing *drawing)
{
    static const char *const stages[] = { "capture",  "detect",       "reconstruct",
                                          "snapshot", "redistribute", "redeploy" };
    static const char *const phases[] = { "locking", "deactivating", "activating", "restoring", "setting" };
    json_t *event = json_pack("{ss}", "event", "kill-host");
    if (chance(drawing, 50))
        json_object_set_new(event, "at", json_pack("{ss}", "stage", stages[below(drawing, 6)]));
    else if (chance(drawing, 60))
        json_object_set_new(event, "at", json_pack("{ss}", "phase", phases[below(drawing, 5)]));
    if (chance(drawing, 30))
        json_object_set_new(event, "spares", json_string("engine"));
    return event;
}

static json_t *draw_upgrade(struct drawing *drawing)
{
    char version[16];
    snprintf(version, sizeof version, "%u", 1 + ++drawing->versions);
    return json_pack("{ss s{s{ss}}}", "event", "upgrade", "services", any_service(drawing), "version",
                     version);
}

static json_t *draw_wait(struct drawing *drawing)
{
    static const int seconds[] = { 5, 60, 600, 7200 };
    return json_pack("{ss si}", "event", "wait", "seconds", seconds[below(drawing, 4)]);
}

static json_t *draw_pause(struct drawing *drawing)
{
    if (drawing->full)
        return NULL;
    drawing->paused = !drawing->paused;
    return json_pack("{ss}", "event", drawing->paused ? "pause" : "continue");
}

/* That of the coordinator may come between two stages, the first of which has put something into the
 * store. */
static json_t *draw_collection(struct drawing *drawing)
{
    static const char *const stages[] = { "reconstruct", "snapshot", "redistribute", "redeploy" };
    struct random_target *target = chance(drawing, 50) ? any_target(drawing, UP) : NULL;
    if (target)
        return json_pack("{ss ss sb}", "event", "collect-garbage", "target", target->name, "old",
                         (int)chance(drawing, 50));
    json_t *event = json_pack("{ss}", "event", "collect-garbage");
    if (chance(drawing, 50))
        json_object_set_new(event, "at", json_pack("{ss}", "stage", stages[below(drawing, 4)]));
    return event;
}

/* An operator says something about copies on some target, whether there is anything to be said or not. */
static json_t *draw_word(struct drawing *drawing)
{
    struct random_target *target = any_target(drawing, UP);
    return target ? json_pack("{ss ss}", "event", chance(drawing, 60) ? "keep-copy" : "discard-copy",
                              "target", target->name)
                  : NULL;
}

static json_t *move_to(struct drawing *drawing, const struct random_target *target)
{
    const char *service = any_service(drawing);
    return target ? json_pack("{ss s{} s{s{s[s] sb}}}", "event", "upgrade", "services", "distribution",
                              service, "on", target->name, "stay", 0)
                  : NULL;
}

/* The distribution wants a service elsewhere. */
static json_t *draw_move(struct drawing *drawing)
{
    return move_to(drawing, any_target(drawing, UP));
}

static json_t *draw_full_disk(struct drawing *drawing)
{
    drawing->full = !drawing->full;
    return json_pack("{ss}", "event", drawing->full ? "full-disk" : "free-disk");
}

static json_t *draw_event(struct drawing *drawing)
{
    static const struct {
        unsigned weight;
        json_t *(*draw)(struct drawing *drawing);
    } kinds[] = { { 22, draw_write },     { 14, draw_crash },   { 14, draw_return }, { 6, draw_partition },
                  { 10, draw_mending },   { 3, draw_hang },     { 3, draw_save },    { 4, draw_addition },
                  { 2, draw_remove },     { 2, draw_renaming }, { 6, draw_loss },    { 2, draw_corruption },
                  { 2, draw_generator },  { 5, draw_failure },  { 3, draw_ending },  { 4, draw_kill },
                  { 4, draw_upgrade },    { 5, draw_wait },     { 1, draw_pause },   { 1, draw_full_disk },
                  { 4, draw_collection }, { 10, draw_client },  { 3, draw_word },    { 3, draw_move },
                  { 4, draw_hanger },     { 3, draw_liar } };
    unsigned total = 0, chosen;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        total += kinds[i].weight;
    chosen = below(drawing, total);
    for (size_t i = 0;; i++) {
        if (chosen < kinds[i].weight)
            return kinds[i].draw(drawing);
        chosen -= kinds[i].weight;
    }
}

/* Something that happens in the middle of the cycle that another event brings about. */
static void draw_moment_of(struct drawing *drawing, json_t *event)
{
    static const char *const phases[] = { "locking",      "deactivating", "activating",
                                          "snapshotting", "restoring",    "setting" };
    json_object_set_new(event, "at", json_pack("{ss}", "phase", phases[below(drawing, 6)]));
}

/* The coordinator has nothing but the manifest that it has reconstructed, for a stage fails so often that the
 * loop rests; and then comes Nix. */
static void draw_standstill(struct drawing *drawing)
{
    json_t *crash = drawing->stood ? NULL : draw_crash(drawing);
    if (!crash)
        return;
    drawing->stood = true;
    json_array_append_new(drawing->timeline,
                          json_pack("[{ss ss}, {ss ss si}, o]", "event", "lose-coordinator", "what", "all",
                                    "event", "fail", "stage", "redistribute", "times", 5, crash));
    json_array_append_new(drawing->timeline, draw_collection(drawing));
}

static void add_moment(struct drawing *drawing, json_t *event)
{
    if (event)
        json_array_append_new(drawing->timeline, event);
}

/* One call of the plugin fails, once or again and again. */
static json_t *draw_failing_action(struct drawing *drawing)
{
    static const char *const actions[] = { "--activate", "--snapshot", "--snapshot", "--deactivate",
                                           "--restore" };
    const char *action = actions[below(drawing, sizeof actions / sizeof *actions)];
    bool once = strcmp(action, "--activate") == 0 || chance(drawing, 70);
    json_t *event = json_pack("{ss ss si}", "event", "fail", "operation", action, "times", once ? 1 : 9);
    if (chance(drawing, 20))
        json_object_set_new(event, "how", json_string("lingers"));
    return event;
}

/* Two copies of one state: a machine is away while another one takes over and is written to, perhaps both
 * are; it comes back while clients go on, and something may fail; then somebody says a word. */
static void draw_doubt(struct drawing *drawing)
{
    bool cut = chance(drawing, 50);
    json_t *away = cut ? draw_partition(drawing) : draw_crash(drawing);
    if (!away)
        return;
    json_t *back = json_array();
    const char *name = cut ? json_string_value(json_array_get(json_object_get(away, "targets"), 0))
                           : json_string_value(json_object_get(away, "target"));
    add_moment(drawing, away);
    add_moment(drawing, draw_write(drawing));
    if (chance(drawing, 70))
        json_array_append_new(back,
                              json_pack("{ss ss ss si}", "event", "client", "service", any_stateful(drawing),
                                        "target", name, "times", 1 + (int)below(drawing, 60)));
    json_t *dies = chance(drawing, 25) ? draw_crash(drawing) : NULL;
    if (dies)
        json_array_append_new(back, dies);
    if (chance(drawing, 40))
        json_array_append_new(back, draw_failing_action(drawing));
    for (size_t i = 0; i < drawing->target_count; i++)
        if (strcmp(drawing->targets[i].name, name) == 0)
            drawing->targets[i].condition = UP;
    json_array_append_new(back, cut ? json_pack("{ss s[s]}", "event", "join", "targets", name)
                                    : json_pack("{ss ss}", "event", "reappear", "target", name));
    add_moment(drawing, back);
    if (chance(drawing, 60))
        add_moment(drawing,
                   chance(drawing, 50)
                       ? json_pack("[o, {ss ss}]", draw_failing_action(drawing), "event", "keep-copy",
                                   "target", name)
                       : json_pack("{ss ss}", "event", chance(drawing, 50) ? "keep-copy" : "discard-copy",
                                   "target", name));
}

/* Nix on a target takes what nothing keeps between any two calls of the cycle that an event brings about. */
static json_t *draw_collection_within(struct drawing *drawing)
{
    static const char *const calls[] = {
        "--print-invalid", "--import", "--query-requisites", "--lock",   "--activate",
        "--deactivate",    "--set",    "--import-snapshots", "--unlock", "--snapshot",
        "--restore",
    };
    const uint64_t state = drawing->state;
    drawing->state = drawing->collections;
    struct random_target *target = chance(drawing, 10) ? any_target(drawing, UP) : NULL;
    json_t *event = target ? json_pack("{ss ss sb s{ss si}}", "event", "collect-garbage", "target",
                                       target->name, "old", (int)chance(drawing, 50), "at", "call",
                                       calls[below(drawing, sizeof calls / sizeof *calls)], "number",
                                       1 + (int)below(drawing, 2))
                           : NULL;
    drawing->collections = drawing->state;
    drawing->state = state;
    return event;
}

static void draw_timeline(struct drawing *drawing)
{
    size_t length = drawing->least + 2 + below(drawing, 12);
    while (json_array_size(drawing->timeline) < length) {
        if (chance(drawing, 2))
            draw_standstill(drawing);
        if (chance(drawing, 6))
            draw_doubt(drawing);
        json_t *event = draw_event(drawing);
        if (!event)
            continue;
        json_t *crash = chance(drawing, 6) ? draw_crash(drawing) : NULL;
        if (crash)
            draw_moment_of(drawing, crash);
        json_t *collection = draw_collection_within(drawing);
        json_array_append_new(drawing->timeline,
                              crash || collection ? json_pack("[o,o*,o*]", event, crash, collection) : event);
    }
}

/* What is trying is tried while a service changes, or while there are two copies of some state. */
static void draw_occasion(struct drawing *drawing)
{
    if (chance(drawing, 50))
        add_moment(drawing, draw_upgrade(drawing));
    else
        draw_doubt(drawing);
}

static const char *draw_operation(struct drawing *drawing)
{
    static const char *const operations[] = { "--lock", "--activate", "--deactivate", "--snapshot" };
    return operations[below(drawing, sizeof operations / sizeof *operations)];
}

/* A target whose services cannot be activated says that all is well. */
static void draw_lie(struct drawing *drawing)
{
    struct random_target *target = any_target(drawing, UP);
    if (!target)
        return;
    add_moment(drawing,
               json_pack("[{ss ss ss ss}, {ss ss ss}, o]", "event", "say", "target", target->name,
                         "operation", "--deactivate", "text",
                         "[coordinator]: The new configuration has been successfully activated!\n", "event",
                         "fail", "operation", "--activate", "target", target->name, draw_upgrade(drawing)));
}

static void draw_flood(struct drawing *drawing)
{
    struct random_target *target = any_target(drawing, UP);
    if (!target)
        return;
    add_moment(drawing, json_pack("{ss ss ss ss si}", "event", "say", "target", target->name, "operation",
                                  draw_operation(drawing), "text",
                                  "much is said, and much, and much more than that\n", "repeat", 30000));
    draw_occasion(drawing);
}

/* The disk of a target is full, for long. */
static void draw_full_target(struct drawing *drawing)
{
    struct random_target *target = any_target(drawing, UP);
    if (!target)
        return;
    target->full = true;
    add_moment(drawing, json_pack("{ss ss}", "event", "full-disk", "target", target->name));
    if (chance(drawing, 60))
        add_moment(drawing, move_to(drawing, target));
    else
        draw_occasion(drawing);
    add_moment(drawing, draw_wait(drawing));
}

/* Targets hang again and again, in whatever they are asked about copies. */
static void draw_long_hang(struct drawing *drawing)
{
    static const char *const operations[] = { "--query-all-snapshots", "--query-latest-snapshot",
                                              "--snapshot", "--deactivate" };
    json_t *moment = json_array();
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        json_array_append_new(moment, json_pack("{ss ss ss si}", "event", "fail", "operation", operations[i],
                                                "how", draw_silence(drawing), "times", 4));
    add_moment(drawing, moment);
    draw_doubt(drawing);
}

static void draw_damage(struct drawing *drawing)
{
    static const char *const how[] = { "half", "newer", "unreadable" };
    if (drawing->full)
        return;
    drawing->damaged = true;
    add_moment(drawing, json_pack("{ss ss}", "event", "damage-state", "how", how[below(drawing, 3)]));
    draw_occasion(drawing);
    if (chance(drawing, 50))
        return;
    add_moment(drawing, json_pack("{ss}", "event", "mend-state"));
    drawing->damaged = false;
}

/* Whether something goes on to be written to where it is fenced. */
static bool has_database(const struct drawing *drawing)
{
    json_t *services = json_object_get(drawing->scenario, "services"), *service;
    const char *name;
    json_object_foreach(services, name, service)
        if (text_at_is(service, "type", "mysql-database"))
            return true;
    return false;
}

/* Another coordinator deploys a service elsewhere, while one target, or none, cannot be reached. It knows what
 * ours knows: where that is nothing it would deploy anew, over all state; and where ours has not looked, its
 * profiles would not have what runs on a target that has come back, so that nobody could know of that. Nor
 * does it save what it restores over, where a fence stops nothing, or somebody has given a copy up unsaved. */
static void draw_stranger(struct drawing *drawing)
{
    static const char *const blinding[] = { "lose-coordinator", "full-disk", "pause", "keep-copy",
                                            "discard-copy" };
    if (has_database(drawing))
        return;
    for (size_t i = 0; i < sizeof blinding / sizeof *blinding; i++)
        if (scenario_has_event(drawing->timeline, blinding[i]))
            return;
    json_t *away = chance(drawing, 60) ? draw_partition(drawing) : NULL;
    json_t *move = draw_move(drawing);
    add_moment(drawing, away);
    if (!move)
        return;
    json_object_set_new(move, "event", json_string("foreign-deploy"));
    json_object_del(move, "services");
    add_moment(drawing, draw_write(drawing));
    add_moment(drawing, move);
    add_moment(drawing, draw_write(drawing));
    add_moment(drawing, draw_mending(drawing));
}

/* From numbers of its own, so that the rest of a scenario stays what it is. */
static void draw_trouble(struct drawing *drawing, uint64_t number)
{
    static void (*const kinds[])(struct drawing * drawing) = { draw_lie,    draw_flood,    draw_long_hang,
                                                               draw_damage, draw_stranger, draw_full_target };
    const uint64_t state = drawing->state;
    drawing->state = number * UINT64_C(0x9e6c63d0876a9a47) + 3;
    if (chance(drawing, 16))
        kinds[below(drawing, sizeof kinds / sizeof *kinds)](drawing);
    drawing->state = state;
}

/* All that is only out of order is put in order, so that what must hold in the end can be demanded. */
static void draw_peace(struct drawing *drawing)
{
    json_t *moment = json_array(), *event;
    if (drawing->full)
        json_array_append_new(moment, draw_full_disk(drawing));
    for (size_t i = 0; i < drawing->target_count; i++)
        if (drawing->targets[i].full && drawing->targets[i].condition != REMOVED)
            json_array_append_new(
                moment, json_pack("{ss ss}", "event", "free-disk", "target", drawing->targets[i].name));
    if (drawing->damaged)
        json_array_append_new(moment, json_pack("{ss}", "event", "mend-state"));
    if (drawing->paused)
        json_array_append_new(moment, draw_pause(drawing));
    while ((event = draw_mending(drawing)) != NULL)
        json_array_append_new(moment, event);
    json_array_append_new(moment, json_pack("{ss si}", "event", "wait", "seconds", 5400));
    json_array_append_new(drawing->timeline, moment);
}

static json_t *draw_options(struct drawing *drawing)
{
    json_t *options = json_pack("[s, s]", "--cycle-timeout=1800", "--probe-interval=300");
    if (chance(drawing, 60))
        json_array_append_new(options, json_string("--resync=3600"));
    return options;
}

/* What the timeline of a case comes to. */

static struct random_target *find_target(struct drawing *drawing, const char *name)
{
    for (size_t i = 0; i < drawing->target_count; i++)
        if (strcmp(drawing->targets[i].name, name) == 0)
            return &drawing->targets[i];
    return NULL;
}

static const struct {
    const char *event;
    enum condition condition;
} conditions[] = { { "crash", CRASHED }, { "reappear", UP }, { "hang", HUNG },     { "resume", UP },
                   { "partition", CUT }, { "join", UP },     { "remove", REMOVED } };

static void follow_target(struct drawing *drawing, const char *event, const char *name)
{
    struct random_target *target = find_target(drawing, name);
    for (size_t i = 0; target && i < sizeof conditions / sizeof *conditions; i++)
        if (strcmp(event, conditions[i].event) == 0)
            target->condition = conditions[i].condition;
}

static void follow_event(struct drawing *drawing, const json_t *event)
{
    const char *word = text_at(event, "event"), *name = text_at(event, "target");
    struct random_target *target = find_target(drawing, name);
    size_t index;
    json_t *each;
    if (strcmp(word, "add") == 0 && !target && drawing->target_count < drawing->target_room)
        add_target(drawing, keep_name(drawing, name));
    if (strcmp(word, "rename") == 0 && target)
        target->name = keep_name(drawing, text_at(event, "to"));
    follow_target(drawing, word, name);
    json_array_foreach(json_object_get(event, "targets"), index, each)
        follow_target(drawing, word, json_string_value(each));
    bool *full = target ? &target->full : &drawing->full;
    *full = strcmp(word, "full-disk") == 0 || (*full && strcmp(word, "free-disk") != 0);
    drawing->paused = strcmp(word, "pause") == 0 || (drawing->paused && strcmp(word, "continue") != 0);
    drawing->damaged =
        strcmp(word, "damage-state") == 0 || (drawing->damaged && strcmp(word, "mend-state") != 0);
}

static void take_timeline(struct drawing *drawing, const json_t *timeline)
{
    size_t index, inner;
    json_t *moment, *event;
    json_array_foreach((json_t *)timeline, index, moment) {
        if (json_object_get(moment, "expect"))
            continue;
        json_array_append(drawing->timeline, moment);
        if (!json_is_array(moment))
            follow_event(drawing, moment);
        json_array_foreach(moment, inner, event)
            follow_event(drawing, event);
    }
    drawing->least = json_array_size(drawing->timeline);
}

/* A system that is given. */
static void take_system(struct drawing *drawing, const json_t *system)
{
    const json_t *targets = json_object_get(system, "targets"),
                 *services = json_object_get(system, "services");
    const json_t *timeline = json_object_get(system, "timeline");
    const char *name;
    json_t *value;
    make_room(drawing, json_object_size(targets) + json_array_size(timeline), json_object_size(services));
    json_object_foreach((json_t *)targets, name, value)
        add_target(drawing, keep_name(drawing, name));
    json_object_foreach((json_t *)services, name, value) {
        drawing->stateful[drawing->service_count] = scenario_has_state(value);
        drawing->service_names[drawing->service_count++] = name;
    }
    json_object_del(drawing->scenario, "expect");
    take_timeline(drawing, timeline);
}

static void draw_system(struct drawing *drawing)
{
    make_room(drawing, MOST_TARGETS, MOST_SERVICES);
    draw_targets(drawing);
    draw_services(drawing);
    json_object_set_new(drawing->scenario, "options", draw_options(drawing));
    json_object_set_new(drawing->scenario, "snapshot", json_boolean(chance(drawing, 60)));
    json_object_set_new(drawing->scenario, "discovery", json_boolean(chance(drawing, 70)));
}

json_t *scenario_random(const json_t *system, uint64_t number)
{
    struct drawing drawing = { .state = number * UINT64_C(0x2545f4914f6cdd1d) + 1,
                               .collections = number * UINT64_C(0xd1342543de82ef95) + 5,
                               .scenario = system ? json_copy((json_t *)system) : json_object(),
                               .timeline = json_array(),
                               .names = json_object() };
    json_object_set_new(drawing.scenario, "version", json_integer(1));
    json_object_set_new(drawing.scenario, "seed", json_integer((json_int_t)(number & INT64_MAX)));
    json_object_set_new(drawing.scenario, "timeline", drawing.timeline);
    if (system)
        take_system(&drawing, system);
    else
        draw_system(&drawing);
    draw_timeline(&drawing);
    draw_trouble(&drawing, number);
    draw_peace(&drawing);
    json_object_set_new(
        drawing.scenario, "description",
        json_sprintf("scenario %llu of those that were explored", (unsigned long long)number));
    free(drawing.targets);
    free(drawing.service_names);
    free(drawing.stateful);
    json_decref(drawing.names);
    return drawing.scenario;
}
