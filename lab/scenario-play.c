/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario-play.h"

#include <string.h>

#include "cleanup.h"
#include "scenario-invariants.h"
#include "strings.h"

struct playing {
    const struct scenario_network *network;
    void *opened;
    json_t *services, *distribution; /* as they are now */
    json_t *writes, *told, *damaged;
    json_t *observed; /* at the last look */
    bool good; /* the last cycle ended well */
    bool refused; /* its deployment, by the check, which says why */
    bool renamed; /* a target, so that its name is not its key */
    bool forgot; /* the coordinator lost its state directory */
    bool lost; /* something was destroyed, which nothing needs to notice, and no cycle has ended well since */
    struct scenario_play *play;
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static int look(struct playing *playing)
{
    json_decref(playing->observed);
    playing->observed = playing->network->observe(playing->opened);
    return playing->observed ? 0 : -1;
}

/* Components that a report names. */
static void take_told(struct playing *playing, const json_t *report)
{
    static const char *const lists[] = { "superseded", "regressed", "conflicts", "held", "rescued", "leftOut" };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        size_t index;
        json_t *entry;
        json_array_foreach(json_object_get(report, lists[i]), index, entry)
            if (*text_of(entry, "component"))
                json_object_set_new(playing->told, text_of(entry, "component"), json_true());
    }
}

/* How many entries it had that tell of something done. */
static size_t take_journal(struct playing *playing)
{
    CLEANUP_JSON json_t *journal = playing->network->journal(playing->opened);
    size_t index, done = 0;
    json_t *entry;
    json_array_foreach(journal, index, entry) {
        const char *kind = text_of(entry, "kind");
        const json_t *report = json_object_get(entry, "report");
        take_told(playing, report);
        if (strcmp(text_of(entry, "stage"), "redeploy") == 0 && strcmp(kind, "stage") == 0)
            playing->refused = json_is_false(json_object_get(report, "allowed"));
        done += strcmp(kind, "asked") != 0;
        if (strcmp(kind, "cycle_ended") != 0)
            continue;
        playing->play->cycles++;
        playing->good = strcmp(text_of(entry, "outcome"), "done") == 0;
        playing->lost = playing->lost && !playing->good;
    }
    return done;
}

static bool broken(struct playing *playing, const char *name, char *words)
{
    if (!words)
        return false;
    playing->play->broken = name;
    playing->play->words = words;
    return true;
}

/* false: one is broken. */
static bool check(struct playing *playing, bool at_rest)
{
    const struct scenario_facts facts = { playing->services, playing->distribution, playing->observed,
                                          playing->writes,   playing->told,         playing->damaged,
                                          playing->renamed };
    const char *name;
    char *words = scenario_always(&facts, &name);
    if (!words && at_rest)
        words = scenario_at_rest(&facts, &name);
    return !broken(playing, name, words);
}

static bool has_line(const json_t *lines, const char *text)
{
    size_t index;
    json_t *line;
    json_array_foreach(lines, index, line)
        if (strcmp(json_string_value(line), text) == 0)
            return true;
    return false;
}

/* The component that took it is the one that has it now. */
static int note_write(struct playing *playing, const json_t *event)
{
    const char *name, *text = text_of(event, "text");
    json_t *target, *active;
    size_t index;
    if (look(playing) != 0)
        return -1;
    json_object_foreach(json_object_get(playing->observed, "targets"), name, target)
        json_array_foreach(json_object_get(target, "active"), index, active)
            if (strcmp(text_of(active, "service"), text_of(event, "service")) == 0
                && has_line(json_object_get(active, "state"), text))
                json_array_append_new(playing->writes,
                                      json_pack("{ss so}", "text", text, "place",
                                                json_sprintf("%s/%s", text_of(active, "container"),
                                                             text_of(active, "component"))));
    return 0;
}

/* What only a disk held that somebody destroyed is lost, and nobody's fault. */
static void forget_destroyed(struct playing *playing)
{
    for (size_t i = json_array_size(playing->writes); i-- > 0;) {
        CLEANUP_JSON json_t *one = json_pack("[O]", json_array_get(playing->writes, i));
        const struct scenario_facts facts = { .observed = playing->observed, .writes = one };
        const char *name;
        CLEANUP_FREE char *words = scenario_always(&facts, &name);
        if (words)
            json_array_remove(playing->writes, i);
    }
}

static void take_upgrade(struct playing *playing, const json_t *event)
{
    const char *name;
    json_t *change, *place;
    json_object_foreach(json_object_get(event, "services"), name, change) {
        json_t *service = json_object_get(playing->services, name);
        if (json_is_null(change))
            json_object_del(playing->services, name);
        else if (service)
            json_object_update(service, change);
        else
            json_object_set_new(playing->services, name, json_deep_copy(change));
    }
    json_object_foreach(json_object_get(event, "distribution"), name, place)
        json_object_set_new(playing->distribution, name, json_deep_copy(place));
}

static bool destroys(const json_t *event)
{
    const char *word = text_of(event, "event");
    return strcmp(word, "lose-coordinator") == 0
           || strcmp(word, "remove") == 0 || (strcmp(word, "reappear") == 0 && strcmp(text_of(event, "disk"), "kept") != 0);
}

static bool forgets(const json_t *event)
{
    const char *what = json_string_value(json_object_get(event, "what"));
    return strcmp(text_of(event, "event"), "lose-coordinator") == 0
           && (!what || strcmp(what, "all") == 0 || strcmp(what, "state") == 0);
}

