/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/simulation/files.h"

#include <string.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"

/* Where path is, or would be. */
static size_t position(const struct simulated_files *files, const char *path)
{
    size_t low = 0, high = files->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(files->items[middle].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct simulated_files *files, size_t index, const char *path)
{
    return index < files->count && strcmp(files->items[index].path, path) == 0;
}

const struct simulated_file *simulated_files_find(const struct simulated_files *files, const char *path)
{
    size_t index = position(files, path);
    return is_at(files, index, path) && !files->items[index].directory ? &files->items[index] : NULL;
}

static void file_clear(struct simulated_file *file)
{
    free(file->path);
    free(file->data);
}

/* Takes data. */
static int put(struct simulated_files *files, const char *path, char *data, size_t length, bool link)
{
    struct simulated_file file = { strdup(path), data, length, link, false };
    size_t index = position(files, path);
    if (file.path && data && is_at(files, index, path)) {
        file_clear(&files->items[index]);
        files->items[index] = file;
        return 0;
    }
    struct simulated_file *grown = array_grow(files->items, files->count, sizeof *grown);
    if (!file.path || !data || !grown) {
        files->items = grown ? grown : files->items;
        file_clear(&file);
        return -1;
    }
    files->items = grown;
    memmove(grown + index + 1, grown + index, (files->count++ - index) * sizeof *grown);
    grown[index] = file;
    return 0;
}

int simulated_files_write(struct simulated_files *files, const char *path, const char *data, size_t length)
{
    char *copy = malloc(length + 1);
    if (copy) {
        memcpy(copy, data, length);
        copy[length] = '\0';
    }
    return put(files, path, copy, length, false);
}

int simulated_files_link(struct simulated_files *files, const char *path, const char *destination)
{
    return put(files, path, strdup(destination), strlen(destination), true);
}

int simulated_files_append(struct simulated_files *files, const char *path, const char *data, size_t length)
{
    size_t index = position(files, path);
    if (!is_at(files, index, path))
        return simulated_files_write(files, path, data, length);
    struct simulated_file *file = &files->items[index];
    char *grown = realloc(file->data, file->length + length + 2);
    if (!grown)
        return -1;
    if (file->length > 0 && grown[file->length - 1] != '\n')
        grown[file->length++] = '\n';
    memcpy(grown + file->length, data, length);
    file->data = grown;
    file->length += length;
    grown[file->length] = '\0';
    return 0;
}

int simulated_files_make_directory(struct simulated_files *files, const char *path)
{
    size_t index = position(files, path);
    if (is_at(files, index, path))
        return 0;
    if (put(files, path, strdup(""), 0, false) != 0)
        return -1;
    files->items[index].directory = true;
    return 0;
}

/* Whether path is below directory; *name: the rest of it. */
static bool is_below(const char *path, const char *directory, const char **name)
{
    size_t length = strlen(directory);
    if (strncmp(path, directory, length) != 0 || path[length] != '/')
        return false;
    *name = path + length + 1;
    return true;
}

void simulated_files_remove(struct simulated_files *files, const char *path)
{
    size_t kept = 0;
    for (size_t i = 0; i < files->count; i++) {
        const char *name;
        if (strcmp(files->items[i].path, path) == 0 || is_below(files->items[i].path, path, &name))
            file_clear(&files->items[i]);
        else
            files->items[kept++] = files->items[i];
    }
    files->count = kept;
}

/* The first file that may be below a directory: those of names that sort before '/' come first. */
static size_t first_below(const struct simulated_files *files, const char *path)
{
    const char *name;
    size_t index = position(files, path), length = strlen(path);
    while (index < files->count && strncmp(files->items[index].path, path, length) == 0
           && !is_below(files->items[index].path, path, &name))
        index++;
    return index;
}

bool simulated_files_is_directory(const struct simulated_files *files, const char *path)
{
    const char *name;
    size_t index = position(files, path);
    if (is_at(files, index, path))
        return files->items[index].directory;
    index = first_below(files, path);
    return index < files->count && is_below(files->items[index].path, path, &name);
}

int simulated_files_list(const struct simulated_files *files, const char *path,
                         int (*each)(void *closure, const char *name), void *closure)
{
    const char *name;
    CLEANUP_FREE char *last = NULL;
    if (!simulated_files_is_directory(files, path))
        return -1;
    for (size_t i = first_below(files, path); i < files->count && is_below(files->items[i].path, path, &name);
         i++) {
        char *entry = strndup(name, strcspn(name, "/"));
        bool again = !entry || (last && strcmp(last, entry) == 0);
        int status = again ? 0 : each(closure, entry);
        free(last);
        last = entry;
        if (status != 0)
            break;
    }
    return 0;
}

static int compare_files(const void *a, const void *b)
{
    return strcmp(((const struct simulated_file *)a)->path, ((const struct simulated_file *)b)->path);
}

int simulated_files_move(struct simulated_files *files, const char *from, const char *to)
{
    const char *name;
    size_t moved = 0, length = strlen(from);
    simulated_files_remove(files, to);
    for (size_t i = 0; i < files->count; i++) {
        struct simulated_file *file = &files->items[i];
        if (strcmp(file->path, from) != 0 && !is_below(file->path, from, &name))
            continue;
        char *path = malloc(strlen(to) + strlen(file->path) - length + 1);
        if (!path)
            return -1;
        strcpy(path, to);
        strcat(path, file->path + length);
        free(file->path);
        file->path = path;
        moved++;
    }
    if (moved > 0)
        qsort(files->items, files->count, sizeof *files->items, compare_files);
    return moved > 0 ? 0 : -1;
}

void simulated_files_clear(struct simulated_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        file_clear(&files->items[i]);
    free(files->items);
    *files = (struct simulated_files){ 0 };
}
