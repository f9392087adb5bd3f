/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What losses come to, as a page: services and losses at a glance, and the story of each.
 */
#ifndef SCENARIO_SURVIVE_PAGE_H
#define SCENARIO_SURVIVE_PAGE_H

#include <jansson.h>

/* Writes a document as table.h has it, as one HTML file that needs nothing else, whole or not at all ("-": to
 * standard output). -1 after a message. */
int survive_write_page(const json_t *document, const char *file);

#endif
