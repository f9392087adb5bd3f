/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What works on models in a simulated network: the generator, Nix as far as it evaluates models, Dynamic
 * Disnix and disnix-manifest.
 */
#include "scenario/simulation/scenario.h"

#include <string.h>

#include <dydisnix/plugin.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/manifest/previous.h"
#include "lib/model/paths.h"
#include "lib/model/value.h"
#include "scenario/format/policy.h"
#include "scenario/simulation/disnix.h"
#include "scenario/simulation/placement.h"

static void write_document(struct simulated_scenario *scenario, const char *path, const json_t *document)
{
    CLEANUP_FREE char *text = simulated_memory(json_dumps(document, JSON_COMPACT));
    if (simulated_files_write(&scenario->simulation->files, path, text, strlen(text)) != 0)
        simulated_broken("out of memory");
}

/* Containers that no service provides: the targets have them. */
static json_t *containers_of(const json_t *services)
{
    json_t *containers = json_pack("{s{} s{}}", "process", "database"), *service;
    const char *name;
    json_object_foreach((json_t *)services, name, service)
        json_object_set_new(containers, scenario_container(service), json_object());
    json_object_foreach((json_t *)services, name, service)
        if (json_object_get(service, "provides"))
            json_object_del(containers, json_string_value(json_object_get(service, "provides")));
    return containers;
}

static json_t *describe(const struct simulated_scenario *scenario, const struct simulated_machine *machine)
{
    json_t *properties = json_pack("{ss}", "hostname", machine->key);
    const json_t *resources = json_object_get(machine->description, "resources");
    json_object_update_missing(properties, json_object_get(machine->description, "properties"));
    json_t *target = json_pack("{so so ss ss si}", "properties", properties, "containers",
                               containers_of(scenario->services), "system", "x86_64-linux", "clientInterface",
                               "client", "numOfCores", 1);
    if (resources)
        json_object_set(target, "resources", (json_t *)resources);
    return target;
}

json_t *scenario_model(const struct simulated_scenario *scenario)
{
    json_t *model = json_object();
    for (size_t i = 0; i < scenario->simulation->machine_count; i++) {
        const struct simulated_machine *machine = scenario->simulation->machines[i];
        bool reached = machine->up && !machine->hung && !machine->partitioned;
        if (machine->listed && (reached || !scenario->discovers))
            json_object_set_new(model, machine->name, describe(scenario, machine));
    }
    return model;
}

void scenario_write_models(struct simulated_scenario *scenario)
{
    CLEANUP_JSON json_t *model = scenario_model(scenario);
    write_document(scenario, SCENARIO_SERVICES, scenario->services);
    write_document(scenario, SCENARIO_QOS, scenario->distribution);
    if (!scenario->discovers)
        write_document(scenario, SCENARIO_MODEL, model);
}

/* What the source of models says now, malloc()ed; NULL: it fails; *hangs: it does not end. */
static char *print_model(struct simulated_scenario *scenario, bool *hangs)
{
    CLEANUP_JSON json_t *model = scenario_model(scenario),
                        *how = json_incref(json_array_get(scenario->prints, 0));
    const char *word = how ? json_string_value(how) : "";
    char *text = simulated_memory(json_dumps(model, JSON_INDENT(2)));
    if (how)
        json_array_remove(scenario->prints, 0);
    *hangs = strcmp(word, "hangs") == 0;
    if (strcmp(word, "half") == 0)
        text[strlen(text) / 2] = '\0';
    else if (strcmp(word, "nothing") == 0)
        text[0] = '\0';
    else if (strcmp(word, "empty") == 0)
        strcpy(text, "{}");
    else if (strcmp(word, "garbage") == 0)
        strcpy(text, ")");
    if (!*hangs && strcmp(word, "fails") != 0)
        return text;
    free(text);
    return NULL;
}

static int run_generator(struct simulated_scenario *scenario, xmlBufferPtr output)
{
    bool hangs;
    CLEANUP_FREE char *text = print_model(scenario, &hangs);
    if (text)
        xmlBufferCCat(output, text);
    return text ? 0 : hangs ? -1 : 1;
}

