/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command run: cases, each in a process of its own, told in the order of their names.
 */
#include "lib/base/nearest.h"
#include "scenario/commands.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "scenario/in-lab/lab.h"
#include "scenario/play/golden.h"
#include "scenario/play/output.h"
#include "scenario/play/run.h"

/* A case: while it runs, its process writes the result and what it says into files without a name. */
struct one {
    char *directory;
    pid_t process; /* 0: it does not run (any more) */
    FILE *result, *said;
    bool told;
};

struct cases {
    struct one *items;
    size_t count, started, told;
    struct scenario_way way;
    struct scenario_output output;
    bool update;
    const char *journal;
    unsigned long jobs;
};

static int add_case(void *closure, const char *directory)
{
    struct cases *cases = closure;
    struct one *grown = array_grow(cases->items, cases->count, sizeof *grown);
    if (!grown)
        return -1;
    cases->items = grown;
    grown[cases->count++] = (struct one){ .directory = strdup(directory) };
    return 0;
}

static const char no_golden_files[] =
    "judged by what it expects and what must always hold; --update records its story";

/* What --update changes is shown as the difference from what was there. */
static void compare(const struct cases *cases, const struct scenario *scenario, json_t *result)
{
    const json_t *texts = json_object_get(result, "texts");
    CLEANUP_FREE char *difference = NULL;
    if (texts && !cases->update && !scenario->golden) {
        json_object_set_new(result, "note", json_string(no_golden_files));
        return;
    }
    if (!texts || scenario_golden_compare(scenario->directory, texts, &difference) != 0)
        return;
    if (*difference)
        json_object_set_new(result, "difference", json_string(difference));
    if (!*difference)
        return;
    if (!cases->update)
        json_array_append_new(json_object_get(result, "broken"),
                              json_string("it went another way than it should"));
    else if (scenario_golden_write(scenario->directory, texts) != 0)
        json_array_append_new(json_object_get(result, "broken"),
                              json_string("golden files cannot be written"));
}

static json_t *run_case(const struct cases *cases, const char *directory)
{
    struct scenario scenario;
    if (scenario_read(directory, !cases->update, &scenario) != 0)
        return json_pack("{s[s]}", "broken", "the scenario is not valid, see the message above");
    json_t *result = scenario_run(&scenario, &cases->way);
    if (!json_object_get(result, "skipped"))
        compare(cases, &scenario, result);
    json_object_set(result, "description", json_object_get(scenario.document, "description"));
    scenario_clear(&scenario);
    return result;
}

static void in_process(const struct cases *cases, const struct one *one)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (!cases->way.verbose)
        dup2(fileno(one->said), STDERR_FILENO);
    int64_t began = real_operations.now();
    CLEANUP_JSON json_t *result = run_case(cases, one->directory);
    operations_use(&real_operations);
    json_object_set_new(result, "milliseconds", json_integer(operations->now() - began));
    if (json_dumpf(result, one->result, JSON_COMPACT) != 0 || fflush(one->result) != 0)
        log_error(NULL, "the result of %s cannot be written", one->directory);
}

static int start(struct cases *cases)
{
    struct one *one = &cases->items[cases->started++];
    one->result = tmpfile();
    one->said = tmpfile();
    if (!one->result || !one->said) {
        log_error(NULL, "a temporary file: %s", strerror(errno));
        return -1;
    }
    scenario_output_begin(&cases->output, one->directory, cases->told, cases->count);
    fflush(NULL);
    one->process = fork();
    if (one->process == 0) {
        in_process(cases, one);
        exit(0);
    }
    if (one->process < 0)
        log_error(NULL, "fork: %s", strerror(errno));
    return one->process < 0 ? -1 : 0;
}

static char *read_all(FILE *stream)
{
    char *text = NULL;
    size_t length, got;
    char part[4096];
    FILE *copy = open_memstream(&text, &length);
    rewind(stream);
    while (copy && (got = fread(part, 1, sizeof part, stream)) > 0)
        fwrite(part, 1, got, copy);
    return copy && fclose(copy) == 0 ? text : NULL;
}

static void write_journal(const struct cases *cases, const json_t *journal)
{
    size_t index;
    json_t *document;
    FILE *file = cases->journal ? fopen(cases->journal, "ae") : NULL;
    if (cases->journal && !file)
        log_error(NULL, "%s: %s", cases->journal, strerror(errno));
    json_array_foreach(journal, index, document)
        if (file && json_dumpf(document, file, JSON_COMPACT) == 0)
            fputc('\n', file);
    if (file)
        fclose(file);
}

static void tell(struct cases *cases, struct one *one)
{
    CLEANUP_FREE char *text = read_all(one->result), *said = read_all(one->said), *plain = string_utf8(said);
    json_t *result = text ? json_loads(text, 0, NULL) : NULL;
    if (!result)
        result = json_pack("{s[s]}", "broken", "the process that ran it has crashed");
    if (plain && *plain)
        json_object_set_new(result, "said", json_string(plain));
    write_journal(cases, json_object_get(result, "journal"));
    scenario_output_end(&cases->output, one->directory, result);
    json_decref(result);
    fclose(one->result);
    fclose(one->said);
    one->told = true;
    cases->told++;
}

