/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The reconstruct plugin: dydisnix-self-adapt --reconstruct.
 */
#include <dydisnix/plugin.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "plugin/reconstruct/reconstruct.h"

static struct options options;

static int reconstruct_load(const struct dydisnix_operations *table)
{
    operations_use(table);
    options = options_default;
    return 0;
}

/* The values outlive the process: they stay the host's. */
static int reconstruct_configure(const char *key, const char *value)
{
    return options_set(&options, key, value);
}

/* DIRECTORY/CYCLE, or where that is there already, as after the host lost its state, DIRECTORY/CYCLE.1 and so
 * on. */
static char *place_input(const char *directory, const json_t *event)
{
    json_int_t cycle = json_integer_value(json_object_get(event, "cycle"));
    char *place = string_format("%s/%" JSON_INTEGER_FORMAT, directory, cycle);
    for (int i = 1; place && operations->inspect(place, NULL) != DYDISNIX_ABSENT; i++) {
        free(place);
        place = string_format("%s/%" JSON_INTEGER_FORMAT ".%d", directory, cycle, i);
    }
    return place;
}

static int reconstruct_reconstruct(const json_t *event, json_t **report)
{
    struct options own = options;
    const json_t *transfers = json_object_get(event, "maxConcurrentTransfers");
    const char *xml = text_or_null(event, "infrastructureXml"), *profile = text_or_null(event, "profile");
    const struct request request = { .infrastructure = xml ? xml : text_or_null(event, "infrastructure"),
                                     .xml = xml != NULL,
                                     .history = json_object_get(event, "history") };
    if (!request.infrastructure) {
        log_error(NULL, "reconstruct: the event names no infrastructure model");
        return DYDISNIX_FAILED;
    }
    if (profile && options_set(&own, "profile", profile) != 0)
        return DYDISNIX_FAILED;
    own.interface = text_or_null(event, "interface");
    own.target_property = text_or_null(event, "targetProperty");
    own.coordinator_profile_directory = text_or_null(event, "coordinatorProfilePath");
    own.show_trace = json_is_true(json_object_get(event, "showTrace"));
    own.late = json_is_true(json_object_get(event, "late"));
    own.dry_run = json_is_true(json_object_get(event, "dryRun"));
    own.stage_timeout = json_integer_value(json_object_get(event, "stageTimeout")) * 1000;
    if (json_is_integer(transfers) && json_integer_value(transfers) > 0)
        own.max_concurrent_transfers = (unsigned)json_integer_value(transfers);
    CLEANUP_FREE char *input = own.save_input ? place_input(own.save_input, event) : NULL;
    own.save_input = input;
    return reconstruct(&request, &own, report, NULL) == 0 ? DYDISNIX_DONE : DYDISNIX_FAILED;
}

static const struct dydisnix_plugin plugin = {
    .name = "reconstruct",
    .version = PACKAGE_VERSION,
    .description = "rebuilds the deployment manifest from the profile manifests of the targets",
    .load = reconstruct_load,
    .configure = reconstruct_configure,
    .reconstruct = reconstruct_reconstruct,
};

DYDISNIX_REGISTER_PLUGIN(plugin)