static json_t *load(const struct simulated_scenario *scenario, const char *path)
{
    const struct simulation *simulation = scenario->simulation;
    const struct simulated_object *object =
        simulated_paths_have(&simulation->paths, path) ? simulation_object(simulation, path) : NULL;
    const struct simulated_file *file = simulated_files_find(&simulation->files, path);
    const char *text = object ? object->text : file ? file->data : NULL;
    return text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
}

/* What stands in that file beside a model that wraps another one. */
static json_t *load_beside(const struct simulated_scenario *scenario, const char *file, const char *name)
{
    CLEANUP_FREE char *path =
        simulated_memory(string_format("%.*s/%s", (int)(strrchr(file, '/') - file), file, name));
    return load(scenario, path);
}

/* The model that it wraps. */
static json_t *load_wrapped(const struct simulated_scenario *scenario, const char *file)
{
    CLEANUP_JSON json_t *path = load_beside(scenario, file, "model.json");
    return path ? load(scenario, json_string_value(path)) : NULL;
}

/* An effective model leaves targets out of one. */
static json_t *load_effective(const struct simulated_scenario *scenario, const char *file)
{
    CLEANUP_JSON json_t *names = load_beside(scenario, file, "left-out.json");
    json_t *result = load_wrapped(scenario, file), *name;
    size_t index;
    json_array_foreach(names, index, name)
        json_object_del(result, json_string_value(name));
    return result;
}

static bool ends_in(const char *file, const char *end)
{
    size_t length = strlen(file);
    return length > strlen(end) && strcmp(file + length - strlen(end), end) == 0;
}

static json_t *load_model(const struct simulated_scenario *scenario, const char *file)
{
    json_t *model = ends_in(file, "/effective/infrastructure.nix") ? load_effective(scenario, file)
                                                                   : load(scenario, file);
    if (json_is_object(model))
        return model;
    json_decref(model);
    return NULL;
}

/* { SERVICE: [TARGET] }. One that pins services has them elsewhere. */
static json_t *load_distribution(const struct simulated_scenario *scenario, const char *file)
{
    if (!ends_in(file, "/pinned/distribution.nix"))
        return load(scenario, file);
    CLEANUP_JSON json_t *pins = load_beside(scenario, file, "pins.json");
    json_t *result = load_wrapped(scenario, file), *places, *place;
    const char *service;
    size_t index;
    json_object_foreach(pins, service, places) {
        json_object_set_new(result, service, json_array());
        json_array_foreach(places, index, place)
            json_array_append(json_object_get(result, service), json_object_get(place, "target"));
    }
    return result;
}

static void put_value(xmlBufferPtr output, const json_t *value);

static void put_attribute(xmlBufferPtr output, const char *name, const json_t *value)
{
    xmlBufferCCat(output, "<attr name=\"");
    xml_write_attribute(output, name);
    xmlBufferCCat(output, "\">");
    put_value(output, value);
    xmlBufferCCat(output, "</attr>");
}

static void put_scalar(xmlBufferPtr output, const char *type, const json_t *value)
{
    CLEANUP_FREE char *text =
        json_is_string(value) ? strdup(json_string_value(value)) : json_dumps(value, JSON_ENCODE_ANY);
    xmlBufferCCat(output, "<");
    xmlBufferCCat(output, type);
    xmlBufferCCat(output, " value=\"");
    xml_write_attribute(output, simulated_memory(text));
    xmlBufferCCat(output, "\"/>");
}

static void put_set(xmlBufferPtr output, const json_t *set)
{
    CLEANUP_FREE const char **names = simulated_memory(json_sorted_names(set));
    xmlBufferCCat(output, "<attrs>");
    for (size_t i = 0; names[i]; i++)
        put_attribute(output, names[i], json_object_get(set, names[i]));
    xmlBufferCCat(output, "</attrs>");
}

static void put_list(xmlBufferPtr output, const json_t *list)
{
    size_t index;
    json_t *value;
    xmlBufferCCat(output, "<list>");
    json_array_foreach((json_t *)list, index, value)
        put_value(output, value);
    xmlBufferCCat(output, "</list>");
}

