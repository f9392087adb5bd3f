/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/format/event-kinds.h"

#include <string.h>

#include "host/settings/stage-names.h"
#include "scenario/format/event-checks.h"
#include "scenario/format/event-words.h"

#define EVENT_NAME(event, name) [EVENT_##event] = name,
static const char *const names[EVENT_COUNT] = { SCENARIO_EVENTS(EVENT_NAME) };

#define TARGET                                                    \
    {                                                             \
        .name = "target", .check = check_target, .required = true \
    }
#define EVENT_MEMBERS                             \
    { .name = "event", .check = check_anything }, \
    {                                             \
        .name = "at", .check = check_at           \
    }
/* The event, how it reads, and its own members. */
#define EVENT(event, reads, ...)                                   \
    [EVENT_##event] = { reads, .members = (const struct member[]){ \
                                   EVENT_MEMBERS, ##__VA_ARGS__, { .name = NULL } } }

const struct event_kind event_kinds[EVENT_COUNT] = {
    EVENT(crash, .verb = "crashes", TARGET),
    EVENT(reappear, .write = event_write_reappear, TARGET, { .name = "disk", .check = check_disk }),
    EVENT(save, .write = event_write_save, TARGET,
          { .name = "label", .check = check_text, .required = true }),
    EVENT(add, .verb = "is added", { .name = "target", .check = check_new_target, .required = true },
          { .name = "key", .check = check_text }, { .name = "properties", .check = check_properties },
          { .name = "resources", .check = check_resources }),
    EVENT(remove, .verb = "is removed", TARGET),
    EVENT(change, .write = event_write_change, TARGET,
          { .name = "property", .check = check_text, .required = true },
          { .name = "value", .check = check_text, .required = true }),
    EVENT(rename, .write = event_write_rename, TARGET,
          { .name = "to", .check = check_new_target, .required = true }),
    EVENT(partition, .write = event_write_partition,
          { .name = "targets", .check = check_targets, .required = true }),
    EVENT(join, .write = event_write_partition,
          { .name = "targets", .check = check_targets, .required = true }),
    EVENT(slow, .write = event_write_slow, TARGET,
          { .name = "milliseconds", .check = check_count_or_none, .required = true }),
    EVENT(hang, .verb = "hangs", TARGET),
    EVENT(resume, .verb = "goes on", TARGET),
    EVENT(lose_coordinator, .write = event_write_loss,
          { .name = "what", .check = check_word, WORDS("manifest", "store", "state", "snapshots", "all") }),
    EVENT(corrupt, .write = event_write_corruption, TARGET,
          { .name = "how",
            .check = check_word,
            .required = true,
            WORDS("garbage", "half", "empty", "stranger") }),
    EVENT(say, .write = event_write_saying, TARGET,
          { .name = "operation", .check = check_word, .words = operations_of_client },
          { .name = "text", .check = check_said, .required = true },
          { .name = "repeat", .check = check_count }),
    EVENT(generator, .write = event_write_generator,
          { .name = "prints",
            .check = check_word,
            .required = true,
            WORDS("half", "nothing", "empty", "garbage", "fails", "hangs") },
          { .name = "times", .check = check_count }),
    EVENT(fail, .write = event_write_failure,
          { .name = "operation", .check = check_word, .words = operations_of_client },
          { .name = "target", .check = check_target },
          { .name = "stage", .check = check_word, .words = stage_names },
          { .name = "program", .check = check_text }, { .name = "times", .check = check_count },
          { .name = "probability", .check = check_probability },
          { .name = "how", .check = check_word, .words = fates }),
    EVENT(foreign_deploy, .write = event_write_changes, { .name = "services", .check = check_upgrade },
          { .name = "distribution", .check = check_policy }),
    EVENT(end, .write = event_write_ending,
          { .name = "phase", .check = check_word, .required = true, .words = ending_phases },
          { .name = "status", .check = check_count_or_none },
          { .name = "signal", .check = check_word, WORDS("KILL", "SEGV", "TERM", "INT") }),
    EVENT(upgrade, .write = event_write_changes,
          { .name = "services", .check = check_upgrade, .required = true },
          { .name = "distribution", .check = check_policy }),
    EVENT(write, .write = event_write_writing,
          { .name = "service", .check = check_service, .required = true },
          { .name = "text", .check = check_text, .required = true },
          { .name = "target", .check = check_target }, { .name = "snapshot", .check = check_boolean }),
    EVENT(client, .write = event_write_client,
          { .name = "service", .check = check_service, .required = true },
          { .name = "target", .check = check_target }, { .name = "times", .check = check_count }),
    EVENT(kill_host, .write = event_write_kill, { .name = "spares", .check = check_word, WORDS("engine") }),
    EVENT(keep_copy, .write = event_write_decision, TARGET, { .name = "component", .check = check_text }),
    EVENT(discard_copy, .write = event_write_decision, TARGET, { .name = "component", .check = check_text }),
    EVENT(restore, .write = event_write_restore, TARGET,
          { .name = "service", .check = check_service, .required = true }),
    EVENT(pause, .words = "an operator pauses the loop"),
    EVENT(continue, .words = "an operator lets the loop go on"),
    EVENT(trigger, .words = "an operator asks for a cycle"),
    EVENT(collect_garbage, .write = event_write_collection, { .name = "target", .check = check_target },
          { .name = "old", .check = check_boolean }),
    EVENT(full_disk, .write = event_write_disk, { .name = "target", .check = check_target }),
    EVENT(free_disk, .write = event_write_disk, { .name = "target", .check = check_target }),
    EVENT(damage_state, .words = "what the loop remembers cannot be read",
          { .name = "how", .check = check_word, WORDS("half", "newer", "unreadable") }),
    EVENT(mend_state, .words = "what the loop remembers can be read again"),
    EVENT(close_profiles, .words = "the loop may not write where the coordinator profile is"),
    EVENT(open_profiles, .words = "the loop may write there again"),
    EVENT(distrust, .words = "Nix takes no closures from the loop"),
    EVENT(trust, .words = "Nix takes closures from the loop again"),
    EVENT(clock, .write = event_write_clock, { .name = "seconds", .check = check_integer, .required = true }),
    EVENT(replay, .write = event_write_replay,
          { .name = "input", .check = check_file_name, .required = true }),
    EVENT(wait, .write = event_write_wait, { .name = "seconds", .check = check_count, .required = true }),
};

size_t event_number(const char *name)
{
    size_t number = 0;
    while (number < EVENT_COUNT && strcmp(names[number], name) != 0)
        number++;
    return number;
}

const char *event_name(size_t number)
{
    return names[number];
}

bool scenario_has_event(const json_t *events, const char *word)
{
    const char *own = json_string_value(json_object_get(events, "event"));
    json_t *value;
    size_t index;
    bool found = own && strcmp(own, word) == 0;
    json_array_foreach((json_t *)events, index, value)
        found = found || scenario_has_event(value, word);
    return found;
}
