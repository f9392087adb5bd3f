/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the services that are active to those that shall be: deactivate what is obsolete, dependents first;
 * activate what is new, dependencies first; roll back when a step fails.
 */
#include <signal.h>
#include <stdlib.h>

#include "lab/engine/deployment.h"
#include "lab/engine/ending.h"
#include "lab/engine/inside.h"
#include "lab/engine/workers.h"
#include "lib/base/cleanup.h"
#include "lib/model/client.h"
#include "lib/world/operations.h"

enum place_state { PLACE_INACTIVE, PLACE_ACTIVE, PLACE_BUSY, PLACE_BROKEN };

/* A service mapping of the old manifest, the new one, or both. */
struct place {
    const struct service_mapping *mapping;
    const struct service *service, *provider;
    const struct target *machine; /* NULL: the new model has it no longer */
    enum place_state state;
    bool is_old, is_new;
    bool selected; /* the running pass is to change it */
};

struct transition {
    const struct deployment *deployment;
    const struct manifest *old; /* NULL: there was nothing */
    struct place *places;       /* sorted by identity */
    size_t count;
    bool activating;
    bool rolling_back; /* an interrupt does not stop it */
};

static const struct service *find_service(const struct transition *transition, const char *key)
{
    const struct service *service =
        key ? manifest_find_service(&transition->deployment->manifest, key) : NULL;
    return service || !key || !transition->old ? service : manifest_find_service(transition->old, key);
}

static void add_place(struct transition *transition, const struct service_mapping *mapping, bool is_old,
                      bool is_new)
{
    transition->places[transition->count++] = (struct place){
        .mapping = mapping,
        .service = find_service(transition, mapping->service),
        .provider = find_service(transition, mapping->provider),
        .machine = infrastructure_find(&transition->deployment->manifest.infrastructure, mapping->target),
        .state = is_old ? PLACE_ACTIVE : PLACE_INACTIVE,
        .is_old = is_old,
        .is_new = is_new,
    };
}

/* Merges the mappings of both manifests, which are sorted. */
static int unite_places(struct transition *transition)
{
    const struct manifest *new = &transition->deployment->manifest, *old = transition->old;
    size_t i = 0, k = 0, old_count = old ? old->service_mapping_count : 0;
    transition->places = calloc(new->service_mapping_count + old_count + 1, sizeof *transition->places);
    if (!transition->places)
        return -1;
    while (i < new->service_mapping_count || k < old_count) {
        int order = i == new->service_mapping_count ? 1
                    : k == old_count
                        ? -1
                        : service_mapping_order(&new->service_mappings[i], &old->service_mappings[k]);
        add_place(transition, order <= 0 ? &new->service_mappings[i] : &old->service_mappings[k], order >= 0,
                  order <= 0);
        if (!transition->places[transition->count - 1].service)
            return -1;
        i += order <= 0;
        k += order >= 0;
    }
    return 0;
}

static int compare_place(const void *key, const void *element)
{
    return service_mapping_order(key, ((const struct place *)element)->mapping);
}

static struct place *find_place(const struct transition *transition, const struct dependency *dependency)
{
    const struct service_mapping key = { .target = dependency->target,
                                         .container = dependency->container,
                                         .service = dependency->service };
    return bsearch(&key, transition->places, transition->count, sizeof *transition->places, compare_place);
}

static bool depends_on(const struct transition *transition, const struct place *place,
                       const struct place *other)
{
    for (size_t i = 0; i < place->service->depends_on.count; i++)
        if (find_place(transition, &place->service->depends_on.items[i]) == other)
            return true;
    return false;
}

/* Disnix dies of a dependency that neither manifest has a mapping for; the locks stay. So that what is built
 * for this can be tried, the lab's engine does too. */
static void die_of_dangling(const struct place *place)
{
    log_error(place->mapping->target, "Service %s depends on a mapping that no manifest has",
              place->mapping->service);
    if (inside) {
        inside->die(SIGSEGV);
        return;
    }
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
}

