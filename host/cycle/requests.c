/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cycle/requests.h"

#include <string.h>

#include "host/copies/restore.h"
#include "host/copies/survivors.h"
#include "host/record/requests.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/world/operations.h"

/* What came of a word stands in the journal. */
static void note_word(const struct cycle *cycle, const json_t *word, const char *reason)
{
    json_t *document = json_copy((json_t *)word);
    json_object_del(document, "file");
    json_object_update_new(document, json_pack("{ss ss ss*}", "kind", "word", "outcome",
                                               reason ? "refused" : "taken", "reason", reason));
    journal_write(cycle->settings->state_directory, document, true);
}

/* Copies of a target that is not held are the word's concern, and their components. */
static void take_copies(struct cycle *cycle, const json_t *word)
{
    json_t *state = cycle->state.root;
    const char *name = text_or_null(word, "word"), *target = text_or_null(word, "target"),
               *component = text_or_null(word, "component");
    CLEANUP_FREE char *reason = NULL;
    bool taken = survivors_word(state, name, target, component, &reason) == 0;
    if (!taken && !component)
        taken = presence_take_in(state, target, strcmp(name, "keep-copy") == 0);
    if (taken)
        log_notice(target, "%s: taken", name);
    else
        log_warning(target, "%s: %s", name, reason ? reason : "out of memory");
    note_word(cycle, word, taken ? NULL : reason ? reason : "out of memory");
}

static void take_word(struct cycle *cycle, const json_t *word)
{
    const char *name = text_or_null(word, "word");
    if (!name)
        return;
    if (text_or_null(word, "target")) {
        take_copies(cycle, word);
        return;
    }
    if (text_or_null(word, "snapshot"))
        restore_note(cycle->state.root, text_or_null(word, "snapshot"));
    else
        presence_word(cycle->state.root, name, operations->clock());
    note_word(cycle, word, NULL);
}

int cycle_take_requests(struct cycle *cycle)
{
    CLEANUP_JSON json_t *words = requests_take(cycle->settings->state_directory);
    size_t index;
    json_t *word;
    if (json_array_size(words) == 0)
        return words ? 0 : -1;
    json_array_foreach(words, index, word)
        take_word(cycle, word);
    if (state_save(&cycle->state) != 0)
        return -1;
    requests_drop(cycle->settings->state_directory, words);
    return 0;
}
