/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/capture/claims.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text-sort.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

static const char *key_of_claim(const void *item)
{
    return ((const struct claim *)item)->service->key;
}

int claims_collect(const struct capture *capture, const struct infrastructure *model, struct claims *claims)
{
    size_t count = 0;
    for (size_t i = 0; i < capture->count; i++)
        if (capture->targets[i].answer == ANSWER_CAPTURED)
            count += capture->targets[i].manifest.service_count;
    *claims = (struct claims){ .items = calloc(count ? count : 1, sizeof *claims->items), .model = model };
    if (!claims->items) {
        log_error(NULL, "out of memory");
        return -1;
    }
    for (size_t i = 0; i < capture->count; i++) {
        struct captured *captured = &capture->targets[i];
        for (size_t j = 0; captured->answer == ANSWER_CAPTURED && j < captured->manifest.service_count; j++)
            claims->items[claims->count++] = (struct claim){ &captured->manifest.services[j], captured };
    }
    if (text_sort(claims->items, claims->count, sizeof *claims->items, key_of_claim) != 0) {
        log_error(NULL, "out of memory");
        return -1;
    }
    return 0;
}

void claims_clear(struct claims *claims)
{
    free(claims->items);
    *claims = (struct claims){ 0 };
}

size_t claims_group(const struct claims *claims, size_t first)
{
    size_t end = first + 1;
    while (end < claims->count
           && strcmp(claims->items[end].service->key, claims->items[first].service->key) == 0)
        end++;
    return end - first;
}

static bool same_place(const struct dependency *a, const struct dependency *b)
{
    return strcmp(a->service, b->service) == 0 && strcmp(a->container, b->container) == 0;
}

static bool dependencies_alike(const struct dependencies *a, const struct dependencies *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!same_place(&a->items[i], &b->items[i]) || strcmp(a->items[i].target, b->items[i].target) != 0)
            return false;
    return true;
}

/* A profile manifest leaves its own target's name out, so in that of a machine which has got another name
 * since, what depends on its own services was hashed with the former name: that of the profile, if nobody has
 * it now. */
static const char *hashed_target(const struct claim *claim, const struct dependency *dependency,
                                 const struct infrastructure *model)
{
    const char *own = claim->captured->target->name, *former = store_path_name(claim->captured->profile);
    bool renamed = claim->captured->manifest.version != 1 && former && strcmp(dependency->target, own) == 0
                   && strcmp(former, own) != 0;
    return renamed && !infrastructure_find(model, former) ? former : dependency->target;
}

static bool claims_alike(const struct claim *a, const struct claim *b, const struct infrastructure *model)
{
    const struct dependencies *first = &a->service->depends_on, *second = &b->service->depends_on;
    if (strcmp(a->service->name, b->service->name) != 0 || strcmp(a->service->type, b->service->type) != 0
        || strcmp(a->service->pkg, b->service->pkg) != 0 || first->count != second->count)
        return false;
    for (size_t i = 0; i < first->count; i++)
        if (!same_place(&first->items[i], &second->items[i])
            || strcmp(hashed_target(a, &first->items[i], model), hashed_target(b, &second->items[i], model))
                   != 0)
            return false;
    return true;
}

bool services_rest_alike(const struct service *a, const struct service *b)
{
    return dependencies_alike(&a->connects_to, &b->connects_to)
           && nix_value_compare(&a->provides_containers, &b->provides_containers) == 0;
}

/* Exactly what Disnix hashes, as data. Version 1 has other names for package and key, and keys of targets. */
static json_t *claim_document(const struct claim *claim, const struct infrastructure *model)
{
    const struct service *service = claim->service;
    bool old = claim->captured->manifest.version == 1;
    json_t *dependencies = json_array();
    for (size_t i = 0; i < service->depends_on.count; i++) {
        const struct dependency *dependency = &service->depends_on.items[i];
        const char *target =
            old ? target_key_of(model, dependency->target) : hashed_target(claim, dependency, model);
        json_array_append_new(dependencies,
                              json_pack("{ss ss ss}", old ? "_key" : "service", dependency->service,
                                        "container", dependency->container, "target", target));
    }
    return json_pack("{ss ss ss so}", "name", service->name, "type", service->type, old ? "service" : "pkg",
                     service->pkg, "dependsOn", dependencies);
}

static bool group_disagrees(const struct claim *group, size_t count, const struct infrastructure *model)
{
    for (size_t i = 1; i < count; i++)
        if (!claims_alike(&group[0], &group[i], model))
            return true;
    return false;
}

/* Why a claim is refused. honest: who holds the one that fits; NULL: nobody does. */
static char *not_its_hash(const struct service *service, const struct captured *honest)
{
    return honest
               ? string_format("service %s (%s) does not hash to its key; target %s holds the one that does",
                               service->key, service->name, honest->target->name)
               : string_format(
                   "service %s (%s) does not hash to its key, and no other target holds one that does",
                   service->key, service->name);
}

/* Judges one disputed key by the hashes of its claims: who does not fit is refused, and where none fits all
 * are, for nobody can tell who lies. *refused: whether one was. */
static void settle_group(struct claim *group, size_t count, const json_t *hashes, size_t first_hash,
                         bool *refused)
{
    const struct captured *honest = NULL;
    const char *key = group[0].service->key;
    for (size_t i = 0; i < count && !honest; i++)
        if (strcmp(json_string_value(json_array_get(hashes, first_hash + i)), key) == 0)
            honest = group[i].captured;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(json_string_value(json_array_get(hashes, first_hash + i)), key) == 0)
            continue;
        *refused = true;
        if (group[i].captured->answer == ANSWER_CAPTURED)
            captured_refuse(group[i].captured, not_its_hash(group[i].service, honest));
    }
}

/* Calls each() for every disputed group; it gets the position of the group's first claim among all
 * disputed. */
static int each_dispute(struct claims *claims, int (*each)(struct claim *, size_t, size_t, void *),
                        void *closure)
{
    size_t position = 0;
    for (size_t i = 0, count; i < claims->count; i += count) {
        count = claims_group(claims, i);
        if (!group_disagrees(&claims->items[i], count, claims->model))
            continue;
        if (each(&claims->items[i], count, position, closure) != 0)
            return -1;
        position += count;
    }
    return 0;
}

struct documents {
    json_t *list;
    const struct infrastructure *model;
};

static int document_group(struct claim *group, size_t count, size_t position, void *closure)
{
    const struct documents *documents = closure;
    (void)position;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(documents->list, claim_document(&group[i], documents->model));
    return 0;
}

struct judging {
    const json_t *hashes;
    bool *refused;
};

static int judge_group(struct claim *group, size_t count, size_t position, void *closure)
{
    const struct judging *judging = closure;
    settle_group(group, count, judging->hashes, position, judging->refused);
    return 0;
}

int claims_settle(struct claims *claims, claims_hash *hash, void *closure, bool *refused)
{
    CLEANUP_JSON json_t *list = json_array(), *hashes = NULL;
    struct documents documents = { list, claims->model };
    *refused = false;
    if (each_dispute(claims, document_group, &documents) != 0)
        return -1;
    if (json_array_size(list) == 0)
        return 0;
    if (hash(closure, list, &hashes) != 0) {
        log_error(NULL, "targets disagree about a service, and its key cannot be computed");
        return -1;
    }
    struct judging judging = { hashes, refused };
    return each_dispute(claims, judge_group, &judging);
}
