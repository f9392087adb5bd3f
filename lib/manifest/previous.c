/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/manifest/previous.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

/* The coordinator's own manifest may be far larger than what a target is allowed to send. */
static const size_t manifest_limit = BYTES_AT_MOST(UINT64_C(4) << 30);

enum manifest_reading manifest_read(const char *path, struct strings *strings, struct manifest *manifest,
                                    char **reason)
{
    const struct manifest_limits limits = { 0 };
    CLEANUP_FREE char *text = NULL;
    size_t length = 0;
    if (operations->read(path, manifest_limit, &text, &length) != 0) {
        enum manifest_reading outcome =
            errno == ENOENT || errno == ENOTDIR ? MANIFEST_ABSENT : MANIFEST_UNREADABLE;
        *reason = string_format("%s: %s", path, strerror(errno));
        return outcome;
    }
    return manifest_parse(text, length, path, &limits, strings, manifest, reason) == 0 ? MANIFEST_READ
                                                                                       : MANIFEST_DAMAGED;
}

/* NUMBER of "PROFILE-NUMBER-link", or 0. */
static long generation_number(const char *profile, const char *link)
{
    size_t length = strlen(profile);
    if (strncmp(link, profile, length) != 0 || link[length] != '-'
        || !isdigit((unsigned char)link[length + 1]))
        return 0;
    char *end = NULL;
    errno = 0;
    long number = strtol(link + length + 1, &end, 10);
    return errno == 0 && strcmp(end, "-link") == 0 && number > 0 ? number : 0;
}

static char *sibling(const char *path, const char *name)
{
    return string_format("%.*s%s", (int)(string_base_name(path) - path), path, name);
}

/* Follows the profile's link and the generation's link to the manifest in the store. Only a profile that is
 * not there is none. */
static int follow_links(struct previous *previous)
{
    CLEANUP_FREE char *link = NULL;
    if (operations->read_link(previous->profile, &link) != 0) {
        if (errno == ENOENT)
            return 0;
        log_error(NULL, "%s: %s", previous->profile, strerror(errno));
        return -1;
    }
    previous->generation = generation_number(string_base_name(previous->profile), string_base_name(link));
    CLEANUP_FREE char *generation = sibling(previous->profile, string_base_name(link));
    if (!generation || operations->read_link(generation, &previous->path) != 0)
        log_warning(NULL, "%s leads nowhere", previous->profile);
    return 0;
}

int previous_locate(const char *directory, const char *profile, const char *file, struct strings *strings,
                    struct previous *previous)
{
    *previous = (struct previous){ 0 };
    manifest_init(&previous->manifest, strings);
    previous->profile = coordinator_profile_path(directory, profile);
    if (!previous->profile) {
        log_error(NULL, "cannot tell where the coordinator profile is");
        return -1;
    }
    if (!file)
        return follow_links(previous);
    previous->path = string_format("%s", file);
    return 0;
}

int previous_load(struct previous *previous, bool required)
{
    if (!previous->path)
        return 0;
    CLEANUP_FREE char *reason = NULL;
    enum manifest_reading outcome =
        manifest_read(previous->path, previous->manifest.strings, &previous->manifest, &reason);
    if (outcome == MANIFEST_READ) {
        previous->known = true;
        return 0;
    }
    free(previous->path);
    previous->path = NULL;
    if (required || outcome == MANIFEST_UNREADABLE) {
        log_error(NULL, "%s", reason);
        return -1;
    }
    log_warning(NULL, "the previous manifest counts as lost: %s", reason);
    return 0;
}

int previous_read(const char *directory, const char *profile, const char *file, struct strings *strings,
                  struct previous *previous)
{
    return previous_locate(directory, profile, file, strings, previous) == 0 ? previous_load(previous, file)
                                                                             : -1;
}

int previous_name_targets(struct previous *previous, const struct target_keys *keys)
{
    const char *shared = manifest_shared_key(&previous->manifest, keys);
    previous->keys = keys;
    if (shared)
        log_warning(
            NULL,
            "several targets have the connection key %s, by which %s knows them: it is taken for none of "
            "them",
            shared, previous->path);
    if (manifest_name_targets(&previous->manifest, keys) == 0)
        return 0;
    log_error(NULL, "out of memory");
    return -1;
}

struct namesake {
    const char *profile;
    char *found;
};

static int find_namesake(void *closure, const char *name)
{
    struct namesake *namesake = closure;
    size_t length = strlen(namesake->profile), end = strlen(name);
    if (strncmp(name, namesake->profile, length) != 0 || name[length] != '-'
        || (end > strlen("-link") && strcmp(name + end - strlen("-link"), "-link") == 0))
        return 0;
    namesake->found = strdup(name);
    return 1;
}

