/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/capture/facts.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/switch.h"
#include "lib/model/client.h"
#include "lib/model/paths.h"
#include "lib/state/generations.h"
#include "lib/world/budget.h"
#include "lib/world/operations.h"

/* The path in the call that sets a profile; NULL: there is none. */
static const char *profile_to_set(const json_t *calls)
{
    const char *path = NULL;
    size_t index, inner;
    json_t *call, *word;
    json_array_foreach((json_t *)calls, index, call) {
        const char *what = json_string_value(json_object_get(call, "what"));
        json_array_foreach(json_object_get(call, "arguments"), inner, word)
            if (what && strcmp(what, "set") == 0 && json_is_string(word)
                && is_store_path(json_string_value(word)))
                path = json_string_value(word);
    }
    return path;
}

/* Leftovers of a deployment of version 1 name their target by its key. */
static bool is_called(const struct target *target, const char *name)
{
    const char *key = target_connection_key(target);
    return strcmp(target->name, name) == 0 || (key && strcmp(key, name) == 0);
}

void facts_set_owed(const json_t *history, struct capture *capture)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(history, "leftovers"), index, entry) {
        const char *name = json_string_value(json_object_get(entry, "target"));
        const char *path = profile_to_set(json_object_get(entry, "calls"));
        for (size_t i = 0; name && path && i < capture->count; i++)
            if (is_called(capture->targets[i].target, name))
                capture->targets[i].owed = path;
    }
}

/* What somebody has decided stays until the host forgets it. */
static void set_words(struct capture *capture, const json_t *names, bool accepted)
{
    size_t index;
    json_t *name;
    json_array_foreach(names, index, name) {
        struct captured *captured =
            json_is_string(name) ? capture_find(capture, json_string_value(name)) : NULL;
        if (captured)
            *(accepted ? &captured->accepted : &captured->preferred) = true;
        else if (json_is_string(name))
            log_warning(NULL, "target %s, on which somebody has decided, is not in the model",
                        json_string_value(name));
    }
}

void facts_set_absences(const json_t *history, struct capture *capture)
{
    const json_t *targets = json_object_get(history, "targets");
    for (size_t i = 0; i < capture->count; i++) {
        struct captured *captured = &capture->targets[i];
        const json_t *target = json_object_get(targets, captured->target->name);
        const json_t *away = json_object_get(target, "away"), *missed = json_object_get(target, "missed");
        captured->away_known = json_is_integer(away);
        captured->away = json_integer_value(away);
        captured->missed_known = json_is_integer(missed);
        captured->missed = json_integer_value(missed);
    }
    set_words(capture, json_object_get(history, "discardCopy"), true);
    set_words(capture, json_object_get(history, "keepCopy"), false);
}

static void remember_snapshot(struct copy *copy, const json_t *history)
{
    const json_t *target = json_object_get(json_object_get(history, "snapshots"), copy->mapping->target);
    const json_t *time =
        json_object_get(json_object_get(target, copy->mapping->container), copy->mapping->component);
    copy->facts.snapshotted_known = json_is_integer(time);
    copy->facts.snapshotted = json_integer_value(time);
}

int facts_begin(struct copy *copy, const json_t *history)
{
    struct facts *facts = &copy->facts;
    facts->newest.with = calloc(copy->component->place_count, sizeof *facts->newest.with);
    facts->deployed.with = calloc(copy->component->place_count, sizeof *facts->deployed.with);
    remember_snapshot(copy, history);
    return facts->newest.with && facts->deployed.with ? 0 : -1;
}

static int append_name(struct snapshots *snapshots, const char *name)
{
    const char **grown = realloc(snapshots->names, (snapshots->count + 1) * sizeof *grown);
    if (!name || !grown) {
        snapshots->names = grown ? grown : snapshots->names;
        return -1;
    }
    snapshots->names = grown;
    snapshots->names[snapshots->count++] = name;
    return 0;
}

/* A query of a target for its snapshots of one component. */
struct query {
    const struct copy *copy;
    struct snapshots *snapshots, latest;
    struct strings *strings;
    struct arguments arguments;
    bool over; /* it was answered */
};

/* First all snapshots are asked for. Dysnomia lists them by the text of their numbers, 10 before 9: where
 * there are several, the newest is asked for then. Who does not answer is asked once more: without an answer
 * an older copy is taken for the one, for good. */
struct queries {
    struct query *items;
    size_t count, next;
    bool for_latest, again;
    int64_t timeout;
};

static bool is_asked(const struct queries *queries, const struct query *query)
{
    return !query->over && (!queries->for_latest || query->snapshots->count > 1);
}