/* As nix-instantiate --xml. */
static void put_value(xmlBufferPtr output, const json_t *value)
{
    if (json_is_object(value))
        put_set(output, value);
    else if (json_is_array(value))
        put_list(output, value);
    else if (json_is_null(value))
        xmlBufferCCat(output, "<null/>");
    else
        put_scalar(output,
                   json_is_string(value)    ? "string"
                   : json_is_boolean(value) ? "bool"
                   : json_is_integer(value) ? "int"
                                            : "float",
                   value);
}

static void put_expression(xmlBufferPtr output, const json_t *model)
{
    xmlBufferCCat(output, "<?xml version='1.0' encoding='utf-8'?>\n<expr>");
    put_value(output, model);
    xmlBufferCCat(output, "</expr>\n");
}

/* A fixed model may be as wrong as what a generator prints. */
static int evaluate(struct simulated_scenario *scenario, const char *file, xmlBufferPtr output)
{
    if (strcmp(file, SCENARIO_MODEL) == 0) {
        bool hangs;
        CLEANUP_FREE char *text = print_model(scenario, &hangs);
        if (!text)
            return hangs ? -1 : 1;
        simulated_files_write(&scenario->simulation->files, file, text, strlen(text));
    }
    CLEANUP_JSON json_t *model = load_model(scenario, file);
    if (model)
        put_expression(output, model);
    return model ? 0 : 1;
}

/* Where the coordinator profile leads; NULL: nowhere. */
static const struct simulated_object *current_object(const struct simulated_scenario *scenario)
{
    const struct simulation *simulation = scenario->simulation;
    const struct simulated_file *link =
        simulated_files_find(&simulation->files, SCENARIO_PROFILES "/default");
    CLEANUP_FREE char *name =
        link ? simulated_memory(string_format(SCENARIO_PROFILES "/%s", link->data)) : NULL;
    const struct simulated_file *generation = name ? simulated_files_find(&simulation->files, name) : NULL;
    const struct simulated_object *object =
        generation ? simulation_object(simulation, generation->data) : NULL;
    return object && object->text && simulated_paths_have(&simulation->paths, object->path) ? object : NULL;
}

static const struct manifest *parse_current(struct simulated_current *current, struct strings *strings,
                                            const struct simulated_object *object)
{
    const struct manifest_limits limits = { 0 };
    CLEANUP_FREE char *reason = NULL;
    if (current->path)
        manifest_clear(&current->manifest);
    manifest_init(&current->manifest, strings);
    current->path = object->path;
    if (manifest_parse(object->text, strlen(object->text), object->path, &limits, strings, &current->manifest,
                       &reason)
        == 0)
        return &current->manifest;
    manifest_clear(&current->manifest);
    current->path = NULL;
    return NULL;
}

const struct manifest *scenario_current(const struct simulated_scenario *scenario, const char **path)
{
    const struct simulated_object *object = current_object(scenario);
    if (!object)
        return NULL;
    if (path)
        *path = object->path;
    return scenario->current->path == object->path
               ? &scenario->current->manifest
               : parse_current(scenario->current, scenario->simulation->strings, object);
}

json_t *scenario_places(const struct simulated_scenario *scenario)
{
    const struct manifest *manifest = scenario_current(scenario, NULL);
    json_t *places = json_object();
    for (size_t i = 0; manifest && i < manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &manifest->service_mappings[i];
        const char *name = manifest_find_service(manifest, mapping->service)->name;
        if (!json_object_get(places, name))
            json_object_set_new(places, name, json_array());
        json_array_append_new(json_object_get(places, name), json_string(mapping->target));
    }
    return places;
}

static const char *option(const struct dydisnix_program *program, const char *name)
{
    for (size_t i = 1; program->argv[i]; i++)
        if (strcmp(program->argv[i], name) == 0 && program->argv[i + 1])
            return program->argv[i + 1];
    return "";
}

/* A question to the program that places services. */
struct asking {
    struct placement_question question;
    json_t *places;
};

static void ask_placement(void *closure)
{
    struct asking *asking = closure;
    asking->places = placement_ask(&asking->question);
}

