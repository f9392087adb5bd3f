/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/ctl/telling.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/ctl/events.h"
#include "host/ctl/words.h"
#include "host/record/story.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"

static void tell(void *closure, const json_t *document)
{
    story_document(closure, document);
}

/* malloc()ed; NULL after a message. */
static char *read_story(const char *directory)
{
    struct story story;
    char *text = NULL;
    if (story_open(&story) == 0) {
        story.moment = words_of_utc;
        if (events_each(directory, tell, &story) == 0)
            text = story_text(&story);
    }
    story_close(&story);
    return text;
}

/* Of what a cycle did each line begins with blanks, its head does not. */
static bool is_head(const char *line)
{
    return *line != ' ';
}

static const char *last_cycles(const char *text, size_t cycles)
{
    const char *at = text + strlen(text);
    while (cycles > 0 && at > text) {
        const char *line = at - 1;
        while (line > text && line[-1] != '\n')
            line--;
        cycles -= is_head(line);
        at = line;
    }
    return at;
}

static int print_line(void *closure, char *line)
{
    (void)closure;
    print_padded(line, 0);
    putchar('\n');
    return 0;
}

int telling_print(const char *directory, size_t cycles)
{
    CLEANUP_FREE char *text = read_story(directory), *last = text ? strdup(last_cycles(text, cycles)) : NULL;
    if (!last)
        return -1;
    string_lines(last, print_line, NULL);
    return fflush(stdout) == 0 ? 0 : -1;
}

/* One target, service or component. */

struct subject {
    const char *names[2]; /* a service, and the component of it that has state */
    char *head;           /* of the cycle at hand, until it was printed */
    char *stage;          /* the same of its stage */
    bool told;
};

static bool is_of_name(char c)
{
    return isalnum((unsigned char)c) || strchr("-_.", c) != NULL;
}

/* As a whole word: "db" is not in "db-1". A point may end a sentence. */
static bool mentions(const char *line, const char *name)
{
    const size_t length = name ? strlen(name) : 0;
    for (const char *at = line; length > 0 && (at = strstr(at, name)) != NULL; at++)
        if ((at == line || !is_of_name(at[-1])) && (!at[length] || !is_of_name(at[length])))
            return true;
    return false;
}

static void hold(char **held, const char *line)
{
    free(*held);
    *held = line ? strdup(line) : NULL;
}

static void print_held(char **held)
{
    if (*held)
        print_line(NULL, *held);
    hold(held, NULL);
}

/* How a cycle ended belongs to whatever was told of it. */
static bool tells_end(const char *line)
{
    return strncmp(line, "  the ", 6) == 0;
}

static int tell_line(void *closure, char *line)
{
    struct subject *subject = closure;
    const bool about = mentions(line, subject->names[0]) || mentions(line, subject->names[1]);
    if (is_head(line)) {
        hold(&subject->head, line);
        hold(&subject->stage, NULL);
    } else if (strncmp(line, "    ", 4) != 0) {
        hold(&subject->stage, line);
    }
    if (!about && !(tells_end(line) && !subject->head && subject->told))
        return 0;
    if (!subject->told)
        puts("\nWhat happened:");
    subject->told = true;
    print_held(&subject->head);
    print_held(&subject->stage);
    if (strncmp(line, "    ", 4) == 0)
        print_line(NULL, line);
    return 0;
}

static void print_fact(const char *name, char *value)
{
    CLEANUP_FREE char *text = value;
    if (!text || !*text)
        return;
    print_padded(name, 12);
    print_padded(text, 0);
    putchar('\n');
}

static char *moment_at(const json_t *object, const char *member, int64_t now)
{
    const json_t *moment = json_object_get(object, member);
    return moment ? words_of_moment(json_integer_value(moment), now) : NULL;
}

static bool explain_target(const json_t *status, const char *name, int64_t now)
{
    const json_t *target = json_object_get(json_object_get(status, "targets"), name);
    if (!target)
        return false;
    CLEANUP_FREE char *reason =
        *text_at(target, "reason") ? string_format(": %s", text_at(target, "reason")) : NULL;
    print_fact("target", string_format("%s is %s%s", name, text_at(target, "status"), reason ? reason : ""));
    print_fact("since", moment_at(target, "since", now));
    print_fact("last seen", moment_at(target, "seen", now));
    return true;
}

