/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/nearest.h"
#include "scenario/report/report.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "Usage: dydisnix-scenario report [--output=FILE] JOURNAL\n"
    "\n"
    "Makes one HTML page of a journal, with a timeline of targets, services, moves of state and events, and "
    "what\n"
    "each cycle did. JOURNAL is the events.jsonl of a loop or of a scenario that was run, or - for standard "
    "input.\n"
    "The page needs nothing else: no network, no other file.\n"
    "\n"
    "Options:\n"
    "  -o, --output=FILE  Write the page to FILE, whole or not at all (default: standard output)\n"
    "  -h, --help         Print this help\n";

static int usage(void)
{
    fputs("Usage: dydisnix-scenario report [--output=FILE] JOURNAL\n", stderr);
    return 2;
}

int scenario_report_main(int argc, char **argv)
{
    static const struct option options[] = { { "output", required_argument, NULL, 'o' },
                                             { "help", no_argument, NULL, 'h' },
                                             { NULL, 0, NULL, 0 } };
    const char *output = "-";
    int option;
    optind = 1;
    while ((option = option_next(argc, argv, "o:h", options, NULL)) != -1)
        if (option == 'o')
            output = optarg;
        else if (option == 'h')
            return fputs(help, stdout) == EOF || fflush(stdout) != 0;
        else
            return usage();
    if (argc - optind != 1)
        return usage();
    return report_write(argv[optind], output) == 0 ? 0 : 1;
}