char *previous_namesake(const struct previous *previous)
{
    struct namesake namesake = { .profile = string_base_name(previous->profile) };
    CLEANUP_FREE char *directory = sibling(previous->profile, "");
    if (directory)
        operations->list(directory, find_namesake, &namesake);
    return namesake.found;
}

void previous_clear(struct previous *previous)
{
    manifest_clear(&previous->manifest);
    free(previous->profile);
    free(previous->path);
    *previous = (struct previous){ 0 };
}

struct generations {
    const char *profile;
    long current;
    long *numbers;
    size_t count, room;
};

static int collect_generation(void *closure, const char *name)
{
    struct generations *generations = closure;
    long number = generation_number(generations->profile, name);
    if (number == 0 || number > generations->current)
        return 0;
    if (generations->count == generations->room) {
        size_t room = generations->room ? 2 * generations->room : 32;
        long *grown = realloc(generations->numbers, room * sizeof *grown);
        if (!grown)
            return -1;
        generations->numbers = grown;
        generations->room = room;
    }
    generations->numbers[generations->count++] = number;
    return 0;
}

static int compare_descending(const void *a, const void *b)
{
    long first = *(const long *)a, second = *(const long *)b;
    return (first < second) - (first > second);
}

/* The generations up to the current one, newest first. */
static int list_generations(const struct previous *previous, struct generations *generations)
{
    CLEANUP_FREE char *directory = sibling(previous->profile, "");
    *generations = (struct generations){ .profile = string_base_name(previous->profile),
                                         .current = previous->generation };
    if (!directory
        || (operations->list(directory, collect_generation, generations) != 0 && errno != ENOENT)) {
        log_error(NULL, "%s: %s", directory ? directory : previous->profile, strerror(errno));
        return -1;
    }
    if (generations->count > 1)
        qsort(generations->numbers, generations->count, sizeof *generations->numbers, compare_descending);
    return 0;
}

/* As manifest_read(), of a generation: targets of version 1 get their names. */
static bool read_generation(const struct previous *previous, const char *path, struct strings *strings,
                            struct manifest *manifest)
{
    CLEANUP_FREE char *reason = NULL;
    return manifest_read(path, strings, manifest, &reason) == MANIFEST_READ
           && (!previous->keys || manifest_name_targets(manifest, previous->keys) == 0);
}

static bool is_reconstructed(const char *path)
{
    const char *name = path ? store_path_name(path) : NULL;
    return name && strcmp(name, RECONSTRUCTED_MANIFEST) == 0;
}

bool previous_is_reconstructed(const struct previous *previous)
{
    return is_reconstructed(previous->path);
}

int previous_find_deployed(const struct previous *previous, const char *known, struct strings *strings,
                           struct manifest *found)
{
    struct generations generations;
    int result = list_generations(previous, &generations);
    manifest_init(found, strings);
    for (size_t i = 0; result == 0 && i < generations.count; i++) {
        CLEANUP_FREE char *path = string_format("%s-%ld-link", previous->profile, generations.numbers[i]);
        CLEANUP_FREE char *link = NULL;
        if (!path)
            result = -1;
        else if (operations->read_link(path, &link) != 0 || is_reconstructed(link))
            continue;
        else if (known && strcmp(link, known) == 0)
            result = 2;
        else if (read_generation(previous, path, strings, found))
            result = 1;
    }
    free(generations.numbers);
    return result;
}

int previous_generations(const struct previous *previous, struct strings *strings,
                         bool (*each)(void *closure, const struct manifest *generation, bool reconstructed),
                         void *closure)
{
    struct generations generations;
    int result = list_generations(previous, &generations);
    bool enough = previous->known && each(closure, &previous->manifest, previous_is_reconstructed(previous));
    for (size_t i = 0; result == 0 && !enough && i < generations.count; i++) {
        CLEANUP_FREE char *path = NULL, *link = NULL;
        struct manifest manifest;
        if (previous->known && generations.numbers[i] == previous->generation)
            continue;
        manifest_init(&manifest, strings);
        path = string_format("%s-%ld-link", previous->profile, generations.numbers[i]);
        if (!path)
            result = -1;
        else if (operations->read_link(path, &link) == 0
                 && read_generation(previous, path, strings, &manifest))
            enough = each(closure, &manifest, is_reconstructed(link));
        manifest_clear(&manifest);
    }
    free(generations.numbers);
    return result;
}
