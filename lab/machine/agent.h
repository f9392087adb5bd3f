/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is asked of a machine's first process through its socket. To run a program:
 *
 *     {"run": [ARGUMENT…], "directory": DIRECTORY}   with standard input, output and error beside it
 *     {"signal": NUMBER}                             to the program's process group, any number of times
 *  <- {"exited": STATUS} or {"signalled": NUMBER} or {"error": TEXT}
 *
 * The program is killed when the connection closes. About services:
 *
 *     {"service": "start" or "stop", "container": CONTAINER, "component": COMPONENT}    answered when done
 *     {"services": true}
 *  <- {"done": true}, {"services": [{"container", "component", "running"}…]} or {"error": TEXT}
 */
#ifndef AGENT_H
#define AGENT_H

#include <jansson.h>
#include <stdbool.h>

#define AGENT_LOST 255 /* as ssh has it */

struct agent_program {
    const char *machine;
    const char *const *argv;
    const char *directory; /* NULL: the machine's $HOME */
    int in, out, err;
    bool forward_signals;
};

/* Its exit status; AGENT_LOST after a message if the machine cannot be reached, or is lost meanwhile, or
 * the program was killed. */
int agent_run(const struct agent_program *program);

/* One question. A new reference; NULL: no answer within milliseconds (-1: no deadline). */
json_t *agent_ask(const char *machine, json_t *question /* stolen */, int milliseconds);

#endif
