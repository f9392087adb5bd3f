/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/saved-input/replay.h"

#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"
#include "plugin/capture/facts.h"
#include "plugin/copies/actions.h"
#include "plugin/saved-input/input.h"

static const size_t input_limit = (size_t)1 << 30;

static int no_memory(void)
{
    log_error(NULL, "out of memory");
    return -1;
}

/* Reads a file of the directory; a link is none. */
static int read_file(const struct replay *replay, const char *name, size_t limit, char **text, size_t *length)
{
    CLEANUP_FREE char *file = string_format("%s/%s", replay->directory, name);
    if (!file)
        return no_memory();
    if (operations->inspect(file, NULL) != DYDISNIX_FILE)
        log_error(NULL, "%s: no such file", file);
    else if (operations->read(file, limit, text, length) != 0)
        log_error(NULL, "%s: %s", file, strerror(errno));
    else
        return 0;
    return -1;
}

/* What a member has to be: s text, b boolean, i whole number that is not negative, o object, a array; n: or
 * absent. */
struct member {
    const char *key, *kinds;
};

static int wrong(const struct replay *replay, const char *where, const char *key, char kind)
{
    static const struct {
        char kind;
        const char *name;
    } kinds[] = { { 's', "a text" },
                  { 'b', "true or false" },
                  { 'i', "a whole number" },
                  { 'o', "an object" },
                  { 'a', "an array" } };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].kind == kind)
            log_error(NULL, "%s/" INPUT_FILE ": %s%s%s: %s expected", replay->directory, where,
                      *where ? "." : "", key, kinds[i].name);
    return -1;
}

static char kind_of(const json_t *value)
{
    if (json_is_integer(value))
        return json_integer_value(value) >= 0 ? 'i' : '?';
    return json_is_string(value)    ? 's'
           : json_is_boolean(value) ? 'b'
           : json_is_object(value)  ? 'o'
           : json_is_array(value)   ? 'a'
           : json_is_real(value)    ? '?'
                                    : 'n';
}

static int check(const struct replay *replay, const json_t *object, const char *where,
                 const struct member *members)
{
    for (; members->key; members++)
        if (!strchr(members->kinds, kind_of(json_object_get(object, members->key))))
            return wrong(replay, where, members->key, members->kinds[0]);
    return 0;
}

/* All items of an array are of one kind. */
static int check_items(const struct replay *replay, const json_t *array, const char *where, const char *key,
                       char kind)
{
    size_t index;
    json_t *item;
    json_array_foreach(array, index, item) {
        CLEANUP_FREE char *position = string_format("%s[%zu]", key, index);
        if (!position || kind_of(item) != kind)
            return position ? wrong(replay, where, position, kind) : no_memory();
    }
    return 0;
}

/* All values of an object are of one of the kinds, n as null. */
static int check_values(const struct replay *replay, const json_t *object, const char *where,
                        const char *kinds)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
        if (!strchr(kinds, kind_of(value)))
            return wrong(replay, where, key, kinds[0]);
    return 0;
}

static int check_objects(const struct replay *replay, const char *where, const struct member *members)
{
    const char *key;
    json_t *value, *objects = json_object_get(replay->root, where);
    if (check_values(replay, objects, where, "o") != 0)
        return -1;
    json_object_foreach(objects, key, value) {
        CLEANUP_FREE char *element = string_format("%s.%s", where, key);
        if (!element || check(replay, value, element, members) != 0)
            return -1;
    }
    return 0;
}

static int check_generation(const struct replay *replay, const json_t *copy, const char *where,
                            const char *key)
{
    static const struct member members[] = {
        { "age", "i" }, { "reconstructed", "b" }, { "with", "a" }, { NULL, NULL }
    };
    const json_t *generation = json_object_get(copy, key);
    CLEANUP_FREE char *element = string_format("%s.%s", where, key);
    if (!json_is_object(generation))
        return 0;
    return element && check(replay, generation, element, members) == 0
                   && check_items(replay, json_object_get(generation, "with"), element, "with", 's') == 0
               ? 0
               : -1;
}

