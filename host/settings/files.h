/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Paths of files that the user names.
 */
#ifndef SETTINGS_FILES_H
#define SETTINGS_FILES_H

/* Absolute, so that it can never be taken for an option or for a search path of Nix. Links in it stay: they
 * may lead elsewhere while the loop runs. malloc()ed; NULL after a message, or without memory. */
char *file_absolute(const char *file);

/* In a directory without links, malloc()ed; NULL: that is not there. */
char *file_resolved(const char *file);

#endif
