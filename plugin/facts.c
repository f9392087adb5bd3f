/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "facts.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "budget.h"
#include "cleanup.h"
#include "client.h"
#include "operations.h"

static int compare_target(const void *key, const void *element)
{
    return strcmp(key, ((const struct captured *)element)->target->name);
}

/* What somebody has decided stays until the host forgets it. */
static void set_standing(struct capture *capture, const json_t *names, enum standing standing)
{
    size_t index;
    json_t *name;
    json_array_foreach(names, index, name) {
        struct captured *captured = json_is_string(name) && capture->count > 0
                                        ? bsearch(json_string_value(name), capture->targets, capture->count,
                                                  sizeof *capture->targets, compare_target)
                                        : NULL;
        if (captured)
            captured->standing = standing;
        else if (json_is_string(name))
            log_warning(NULL, "target %s, on which somebody has decided, is not in the model", json_string_value(name));
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
    set_standing(capture, json_object_get(history, "accepted"), STANDING_ACCEPTED);
    set_standing(capture, json_object_get(history, "preferred"), STANDING_PREFERRED);
}

static void remember_snapshot(struct copy *copy, const json_t *history)
{
    const json_t *target = json_object_get(json_object_get(history, "snapshots"), copy->mapping->target);
    const json_t *time = json_object_get(json_object_get(target, copy->mapping->container),
                                         copy->mapping->component);
    copy->facts.snapshotted_known = json_is_integer(time);
    copy->facts.snapshotted = json_integer_value(time);
}

int facts_begin(struct copy *copy, const json_t *history)
{
    copy->facts.homes = calloc(copy->home_count + 1, sizeof *copy->facts.homes);
    copy->facts.in_generation = calloc(copy->home_count + 1, sizeof *copy->facts.in_generation);
    if (!copy->facts.homes || !copy->facts.in_generation)
        return -1;
    remember_snapshot(copy, history);
    return 0;
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

/* A query of one target for its snapshots of one component. */
struct query {
    struct copy *copy;
    const struct target *target;
    struct snapshots *snapshots;
    struct strings *strings;
    struct arguments arguments;
};

struct queries {
    struct query *items;
    size_t count, next;
    int64_t timeout;
};

/* Several copies of a component want to know the same of its homes: that is asked once. */
static int compare_queries(const void *a, const void *b)
{
    const struct query *first = a, *second = b;
    int order = strcmp(first->copy->mapping->component, second->copy->mapping->component);
    if (order == 0)
        order = strcmp(first->copy->mapping->container, second->copy->mapping->container);
    return order != 0 ? order : strcmp(first->target->name, second->target->name);
}

static bool is_repeated(const struct queries *queries, size_t index)
{
    return index > 0 && compare_queries(&queries->items[index - 1], &queries->items[index]) == 0;
}

static int copy_answer(struct snapshots *to, const struct snapshots *from)
{
    to->names = calloc(from->count + 1, sizeof *to->names);
    if (!to->names)
        return -1;
    if (from->count > 0)
        memcpy(to->names, from->names, from->count * sizeof *to->names);
    to->count = from->count;
    to->answered = from->answered;
    return 0;
}

static bool next_query(void *closure, struct dydisnix_program *program)
{
    struct queries *queries = closure;
    while (queries->next < queries->count && is_repeated(queries, queries->next))
        queries->next++;
    if (queries->next == queries->count)
        return false;
    struct query *query = &queries->items[queries->next++];
    client_arguments(&query->arguments, query->target, "--query-all-snapshots");
    arguments_option(&query->arguments, "--container", query->copy->mapping->container);
    arguments_option(&query->arguments, "--component", query->copy->mapping->component);
    program->argv = arguments_vector(&query->arguments);
    program->target = query->target->name;
    program->deadline = queries->timeout;
    program->closure = query;
    return true;
}

static int add_snapshot(void *closure, char *line)
{
    struct query *query = closure;
    CLEANUP_FREE char *prefix = string_format("%s/%s/", query->copy->mapping->container,
                                              query->copy->mapping->component);
    size_t length = prefix ? strlen(prefix) : 0;
    if (!prefix || strncmp(line, prefix, length) != 0 || !line[length] || strchr(line + length, '/'))
        return -1;
    CLEANUP_JSON json_t *text = json_string(line + length); /* only if it is UTF-8: it can be kept as it is */
    if (!text)
        return -1;
    return append_name(query->snapshots, strings_intern(query->strings, line + length));
}

static void query_done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    struct query *query = program->closure;
    (void)closure;
    bool answered = result->ending == DYDISNIX_EXITED && result->status == 0;
    if (answered && string_lines(result->output, add_snapshot, query) == 0) {
        query->snapshots->answered = true;
    } else {
        CLEANUP_FREE char *ending = answered ? NULL : describe_ending(result);
        log_warning(query->target->name, "its snapshots of %s in %s are not known: %s",
                    query->copy->mapping->component, query->copy->mapping->container,
                    ending ? ending : "unexpected answer");
    }
    arguments_clear(&query->arguments);
}

static int run_queries(struct queries *queries, const struct options *options)
{
    const struct dydisnix_work work = { .next = next_query, .done = query_done, .closure = queries };
    qsort(queries->items, queries->count, sizeof *queries->items, compare_queries);
    int status = queries->count > 0 ? budget_run(options->budget, &work, options->jobs) : 0;
    for (size_t i = 1; status == 0 && i < queries->count; i++)
        if (is_repeated(queries, i))
            status = copy_answer(queries->items[i].snapshots, queries->items[i - 1].snapshots);
    return status;
}

static int compare_numbers(const void *a, const void *b)
{
    const char *first = *(char *const *)a, *second = *(char *const *)b;
    size_t first_length = strlen(first), second_length = strlen(second);
    if (first_length != second_length)
        return first_length < second_length ? -1 : 1;
    return strcmp(first, second);
}

struct generation_names {
    char **names;
    size_t count;
};

static int collect_number(void *closure, const char *name)
{
    struct generation_names *generations = closure;
    if (name[strspn(name, "0123456789")] || name[0] == '0')
        return 0;
    char **grown = realloc(generations->names, (generations->count + 1) * sizeof *grown);
    if (!grown)
        return -1;
    generations->names = grown;
    generations->names[generations->count] = strdup(name);
    return generations->names[generations->count++] ? 0 : -1;
}

void facts_coordinator_snapshots(const char *container, const char *component, struct strings *strings,
                                 struct snapshots *snapshots)
{
    const char *state = getenv("DYSNOMIA_STATEDIR");
    struct generation_names generations = { 0 };
    CLEANUP_FREE char *directory = string_format("%s/generations/%s/%s", state && *state ? state : "/var/state/dysnomia",
                                                 container, component);
    snapshots->answered = directory
                          && (operations->list(directory, collect_number, &generations) == 0 || errno == ENOENT);
    if (generations.count > 1)
        qsort(generations.names, generations.count, sizeof *generations.names, compare_numbers);
    for (size_t i = 0; i < generations.count; i++) {
        CLEANUP_FREE char *path = string_format("%s/%s", directory, generations.names[i]);
        CLEANUP_FREE char *link = NULL;
        if (path && operations->read_link(path, &link) == 0) {
            const char *slash = strrchr(link, '/');
            append_name(snapshots, strings_intern(strings, slash ? slash + 1 : link));
        }
        free(generations.names[i]);
    }
    free(generations.names);
}

static bool wants_generation(const struct copy *copy)
{
    return copy->facts.homes && copy->home_count > 0
           && (!copy->facts.generation_known || !copy->facts.profile_known);
}

/* The newest manifest that has a profile of the target says which one it was given last. */
static void take_profile(struct copy *copy, const struct manifest *manifest)
{
    const struct profile *profile = copy->facts.profile_known ? NULL
                                                              : manifest_find_profile(manifest, copy->mapping->target);
    if (!profile)
        return;
    copy->facts.profile_known = true;
    copy->facts.profile_present = strcmp(profile->path, copy->captured->profile) == 0;
}

static void take_homes(struct copy *copy, const struct manifest *manifest)
{
    const struct snapshot_mapping *mapping = copy->mapping;
    if (copy->facts.generation_known
        || !manifest_find_snapshot_mapping(manifest, mapping->target, mapping->container, mapping->component))
        return;
    copy->facts.generation_known = true;
    for (size_t i = 0; i < copy->home_count; i++)
        copy->facts.in_generation[i] = manifest_find_snapshot_mapping(manifest, copy->homes[i], mapping->container,
                                                                      mapping->component);
}

/* Takes what one generation says of the copies that no newer one has told it of. True: all of them know all. */
static bool take_generation(void *closure, const struct manifest *generation)
{
    struct copies *copies = closure;
    bool all = true;
    for (size_t i = 0; i < copies->count; i++) {
        struct copy *copy = &copies->items[i];
        if (!wants_generation(copy))
            continue;
        take_profile(copy, generation);
        take_homes(copy, generation);
        all = all && !wants_generation(copy);
    }
    return all;
}

static void add_query(struct queries *queries, struct copy *copy, const struct target *target,
                      struct snapshots *snapshots, struct strings *strings)
{
    if (target)
        queries->items[queries->count++] = (struct query){ copy, target, snapshots, strings, { 0 } };
}

static int prepare(struct copy *copy, struct queries *queries, const struct infrastructure *infrastructure,
                   const json_t *history, struct strings *strings)
{
    if (facts_begin(copy, history) != 0)
        return -1;
    facts_coordinator_snapshots(copy->mapping->container, copy->mapping->component, strings,
                                &copy->facts.coordinator);
    add_query(queries, copy, copy->captured->target, &copy->facts.here, strings);
    for (size_t i = 0; i < copy->home_count; i++)
        add_query(queries, copy, infrastructure_find(infrastructure, copy->homes[i]), &copy->facts.homes[i], strings);
    return 0;
}

int facts_gather(struct copies *copies, const struct infrastructure *infrastructure, const struct previous *previous,
                 const json_t *history, const struct options *options, struct strings *strings)
{
    size_t most = 0;
    for (size_t i = 0; i < copies->count; i++)
        most += 1 + copies->items[i].home_count;
    struct queries queries = { .items = calloc(most + 1, sizeof *queries.items), .timeout = options->timeout };
    int status = queries.items ? 0 : -1;
    for (size_t i = 0; status == 0 && previous->known && i < copies->count; i++)
        if (copy_needs_facts(&copies->items[i]) && !copies->items[i].facts.homes)
            status = prepare(&copies->items[i], &queries, infrastructure, history, strings);
    bool wanted = false;
    for (size_t i = 0; i < copies->count; i++)
        wanted = wanted || wants_generation(&copies->items[i]);
    if (status == 0 && wanted)
        status = previous_generations(previous, strings, take_generation, copies);
    if (status == 0)
        status = run_queries(&queries, options);
    if (status != 0)
        log_error(NULL, "asking for snapshots: %s", strerror(errno));
    free(queries.items);
    return status;
}
