/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/nearest.h"
#include "scenario/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/world/operations.h"
#include "scenario/format/file.h"
#include "scenario/play/play.h"
#include "scenario/search/exhaustive.h"
#include "scenario/search/random.h"
#include "scenario/search/shrink.h"
#include "scenario/search/silence.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

struct exploration {
    unsigned long seed, count, jobs;
    unsigned long depth;
    const char *directory; /* NULL: what is built in */
    const struct scenario
        *scenario; /* in it, of which random histories are played; NULL: systems are random too */
    bool keep_going, verbose, exhaustive;
};

static json_t *draw(const struct exploration *exploration, unsigned long number)
{
    return scenario_random(exploration->scenario ? exploration->scenario->document : NULL, number);
}

/* The scenario of a number; one that is not valid is a mistake of ours. */
static int play(const struct exploration *exploration, const json_t *scenario, struct scenario_play *played)
{
    const struct scenario_setting setting = {
        .scenario = scenario,
        .directory = exploration->scenario ? exploration->scenario->directory : NULL,
        .seed = (uint64_t)json_integer_value(json_object_get(scenario, "seed"))
    };
    return scenario_play(&scenario_simulation, &setting, NULL, played);
}

/* An invariant that is broken. */
struct breaking {
    const struct exploration *exploration;
    const char *name;
};

/* Whether a smaller one breaks it too. */
static bool breaks(void *closure, const json_t *candidate)
{
    const struct breaking *breaking = closure;
    struct scenario_play played = { 0 };
    int saved = silence_begin();
    bool same = scenario_validate(candidate, "candidate", NULL) == 0
                && play(breaking->exploration, candidate, &played) == 0 && played.broken
                && strcmp(played.broken, breaking->name) == 0;
    scenario_play_clear(&played);
    silence_end(saved);
    return same;
}

static void print_small(const struct exploration *exploration, unsigned long number, const char *name)
{
    struct breaking breaking = { exploration, name };
    CLEANUP_JSON json_t *scenario = draw(exploration, number);
    CLEANUP_JSON json_t *small = scenario_shrink(scenario, breaks, &breaking);
    CLEANUP_JSON json_t *description =
        json_sprintf("%s (found by dydisnix-scenario explore --seed=%lu)", name, number);
    struct scenario_play played = { 0 };
    play(exploration, small, &played);
    json_object_set(small, "description", description);
    json_object_set_new(small, "version", json_integer(1));
    fprintf(stderr, "[coordinator]: the smallest such scenario, after whose moment %zu %s:\n", played.moment,
            played.words ? played.words : name);
    json_dumpf(small, stdout, JSON_INDENT(2));
    putchar('\n');
    fflush(stdout);
    scenario_play_clear(&played);
}

/* What a worker tells of each of its scenarios. */
struct finding {
    unsigned long number;
    unsigned cycles;
    int status; /* 0; 1: broken; -1: it could not be played */
    char name[64], words[256];
    unsigned moment;
};

static struct finding explore_one(const struct exploration *exploration, unsigned long number)
{
    struct finding finding = { .number = number };
    struct scenario_play played = { 0 };
    CLEANUP_JSON json_t *scenario = draw(exploration, number);
    finding.status =
        scenario_validate(scenario, "random", NULL) == 0 ? play(exploration, scenario, &played) : -1;
    finding.cycles = (unsigned)played.cycles;
    finding.moment = (unsigned)played.moment;
    if (played.broken) {
        finding.status = 1;
        snprintf(finding.name, sizeof finding.name, "%s", played.broken);
        snprintf(finding.words, sizeof finding.words, "%s", played.words);
    }
    scenario_play_clear(&played);
    return finding;
}

/* Every jobs-th scenario. A pipe of its own: findings are written whole. */
static void work(const struct exploration *exploration, unsigned long first, int output)
{
    for (unsigned long i = first; i < exploration->count; i += exploration->jobs) {
        struct finding finding = explore_one(exploration, exploration->seed + i);
        if (write(output, &finding, sizeof finding) != (ssize_t)sizeof finding)
            _exit(FAILED);
    }
    _exit(DONE);
}

struct tally {
    unsigned long scenarios, cycles, broken;
    struct finding first; /* the one with the lowest number; status 0: none */
};

static void tell(const struct finding *finding)
{
    if (finding->status < 0)
        log_error(NULL, "scenario %lu could not be played", finding->number);
    else
        log_error(NULL, "scenario %lu, after its moment %u: %s: %s", finding->number, finding->moment,
                  finding->name, finding->words);
}

static void take(struct tally *tally, const struct finding *finding, const struct exploration *exploration)
{
    tally->scenarios++;
    tally->cycles += finding->cycles;
    show_progress("exploring", tally->scenarios, exploration->count);
    if (finding->status == 0)
        return;
    tally->broken++;
    if (exploration->keep_going)
        tell(finding);
    if (tally->first.status == 0 || finding->number < tally->first.number)
        tally->first = *finding;
}