/* Dependencies of what is activated are activated too, dependents of what is deactivated deactivated. */
static void select_related(struct transition *transition, struct place *place)
{
    if (place->selected)
        return;
    place->selected = true;
    for (size_t i = 0; transition->activating && i < place->service->depends_on.count; i++) {
        struct place *other = find_place(transition, &place->service->depends_on.items[i]);
        if (!other)
            die_of_dangling(place);
        else
            select_related(transition, other);
    }
    for (size_t i = 0; !transition->activating && i < transition->count; i++)
        if (depends_on(transition, &transition->places[i], place))
            select_related(transition, &transition->places[i]);
}

/* A machine that is gone takes its services with it; nothing can be activated there. */
static void settle_without_machine(const struct transition *transition, struct place *place)
{
    const char *target = place->mapping->target, *key = place->mapping->service, *pkg = place->service->pkg;
    if (transition->activating) {
        announce(target,
                 "Cannot map service with key: %s deploying service: %s since the machine is not present!",
                 key, pkg);
        place->state = PLACE_BROKEN;
    } else {
        announce(target,
                 "Skip service with key: %s deploying service: %s since machine is no longer present!", key,
                 pkg);
        place->state = PLACE_INACTIVE;
    }
}

static enum place_state goal(const struct transition *transition)
{
    return transition->activating ? PLACE_ACTIVE : PLACE_INACTIVE;
}

/* Whether all that must come first has come. */
static bool may_follow(const struct transition *transition, const struct place *place)
{
    for (size_t i = 0; transition->activating && i < place->service->depends_on.count; i++) {
        const struct place *other = find_place(transition, &place->service->depends_on.items[i]);
        if (!other || other->state != PLACE_ACTIVE)
            return false;
    }
    for (size_t i = 0; !transition->activating && i < transition->count; i++)
        if (transition->places[i].state != PLACE_INACTIVE
            && depends_on(transition, &transition->places[i], place))
            return false;
    return true;
}

static bool admit_place(void *closure, size_t i)
{
    struct transition *transition = closure;
    struct place *place = &transition->places[i];
    enum place_state start = transition->activating ? PLACE_INACTIVE : PLACE_ACTIVE;
    if (!place->selected || place->state != start || !place->machine
        || (interrupted && !transition->rolling_back) || !may_follow(transition, place))
        return false;
    place->state = PLACE_BUSY;
    return true;
}

static const struct target *machine_of_place(void *closure, size_t i)
{
    return ((struct transition *)closure)->places[i].machine;
}

static int change_place(void *closure, size_t i)
{
    const struct transition *transition = closure;
    const struct place *place = &transition->places[i];
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    announce(
        place->mapping->target, "%s service with key: %s and package: %s with module: %s in container: %s",
        transition->activating ? "Activating" : "Deactivating", place->mapping->service, place->service->pkg,
        place->provider ? place->provider->pkg : place->service->type, place->mapping->container);
    client_arguments(&arguments, place->machine, transition->activating ? "--activate" : "--deactivate");
    client_component_arguments(&arguments, place->machine, place->mapping->container, place->service,
                               place->provider);
    return client_call(&arguments, place->mapping->target, NULL);
}

static void note_place(void *closure, size_t i, bool success)
{
    struct transition *transition = closure;
    struct place *place = &transition->places[i];
    place->state = success ? goal(transition) : PLACE_BROKEN;
    if (!success)
        log_error(place->mapping->target, "%s failed of service: %s",
                  transition->activating ? "Activation" : "Deactivation", place->mapping->service);
}

/* Without a machine there is nothing to wait for, so these are settled first, dependents before dependencies.
 */
static void settle_all_without_machine(struct transition *transition)
{
    for (size_t i = 0; i < transition->count; i++) {
        struct place *place = &transition->places[i];
        if (place->selected && !place->machine && place->state != goal(transition))
            settle_without_machine(transition, place);
    }
}

