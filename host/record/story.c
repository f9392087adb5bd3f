/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/record/story.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "host/record/failure.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/model/words.h"

int story_open(struct story *story)
{
    *story = (struct story){
        .gone = json_object(), .claims = json_array(), .numbers = json_object(), .early = json_array()
    };
    story->stream = open_memstream(&story->text, &story->length);
    return story->stream && story->gone && story->claims && story->numbers && story->early ? 0 : -1;
}

void story_close(struct story *story)
{
    if (story->stream)
        fclose(story->stream);
    free(story->text);
    free(story->began);
    json_decref(story->gone);
    json_decref(story->claims);
    json_decref(story->numbers);
    json_decref(story->early);
    *story = (struct story){ 0 };
}

char *story_text(struct story *story)
{
    return fflush(story->stream) == 0 && story->text ? strdup(story->text) : NULL;
}

/* Facts of one stage, told in order of their ranks and words. */
enum rank { FIRST, ACTIVATIONS, RESCUES, FENCES, COPIES, DISPUTES, LAST };

struct facts {
    char **lines; /* each begins with a character that is its rank */
    size_t count;
    enum rank rank; /* of those that are added now */
};

static void add_fact(struct facts *facts, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_fact(struct facts *facts, const char *format, ...)
{
    CLEANUP_FREE char *line = NULL, *plain = NULL;
    char **grown = realloc(facts->lines, (facts->count + 1) * sizeof *grown);
    va_list arguments;
    if (!grown)
        return;
    facts->lines = grown;
    va_start(arguments, format);
    if (vasprintf(&line, format, arguments) < 0)
        line = NULL;
    va_end(arguments);
    plain = line ? text_plain(line) : NULL;
    char *ranked = plain ? string_format("%c%s", '0' + (int)facts->rank, plain) : NULL;
    if (ranked)
        grown[facts->count++] = ranked;
}

static void tell_facts(struct story *story, struct facts *facts)
{
    if (facts->count > 0)
        qsort(facts->lines, facts->count, sizeof *facts->lines, string_compare);
    for (size_t i = 0; i < facts->count; i++) {
        if (i == 0 || strcmp(facts->lines[i], facts->lines[i - 1]) != 0)
            fprintf(story->stream, "    %s\n", facts->lines[i] + 1);
    }
    for (size_t i = 0; i < facts->count; i++)
        free(facts->lines[i]);
    free(facts->lines);
    *facts = (struct facts){ 0 };
}

static void begin_cycle(struct story *story, const json_t *document)
{
    free(story->began);
    story->began = story->moment ? story->moment(text_at(document, "time")) : NULL;
    story->cycles++;
    story->open = true;
    story->told = false;
    story->failed = false;
    json_object_clear(story->gone);
    json_array_clear(story->claims);
    json_array_clear(story->early);
}

static void tell_recover(struct story *story, const json_t *report);

/* The first line of a cycle, which says what it has found; then what it has done before it looked. */
static void head_cycle(struct story *story, const json_t *document, const char *found)
{
    const json_t *number = json_object_get(document, "cycle");
    if (!story->open)
        begin_cycle(story, document);
    if (story->told)
        return;
    if (!story->moment)
        fprintf(story->stream, "cycle %u", story->cycles);
    else if (number)
        fprintf(story->stream, "%s: cycle %lld", story->began ? story->began : "?",
                (long long)json_integer_value(number));
    else
        fprintf(story->stream, "%s: a cycle", story->began ? story->began : "?");
    fprintf(story->stream, "%s%s\n", *found ? ": " : "", found);
    story->told = true;
    size_t index;
    json_t *report;
    json_array_foreach(story->early, index, report)
        tell_recover(story, report);
    json_array_clear(story->early);
}

static void list_changes(FILE *stream, const json_t *names, const char *what, bool *first)
{
    CLEANUP_FREE char *text = text_list(names);
    if (json_array_size(names) == 0 || !text)
        return;
    fprintf(stream, "%s%s %s", *first ? "" : "; ", text, what);
    *first = false;
}

/* The number that a cycle of the loop has here, for a loop that has lost its state counts anew. */
static void tell_retry(const struct story *story, FILE *stream, const json_t *number)
{
    CLEANUP_FREE char *key = string_format("%lld", (long long)json_integer_value(number));
    const json_t *known = story->moment ? number : key ? json_object_get(story->numbers, key) : NULL;
    if (known)
        fprintf(stream, "cycle %lld did not succeed, and is tried again",
                (long long)json_integer_value(known));
    else
        fputs("what did not succeed is tried again", stream);
}

static void note_number(const struct story *story, const json_t *number)
{
    CLEANUP_FREE char *key = string_format("%lld", (long long)json_integer_value(number));
    if (key)
        json_object_set_new(story->numbers, key, json_integer(story->cycles));
}

static void tell_infrastructure(struct story *story, const json_t *document)
{
    const json_t *seen = json_object_get(document, "seen"),
                 *changes = seen ? seen : json_object_get(document, "changes"),
                 *left_out = json_object_get(document, "leftOut");
    CLEANUP_FREE char *found = NULL;
    size_t length;
    FILE *stream = open_memstream(&found, &length);
    const char *name;
    json_t *fields;
    bool first = true;
    if (!stream)
        return;
    list_changes(stream, json_object_get(changes, "added"), "in the model, not before", &first);
    list_changes(stream, json_object_get(changes, "removed"), "no longer in the model", &first);
    json_object_foreach(json_object_get(changes, "changed"), name, fields) {
        CLEANUP_FREE char *text = text_list(fields);
        fprintf(stream, "%s%s has other %s", first ? "" : "; ", name, text ? text : "");
        first = false;
    }
    if (json_object_get(document, "retryOf"))
        tell_retry(story, stream, json_object_get(document, "retryOf"));
    else if (first)
        fputs("the model is as it was", stream);
    first = false;
    list_changes(stream, left_out, "left out", &first);
    fclose(stream);
    head_cycle(story, document, found);
    note_number(story, json_object_get(document, "cycle"));
}

/* Reconstruct. */

static const char *done_about(const json_t *target)
{
    return text_at_is(target, "done", "kept")      ? ", what the manifest says of it is kept"
           : text_at_is(target, "done", "skipped") ? ", it is left out"
                                                   : "";
}

/* What a parser says of a profile manifest depends on the parser, and on how far it came. */
static const char *reason_of(const json_t *target)
{
    static const char parsed[] = "--query-installed: line ";
    const char *reason = text_at(target, "reason");
    return strncmp(reason, parsed, strlen(parsed)) == 0 ? "its profile manifest cannot be taken" : reason;
}

static void add_answers(struct facts *facts, const json_t *report)
{
    const char *name;
    json_t *target;
    json_object_foreach(json_object_get(report, "targets"), name, target)
        if (text_at_is(target, "status", "silent") || text_at_is(target, "status", "invalid"))
            add_fact(facts, "%s is %s: %s%s", name, text_at(target, "status"), reason_of(target),
                     done_about(target));
}

static void add_copies(struct facts *facts, const json_t *report, const char *list, const char *words)
{
    size_t index;
    json_t *copy;
    json_array_foreach(json_object_get(report, list), index, copy)
        add_fact(facts, "%s on %s %s: %s", text_at(copy, "component"), text_at(copy, "target"), words,
                 text_at(copy, "reason"));
}

/* As people say it. */
static const char *noun_of(const char *action)
{
    static const char *const nouns[][2] = { { "activate", "activation" },
                                            { "rescueAgain", "second rescue" } };
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
        if (strcmp(action, nouns[i][0]) == 0)
            return nouns[i][1];
    return action;
}

/* named: with the name that brings the snapshot back. */
static void add_rescue(struct facts *facts, const json_t *rescue, bool named, const char *reason)
{
    const char *snapshot = named ? text_at(rescue, "snapshot") : "";
    add_fact(facts, "%s on %s is rescued into %s%s: %s", text_at(rescue, "component"),
             text_at(rescue, "target"), *snapshot ? "the snapshot " : "a snapshot", snapshot, reason);
}

static void add_rescues(struct facts *facts, const json_t *report, bool named)
{
    size_t index;
    json_t *rescue;
    json_array_foreach(json_object_get(report, "rescued"), index, rescue)
        add_rescue(facts, rescue, named, text_at(rescue, "reason"));
}

static void add_failures(struct facts *facts, const json_t *report)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(report, "failed"), index, entry)
        add_fact(facts, "the %s of %s on %s fails: %s", noun_of(text_at(entry, "action")),
                 text_at(entry, "component"), text_at(entry, "target"), text_at(entry, "reason"));
}