/* Those that have ended and whose turn it is. */
static void tell_ended(struct cases *cases)
{
    while (cases->told < cases->started && cases->items[cases->told].process == 0)
        tell(cases, &cases->items[cases->told]);
}

static int run_cases(struct cases *cases)
{
    size_t running = 0;
    scenario_output_open(&cases->output, cases->count, cases->way.network->name);
    while (cases->started < cases->count || running > 0) {
        while (running < cases->jobs && cases->started < cases->count) {
            if (start(cases) != 0)
                return 1;
            running++;
        }
        int status;
        pid_t process = wait(&status);
        for (size_t i = 0; i < cases->started; i++)
            if (cases->items[i].process == process && process > 0) {
                cases->items[i].process = 0;
                running--;
            }
        if (process < 0 && errno != EINTR)
            return 1;
        tell_ended(cases);
    }
    return scenario_output_close(&cases->output);
}

static void clear(struct cases *cases)
{
    for (size_t i = 0; i < cases->count; i++)
        free(cases->items[i].directory);
    free(cases->items);
    json_decref((json_t *)cases->way.seed);
}

enum {
    OPTION_ENGINE = 256,
    OPTION_FORMAT,
    OPTION_UPDATE,
    OPTION_SEED,
    OPTION_JOURNAL,
    OPTION_JOBS,
    OPTION_VERBOSE
};

static const struct option options[] = { { "simulate", no_argument, NULL, 's' },
                                         { "engine", required_argument, NULL, OPTION_ENGINE },
                                         { "format", required_argument, NULL, OPTION_FORMAT },
                                         { "update", no_argument, NULL, OPTION_UPDATE },
                                         { "seed", required_argument, NULL, OPTION_SEED },
                                         { "journal", required_argument, NULL, OPTION_JOURNAL },
                                         { "jobs", required_argument, NULL, OPTION_JOBS },
                                         { "verbose", no_argument, NULL, OPTION_VERBOSE },
                                         { "help", no_argument, NULL, 'h' },
                                         { NULL, 0, NULL, 0 } };

static int wrong(const char *option, const char *value)
{
    fprintf(stderr, "dydisnix-scenario: %s cannot be %s\n", option, value);
    return -1;
}

static bool read_number(const char *text, unsigned long *number)
{
    char *end;
    errno = 0;
    *number = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && errno == 0;
}

static int take_engine(struct cases *cases, const char *name)
{
    bool automatic = strcmp(name, "auto") == 0;
    cases->way.disnix = strcmp(name, "disnix") == 0 || (automatic && lab_has_disnix());
    if (automatic)
        log_notice(NULL, "deployed by %s",
                   cases->way.disnix ? "Disnix, which is on the PATH"
                                     : "the lab itself: Disnix is not on the PATH");
    return cases->way.disnix || automatic || strcmp(name, "lab") == 0 ? 0 : wrong("--engine", name);
}

static int take_option(struct cases *cases, int option)
{
    unsigned long number;
    switch (option) {
    case 's': cases->way.network = &scenario_simulation; return 0;
    case OPTION_ENGINE: return take_engine(cases, optarg);
    case OPTION_FORMAT:
        return scenario_output_format(&cases->output, optarg) == 0 ? 0 : wrong("--format", optarg);
    case OPTION_UPDATE: cases->update = true; return 0;
    case OPTION_SEED:
        if (!read_number(optarg, &number))
            return wrong("--seed", optarg);
        json_decref((json_t *)cases->way.seed);
        cases->way.seed = json_integer((json_int_t)number);
        return 0;
    case OPTION_JOURNAL: cases->journal = optarg; return 0;
    case OPTION_JOBS:
        return read_number(optarg, &cases->jobs) && cases->jobs > 0 ? 0 : wrong("--jobs", optarg);
    case OPTION_VERBOSE: cases->way.verbose = true; return 0;
    default: return -1;
    }
}

int scenario_run_main(int argc, char **argv)
{
    struct cases cases = { .jobs = 1, .way.network = &scenario_lab };
    int option, status = 0;
    while (status == 0 && (option = option_next(argc, argv, "sh", options, NULL)) != -1) {
        if (option == 'h')
            return fputs(scenario_help, stdout) == EOF || fflush(stdout) != 0;
        status = take_option(&cases, option);
    }
    if (status == 0 && optind == argc) {
        fputs("dydisnix-scenario: no case is given; try --help\n", stderr);
        status = -1;
    }
    for (int i = optind; status == 0 && i < argc; i++)
        status = scenario_list(argv[i], add_case, &cases);
    status = status == 0 ? run_cases(&cases) : 2;
    clear(&cases);
    return status;
}
