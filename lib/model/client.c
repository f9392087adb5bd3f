/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/model/client.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"

void client_arguments(struct arguments *arguments, const struct target *target, const char *operation)
{
    arguments_add(arguments, target->client_interface);
    arguments_option(arguments, "--target", target_connection_key(target));
    arguments_add(arguments, operation);
}

char *client_unlock_command(const struct target *target, const char *profile)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    char *command = NULL;
    client_arguments(&arguments, target, "--unlock");
    arguments_option(&arguments, "--profile", profile);
    for (size_t i = 0; arguments_vector(&arguments) && i < arguments.count; i++) {
        CLEANUP_FREE char *before = command, *word = string_shell_word(arguments.items[i]);
        command = string_format("%s%s%s", before ? before : "", before ? " " : "", word ? word : "");
    }
    return command;
}

bool client_answers(const struct arguments *arguments)
{
    static const char *const answered[] = { "--query-", "--print-", "--resolve-", "--export" };
    bool answers = false;
    for (size_t i = 0; i < arguments->count; i++)
        for (size_t k = 0; k < sizeof answered / sizeof *answered; k++)
            answers |= strncmp(arguments->items[i], answered[k], strlen(answered[k])) == 0;
    return answers;
}

bool client_is_missing(const char *interface, const struct dydisnix_program *program,
                       const struct dydisnix_result *result, bool *missing)
{
    struct infrastructure_defaults defaults = { .client_interface = interface };
    infrastructure_defaults_complete(&defaults);
    if (result->ending != DYDISNIX_NOT_STARTED || strcmp(program->argv[0], defaults.client_interface) != 0)
        return false;
    if (!*missing)
        log_error(
            NULL,
            "the client interface %s cannot be started: %s; is it on the PATH, and is --interface right?",
            program->argv[0], strerror(result->status));
    *missing = true;
    return true;
}

/* A container property as Dysnomia gets it: true is 1, false is empty, a list is joined by blanks, a set is
 * nothing. */
static void append_argument_value(xmlBufferPtr buffer, const struct nix_value *value)
{
    switch (value->type) {
    case NIX_BOOL:
        if (strcmp(value->text, "true") == 0)
            xmlBufferCCat(buffer, "1");
        break;
    case NIX_LIST:
        for (size_t i = 0; i < value->count; i++) {
            if (i > 0)
                xmlBufferCCat(buffer, " ");
            append_argument_value(buffer, &value->children[i].value);
        }
        break;
    case NIX_ATTRS:
    case NIX_UNTYPED: break;
    default: xmlBufferCCat(buffer, value->text);
    }
}

static void add_properties(struct arguments *arguments, const struct nix_value *properties)
{
    for (size_t i = 0; properties && i < properties->count; i++) {
        CLEANUP_BUFFER xmlBufferPtr value = xmlBufferCreate();
        if (!value) {
            arguments->failed = true;
            return;
        }
        append_argument_value(value, &properties->children[i].value);
        arguments_add(arguments, "--arguments");
        arguments_format(arguments, "%s=%s", properties->children[i].name,
                         (const char *)xmlBufferContent(value));
    }
}

void client_component_arguments(struct arguments *arguments, const struct target *target,
                                const char *container, const struct service *service,
                                const struct service *provider)
{
    arguments_option(arguments, "--container", container);
    arguments_option(arguments, "--type", provider ? provider->pkg : service->type);
    add_properties(arguments,
                   nix_value_get(provider ? &provider->provides_containers : &target->containers, container));
    arguments_add(arguments, service->pkg);
}

bool client_is_lost(const struct dydisnix_result *result)
{
    return result->ending == DYDISNIX_EXITED && result->status == 255;
}
