/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/play/play.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "scenario/play/check.h"

struct playing {
    const struct scenario_network *network;
    void *opened;
    json_t *system, *writes, *documents; /* see struct scenario_seen */
    json_t *newest;                      /* of the writes, those that may have to be live */
    json_t *rescued;     /* copies of which the last cycles told that they are in a snapshot, or live for
                                            want of evidence */
    json_t *observed;    /* at the last look */
    json_t *replicated;  /* { SERVICE: true } */
    json_t *partners;    /* { SERVICE: { TARGET: [TARGET] } }: see note_partners() */
    size_t judged;       /* documents of which check_replicas() has been told */
    size_t acknowledged; /* writes of the network that are in these lists, or were taken out again */
    bool resyncs;        /* the loop looks again though nothing tells it to */
    bool good;           /* the last cycle ended well */
    bool refused;        /* its deployment, by the check, which says why */
    bool lost; /* something was destroyed, which nothing needs to notice, and no cycle has ended well since */
    bool forgot;  /* the coordinator lost something that it knew */
    bool renamed; /* a target, so that its name is not its key: Disnix moves no state from or to it */
    bool
        owed; /* an older disk came back to which something was still owed: that may be done there, and fits no more */
    bool untracked; /* a copy lived that no profile has, when the coordinator lost all that told of it */
    bool unrescued; /* a copy was still to be rescued, when the loop forgot it */
    bool emptied;   /* a snapshot was to be an empty dump, which Disnix may restore */
    bool advised;   /* somebody said which copy is to live */
    bool damaged;   /* a profile manifest, so that nobody can know what runs there */
    bool wiped;     /* a disk was lost, or replaced by an older one */
    json_int_t unreleased; /* how many calls that release a lock were to fail */
    json_int_t faults;     /* how many times anything was to fail */
    bool unasked; /* a target could not be asked what runs on it, so that what the manifest said was kept */
    struct scenario_play *play;
};

/* Each of several copies takes writes of its own, and none has all of them: services that have had
 * several. */
static void note_replicated(struct playing *playing)
{
    const char *service;
    json_t *policy;
    json_object_foreach(json_object_get(playing->system, "distribution"), service, policy)
        if (json_integer_value(json_object_get(policy, "copies")) > 1)
            json_object_set_new(playing->replicated, service, json_true());
}

static int look(struct playing *playing)
{
    const json_t *all;
    json_decref(playing->observed);
    playing->observed = playing->network->observe(playing->opened);
    all = json_object_get(playing->observed, "acknowledged");
    for (; playing->acknowledged < json_array_size(all); playing->acknowledged++) {
        json_t *write = json_array_get(all, playing->acknowledged);
        json_array_append(playing->writes, write);
        if (!json_object_get(playing->replicated, text_at(write, "service")))
            json_array_append(playing->newest, write);
    }
    return playing->observed ? 0 : -1;
}

/* Copies that live for want of evidence that another one is newer, as was told. */
static void take_doubtful(struct playing *playing, const json_t *kept)
{
    size_t index;
    json_t *copy;
    json_array_foreach((json_t *)kept, index, copy)
        if (!strstr(text_at(copy, "reason"), "belong"))
            json_array_append(playing->rescued, copy);
}

/* How many entries it had that tell of something done. */
static size_t take_journal(struct playing *playing)
{
    CLEANUP_JSON json_t *journal = playing->network->journal(playing->opened);
    size_t index, done = 0;
    json_t *entry;
    json_array_foreach(journal, index, entry) {
        const char *kind = text_at(entry, "kind");
        const json_t *report = json_object_get(entry, "report");
        json_array_append(playing->documents, entry);
        json_array_extend(playing->rescued, json_object_get(report, "rescued"));
        take_doubtful(playing, json_object_get(report, "kept"));
        if (strcmp(text_at(entry, "stage"), "redeploy") == 0 && strcmp(kind, "stage") == 0)
            playing->refused = json_is_false(json_object_get(report, "allowed"));
        done += strcmp(kind, "asked") != 0;
        if (strcmp(kind, "cycle_ended") != 0 || strcmp(text_at(entry, "outcome"), "unchanged") == 0)
            continue;
        playing->play->cycles++;
        playing->good = strcmp(text_at(entry, "outcome"), "done") == 0;
        playing->lost = playing->lost && !playing->good;
    }
    return done;
}

