/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/survive/trial.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/world/operations.h"
#include "scenario/format/policy.h"
#include "scenario/survive/apart.h"
#include "scenario/survive/outcome.h"

static const char disk_before[] = "before its newest state";

/* Before the first loss. */

static int happen(struct course *course, json_t *event)
{
    CLEANUP_JSON json_t *owned = event;
    return course_happen(course, owned);
}

static int write_everywhere(struct trial *trial, const char *text, bool snapshot)
{
    const json_t *services = json_object_get(trial->course->system, "services");
    const char *service;
    json_t *targets, *target;
    size_t index;
    json_object_foreach(trial->places, service, targets)
        json_array_foreach(targets, index, target)
            if (scenario_has_state(json_object_get(services, service))
                && happen(trial->course, json_pack("{ss ss sO ss sb}", "event", "write", "service", service,
                                                   "target", target, "text", text, "snapshot", snapshot))
                       != 0)
                return -1;
    return 0;
}

/* What a machine has that comes back with an older disk. */
static int save_disks(struct trial *trial)
{
    const char *name;
    json_t *target;
    json_object_foreach(trial->targets, name, target)
        if (happen(trial->course,
                   json_pack("{ss ss ss}", "event", "save", "target", name, "label", disk_before))
            != 0)
            return -1;
    return 0;
}

static json_t *find_targets(const struct course *course, const json_t *observed)
{
    json_t *targets = json_object(), *target;
    const char *name;
    json_object_foreach(json_object_get(course->system, "targets"), name, target)
        if (strcmp(text_at(json_object_get(json_object_get(observed, "targets"), name), "is"), "up") == 0)
            json_object_set(targets, name, target);
    return targets;
}

static int prepare(struct trial *trial)
{
    struct course *course = trial->course;
    const bool snapshots = !json_is_false(json_object_get(course->setting.scenario, "snapshot"));
    size_t index;
    json_t *moment;
    if (course_begin(course) != 0)
        return -1;
    json_array_foreach(json_object_get(course->setting.scenario, "timeline"), index, moment)
        if (!json_object_get(moment, "expect") && course_play(course, moment) != 0)
            return -1;
    CLEANUP_JSON json_t *observed = course_look(course);
    trial->places = outcome_places(observed);
    trial->targets = find_targets(course, observed);
    if (write_everywhere(trial, "saved", snapshots) != 0 || save_disks(trial) != 0
        || write_everywhere(trial, "newest", false) != 0)
        return -1;
    json_decref(course_look(course)); /* takes notice of the writes */
    trial->writes = json_copy(course->writes);
    return 0;
}

int trial_open(struct trial *trial, struct course *course, const char *const *returns)
{
    size_t index;
    json_t *text;
    *trial = (struct trial){ .course = course, .returns = returns };
    if (prepare(trial) == 0)
        return 0;
    json_array_foreach(course->broken, index, text)
        log_error(NULL, "before anything is lost: %s", json_string_value(text));
    return -1;
}

void trial_close(struct trial *trial)
{
    json_decref(trial->targets);
    json_decref(trial->places);
    json_decref(trial->writes);
}

/* A part of a trial. */

struct mark {
    size_t documents, cycles, story;
    int64_t seconds;
};

static struct mark mark_now(struct course *course)
{
    CLEANUP_FREE char *story = story_text(&course->story);
    return (struct mark){ json_array_size(course->all), course->story.cycles, story ? strlen(story) : 0,
                          course->network->elapsed(course->open) };
}

static json_t *documents_since(const struct course *course, const struct mark *mark)
{
    json_t *documents = json_array();
    for (size_t i = mark->documents; i < json_array_size(course->all); i++)
        json_array_append(documents, json_array_get(course->all, i));
    return documents;
}

/* The events of all targets happen at once, and the loop adapts. Its seconds are those until then. */
static int64_t adapt_to(struct course *course, const json_t *targets, const json_t *event)
{
    const int64_t began = course->network->elapsed(course->open);
    size_t index;
    json_t *target;
    json_array_foreach((json_t *)targets, index, target) {
        CLEANUP_JSON json_t *one = json_deep_copy(event);
        json_object_set(one, "target", target);
        if (course_happen(course, one) != 0)
            return 0;
    }
    course_adapt(course);
    return course->network->elapsed(course->open) - began;
}

static bool any_dies(const json_t *services)
{
    const char *name;
    json_t *change;
    json_object_foreach((json_t *)services, name, change)
        if (strcmp(text_at(change, "outcome"), "dies") == 0)
            return true;
    return false;
}

/* What it has come to since the mark; one more cycle has nothing to do. */
static json_t *judge(struct trial *trial, const struct mark *mark, int64_t seconds)
{
    struct course *course = trial->course;
    unsigned failed = 0;
    if (json_array_size(course->broken) == 0)
        course_ask_again(course);
    CLEANUP_JSON json_t *observed = course_look(course), *documents = documents_since(course, mark);
    const struct scenario_seen since = course_seen(course, observed, documents),
                               all = course_seen(course, observed, course->all);
    scenario_check(&all, true, course->broken);
    scenario_story_running(&course->story, "Then", observed);
    CLEANUP_FREE char *story = story_text(&course->story);
    CLEANUP_JSON json_t *services = outcome_services(trial->places, &since);
    CLEANUP_JSON json_t *state = outcome_state(trial->writes, &since);
    scenario_cycles(documents, &failed);
    return json_pack("{si si sI sO sO sO ss sb}", "cycles", (int)(course->story.cycles - mark->cycles),
                     "failed", (int)failed, "seconds", (json_int_t)seconds, "services", services, "state",
                     state, "broken", course->broken, "story", story ? story + mark->story : "", "survives",
                     !any_dies(services) && json_array_size(course->broken) == 0);
}

/* How they come back. */
struct coming {
    struct trial *trial;
    const json_t *targets;
    const char *word;
};

static json_t *come_back(void *closure)
{
    const struct coming *coming = closure;
    struct course *course = coming->trial->course;
    const struct mark mark = mark_now(course);
    CLEANUP_JSON json_t *event =
        strcmp(coming->word, "older") == 0
            ? json_pack("{ss s{ss}}", "event", "reappear", "disk", "saved", disk_before)
            : json_pack("{ss ss}", "event", "reappear", "disk", coming->word);
    json_decref(course->broken);
    course->broken = json_array();
    const int64_t seconds = adapt_to(course, coming->targets, event);
    return judge(coming->trial, &mark, seconds);
}

static json_t *unknown(void)
{
    return json_pack("{s{} s{} s[s] ss si si si sb}", "services", "state", "broken",
                     "what came of it cannot be known", "story", "", "cycles", 0, "failed", 0, "seconds", 0,
                     "survives", false);
}

json_t *trial_play(struct trial *trial, const json_t *loss)
{
    struct course *course = trial->course;
    const json_t *targets = json_object_get(loss, "targets");
    const struct mark mark = mark_now(course);
    CLEANUP_JSON json_t *crash = json_pack("{ss}", "event", "crash");
    const int64_t seconds = adapt_to(course, targets, crash);
    json_t *result = judge(trial, &mark, seconds), *returns = json_object();
    for (size_t i = 0; trial->returns[i]; i++) {
        struct coming coming = { trial, targets, trial->returns[i] };
        struct apart apart;
        json_t *back = apart_begin(&apart, come_back, &coming) == 0 ? apart_end(&apart) : NULL;
        json_object_set_new(returns, trial->returns[i], back ? back : unknown());
    }
    json_object_update(result, (json_t *)loss);
    json_object_set_new(result, "returns", returns);
    return result;
}
