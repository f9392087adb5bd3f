/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An example of a plugin: it looks on at redeploy, and tells after each cycle what became of it. With the
 * option refuse=TARGET it lets no cycle that has this target get as far as being distributed.
 *
 *     make -f Makefile.example
 *     dydisnix-self-adapt … --plugin=./spread.so --plugin-option=spread:refuse=test1
 */
#include <dydisnix/plugin.h>

#include <string.h>

static const struct dydisnix_operations *host;
static const char *refused; /* a target */

static void say(enum dydisnix_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    host->log(level, NULL, format, arguments);
    va_end(arguments);
}

static int spread_load(const struct dydisnix_operations *operations)
{
    host = operations;
    return 0;
}

static int spread_configure(const char *key, const char *value)
{
    if (strcmp(key, "refuse") == 0) {
        refused = value; /* stays valid as long as the process lives */
        return 0;
    }
    say(DYDISNIX_ERROR, "spread: no option %s", key);
    return -1;
}

/* Before services are distributed: what has changed? */
static int spread_redistribute(const json_t *event, json_t **report)
{
    const json_t *added = json_object_get(json_object_get(event, "changes"), "added");
    for (size_t i = 0; i < json_array_size(added); i++) {
        const char *target = json_string_value(json_array_get(added, i));
        if (refused && target && strcmp(target, refused) == 0) {
            say(DYDISNIX_ERROR, "spread: target %s is refused", target);
            *report = json_pack("{ss}", "refused", target);
            return DYDISNIX_FAILED;
        }
    }
    return DYDISNIX_NOT_MINE; /* Disnix distributes */
}

static int spread_cycle_finished(const json_t *event, json_t **report)
{
    const char *outcome = json_string_value(json_object_get(event, "outcome"));
    const char *stage = json_string_value(json_object_get(event, "stage"));
    (void)report;
    say(DYDISNIX_NOTICE, "spread: the cycle is %s, its last stage was %s", outcome ? outcome : "?",
        stage ? stage : "?");
    return DYDISNIX_DONE;
}

static const struct dydisnix_plugin plugin = {
    .name = "spread",
    .version = "1",
    .description = "an example: refuses a target, and tells how cycles end",
    .load = spread_load,
    .configure = spread_configure,
    .redistribute = spread_redistribute,
    .cycle_finished = spread_cycle_finished,
};

DYDISNIX_REGISTER_PLUGIN(plugin)