static void broken(struct playing *playing, const char *name, char *words)
{
    playing->play->broken = name;
    playing->play->words = words;
}

static struct scenario_seen seen_of(const struct playing *playing, bool excuses)
{
    return (struct scenario_seen){
        playing->system, playing->observed, playing->writes, playing->documents, "", playing->forgot, excuses
    };
}

/* Whether what happened leaves something that nobody can know, so that what runs need not be what is
 * known. */
static bool is_puzzled(const struct playing *playing)
{
    return playing->damaged || playing->owed || playing->untracked || (playing->wiped && playing->unasked);
}

static const struct invariant {
    const char *name;
    void (*check)(const struct scenario_seen *seen, json_t *broken);
    bool at_rest; /* it holds after a good cycle; else always */
    bool known;   /* it holds only where it can be known what runs */
    bool named;   /* it holds only while names are keys */
} invariants[] = {
    { "a write is lost by a call", scenario_check_lost, false, false, false },
    { "a write is lost", scenario_check_writes, false, false, false },
    { "a write is only in what was stopped", scenario_check_saved, true, true, true },
    { "something is stopped without need", scenario_check_stopped, false, false, false },
    { "the loop does what it should not", scenario_check_misdone, false, false, false },
    { "a service lives nowhere", scenario_check_lives, true, true, false },
    { "a component with state is live twice", scenario_check_once, true, true, false },
    { "the manifest is not what the targets run", scenario_check_manifest, true, true, false },
    { "a service does not run", scenario_check_placed, true, true, false },
    { "the newest state is not live", scenario_check_newest, true, true, true },
    { "something that the manifest names is not in the store", scenario_check_backed, false, true, false },
    { "something is left behind", scenario_check_left, true, false, false },
};

/* end: nothing more comes. What could not be removed at once goes with the next cycle; and what is left to be
 * done on a target that fails there is done then, unless it is to fail still. */
static void check(struct playing *playing, bool at_rest, bool end)
{
    const bool armed = json_is_true(json_object_get(playing->observed, "armed"));
    struct scenario_seen seen = seen_of(playing, !end || armed);
    if (json_is_true(json_object_get(playing->observed, "paused")))
        at_rest = false;
    for (size_t i = 0; i < sizeof invariants / sizeof *invariants && !playing->play->broken; i++) {
        const struct invariant *invariant = &invariants[i];
        CLEANUP_JSON json_t *list = json_array();
        if ((invariant->at_rest && !at_rest) || (invariant->known && is_puzzled(playing))
            || (invariant->named && playing->renamed) || (invariant->check == scenario_check_left && !end)
            || (invariant->check == scenario_check_saved && (playing->emptied || playing->unrescued)))
            continue;
        seen.writes = invariant->named ? playing->newest : playing->writes;
        invariant->check(&seen, list);
        if (json_array_size(list) > 0)
            broken(playing, invariant->name, strdup(json_string_value(json_array_get(list, 0))));
    }
}

/* What only a disk held that somebody destroyed is lost, and nobody's fault. */
static void forget_destroyed(struct playing *playing)
{
    for (size_t i = json_array_size(playing->writes); i-- > 0;)
        if (!scenario_is_stored(playing->observed, json_array_get(playing->writes, i), NULL))
            json_array_remove(playing->writes, i);
}

/* A disk is lost, or replaced by an older one. */
static bool wipes(const json_t *event)
{
    return strcmp(text_at(event, "event"), "reappear") == 0 && json_object_get(event, "disk")
           && strcmp(text_at(event, "disk"), "kept") != 0;
}

/* Whether the last that was told of a target is that something is left to be done when it answers. */
static bool is_owed_something(const struct playing *playing, const char *target)
{
    bool owed = false;
    size_t index;
    json_t *document;
    json_array_foreach(playing->documents, index, document) {
        const json_t *report = json_object_get(document, "report"),
                     *recover = json_object_get(report, "recover");
        if (!recover && json_object_get(report, "pending"))
            recover = report;
        if (recover)
            owed = json_list_has(json_object_get(recover, "pending"), target);
    }
    return owed;
}

