/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How cases went, for people, for TAP and as JSON.
 */
#ifndef SCENARIO_OUTPUT_H
#define SCENARIO_OUTPUT_H

#include <stddef.h>

#include <jansson.h>

enum scenario_format { SCENARIO_UNSET, SCENARIO_WORDS, SCENARIO_TAP, SCENARIO_JSON };

struct scenario_output {
    enum scenario_format format;
    size_t passed, failed, skipped;
    json_t *cases; /* for JSON */
    const char *network;
};

/* words, tap or json; -1: there is no such format. */
int scenario_output_format(struct scenario_output *output, const char *name);

void scenario_output_open(struct scenario_output *output, size_t count, const char *network);
void scenario_output_begin(struct scenario_output *output, const char *directory, size_t done, size_t count);

/* result: as scenario_run() gives it, with "difference", "said" and "milliseconds". */
void scenario_output_end(struct scenario_output *output, const char *directory, const json_t *result);

/* Exit status. */
int scenario_output_close(struct scenario_output *output);

#endif
