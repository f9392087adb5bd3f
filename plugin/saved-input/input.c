/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/saved-input/input.h"

#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/world/operations.h"
#include "plugin/copies/actions.h"

char *input_file_name(const char *target)
{
    static const char harmless[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
    char *name = malloc(3 * strlen(target) + 1), *end = name;
    for (const char *p = target; name && *p; p++) {
        if (strchr(harmless, *p) && !(*p == '.' && p == target))
            *end++ = *p;
        else
            end += sprintf(end, "%%%02X", (unsigned char)*p);
    }
    if (name)
        *end = '\0';
    return name;
}

static int refuse_entry(void *closure, const char *name)
{
    (void)name;
    *(bool *)closure = true;
    return 1;
}

static int check_directory(const char *directory)
{
    enum dydisnix_kind kind = operations->inspect(directory, NULL);
    bool taken = kind != DYDISNIX_ABSENT && kind != DYDISNIX_DIRECTORY;
    if (kind == DYDISNIX_DIRECTORY && operations->list(directory, refuse_entry, &taken) != 0) {
        log_error(NULL, "%s: %s", directory, strerror(errno));
        return -1;
    }
    if (!taken)
        return 0;
    log_error(NULL, "%s: the input is saved in a directory that is not there yet, or empty", directory);
    return -1;
}

int input_begin(struct input *input, const struct options *options, bool dry_run, const json_t *history)
{
    *input = (struct input){ 0 };
    if (!options->save_input)
        return 0;
    if (check_directory(options->save_input) != 0)
        return -1;
    input->directory = options->save_input;
    input->root =
        json_pack("{si ss so so* so}", "version", INPUT_VERSION, "program", PACKAGE_VERSION, "options",
                  options_describe(options), "history", json_deep_copy(history), "rounds", json_array());
    if (input->root
        && json_object_set_new(json_object_get(input->root, "options"), "dry-run", json_boolean(dry_run))
               == 0)
        return 0;
    log_error(NULL, "out of memory");
    return -1;
}

/* Paths are bytes, JSON is UTF-8. NULL becomes null. */
static json_t *as_text(const char *text)
{
    CLEANUP_FREE char *valid = string_utf8(text);
    return valid ? json_string(valid) : json_null();
}

static void set(struct input *input, const char *key, json_t *value)
{
    json_object_set_new(input->root, key, value);
}

void input_infrastructure(struct input *input, const char *xml, size_t length,
                          const struct infrastructure_defaults *defaults)
{
    if (!input->directory)
        return;
    input->infrastructure = malloc(length + 1);
    input->infrastructure_length = length;
    if (input->infrastructure)
        memcpy(input->infrastructure, xml, length);
    set(input, "defaults",
        json_pack("{so so so}", "interface", as_text(defaults->client_interface), "target-property",
                  as_text(defaults->target_property), "system", as_text(defaults->system)));
}

void input_previous(struct input *input, const struct previous *previous, const char *namesake)
{
    if (!input->directory)
        return;
    set(input, "previous",
        json_pack("{sb so so sI so}", "known", previous->known, "profile", as_text(previous->profile), "path",
                  as_text(previous->path), "generation", (json_int_t)previous->generation, "namesake",
                  as_text(namesake)));
}

void input_targets(struct input *input, const struct capture *capture)
{
    if (!input->directory)
        return;
    json_t *targets = json_object();
    for (size_t i = 0; i < capture->count; i++) {
        const struct captured *captured = &capture->targets[i];
        bool usable = captured->answer == ANSWER_CAPTURED || captured->answer == ANSWER_EMPTY;
        json_object_set_new(targets, captured->target->name,
                            json_pack("{ss so so sI}", "answer", answer_name(captured->answer), "reason",
                                      as_text(usable ? NULL : captured->reason), "profile",
                                      as_text(captured->profile), "milliseconds",
                                      (json_int_t)captured->milliseconds));
    }
    set(input, "targets", targets);
}

void input_hashes(struct input *input, const json_t *documents, const json_t *keys)
{
    size_t index;
    json_t *document;
    if (!input->directory)
        return;
    if (!json_object_get(input->root, "hashes"))
        set(input, "hashes", json_array());
    json_array_foreach(documents, index, document) {
        json_t *entry = json_deep_copy(document);
        json_object_set(entry, "hash", json_array_get(keys, index));
        json_array_append_new(json_object_get(input->root, "hashes"), entry);
    }
}

void input_round(struct input *input)
{
    if (input->directory)
        json_array_append_new(json_object_get(input->root, "rounds"),
                              json_pack("{s[] s{}}", "copies", "refused"));
}

static json_t *this_round(const struct input *input)
{
    const json_t *rounds = json_object_get(input->root, "rounds");
    return json_array_get(rounds, json_array_size(rounds) - 1);
}

/* null: nobody could tell. */
static json_t *snapshot_names(const struct snapshots *snapshots)
{
    json_t *names = snapshots->answered ? json_array() : json_null();
    for (size_t i = 0; snapshots->answered && i < snapshots->count; i++)
        json_array_append_new(names, as_text(snapshots->names[i]));
    return names;
}

/* null: there is none. */
static json_t *describe_generation(const struct generation *generation, const struct component *component)
{
    json_t *with = json_array();
    for (size_t i = 0; generation->known && i < component->place_count; i++)
        if (generation->with[i])
            json_array_append_new(with, json_string(component->places[i].target));
    if (generation->known)
        return json_pack("{sI sb so}", "age", (json_int_t)generation->age, "reconstructed",
                         (int)generation->reconstructed, "with", with);
    json_decref(with);
    return json_null();
}

static json_t *describe_facts(const struct copy *copy)
{
    const struct facts *facts = &copy->facts;
    return json_pack("{so so so so so so}", "snapshots", snapshot_names(&facts->here), "coordinator",
                     snapshot_names(&copy->component->coordinator), "newest",
                     describe_generation(&facts->newest, copy->component), "deployed",
                     describe_generation(&facts->deployed, copy->component), "present",
                     facts->profile_known ? json_boolean(facts->profile_present) : json_null(), "deployedTo",
                     facts->deployed_known ? json_boolean(facts->deployed_to) : json_null());
}

static void add_outcomes(json_t *entry, const struct copy *copy)
{
    for (enum action action = 0; action < ACTIONS; action++)
        if (copy->outcomes[action] != OUTCOME_PENDING)
            json_object_set_new(entry, action_name(action),
                                json_string(copy->outcomes[action] == OUTCOME_DONE  ? "done"
                                            : action == ACTIVATE_COPY && copy->hung ? "hung"
                                                                                    : "failed"));
    if (copy->facts.after.answered)
        json_object_set_new(entry, "after", snapshot_names(&copy->facts.after));
}

void input_copies(struct input *input, const struct copies *copies)
{
    if (!input->directory)
        return;
    json_t *list = json_array();
    for (size_t i = 0; i < copies->count; i++) {
        const struct copy *copy = &copies->items[i];
        json_t *entry = json_pack("{ss ss ss}", "component", copy->mapping->component, "container",
                                  copy->mapping->container, "target", copy->mapping->target);
        if (copy->facts.newest.with)
            json_object_update_new(entry, describe_facts(copy));
        add_outcomes(entry, copy);
        json_array_append_new(list, entry);
    }
    json_object_set_new(this_round(input), "copies", list);
}

void input_refused(struct input *input, const struct capture *capture, const bool *captured)
{
    for (size_t i = 0; input->directory && i < capture->count; i++)
        if (captured[i] && capture->targets[i].answer == ANSWER_INVALID)
            json_object_set_new(json_object_get(this_round(input), "refused"),
                                capture->targets[i].target->name, as_text(capture->targets[i].reason));
}

void input_fetched(struct input *input, const struct capture *capture, const struct closure_report *report)
{
    if (!input->directory)
        return;
    json_t *fetched = json_object();
    for (size_t i = 0; report->targets && i < report->count; i++) {
        const struct fetched *from = &report->targets[i];
        if (from->paths > 0)
            json_object_set_new(fetched, capture->targets[i].target->name,
                                json_pack("{sI sI sI sO*}", "paths", (json_int_t)from->paths, "bytes",
                                          (json_int_t)from->bytes, "unasked", (json_int_t)from->unasked,
                                          "unaskedPaths", from->unasked_paths));
    }
    set(input, "fetched", fetched);
}

void input_installed(struct input *input, const struct installed *installed)
{
    if (input->directory)
        set(input, "installed",
            json_pack("{so sI sO*}", "path", as_text(installed->path), "generation",
                      (json_int_t)installed->generation, "unbacked", installed->unbacked));
}

void input_failed(struct input *input, const char *where)
{
    if (input->directory)
        set(input, "failed", json_string(where));
}

static int write_file(const char *directory, const char *name, const char *data, size_t length)
{
    CLEANUP_FREE char *file = string_format("%s/%s", directory, name);
    return file ? operations->write(file, data, length, 0600) : -1;
}

static int write_manifest(const char *directory, const char *name, struct manifest *manifest)
{
    CLEANUP_BUFFER xmlBufferPtr text = manifest_write(manifest);
    return text ? write_file(directory, name, (const char *)xmlBufferContent(text),
                             (size_t)xmlBufferLength(text))
                : -1;
}

static int write_targets(const char *directory, const struct capture *capture)
{
    CLEANUP_FREE char *targets = string_format("%s/" INPUT_TARGETS, directory);
    if (!targets || operations->make_directory(targets, 0700) != 0)
        return -1;
    for (size_t i = 0; i < capture->count; i++) {
        const struct captured *captured = &capture->targets[i];
        CLEANUP_FREE char *name = input_file_name(captured->target->name);
        if (captured->kept
            && (!name || write_file(targets, name, captured->kept, captured->kept_length) != 0))
            return -1;
    }
    return 0;
}

/* The file that says what the others are comes last. */
static int write_files(struct input *input, const char *directory, struct previous *previous,
                       struct manifest *deployed, const struct capture *capture)
{
    CLEANUP_FREE char *text = json_dumps(input->root, JSON_INDENT(2) | JSON_SORT_KEYS);
    CLEANUP_FREE char *line = text ? string_format("%s\n", text) : NULL;
    if (write_targets(directory, capture) != 0
        || write_file(directory, INPUT_INFRASTRUCTURE, input->infrastructure, input->infrastructure_length)
               != 0
        || (previous->known && write_manifest(directory, INPUT_PREVIOUS, &previous->manifest) != 0)
        || (deployed && write_manifest(directory, INPUT_DEPLOYED, deployed) != 0))
        return -1;
    return line ? write_file(directory, INPUT_FILE, line, strlen(line)) : -1;
}

int input_save(struct input *input, struct previous *previous, struct manifest *deployed,
               const struct capture *capture)
{
    if (!input->directory)
        return 0;
    if (!input->infrastructure) {
        log_warning(NULL, "%s: no input is saved, there was no infrastructure model", input->directory);
        return 0;
    }
    CLEANUP_FREE char *aside =
        string_format("%s.new-%016llx", input->directory, (unsigned long long)operations->random());
    set(input, "deployed", json_boolean(deployed));
    if (aside && operations->make_directory(aside, 0700) == 0
        && write_files(input, aside, previous, deployed, capture) == 0
        && move_path(aside, input->directory) == 0)
        return 0;
    log_error(NULL, "%s: the input cannot be saved: %s", input->directory, strerror(errno));
    if (aside)
        operations->remove(aside);
    return -1;
}

void input_clear(struct input *input)
{
    free(input->infrastructure);
    json_decref(input->root);
    *input = (struct input){ 0 };
}
