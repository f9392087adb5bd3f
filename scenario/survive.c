/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command survive: whether a system survives the loss of any of its targets.
 */
#include "lib/base/nearest.h"
#include "scenario/commands.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/world/operations.h"
#include "scenario/format/file.h"
#include "scenario/format/policy.h"
#include "scenario/play/output.h"
#include "scenario/survive/apart.h"
#include "scenario/survive/losses.h"
#include "scenario/survive/page.h"
#include "scenario/survive/table.h"
#include "scenario/survive/trial.h"

struct survival {
    unsigned long losses, jobs, seed;
    const char *property, *output;
    const char *returns[4]; /* ends with NULL */
    enum scenario_format format;
    struct trial trial;
};

/* A loss that is being tried. */
struct running {
    struct apart apart;
    struct trial *trial;
    const json_t *loss;
};

static json_t *play(void *closure)
{
    const struct running *running = closure;
    return trial_play(running->trial, running->loss);
}

/* All losses, so many at once; told in their order. A new reference; NULL after a message. */
static json_t *try_all(struct survival *survival, const json_t *losses)
{
    const size_t count = json_array_size(losses);
    CLEANUP_FREE struct running *running = calloc(survival->jobs, sizeof *running);
    json_t *results = json_array();
    size_t begun = 0;
    for (size_t done = 0; running && done < count; done++) {
        for (; begun < count && begun < done + survival->jobs; begun++) {
            struct running *next = &running[begun % survival->jobs];
            *next = (struct running){ .trial = &survival->trial, .loss = json_array_get(losses, begun) };
            apart_begin(&next->apart, play, next);
        }
        json_t *result = apart_end(&running[done % survival->jobs].apart);
        if (result)
            json_array_append_new(results, result);
        show_progress("losses", done + 1, count);
    }
    if (json_array_size(results) == count)
        return results;
    json_decref(results);
    return NULL;
}

/* What the command says, as table.h has it; NULL after a message. */
static json_t *make_document(struct survival *survival, const struct scenario *scenario)
{
    CLEANUP_JSON json_t *losses =
        survive_losses(survival->trial.targets, survival->losses, survival->property);
    CLEANUP_JSON json_t *results = NULL, *returns = json_array(), *services = json_array();
    CLEANUP_FREE const char **names = json_sorted_names(survival->trial.places);
    bool survives = true;
    size_t index;
    json_t *loss, *back;
    const char *name;
    if (json_array_size(losses) == 0) {
        log_error(NULL, "%s: there is nothing that can be lost so", scenario->name);
        return NULL;
    }
    results = try_all(survival, losses);
    for (size_t i = 0; survival->returns[i]; i++)
        json_array_append_new(returns, json_string(survival->returns[i]));
    for (size_t i = 0; names && names[i]; i++)
        json_array_append_new(services, json_string(names[i]));
    json_array_foreach(results, index, loss) {
        survives = survives && json_is_true(json_object_get(loss, "survives"));
        json_object_foreach(json_object_get(loss, "returns"), name, back)
            survives = survives && json_is_true(json_object_get(back, "survives"));
    }
    return results ? json_pack("{si ss sb sO sO sO}", "version", 1, "system", scenario->name, "survives",
                               survives, "returns", returns, "services", services, "losses", results)
                   : NULL;
}

