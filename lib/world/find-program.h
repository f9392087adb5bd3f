/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Programs on the PATH.
 */
#ifndef FIND_PROGRAM_H
#define FIND_PROGRAM_H

/* Where a program is that would be started by that name: malloc()ed; NULL: nowhere on the PATH. With a
 * slash it is a path. */
char *find_program(const char *name);

#endif