static bool next_query(void *closure, struct dydisnix_program *program)
{
    struct queries *queries = closure;
    while (queries->next < queries->count && !is_asked(queries, &queries->items[queries->next]))
        queries->next++;
    if (queries->next == queries->count)
        return false;
    struct query *query = &queries->items[queries->next++];
    client_arguments(&query->arguments, query->copy->captured->target,
                     queries->for_latest ? "--query-latest-snapshot" : "--query-all-snapshots");
    arguments_option(&query->arguments, "--container", query->copy->mapping->container);
    arguments_option(&query->arguments, "--component", query->copy->mapping->component);
    program->argv = arguments_vector(&query->arguments);
    program->target = query->copy->captured->target->name;
    program->deadline = queries->timeout;
    program->closure = query;
    return true;
}

static int add_snapshot(const struct query *query, const char *line, struct snapshots *snapshots)
{
    CLEANUP_FREE char *prefix =
        string_format("%s/%s/", query->copy->mapping->container, query->copy->mapping->component);
    size_t length = prefix ? strlen(prefix) : 0;
    if (!prefix || strncmp(line, prefix, length) != 0 || !line[length] || strchr(line + length, '/'))
        return -1;
    CLEANUP_JSON json_t *text = json_string(line + length); /* only if it is UTF-8: it can be kept as it is */
    if (!text)
        return -1;
    return append_name(snapshots, strings_intern(query->strings, line + length));
}

static int add_any(void *closure, char *line)
{
    struct query *query = closure;
    return add_snapshot(query, line, query->snapshots);
}

static int add_latest(void *closure, char *line)
{
    struct query *query = closure;
    return query->latest.count > 0 ? -1 : add_snapshot(query, line, &query->latest);
}

/* The newest one becomes the last one. True: it is one of them. */
static bool put_last(struct snapshots *snapshots, const struct snapshots *latest)
{
    for (size_t i = 0; latest->count == 1 && i < snapshots->count; i++) {
        if (snapshots->names[i] != latest->names[0])
            continue;
        memmove(snapshots->names + i, snapshots->names + i + 1,
                (snapshots->count - i - 1) * sizeof *snapshots->names);
        snapshots->names[snapshots->count - 1] = latest->names[0];
        return true;
    }
    return false;
}

static bool take_answer(const struct queries *queries, struct query *query, char *output)
{
    if (!queries->for_latest)
        return string_lines(output, add_any, query) == 0;
    bool taken = string_lines(output, add_latest, query) == 0 && put_last(query->snapshots, &query->latest);
    free(query->latest.names);
    query->latest = (struct snapshots){ 0 };
    return taken;
}

static void query_done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    struct query *query = program->closure;
    const struct queries *queries = closure;
    bool answered = result->ending == DYDISNIX_EXITED && result->status == 0;
    query->snapshots->answered = answered && take_answer(queries, query, result->output);
    if (!query->snapshots->answered)
        query->snapshots->count = 0;
    bool asked = result->ending != DYDISNIX_TIMED_OUT || result->output; /* else that is said of the target */
    if (!query->snapshots->answered && queries->again && asked) {
        CLEANUP_FREE char *ending = answered ? NULL : describe_ending(result);
        log_warning(program->target, "its snapshots of %s in %s are not known: %s",
                    query->copy->mapping->component, query->copy->mapping->container,
                    ending ? ending : "unexpected answer");
    }
    arguments_clear(&query->arguments);
}

static int ask_once(struct queries *queries, const struct options *options)
{
    const struct dydisnix_work work = { .next = next_query, .done = query_done, .closure = queries };
    int status = 0;
    for (int latest = 0; latest < 2 && status == 0; latest++) {
        queries->for_latest = latest;
        queries->next = 0;
        status = budget_run(options->budget, &work, options->jobs);
    }
    return status;
}

static int run_queries(struct queries *queries, const struct options *options)
{
    int status = queries->count > 0 ? ask_once(queries, options) : 0;
    for (size_t i = 0; i < queries->count; i++) {
        queries->items[i].over = queries->items[i].snapshots->answered;
        queries->again = queries->again || !queries->items[i].over;
    }
    return status == 0 && queries->again ? ask_once(queries, options) : status;
}

static void add_query(struct queries *queries, const struct copy *copy, struct snapshots *snapshots,
                      struct strings *strings)
{
    free(snapshots->names);
    *snapshots = (struct snapshots){ 0 };
    queries->items[queries->count++] =
        (struct query){ .copy = copy, .snapshots = snapshots, .strings = strings };
}