/* Brings the wanted places and what belongs to them into one state. False: some could not be. */
static bool run_pass(struct transition *transition, bool activating, bool (*wanted)(const struct place *))
{
    const struct workers workers = {
        .count = transition->count,
        .admit = admit_place,
        .machine = machine_of_place,
        .work = change_place,
        .done = note_place,
        .closure = transition,
    };
    transition->activating = activating;
    for (size_t i = 0; i < transition->count; i++)
        transition->places[i].selected = false;
    for (size_t i = 0; i < transition->count; i++)
        if (wanted(&transition->places[i]))
            select_related(transition, &transition->places[i]);
    settle_all_without_machine(transition);
    workers_run(&workers);
    for (size_t i = 0; i < transition->count; i++)
        if (transition->places[i].selected && transition->places[i].state != goal(transition))
            return false;
    return transition->rolling_back || !interrupted;
}

static bool is_obsolete(const struct place *place)
{
    return place->is_old && !place->is_new;
}

static bool is_added(const struct place *place)
{
    return place->is_new && !place->is_old;
}

static bool was_there(const struct place *place)
{
    return place->is_old;
}

static void mark_broken(struct transition *transition, enum place_state state)
{
    for (size_t i = 0; i < transition->count; i++)
        if (transition->places[i].state == PLACE_BROKEN)
            transition->places[i].state = state;
}

static enum activation restore_old_services(struct transition *transition)
{
    mark_broken(transition, PLACE_ACTIVE);
    if (run_pass(transition, true, was_there))
        return ACTIVATION_ROLLED_BACK;
    log_error(NULL, "The rollback to the old services failed: the system is inconsistent");
    return ACTIVATION_OLD_LOST;
}

static enum activation undo_activation(struct transition *transition)
{
    mark_broken(transition, PLACE_INACTIVE);
    if (run_pass(transition, false, is_added))
        return transition->old ? restore_old_services(transition) : ACTIVATION_ROLLED_BACK;
    log_error(NULL, "The rollback of the new services failed: the system is inconsistent");
    return ACTIVATION_NEW_LEFT;
}

static enum activation roll_back(struct transition *transition, const char *phase,
                                 enum activation (*undo)(struct transition *))
{
    if (interrupted)
        log_error(NULL, "The %s phase has been interrupted", phase);
    log_error(NULL, "%s failed! %s", phase,
              transition->deployment->no_rollback ? "No rollback, as it has been disabled"
                                                  : "Doing a rollback...");
    transition->rolling_back = true;
    ending_phase("undoing");
    return transition->deployment->no_rollback ? ACTIVATION_ROLLED_BACK : undo(transition);
}

static enum activation run_transition(struct transition *transition)
{
    announce(NULL, "Executing deactivation of services:");
    if (!ending_phase("deactivating") || (transition->old && !run_pass(transition, false, is_obsolete)))
        return roll_back(transition, "Deactivation", restore_old_services);
    announce(NULL, "Executing activation of services:");
    if (!ending_phase("activating") || !run_pass(transition, true, is_added))
        return roll_back(transition, "Activation", undo_activation);
    return ACTIVATION_DONE;
}

enum activation activate_configuration(const struct deployment *deployment)
{
    struct transition transition = {
        .deployment = deployment,
        .old = deployment->previous.known && !deployment->no_upgrade ? &deployment->previous.manifest : NULL,
    };
    announce(NULL, "Executing the transition to the new deployment state");
    announce(NULL, transition.old ? "Doing an upgrade from previous manifest file"
                                  : "Doing an installation from scratch");
    interrupts_note();
    enum activation activation =
        unite_places(&transition) == 0 ? run_transition(&transition) : ACTIVATION_ROLLED_BACK;
    interrupts_restore();
    free(transition.places);
    if (activation == ACTIVATION_DONE)
        log_notice(NULL, "The new configuration has been successfully activated!");
    else
        log_error(NULL, "ERROR: Transition phase execution failed!");
    return activation;
}