/* { SERVICE: [TARGET] }, a new reference; NULL: it has failed. */
static json_t *place(struct simulated_scenario *scenario, const struct dydisnix_program *program,
                     const json_t *services, const json_t *distribution, const json_t *model)
{
    CLEANUP_JSON json_t *before = scenario_places(scenario);
    const struct simulated_object *manifest = current_object(scenario);
    if (!scenario->placement)
        return scenario_place(services, distribution, model, before);
    struct asking asking = { .question = { .words = scenario->placement,
                                           .directory = scenario->directory,
                                           .asked = program,
                                           .services = services,
                                           .distribution = distribution,
                                           .infrastructure = model,
                                           .before = before,
                                           .manifest = manifest ? manifest->text : NULL } };
    scenario->outside(scenario, ask_placement, &asking);
    if (asking.places) {
        json_decref(scenario->placed);
        scenario->placed = json_incref(asking.places);
    }
    return asking.places;
}

static int distribute(struct simulated_scenario *scenario, const struct dydisnix_program *program,
                      xmlBufferPtr output)
{
    CLEANUP_JSON json_t *services = load(scenario, option(program, "--services"));
    CLEANUP_JSON json_t *distribution = load(scenario, option(program, "--qos"));
    CLEANUP_JSON json_t *model = load_model(scenario, option(program, "--infrastructure"));
    if (!services || !distribution || !model || scenario->simulation->full)
        return 1;
    CLEANUP_JSON json_t *places = place(scenario, program, services, distribution, model);
    if (!places)
        return 1;
    CLEANUP_FREE char *text = simulated_memory(json_dumps(places, JSON_COMPACT));
    const char *path = simulation_store(scenario->simulation, "distribution.nix", text, NULL, 0);
    simulated_paths_add(&scenario->simulation->paths, path);
    xmlBufferCCat(output, path);
    xmlBufferCCat(output, "\n");
    return 0;
}

static struct simulated_service service_of(struct simulation *simulation, const char *name,
                                           const json_t *service)
{
    CLEANUP_FREE char *package = simulated_memory(string_format("%s-%s", name, scenario_version(service)));
    return (struct simulated_service){ .name = name,
                                       .package = strings_intern(simulation->strings, package),
                                       .container = scenario_container(service),
                                       .type = scenario_type(service),
                                       .stateful = scenario_has_state(service),
                                       .nature = nature_of_word(scenario_nature(service)),
                                       .provides = json_string_value(json_object_get(service, "provides")),
                                       .dependencies = json_object_get(service, "dependsOn"),
                                       .connections = json_object_get(service, "connectsTo") };
}

/* Whether every name in those lists is a service, as Nix demands. */
static bool has_all_dependencies(const json_t *services)
{
    static const char *const lists[] = { "dependsOn", "connectsTo" };
    const char *name;
    json_t *service, *other;
    size_t index;
    json_object_foreach((json_t *)services, name, service)
        for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
            json_array_foreach(json_object_get(service, lists[i]), index, other)
                if (!json_object_get(services, json_string_value(other)))
                    return false;
    return true;
}

static size_t count_places(const json_t *places)
{
    size_t count = 0;
    const char *name;
    json_t *targets;
    json_object_foreach((json_t *)places, name, targets)
        count += json_array_size(targets);
    return count;
}

/* In order of the services' names. */
static void add_places(struct simulated_system *system, struct simulated_place *list, const char *service,
                       const json_t *targets)
{
    size_t index;
    json_t *target;
    json_array_foreach((json_t *)targets, index, target)
        list[system->place_count++] = (struct simulated_place){ service, json_string_value(target) };
}

