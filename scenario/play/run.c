/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/play/run.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "scenario/play/course.h"
#include "scenario/play/golden.h"

/* Judges what has happened since the expectation before. where: "", or which moment it is. */
static void expect(struct course *course, const json_t *expectation, const json_t *observed,
                   const char *where)
{
    const struct scenario_seen seen = course_seen(course, observed, course->documents);
    CLEANUP_JSON json_t *broken = json_array();
    size_t index;
    json_t *text;
    scenario_expect(expectation, &seen, broken);
    json_array_foreach(broken, index, text)
        scenario_add_broken(course->broken, "%s%s", where, json_string_value(text));
    json_array_clear(course->documents);
    free(course->messages);
    course->messages = NULL;
}

static int play_moment(struct course *course, size_t number, const json_t *moment)
{
    const json_t *expectation = json_object_get(moment, "expect");
    if (expectation) {
        CLEANUP_JSON json_t *observed = course_look(course);
        CLEANUP_FREE char *where = string_format("/timeline/%zu: ", number);
        if (!observed)
            scenario_add_broken(course->broken, "%sthe network cannot be observed", where);
        else
            expect(course, expectation, observed, where);
        return observed ? 0 : -1;
    }
    return course_play(course, moment);
}

/* The end: what must always hold, what is expected, and what the golden files are compared with. */
static json_t *finish(struct course *course)
{
    const json_t *expectation = json_object_get(course->setting.scenario, "expect");
    CLEANUP_JSON json_t *observed = course_look(course), *nothing = json_object();
    if (!observed) {
        scenario_add_broken(course->broken, "the network cannot be observed");
        return NULL;
    }
    const struct scenario_seen seen = course_seen(course, observed, course->all);
    scenario_check(&seen, !json_is_false(json_object_get(expectation, "manifest")), course->broken);
    expect(course, expectation ? expectation : nothing, observed, "");
    scenario_story_running(&course->story, "In the end", observed);
    CLEANUP_FREE char *story = story_text(&course->story), *manifest = scenario_manifest_text(observed);
    CLEANUP_FREE char *running = scenario_running_text(observed);
    return json_pack("{ss ss ss}", "story.txt", story, "manifest.json", manifest, "running.json", running);
}

static json_t *play(struct course *course)
{
    const json_t *timeline = json_object_get(course->setting.scenario, "timeline");
    size_t index;
    json_t *moment;
    int status = course_begin(course);
    json_array_foreach((json_t *)timeline, index, moment)
        if (status == 0)
            status = play_moment(course, index, moment);
    if (status == 0)
        status = course_ask_again(course);
    return status == 0 ? finish(course) : NULL;
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

static json_t *result_of(struct course *course, json_t *texts)
{
    CLEANUP_FREE char *said = string_utf8(course->said ? course->said : ""),
                      *story = story_text(&course->story);
    return json_pack("{sO so* si sI sO ss ss}", "broken", course->broken, "texts", texts, "cycles",
                     (int)course->story.cycles, "seconds", (json_int_t)course->network->elapsed(course->open),
                     "journal", course->journal, "messages", said, "story", story);
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
    CLEANUP_FREE char *assumed = way->network->assumes ? way->network->assumes(&setting) : NULL;
    struct course course;
    json_t *result = NULL;
    if (course_open(&course, way->network, &setting) == 0)
        result = result_of(&course, play(&course));
    course_close(&course);
    if (result && assumed)
        json_object_set_new(result, "assumed", json_string(assumed));
    return result ? result : json_pack("{s[s]}", "broken", "the network could not be made");
}
