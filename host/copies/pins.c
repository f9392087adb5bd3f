/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/copies/pins.h"

#include <string.h>

#include "host/copies/homes.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"

static bool holds(const struct manifest *manifest, const char *target, const struct snapshot_mapping *mapping)
{
    return manifest
           && manifest_find_snapshot_mapping(manifest, target, mapping->container, mapping->component)
                  != NULL;
}

static const json_t *of_component(const json_t *by_container, const struct snapshot_mapping *mapping)
{
    return json_object_get(json_object_get(by_container, mapping->container), mapping->component);
}

/* Whether it lives there until it gets newer state, though the previous manifest leaves it out for that. One
 * that is not to be fenced is in that list to be saved: it goes. */
static bool is_late(const json_t *report, const char *target, const struct snapshot_mapping *mapping)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(report, "late"), index, entry)
        if (!json_is_false(json_object_get(entry, "fence")) && string_equal(text_at(entry, "target"), target)
            && string_equal(text_at(entry, "container"), mapping->container)
            && string_equal(text_at(entry, "component"), mapping->component))
            return true;
    return false;
}

/* What pins are found from. */
struct finding {
    const struct manifest *previous, *new;
    struct homes before, after;
    const json_t *survivors, *report;
    bool moves; /* state moves by keys */
    json_t *pins;
};

static bool is_there(const struct finding *finding, const char *target,
                     const struct snapshot_mapping *mapping)
{
    return holds(finding->previous, target, mapping) || is_late(finding->report, target, mapping);
}

/* Where it may stay. */
static json_t *places_to_stay(const struct finding *finding, const struct snapshot_mapping *mapping)
{
    const struct infrastructure *model = &finding->new->infrastructure;
    json_t *targets = json_array();
    for (size_t i = 0; i < model->count; i++)
        if (is_there(finding, model->targets[i].name, mapping))
            json_array_append_new(targets, json_string(model->targets[i].name));
    return targets;
}

static void add_pin(struct finding *finding, const struct snapshot_mapping *mapping, const char *target,
                    char *reason, const char *remedy)
{
    json_t *pin = json_pack("{ss ss ss* so ss* ss*}", "component", mapping->component, "container",
                            mapping->container, "target", target, "targets", places_to_stay(finding, mapping),
                            "reason", reason, "remedy", remedy);
    free(reason);
    if (json_array_append_new(finding->pins, pin) != 0) {
        json_decref(finding->pins);
        finding->pins = NULL;
    }
}

/* Why that target may not get the component; NULL: it may. */
static char *why_not(const struct finding *finding, const struct snapshot_mapping *mapping)
{
    const json_t *disputed =
        json_object_get(json_object_get(finding->survivors, "disputed"), mapping->target);
    const json_t *heard = json_object_get(json_object_get(finding->report, "targets"), mapping->target);
    const char *status = json_string_value(json_object_get(heard, "status"));
    if (is_there(finding, mapping->target, mapping))
        return NULL;
    if (of_component(disputed, mapping))
        return string_format("its copy on target %s is in dispute", mapping->target);
    if (status && (strcmp(status, "invalid") == 0 || strcmp(status, "silent") == 0))
        return string_format("it is not known whether target %s holds it already", mapping->target);
    return NULL;
}

/* Whether the component has other homes than those where it may stay. */
static bool moves(const struct finding *finding, const struct homes *homes)
{
    CLEANUP_JSON json_t *stays = places_to_stay(finding, homes->items[0]);
    for (size_t i = 0; i < homes->count; i++)
        if (!is_there(finding, homes->items[i]->target, homes->items[i]))
            return true;
    return json_array_size(stays) != homes->count;
}

/* Where it stays its state is, and all else is deployed. True: it is pinned. */
static bool pin_unmovable(struct finding *finding, const struct homes *homes)
{
    for (size_t i = 0; finding->moves && i < homes->count; i++) {
        const struct snapshot_mapping *source =
            holds(finding->previous, homes->items[i]->target, homes->items[i])
                ? NULL
                : homes_unmovable(&finding->before, finding->previous, finding->new, homes->items[i]);
        if (!source)
            continue;
        add_pin(
            finding, homes->items[i], NULL,
            string_format("Disnix moves no state from target %s to %s, the name of one of which is not its"
                          " connection key",
                          source->target, homes->items[i]->target),
            "rename the target, or let it go without its state by --force-keys");
        return true;
    }
    return false;
}

