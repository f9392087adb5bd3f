/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The models of a scenario in the lab: expressions that never change, and documents that they read.
 */
#include <stdlib.h>
#include <sys/utsname.h>

#include "lab/base/network.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "scenario/format/models.h"
#include "scenario/in-lab/lab.h"

static void add_containers(json_t *containers, json_t *provided, const json_t *services)
{
    const char *name;
    json_t *service;
    json_object_foreach((json_t *)services, name, service) {
        const char *type = text_or(service, "type", "process");
        const char *provides = json_string_value(json_object_get(service, "provides"));
        if (json_is_object(service))
            json_object_set_new(containers, text_or(service, "container", type), json_object());
        if (provides)
            json_object_set_new(provided, provides, json_true());
    }
}

/* Containers that no service provides: the targets have them. */
static json_t *containers_of(const struct scenario_lab *lab)
{
    json_t *containers = json_pack("{s{} s{}}", "process", "database");
    CLEANUP_JSON json_t *provided = json_object();
    const char *name;
    json_t *value;
    add_containers(containers, provided, lab->services);
    json_object_foreach(provided, name, value)
        json_object_del(containers, name);
    return containers;
}

/* Nix's name of this kind of machine. */
static char *system_name(void)
{
    struct utsname name;
    return string_format("%s-linux", uname(&name) == 0 ? name.machine : "x86_64");
}

static json_t *describe(const struct scenario_lab *lab, const char *target, const json_t *description)
{
    CLEANUP_FREE char *system = system_name();
    json_t *properties = json_pack("{ss}", "hostname", lab_key(lab, target));
    json_object_update_missing(properties, json_object_get(description, "properties"));
    return json_pack("{so so ss si sO*}", "properties", properties, "containers", containers_of(lab),
                     "system", system ? system : "", "numOfCores", 1, "resources",
                     json_object_get(description, "resources"));
}

static json_t *model_of(const struct scenario_lab *lab)
{
    json_t *model = json_object(), *description;
    const char *name;
    json_object_foreach(lab->targets, name, description)
        json_object_set_new(model, name, describe(lab, name, description));
    return model;
}

static int write_documents(const struct scenario_lab *lab, const char *directory)
{
    CLEANUP_JSON json_t *model = model_of(lab);
    return scenario_write_documents(directory, lab->services, lab->distribution, model);
}

int lab_write_models(const struct scenario_lab *lab, const char *directory)
{
    CLEANUP_FREE char *path = network_path("scenario/%s", directory);
    return path ? write_documents(lab, path) : -1;
}

int lab_make_models(const struct scenario_lab *lab, const char *directory)
{
    CLEANUP_FREE char *path = network_path("scenario/%s", directory);
    return path && scenario_copy_expressions(path) == 0 ? write_documents(lab, path) : -1;
}

char *lab_model_file(const struct scenario_lab *lab, const char *which)
{
    const json_t *models = json_object_get(lab->setting.scenario, "models");
    const char *own = json_string_value(json_object_get(models, which));
    if (own && lab->setting.directory)
        return string_format("%s/%s", lab->setting.directory, own);
    return network_path("scenario/models/%s.nix", which);
}