static void facts_coordinator_snapshots(const char *container, const char *component, struct strings *strings,
                                        struct snapshots *snapshots)
{
    CLEANUP_GENERATIONS struct generations generations;
    snapshots->answered = generations_read(container, component, &generations) == 0;
    for (size_t i = 0; i < generations.count; i++)
        append_name(snapshots, strings_intern(strings, generations.names[i]));
}

/* Older generations than those that tell all of it are not read. */
static bool wants_generation(const struct copy *copy)
{
    const struct facts *facts = &copy->facts;
    return !facts->newest.known || !facts->deployed.known || !facts->profile_known
           || (facts->deployed_known && !facts->deployed_to);
}

/* The newest manifest that has a profile of the target says which one it was given last. */
static void take_profile(struct copy *copy, const struct manifest *manifest, bool reconstructed)
{
    struct facts *facts = &copy->facts;
    const struct profile *profile = manifest_find_profile(manifest, copy->mapping->target);
    if (!profile)
        return;
    const bool present = strcmp(profile->path, copy->captured->profile) == 0;
    facts->profile_present = facts->profile_known ? facts->profile_present : present;
    facts->profile_known = true;
    facts->deployed_known = facts->deployed_known || !reconstructed;
    facts->deployed_to = facts->deployed_to || (!reconstructed && present);
}

static void take_places(const struct copy *copy, const struct manifest *manifest, bool reconstructed,
                        size_t age, struct generation *generation)
{
    const struct component *component = copy->component;
    if (generation->known)
        return;
    *generation = (struct generation){ true, reconstructed, age, generation->with };
    for (size_t i = 0; i < component->place_count; i++)
        generation->with[i] = manifest_find_snapshot_mapping(manifest, component->places[i].target,
                                                             component->container, component->name);
}

bool facts_take_generation(void *closure, const struct manifest *generation, bool reconstructed)
{
    struct facts_walk *walk = closure;
    bool all = true;
    reconstructed = reconstructed && SWITCH(DEPLOYED_ONLY);
    for (size_t i = 0; i < walk->copies->count; i++) {
        struct copy *copy = &walk->copies->items[i];
        const struct snapshot_mapping *mapping = copy->mapping;
        if (!wants_generation(copy))
            continue;
        take_profile(copy, generation, reconstructed);
        if (manifest_find_snapshot_mapping(generation, mapping->target, mapping->container,
                                           mapping->component)) {
            take_places(copy, generation, reconstructed, walk->age, &copy->facts.newest);
            if (!reconstructed)
                take_places(copy, generation, reconstructed, walk->age, &copy->facts.deployed);
        }
        all = all && !wants_generation(copy);
    }
    walk->age++;
    return all;
}

static int ask(struct copies *copies, struct queries *queries, const json_t *history, struct strings *strings)
{
    for (size_t i = 0; i < copies->count; i++) {
        struct copy *copy = &copies->items[i];
        if (facts_begin(copy, history) != 0)
            return -1;
        add_query(queries, copy, &copy->facts.here, strings);
    }
    for (size_t i = 0; i < copies->component_count; i++)
        facts_coordinator_snapshots(copies->components[i].container, copies->components[i].name, strings,
                                    &copies->components[i].coordinator);
    return 0;
}

int facts_gather(struct copies *copies, const struct previous *previous, const json_t *history,
                 const struct options *options, struct strings *strings)
{
    struct queries queries = { .items = calloc(copies->count + 1, sizeof *queries.items),
                               .timeout = options->timeout };
    struct facts_walk walk = { .copies = copies };
    int status = queries.items ? ask(copies, &queries, history, strings) : -1;
    if (status == 0)
        status = run_queries(&queries, options);
    if (status != 0)
        log_error(NULL, "asking for snapshots: %s", strerror(errno));
    else if (copies->count > 0)
        status = previous_generations(previous, strings, facts_take_generation, &walk);
    free(queries.items);
    return status;
}

void facts_snapshots_after(struct copies *copies, enum action action, const struct options *options,
                           struct strings *strings)
{
    struct queries queries = { .items = calloc(copies->count + 1, sizeof *queries.items),
                               .timeout = options->timeout };
    for (size_t i = 0; queries.items && i < copies->count; i++)
        if (copies->items[i].outcomes[action] == OUTCOME_UNCONFIRMED)
            add_query(&queries, &copies->items[i], &copies->items[i].facts.after, strings);
    if (run_queries(&queries, options) != 0)
        log_error(NULL, "asking for snapshots: %s", strerror(errno));
    free(queries.items);
}
