/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/engine/snapshots.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab/engine/inside.h"
#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

struct generations {
    unsigned long *numbers;
    size_t count;
};

void snapshot_names_clear(struct snapshot_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct snapshot_names){ 0 };
}

char *snapshots_directory(void)
{
    const char *directory = getenv("DYSNOMIA_STATEDIR");
    if (directory && *directory)
        return strdup(directory);
    const struct passwd *user = geteuid() == 0 ? NULL : getpwuid(geteuid());
    return user ? string_format("%s/.dysnomia", user->pw_dir) : strdup("/var/state/dysnomia");
}

static int add_generation(void *closure, const char *name)
{
    struct generations *generations = closure;
    char *end;
    unsigned long number = strtoul(name, &end, 10);
    if (number == 0 || *end)
        return 0;
    unsigned long *grown = array_grow(generations->numbers, generations->count, sizeof *grown);
    if (!grown)
        return -1;
    generations->numbers = grown;
    grown[generations->count++] = number;
    return 0;
}

static int compare_numbers(const void *a, const void *b)
{
    unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;
    return (x > y) - (x < y);
}

/* Numbers in ascending order. A directory that is not there holds none. */
static int read_generations(const char *directory, struct generations *generations)
{
    if (operations->list(directory, add_generation, generations) != 0 && errno != ENOENT) {
        log_error(NULL, "%s: %s", directory, strerror(errno));
        return -1;
    }
    if (generations->count > 1)
        qsort(generations->numbers, generations->count, sizeof *generations->numbers, compare_numbers);
    return 0;
}

static int compare_as_text(const void *a, const void *b)
{
    char x[32], y[32];
    snprintf(x, sizeof x, "%lu", *(const unsigned long *)a);
    snprintf(y, sizeof y, "%lu", *(const unsigned long *)b);
    return strcmp(x, y);
}

static char *generations_path(const char *store, const char *container, const char *component)
{
    return string_format("%s/generations/%s/%s", store, container, component);
}

/* The ID that a generation names; malloc()ed, NULL: there is no such link. */
static char *generation_id(const char *directory, unsigned long number)
{
    CLEANUP_FREE char *path = string_format("%s/%lu", directory, number);
    CLEANUP_FREE char *link = NULL;
    if (!path || operations->read_link(path, &link) != 0)
        return NULL;
    return strdup(string_base_name(link));
}

static int add_name(struct snapshot_names *names, char *name)
{
    char **grown = name ? array_grow(names->items, names->count, sizeof *grown) : NULL;
    if (!grown) {
        free(name);
        return -1;
    }
    names->items = grown;
    grown[names->count++] = name;
    return 0;
}

int snapshots_query(const char *store, const char *container, const char *component,
                    enum snapshots_which which, struct snapshot_names *names)
{
    struct generations generations = { 0 };
    CLEANUP_FREE char *directory = generations_path(store, container, component);
    int result = directory ? read_generations(directory, &generations) : -1;
    size_t first = which == SNAPSHOTS_NEWEST && generations.count > 0 ? generations.count - 1 : 0;
    if (which == SNAPSHOTS_LISTED && generations.count > 1)
        qsort(generations.numbers, generations.count, sizeof *generations.numbers, compare_as_text);
    for (size_t i = first; result == 0 && i < generations.count; i++) {
        CLEANUP_FREE char *id = generation_id(directory, generations.numbers[i]);
        if (id)
            result = add_name(names, string_format("%s/%s/%s", container, component, id));
    }
    free(generations.numbers);
    return result;
}

char *snapshots_resolve(const char *store, const char *name)
{
    return string_format("%s/snapshots/%s", store, name);
}

bool snapshots_have(const char *store, const char *name)
{
    CLEANUP_FREE char *path = snapshots_resolve(store, name);
    return path && operations->inspect(path, NULL) != DYDISNIX_ABSENT;
}

/* The number of the newest generation, 0: there is none; *id: what it names. -1 after a message. */
static long newest_generation(const char *directory, char **id)
{
    struct generations generations = { 0 };
    int status = read_generations(directory, &generations);
    long last = generations.count > 0 ? (long)generations.numbers[generations.count - 1] : 0;
    free(generations.numbers);
    *id = last > 0 ? generation_id(directory, (unsigned long)last) : NULL;
    return status == 0 ? last : -1;
}

static int make_link(const char *to, const char *path)
{
    return inside ? inside->link(to, path) : symlink(to, path);
}

/* 1: somebody else has just made a generation of that number. */
static int make_generation(const char *directory, long number, const char *to)
{
    CLEANUP_FREE char *link = string_format("%s/%ld", directory, number);
    if (link && operations->make_directory(directory, 0755) == 0 && make_link(to, link) == 0)
        return 0;
    if (errno == EEXIST)
        return 1;
    log_error(NULL, "%s: cannot make a generation: %s", directory, strerror(errno));
    return -1;
}

int snapshots_order(const char *store, const char *container, const char *component, const char *id)
{
    CLEANUP_FREE char *directory = generations_path(store, container, component);
    CLEANUP_FREE char *to = string_format("../../../snapshots/%s/%s/%s", container, component, id);
    int status = directory && to ? 1 : -1;
    while (status > 0) {
        CLEANUP_FREE char *newest = NULL;
        long last = newest_generation(directory, &newest);
        if (last < 0)
            return -1;
        if (newest && strcmp(newest, id) == 0)
            return 0;
        status = make_generation(directory, last + 1, to);
    }
    return status;
}

/* Between file systems a directory is copied, so it goes beside its place first. */
static int move_directory(const char *from, const char *to)
{
    CLEANUP_FREE char *beside = string_format("%s.partial-%ld", to, (long)getpid());
    if (!beside || operations->remove(beside) != 0)
        return -1;
    struct dydisnix_result result = { 0 };
    const struct dydisnix_program program = { .argv = (const char *const[]){ "mv", "-T", "--", from, beside,
                                                                             NULL } };
    int status = run_program(&program, &result);
    free(result.output);
    return status == 0 ? move_path(beside, to) : -1;
}

int snapshots_import(const char *store, const char *container, const char *component, const char *directory)
{
    const char *id = string_base_name(directory);
    CLEANUP_FREE char *parent = string_format("%s/snapshots/%s/%s", store, container, component);
    CLEANUP_FREE char *path = parent ? string_format("%s/%s", parent, id) : NULL;
    if (!path || operations->make_directory(parent, 0755) != 0
        || (operations->inspect(path, NULL) == DYDISNIX_ABSENT && move_directory(directory, path) != 0)) {
        log_error(NULL, "%s: cannot be put into the snapshots: %s", directory, strerror(errno));
        return -1;
    }
    return snapshots_order(store, container, component, id);
}