static int happen(struct playing *playing, const json_t *event)
{
    const char *word = text_of(event, "event");
    bool later = json_object_get(event, "at") != NULL;
    if (look(playing) != 0)
        return -1;
    int status = playing->network->happen(playing->opened, event);
    if (status < 0)
        return -1;
    if (status == 0 && strcmp(word, "write") == 0 && !later && note_write(playing, event) != 0)
        return -1;
    if (status == 0 && strcmp(word, "upgrade") == 0)
        take_upgrade(playing, event);
    if (strcmp(word, "full-disk") == 0)
        playing->good = false; /* and nothing of what comes is journalled */
    if (strcmp(word, "corrupt") == 0)
        json_object_set_new(playing->damaged, text_of(event, "target"), json_true());
    playing->renamed = playing->renamed || strcmp(word, "rename") == 0;
    if (strcmp(word, "rename") == 0 && json_object_get(playing->damaged, text_of(event, "target")))
        json_object_set_new(playing->damaged, text_of(event, "to"), json_true());
    if (status == 0 && destroys(event) && !later) {
        playing->lost = true;
        playing->forgot = playing->forgot || forgets(event);
        if (look(playing) != 0)
            return -1;
        forget_destroyed(playing);
    }
    return 0;
}

static int begin_moment(struct playing *playing, const json_t *moment)
{
    size_t index;
    json_t *event;
    if (!json_is_array(moment))
        return json_object_get(moment, "event") ? happen(playing, moment) : 0;
    json_array_foreach(moment, index, event)
        if (happen(playing, event) != 0)
            return -1;
    return 0;
}

static bool is_held(const struct playing *playing, const char *name)
{
    size_t index;
    json_t *held;
    json_array_foreach(json_object_get(playing->observed, "held"), index, held)
        if (strcmp(json_string_value(held), name) == 0)
            return true;
    return false;
}

/* A lock of ours that a coordinator which has lost its memory does not know is taken for somebody else's. */
static bool is_stuck(const struct playing *playing)
{
    const char *name;
    json_t *target;
    json_object_foreach(json_object_get(playing->observed, "targets"), name, target)
        if (playing->forgot && json_is_true(json_object_get(target, "locked")))
            return true;
    return false;
}

/* A model without targets is refused again and again, and so is a deployment that would lose state. */
static bool may_rest(const struct playing *playing)
{
    const char *name;
    json_t *target;
    json_object_foreach(json_object_get(playing->observed, "targets"), name, target)
        if (strcmp(text_of(target, "is"), "up") == 0 && json_is_true(json_object_get(target, "listed"))
            && !is_held(playing, name) && !json_object_get(playing->damaged, name))
            return !playing->refused && !is_stuck(playing);
    return false;
}

/* What the loop makes of it. again: nothing has happened. *done: how much of it was journalled. */
static int adapt(struct playing *playing, bool again, size_t *done)
{
    if (playing->network->adapt(playing->opened, again) != 0) {
        broken(playing, "the loop does not come to rest", string_format("it goes on, or has died"));
        return 0;
    }
    *done = take_journal(playing);
    return look(playing);
}

static int adapt_and_check(struct playing *playing)
{
    size_t done;
    if (adapt(playing, false, &done) != 0)
        return -1;
    if (!playing->play->broken)
        check(playing, playing->good && !playing->lost);
    return 0;
}

/* Nothing is to be done any more. The first time a resync may just be due. */
static int adapt_again(struct playing *playing)
{
    size_t done = 1;
    for (int round = 0; round < 2 && done > 0 && !playing->play->broken; round++)
        if (adapt(playing, true, &done) != 0)
            return -1;
    if (playing->play->broken || !may_rest(playing))
        return 0;
    if (done > 0)
        broken(playing, "the same again is not nothing", string_format("one more cycle did something"));
    else
        check(playing, !playing->lost);
    return 0;
}

static int play_timeline(struct playing *playing, const json_t *timeline)
{
    size_t index;
    json_t *moment;
    if (adapt_and_check(playing) != 0)
        return -1;
    json_array_foreach(timeline, index, moment) {
        if (playing->play->broken)
            return 0;
        playing->play->moment = index + 1;
        if (begin_moment(playing, moment) != 0 || adapt_and_check(playing) != 0)
            return -1;
    }
    return playing->play->broken ? 0 : adapt_again(playing);
}

static json_t *copy_of(const json_t *scenario, const char *key)
{
    json_t *value = json_object_get(scenario, key);
    return value ? json_deep_copy(value) : json_object();
}

int scenario_play(const struct scenario_network *network, const struct scenario_setting *setting,
                  void (*prepare)(void *closure, void *opened), void *closure, struct scenario_play *play)
{
    struct playing playing = { .network = network, .services = copy_of(setting->scenario, "services"),
                               .distribution = copy_of(setting->scenario, "distribution"), .writes = json_array(),
                               .told = json_object(), .damaged = json_object(), .play = play };
    *play = (struct scenario_play){ 0 };
    playing.opened = network->open(setting);
    int status = playing.opened ? 0 : -1;
    if (status == 0 && prepare)
        prepare(closure, playing.opened);
    if (status == 0)
        status = play_timeline(&playing, json_object_get(setting->scenario, "timeline"));
    if (playing.opened)
        network->close(playing.opened);
    json_decref(playing.services);
    json_decref(playing.distribution);
    json_decref(playing.writes);
    json_decref(playing.told);
    json_decref(playing.damaged);
    json_decref(playing.observed);
    return status;
}

void scenario_play_clear(struct scenario_play *play)
{
    free(play->words);
    *play = (struct scenario_play){ 0 };
}
