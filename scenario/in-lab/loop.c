/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The loop of a scenario in the lab: the real dydisnix-self-adapt, on the coordinator.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab/base/channel.h"
#include "lab/base/network.h"
#include "lib/base/arguments.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "scenario/in-lab/lab.h"

enum {
    LOOK_AGAIN = 10,
    PATIENCE = 1800 * 1000, /* what hangs while a deployment is settled is waited for for 25 minutes */
    QUIET_AFTER = 60,
    FAILURES_MOST = 5,
    ANSWER_WITHIN = 60 * 1000
};

/* Whether an event waits for, or fails, such a stage. */
static bool mentions_stage(const json_t *events, const char *stage)
{
    const char *key;
    json_t *value;
    size_t index;
    const char *own = json_string_value(json_object_get(events, "stage"));
    bool found = own && !json_object_get(events, "path") && (!stage || strcmp(own, stage) == 0);
    if (json_is_object(events))
        json_object_foreach((json_t *)events, key, value)
            found = found || mentions_stage(value, stage);
    json_array_foreach((json_t *)events, index, value)
        found = found || mentions_stage(value, stage);
    return found;
}

static void add_models(struct arguments *arguments, const struct scenario_lab *lab)
{
    CLEANUP_FREE char *services = lab_model_file(lab, "services"), *qos = lab_model_file(lab, "distribution");
    CLEANUP_FREE char *infrastructure = lab_model_file(lab, "infrastructure");
    arguments_format(arguments, "--services=%s", services);
    arguments_format(arguments, "--qos=%s", qos);
    if (json_is_false(json_object_get(lab->setting.scenario, "discovery")))
        arguments_format(arguments, "--infrastructure=%s", infrastructure);
    else
        arguments_add(arguments, "--geninfra=dydisnix-lab model");
}

/* The loop's command line. What the scenario says comes last, and so counts. */
static void add_loop(struct arguments *arguments, const struct scenario_lab *lab)
{
    const json_t *scenario = lab->setting.scenario, *timeline = json_object_get(scenario, "timeline"),
                 *option;
    size_t index;
    arguments_add(arguments, "dydisnix-self-adapt");
    add_models(arguments, lab);
    if (mentions_stage(timeline, NULL))
        arguments_format(arguments, "--plugin=script:%s/bin/dydisnix-lab-stages", lab->directory);
    if (mentions_stage(timeline, "recover") || mentions_stage(timeline, "restore"))
        arguments_add(arguments, "--guard=dydisnix-lab step guard");
    arguments_add(arguments, "--reconstruct");
    arguments_format(arguments, "--state-dir=%s/scenario/disk/state", lab->directory);
    arguments_format(arguments, "--socket=%s/scenario/socket", lab->directory);
    arguments_add(arguments, "--interval=86400");
    arguments_add(arguments, "--probe-interval=86400");
    arguments_add(arguments, "--retry-min=1");
    if (!json_is_false(json_object_get(scenario, "snapshot")))
        arguments_add(arguments, "--snapshot");
    json_array_foreach(json_object_get(scenario, "options"), index, option)
        arguments_add(arguments, json_string_value(option));
}

/* In the new process. It ends with this one, whatever ends that. */
static void become_loop(char **argv, int output)
{
    int nothing = open("/dev/null", O_RDONLY);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0); /* an interrupt at the terminal is for this process alone, which then ends the network */
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execv(argv[0], argv);
    _exit(127);
}

static int start(struct scenario_lab *lab)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    CLEANUP_FREE char *messages = network_path("scenario/messages");
    CLEANUP_FD int output = messages ? open(messages, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    arguments_add(&arguments, lab->program);
    arguments_add(&arguments, "exec");
    arguments_add(&arguments, COORDINATOR);
    arguments_add(&arguments, "env");
    arguments_format(&arguments, "TMPDIR=%s/scenario/disk/tmp", lab->directory);
    add_loop(&arguments, lab);
    if (output < 0 || !arguments_vector(&arguments) || (lab->loop = fork()) < 0) {
        log_error(NULL, "the loop cannot be started: %s", strerror(errno));
        return -1;
    }
    if (lab->loop == 0)
        become_loop(arguments.items, output);
    return 0;
}

/* Whether it has ended. */
static bool is_over(struct scenario_lab *lab, int options)
{
    int status;
    if (lab->loop <= 0 || waitpid(lab->loop, &status, options) != lab->loop)
        return lab->loop <= 0;
    lab->loop = 0;
    return true;
}

void lab_loop_stop(struct scenario_lab *lab)
{
    int64_t deadline = operations->now() + PATIENCE;
    if (lab->loop <= 0)
        return;
    kill(lab->loop, SIGTERM);
    while (!is_over(lab, WNOHANG) && operations->now() < deadline)
        lab_hear(lab, LOOK_AGAIN);
    if (lab->loop > 0)
        lab_loop_kill(lab, false);
}

void lab_loop_kill(struct scenario_lab *lab, bool spare_engine)
{
    lab_run(lab, "exec", COORDINATOR, "dydisnix-lab", "processes", spare_engine ? "--end-loop" : "--end",
            NULL);
    if (lab->loop > 0) {
        kill(lab->loop, SIGKILL);
        is_over(lab, 0);
    }
    lab->spared = spare_engine;
}