static int check_copy(const struct replay *replay, const json_t *copy, const char *where)
{
    static const struct member members[] = {
        { "component", "s" },    { "container", "s" },    { "target", "s" },    { "snapshots", "an" },
        { "coordinator", "an" }, { "after", "an" },       { "newest", "on" },   { "deployed", "on" },
        { "present", "bn" },     { "deployedTo", "bn" },  { "activate", "sn" }, { "rescue", "sn" },
        { "fence", "sn" },       { "rescueAgain", "sn" }, { NULL, NULL }
    };
    static const char *const lists[] = { "snapshots", "coordinator", "after" };
    if (check(replay, copy, where, members) != 0 || check_generation(replay, copy, where, "newest") != 0
        || check_generation(replay, copy, where, "deployed") != 0)
        return -1;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (check_items(replay, json_object_get(copy, lists[i]), where, lists[i], 's') != 0)
            return -1;
    return 0;
}

static int check_rounds(const struct replay *replay)
{
    static const struct member members[] = { { "copies", "a" }, { "refused", "o" }, { NULL, NULL } };
    const json_t *rounds = json_object_get(replay->root, "rounds");
    json_t *round, *copy;
    size_t i, j;
    if (check_items(replay, rounds, "", "rounds", 'o') != 0)
        return -1;
    json_array_foreach(rounds, i, round) {
        CLEANUP_FREE char *where = string_format("rounds[%zu]", i);
        const json_t *copies = json_object_get(round, "copies");
        if (!where || check(replay, round, where, members) != 0
            || check_items(replay, copies, where, "copies", 'o') != 0
            || check_values(replay, json_object_get(round, "refused"), where, "s") != 0)
            return -1;
        json_array_foreach(copies, j, copy) {
            CLEANUP_FREE char *element = string_format("%s.copies[%zu]", where, j);
            if (!element || check_copy(replay, copy, element) != 0)
                return -1;
        }
    }
    return 0;
}

static int check_hashes(const struct replay *replay)
{
    static const struct member members[] = {
        { "name", "s" }, { "type", "s" }, { "dependsOn", "a" }, { "hash", "s" }, { NULL, NULL }
    };
    const json_t *hashes = json_object_get(replay->root, "hashes");
    json_t *entry;
    size_t i;
    if (check_items(replay, hashes, "", "hashes", 'o') != 0)
        return -1;
    json_array_foreach(hashes, i, entry) {
        CLEANUP_FREE char *where = string_format("hashes[%zu]", i);
        if (!where || check(replay, entry, where, members) != 0)
            return -1;
    }
    return 0;
}

/* What version 1 knew of copies was for another rule; where it decided about none, it is the same. */
static bool is_version_read(const struct replay *replay)
{
    json_int_t version = json_integer_value(json_object_get(replay->root, "version"));
    size_t index;
    json_t *round;
    if (version != INPUT_VERSION && version != INPUT_VERSION_WITHOUT_COPIES) {
        log_error(NULL, "%s/" INPUT_FILE ": version: %d expected", replay->directory, INPUT_VERSION);
        return false;
    }
    json_array_foreach(json_object_get(replay->root, "rounds"), index, round)
        if (version != INPUT_VERSION && json_array_size(json_object_get(round, "copies")) > 0) {
            log_error(NULL,
                      "%s/" INPUT_FILE
                      ": version: %d expected: what is saved of copies of state is of another rule",
                      replay->directory, INPUT_VERSION);
            return false;
        }
    return true;
}

