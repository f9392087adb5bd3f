/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transcript.h"

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "operations.h"
#include "strings.h"

static const size_t transcript_limit = (size_t)1 << 30;

static const struct {
    const char *line, *name;
    enum deployment_phase phase;
} phases[] = {
    { "", "started", DEPLOYMENT_STARTED },
    { "Distributing intra-dependency closures", "distributing", DEPLOYMENT_DISTRIBUTING },
    { "Acquiring locks", "locking", DEPLOYMENT_LOCKING },
    { "Activating new configuration", "activating", DEPLOYMENT_ACTIVATING },
    { "Migrating data", "migrating", DEPLOYMENT_MIGRATING },
    { "Setting profiles", "setting profiles", DEPLOYMENT_SETTING },
};
static const char releasing[] = "releasing", giving_up[] = "giving up";

#define PHASE_COUNT (sizeof phases / sizeof *phases)

int transcript_init(struct transcript *transcript)
{
    *transcript = (struct transcript){ .locking = json_object(), .refused = json_object(),
                                       .unreleased = json_object(), .activating = json_object(),
                                       .deactivating = json_object(), .inactive = json_object() };
    return transcript->locking && transcript->refused && transcript->unreleased && transcript->activating
                   && transcript->deactivating && transcript->inactive
               ? 0
               : -1;
}

void transcript_clear(struct transcript *transcript)
{
    json_decref(transcript->locking);
    json_decref(transcript->refused);
    json_decref(transcript->unreleased);
    json_decref(transcript->activating);
    json_decref(transcript->deactivating);
    json_decref(transcript->inactive);
    *transcript = (struct transcript){ 0 };
}

static bool take_phase(struct transcript *transcript, const char *message)
{
    for (size_t i = 1; i < PHASE_COUNT; i++)
        if (strncmp(message, phases[i].line, strlen(phases[i].line)) == 0) {
            bool further = phases[i].phase > transcript->phase;
            transcript->phase = further ? phases[i].phase : transcript->phase;
            return further;
        }
    if (strncmp(message, "Releasing locks", strlen("Releasing locks")) != 0 || transcript->releasing)
        return false;
    transcript->releasing = true;
    return true;
}

/* "[target: NAME]: MESSAGE" somewhere in a line, for a program may have left its last line open. */
static const char *split_target(const char *line, char **target)
{
    static const char mark[] = "[target: ", end[] = "]: ";
    const char *name = strstr(line, mark), *rest = name ? strstr(name, end) : NULL;
    *target = rest ? strndup(name + strlen(mark), (size_t)(rest - name) - strlen(mark)) : NULL;
    return *target ? rest + strlen(end) : NULL;
}

/* What follows beginning in message; NULL: it does not begin so. */
static const char *after(const char *message, const char *beginning)
{
    size_t length = strlen(beginning);
    return strncmp(message, beginning, length) == 0 ? message + length : NULL;
}

static void note_service(json_t *services, const char *target, const char *text)
{
    CLEANUP_FREE char *key = strndup(text, strcspn(text, " "));
    json_t *keys = json_object_get(services, target);
    if (!keys) {
        json_object_set_new(services, target, json_object());
        keys = json_object_get(services, target);
    }
    if (key)
        json_object_set_new(keys, key, json_true());
}

bool transcript_line(struct transcript *transcript, const char *line)
{
    static const char mark[] = "[coordinator]: ";
    const char *message = strstr(line, mark), *key;
    CLEANUP_FREE char *target = NULL;
    if (message)
        return take_phase(transcript, message + strlen(mark));
    message = split_target(line, &target);
    if (!message)
        return false;
    if (after(message, "Acquiring a lock on profile"))
        json_object_set_new(transcript->locking, target, json_true());
    else if ((key = after(message, "Activating service with key: ")) != NULL)
        note_service(transcript->activating, target, key);
    else if ((key = after(message, "Deactivating service with key: ")) != NULL)
        note_service(transcript->deactivating, target, key);
    return false;
}

static void take_error(struct transcript *transcript, const char *line)
{
    CLEANUP_FREE char *target = NULL;
    const char *message = split_target(line, &target), *key;
    transcript->failed = transcript->failed || strstr(line, "The deployment failed!");
    transcript->inconsistent = transcript->inconsistent || strstr(line, "inconsistent");
    transcript->deactivation_failed = transcript->deactivation_failed || strstr(line, "Deactivation failed");
    if (!message)
        return;
    if (after(message, "Cannot lock profile"))
        json_object_set_new(transcript->refused, target, json_true());
    else if (after(message, "Cannot unlock profile"))
        json_object_set_new(transcript->unreleased, target, json_true());
    else if ((key = after(message, "Activation failed of service: ")) != NULL)
        note_service(transcript->inactive, target, key);
}

static int each_line(void *closure, char *line)
{
    transcript_line(closure, line);
    return 0;
}

static int each_error(void *closure, char *line)
{
    take_error(closure, line);
    return 0;
}

static void read_lines(const char *file, int (*each)(void *, char *), struct transcript *transcript)
{
    CLEANUP_FREE char *text = NULL;
    size_t length = 0;
    if (operations->read(file, transcript_limit, &text, &length) != 0)
        return;
    for (char *nul = text; (nul = memchr(nul, '\0', length - (size_t)(nul - text))) != NULL;)
        *nul = '?';
    string_lines(text, each, transcript);
}

int transcript_read(struct transcript *transcript, const char *file)
{
    CLEANUP_FREE char *errors = string_format("%s.err", file);
    if (!errors)
        return -1;
    read_lines(file, each_line, transcript);
    read_lines(errors, each_error, transcript);
    return 0;
}

const char *transcript_phase(const struct transcript *transcript)
{
    if (transcript->releasing)
        return transcript->phase == DEPLOYMENT_SETTING ? releasing : giving_up;
    return phases[transcript->phase].name;
}

void transcript_at_least(struct transcript *transcript, const char *phase)
{
    enum deployment_phase known = DEPLOYMENT_STARTED;
    for (size_t i = 0; i < PHASE_COUNT; i++)
        if (strcmp(phases[i].name, phase) == 0)
            known = phases[i].phase;
    if (strcmp(phase, releasing) == 0)
        known = DEPLOYMENT_SETTING;
    else if (strcmp(phase, giving_up) == 0)
        known = DEPLOYMENT_ACTIVATING;
    if (known <= transcript->phase)
        return;
    transcript->phase = known;
    transcript->lost = true;
}

bool transcript_has_lock(const struct transcript *transcript, const char *target)
{
    if (transcript->phase < DEPLOYMENT_LOCKING || json_object_get(transcript->refused, target))
        return false;
    /* Beyond that phase it has them all. */
    return transcript->phase > DEPLOYMENT_LOCKING || transcript->lost
           || json_object_get(transcript->locking, target);
}

bool transcript_deactivated(const struct transcript *transcript, const char *target, const char *key)
{
    return json_object_get(json_object_get(transcript->deactivating, target), key) != NULL;
}

bool transcript_activated(const struct transcript *transcript, const char *target, const char *key)
{
    if (transcript->phase < DEPLOYMENT_ACTIVATING
        || json_object_get(json_object_get(transcript->inactive, target), key))
        return false;
    return transcript->lost || json_object_get(json_object_get(transcript->activating, target), key);
}
