/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dydisnix-self-adapt --check: whether the loop could work with these settings, and what is to be done if not.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "host/settings/settings.h"

/* Prints a line for each thing that the loop needs. settings->state_directory is a copy, in which it may write;
 * directory: what it was copied from, which stays as it is. 0, or -1: the loop could not work. */
int doctor_run(const struct settings *settings, const char *directory);

#endif
