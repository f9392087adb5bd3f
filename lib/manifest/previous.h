/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the coordinator knows of the last deployment: the current generation of its profile and the older
 * ones.
 */
#ifndef PREVIOUS_H
#define PREVIOUS_H

#include "lib/base/strings.h"
#include "lib/manifest/manifest.h"

enum manifest_reading {
    MANIFEST_READ,
    MANIFEST_ABSENT,
    MANIFEST_DAMAGED,   /* there, but no manifest */
    MANIFEST_UNREADABLE /* there, and only now not to be had */
};

/* Reads a file that holds a deployment manifest. Unless it was read, *reason is one line, malloc()ed (NULL:
 * no memory), and nothing was printed. */
enum manifest_reading manifest_read(const char *path, struct strings *strings, struct manifest *manifest,
                                    char **reason);

struct previous {
    bool known;               /* false: there is none, or it cannot be read */
    char *profile;            /* DIRECTORY/PROFILE, also when it is not there yet */
    char *path;               /* of the manifest; NULL if not known */
    long generation;          /* its number; 0: none */
    struct manifest manifest; /* empty if not known */
    const struct target_keys
        *keys; /* borrowed: the names of targets in manifests of version 1; NULL: their keys */
};

/* Reads the manifest that file names, or with NULL the current generation of the coordinator profile in
 * directory (NULL: the user's own under Nix's profiles). One that is damaged counts as lost, with a warning.
 * 0, or -1 after a message: the profile's place cannot be told, or a manifest that is there cannot be
 * read. */
int previous_read(const char *directory, const char *profile, const char *file, struct strings *strings,
                  struct previous *previous);

/* The same in two steps: where it is, and what it says. */
int previous_locate(const char *directory, const char *profile, const char *file, struct strings *strings,
                    struct previous *previous);
int previous_load(struct previous *previous, bool required);

/* From here on, targets of version 1 have their names of the model, in this manifest and in the generations.
 * Warns where several targets have one key. 0, or -1 after a message. */
int previous_name_targets(struct previous *previous, const struct target_keys *keys);

/* Another profile in the same place whose name begins with this one's and a dash: disnix-env takes its
 * generations for this one's. malloc()ed; NULL: there is none. */
char *previous_namesake(const struct previous *previous);

void previous_clear(struct previous *previous);

/* Gives the generations to each, the current one first and then back in time, until each gives back true, and
 * whether reconstruction wrote them. One that cannot be read is left out. 0, or -1: no memory. */
int previous_generations(const struct previous *previous, struct strings *strings,
                         bool (*each)(void *closure, const struct manifest *generation, bool reconstructed),
                         void *closure);

/* The name in the store of a manifest that reconstruction wrote: nobody has deployed it. */
#define RECONSTRUCTED_MANIFEST "reconstructed-manifest.xml"

/* Whether this is such a manifest. */
bool previous_is_reconstructed(const struct previous *previous);

/* The newest generation up to the current one that reconstruction did not write and that can be read: 1 and
 * its manifest in *found; 2: it is the one at known, which is not read again; 0: there is none, -1: no
 * memory. known may be NULL. */
int previous_find_deployed(const struct previous *previous, const char *known, struct strings *strings,
                           struct manifest *found);

#endif
