/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/model/infrastructure.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/model/paths.h"

static const char *environment_or(const char *variable, const char *otherwise)
{
    const char *value = getenv(variable);

    return value && *value ? value : otherwise;
}

static const char *build_machine(void)
{
    static char name[sizeof((struct utsname *)0)->machine + sizeof "-linux"];
    struct utsname machine;

    if (!*name && uname(&machine) == 0) {
        strcpy(name, machine.machine);
        strcat(name, "-linux");
    }
    return name;
}

void infrastructure_defaults_complete(struct infrastructure_defaults *defaults)
{
    if (!defaults->client_interface)
        defaults->client_interface = environment_or("DISNIX_CLIENT_INTERFACE", "disnix-ssh-client");
    if (!defaults->target_property)
        defaults->target_property = environment_or("DISNIX_TARGET_PROPERTY", "hostname");
    if (!defaults->system)
        defaults->system = build_machine();
}

void target_clear(struct target *target)
{
    nix_value_clear(&target->properties);
    nix_value_clear(&target->containers);
}

int target_copy(struct target *to, const struct target *from)
{
    *to = *from;
    to->containers = (struct nix_value){ .type = NIX_ATTRS };
    if (nix_value_copy(&to->properties, &from->properties) < 0
        || nix_value_copy(&to->containers, &from->containers) < 0) {
        target_clear(to);
        return -1;
    }
    return 0;
}

void infrastructure_clear(struct infrastructure *infrastructure)
{
    for (size_t i = 0; i < infrastructure->count; i++)
        target_clear(&infrastructure->targets[i]);
    free(infrastructure->targets);
    *infrastructure = (struct infrastructure){ 0 };
}

static int compare_targets(const void *a, const void *b)
{
    const struct target *one = a, *other = b;

    return strcmp(one->name, other->name);
}

void infrastructure_sort(struct infrastructure *infrastructure)
{
    if (infrastructure->count)
        qsort(infrastructure->targets, infrastructure->count, sizeof *infrastructure->targets,
              compare_targets);
}

json_t *infrastructure_names(const struct infrastructure *infrastructure)
{
    json_t *names = json_array();
    for (size_t i = 0; i < infrastructure->count; i++)
        json_array_append_new(names, json_string(infrastructure->targets[i].name));
    return names;
}

const struct target *infrastructure_find(const struct infrastructure *infrastructure, const char *name)
{
    const struct target wanted = { .name = name };

    if (!infrastructure->count)
        return NULL;
    return bsearch(&wanted, infrastructure->targets, infrastructure->count, sizeof wanted, compare_targets);
}

static const struct nix_value *key_property(const struct target *target)
{
    return target->target_property ? nix_value_get(&target->properties, target->target_property) : NULL;
}

const char *target_connection_key(const struct target *target)
{
    const struct nix_value *property = key_property(target);
    bool usable =
        property && (property->type == NIX_STRING || property->type == NIX_INT || property->type == NIX_FLOAT)
        && is_connection_key(property->text);

    return usable ? property->text : NULL;
}

bool target_name_is_key(const struct target *target)
{
    const char *key = target ? target_connection_key(target) : NULL;
    return key && string_equal(key, target->name);
}

static bool is_core_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits && digits < 10 && !text[digits] && strspn(text, "0") < digits;
}

const char *target_objection(const struct target *target, const char **field)
{
    *field = "numOfCores";
    if (!target->number_of_cores || !is_core_number(target->number_of_cores))
        return "not a number from 1 to 999999999";
    *field = "clientInterface";
    if (!target->client_interface || !is_plain_name(target->client_interface)
        || *target->client_interface == '-')
        return "empty, or with control characters, or beginning with -";
    *field = "targetProperty";
    if (!target->target_property || !*target->target_property)
        return "empty";
    if (!key_property(target))
        return "names a property that the target does not have";
    *field = target->target_property;
    if (!target_connection_key(target))
        return "not usable as a connection key: a string or number is needed, without white space or "
               "control characters, not beginning with -";
    return NULL;
}

int infrastructure_start(struct value_builder *builder, struct xml_reader *reader, const char *element)
{
    static const char *const texts[] = { "system", "numOfCores", "clientInterface", "targetProperty", NULL };
    const char *given;

    if (builder->depth > 2)
        return value_builder_start(builder, reader, element);
    if (builder->depth == 1) {
        if (strcmp(element, "target"))
            return XML_SKIP;
        given = xml_attribute(reader, "name");
        return given ? value_builder_open(builder, reader, given, NIX_ATTRS, NULL)
                     : xml_fail(reader, "target without name");
    }
    for (int i = 0; texts[i]; i++)
        if (!strcmp(element, texts[i]))
            return value_builder_open(builder, reader, texts[i], NIX_STRING, NULL);
    if (strcmp(element, "properties") && strcmp(element, "containers"))
        return XML_SKIP;
    given = xml_attribute(reader, "type");
    if (given && strcmp(given, "attrs"))
        return xml_fail(reader, "%s: not a set", element);
    return value_builder_open(builder, reader, *element == 'p' ? "properties" : "containers", NIX_ATTRS,
                              NULL);
}