/* Whether the loop remembers any such copy that an entry says something of; that: NULL: any. */
static bool remembers(const struct playing *playing, const char *kind, const char *that)
{
    const json_t *kinds = json_object_get(playing->observed, "survivors");
    const char *target, *container, *component;
    json_t *containers, *components, *entry;
    json_object_foreach(json_object_get(kinds, kind), target, containers)
        json_object_foreach(containers, container, components)
            json_object_foreach(components, component, entry)
                if (!that || json_is_true(json_object_get(entry, that)))
                    return true;
    return false;
}

static bool is_something_to_be_undone(const json_t *observed)
{
    return json_is_true(json_object_get(observed, "unfinished"))
           || json_array_size(json_object_get(observed, "leftovers")) > 0;
}

/* What was started again by the loop itself is in the coordinator's manifest and in what the loop remembers,
 * and nowhere else until a deployment succeeds. What is still to be rescued, or to be undone, only the loop
 * remembers. */
static void note_forgotten(struct playing *playing, const json_t *event)
{
    const char *what = text_at(event, "what");
    const bool all = !*what || strcmp(what, "all") == 0, state = all || strcmp(what, "state") == 0;
    if (strcmp(text_at(event, "event"), "lose-coordinator") != 0)
        return;
    playing->untracked = playing->untracked || (all && remembers(playing, "brought", NULL))
                         || (state && is_something_to_be_undone(playing->observed));
    playing->unrescued = playing->unrescued || (state && remembers(playing, "disputed", "owed"));
}

static bool destroys(const json_t *event)
{
    const char *word = text_at(event, "event");
    return strcmp(word, "lose-coordinator") == 0 || strcmp(word, "remove") == 0 || wipes(event);
}

static json_int_t times_of(const json_t *event)
{
    const json_t *times = json_object_get(event, "times");
    return json_is_integer(times) ? json_integer_value(times) : 1;
}

/* What the judge has to know of the events that there were. */
static void take_down(struct playing *playing, const json_t *event, const char *word)
{
    if ((strcmp(word, "full-disk") == 0 && !json_object_get(event, "target"))
        || strcmp(word, "damage-state") == 0)
        playing->good = false; /* and nothing of what comes is journalled */
    if (strcmp(text_at(event, "how"), "empties") == 0) {
        playing->emptied = true;
        json_array_clear(playing->newest); /* what Disnix restores then is nothing */
    }
    if (strcmp(text_at(event, "operation"), "--unlock") == 0)
        playing->unreleased += times_of(event);
    if (strcmp(word, "fail") == 0)
        playing->faults += times_of(event);
    playing->advised =
        playing->advised || strcmp(word, "keep-copy") == 0 || strcmp(word, "discard-copy") == 0;
    playing->damaged = playing->damaged || strcmp(word, "corrupt") == 0;
    playing->renamed = playing->renamed || strcmp(word, "rename") == 0;
    playing->wiped = playing->wiped || wipes(event);
    playing->owed = playing->owed
                    || (wipes(event) && json_is_object(json_object_get(event, "disk"))
                        && is_owed_something(playing, text_at(event, "target")));
    playing->unasked =
        playing->unasked || strncmp(text_at(event, "operation"), "--query-", strlen("--query-")) == 0;
}

static bool is_live(const struct playing *playing, const json_t *write)
{
    const char *name;
    json_t *target;
    json_object_foreach(json_object_get(playing->observed, "targets"), name, target)
        if (strcmp(text_at(target, "is"), "up") == 0 && scenario_is_live_on(target, write))
            return true;
    return false;
}

/* The services that live, each with the targets on which it does; a new reference. */
static json_t *living(const json_t *observed)
{
    json_t *services = json_object(), *target, *active;
    const char *name;
    size_t index;
    json_object_foreach(json_object_get(observed, "targets"), name, target)
        json_array_foreach(json_object_get(target, "active"), index, active) {
            const char *service = text_at(active, "service");
            if (strcmp(text_at(target, "is"), "up") != 0 || !json_is_true(json_object_get(target, "listed")))
                continue;
            if (!json_object_get(services, service))
                json_object_set_new(services, service, json_array());
            json_array_append_new(json_object_get(services, service), json_string(name));
        }
    return services;
}

