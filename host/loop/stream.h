/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A generator that goes on running: each document that it prints, ended by a NUL byte, is a new model.
 */
#ifndef STREAM_H
#define STREAM_H

#include <sys/types.h>

#include "host/settings/settings.h"

/* Runs the generator of --geninfra-stream until it ends, in a process of its own; ends it when this process
 * gets TERM or host, the parent, is gone. Each document replaces the file, and a byte is written to notice.
 * Documents that are too long, or have nothing but white space, are told and dropped. Its exit status: 0 if
 * the generator ended with 0. */
int stream_run(const struct settings *settings, int notice, pid_t host);

#endif
