/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/play/run.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "plugin/reconstruct/reconstruct.h"
#include "scenario/format/event-text.h"
#include "scenario/play/check.h"
#include "scenario/play/golden.h"
#include "scenario/play/story.h"

struct run {
    const struct scenario *scenario;
    const struct scenario_network *network;
    void *open;
    struct scenario_story story;
    json_t *system, *writes;
    json_t *journal;       /* of all, with what happened */
    json_t *documents;     /* since the last expectation */
    json_t *all;           /* of the loop, since the beginning */
    char *messages, *said; /* since the last expectation; of all */
    json_t *broken;
    size_t acknowledged; /* writes of the network that are in writes, or were taken out again */
    int64_t began;       /* the loop's time when the network was opened, in seconds since 1970 */
};

static void append_text(char **text, const char *more)
{
    char *longer = string_format("%s%s", *text ? *text : "", more ? more : "");
    free(*text);
    *text = longer;
}

/* Documents that are not of the loop have its time too. */
static void note(struct run *run, json_t *document)
{
    struct moment moment = moment_of(run->began + run->network->elapsed(run->open));
    json_object_update_new(document, json_pack("{si ss}", "version", 1, "time", moment.text));
    json_array_append_new(run->journal, document);
}

static void learn_time(struct run *run, const json_t *documents)
{
    const json_t *last = json_array_get(documents, json_array_size(documents) - 1);
    const char *text = json_string_value(json_object_get(last, "time"));
    struct tm moment = { 0 };
    if (text && run->began == 0 && strptime(text, "%Y-%m-%dT%H:%M:%SZ", &moment))
        run->began = timegm(&moment) - run->network->elapsed(run->open);
}

/* What runs where, for pictures. */
static void note_running(struct run *run, const json_t *observed)
{
    json_t *targets = json_object(), *target, *active;
    const char *name;
    size_t index;
    json_object_foreach(json_object_get(observed, "targets"), name, target) {
        json_t *runs = json_array();
        json_array_foreach(json_object_get(target, "active"), index, active)
            if (json_is_true(json_object_get(active, "answers")))
                json_array_append_new(runs, json_pack("{sO sO sO sO*}", "service",
                                                      json_object_get(active, "service"), "container",
                                                      json_object_get(active, "container"), "component",
                                                      json_object_get(active, "component"), "state",
                                                      json_object_get(active, "state")));
        if (json_array_size(runs) > 0)
            json_object_set(targets, name, runs);
        json_decref(runs);
    }
    note(run,
         json_pack("{ss si so}", "kind", "running", "cycle", (int)run->story.cycles, "targets", targets));
}

/* What the loop has done since it was last asked. A new reference; NULL: it cannot be known. */
static json_t *hear(struct run *run)
{
    json_t *documents = run->network->journal(run->open);
    CLEANUP_FREE char *messages = run->network->messages(run->open);
    append_text(&run->messages, messages);
    append_text(&run->said, messages);
    if (!documents) {
        scenario_add_broken(run->broken, "the journal of the loop cannot be read");
        return NULL;
    }
    learn_time(run, documents);
    json_array_extend(run->journal, documents);
    json_array_extend(run->documents, documents);
    json_array_extend(run->all, documents);
    return documents;
}

/* The loop adapts to what has happened. -1: it did not come to rest. */
static int adapt(struct run *run)
{
    int status = run->network->adapt(run->open, false);
    CLEANUP_JSON json_t *documents = hear(run), *observed = NULL;
    if (documents)
        scenario_story_journal(&run->story, documents);
    if (status != 0)
        scenario_add_broken(run->broken, "the loop died or did not come to rest");
    if (status == 0 && documents)
        observed = run->network->observe(run->open);
    if (observed && json_array_size(documents) > 0)
        note_running(run, observed);
    return status == 0 && documents ? 0 : -1;
}

/* What really is where; and which writes were acknowledged meanwhile. A new reference; NULL: it cannot be
 * known. */
static json_t *look(struct run *run)
{
    json_t *observed = run->network->observe(run->open);
    const json_t *all = json_object_get(observed, "acknowledged");
    for (; run->acknowledged < json_array_size(all); run->acknowledged++)
        json_array_append(run->writes, json_array_get(all, run->acknowledged));
    return observed;
}

