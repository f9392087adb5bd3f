/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Directories and small files.
 */
#ifndef TREE_H
#define TREE_H

#include <stddef.h>

/* Calls each() for every entry whose name does not begin with a dot, sorted, until it returns non-zero,
 * which is then what this returns. -1 with errno if the directory cannot be read. */
int directory_each(const char *path, int (*each)(void *closure, const char *name), void *closure);

/* The text of a small file, malloc()ed; NULL with errno. */
char *file_text(const char *path, size_t limit);

/* Copies a directory with all that is in it (files, directories, links; modes and times), onto the disk:
 * what was copied survives a power failure. to must not be there. 0, or -1 with errno; then a part may be
 * there. */
int tree_copy(const char *from, const char *to);

/* Puts a copy of from in the place of to, which may be there or not. 0, or -1 with errno. */
int tree_replace(const char *from, const char *to);

#endif
