/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/ctl/disputes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/ctl/words.h"
#include "host/record/dispute.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static const size_t state_limit = (size_t)1 << 30;

json_t *disputes_read_state(const char *directory)
{
    CLEANUP_FREE char *file = string_format("%s/state.json", directory), *text = NULL;
    size_t length = 0;
    json_error_t error;
    if (!file || operations->read(file, state_limit, &text, &length) != 0) {
        complain(file ? file : directory, strerror(errno));
        return NULL;
    }
    json_t *state = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    const char *wrong = survivors_wrong(state);
    if (json_is_object(state) && !wrong)
        return state;
    fprintf(stderr, "dydisnix-self-adaptctl: %s is damaged: %s\n", file,
            !state  ? error.text
            : wrong ? wrong
                    : "it is no object");
    json_decref(state);
    return NULL;
}

static const json_t *copies_of(const json_t *dispute)
{
    return json_object_get(dispute, "copies");
}

static bool lives(const json_t *copy)
{
    return json_is_true(json_object_get(copy, "live"));
}

/* null: nobody can tell. */
static bool may_live(const json_t *copy)
{
    return lives(copy) || json_is_null(json_object_get(copy, "live"));
}

/* The name of the newest snapshot of a copy; NULL: it has none. */
static const char *newest_of(const json_t *copy)
{
    const json_t *names = json_object_get(copy, "snapshots");
    return json_string_value(json_array_get(names, json_array_size(names) - 1));
}

static char *age_of(const json_t *copy, int64_t now)
{
    const json_t *newest = json_object_get(copy, "newest");
    return json_is_integer(newest) ? words_of_time(now - json_integer_value(newest)) : string_format("?");
}

static size_t target_width(const json_t *dispute)
{
    size_t width = columns_of("TARGET"), index;
    json_t *copy;
    json_array_foreach((json_t *)copies_of(dispute), index, copy)
        if (columns_of(text_at(copy, "target")) > width)
            width = columns_of(text_at(copy, "target"));
    return width + 2;
}

static void print_copy(const json_t *copy, size_t width, int64_t now)
{
    CLEANUP_FREE char *age = age_of(copy, now);
    CLEANUP_FREE char *count = string_format("%zu", json_array_size(json_object_get(copy, "snapshots")));
    const char *newest = newest_of(copy);
    print_padded(text_at(copy, "target"), width);
    print_padded(lives(copy) ? "yes" : may_live(copy) ? "?" : "no", 7);
    print_padded(count ? count : "", 11);
    print_padded(newest && age ? age : "-", 10);
    print_padded(newest ? newest : "-", 0);
    putchar('\n');
    if (*text_at(copy, "reason")) {
        print_padded("", width);
        print_padded(text_at(copy, "reason"), 0);
        putchar('\n');
    }
}

static void print_dispute(const json_t *dispute, int64_t now)
{
    size_t width = target_width(dispute), index;
    json_t *copy;
    print_padded(text_at(dispute, "component"), 0);
    fputs(" in ", stdout);
    print_padded(text_at(dispute, "container"), 0);
    if (*text_at(dispute, "reason")) {
        fputs(": ", stdout);
        print_padded(text_at(dispute, "reason"), 0);
    }
    putchar('\n');
    print_padded("TARGET", width);
    puts("LIVES  SNAPSHOTS  NEWEST    ITS NAME");
    json_array_foreach((json_t *)copies_of(dispute), index, copy)
        print_copy(copy, width, now);
}

void disputes_print(const json_t *state, bool json, int64_t now)
{
    const json_t *disputes = json_object_get(state, "disputes");
    size_t index;
    json_t *dispute;
    json_array_foreach((json_t *)disputes, index, dispute) {
        if (json) {
            json_dumpf(dispute, stdout, JSON_COMPACT);
            putchar('\n');
            continue;
        }
        if (index > 0)
            putchar('\n');
        print_dispute(dispute, now);
    }
    if (!json && json_array_size(disputes) == 0)
        puts("Nothing is in dispute.");
}

/* Where the state of a copy is to be found. */
static void tell_snapshot(const json_t *dispute, const json_t *copy, int64_t now)
{
    CLEANUP_FREE char *age = age_of(copy, now);
    const char *newest = newest_of(copy);
    fputs("  The newest snapshot of the copy on ", stdout);
    print_padded(text_at(copy, "target"), 0);
    if (newest) {
        fputs(" is ", stdout);
        print_padded(text_at(dispute, "container"), 0);
        putchar('/');
        print_padded(text_at(dispute, "component"), 0);
        putchar('/');
        print_padded(newest, 0);
        printf(", and %s old.\n", age ? age : "?");
    } else {
        puts(" does not exist so far.");
    }
}

static void tell_keep(const json_t *dispute, const json_t *kept, int64_t now)
{
    size_t index;
    json_t *copy;
    puts(lives(kept) ? " goes on to live, and the others are given up."
                     : " is to live: it is activated, then the others are saved and stopped.");
    json_array_foreach((json_t *)copies_of(dispute), index, copy)
        if (copy != kept)
            tell_snapshot(dispute, copy, now);
}

static void tell_discard(const json_t *dispute, const json_t *copy, int64_t now)
{
    puts(may_live(copy) ? " is given up: when another one lives it is saved and stopped." : " is given up.");
    tell_snapshot(dispute, copy, now);
}

static void tell_word(const json_t *dispute, const struct disputes_word *word, int64_t now)
{
    const json_t *copy = dispute_copy(dispute, word->target);
    print_padded(text_at(dispute, "component"), 0);
    fputs(" in ", stdout);
    print_padded(text_at(dispute, "container"), 0);
    fputs(": the copy on ", stdout);
    print_padded(word->target, 0);
    (word->keeps ? tell_keep : tell_discard)(dispute, copy, now);
}

size_t disputes_tell(const json_t *state, const struct disputes_word *word, bool quiet, int64_t now)
{
    size_t index, count = 0;
    json_t *dispute;
    json_array_foreach(json_object_get(state, "disputes"), index, dispute) {
        const json_t *copy = dispute_copy(dispute, word->target);
        if (!copy || !dispute_is_about(dispute, word->component)
            || (!word->keeps && !dispute_may_discard(dispute, copy)))
            continue;
        if (!quiet)
            tell_word(dispute, word, now);
        count++;
    }
    return count;
}

void disputes_tell_snapshot(const json_t *state, const char *snapshot)
{
    size_t i, j, k;
    json_t *dispute, *copy, *name;
    json_array_foreach(json_object_get(state, "disputes"), i, dispute)
        json_array_foreach((json_t *)copies_of(dispute), j, copy)
            json_array_foreach(json_object_get(copy, "snapshots"), k, name) {
                CLEANUP_FREE char *whole =
                    string_format("%s/%s/%s", text_at(dispute, "container"), text_at(dispute, "component"),
                                  json_string_value(name));
                if (whole && strcmp(whole, snapshot) == 0) {
                    fputs("  It is on ", stdout);
                    print_padded(text_at(copy, "target"), 0);
                    puts(".");
                }
            }
}
