/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The services of this machine, as its first process sees them. What is active stands on the machine's disk,
 * in var/lib/lab/active/CONTAINER/COMPONENT: {"type", "package", "arguments"}.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Starts all that was active. */
void services_start_active(void);

/* Starts one that is recorded as active; starts it anew if it runs. False: it cannot be. */
bool service_start(const char *container, const char *component);

/* Begins to stop it. */
void service_stop(const char *container, const char *component);

/* Whether anything of it is left: running, or to be started. */
bool service_is_there(const char *container, const char *component);

/* A process has ended. */
void services_reaped(pid_t pid);

/* Starts and kills what is due. Milliseconds to the next time; -1: never. */
int services_tick(void);

json_t *services_describe(void);

/* Sends a signal to a process and all of its group. */
void signal_group(pid_t pid, int number);

#endif
