/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names of one machine: targets of a model that are reached by the same client interface with the same
 * connection key. Disnix would lock such a machine twice, and give it two profiles in one place.
 */
#ifndef DOUBLES_H
#define DOUBLES_H

#include <jansson.h>

#include "lib/model/infrastructure.h"

/* { NAME: NAME of the target that stays } of those that are to be left out. One that was deployed to stays,
 * else the first by name. effective: [NAME] of the last redeployment. New reference, NULL: no memory. */
json_t *doubles_of(const struct infrastructure *model, const json_t *effective);

/* Says that name is left out, for other is the same machine. */
void doubles_tell(const char *name, const char *other);

/* Takes them out of the model, and says so. 0, or -1: no memory. */
int doubles_drop(struct infrastructure *model, const json_t *effective);

#endif
