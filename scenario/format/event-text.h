/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCENARIO_EVENT_TEXT_H
#define SCENARIO_EVENT_TEXT_H

#include <jansson.h>

/* "test1 crashes", with the moment at which it does; malloc()ed. */
char *scenario_event_words(const json_t *event);

#endif