/* Another coordinator knows what the manifest of ours has: where it deploys, what else runs is in no profile any
 * more. And it has none of our snapshots: what it starts where nothing lived has the state that it finds. */
static int happen_elsewhere(struct playing *playing, const json_t *event)
{
    if (look(playing) != 0)
        return -1;
    const struct scenario_seen seen = seen_of(playing, false);
    const bool untold = !scenario_tells_all(&seen);
    CLEANUP_JSON json_t *before = living(playing->observed);
    const int status = playing->network->happen(playing->opened, event);
    if (status != 0)
        return status;
    playing->untracked = playing->untracked || untold;
    playing->lost = true; /* until it looks, the coordinator does not know what runs */
    if (look(playing) != 0)
        return -1;
    CLEANUP_JSON json_t *after = living(playing->observed);
    for (size_t i = json_array_size(playing->newest); i-- > 0;) {
        const json_t *write = json_array_get(playing->newest, i);
        const char *service = text_at(write, "service");
        if (!json_object_get(before, service) && json_object_get(after, service) && !is_live(playing, write))
            json_array_remove(playing->newest, i);
    }
    return 0;
}

static int happen(struct playing *playing, const json_t *event)
{
    const char *word = text_at(event, "event");
    bool later = json_object_get(event, "at") != NULL;
    note_forgotten(playing, event);
    int status = strcmp(word, "foreign-deploy") == 0 ? happen_elsewhere(playing, event)
                                                     : playing->network->happen(playing->opened, event);
    if (status < 0)
        return -1;
    if (status == 0 && strcmp(word, "write") == 0 && !later && look(playing) != 0)
        return -1;
    if (status == 0 && !later)
        scenario_system_follow(playing->system, event);
    note_replicated(playing);
    take_down(playing, event, word);
    if (status == 0 && strcmp(word, "collect-garbage") == 0 && !later) {
        if (look(playing) != 0)
            return -1;
        check(playing, false, false);
    }
    if (status == 0 && destroys(event) && !later) {
        playing->lost = true;
        playing->forgot = playing->forgot || strcmp(word, "lose-coordinator") == 0;
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

/* A lock of ours that a coordinator which has lost its memory does not know is taken for somebody else's; and
 * so is one of which three calls in a row have told that it is not there. */
static bool is_stuck(const struct playing *playing)
{
    const char *name;
    json_t *target;
    json_object_foreach(json_object_get(playing->observed, "targets"), name, target)
        if ((playing->forgot || playing->unreleased >= 3) && json_is_true(json_object_get(target, "locked")))
            return true;
    return false;
}

/* Whether a target that is there has the service in its profile. */
static bool is_held_anywhere(const struct playing *playing, const char *service)
{
    const char *name;
    json_t *target, *says;
    size_t index;
    json_object_foreach(json_object_get(playing->observed, "targets"), name, target)
        json_array_foreach(json_object_get(target, "says"), index, says)
            if (strcmp(text_at(target, "is"), "up") == 0 && json_is_true(json_object_get(target, "listed"))
                && strcmp(text_at(says, "service"), service) == 0)
                return true;
    return false;
}

/* All machines with copies of a service, among which somebody has to choose, are gone: none is put into their
 * place. */
static bool is_homeless(const struct playing *playing)
{
    const char *service;
    json_t *policy;
    json_object_foreach(json_object_get(playing->system, "services"), service, policy)
        if (scenario_is_kept(playing->observed, service) && !is_held_anywhere(playing, service))
            return true;
    return false;
}

/* A model without targets is refused again and again, and so is a deployment that would lose state. */
static bool may_rest(const struct playing *playing)
{
    const char *name;
    json_t *target;
    json_object_foreach(json_object_get(playing->observed, "targets"), name, target)
        if (strcmp(text_at(target, "is"), "up") == 0 && json_is_true(json_object_get(target, "listed"))
            && !json_list_has(json_object_get(playing->observed, "held"), name))
            return !(playing->refused && (playing->forgot || is_homeless(playing))) && !playing->damaged
                   && !is_stuck(playing);
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

static bool is_rescued(const struct playing *playing, const char *service)
{
    size_t index;
    json_t *entry;
    json_array_foreach(playing->rescued, index, entry)
        if (scenario_is_of_service(text_at(entry, "component"), service))
            return true;
    return false;
}

/* What is not live after a rescue, and stays so, was told of, with the snapshot that holds it. */
static void forget_rescued(struct playing *playing)
{
    if (!playing->good)
        return; /* what lives now need not be what will */
    for (size_t i = json_array_size(playing->newest); i-- > 0;) {
        const json_t *write = json_array_get(playing->newest, i);
        if (is_rescued(playing, text_at(write, "service")) && !is_live(playing, write))
            json_array_remove(playing->newest, i);
    }
    json_array_clear(playing->rescued);
}

/* Whether one of these targets is there still. */
static bool is_any_up(const struct playing *playing, const json_t *names)
{
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)names, index, name) {
        const json_t *target =
            json_object_get(json_object_get(playing->observed, "targets"), json_string_value(name));
        if (strcmp(text_at(target, "is"), "up") == 0)
            return true;
    }
    return false;
}

/* Where nothing was to go wrong, what lived and is wanted lives still, or its last machine has died. */
static void check_living(struct playing *playing, const json_t *before)
{
    const struct scenario_seen seen = seen_of(playing, false);
    CLEANUP_JSON json_t *wanted = scenario_wanted(&seen);
    const char *service;
    json_t *targets;
    json_object_foreach((json_t *)before, service, targets)
        if (!playing->play->broken && json_array_size(json_object_get(wanted, service)) > 0
            && !scenario_lives(playing->observed, service) && is_any_up(playing, targets))
            broken(playing, "what lived lives nowhere",
                   string_format("%s lived, and lives nowhere", service));
}

/* For each target that has a service, all that have it, as the last good cycle left that. */
static void note_partners(struct playing *playing)
{
    const json_t *manifest = json_object_get(json_object_get(playing->observed, "coordinator"), "manifest");
    CLEANUP_JSON json_t *places = json_object();
    json_t *mapping, *targets, *target;
    const char *service;
    size_t index;
    json_array_foreach(json_object_get(manifest, "mappings"), index, mapping) {
        service = text_at(mapping, "service");
        if (!json_object_get(places, service))
            json_object_set_new(places, service, json_array());
        json_array_append(json_object_get(places, service), json_object_get(mapping, "target"));
    }
    json_object_foreach(places, service, targets)
        json_array_foreach(targets, index, target) {
            if (!json_object_get(playing->partners, service))
                json_object_set_new(playing->partners, service, json_object());
            json_object_set(json_object_get(playing->partners, service), json_string_value(target), targets);
        }
}

static bool lives_on(const struct playing *playing, const char *component, const char *target)
{
    const json_t *there = json_object_get(json_object_get(playing->observed, "targets"), target);
    size_t index;
    json_t *active;
    json_array_foreach(json_object_get(there, "active"), index, active)
        if (strcmp(text_at(there, "is"), "up") == 0 && json_is_true(json_object_get(there, "listed"))
            && strcmp(text_at(active, "component"), component) == 0)
            return true;
    return false;
}

/* Whether a reconstruction knows what the target has: of one whose answer was no good it knows nothing. */
static bool was_heard(const json_t *report, const char *target)
{
    const json_t *heard = json_object_get(json_object_get(report, "targets"), target);
    return strcmp(text_at(heard, "status"), "captured") == 0;
}

/* A partner on which the component lives, and is known to; NULL: on none. Another version is another
 * component. */
static const char *living_partner(const struct playing *playing, const json_t *report, const char *service,
                                  const char *component, const char *target)
{
    const json_t *partners = json_object_get(json_object_get(playing->partners, service), target);
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)partners, index, name)
        if (strcmp(json_string_value(name), target) != 0 && was_heard(report, json_string_value(name))
            && lives_on(playing, component, json_string_value(name)))
            return json_string_value(name);
    return NULL;
}