static void find_pin(struct finding *finding, const struct homes *homes)
{
    for (size_t i = 0; i < homes->count; i++) {
        char *reason = why_not(finding, homes->items[i]);
        if (reason) {
            add_pin(finding, homes->items[i], homes->items[i]->target, reason, NULL);
            return;
        }
    }
    if (!pin_unmovable(finding, homes)
        && of_component(json_object_get(finding->survivors, "kept"), homes->items[0])
        && moves(finding, homes))
        add_pin(finding, homes->items[0], NULL, string_format("several copies of it are kept"), NULL);
}

json_t *pins_find(const struct manifest *previous, const struct manifest *new, const json_t *survivors,
                  const json_t *report, bool moves_by_keys)
{
    struct finding finding = { .previous = previous,
                               .new = new,
                               .survivors = survivors,
                               .report = report,
                               .moves = moves_by_keys &&previous &&new->version != 1 };
    if (homes_list(&finding.before, previous) == 0 && homes_list(&finding.after, new) == 0)
        finding.pins = json_array();
    for (size_t i = 0; finding.pins && i < finding.after.count;) {
        const struct homes homes = homes_of(&finding.after, finding.after.items[i]);
        find_pin(&finding, &homes);
        i += homes.count;
    }
    homes_clear(&finding.before);
    homes_clear(&finding.after);
    return finding.pins;
}

/* Where pins leave services. Places are { SERVICE: { TARGET: { CONTAINER: true } } }. */
struct placing {
    const struct manifest *previous, *new;
    json_t *pins;     /* { CONTAINER: { COMPONENT: pin } }, those that can stay */
    json_t *owners;   /* { CONTAINER: { COMPONENT: SERVICE } }, one that new has it by */
    json_t *places;   /* of the services that pins place */
    json_t *running;  /* of all services of new */
    json_t *stateful; /* { SERVICE: true } of new */
};

static const char *name_of(const struct manifest *manifest, const char *key)
{
    const struct service *service = key ? manifest_find_service(manifest, key) : NULL;
    return service ? service->name : NULL;
}

static void add_place(json_t *places, const char *service, const char *target, const char *container)
{
    json_object_set_new(json_object_at(json_object_at(places, service), target), container, json_true());
}

static bool is_in_model(const struct placing *placing, const char *target)
{
    return infrastructure_find(&placing->new->infrastructure, target) != NULL;
}

static void take_pins(struct placing *placing, const json_t *pins)
{
    size_t index;
    json_t *pin;
    json_array_foreach((json_t *)pins, index, pin) {
        const char *container = json_string_value(json_object_get(pin, "container"));
        if (json_array_size(json_object_get(pin, "targets")) > 0)
            json_object_set(json_object_at(placing->pins, container),
                            json_string_value(json_object_get(pin, "component")), pin);
    }
}

/* The services that have pinned components in the new manifest. */
static void take_owners(struct placing *placing)
{
    for (size_t i = 0; i < placing->new->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &placing->new->snapshot_mappings[i];
        const char *service = name_of(placing->new, mapping->service);
        json_object_set_new(placing->stateful, service, json_true());
        if (!service || !of_component(placing->pins, mapping))
            continue;
        json_object_set_new(json_object_at(placing->owners, mapping->container), mapping->component,
                            json_string(service));
        json_object_at(placing->places, service);
    }
}

/* Their other components, as the same service in another container, are where the new manifest has them. */
static void place_others(struct placing *placing)
{
    for (size_t i = 0; i < placing->new->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &placing->new->snapshot_mappings[i];
        const char *service = name_of(placing->new, mapping->service);
        if (service && json_object_get(placing->places, service) && !of_component(placing->pins, mapping))
            add_place(placing->places, service, mapping->target, mapping->container);
    }
}

/* A service that provides a container on target has to be there: beside its other places if it has no state,
 * else it stays where it is. One that new does not have at all may be none any more. providers: { SERVICE: {
 * TARGET: true } }. */
static void want_provider(struct placing *placing, json_t *providers, const char *service, const char *target)
{
    const json_t *places = service ? json_object_get(placing->places, service) : NULL;
    const json_t *running = service ? json_object_get(placing->running, service) : NULL;
    if (!running || json_object_get(places ? places : running, target))
        return;
    json_object_set_new(json_object_at(providers, service), target, json_true());
    if (!places && !json_object_get(placing->stateful, service))
        json_object_set_new(placing->places, service, json_deep_copy(running));
}

/* Pinned components are where the previous manifest has them, by the service that has them there, if there is
 * still such. */
static void place_pinned(struct placing *placing, json_t *providers)
{
    for (size_t i = 0; placing->previous && i < placing->previous->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &placing->previous->snapshot_mappings[i];
        const char *owner = json_string_value(of_component(placing->owners, mapping));
        const char *service = name_of(placing->previous, mapping->service);
        if (!owner || !is_in_model(placing, mapping->target))
            continue;
        bool known = service && json_object_get(placing->places, service);
        add_place(placing->places, known ? service : owner, mapping->target, mapping->container);
        want_provider(placing, providers, name_of(placing->previous, mapping->provider), mapping->target);
    }
}