static void add_disputed_copies(struct facts *facts, const json_t *dispute)
{
    size_t index;
    json_t *copy;
    json_array_foreach(json_object_get(dispute, "copies"), index, copy) {
        const char *component = text_at(dispute, "component"), *target = text_at(copy, "target");
        const json_t *live = json_object_get(copy, "live");
        const char *runs = json_is_true(live)   ? "and lives"
                           : json_is_null(live) ? "and may live"
                                                : "and does not run";
        if (json_is_true(json_object_get(copy, "disputed")))
            add_fact(facts, "%s on %s is in dispute, %s: %s", component, target, runs,
                     text_at(copy, "reason"));
        else if (json_is_true(json_object_get(copy, "survivor")))
            add_fact(facts, "%s on %s survives, %s", component, target, runs);
    }
}

static void add_disputes(struct facts *facts, const json_t *report)
{
    size_t index;
    json_t *dispute;
    json_array_foreach(json_object_get(report, "disputes"), index, dispute)
        add_disputed_copies(facts, dispute);
}

static void add_services(struct facts *facts, struct story *story, const char *target, const json_t *changes)
{
    const json_t *services = json_object_get(changes, "services");
    const bool gone = text_at_is(changes, "infrastructure", "removed");
    size_t index;
    json_t *service;
    json_array_foreach(json_object_get(services, "added"), index, service)
        add_fact(facts, "the manifest has %s on %s, not before", text_at(service, "name"), target);
    json_array_foreach(json_object_get(services, "removed"), index, service) {
        add_fact(facts, "the manifest no longer has %s on %s%s", text_at(service, "name"), target,
                 gone ? ": that target has left the model" : "");
        json_object_set_new(story->gone, text_at(service, "name"),
                            json_pack("{ss sb}", "target", target, "left", (int)gone));
    }
}