/* What was deployed together, and never was in doubt, is nobody's older copy. */
static void check_replicas(struct playing *playing)
{
    bool judges =
        !playing->forgot && !playing->renamed && !playing->wiped && !playing->damaged && !playing->advised;
    bool finished = false; /* a deployment that did not end well: that is one, too, and nobody has seen it */
    for (; playing->judged < json_array_size(playing->documents); playing->judged++) {
        const json_t *document = json_array_get(playing->documents, playing->judged);
        const json_t *report = json_object_get(document, "report");
        size_t index;
        json_t *fence;
        finished = finished || strcmp(text_at(report, "action"), "finished") == 0;
        json_array_foreach(json_object_get(report, "fenced"), index, fence) {
            const char *component = text_at(fence, "component"), *target = text_at(fence, "target");
            CLEANUP_FREE char *service = strndup(component, strcspn(component, "-"));
            const char *partner = judges && service && !scenario_was_disputed(playing->documents, service)
                                      ? living_partner(playing, report, service, component, target)
                                      : NULL;
            if (partner && !playing->play->broken)
                broken(playing, "a replica is fenced",
                       string_format("%s was deployed on %s together with that on %s", service, target,
                                     partner));
        }
    }
    if (finished)
        json_object_clear(playing->partners);
    if (playing->good && !playing->lost)
        note_partners(playing);
}

