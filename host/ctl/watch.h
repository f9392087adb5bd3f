/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Something that is shown again whenever something has happened.
 */
#ifndef CTL_WATCH_H
#define CTL_WATCH_H

/* Calls draw, which prints on standard output, now and again when the journal or the state in directory has changed,
 * and at least every second, until it is interrupted or draw gives -1. A terminal is cleared before, and cuts lines that
 * are wider than it is. 0, or -1 when draw or standard output failed. */
int watch_draw(const char *directory, int (*draw)(void *closure), void *closure);

#endif
