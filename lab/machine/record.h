/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is active on this machine: one file a component on its disk, var/lib/lab/active/CONTAINER/COMPONENT;
 * what was so and has state, var/lib/lab/garbage/CONTAINER/COMPONENT. And where a component has its state.
 */
#ifndef RECORD_H
#define RECORD_H

#include <jansson.h>
#include <stdbool.h>

#include "lab/base/nature.h"

struct record {
    json_t *document;
    const char *type;
    const char *package;
    enum component_nature nature;
    json_t *arguments; /* of "key=value" */
    bool garbage;      /* it was active */
};

/* 0; -1: it is not and was not active, or nobody can read what stands there, which was said. */
int record_read(const char *container, const char *component, struct record *record);

/* It is active now. arguments: "key=value", NULL-terminated. */
int record_write(const char *container, const char *component, const struct record *record,
                 const char *const *arguments);
int record_retire(const char *container, const char *component); /* and is garbage now */
int record_remove(const char *container, const char *component); /* and is neither */
void record_clear(struct record *record);

/* Whether the package has bin/run; one without it is active without a process. */
bool record_has_program(const struct record *record);

/* Puts into the environment what the program gets: arguments, COMPONENT, CONTAINER, STATE, SOCKET. */
int record_environment(const struct record *record, const char *container, const char *component);

/* Those that are active, and those that were. */
int records_each(int (*each)(void *closure, const char *container, const char *component), void *closure);

/* The directory of its state; malloc()ed. */
char *component_state(const char *container, const char *component);

/* The socket of its process; malloc()ed. */
char *component_socket(const char *container, const char *component);

#endif
