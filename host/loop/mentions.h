/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which files a Nix expression names, so that they can be watched with it: the paths that stand in it, in
 * what these import, and so on. What is put together while it is evaluated, or found on NIX_PATH, is not
 * known.
 */
#ifndef MENTIONS_H
#define MENTIONS_H

#include <stddef.h>

/* At most so many are found, the file itself among them. */
enum { MENTIONS_MOST = 256 };

struct mentions {
    char *files[MENTIONS_MOST];
    size_t count;
};

/* The file, which is absolute and may be absent, and what it mentions. As many as there is memory for. */
void mentions_find(struct mentions *mentions, const char *file);

void mentions_clear(struct mentions *mentions);

#endif