static void end_workers(const pid_t *workers, unsigned long count, bool early)
{
    for (unsigned long i = 0; early && i < count; i++)
        if (workers[i] > 0)
            kill(workers[i], SIGKILL);
    for (unsigned long i = 0; i < count; i++)
        if (workers[i] > 0)
            waitpid(workers[i], NULL, 0);
}

/* A worker that dies tells of fewer. */
static void explore(const struct exploration *exploration, struct tally *tally)
{
    CLEANUP_FREE pid_t *workers = calloc(exploration->jobs, sizeof *workers);
    struct finding finding;
    int ends[2];
    if (!workers || pipe2(ends, O_CLOEXEC) != 0)
        return;
    for (unsigned long i = 0; i < exploration->jobs; i++)
        if ((workers[i] = fork()) == 0) {
            close(ends[0]);
            if (!exploration->verbose)
                silence_begin();
            work(exploration, i, ends[1]);
        }
    close(ends[1]);
    while ((tally->broken == 0 || exploration->keep_going)
           && read(ends[0], &finding, sizeof finding) == (ssize_t)sizeof finding)
        take(tally, &finding, exploration);
    close(ends[0]);
    end_workers(workers, exploration->jobs, true);
    show_progress("exploring", tally->scenarios, 0);
}

static int read_number(const char *option, const char *text, unsigned long *number)
{
    char *end;
    errno = 0;
    *number = strtoul(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *number <= 1000000000)
        return 0;
    log_error(NULL, "--%s: no number: %s", option, text);
    return -1;
}

static int read_options(int argc, char **argv, struct exploration *exploration)
{
    static const struct option options[] = { { "seed", required_argument, NULL, 's' },
                                             { "scenarios", required_argument, NULL, 'n' },
                                             { "jobs", required_argument, NULL, 'j' },
                                             { "keep-going", no_argument, NULL, 'k' },
                                             { "exhaustive", no_argument, NULL, 'e' },
                                             { "depth", required_argument, NULL, 'd' },
                                             { "verbose", no_argument, NULL, 'v' },
                                             { "help", no_argument, NULL, 'h' },
                                             { 0 } };
    int option, status = 0;
    while ((option = option_next(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's': status |= read_number("seed", optarg, &exploration->seed); break;
        case 'n': status |= read_number("scenarios", optarg, &exploration->count); break;
        case 'j': status |= read_number("jobs", optarg, &exploration->jobs); break;
        case 'd': status |= read_number("depth", optarg, &exploration->depth); break;
        case 'e': exploration->exhaustive = true; break;
        case 'k': exploration->keep_going = true; break;
        case 'v': exploration->verbose = true; break;
        case 'h': return fputs(scenario_help, stdout) < 0;
        default: return USAGE;
        }
    }
    if (argc - optind > 1)
        log_error(NULL, "explore takes one case at most: %s", argv[optind + 1]);
    if (status != 0 || argc - optind > 1 || exploration->jobs == 0 || exploration->depth > 15)
        return USAGE;
    exploration->directory = argv[optind];
    return -1;
}

/* Exit status. */
static int explore_random(struct exploration *exploration)
{
    struct tally tally = { 0 };
    const int64_t began = operations->now();
    explore(exploration, &tally);
    if (tally.broken > 0 && !exploration->keep_going) {
        tell(&tally.first);
        if (tally.first.status > 0)
            print_small(exploration, tally.first.number, tally.first.name);
        return FAILED;
    }
    if (tally.scenarios < exploration->count)
        log_error(NULL, "%lu scenarios were not played to their end", exploration->count - tally.scenarios);
    fprintf(stderr, "[coordinator]: %lu scenarios with %lu cycles in %.1f seconds: %lu broke an invariant\n",
            tally.scenarios, tally.cycles, (double)(operations->now() - began) / 1000, tally.broken);
    return tally.broken > 0 || tally.scenarios < exploration->count ? FAILED : DONE;
}

static int explore_case(struct exploration *exploration)
{
    struct scenario scenario;
    if (explore_read(exploration->directory, &scenario) != 0)
        return FAILED;
    exploration->scenario = &scenario;
    int status = explore_random(exploration);
    scenario_clear(&scenario);
    return status;
}

int scenario_explore_main(int argc, char **argv)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct exploration exploration = {
        .seed = 1, .count = 1000, .depth = 2, .jobs = processors > 0 ? (unsigned long)processors : 1
    };
    int status = read_options(argc, argv, &exploration);
    if (status >= 0)
        return status;
    fflush(NULL);
    if (exploration.exhaustive) {
        struct exhaustive search = { .depth = exploration.depth,
                                     .jobs = exploration.jobs,
                                     .keep_going = exploration.keep_going,
                                     .verbose = exploration.verbose };
        return explore_all(exploration.directory, &search);
    }
    return exploration.directory ? explore_case(&exploration) : explore_random(&exploration);
}
