/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What plugins there are: --list-plugins and --dump-plugin. Each is opened in a process of its own, so that
 * one that crashes or hangs costs only itself.
 */
#ifndef LISTING_H
#define LISTING_H

/* Prints a line for every plugin in the search path. 0, or -1: one of them cannot be used, which was told. */
int list_plugins(void);

/* Prints what is known of one plugin, a pair KEY=VALUE a line. 0, or -1 after a message. */
int dump_plugin(const char *name);

#endif