/* Whether something with state is there by the manifest. */
static bool has_state(const struct playing *playing, const char *target)
{
    const json_t *manifest = json_object_get(json_object_get(playing->observed, "coordinator"), "manifest");
    size_t index;
    json_t *snapshot;
    json_array_foreach(json_object_get(manifest, "snapshots"), index, snapshot)
        if (text_at_is(snapshot, "target", target))
            return true;
    return false;
}

/* Whether the last cycle that was journalled did not deploy: what a failed cycle ends with. */
static bool has_failed_to_deploy(const struct playing *playing)
{
    const json_t *last = NULL;
    size_t index;
    json_t *document;
    json_array_foreach(playing->documents, index, document)
        if (text_at_is(document, "kind", "cycle_ended"))
            last = document;
    return text_at_is(last, "outcome", "failed") && text_at_is(last, "stage", "redeploy");
}

/* One target whose disk is full stops no deployment to others, where these are all there and nothing else
 * goes wrong; but one that is to change what has state there. */
static void check_full(struct playing *playing)
{
    const char *name, *full = NULL;
    json_t *target;
    size_t others = 0;
    json_object_foreach(json_object_get(playing->observed, "targets"), name, target) {
        if (!json_is_true(json_object_get(target, "listed")))
            continue;
        if (!text_at_is(target, "is", "up") || (full && json_is_true(json_object_get(target, "full"))))
            return;
        if (json_is_true(json_object_get(target, "full")))
            full = name;
        else
            others++;
    }
    if (full && others > 1 && !playing->good && has_failed_to_deploy(playing) && !playing->refused
        && !playing->lost && may_rest(playing) && !has_state(playing, full)
        && !json_is_true(json_object_get(playing->observed, "paused")))
        broken(playing, "a full disk stops the others",
               string_format("nothing is deployed, while the disk of %s is full", full));
}

static int adapt_and_check(struct playing *playing)
{
    CLEANUP_JSON json_t *before = NULL;
    size_t done;
    if (look(playing) != 0)
        return -1;
    bool armed = json_is_true(json_object_get(playing->observed, "armed"));
    before = living(playing->observed);
    if (adapt(playing, false, &done) != 0)
        return -1;
    forget_rescued(playing);
    check_replicas(playing);
    if (!playing->play->broken && !armed)
        check_living(playing, before);
    if (!playing->play->broken && !armed)
        check_full(playing);
    if (!playing->play->broken)
        check(playing, playing->good && !playing->lost, false);
    return 0;
}

/* Whether a target that could take part is left out for a while, or something is still to be done on one. */
static bool is_somebody_missing(const struct playing *playing)
{
    const struct scenario_seen seen = seen_of(playing, false);
    return scenario_leaves_out(&seen) || scenario_owes(&seen);
}

