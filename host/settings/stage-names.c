/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/settings/stage-names.h"

#include <stddef.h>

#define STAGE_NAME(name, seconds) #name,
const char *const stage_names[] = { CYCLE_STAGES(STAGE_NAME, STAGE_NAME) NULL };