/* Once this has succeeded everything is of the kind that it should be. */
static int check_root(const struct replay *replay)
{
    static const struct member members[] = { { "options", "o" },    { "defaults", "o" }, { "history", "on" },
                                             { "previous", "on" },  { "deployed", "b" }, { "targets", "on" },
                                             { "hashes", "an" },    { "rounds", "a" },   { "fetched", "on" },
                                             { "installed", "on" }, { "failed", "sn" },  { NULL, NULL } };
    static const struct member defaults[] = {
        { "interface", "s" }, { "target-property", "s" }, { "system", "s" }, { NULL, NULL }
    };
    static const struct member previous[] = { { "known", "b" },      { "profile", "s" },   { "path", "sn" },
                                              { "generation", "i" }, { "namesake", "sn" }, { NULL, NULL } };
    static const struct member installed[] = {
        { "path", "sn" }, { "generation", "i" }, { "unbacked", "an" }, { NULL, NULL }
    };
    static const struct member target[] = {
        { "answer", "s" }, { "reason", "sn" }, { "profile", "sn" }, { "milliseconds", "i" }, { NULL, NULL }
    };
    static const struct member fetched[] = {
        { "paths", "i" }, { "bytes", "i" }, { "unasked", "i" }, { "unaskedPaths", "an" }, { NULL, NULL }
    };
    const json_t *root = replay->root, *given = json_object_get(root, "installed");
    if (!is_version_read(replay))
        return -1;
    if (check(replay, root, "", members) != 0
        || check(replay, json_object_get(root, "defaults"), "defaults", defaults) != 0
        || (json_is_object(json_object_get(root, "previous"))
            && check(replay, json_object_get(root, "previous"), "previous", previous) != 0)
        || (json_is_object(given) && check(replay, given, "installed", installed) != 0)
        || check_items(replay, json_object_get(given, "unbacked"), "installed", "unbacked", 's') != 0
        || check_objects(replay, "targets", target) != 0 || check_objects(replay, "fetched", fetched) != 0)
        return -1;
    return check_hashes(replay) == 0 ? check_rounds(replay) : -1;
}

static int take_options(struct replay *replay)
{
    CLEANUP_FREE char *source = string_format("%s/" INPUT_FILE ": options", replay->directory);
    const char *key;
    json_t *value;
    int status = source ? 0 : no_memory();
    replay->options.source = source;
    json_object_foreach(json_object_get(replay->root, "options"), key, value) {
        CLEANUP_FREE char *number =
            json_is_integer(value) ? string_format("%" JSON_INTEGER_FORMAT, json_integer_value(value)) : NULL;
        if (status != 0)
            break;
        if (strcmp(key, "dry-run") == 0 && json_is_boolean(value))
            replay->options.dry_run = json_is_true(value);
        else if (strcmp(key, "hold") == 0 || strcmp(key, "on-conflict") == 0)
            continue; /* of version 1 */
        else if (strcmp(key, "late") == 0 && json_is_boolean(value))
            replay->options.late = json_is_true(value);
        else if (!number && !json_is_string(value))
            status = wrong(replay, "options", key, 's');
        else
            status = options_set(&replay->options, key, number ? number : json_string_value(value));
    }
    replay->options.source = options_default.source;
    return status;
}

int replay_load(struct replay *replay, const char *directory, const struct options *options)
{
    CLEANUP_FREE char *data = NULL;
    size_t length = 0;
    json_error_t error;
    *replay = (struct replay){ .directory = directory, .options = options_default };
    if (read_file(replay, INPUT_FILE, input_limit, &data, &length) != 0)
        return -1;
    replay->root = json_loadb(data, length, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(replay->root)) {
        log_error(NULL, "%s/" INPUT_FILE ": line %d: %s", directory, replay->root ? 1 : error.line,
                  replay->root ? "no JSON object" : error.text);
        return -1;
    }
    if (check_root(replay) != 0 || take_options(replay) != 0)
        return -1;
    const json_t *defaults = json_object_get(replay->root, "defaults");
    replay->defaults =
        (struct infrastructure_defaults){ .client_interface = text_or_null(defaults, "interface"),
                                          .target_property = text_or_null(defaults, "target-property"),
                                          .system = text_or_null(defaults, "system") };
    replay->options.save_input = options->save_input;
    return 0;
}

void replay_clear(struct replay *replay)
{
    json_decref(replay->root);
    replay->root = NULL;
}

bool replay_fails(const struct replay *replay, const char *where)
{
    const char *failed = text_or_null(replay->root, "failed");
    if (!failed || strcmp(failed, where) != 0)
        return false;
    log_error(NULL, "%s: it failed here when the input was saved: %s", replay->directory, where);
    return true;
}

const json_t *replay_history(const struct replay *replay)
{
    return json_object_get(replay->root, "history");
}

