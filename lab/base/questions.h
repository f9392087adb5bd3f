/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What running services are asked: a line "ask", or "write TEXT"; each answers with one line of JSON.
 */
#ifndef QUESTIONS_H
#define QUESTIONS_H

#include <jansson.h>

#define ANSWER_DEADLINE 60000 /* milliseconds; only what hangs takes them */

/* The answer of a component on a machine; it is named in full, or by its service's name. A new reference;
 * NULL: nobody answers. */
json_t *question_ask(const char *machine, const char *component, const char *question);

#endif