static void add_changes(struct facts *facts, struct story *story, const json_t *report)
{
    const char *target;
    json_t *changes;
    size_t index;
    json_t *entry;
    json_object_foreach(json_object_get(report, "changes"), target, changes)
        add_services(facts, story, target, changes);
    json_array_foreach(json_object_get(report, "inactive"), index, entry)
        add_fact(facts, "%s on %s stays out of the manifest: it is not active there", text_at(entry, "name"),
                 text_at(entry, "target"));
    json_array_foreach(json_object_get(report, "dangling"), index, entry)
        add_fact(facts, "%s depends on something on %s that is gone: this dependency is left out",
                 text_at(entry, "name"), text_at(json_object_get(entry, "dependency"), "target"));
    json_array_foreach(json_object_get(report, "divergent"), index, entry)
        add_fact(facts, "targets hold different versions of the connections of %s", text_at(entry, "name"));
    json_array_foreach(json_object_get(report, "unbacked"), index, entry)
        add_fact(facts, "%s is not in the store of the coordinator", json_string_value(entry));
    json_array_foreach(json_object_get(report, "warnings"), index, entry)
        add_fact(facts, "warning: %s", text_at(entry, "warning"));
}

static const struct {
    const char *list, *words;
    enum rank rank;
} copies[] = {
    { "activated", "is activated", ACTIVATIONS },
    { "fenced", "is fenced", FENCES },
    { "superseded", "is superseded", COPIES },
    { "regressed", "is old", COPIES },
    { "kept", "is kept", COPIES },
    { "late", "goes on until the deployment", COPIES },
};

