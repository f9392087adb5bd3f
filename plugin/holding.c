/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "holding.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "client.h"
#include "operations.h"

/* One service mapping to fence. */
struct fence {
    struct captured *captured;
    size_t index;   /* in its service mappings */
    size_t users;   /* fences not done yet whose services depend on this one */
    bool started;
    struct arguments arguments;
};

struct fences {
    struct fence *items; /* by target, then as its manifest has them */
    size_t count, started, next; /* next: of a wave, in which those go that nobody uses */
    bool whole;                  /* what is left uses each other: all of it goes */
    int64_t deadline;
};

static const struct service_mapping *mapping_of(const struct fence *fence)
{
    return &fence->captured->manifest.service_mappings[fence->index];
}

static bool is_fenced_as_a_whole(const struct captured *captured)
{
    return captured->answer == ANSWER_CAPTURED && captured->standing != STANDING_PLAIN;
}

static int compare_fences(const void *a, const void *b)
{
    return service_mapping_order(mapping_of(a), mapping_of(b));
}

/* The fence of the mapping that a dependency names; NULL: it is not to be fenced. */
static struct fence *find_fence(struct fences *fences, const struct dependency *dependency)
{
    const struct service_mapping wanted = { .target = dependency->target, .container = dependency->container,
                                            .service = dependency->service };
    size_t low = 0, high = fences->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = service_mapping_order(mapping_of(&fences->items[middle]), &wanted);
        if (order == 0)
            return &fences->items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static const struct dependencies *dependencies_of(const struct fence *fence)
{
    return &manifest_find_service(&fence->captured->manifest, mapping_of(fence)->service)->depends_on;
}

static void count_users(struct fences *fences, struct fence *fence, bool add)
{
    const struct dependencies *dependencies = dependencies_of(fence);
    for (size_t i = 0; i < dependencies->count; i++) {
        struct fence *used = find_fence(fences, &dependencies->items[i]);
        if (used)
            used->users += add ? 1 : (size_t)-1;
    }
}

static void fence_arguments(struct fence *fence)
{
    const struct manifest *manifest = &fence->captured->manifest;
    const struct service_mapping *mapping = mapping_of(fence);
    const struct service *provider = mapping->provider ? manifest_find_service(manifest, mapping->provider) : NULL;
    client_arguments(&fence->arguments, fence->captured->target, "--deactivate");
    client_component_arguments(&fence->arguments, fence->captured->target, mapping->container,
                               manifest_find_service(manifest, mapping->service), provider);
}

static bool next_fence(void *closure, struct dydisnix_program *program)
{
    struct fences *fences = closure;
    while (fences->next < fences->count
           && (fences->items[fences->next].started || (!fences->whole && fences->items[fences->next].users > 0)))
        fences->next++;
    if (fences->next == fences->count)
        return false;
    struct fence *fence = &fences->items[fences->next];
    fence->started = true;
    fences->started++;
    log_notice(fence->captured->target->name, "fencing service %s in %s",
               manifest_find_service(&fence->captured->manifest, mapping_of(fence)->service)->name,
               mapping_of(fence)->container);
    fence_arguments(fence);
    program->argv = arguments_vector(&fence->arguments);
    program->target = fence->captured->target->name;
    program->deadline = fences->deadline;
    program->closure = fence;
    return true;
}

static void fence_done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    struct fences *fences = closure;
    struct fence *fence = program->closure;
    bool done = result->ending == DYDISNIX_EXITED && result->status == 0;
    fence->captured->fences[fence->index] = done ? OUTCOME_DONE : OUTCOME_FAILED;
    if (!done) {
        CLEANUP_FREE char *ending = describe_ending(result);
        log_warning(fence->captured->target->name, "fencing service %s failed: %s",
                    manifest_find_service(&fence->captured->manifest, mapping_of(fence)->service)->name,
                    ending ? ending : "?");
    }
    count_users(fences, fence, false);
    arguments_clear(&fence->arguments);
}

/* Copies that were fenced by themselves are fenced. */
static void take_copies(struct captured *captured)
{
    const struct manifest *manifest = &captured->manifest;
    for (const struct copy *copy = captured->copies; copy; copy = copy->next) {
        const struct service_mapping *mapping = manifest_find_service_mapping(
            manifest, copy->mapping->target, copy->mapping->container, copy->mapping->service);
        if (mapping && copy->fence == OUTCOME_DONE)
            captured->fences[mapping - manifest->service_mappings] = OUTCOME_DONE;
    }
}

static int collect(struct fences *fences, struct capture *capture)
{
    size_t most = 0;
    for (size_t i = 0; i < capture->count; i++)
        most += is_fenced_as_a_whole(&capture->targets[i]) ? capture->targets[i].manifest.service_mapping_count : 0;
    fences->items = calloc(most + 1, sizeof *fences->items);
    for (size_t i = 0; fences->items && i < capture->count; i++) {
        struct captured *captured = &capture->targets[i];
        size_t count = captured->manifest.service_mapping_count;
        if (!is_fenced_as_a_whole(captured))
            continue;
        if (!captured->fences && !(captured->fences = calloc(count + 1, sizeof *captured->fences)))
            return -1;
        take_copies(captured);
        for (size_t j = 0; j < count; j++)
            if (captured->fences[j] == OUTCOME_PENDING)
                fences->items[fences->count++] = (struct fence){ .captured = captured, .index = j };
    }
    return fences->items ? 0 : -1;
}

/* Waves: first what nobody uses, then what only these used, and so on. What uses each other goes at once. */
static void run_waves(struct fences *fences, unsigned jobs)
{
    const struct dydisnix_work work = { .next = next_fence, .done = fence_done, .closure = fences };
    qsort(fences->items, fences->count, sizeof *fences->items, compare_fences);
    for (size_t i = 0; i < fences->count; i++)
        count_users(fences, &fences->items[i], true);
    while (fences->started < fences->count) {
        size_t before = fences->started;
        fences->next = 0;
        if (operations->run(&work, jobs) != 0) {
            log_error(NULL, "fencing: %s", strerror(errno));
            return;
        }
        fences->whole = fences->started == before;
    }
}

int holding_fence(struct capture *capture, const struct options *options)
{
    struct fences fences = { .deadline = options->transfer_timeout };
    int status = collect(&fences, capture);
    if (status == 0 && fences.count > 0)
        run_waves(&fences, options->jobs);
    for (size_t i = 0; status == 0 && i < fences.count; i++) {
        enum outcome *outcome = &fences.items[i].captured->fences[fences.items[i].index];
        if (*outcome == OUTCOME_PENDING)
            *outcome = OUTCOME_FAILED;
    }
    free(fences.items);
    return status;
}

int holding_assume(struct capture *capture, holding_told *told, void *closure)
{
    struct fences fences = { 0 };
    int status = collect(&fences, capture);
    for (size_t i = 0; status == 0 && i < fences.count; i++)
        fences.items[i].captured->fences[fences.items[i].index] = told ? told(closure, mapping_of(&fences.items[i]))
                                                                       : OUTCOME_DONE;
    free(fences.items);
    return status;
}

bool holding_is_fenced(const struct captured *captured)
{
    for (size_t i = 0; i < captured->manifest.service_mapping_count; i++)
        if (!captured->fences || captured->fences[i] != OUTCOME_DONE)
            return false;
    return true;
}
