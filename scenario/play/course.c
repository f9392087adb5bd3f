/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/play/course.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "plugin/reconstruct/reconstruct.h"
#include "scenario/format/event-text.h"

static void append_text(char **text, const char *more)
{
    char *longer = string_format("%s%s", *text ? *text : "", more ? more : "");
    free(*text);
    *text = longer;
}

/* Documents that are not of the loop have its time too. */
static void note(struct course *course, json_t *document)
{
    struct moment moment = moment_of(course->began + course->network->elapsed(course->open));
    json_object_update_new(document, json_pack("{si ss}", "version", 1, "time", moment.text));
    json_array_append_new(course->journal, document);
}

static void learn_time(struct course *course, const json_t *documents)
{
    const json_t *last = json_array_get(documents, json_array_size(documents) - 1);
    const char *text = json_string_value(json_object_get(last, "time"));
    struct tm moment = { 0 };
    if (text && course->began == 0 && strptime(text, "%Y-%m-%dT%H:%M:%SZ", &moment))
        course->began = timegm(&moment) - course->network->elapsed(course->open);
}

/* What runs where, for pictures. */
static void note_running(struct course *course, const json_t *observed)
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
    note(course,
         json_pack("{ss si so}", "kind", "running", "cycle", (int)course->story.cycles, "targets", targets));
}

/* What the loop has done since it was last asked. A new reference; NULL: it cannot be known. */
static json_t *hear(struct course *course)
{
    json_t *documents = course->network->journal(course->open);
    CLEANUP_FREE char *messages = course->network->messages(course->open);
    append_text(&course->messages, messages);
    append_text(&course->said, messages);
    if (!documents) {
        scenario_add_broken(course->broken, "the journal of the loop cannot be read");
        return NULL;
    }
    learn_time(course, documents);
    json_array_extend(course->journal, documents);
    json_array_extend(course->documents, documents);
    json_array_extend(course->all, documents);
    return documents;
}

int course_adapt(struct course *course)
{
    int status = course->network->adapt(course->open, false);
    CLEANUP_JSON json_t *documents = hear(course), *observed = NULL;
    if (documents)
        story_journal(&course->story, documents);
    if (status != 0)
        scenario_add_broken(course->broken, "the loop died or did not come to rest");
    if (status == 0 && documents)
        observed = course->network->observe(course->open);
    if (observed && json_array_size(documents) > 0) {
        const struct scenario_seen seen = course_seen(course, observed, course->all);
        note_running(course, observed);
        scenario_check_reasons(&seen, course->story.claims, course->broken);
    }
    return status == 0 && documents ? 0 : -1;
}

json_t *course_look(struct course *course)
{
    json_t *observed = course->network->observe(course->open);
    const json_t *all = json_object_get(observed, "acknowledged");
    for (; course->acknowledged < json_array_size(all); course->acknowledged++)
        json_array_append(course->writes, json_array_get(all, course->acknowledged));
    return observed;
}

/* Writes that only a disk has that is about to be lost cannot be asked for. */
static void doom(struct course *course, const json_t *event)
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
    CLEANUP_JSON json_t *observed = course_look(course);
    if (observed)
        scenario_doom(observed, machine ? target : NULL, course->writes);
}

/* A decision that a host has saved the input of is made again, and told. */
static int replay(struct course *course, const json_t *event)
{
    CLEANUP_FREE char *input =
        string_format("%s/%s", course->setting.directory, json_string_value(json_object_get(event, "input")));
    const struct request request = { .replay = input, .print = true };
    CLEANUP_BUFFER xmlBufferPtr printed = NULL;
    CLEANUP_JSON json_t *report = NULL;
    int status = input ? reconstruct(&request, &options_default, &report, &printed) : -1;
    if (report)
        story_decision(&course->story, report, status != 0);
    return report ? 0 : -1;
}

int course_happen(struct course *course, const json_t *event)
{
    const char *name = json_string_value(json_object_get(event, "event"));
    CLEANUP_FREE char *words = scenario_event_words(event);
    scenario_story_event(&course->story, event);
    note(course, json_pack("{ss ss sO* ss*}", "kind", "event", "event", name, "target",
                           json_object_get(event, "target"), "words", words));
    doom(course, event);
    int status =
        strcmp(name, "replay") == 0 ? replay(course, event) : course->network->happen(course->open, event);
    if (status != 0) {
        scenario_add_broken(course->broken, "this could not happen: %s", words);
        return -1;
    }
    scenario_system_follow(course->system, event);
    return 0;
}

struct scenario_seen course_seen(const struct course *course, const json_t *observed, const json_t *documents)
{
    return (struct scenario_seen){ .system = course->system,
                                   .observed = observed,
                                   .writes = course->writes,
                                   .documents = documents,
                                   .messages = course->messages };
}

static bool is_quiet(const json_t *document)
{
    const char *kind = json_string_value(json_object_get(document, "kind"));
    return kind && strcmp(kind, "asked") == 0;
}

int course_ask_again(struct course *course)
{
    int status = course->network->adapt(course->open, true);
    CLEANUP_JSON json_t *documents = hear(course);
    size_t index;
    json_t *document;
    if (status != 0)
        scenario_add_broken(course->broken,
                            "the loop died or did not come to rest when it was asked for one more cycle");
    json_array_foreach(documents, index, document)
        if (!is_quiet(document)) {
            scenario_add_broken(course->broken, "one more cycle found something to do");
            story_journal(&course->story, documents);
            break;
        }
    return status == 0 && documents ? 0 : -1;
}

int course_begin(struct course *course)
{
    CLEANUP_JSON json_t *documents = NULL, *observed = NULL;
    int status = course->network->adapt(course->open, false);
    unsigned failed = 0;
    documents = hear(course);
    if (!documents)
        return -1;
    course->story.cycles = scenario_cycles(documents, &failed);
    json_array_clear(course->documents);
    free(course->messages);
    course->messages = NULL;
    observed = course_look(course);
    if (status == 0 && observed && failed == 0) {
        scenario_story_running(&course->story, "The system is deployed", observed);
        note_running(course, observed);
        return 0;
    }
    story_journal(&course->story, documents);
    scenario_add_broken(course->broken, "the system could not be deployed");
    return -1;
}

int course_open(struct course *course, const struct scenario_network *network,
                const struct scenario_setting *setting)
{
    *course = (struct course){ .setting = *setting,
                               .network = network,
                               .system = scenario_system(setting->scenario),
                               .writes = json_array(),
                               .journal = json_array(),
                               .documents = json_array(),
                               .all = json_array(),
                               .broken = json_array() };
    if (story_open(&course->story) == 0)
        course->open = network->open(setting);
    return course->open ? 0 : -1;
}

void course_close(struct course *course)
{
    if (course->open)
        course->network->close(course->open);
    story_close(&course->story);
    json_decref(course->system);
    json_decref(course->writes);
    json_decref(course->journal);
    json_decref(course->documents);
    json_decref(course->all);
    json_decref(course->broken);
    free(course->messages);
    free(course->said);
}

int course_play(struct course *course, const json_t *moment)
{
    size_t index;
    json_t *event;
    if (json_is_object(moment))
        return course_happen(course, moment) == 0 ? course_adapt(course) : -1;
    json_array_foreach((json_t *)moment, index, event)
        if (course_happen(course, event) != 0)
            return -1;
    return course_adapt(course);
}