/* Writes that only a disk has that is about to be lost cannot be asked for. */
static void doom(struct run *run, const json_t *event)
{
    const char *name = json_string_value(json_object_get(event, "event"));
    const json_t *disk = json_object_get(event, "disk");
    const char *target = json_string_value(json_object_get(event, "target"));
    const char *what = json_string_value(json_object_get(event, "what"));
    bool coordinator = strcmp(name, "lose-coordinator") == 0
                       && (!what || strcmp(what, "all") == 0 || strcmp(what, "snapshots") == 0);
    bool machine = strcmp(name, "remove") == 0
                   || (strcmp(name, "reappear") == 0
                       && (json_is_object(disk) || (disk && strcmp(json_string_value(disk), "lost") == 0)));
    if (!coordinator && !machine)
        return;
    CLEANUP_JSON json_t *observed = look(run);
    if (observed)
        scenario_doom(observed, machine ? target : NULL, run->writes);
}

/* A decision that a host has saved the input of is made again, and told. */
static int replay(struct run *run, const json_t *event)
{
    CLEANUP_FREE char *input =
        string_format("%s/%s", run->scenario->directory, json_string_value(json_object_get(event, "input")));
    const struct request request = { .replay = input, .print = true };
    CLEANUP_BUFFER xmlBufferPtr printed = NULL;
    CLEANUP_JSON json_t *report = NULL;
    int status = input ? reconstruct(&request, &options_default, &report, &printed) : -1;
    if (report)
        scenario_story_decision(&run->story, report, status != 0);
    return report ? 0 : -1;
}

static int happen(struct run *run, const json_t *event)
{
    const char *name = json_string_value(json_object_get(event, "event"));
    CLEANUP_FREE char *words = scenario_event_words(event);
    scenario_story_event(&run->story, event);
    note(run, json_pack("{ss ss sO* ss*}", "kind", "event", "event", name, "target",
                        json_object_get(event, "target"), "words", words));
    doom(run, event);
    int status = strcmp(name, "replay") == 0 ? replay(run, event) : run->network->happen(run->open, event);
    if (status != 0) {
        scenario_add_broken(run->broken, "this could not happen: %s", words);
        return -1;
    }
    scenario_system_follow(run->system, event);
    return 0;
}

static struct scenario_seen seen_of(const struct run *run, const json_t *observed, const json_t *documents)
{
    return (struct scenario_seen){ .system = run->system,
                                   .observed = observed,
                                   .writes = run->writes,
                                   .documents = documents,
                                   .messages = run->messages };
}

/* Judges what has happened since the expectation before. where: "", or which moment it is. */
static void expect(struct run *run, const json_t *expectation, const json_t *observed, const char *where)
{
    const struct scenario_seen seen = seen_of(run, observed, run->documents);
    CLEANUP_JSON json_t *broken = json_array();
    size_t index;
    json_t *text;
    scenario_expect(expectation, &seen, broken);
    json_array_foreach(broken, index, text)
        scenario_add_broken(run->broken, "%s%s", where, json_string_value(text));
    json_array_clear(run->documents);
    free(run->messages);
    run->messages = NULL;
}

static int play_moment(struct run *run, size_t number, const json_t *moment)
{
    const json_t *expectation = json_object_get(moment, "expect");
    size_t index;
    json_t *event;
    if (expectation) {
        CLEANUP_JSON json_t *observed = look(run);
        CLEANUP_FREE char *where = string_format("/timeline/%zu: ", number);
        if (!observed)
            scenario_add_broken(run->broken, "%sthe network cannot be observed", where);
        else
            expect(run, expectation, observed, where);
        return observed ? 0 : -1;
    }
    if (json_is_object(moment))
        return happen(run, moment) == 0 ? adapt(run) : -1;
    json_array_foreach((json_t *)moment, index, event)
        if (happen(run, event) != 0)
            return -1;
    return adapt(run);
}

static bool is_quiet(const json_t *document)
{
    const char *kind = json_string_value(json_object_get(document, "kind"));
    return kind && strcmp(kind, "asked") == 0;
}

/* One more cycle, which must find nothing. */
static int ask_again(struct run *run)
{
    int status = run->network->adapt(run->open, true);
    CLEANUP_JSON json_t *documents = hear(run);
    size_t index;
    json_t *document;
    if (status != 0)
        scenario_add_broken(run->broken,
                            "the loop died or did not come to rest when it was asked for one more cycle");
    json_array_foreach(documents, index, document)
        if (!is_quiet(document)) {
            scenario_add_broken(run->broken, "one more cycle found something to do");
            scenario_story_journal(&run->story, documents);
            break;
        }
    return status == 0 && documents ? 0 : -1;
}

