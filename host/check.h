/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The check before a deployment: what Disnix would do in silence and what would lose state.
 */
#ifndef CHECK_H
#define CHECK_H

#include <jansson.h>

#include "manifest.h"
#include "settings.h"

/* Compares previous (NULL: none) with new under the report of the reconstruct stage (NULL: none). Says each
 * finding with its remedy and the option to go on. 0: nothing stands against the deployment, -1: something
 * does. */
int check_deployment(const struct manifest *previous, const struct manifest *new, const json_t *report,
                     const struct settings *settings);

#endif