/* Each service of that name, on that target, or with that component. */
static bool explain_services(const json_t *status, struct subject *subject, int64_t now)
{
    const char *name = subject->names[0];
    bool found = false;
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(status, "placement"), index, entry) {
        const char *service = text_at(entry, "service"), *component = text_at(entry, "component");
        const bool on = text_at_is(entry, "target", name);
        if (!on && strcmp(service, name) != 0 && strcmp(component, name) != 0)
            continue;
        if (!on && *component)
            subject->names[1] = strcmp(service, name) == 0 ? component : service;
        CLEANUP_FREE char *down = moment_at(entry, "since", now);
        print_fact("service",
                   string_format("%s in %s on %s %s%s%s", service, text_at(entry, "container"),
                                 text_at(entry, "target"),
                                 json_is_true(json_object_get(entry, "down")) ? "is DOWN" : "is live",
                                 down ? ", since " : "", down ? down : ""));
        found = true;
    }
    return found;
}

/* When its state was last saved, wherever it was. */
static bool explain_snapshots(const json_t *state, const struct subject *subject, int64_t now)
{
    const char *target, *container, *component;
    json_t *containers, *components, *moment;
    bool found = false;
    json_object_foreach(json_object_get(state, "snapshots"), target, containers)
        json_object_foreach(containers, container, components)
            json_object_foreach(components, component, moment) {
                if (strcmp(target, subject->names[0]) != 0 && strcmp(component, subject->names[0]) != 0
                    && (!subject->names[1] || strcmp(component, subject->names[1]) != 0))
                    continue;
                CLEANUP_FREE char *when = words_of_moment(json_integer_value(moment), now);
                print_fact("snapshot", string_format("of %s/%s on %s, %s", container, component, target,
                                                     when ? when : "?"));
                found = true;
            }
    return found;
}

static void explain_copy(const json_t *dispute, const json_t *copy)
{
    const json_t *names = json_object_get(copy, "snapshots");
    const char *newest = json_string_value(json_array_get(names, json_array_size(names) - 1));
    CLEANUP_FREE char *snapshot =
        newest ? string_format("its newest snapshot is %s/%s/%s", text_at(dispute, "container"),
                               text_at(dispute, "component"), newest)
               : string_format("it has no snapshot");
    print_fact("copy", string_format("in dispute: on %s, which %s; %s", text_at(copy, "target"),
                                     words_of_life(copy), snapshot ? snapshot : ""));
}

static void explain_disputes(const json_t *state, const struct subject *subject)
{
    size_t i, j;
    json_t *dispute, *copy;
    json_array_foreach(json_object_get(state, "disputes"), i, dispute) {
        const char *component = text_at(dispute, "component");
        const bool its = strcmp(component, subject->names[0]) == 0
                         || (subject->names[1] && strcmp(component, subject->names[1]) == 0);
        json_array_foreach(json_object_get(dispute, "copies"), j, copy)
            if (its || text_at_is(copy, "target", subject->names[0]))
                explain_copy(dispute, copy);
    }
}

int telling_explain(const json_t *status, const json_t *state, const char *directory, const char *name,
                    int64_t now)
{
    struct subject subject = { .names = { name } };
    CLEANUP_FREE char *text = NULL;
    bool found = explain_target(status, name, now);
    found = explain_services(status, &subject, now) || found;
    found = explain_snapshots(state, &subject, now) || found;
    explain_disputes(state, &subject);
    text = read_story(directory);
    if (text)
        string_lines(text, tell_line, &subject);
    hold(&subject.head, NULL);
    hold(&subject.stage, NULL);
    if (found || subject.told)
        return fflush(stdout) == 0 ? 0 : -1;
    fprintf(stderr, "dydisnix-self-adaptctl: explain: nothing is known of %s\n", name);
    return -1;
}