static struct facts facts_of_reconstruct(struct story *story, const json_t *report)
{
    struct facts facts = { .rank = FIRST };
    add_answers(&facts, report);
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++) {
        facts.rank = copies[i].rank;
        add_copies(&facts, report, copies[i].list, copies[i].words);
    }
    facts.rank = RESCUES;
    add_rescues(&facts, report, story->moment != NULL);
    facts.rank = COPIES;
    add_failures(&facts, report);
    facts.rank = DISPUTES;
    add_disputes(&facts, report);
    facts.rank = LAST;
    add_changes(&facts, story, report);
    return facts;
}

static void tell_reconstruct(struct story *story, const json_t *report)
{
    struct facts facts = facts_of_reconstruct(story, report);
    fprintf(story->stream, "  reconstruct: %s\n",
            !json_object_get(report, "changed")                 ? "no manifest"
            : json_is_false(json_object_get(report, "changed")) ? "the manifest is right"
            : json_object_get(report, "previous")               ? "another manifest"
                                                                : "a first manifest");
    tell_facts(story, &facts);
}

void story_decision(struct story *story, const json_t *report, bool failed)
{
    tell_reconstruct(story, report);
    if (failed)
        fputs("  it fails\n", story->stream);
}

/* Redeploy. */

static const json_t *find_mapping(const json_t *list, const char *member, const char *name,
                                  const char *target)
{
    size_t index;
    json_t *mapping;
    json_array_foreach((json_t *)list, index, mapping)
        if (text_at_is(mapping, member, name) && (!target || text_at_is(mapping, "target", target)))
            return mapping;
    return NULL;
}

/* It was somewhere where the reconstruction did not find it any more. */
static void add_return(struct facts *facts, struct story *story, const json_t *mapping, const json_t *gone)
{
    const char *name = text_at(mapping, "name"), *target = text_at(mapping, "target"),
               *was = text_at(gone, "target");
    if (json_is_true(json_object_get(gone, "left"))) {
        add_fact(facts, "%s is activated on %s: it was on %s, which is gone", name, target, was);
        json_list_add(story->claims, was);
    } else if (strcmp(was, target) == 0) {
        add_fact(facts, "%s is activated on %s again: the manifest did not have it there any more", name,
                 target);
    } else {
        add_fact(facts, "%s is activated on %s: the manifest did not have it on %s any more", name, target,
                 was);
    }
}

static void add_activation(struct facts *facts, struct story *story, const json_t *mapping,
                           const json_t *removed)
{
    const char *name = text_at(mapping, "name"), *target = text_at(mapping, "target");
    const json_t *gone = json_object_get(story->gone, name);
    const json_t *from = find_mapping(removed, "name", name, NULL);
    if (find_mapping(removed, "name", name, target))
        add_fact(facts, "%s on %s is replaced: its version or what it depends on is another one", name,
                 target);
    else if (from)
        add_fact(facts, "%s is activated on %s: it moves there from %s", name, target,
                 text_at(from, "target"));
    else if (gone)
        add_return(facts, story, mapping, gone);
    else
        add_fact(facts, "%s is activated on %s: the distribution has it there", name, target);
}

static void add_services_difference(struct facts *facts, struct story *story, const json_t *mappings)
{
    const json_t *added = json_object_get(mappings, "added"), *removed = json_object_get(mappings, "removed");
    size_t index;
    json_t *mapping;
    json_array_foreach((json_t *)added, index, mapping)
        add_activation(facts, story, mapping, removed);
    json_array_foreach((json_t *)removed, index, mapping)
        if (!find_mapping(added, "name", text_at(mapping, "name"), text_at(mapping, "target")))
            add_fact(facts, "%s is deactivated on %s: the distribution does not have it there",
                     text_at(mapping, "name"), text_at(mapping, "target"));
}

static void add_arrival(struct facts *facts, const char *component, const char *target, const json_t *missing)
{
    const json_t *entry = find_mapping(missing, "component", component, target);
    const char *from = json_string_value(json_array_get(json_object_get(entry, "from"), 0));
    if (json_object_get(entry, "empty") && from)
        add_fact(facts, "%s has no state on %s: there is no snapshot of what it had on %s", component, target,
                 from);
    else
        add_fact(facts, "the newest snapshot of %s, if there is one, is restored on %s", component, target);
}

