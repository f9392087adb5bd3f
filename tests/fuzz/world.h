/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A network that exists in a table of operations only, so that a whole reconstruction can be fuzzed. Its
 * targets are called a, b and c.
 */
#ifndef WORLD_H
#define WORLD_H

#include "fuzz.h"
#include "plugin/settings/options.h"

enum { WORLD_TARGETS = 3, WORLD_FILES = 64 };

#define WORLD_INFRASTRUCTURE "/world/infrastructure.xml"
#define WORLD_PROFILES "/world/profiles"

struct world {
    /* What a program prints and how it ends; argv as it was called with. result->output is malloc()ed. */
    void (*reply)(const char *const *argv, struct dydisnix_result *result);
    bool reversed; /* of the programs that run, the last one ends first */
    struct world_file {
        char *path, *data; /* a link: where it leads */
        size_t length;
        bool link, written;
    } files[WORLD_FILES];
    size_t file_count;
};

extern struct world world;

void world_clear(void);
void world_add_file(const char *path, const char *data, size_t length);
void world_add_link(const char *path, const char *destination);
const struct world_file *world_find(const char *path);

/* What stands after option in argv, "" if it is not there. */
const char *world_option(const char *const *argv, const char *option);
bool world_has(const char *const *argv, const char *word);

/* The position of the target that a client call is for, by the last letter of its key. */
size_t world_target(const char *const *argv);

/* The answer of a program that exits with status. */
void world_answer(struct dydisnix_result *result, int status, const char *output, size_t length);

struct reconstructed {
    int status;
    json_t *report;
    char *manifest; /* as XML: printed, or written; NULL: none was made */
};

/* Runs it with the model at WORLD_INFRASTRUCTURE and the coordinator profile WORLD_PROFILES/default. */
struct reconstructed world_reconstruct(const struct options *options, const json_t *history, bool print);
void reconstructed_clear(struct reconstructed *reconstructed);

/* Two runs in the same world did the same. */
void require_same(const struct reconstructed *a, const struct reconstructed *b);

#endif
