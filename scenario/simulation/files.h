/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files and links in memory. Directories are there if they were made, or as long as something is in them.
 */
#ifndef SIMULATED_FILES_H
#define SIMULATED_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct simulated_file {
    char *path; /* absolute */
    char *data; /* of a file, or where a link leads */
    size_t length;
    bool link, directory;
};

struct simulated_files {
    struct simulated_file *items; /* sorted by path */
    size_t count;
};

/* The file or link at path; NULL: nothing, or a directory. Links are not followed. */
const struct simulated_file *simulated_files_find(const struct simulated_files *files, const char *path);

/* Makes it or replaces it. -1: no memory. */
int simulated_files_write(struct simulated_files *files, const char *path, const char *data, size_t length);
int simulated_files_link(struct simulated_files *files, const char *path, const char *destination);

/* Adds to the end of a file, which is made if it is not there; a last line that was torn is ended first. */
int simulated_files_append(struct simulated_files *files, const char *path, const char *data, size_t length);

/* An empty directory, unless there is something at path. -1: no memory. */
int simulated_files_make_directory(struct simulated_files *files, const char *path);

/* Gives a file, link or directory another path, in place of what is there. -1: no memory, or nothing is at
 * from. */
int simulated_files_move(struct simulated_files *files, const char *from, const char *to);

/* The file or link at path, or everything below it. */
void simulated_files_remove(struct simulated_files *files, const char *path);

bool simulated_files_is_directory(const struct simulated_files *files, const char *path);

/* As operations->list(); -1: no such directory. */
int simulated_files_list(const struct simulated_files *files, const char *path,
                         int (*each)(void *closure, const char *name), void *closure);

void simulated_files_clear(struct simulated_files *files);

#endif