/* One target's set being read into the model. */
struct taking {
    const char *source;
    struct strings *strings;
    struct nix_value *set;
    struct target *target;
    char **reason;
};

static struct nix_value *field_of(struct taking *taking, const char *field)
{
    return (struct nix_value *)nix_value_get(taking->set, field);
}

static int field_refused(struct taking *taking, const char *field, const char *why)
{
    return reason_set(taking->reason, taking->source, "target %s: %s: %s", taking->target->name, field, why);
}

static int take_text(struct taking *taking, const char *field, const char *otherwise, bool number,
                     const char **text)
{
    const struct nix_value *value = field_of(taking, field);

    if (value && value->type != NIX_STRING && !(number && value->type == NIX_INT))
        return field_refused(taking, field, value->type == NIX_UNTYPED ? value->text : "of the wrong type");
    *text = strings_intern(taking->strings, value ? value->text : otherwise);
    return *text ? 0 : field_refused(taking, field, "not enough memory");
}

static int take_set(struct taking *taking, const char *field, struct nix_value *to)
{
    struct nix_value *value = field_of(taking, field);

    *to = (struct nix_value){ .type = NIX_ATTRS };
    if (!value)
        return 0;
    if (value->type != NIX_ATTRS)
        return field_refused(taking, field, "not a set");
    *to = *value;
    *value = (struct nix_value){ .type = NIX_ATTRS };
    return 0;
}

static int containers_check(struct taking *taking)
{
    const struct nix_value *containers = &taking->target->containers;

    for (size_t i = 0; i < containers->count; i++) {
        const struct nix_attribute *container = &containers->children[i];

        if (!is_plain_name(container->name))
            return field_refused(taking, "containers", "a name that is empty or has control characters");
        if (container->value.type != NIX_ATTRS)
            return reason_set(taking->reason, taking->source, "target %s: containers.%s: not a set",
                              taking->target->name, container->name);
    }
    return 0;
}

static int take_target(struct taking *taking, const struct infrastructure_defaults *defaults)
{
    static const struct infrastructure_defaults none = { "", "", "" };
    const struct infrastructure_defaults *missing = defaults ? defaults : &none;
    struct target *target = taking->target;
    const char *field, *objection;

    if (!is_plain_name(target->name) || strpbrk(target->name, " \t\n\v\f\r"))
        return reason_set(taking->reason, taking->source,
                          "target %s: a name that is empty, or has white space or control characters",
                          target->name);
    if (taking->set->type != NIX_ATTRS)
        return reason_set(taking->reason, taking->source, "target %s: not a set", target->name);
    if (take_set(taking, "properties", &target->properties)
        || take_set(taking, "containers", &target->containers) || containers_check(taking)
        || take_text(taking, "system", missing->system, false, &target->system)
        || take_text(taking, "numOfCores", "1", true, &target->number_of_cores)
        || take_text(taking, "clientInterface", missing->client_interface, false, &target->client_interface)
        || take_text(taking, "targetProperty", missing->target_property, false, &target->target_property))
        return -1;
    if (!defaults)
        return 0;
    if (!is_plain_name(target->system))
        return field_refused(taking, "system", "empty, or with control characters");
    objection = target_objection(target, &field);
    return objection ? field_refused(taking, field, objection) : 0;
}

int infrastructure_take(struct nix_value *set, const char *source, struct strings *strings,
                        const struct infrastructure_defaults *defaults, struct infrastructure *infrastructure,
                        char **reason)
{
    *infrastructure = (struct infrastructure){ 0 };
    if (set->type != NIX_ATTRS)
        return reason_set(reason, source, "not a set of targets%s%s",
                          set->type == NIX_UNTYPED ? ", but a " : "",
                          set->type == NIX_UNTYPED ? set->text : "");
    infrastructure->targets = array_new(set->count, sizeof *infrastructure->targets);
    if (!infrastructure->targets)
        return reason_set(reason, source, "not enough memory");
    for (size_t i = 0; i < set->count; i++) {
        struct target *target = &infrastructure->targets[infrastructure->count++];
        struct taking taking = { source, strings, &set->children[i].value, target, reason };

        target->name = set->children[i].name;
        if (take_target(&taking, defaults) < 0) {
            infrastructure_clear(infrastructure);
            return -1;
        }
    }
    return 0;
}

/* Either root: the value of an expression, or what disnix-normalize-infra prints. */
struct document {
    struct strings *strings;
    struct value_builder builder;
    struct nix_value set;
};

static int document_start(void *closure, struct xml_reader *reader, const char *element)
{
    struct document *document = closure;
    const char *version;

    if (document->builder.depth)
        return infrastructure_start(&document->builder, reader, element);
    if (strcmp(element, "infrastructure"))
        return xml_fail(reader, "the root element is %s, neither expr nor infrastructure", element);
    version = xml_attribute(reader, "version");
    if (!version || strcmp(version, "2"))
        return xml_fail(reader, "infrastructure of version %s, only 2 can be read",
                        version ? version : "none");
    value_builder_begin(&document->builder, &document->set, NIX_ATTRS);
    return XML_GO_ON;
}

