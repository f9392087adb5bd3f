/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/state/generations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/state/dump.h"
#include "lib/world/operations.h"

static int compare_numbers(const void *a, const void *b)
{
    const char *first = *(char *const *)a, *second = *(char *const *)b;
    size_t first_length = strlen(first), second_length = strlen(second);
    if (first_length != second_length)
        return first_length < second_length ? -1 : 1;
    return strcmp(first, second);
}

static int collect_number(void *closure, const char *name)
{
    struct generations *generations = closure;
    if (name[strspn(name, "0123456789")] || name[0] == '0')
        return 0;
    char **grown = realloc(generations->names, (generations->count + 1) * sizeof *grown);
    if (!grown)
        return -1;
    generations->names = grown;
    generations->names[generations->count] = strdup(name);
    return generations->names[generations->count++] ? 0 : -1;
}

/* Puts the snapshot in place of the number that leads to it. -1: it leads nowhere. */
static int resolve_generation(const char *directory, char **name)
{
    CLEANUP_FREE char *path = string_format("%s/%s", directory, *name), *link = NULL;
    if (!path || operations->read_link(path, &link) != 0)
        return -1;
    char *snapshot = strdup(string_base_name(link));
    free(*name);
    *name = snapshot;
    return snapshot ? 0 : -1;
}

int generations_read(const char *container, const char *component, struct generations *generations)
{
    const char *state = getenv("DYSNOMIA_STATEDIR");
    CLEANUP_FREE char *directory = string_format(
        "%s/generations/%s/%s", state && *state ? state : "/var/state/dysnomia", container, component);
    size_t kept = 0;
    *generations = (struct generations){ 0 };
    int status =
        directory && (operations->list(directory, collect_number, generations) == 0 || errno == ENOENT) ? 0
                                                                                                        : -1;
    if (generations->count > 1)
        qsort(generations->names, generations->count, sizeof *generations->names, compare_numbers);
    for (size_t i = 0; i < generations->count; i++) {
        char *name = generations->names[i];
        if (name && resolve_generation(directory, &name) == 0)
            generations->names[kept++] = name;
        else
            free(name);
    }
    generations->count = kept;
    return status;
}

void generations_clear(struct generations *generations)
{
    for (size_t i = 0; i < generations->count; i++)
        free(generations->names[i]);
    free(generations->names);
    *generations = (struct generations){ 0 };
}

const char *generations_before_empty(const struct generations *generations)
{
    size_t i = generations->count;
    if (i == 0 || !is_empty_dump(generations->names[i - 1]))
        return NULL;
    while (i > 0 && is_empty_dump(generations->names[i - 1]))
        i--;
    return i > 0 ? generations->names[i - 1] : NULL;
}