int replay_infrastructure(const struct replay *replay, char **xml, size_t *length)
{
    return read_file(replay, INPUT_INFRASTRUCTURE, input_limit, xml, length);
}

/* A manifest of the coordinator. */
static int read_manifest(const struct replay *replay, const char *name, struct strings *strings,
                         struct manifest *manifest)
{
    CLEANUP_FREE char *file = string_format("%s/%s", replay->directory, name), *reason = NULL;
    if (!file)
        return no_memory();
    if (operations->inspect(file, NULL) != DYDISNIX_FILE) {
        log_error(NULL, "%s: no such file", file);
        return -1;
    }
    if (manifest_read(file, strings, manifest, &reason) == MANIFEST_READ)
        return 0;
    log_error(NULL, "%s", reason ? reason : "out of memory");
    return -1;
}

static char *copy_of(const json_t *object, const char *key)
{
    return text_or_null(object, key) ? strdup(text_or_null(object, key)) : NULL;
}

int replay_previous(const struct replay *replay, struct strings *strings, struct previous *previous,
                    char **namesake)
{
    const json_t *saved = json_object_get(replay->root, "previous");
    *previous =
        (struct previous){ .profile = copy_of(saved, "profile"),
                           .path = copy_of(saved, "path"),
                           .generation = (long)json_integer_value(json_object_get(saved, "generation")) };
    manifest_init(&previous->manifest, strings);
    *namesake = copy_of(saved, "namesake");
    if (!previous->profile)
        return json_is_object(saved) ? no_memory() : wrong(replay, "", "previous", 'o');
    if (!json_is_true(json_object_get(saved, "known")))
        return 0;
    previous->known = true;
    return read_manifest(replay, INPUT_PREVIOUS, strings, &previous->manifest);
}

int replay_deployed(const struct replay *replay, struct strings *strings, struct manifest *deployed,
                    bool *known)
{
    *known = json_is_true(json_object_get(replay->root, "deployed"));
    return *known ? read_manifest(replay, INPUT_DEPLOYED, strings, deployed) : 0;
}

static int wrong_target(const struct replay *replay, const struct captured *captured, const char *key,
                        const char *expected)
{
    log_error(NULL, "%s/" INPUT_FILE ": targets.%s.%s: %s expected", replay->directory,
              captured->target->name, key, expected);
    return -1;
}

/* The file with a target's profile manifest. A directory that is a link is none. */
static char *target_file(const struct replay *replay, const char *target)
{
    CLEANUP_FREE char *directory = string_format("%s/" INPUT_TARGETS, replay->directory);
    CLEANUP_FREE char *name = input_file_name(target);
    if (!directory || !name || operations->inspect(directory, NULL) != DYDISNIX_DIRECTORY)
        return NULL;
    return string_format(INPUT_TARGETS "/%s", name);
}

static int accept_saved(const struct replay *replay, const json_t *saved, const struct target_keys *keys,
                        struct strings *strings, struct captured *captured)
{
    CLEANUP_FREE char *file = target_file(replay, captured->target->name), *data = NULL;
    size_t length = 0;
    if (!is_store_path(text_or_null(saved, "profile")))
        return wrong_target(replay, captured, "profile", "a store path");
    captured->profile = strings_intern(strings, text_or_null(saved, "profile"));
    if (!file || !captured->profile) {
        log_error(NULL, "%s/" INPUT_TARGETS ": no such directory", replay->directory);
        return -1;
    }
    if (read_file(replay, file, replay->options.manifest_limit, &data, &length) != 0)
        return -1;
    captured_accept(captured, data, length, file, keys, &replay->options, strings);
    return 0;
}

/* What a target sent that was not accepted is only kept again. */
static void keep_again(const struct replay *replay, struct captured *captured)
{
    CLEANUP_FREE char *name = replay->options.save_input ? target_file(replay, captured->target->name) : NULL;
    CLEANUP_FREE char *file = name ? string_format("%s/%s", replay->directory, name) : NULL;
    if (file && operations->inspect(file, NULL) == DYDISNIX_FILE)
        operations->read(file, replay->options.manifest_limit, &captured->kept, &captured->kept_length);
}