static void print(enum scenario_format format, const json_t *document)
{
    if (format == SCENARIO_JSON) {
        json_dumpf(document, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (format == SCENARIO_TAP)
        survive_print_tap(document);
    else
        survive_print_table(document);
}

static int survive_in(struct survival *survival, const struct scenario *scenario)
{
    const struct scenario_setting setting = { .scenario = scenario->document,
                                              .directory = scenario->directory,
                                              .seed = survival->seed };
    CLEANUP_FREE char *refused = scenario_simulation.refuses(&setting);
    struct course course = { 0 };
    json_t *document = NULL;
    if (refused) {
        log_error(NULL, "%s: %s", scenario->name, refused);
        return 1;
    }
    CLEANUP_FREE char *assumed = scenario_simulation.assumes(&setting);
    if (course_open(&course, &scenario_simulation, &setting) == 0
        && trial_open(&survival->trial, &course, survival->returns) == 0)
        document = make_document(survival, scenario);
    if (document && assumed)
        json_object_set_new(document, "assumed", json_string(assumed));
    trial_close(&survival->trial);
    course_close(&course);
    if (!document)
        return 1;
    int status = json_is_true(json_object_get(document, "survives")) ? 0 : 1;
    if (survival->output && survive_write_page(document, survival->output) != 0)
        status = 1;
    print(survival->format, document);
    json_decref(document);
    return fflush(stdout) == 0 && !ferror(stdout) ? status : 1;
}

enum { OPTION_LOSSES = 256, OPTION_GROUP_BY, OPTION_RETURNS, OPTION_JOBS, OPTION_FORMAT, OPTION_SEED };

static const struct option options[] = { { "losses", required_argument, NULL, OPTION_LOSSES },
                                         { "group-by", required_argument, NULL, OPTION_GROUP_BY },
                                         { "returns", required_argument, NULL, OPTION_RETURNS },
                                         { "jobs", required_argument, NULL, OPTION_JOBS },
                                         { "format", required_argument, NULL, OPTION_FORMAT },
                                         { "seed", required_argument, NULL, OPTION_SEED },
                                         { "output", required_argument, NULL, 'o' },
                                         { "help", no_argument, NULL, 'h' },
                                         { NULL, 0, NULL, 0 } };

static int wrong(const char *option)
{
    fprintf(stderr, "dydisnix-scenario: %s cannot be %s\n", option, optarg);
    return -1;
}

static int take_number(const char *option, unsigned long least, unsigned long most, unsigned long *number)
{
    char *end;
    errno = 0;
    *number = strtoul(optarg, &end, 10);
    return *optarg >= '0' && *optarg <= '9' && !*end && errno == 0 && *number >= least && *number <= most
               ? 0
               : wrong(option);
}

static int take_returns(struct survival *survival)
{
    static const char *const words[] = { "kept", "lost", "older" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(optarg, words[i]) == 0) {
            survival->returns[0] = words[i];
            survival->returns[1] = NULL;
            return 0;
        }
    return wrong("--returns");
}

static int take_format(struct survival *survival)
{
    struct scenario_output output = { 0 };
    if (scenario_output_format(&output, optarg) != 0)
        return wrong("--format");
    survival->format = output.format;
    return 0;
}

static int take_option(struct survival *survival, int option)
{
    switch (option) {
    case OPTION_LOSSES: return take_number("--losses", 1, 8, &survival->losses);
    case OPTION_GROUP_BY: survival->property = optarg; return 0;
    case OPTION_RETURNS: return take_returns(survival);
    case OPTION_JOBS: return take_number("--jobs", 1, 1024, &survival->jobs);
    case OPTION_FORMAT: return take_format(survival);
    case OPTION_SEED: return take_number("--seed", 0, ULONG_MAX, &survival->seed);
    case 'o': survival->output = optarg; return 0;
    default: return -1;
    }
}

static int survive(struct survival *survival, const char *directory)
{
    struct scenario scenario;
    if (scenario_read(directory, false, &scenario) != 0)
        return 1;
    int status = survive_in(survival, &scenario);
    scenario_clear(&scenario);
    return status;
}

int scenario_survive_main(int argc, char **argv)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct survival survival = { .losses = 1,
                                 .seed = 1,
                                 .jobs = processors > 0 ? (unsigned long)processors : 1,
                                 .format = isatty(STDOUT_FILENO) ? SCENARIO_WORDS : SCENARIO_TAP,
                                 .returns = { "kept", "lost", "older" } };
    int option, status = 0;
    while (status == 0 && (option = option_next(argc, argv, "o:h", options, NULL)) != -1) {
        if (option == 'h')
            return fputs(scenario_help, stdout) == EOF || fflush(stdout) != 0;
        status = take_option(&survival, option);
    }
    if (status == 0 && argc - optind != 1) {
        fputs("dydisnix-scenario: one case is needed; try --help\n", stderr);
        status = -1;
    }
    return status == 0 ? survive(&survival, argv[optind]) : 2;
}