/* missing: of the report. */
static void add_state_difference(struct facts *facts, const json_t *snapshots, const json_t *missing)
{
    const json_t *added = json_object_get(snapshots, "added"),
                 *removed = json_object_get(snapshots, "removed");
    size_t index;
    json_t *mapping;
    json_array_foreach((json_t *)added, index, mapping) {
        const char *component = text_at(mapping, "component"), *target = text_at(mapping, "target");
        const json_t *from = find_mapping(removed, "component", component, NULL);
        if (from)
            add_fact(facts, "the state of %s moves from %s to %s", component, text_at(from, "target"),
                     target);
        else
            add_arrival(facts, component, target, missing);
    }
    json_array_foreach((json_t *)removed, index, mapping)
        if (!find_mapping(added, "component", text_at(mapping, "component"), NULL))
            add_fact(facts, "the state of %s on %s is not looked after any more",
                     text_at(mapping, "component"), text_at(mapping, "target"));
}

static void add_recovery(struct facts *facts, const json_t *report, bool named)
{
    size_t index;
    json_t *entry;
    if (text_at_is(report, "action", "undone"))
        add_fact(facts, "what had been done is undone");
    else if (text_at_is(report, "action", "finished"))
        add_fact(facts, "it is finished: all that was left to do was to set the profiles");
    json_array_foreach(json_object_get(report, "released"), index, entry)
        add_fact(facts, "our lock on %s is released", json_string_value(entry));
    json_array_foreach(json_object_get(report, "rescued"), index, entry)
        add_rescue(facts, entry, named, "it may have been written to meanwhile");
    json_array_foreach(json_object_get(report, "pending"), index, entry)
        add_fact(facts, "%s does not answer: the rest is done when it does", json_string_value(entry));
}

static struct facts facts_of_redeploy(struct story *story, const json_t *report)
{
    const json_t *difference = json_object_get(report, "difference");
    struct facts facts = { 0 };
    add_services_difference(&facts, story, json_object_get(difference, "mappings"));
    add_state_difference(&facts, json_object_get(difference, "snapshots"),
                         json_object_get(report, "missing"));
    return facts;
}

void story_plan(struct story *story, const json_t *reports)
{
    struct facts facts = facts_of_reconstruct(story, json_object_get(reports, "reconstruct"));
    tell_facts(story, &facts);
    facts = facts_of_redeploy(story, json_object_get(reports, "redeploy"));
    tell_facts(story, &facts);
}

static void tell_redeploy(struct story *story, const json_t *report)
{
    const json_t *status = json_object_get(report, "status");
    struct facts facts = facts_of_redeploy(story, report);
    add_recovery(&facts, json_object_get(report, "recover"), story->moment != NULL);
    const bool done = json_is_integer(status) && json_integer_value(status) == 0;
    fputs("  redeploy: ", story->stream);
    if (!status)
        fputs("nothing was deployed", story->stream);
    else if (json_integer_value(status) > 0)
        fprintf(story->stream, "the deployment ended with exit status %lld",
                (long long)json_integer_value(status));
    else
        fputs(!done             ? "the deployment was broken off"
              : facts.count > 0 ? "the system is deployed"
                                : "nothing moves",
              story->stream);
    fputs(!done && facts.count > 0 ? "; what it was to do:\n" : "\n", story->stream);
    tell_facts(story, &facts);
}

static void tell_recover(struct story *story, const json_t *report)
{
    struct facts facts = { 0 };
    const json_t *status = json_object_get(report, "status");
    add_recovery(&facts, report, story->moment != NULL);
    fputs("  recover: a deployment did not end well", story->stream);
    if (*text_at(report, "phase"))
        fprintf(story->stream, ", its last phase was '%s'", text_at(report, "phase"));
    if (status)
        fprintf(story->stream, ", its exit status %lld", (long long)json_integer_value(status));
    fputc('\n', story->stream);
    tell_facts(story, &facts);
}

