/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What cmocka.h wants included before it, and ways to see what a test writes.
 */
#ifndef UNIT_H
#define UNIT_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* cmocka 2 warns of its own and has other names for it, which cmocka 1 does not know. */
#undef assert_in_range
#define assert_in_range(value, least, most) \
    assert_true((intmax_t)(value) >= (intmax_t)(least) && (intmax_t)(value) <= (intmax_t)(most))

/* Calls function(closure) while descriptor goes to a file; gives back what was written there, malloc()ed. */
static inline char *unit_written(int descriptor, void (*function)(void *closure), void *closure)
{
    FILE *file = tmpfile();
    int saved = fcntl(descriptor, F_DUPFD_CLOEXEC, 10);
    char *text = calloc(1, 65536);

    assert_non_null(file);
    fflush(NULL);
    dup2(fileno(file), descriptor);
    function(closure);
    fflush(NULL);
    dup2(saved, descriptor);
    close(saved);
    rewind(file);
    text[fread(text, 1, 65535, file)] = '\0';
    fclose(file);
    return text;
}

#endif