const char *scenario_manifest(struct simulated_scenario *scenario, const json_t *services,
                              const json_t *places, const json_t *model)
{
    struct simulation *simulation = scenario->simulation;
    const struct infrastructure_defaults defaults = { "client", "hostname", "x86_64-linux" };
    struct infrastructure infrastructure = { 0 };
    CLEANUP_BUFFER xmlBufferPtr xml = simulated_memory(xmlBufferCreate());
    CLEANUP_FREE const char **names = simulated_memory(json_sorted_names(services));
    CLEANUP_FREE struct simulated_service *list =
        simulated_memory(calloc(json_object_size(services) + 1, sizeof *list));
    CLEANUP_FREE struct simulated_place *where =
        simulated_memory(calloc(count_places(places) + 1, sizeof *where));
    CLEANUP_FREE char *reason = NULL;
    struct simulated_system system = { .services = list, .places = where };
    const char *path = NULL;
    if (!has_all_dependencies(services))
        return NULL;
    put_expression(xml, model);
    for (size_t i = 0; names[i]; i++) {
        list[system.service_count++] = service_of(simulation, names[i], json_object_get(services, names[i]));
        add_places(&system, where, names[i], json_object_get(places, names[i]));
    }
    if (infrastructure_parse((const char *)xmlBufferContent(xml), (size_t)xmlBufferLength(xml), "model",
                             simulation->strings, &defaults, &infrastructure, &reason)
        == 0)
        path = simulation_manifest(simulation, &system, &infrastructure);
    infrastructure_clear(&infrastructure);
    return path;
}

static int make_manifest(struct simulated_scenario *scenario, const struct dydisnix_program *program,
                         xmlBufferPtr output)
{
    CLEANUP_JSON json_t *services = load(scenario, option(program, "--services"));
    CLEANUP_JSON json_t *places = load_distribution(scenario, option(program, "--distribution"));
    CLEANUP_JSON json_t *model = load_model(scenario, option(program, "--infrastructure"));
    bool possible = services && places && model && !scenario->simulation->full;
    const char *path = possible ? scenario_manifest(scenario, services, places, model) : NULL;
    if (!path)
        return 1;
    xmlBufferCCat(output, path);
    xmlBufferCCat(output, "\n");
    return 0;
}

/* What it would add is not known here. */
static int augment(struct simulated_scenario *scenario, const struct dydisnix_program *program,
                   xmlBufferPtr output)
{
    CLEANUP_JSON json_t *model = load_model(scenario, option(program, "--infrastructure"));
    if (!model || scenario->simulation->full)
        return 1;
    write_document(scenario, SCENARIO_WORK "/augmented.nix", model);
    xmlBufferCCat(output, SCENARIO_WORK "/augmented.nix\n");
    return 0;
}

static int assign_ids(struct simulated_scenario *scenario, const struct dydisnix_program *program)
{
    if (scenario->simulation->full)
        return 1;
    simulated_files_write(&scenario->simulation->files, option(program, "--output-file"), "{ }\n", 4);
    return 0;
}

/* The file that nix-instantiate is to evaluate, unless it is an expression of this project. */
static const char *evaluated_file(const struct dydisnix_program *program)
{
    size_t count = 0;
    while (program->argv[count])
        count++;
    const char *last = program->argv[count - 1];
    for (size_t i = 1; i < count; i++)
        if (strcmp(program->argv[i], "--xml") == 0)
            return last;
    return NULL;
}

static int run(struct simulated_scenario *scenario, const struct dydisnix_program *program,
               xmlBufferPtr output)
{
    const char *name = program->argv[0];
    int status = scenario_program_fails(scenario, name);
    if (status != 0)
        return status;
    if (strcmp(name, "generator") == 0)
        return run_generator(scenario, output);
    if (strcmp(name, "dydisnix-gendist") == 0)
        return distribute(scenario, program, output);
    if (strcmp(name, "disnix-manifest") == 0)
        return make_manifest(scenario, program, output);
    if (strcmp(name, "dydisnix-augment-infra") == 0)
        return augment(scenario, program, output);
    if (strcmp(name, "dydisnix-id-assign") == 0)
        return assign_ids(scenario, program);
    if (strcmp(name, "nix-instantiate") == 0 && evaluated_file(program))
        return evaluate(scenario, evaluated_file(program), output);
    return -2;
}

bool scenario_run_models(struct simulated_scenario *scenario, const struct dydisnix_program *program,
                         struct dydisnix_result *result)
{
    CLEANUP_BUFFER xmlBufferPtr output = simulated_memory(xmlBufferCreate());
    int status = run(scenario, program, output);
    if (status == -2)
        return false;
    simulation_finish(result, status, output);
    return true;
}