static int begin(struct run *run)
{
    CLEANUP_JSON json_t *documents = NULL, *observed = NULL;
    int status = run->network->adapt(run->open, false);
    unsigned failed = 0;
    documents = hear(run);
    if (!documents)
        return -1;
    run->story.cycles = scenario_cycles(documents, &failed);
    json_array_clear(run->documents);
    free(run->messages);
    run->messages = NULL;
    observed = look(run);
    if (status == 0 && observed && failed == 0) {
        scenario_story_running(&run->story, "The system is deployed", observed);
        note_running(run, observed);
        return 0;
    }
    scenario_story_journal(&run->story, documents);
    scenario_add_broken(run->broken, "the system could not be deployed");
    return -1;
}

/* The end: what must always hold, what is expected, and what the golden files are compared with. */
static json_t *finish(struct run *run)
{
    const json_t *expectation = json_object_get(run->scenario->document, "expect");
    CLEANUP_JSON json_t *observed = look(run), *nothing = json_object();
    if (!observed) {
        scenario_add_broken(run->broken, "the network cannot be observed");
        return NULL;
    }
    const struct scenario_seen seen = seen_of(run, observed, run->all);
    scenario_check(&seen, !json_is_false(json_object_get(expectation, "manifest")), run->broken);
    expect(run, expectation ? expectation : nothing, observed, "");
    scenario_story_running(&run->story, "In the end", observed);
    CLEANUP_FREE char *story = scenario_story_text(&run->story), *manifest = scenario_manifest_text(observed);
    CLEANUP_FREE char *running = scenario_running_text(observed);
    return json_pack("{ss ss ss}", "story.txt", story, "manifest.json", manifest, "running.json", running);
}

static json_t *play(struct run *run)
{
    const json_t *timeline = json_object_get(run->scenario->document, "timeline");
    size_t index;
    json_t *moment;
    int status = begin(run);
    json_array_foreach((json_t *)timeline, index, moment)
        if (status == 0)
            status = play_moment(run, index, moment);
    if (status == 0)
        status = ask_again(run);
    return status == 0 ? finish(run) : NULL;
}

static char *refuses(const struct scenario *scenario, const struct scenario_way *way,
                     const struct scenario_setting *setting)
{
    const char *only = json_string_value(json_object_get(scenario->document, "only"));
    if (only && strcmp(only, way->network->name) != 0)
        return string_format("only in the %s: %s", only,
                             json_string_value(json_object_get(scenario->document, "because")));
    return way->network->refuses ? way->network->refuses(setting) : NULL;
}

static json_t *result_of(struct run *run, json_t *texts)
{
    CLEANUP_FREE char *said = string_utf8(run->said ? run->said : ""),
                      *story = scenario_story_text(&run->story);
    return json_pack("{sO so* si sI sO ss ss}", "broken", run->broken, "texts", texts, "cycles",
                     (int)run->story.cycles, "seconds", (json_int_t)run->network->elapsed(run->open),
                     "journal", run->journal, "messages", said, "story", story);
}

static void clear(struct run *run)
{
    scenario_story_close(&run->story);
    json_decref(run->system);
    json_decref(run->writes);
    json_decref(run->journal);
    json_decref(run->documents);
    json_decref(run->all);
    json_decref(run->broken);
    free(run->messages);
    free(run->said);
}

json_t *scenario_run(const struct scenario *scenario, const struct scenario_way *way)
{
    const json_t *seed = way->seed ? way->seed : json_object_get(scenario->document, "seed");
    const struct scenario_setting setting = { .scenario = scenario->document,
                                              .directory = scenario->directory,
                                              .seed = seed ? (uint64_t)json_integer_value(seed) : 1,
                                              .disnix = way->disnix,
                                              .verbose = way->verbose };
    CLEANUP_FREE char *refused = refuses(scenario, way, &setting);
    if (refused)
        return json_pack("{ss}", "skipped", refused);
    struct run run = { .scenario = scenario,
                       .network = way->network,
                       .system = scenario_system(scenario->document),
                       .writes = json_array(),
                       .journal = json_array(),
                       .documents = json_array(),
                       .all = json_array(),
                       .broken = json_array() };
    json_t *result = NULL;
    if (scenario_story_open(&run.story) == 0 && (run.open = way->network->open(&setting)) != NULL) {
        result = result_of(&run, play(&run));
        way->network->close(run.open);
    }
    clear(&run);
    return result ? result : json_pack("{s[s]}", "broken", "the network could not be made");
}
