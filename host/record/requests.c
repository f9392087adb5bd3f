/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/record/requests.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

static const size_t word_limit = 64 * 1024;

enum { TARGET = 1, COMPONENT = 2, SNAPSHOT = 4 }; /* what a word takes */

static const struct {
    const char *name, *word;
    int takes;
} known[] = { { "keep-copy", "keep-copy", TARGET | COMPONENT },
              { "prefer", "keep-copy", TARGET | COMPONENT },
              { "discard-copy", "discard-copy", TARGET | COMPONENT },
              { "accept", "discard-copy", TARGET | COMPONENT },
              { "restore", "restore", SNAPSHOT },
              { "pause", "pause", 0 },
              { "resume", "resume", 0 } };

const char *requests_find(const char *name)
{
    for (size_t i = 0; name && i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].word;
    return NULL;
}

static bool is_taken(const json_t *word, const char *member, bool taken, bool needed,
                     bool (*is_valid)(const char *))
{
    const json_t *value = json_object_get(word, member);
    if (!value)
        return !needed;
    return taken && json_is_string(value) && is_valid(json_string_value(value));
}

static bool is_word(const json_t *word)
{
    const char *name = json_string_value(json_object_get(word, "word"));
    for (size_t i = 0; name && i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, name) == 0)
            return is_taken(word, "target", known[i].takes & TARGET, known[i].takes & TARGET, is_plain_name)
                   && is_taken(word, "component", known[i].takes & COMPONENT, false, is_plain_name)
                   && is_taken(word, "snapshot", known[i].takes & SNAPSHOT, known[i].takes & SNAPSHOT,
                               is_snapshot_name);
    return false;
}

static int note_last(void *closure, const char *name)
{
    unsigned long number = strtoul(name, NULL, 10), *last = closure;
    if (number > *last)
        *last = number;
    return 0;
}

int requests_add(const char *directory, const json_t *word)
{
    CLEANUP_FREE char *words = string_format("%s/words", directory);
    CLEANUP_FREE char *text = json_dumps(word, JSON_COMPACT);
    unsigned long last = 0;
    if (!is_word(word) || !text) {
        errno = EINVAL;
        return -1;
    }
    if (!words || operations->make_directory(words, 0700) != 0
        || operations->list(words, note_last, &last) != 0)
        return -1;
    CLEANUP_FREE char *file = string_format("%s/%09lu.json", words, last + 1);
    return file ? operations->write(file, text, strlen(text), 0600) : -1;
}

struct taking {
    const char *words;
    json_t *taken; /* NULL: something cannot be read */
};

static int tell_unreadable(struct taking *taking, const char *file)
{
    log_error(NULL, "%s: %s", file, strerror(errno));
    json_decref(taking->taken);
    taking->taken = NULL;
    return -1;
}

static int take(void *closure, const char *name)
{
    struct taking *taking = closure;
    CLEANUP_FREE char *file = string_format("%s/%s", taking->words, name), *text = NULL;
    size_t length = 0, digits = strspn(name, "0123456789");
    if (digits == 0 || strcmp(name + digits, ".json") != 0)
        return 0;
    if (!file || operations->read(file, word_limit, &text, &length) != 0)
        return tell_unreadable(taking, file ? file : name);
    json_t *document = json_loadb(text, length, 0, NULL);
    if (is_word(document)) {
        json_object_set_new(document, "word",
                            json_string(requests_find(json_string_value(json_object_get(document, "word")))));
    } else {
        log_warning(NULL, "%s/%s is not a word that is known, and is left out", taking->words, name);
        json_decref(document);
        document = json_object();
    }
    json_object_set_new(document, "file", json_string(name));
    json_array_append_new(taking->taken, document);
    return 0;
}

json_t *requests_take(const char *directory)
{
    CLEANUP_FREE char *words = string_format("%s/words", directory);
    struct taking taking = { words, json_array() };
    if (words && taking.taken && operations->list(words, take, &taking) != 0 && errno != ENOENT)
        tell_unreadable(&taking, words);
    return taking.taken;
}

void requests_drop(const char *directory, const json_t *words)
{
    size_t index;
    json_t *word;
    json_array_foreach((json_t *)words, index, word) {
        const char *name = json_string_value(json_object_get(word, "file"));
        CLEANUP_FREE char *file = name ? string_format("%s/words/%s", directory, name) : NULL;
        if (file)
            operations->remove(file);
    }
}
