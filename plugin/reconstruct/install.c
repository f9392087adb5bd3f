/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/reconstruct/install.h"

#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/set.h"
#include "lib/base/switch.h"
#include "lib/base/text-sort.h"
#include "lib/model/nix.h"
#include "lib/model/paths.h"
#include "lib/model/store-text.h"
#include "lib/world/operations.h"

/* Between the store and the profile nothing protects the manifest from a garbage collection that runs just
 * then; then both steps are done again. */
static const int attempts = 3;

struct references {
    const char **paths; /* sorted */
    size_t count;
};

static const char *text_of(const void *item)
{
    return *(const char *const *)item;
}

static int add_reference(struct references *references, struct set *known, const char *path)
{
    if (set_find(known, path))
        return 0;
    references->paths[references->count++] = path;
    return set_add(known, path);
}

/* Every profile and package that the manifest names, once each. */
static int list_references(const struct manifest *manifest, struct references *references)
{
    size_t total = manifest->profile_count + manifest->service_count;
    struct set known = { 0 };
    *references = (struct references){ .paths = calloc(total + 1, sizeof *references->paths) };
    int status = references->paths ? text_set_init(&known, total) : -1;
    for (size_t i = 0; status == 0 && i < manifest->profile_count; i++)
        status = add_reference(references, &known, manifest->profiles[i].path);
    for (size_t i = 0; status == 0 && i < manifest->service_count; i++)
        status = add_reference(references, &known, manifest->services[i].pkg);
    set_clear(&known);
    return status == 0 ? text_sort(references->paths, references->count, sizeof *references->paths, text_of)
                       : -1;
}

/* Paths of closures that are complete here. */
static int list_valid(const struct capture *capture, struct set *valid)
{
    int status = text_set_init(valid, 0);
    for (size_t i = 0; status == 0 && i < capture->count; i++) {
        const struct captured *captured = &capture->targets[i];
        for (size_t j = 0;
             status == 0 && captured->answer == ANSWER_CAPTURED && j < captured->requisite_count; j++)
            status = set_add(valid, captured->requisites[j]);
    }
    return status;
}

/* Whether each path is known to be valid, or else is. */
static int find_invalid(const struct references *references, const struct set *valid, bool *invalid)
{
    CLEANUP_FREE const char **asked = calloc(references->count + 1, sizeof *asked);
    CLEANUP_FREE bool *answers = calloc(references->count + 1, sizeof *answers);
    size_t count = 0;
    if (!asked || !answers)
        return -1;
    for (size_t i = 0; i < references->count; i++)
        if (!set_find(valid, references->paths[i]))
            asked[count++] = references->paths[i];
    if (nix_find_invalid(asked, count, answers) != 0)
        return -1;
    for (size_t i = references->count; i-- > 0;)
        invalid[i] = count > 0 && asked[count - 1] == references->paths[i] && answers[--count];
    return 0;
}

/* Takes paths that are not valid here out of the list, and reports them. */
static int drop_invalid(struct references *references, const struct set *valid, json_t *unbacked)
{
    CLEANUP_FREE bool *invalid = calloc(references->count + 1, sizeof *invalid);
    size_t kept = 0;
    if (!invalid || find_invalid(references, valid, invalid) != 0)
        return -1;
    for (size_t i = 0; i < references->count; i++) {
        if (!invalid[i]) {
            references->paths[kept++] = references->paths[i];
            continue;
        }
        log_warning(NULL, "%s is not in this store; the manifest names it without a reference",
                    references->paths[i]);
        json_array_append_new(unbacked, json_string(references->paths[i]));
    }
    references->count = kept;
    return 0;
}

static int put_manifest(void *manifest, int (*put)(void *, const char *, size_t), void *spool)
{
    return manifest_put(manifest, put, spool);
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

/* Whether a garbage collection took something that the store had a moment ago: what the manifest refers to,
 * or path, the manifest; NULL: it did not come to that. -1: nobody knows. */
static int has_vanished(const struct references *references, const char *path)
{
    CLEANUP_FREE const char **paths = calloc(references->count + 1, sizeof *paths);
    CLEANUP_FREE bool *invalid = calloc(references->count + 1, sizeof *invalid);
    size_t count = references->count;
    if (!paths || !invalid)
        return -1;
    memcpy(paths, references->paths, count * sizeof *paths);
    if (path)
        paths[count++] = path;
    if (nix_find_invalid(paths, count, invalid) != 0)
        return -1;
    return memchr(invalid, true, count * sizeof *invalid) != NULL;
}

/* What install() goes on with. */
struct installation {
    struct references references;
    struct set valid; /* what counts as valid */
    struct store_text text;
};

/* 1: something vanished meanwhile, and nothing counts as valid any more; 0, or -1 after a message. */
static int try_to_install(struct installation *installation, const struct previous *previous,
                          const struct options *options, struct installed *installed)
{
    struct references *references = &installation->references;
    free(installed->path);
    installed->path = NULL;
    if (drop_invalid(references, &installation->valid, installed->unbacked) != 0)
        return -1;
    set_clear(&installation->valid);
    if (text_set_init(&installation->valid, 0) != 0)
        return -1;
    installation->text.references = references->paths;
    installation->text.reference_count = SWITCH(REFERENCES) ? references->count : 0;
    if (store_text_add(&installation->text, &installed->path) != 0)
        return has_vanished(references, NULL) == 1 ? 1 : -1;
    if (!options->coordinator_profile)
        return 0;
    if (nix_set_profile(previous->profile, installed->path) != 0)
        return has_vanished(references, installed->path) == 1 ? 1 : -1;
    installed->generation = current_generation(previous->profile);
    return 0;
}

static int install_manifest(struct installation *installation, const struct previous *previous,
                            const struct options *options, struct installed *installed)
{
    for (int attempt = 1; attempt <= attempts; attempt++) {
        int status = try_to_install(installation, previous, options, installed);
        if (status <= 0)
            return status;
        log_warning(NULL, "a garbage collection took the manifest, or what it refers to");
    }
    return -1;
}

int install(struct manifest *manifest, const struct previous *previous, const struct capture *capture,
            const struct options *options, struct installed *installed, bool *changed)
{
    struct installation installation = { .text = { .name = RECONSTRUCTED_MANIFEST,
                                                   .purpose = "putting the manifest into the store",
                                                   .fill = put_manifest,
                                                   .closure = manifest,
                                                   .deadline = options->transfer_timeout } };
    *changed = !previous->known || !manifest_equal(&previous->manifest, manifest);
    if (!*changed)
        return 0;
    int status = -1;
    installed->unbacked = json_array();
    if (!installed->unbacked || list_references(manifest, &installation.references) != 0
        || list_valid(capture, &installation.valid) != 0)
        log_error(NULL, "out of memory");
    else
        status = install_manifest(&installation, previous, options, installed);
    set_clear(&installation.valid);
    free(installation.references.paths);
    return status;
}

void installed_clear(struct installed *installed)
{
    free(installed->path);
    json_decref(installed->unbacked);
    *installed = (struct installed){ 0 };
}