static json_t *make_request(const char *command)
{
    return json_pack("{si ss}", "version", 1, "command", command);
}

/* request: a new reference. */
static json_t *ask_loop(json_t *request)
{
    CLEANUP_FREE char *path = network_path("scenario/socket");
    CLEANUP_JSON json_t *question = request;
    CLEANUP_FREE char *text = question ? json_dumps(question, JSON_COMPACT) : NULL;
    return path && text ? channel_ask(path, text, ANSWER_WITHIN) : NULL;
}

static int tell_loop(json_t *request)
{
    CLEANUP_JSON json_t *answer = ask_loop(json_incref(request));
    const char *error = json_string_value(json_object_get(answer, "error"));
    if (!answer || error)
        log_error(NULL, "the loop does not obey: %s: %s",
                  json_string_value(json_object_get(request, "command")), error ? error : "no answer");
    json_decref(request);
    if (answer && !error)
        return 0;
    return -1;
}

/* Seconds until that moment. */
static int64_t seconds_to(const char *moment)
{
    struct tm time = { 0 };
    return strptime(moment, "%Y-%m-%dT%H:%M:%SZ", &time) ? timegm(&time) - operations->clock() : 0;
}

/* Delays between retries are shorter here than they would be: after so many failures they would be long. */
static bool is_quiet(const json_t *status)
{
    const char *phase = json_string_value(json_object_get(status, "phase"));
    const char *next = json_string_value(json_object_get(status, "next"));
    if (!phase || strcmp(phase, "idle") != 0)
        return false;
    return !next || seconds_to(next) > QUIET_AFTER
           || json_integer_value(json_object_get(status, "failures")) >= FAILURES_MOST;
}

/* A loop that was killed is started again, once nothing runs any more that it has started. */
static int start_again(struct scenario_lab *lab)
{
    CLEANUP_FREE char *running = NULL;
    if (lab->spared)
        running = lab_output(lab, "exec", COORDINATOR, "dydisnix-lab", "processes", NULL);
    if (running && *running)
        return 0;
    lab->spared = false;
    return start(lab);
}

static int loop_failed(const char *what)
{
    log_error(NULL, "%s", what);
    return -1;
}

/* Until nothing runs, and nothing is due soon. */
static int become_quiet(struct scenario_lab *lab)
{
    const int64_t deadline = operations->now() + PATIENCE;
    while (operations->now() < deadline) {
        bool ran = lab->loop > 0;
        lab_arm(lab);
        lab_hear(lab, LOOK_AGAIN);
        if (ran && lab->loop > 0 && is_over(lab, WNOHANG))
            return loop_failed("the loop has ended");
        if (lab->broken)
            return loop_failed("an event could not happen within the cycle");
        if (lab->loop <= 0 && start_again(lab) != 0)
            return -1;
        if (lab->loop <= 0)
            continue;
        CLEANUP_JSON json_t *status = ask_loop(make_request("status"));
        if (!is_quiet(status))
            continue;
        if (!lab->changed)
            return 0;
        lab->changed = false;
        if (tell_loop(make_request("trigger")) != 0)
            return -1;
    }
    return loop_failed("the loop does not become quiet");
}

/* The loop learns that something has happened: from a model that is watched, or because it is asked to
 * look. */
static int tell(struct scenario_lab *lab, bool asked)
{
    const json_t *scenario = lab->setting.scenario, *option;
    bool settles = false;
    size_t index;
    json_array_foreach(json_object_get(scenario, "options"), index, option)
        settles = settles || strncmp(json_string_value(option), "--settle", 8) == 0;
    if (asked || !settles || !json_is_false(json_object_get(scenario, "discovery")))
        return tell_loop(make_request("trigger"));
    return lab_make_models(lab, "models");
}

static int tell_words(struct scenario_lab *lab)
{
    size_t index;
    json_t *word;
    json_array_foreach(lab->words, index, word)
        if (tell_loop(json_incref(word)) != 0)
            return -1;
    return json_array_clear(lab->words);
}

int lab_loop_adapt(struct scenario_lab *lab, bool asked)
{
    bool ran = lab->loop > 0, told = json_array_size(lab->words) > 0;
    lab->changed = lab->broken = false;
    lab_arm(lab);
    if (ran && is_over(lab, WNOHANG))
        return loop_failed("the loop has ended");
    if (!ran && become_quiet(lab) != 0)
        return -1;
    if (told && tell_words(lab) != 0)
        return -1;
    if (ran && !told && tell(lab, asked) != 0)
        return -1;
    int status = ran || told ? become_quiet(lab) : 0;
    lab_arm(lab);
    return status;
}

int lab_loop_wait(struct scenario_lab *lab, int64_t seconds)
{
    const int64_t end = operations->now() + 1000 * seconds;
    while (operations->now() < end) {
        lab_arm(lab);
        lab_hear(lab, LOOK_AGAIN);
    }
    return 0;
}