/* What failed is put off for a while, and a target that hung twice is left out for up to an hour. */
static int let_time_pass(struct playing *playing)
{
    const int seconds = is_somebody_missing(playing) ? 3600 : 300;
    CLEANUP_JSON json_t *event = json_pack("{ss si}", "event", "wait", "seconds", seconds);
    return playing->network->happen(playing->opened, event) < 0 ? -1 : 0;
}

/* Nothing is to be done any more. Where there are resyncs, one may just be due the first times, and when time
 * has passed; what was to go wrong is tried again, once for each time at most; and what is left out meanwhile
 * comes back. */
static int adapt_again(struct playing *playing)
{
    bool missing = is_somebody_missing(playing);
    size_t done = 1;
    bool armed = json_is_true(json_object_get(playing->observed, "armed"));
    json_int_t rounds = (playing->resyncs || armed || !playing->good ? 4 : 1) + playing->faults;
    for (json_int_t round = 0; round < rounds && (done > 0 || missing) && !playing->play->broken; round++) {
        armed = json_is_true(json_object_get(playing->observed, "armed"));
        const bool last = playing->resyncs && round + 1 == rounds;
        if (((!playing->good || (missing && !last)) && let_time_pass(playing) != 0)
            || adapt(playing, true, &done) != 0)
            return -1;
        forget_rescued(playing);
        missing = is_somebody_missing(playing);
    }
    if (playing->play->broken || !may_rest(playing) || (done > 0 && armed))
        return 0;
    if (done > 0 && (playing->lost || is_puzzled(playing)))
        return 0; /* snapshots fail of what is not there any more */
    if (done > 0)
        broken(playing, "the same again is not nothing", string_format("one more cycle did something"));
    else
        check(playing, !playing->lost, true);
    return 0;
}

/* The copies that live of components of which several are kept until somebody chooses: [ { "target",
 * "component" } ]; a new reference. */
static json_t *undecided_copies(const struct playing *playing)
{
    json_t *copies = json_array(), *target, *active;
    const char *name;
    size_t index;
    json_object_foreach(json_object_get(playing->observed, "targets"), name, target)
        json_array_foreach(json_object_get(target, "active"), index, active)
            if (strcmp(text_at(target, "is"), "up") == 0 && json_is_true(json_object_get(target, "listed"))
                && scenario_is_kept(playing->observed, text_at(active, "service")))
                json_array_append_new(copies, json_pack("{ss sO}", "target", name, "component",
                                                        json_object_get(active, "component")));
    return copies;
}

/* Somebody says a word about a copy. */
static int say(struct playing *playing, const char *word, const json_t *copy)
{
    CLEANUP_JSON json_t *event = json_pack("{ss ss ss}", "event", word, "target", text_at(copy, "target"),
                                           "component", text_at(copy, "component"));
    return playing->network->happen(playing->opened, event) < 0 ? -1 : 0;
}

/* Keeps one of several copies; and gives up all others of it where they cannot be rescued. */
static int choose(struct playing *playing, const json_t *copies)
{
    const json_t *first = json_array_get(copies, 0);
    size_t index, done;
    json_t *copy;
    if (say(playing, "keep-copy", first) != 0 || adapt(playing, false, &done) != 0)
        return -1;
    CLEANUP_JSON json_t *left = undecided_copies(playing);
    json_array_foreach(left, index, copy)
        if (!json_equal(copy, first) && strcmp(text_at(copy, "component"), text_at(first, "component")) == 0
            && say(playing, "discard-copy", copy) != 0)
            return -1;
    return playing->play->broken ? 0 : adapt(playing, false, &done);
}

/* Somebody chooses, until there is nothing to be chosen; then no component lives more often than it is
 * wanted. */