static int replay_target(const struct replay *replay, const json_t *saved, const struct target_keys *keys,
                         struct strings *strings, struct captured *captured)
{
    const char *answer = text_or_null(saved, "answer"), *reason = text_or_null(saved, "reason");
    if (!saved) {
        log_error(NULL, "%s/" INPUT_FILE ": targets: nothing of target %s", replay->directory,
                  captured->target->name);
        return -1;
    }
    captured->milliseconds = json_integer_value(json_object_get(saved, "milliseconds"));
    if (strcmp(answer, answer_name(ANSWER_CAPTURED)) == 0)
        return accept_saved(replay, saved, keys, strings, captured);
    captured->profile = strings_intern(strings, text_or_null(saved, "profile"));
    for (enum answer given = ANSWER_EMPTY; given <= ANSWER_SILENT; given++)
        if (strcmp(answer, answer_name(given)) == 0) {
            captured_answer(captured, given, reason ? strdup(reason) : NULL);
            keep_again(replay, captured);
            return 0;
        }
    return wrong_target(replay, captured, "answer", "captured, empty, invalid or silent");
}

int replay_capture(const struct replay *replay, const struct target_keys *keys, struct strings *strings,
                   struct capture *capture)
{
    const json_t *targets = json_object_get(replay->root, "targets");
    for (size_t i = 0; i < capture->count; i++)
        if (replay_target(replay, json_object_get(targets, capture->targets[i].target->name), keys, strings,
                          &capture->targets[i])
            != 0)
            return -1;
    return 0;
}

/* What was computed of such a document; NULL: nothing. */
static json_t *find_hash(const json_t *hashes, const json_t *document)
{
    size_t index;
    json_t *entry, *value;
    const char *key;
    json_array_foreach(hashes, index, entry) {
        bool same = true;
        json_object_foreach((json_t *)document, key, value)
            same = same && json_equal(json_object_get(entry, key), value);
        if (same)
            return json_object_get(entry, "hash");
    }
    return NULL;
}

int replay_hashes(const struct replay *replay, const json_t *documents, json_t **keys)
{
    const json_t *hashes = json_object_get(replay->root, "hashes");
    size_t index;
    json_t *document;
    *keys = json_array();
    json_array_foreach(documents, index, document) {
        json_t *hash = find_hash(hashes, document);
        if (!hash) {
            log_error(NULL, "%s/" INPUT_FILE ": hashes: nothing of what is claimed of service %s",
                      replay->directory, text_or_null(document, "name"));
            return -1;
        }
        json_array_append(*keys, hash);
    }
    return 0;
}

static const json_t *this_round(const struct replay *replay)
{
    return json_array_get(json_object_get(replay->root, "rounds"), replay->round - 1);
}

static const json_t *find_copy(const struct replay *replay, const struct copy *copy)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(this_round(replay), "copies"), index, entry)
        if (strcmp(text_or_null(entry, "component"), copy->mapping->component) == 0
            && strcmp(text_or_null(entry, "container"), copy->mapping->container) == 0
            && strcmp(text_or_null(entry, "target"), copy->mapping->target) == 0)
            return entry;
    return NULL;
}

static int take_names(const json_t *names, struct strings *strings, struct snapshots *snapshots)
{
    size_t index;
    json_t *name;
    if (!json_is_array(names))
        return 0;
    snapshots->names = calloc(json_array_size(names) + 1, sizeof *snapshots->names);
    if (!snapshots->names)
        return -1;
    json_array_foreach(names, index, name)
        if (!(snapshots->names[snapshots->count++] = strings_intern(strings, json_string_value(name))))
            return -1;
    snapshots->answered = true;
    return 0;
}

static void take_generation(const json_t *saved, const struct component *component,
                            struct generation *generation)
{
    size_t index;
    json_t *name;
    if (!json_is_object(saved))
        return;
    generation->known = true;
    generation->age = (size_t)json_integer_value(json_object_get(saved, "age"));
    generation->reconstructed = json_is_true(json_object_get(saved, "reconstructed"));
    json_array_foreach(json_object_get(saved, "with"), index, name)
        for (size_t i = 0; i < component->place_count; i++)
            generation->with[i] =
                generation->with[i] || strcmp(component->places[i].target, json_string_value(name)) == 0;
}