static void tell_restore(struct story *story, const json_t *report)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(report, "restored"), index, entry) {
        const char *snapshot = text_at(entry, "snapshot"), *last = strrchr(snapshot, '/');
        const int length = last ? (int)(last - snapshot) : 0;
        if (*text_at(entry, "reason"))
            fprintf(story->stream, "  restore: a snapshot of %.*s is not brought back: %s\n", length,
                    snapshot, text_at(entry, "reason"));
        else
            fprintf(story->stream, "  restore: a snapshot of %.*s is brought back on %s%s\n", length,
                    snapshot, text_at(entry, "target"),
                    *text_at(entry, "saved") ? ", and what lived there is saved" : "");
    }
}

/* The end of a line about something that failed. */
static void tell_reason(const struct story *story, const char *reason)
{
    CLEANUP_FREE char *plain = story->moment && reason ? text_plain(reason) : NULL;
    fprintf(story->stream, "%s%s\n", plain && *plain ? ": " : "", plain ? plain : "");
}

static void tell_stage(struct story *story, const json_t *document)
{
    const char *stage = text_at(document, "stage");
    const json_t *report = json_object_get(document, "report");
    const bool failed = text_at_is(document, "outcome", "failed");
    const bool usual = strcmp(stage, "reconstruct") != 0 && strcmp(stage, "redeploy") != 0
                       && strcmp(stage, "recover") != 0 && strcmp(stage, "restore") != 0;
    if (usual && !failed)
        return;
    if (strcmp(stage, "recover") == 0 && !failed && !story->told && story->open) {
        json_array_append(story->early, report ? (json_t *)report : json_null());
        return;
    }
    head_cycle(story, document, "");
    if (strcmp(stage, "reconstruct") == 0 && report)
        tell_reconstruct(story, report);
    else if (strcmp(stage, "redeploy") == 0 && report)
        tell_redeploy(story, report);
    else if (strcmp(stage, "recover") == 0)
        tell_recover(story, report);
    else if (strcmp(stage, "restore") == 0)
        tell_restore(story, report);
    if (failed) {
        CLEANUP_FREE char *reason = failure_words(json_object_get(document, "failure"));
        fprintf(story->stream, "  the stage %s fails", stage);
        tell_reason(story, reason);
    }
    story->failed = story->failed || failed;
}

static void end_cycle(struct story *story, const json_t *document)
{
    const json_t *signal = json_object_get(document, "signal");
    CLEANUP_FREE char *reason = failure_words(json_object_get(document, "failure"));
    head_cycle(story, document, text_at_is(document, "outcome", "paused") ? "the loop pauses" : "");
    if (signal)
        fprintf(story->stream, "  the cycle is ended by signal %lld\n",
                (long long)json_integer_value(signal));
    else if (text_at_is(document, "outcome", "failed") && !story->failed) {
        fprintf(story->stream, "  the cycle fails%s%s", *text_at(document, "stage") ? " in the stage " : "",
                text_at(document, "stage"));
        tell_reason(story, reason);
    } else if (text_at_is(document, "outcome", "failed"))
        fputs("  the cycle fails\n", story->stream);
    story->open = false;
}

static void tell_unended(struct story *story)
{
    if (story->open) {
        head_cycle(story, NULL, "");
        fputs("  the cycle did not end\n", story->stream);
    }
    story->open = false;
}

void story_document(struct story *story, const json_t *document)
{
    if (text_at_is(document, "kind", "cycle_began")) {
        tell_unended(story);
        begin_cycle(story, document);
    } else if (text_at_is(document, "kind", "infrastructure")) {
        tell_infrastructure(story, document);
    } else if (text_at_is(document, "kind", "stage")) {
        tell_stage(story, document);
    } else if (text_at_is(document, "kind", "cycle_ended")) {
        end_cycle(story, document);
    }
}

void story_journal(struct story *story, const json_t *documents)
{
    size_t index;
    json_t *document;
    json_array_foreach((json_t *)documents, index, document)
        story_document(story, document);
    tell_unended(story);
}
