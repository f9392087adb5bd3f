/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a module of Dysnomia makes of its components. The words stand in dydisnix-scenario(5).
 */
#ifndef NATURE_H
#define NATURE_H

enum component_nature {
    NATURE_PLAIN, /* it has no state that is looked after */
    NATURE_FILES, /* deactivated it is stopped, a snapshot saves all, each operation needs the package */
    NATURE_DATABASE, /* deactivated it is only marked, and its server goes on taking writes; once it was active, no
                        operation needs the package */
    NATURE_DUMP,   /* the same, and each activation loads what the package holds over what is there */
    NATURE_PROCESS /* deactivated it is stopped, a snapshot saves nothing and ends with 0 */
};

extern const char *const nature_words[]; /* in this order, NULL-terminated */

/* What an operation of a component ends with that fails: Dysnomia runs its modules by xargs. */
enum { COMPONENT_FAILED = 123 };

/* NATURE_PLAIN for any other word, or NULL. */
enum component_nature nature_of_word(const char *word);

/* Whether a client finds it where it was once active though it is so no longer. */
static inline int nature_outlives(enum component_nature nature)
{
    return nature == NATURE_DATABASE || nature == NATURE_DUMP;
}

#endif
