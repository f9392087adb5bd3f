/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "install.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "nix.h"
#include "operations.h"
#include "paths.h"
#include "switch.h"

/* Between the store and the profile nothing protects the manifest from a garbage collection that runs just then;
 * then both steps are done again. */
static const int attempts = 3;

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every profile and package that the manifest names, once each, sorted. */
static const char **list_references(const struct manifest *manifest, size_t *count)
{
    size_t total = manifest->profile_count + manifest->service_count, unique = 0;
    const char **paths = calloc(total + 1, sizeof *paths);
    if (!paths)
        return NULL;
    for (size_t i = 0; i < manifest->profile_count; i++)
        paths[i] = manifest->profiles[i].path;
    for (size_t i = 0; i < manifest->service_count; i++)
        paths[manifest->profile_count + i] = manifest->services[i].pkg;
    qsort(paths, total, sizeof *paths, compare_texts);
    for (size_t i = 0; i < total; i++)
        if (unique == 0 || strcmp(paths[unique - 1], paths[i]) != 0)
            paths[unique++] = paths[i];
    *count = unique;
    return paths;
}

/* Takes paths that are not valid here out of the list, and reports them. */
static int drop_invalid(const char **paths, size_t *count, json_t *unbacked)
{
    CLEANUP_FREE bool *invalid = calloc(*count + 1, sizeof *invalid);
    size_t kept = 0;
    if (!invalid || nix_find_invalid(paths, *count, invalid) != 0)
        return -1;
    for (size_t i = 0; i < *count; i++) {
        if (!invalid[i]) {
            paths[kept++] = paths[i];
            continue;
        }
        log_warning(NULL, "%s is not in this store; the manifest names it without a reference", paths[i]);
        json_array_append_new(unbacked, json_string(paths[i]));
    }
    *count = kept;
    return 0;
}

static int add_to_store(xmlBufferPtr text, const char *const *references, size_t count, char **path)
{
    CLEANUP_FREE char *directory = NULL, *file = NULL;
    if (operations->temporary_directory("dydisnix-manifest", &directory) != 0) {
        log_error(NULL, "cannot make a temporary directory: %s", strerror(errno));
        return -1;
    }
    int status = -1;
    file = string_format("%s/manifest.xml", directory);
    if (file && operations->write(file, (const char *)xmlBufferContent(text), (size_t)xmlBufferLength(text), 0600) == 0)
        status = nix_add_text(file, RECONSTRUCTED_MANIFEST, references, count, directory, path);
    else
        log_error(NULL, "%s/manifest.xml: %s", directory, strerror(errno));
    operations->remove(directory);
    return status;
}

static int set_profile(const char *profile, const char *path)
{
    CLEANUP_FREE char *directory = strdup(profile);
    char *slash = directory ? strrchr(directory, '/') : NULL;
    if (!slash)
        return -1;
    *slash = '\0';
    if (operations->make_directory(directory, 0755) != 0) {
        log_error(NULL, "%s: %s", directory, strerror(errno));
        return -1;
    }
    return nix_set_profile(profile, path);
}

static long current_generation(const char *profile)
{
    CLEANUP_FREE char *link = NULL;
    if (operations->read_link(profile, &link) != 0 || strlen(link) < strlen("-link"))
        return 0;
    link[strlen(link) - strlen("-link")] = '\0';
    const char *dash = strrchr(link, '-');
    return dash ? strtol(dash + 1, NULL, 10) : 0;
}

static int install_text(xmlBufferPtr text, const char **references, size_t count, const struct previous *previous,
                        const struct options *options, struct installed *installed)
{
    for (int attempt = 1; attempt <= attempts; attempt++) {
        free(installed->path);
        installed->path = NULL;
        if (drop_invalid(references, &count, installed->unbacked) != 0)
            return -1;
        if (add_to_store(text, references, SWITCH(REFERENCES) ? count : 0, &installed->path) != 0)
            continue;
        if (!options->coordinator_profile)
            return 0;
        if (set_profile(previous->profile, installed->path) == 0) {
            installed->generation = current_generation(previous->profile);
            return 0;
        }
    }
    return -1;
}

int install(struct manifest *manifest, const struct previous *previous, const struct options *options,
            struct installed *installed, bool *changed)
{
    *changed = !previous->known || !manifest_equal(&previous->manifest, manifest);
    if (!*changed)
        return 0;
    CLEANUP_BUFFER xmlBufferPtr text = manifest_write(manifest);
    size_t count = 0;
    CLEANUP_FREE const char **references = list_references(manifest, &count);
    installed->unbacked = json_array();
    if (!text || !references || !installed->unbacked) {
        log_error(NULL, "out of memory");
        return -1;
    }
    return install_text(text, references, count, previous, options, installed);
}

void installed_clear(struct installed *installed)
{
    free(installed->path);
    json_decref(installed->unbacked);
    *installed = (struct installed){ 0 };
}