/* And those that it leaves out, because they are to get newer state, are where they live. */
static void place_late(struct placing *placing, json_t *providers)
{
    for (size_t i = 0; i < placing->new->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &placing->new->snapshot_mappings[i];
        const json_t *pin = of_component(placing->pins, mapping);
        const char *service = name_of(placing->new, mapping->service);
        size_t index;
        json_t *target;
        json_array_foreach(json_object_get(pin, "targets"), index, target) {
            const char *name = json_string_value(target);
            if (!service || holds(placing->previous, name, mapping))
                continue;
            add_place(placing->places, service, name, mapping->container);
            want_provider(placing, providers, name_of(placing->new, mapping->provider), name);
        }
    }
}

/* Providers are where they have to be. *providers becomes those who provide their containers in turn. */
static void place_providers(struct placing *placing, json_t **providers)
{
    json_t *next = json_object();
    for (size_t i = 0; placing->previous && i < placing->previous->service_mapping_count; i++) {
        const struct service_mapping *mapping = &placing->previous->service_mappings[i];
        const char *service = name_of(placing->previous, mapping->service);
        const json_t *targets = service ? json_object_get(*providers, service) : NULL;
        bool wanted = json_object_get(targets, mapping->target)
                      || (targets && json_object_get(placing->stateful, service));
        if (!wanted || !is_in_model(placing, mapping->target))
            continue;
        add_place(placing->places, service, mapping->target, mapping->container);
        want_provider(placing, next, name_of(placing->previous, mapping->provider), mapping->target);
    }
    json_decref(*providers);
    *providers = next;
}

/* As the model of a distribution has it. */
static json_t *list_places(const json_t *by_service)
{
    json_t *result = json_object(), *targets, *containers, *mark;
    const char *service, *target, *container;
    json_object_foreach((json_t *)by_service, service, targets) {
        json_t *list = json_array();
        json_object_foreach(targets, target, containers)
            json_object_foreach(containers, container, mark)
                json_array_append_new(list, json_pack("{ss ss}", "target", target, "container", container));
        json_object_set_new(result, service, list);
    }
    return result;
}

json_t *pins_places(const struct manifest *previous, const struct manifest *new, const json_t *pins)
{
    static const int deepest = 8; /* containers within containers */
    CLEANUP_JSON json_t *pinned = json_object(), *owners = json_object(), *places = json_object(),
                        *running = json_object(), *stateful = json_object();
    json_t *providers = json_object();
    struct placing placing = { previous, new, pinned, owners, places, running, stateful };
    for (size_t i = 0; i < new->service_mapping_count; i++)
        add_place(running, name_of(new, new->service_mappings[i].service), new->service_mappings[i].target,
                  new->service_mappings[i].container);
    take_pins(&placing, pins);
    take_owners(&placing);
    place_others(&placing);
    place_pinned(&placing, providers);
    place_late(&placing, providers);
    for (int i = 0; i < deepest && json_object_size(providers) > 0; i++)
        place_providers(&placing, &providers);
    json_decref(providers);
    return list_places(places);
}

static json_t *names_of(const struct manifest *manifest)
{
    json_t *names = json_object();
    for (size_t i = 0; i < manifest->service_mapping_count; i++) {
        const char *service = name_of(manifest, manifest->service_mappings[i].service);
        if (service)
            json_object_set_new(names, service, json_true());
    }
    return names;
}

json_t *pins_spare(const struct manifest *previous, const struct manifest *new,
                   const struct infrastructure *model, const json_t *targets)
{
    CLEANUP_JSON json_t *spared = json_object(), *places = json_object(), *names = new ? names_of(new) : NULL;
    for (size_t i = 0; i < previous->service_mapping_count; i++) {
        const struct service_mapping *mapping = &previous->service_mappings[i];
        const char *service = name_of(previous, mapping->service);
        if (service
            && (json_object_get(targets, mapping->target) || (names && !json_object_get(names, service))))
            json_object_set_new(spared, service, json_true());
    }
    for (size_t i = 0; i < previous->service_mapping_count; i++) {
        const struct service_mapping *mapping = &previous->service_mappings[i];
        const char *service = name_of(previous, mapping->service);
        if (service && json_object_get(spared, service) && infrastructure_find(model, mapping->target))
            add_place(places, service, mapping->target, mapping->container);
    }
    return list_places(places);
}