static int decide(struct playing *playing)
{
    enum { MOST_CHOICES = 8 };
    CLEANUP_JSON json_t *copies = NULL, *list = json_array();
    if (!may_rest(playing) || json_is_true(json_object_get(playing->observed, "armed")))
        return 0;
    copies = undecided_copies(playing);
    for (int i = 0; i < MOST_CHOICES && !playing->play->broken && json_array_size(copies) > 0; i++) {
        if (choose(playing, copies) != 0)
            return -1;
        json_decref(copies);
        copies = undecided_copies(playing);
    }
    const struct scenario_seen seen = seen_of(playing, false);
    if (playing->play->broken || !playing->good)
        return 0;
    if (json_array_size(copies) > 0)
        broken(playing, "a word decides nothing",
               string_format("copies are kept on %s", text_at(json_array_get(copies, 0), "target")));
    if (!playing->play->broken && !is_puzzled(playing))
        scenario_check_single(&seen, playing->replicated, list);
    if (json_array_size(list) > 0)
        broken(playing, "after the last word a component is live twice",
               strdup(json_string_value(json_array_get(list, 0))));
    return 0;
}

/* What has happened before decides about what may be asked for. */
static json_t *memory_of(const struct playing *playing)
{
    return json_pack("{sO sO sO sO sO s[b b b b b b b b b b b b]}", "system", playing->system, "newest",
                     playing->newest, "writes", playing->writes, "rescued", playing->rescued, "partners",
                     playing->partners, "flags", playing->good, playing->refused, playing->lost,
                     playing->forgot, playing->renamed, playing->owed, playing->untracked, playing->emptied,
                     playing->advised, playing->damaged, playing->wiped, playing->unasked);
}

/* As long as somebody has something to happen. */
static int play_on(struct playing *playing, const struct scenario_watch *watch)
{
    while (watch && watch->next && !playing->play->broken) {
        CLEANUP_JSON json_t *memory = memory_of(playing);
        CLEANUP_JSON json_t *moment = watch->next(watch->closure, playing->opened, playing->observed, memory);
        if (!moment)
            return 0;
        playing->play->moment++;
        if (begin_moment(playing, moment) != 0 || adapt_and_check(playing) != 0)
            return -1;
    }
    return 0;
}

static int play_timeline(struct playing *playing, const json_t *timeline, const struct scenario_watch *watch)
{
    size_t index;
    json_t *moment;
    json_array_foreach(timeline, index, moment) {
        if (playing->play->broken)
            return 0;
        playing->play->moment = index + 1;
        if (begin_moment(playing, moment) != 0 || adapt_and_check(playing) != 0)
            return -1;
    }
    if (play_on(playing, watch) != 0 || (!playing->play->broken && adapt_again(playing) != 0))
        return -1;
    return playing->play->broken ? 0 : decide(playing);
}

static bool has_resync(const json_t *scenario)
{
    size_t index;
    json_t *option;
    json_array_foreach(json_object_get(scenario, "options"), index, option)
        if (strncmp(json_string_value(option), "--resync", strlen("--resync")) == 0)
            return true;
    return false;
}

int scenario_play(const struct scenario_network *network, const struct scenario_setting *setting,
                  const struct scenario_watch *watch, struct scenario_play *play)
{
    struct playing playing = { .network = network,
                               .system = scenario_system(setting->scenario),
                               .writes = json_array(),
                               .newest = json_array(),
                               .rescued = json_array(),
                               .documents = json_array(),
                               .replicated = json_object(),
                               .partners = json_object(),
                               .resyncs = has_resync(setting->scenario),
                               .play = play };
    *play = (struct scenario_play){ 0 };
    note_replicated(&playing);
    playing.opened = network->open(setting);
    int status = playing.opened ? 0 : -1;
    if (status == 0)
        status = adapt_and_check(&playing);
    if (status == 0 && watch)
        watch->begin(watch->closure, playing.opened);
    if (status == 0)
        status = play_timeline(&playing, json_object_get(setting->scenario, "timeline"), watch);
    if (status == 0 && watch)
        watch->end(watch->closure, playing.opened, playing.observed);
    if (playing.opened)
        network->close(playing.opened);
    json_decref(playing.system);
    json_decref(playing.writes);
    json_decref(playing.newest);
    json_decref(playing.rescued);
    json_decref(playing.documents);
    json_decref(playing.replicated);
    json_decref(playing.partners);
    json_decref(playing.observed);
    return status;
}

void scenario_play_clear(struct scenario_play *play)
{
    free(play->words);
    *play = (struct scenario_play){ 0 };
}
