/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The options of dydisnix-self-adapt: one row each, for reading, for --help, and for what reads --help.
 */
#ifndef HOST_OPTIONS_H
#define HOST_OPTIONS_H

#include <stdbool.h>

#include "host/settings/settings.h"

/* What was given and is no setting yet, all borrowed. NULL: not given. */
struct given {
    struct settings *settings; /* gets the rest */
    const char *state_directory, *generator, *stream, *guard;
    const char *of_reconstruct; /* an option for the plugin of that name; NULL: none was given */
    bool run, probe, no_probe;
};

/* Reads all options; optind is that of what comes after them. As settings_read(), but nothing is checked
 * together. */
enum settings_outcome options_read(struct given *given, int argc, char **argv);

enum settings_outcome option_add_plugin(struct settings *settings, const char *plugin); /* borrowed */

#endif
