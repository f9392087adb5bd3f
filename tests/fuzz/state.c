/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The loop's state.json: whatever stands there, it can be gone on from, and what is saved is read again.
 */
#include "config.h"

#include <errno.h>

#include "fuzz.h"
#include "host/presence/presence.h"
#include "host/record/state.h"
#include "plugin/capture/facts.h"

static const char *content;
static size_t content_length;

static int read_content(const char *path, size_t limit, char **data, size_t *length)
{
    (void)path, (void)limit;
    *data = malloc(content_length + 1);
    REQUIRE(*data);
    memcpy(*data, content, content_length);
    (*data)[content_length] = '\0';
    *length = content_length;
    return 0;
}

static int write_content(const char *path, const char *data, size_t length, unsigned mode)
{
    (void)path, (void)mode;
    free((char *)content);
    content = malloc(length + 1);
    REQUIRE(content);
    memcpy((char *)content, data, length);
    content_length = length;
    return 0;
}

static struct target targets[] = { { .name = "test1" }, { .name = "test2" } };
static const struct infrastructure infrastructure = { targets, sizeof targets / sizeof *targets };

static void go_on(struct state *state)
{
    struct snapshot_mapping mapping = { .target = "test1", .container = "db", .component = "db-1.0" };
    const struct manifest manifest = { .snapshot_mappings = &mapping, .snapshot_mapping_count = 1 };
    struct captured captured[] = { { .target = &targets[0] }, { .target = &targets[1] } };
    struct capture capture = { captured, 2 };
    CLEANUP_JSON json_t *report = json_deep_copy(state->root);
    CLEANUP_JSON json_t *names = json_pack("[ss]", "test1", "test2");
    const struct presence_policy policy = { 60, 2, 600, 60, 50, true };
    struct presence presence;

    state_probed(state, report);
    presence_take_in(state->root, "test1", false);
    REQUIRE(presence_judge(state->root, names, json_object_get(report, "silent"),
                           json_object_get(report, "doubles"), &policy, 1000, &presence)
            == 0);
    presence_clear(&presence);
    presence_word(state->root, "resume", 1000);
    presence_hold(state->root, report, 1000, &presence);
    state_see(state, &infrastructure, json_object_get(report, "silent"), 1000);
    state_snapshotted(state, &manifest, 1000);
    state_rescued(state, report, 1000);
    state_heard(state, report);
    state_is_silent(state, "test1");
    facts_set_absences(state->root, &capture);
    for (size_t i = 0; i < capture.count; i++)
        REQUIRE(captured[i].away_known || !captured[i].away);
    state_deploying(state, NULL, "/new");
    REQUIRE(state_is_deploying(state));
    state_deploying(state, NULL, NULL);
    REQUIRE(!state_is_deploying(state));
    presence_deployed(state->root, names);
    state_deployed(state, "/manifest", &infrastructure);
    facts_set_absences(state->root, &capture);
    for (size_t i = 0; i < capture.count; i++)
        REQUIRE(!captured[i].away_known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dydisnix_operations table = no_operations;
    struct state state, again;

    table.read = read_content;
    table.write = write_content;
    operations_use(&table);
    content = NULL;
    REQUIRE(!write_content(NULL, (const char *)data, size, 0));
    if (state_load("/state", &state) != 0) {
        state_clear(&state);
        free((char *)content);
        return 0;
    }
    go_on(&state);
    REQUIRE(!state_save(&state));
    REQUIRE(!state_load("/state", &again));
    REQUIRE(json_equal(state.root, again.root));
    state_clear(&state);
    state_clear(&again);
    free((char *)content);
    return 0;
}