static int take_facts(const json_t *saved, struct strings *strings, struct copy *copy)
{
    struct facts *facts = &copy->facts;
    struct snapshots *coordinator = &copy->component->coordinator;
    const json_t *present = json_object_get(saved, "present"), *to = json_object_get(saved, "deployedTo");
    facts->profile_known = json_is_boolean(present);
    facts->profile_present = json_is_true(present);
    facts->deployed_known = json_is_boolean(to);
    facts->deployed_to = json_is_true(to);
    take_generation(json_object_get(saved, "newest"), copy->component, &facts->newest);
    take_generation(json_object_get(saved, "deployed"), copy->component, &facts->deployed);
    if (!coordinator->answered
        && take_names(json_object_get(saved, "coordinator"), strings, coordinator) != 0)
        return -1;
    return take_names(json_object_get(saved, "snapshots"), strings, &facts->here);
}

int replay_facts(struct replay *replay, struct strings *strings, struct copies *copies)
{
    replay->strings = strings;
    for (size_t i = 0; i < copies->count; i++) {
        struct copy *copy = &copies->items[i];
        const json_t *saved = find_copy(replay, copy);
        if (!json_object_get(saved, "snapshots"))
            log_warning(copy->mapping->target, "the saved input does not tell of snapshots of %s in %s",
                        copy->mapping->component, copy->mapping->container);
        if (facts_begin(copy, replay_history(replay)) != 0 || take_facts(saved, strings, copy) != 0)
            return no_memory();
    }
    return 0;
}

/* What was there after the last rescue is told to all of them: the last one counts. */
enum outcome replay_outcome(void *closure, struct copy *copy, enum action action)
{
    struct replay *replay = closure;
    const json_t *saved = find_copy(replay, copy);
    const char *outcome = text_or_null(saved, action_name(action));
    if (!copy->facts.after.answered)
        take_names(json_object_get(saved, "after"), replay->strings, &copy->facts.after);
    const bool hung = outcome && strcmp(outcome, "hung") == 0;
    copy->hung = copy->hung || hung;
    return hung || (outcome && strcmp(outcome, "failed") == 0) ? OUTCOME_FAILED : OUTCOME_DONE;
}

static void take_fetched(const json_t *saved, struct fetched *fetched)
{
    json_t *unasked = json_object_get(saved, "unaskedPaths");
    fetched->paths = (size_t)json_integer_value(json_object_get(saved, "paths"));
    fetched->bytes = (uint64_t)json_integer_value(json_object_get(saved, "bytes"));
    fetched->unasked = (size_t)json_integer_value(json_object_get(saved, "unasked"));
    if (json_is_array(unasked) && !fetched->unasked_paths)
        fetched->unasked_paths = json_incref(unasked);
}

int replay_closures(const struct replay *replay, struct capture *capture, struct closure_report *report,
                    bool *refused)
{
    const json_t *fetched = json_object_get(replay->root, "fetched");
    const json_t *reasons = json_object_get(this_round(replay), "refused");
    *refused = false;
    if (!report->targets && !(report->targets = calloc(capture->count + 1, sizeof *report->targets)))
        return no_memory();
    report->count = capture->count;
    for (size_t i = 0; i < capture->count; i++) {
        struct captured *captured = &capture->targets[i];
        const char *reason = text_or_null(reasons, captured->target->name);
        take_fetched(json_object_get(fetched, captured->target->name), &report->targets[i]);
        if (!reason || captured->answer != ANSWER_CAPTURED)
            continue;
        captured_refuse(captured, strdup(reason));
        *refused = true;
    }
    return 0;
}

int replay_install(const struct replay *replay, struct installed *installed)
{
    const json_t *saved = json_object_get(replay->root, "installed");
    installed->path = copy_of(saved, "path");
    installed->generation = (long)json_integer_value(json_object_get(saved, "generation"));
    installed->unbacked = json_deep_copy(json_object_get(saved, "unbacked"));
    return 0;
}