static int document_end(void *closure, struct xml_reader *reader, const char *text, size_t length)
{
    struct document *document = closure;

    return value_builder_end(&document->builder, reader, document->strings, text, length);
}

/* The element that the root is, found without reading it: what cannot be told is left to the reader. */
static bool root_is_expr(const char *xml, size_t length)
{
    static const char root[] = "<expr";

    for (size_t i = 0; i + sizeof root <= length; i++)
        if (xml[i] == '<' && xml[i + 1] != '?' && xml[i + 1] != '!')
            return !memcmp(xml + i, root, sizeof root - 1);
    return false;
}

int infrastructure_parse(const char *xml, size_t length, const char *source, struct strings *strings,
                         const struct infrastructure_defaults *defaults,
                         struct infrastructure *infrastructure, char **reason)
{
    static const struct xml_events events = { document_start, document_end };
    struct infrastructure_defaults complete = *defaults;
    struct document document = { .strings = strings, .set = { .type = NIX_ATTRS } };
    /* In a manifest, it all stands one level deeper. */
    struct xml_source xml_source = {
        .xml = xml, .length = length, .name = source, .strings = strings, .depth = XML_DEPTH_DEFAULT - 1
    };
    int outcome;

    *infrastructure = (struct infrastructure){ 0 };
    infrastructure_defaults_complete(&complete);
    if (root_is_expr(xml, length))
        outcome = nix_value_parse(xml, length, source, strings, &document.set, reason);
    else
        outcome = xml_read(&xml_source, &events, &document, reason);
    if (!outcome)
        outcome = infrastructure_take(&document.set, source, strings, &complete, infrastructure, reason);
    nix_value_clear(&document.set);
    return outcome;
}

int target_compare(const struct target *a, const struct target *b)
{
    const char *texts[][2] = {
        { a->name, b->name },
        { a->system, b->system },
        { a->number_of_cores, b->number_of_cores },
        { a->client_interface, b->client_interface },
        { a->target_property, b->target_property },
    };
    int order = 0;

    for (size_t i = 0; !order && i < sizeof texts / sizeof *texts; i++)
        order = strcmp(texts[i][0], texts[i][1]);
    if (!order)
        order = nix_value_compare(&a->properties, &b->properties);
    return order ? order : nix_value_compare(&a->containers, &b->containers);
}

static void name_changed(json_t *list, const char *field, const char *attribute)
{
    CLEANUP_FREE char *path = attribute ? string_format("%s.%s", field, attribute) : NULL;

    json_array_append_new(list, json_string(path ? path : field));
}

static void name_changed_attributes(json_t *list, const char *field, const struct nix_value *a,
                                    const struct nix_value *b)
{
    size_t i = 0, j = 0;

    while (i < a->count || j < b->count) {
        const struct nix_attribute *one = i < a->count ? &a->children[i] : NULL;
        const struct nix_attribute *other = j < b->count ? &b->children[j] : NULL;
        int order = !one ? 1 : !other ? -1 : strcmp(one->name, other->name);

        if (order || nix_value_compare(&one->value, &other->value))
            name_changed(list, field, order <= 0 ? one->name : other->name);
        i += order <= 0;
        j += order >= 0;
    }
}

static json_t *target_changes(const struct target *a, const struct target *b)
{
    json_t *list = json_array();

    name_changed_attributes(list, "properties", &a->properties, &b->properties);
    name_changed_attributes(list, "containers", &a->containers, &b->containers);
    if (strcmp(a->system, b->system))
        name_changed(list, "system", NULL);
    if (strcmp(a->number_of_cores, b->number_of_cores))
        name_changed(list, "numOfCores", NULL);
    if (strcmp(a->client_interface, b->client_interface))
        name_changed(list, "clientInterface", NULL);
    if (strcmp(a->target_property, b->target_property))
        name_changed(list, "targetProperty", NULL);
    return list;
}

json_t *infrastructure_difference(const struct infrastructure *a, const struct infrastructure *b)
{
    json_t *added = json_array(), *removed = json_array(), *changed = json_object();
    size_t i = 0, j = 0;

    while (i < a->count || j < b->count) {
        const struct target *one = i < a->count ? &a->targets[i] : NULL;
        const struct target *other = j < b->count ? &b->targets[j] : NULL;
        int order = !one ? 1 : !other ? -1 : strcmp(one->name, other->name);

        if (order < 0)
            json_array_append_new(removed, json_string(one->name));
        else if (order > 0)
            json_array_append_new(added, json_string(other->name));
        else if (target_compare(one, other))
            json_object_set_new(changed, one->name, target_changes(one, other));
        i += order <= 0;
        j += order >= 0;
    }
    return json_pack("{s:o, s:o, s:o}", "added", added, "removed", removed, "changed", changed);
}
