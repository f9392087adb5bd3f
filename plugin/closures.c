/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "closures.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "client.h"
#include "nix.h"
#include "operations.h"
#include "paths.h"

/* One export is one argument vector: stay well below what the kernel takes. */
static const size_t export_arguments = 96 * 1024;

/* A part of a target's closure: paths that are exported together, dependencies first. */
struct part {
    struct captured *source;
    size_t *paths; /* positions in transfer.paths */
    size_t count;
    struct arguments arguments;
    char *file; /* the exported stream, once it is there */
    bool failed, imported;
};

struct transfer {
    const struct options *options;
    struct strings *strings;
    struct capture *capture;
    struct closure_report *report;
    const char **paths; /* all paths of all closures, once each, in the order of the targets */
    bool *invalid;
    size_t count;
    bool *failed; /* targets that failed to export, in the order of the capture */
    struct part *parts;
    size_t part_count, next_part;
    char *directory; /* temporary files of client calls */
    const char *environment[2];
};

static int compare_paths(const void *a, const void *b)
{
    const char *first = *(const char *const *)a, *second = *(const char *const *)b;
    return (first > second) - (first < second); /* interned */
}

/* Lists every path of the captured closures once; order does not matter for validity. */
static int list_paths(struct transfer *transfer)
{
    size_t total = 0;
    for (size_t i = 0; i < transfer->capture->count; i++)
        total += transfer->capture->targets[i].requisite_count;
    transfer->paths = calloc(total + 1, sizeof *transfer->paths);
    transfer->invalid = calloc(total + 1, sizeof *transfer->invalid);
    if (!transfer->paths || !transfer->invalid)
        return -1;
    size_t count = 0;
    for (size_t i = 0; i < transfer->capture->count; i++) {
        const struct captured *captured = &transfer->capture->targets[i];
        for (size_t j = 0; captured->answer == ANSWER_CAPTURED && j < captured->requisite_count; j++)
            transfer->paths[count++] = captured->requisites[j];
    }
    qsort(transfer->paths, count, sizeof *transfer->paths, compare_paths);
    for (size_t i = 0; i < count; i++)
        if (transfer->count == 0 || transfer->paths[transfer->count - 1] != transfer->paths[i])
            transfer->paths[transfer->count++] = transfer->paths[i];
    return 0;
}

static size_t position_of(const struct transfer *transfer, const char *path)
{
    const char **found = bsearch(&path, transfer->paths, transfer->count, sizeof *transfer->paths, compare_paths);
    return (size_t)(found - transfer->paths);
}

static struct part *add_part(struct transfer *transfer, struct captured *source, size_t most)
{
    struct part *grown = realloc(transfer->parts, (transfer->part_count + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    transfer->parts = grown;
    struct part *part = &transfer->parts[transfer->part_count];
    *part = (struct part){ .source = source, .paths = calloc(most, sizeof *part->paths) };
    if (!part->paths)
        return NULL;
    transfer->part_count++;
    return part;
}

/* Gives every missing path to the first target that has it and did not fail. Within a target the order of its closure
 * is kept, so that whatever a part refers to is in it, in an earlier part, or valid already. */
static int assign_paths(struct transfer *transfer)
{
    CLEANUP_FREE bool *assigned = calloc(transfer->count + 1, sizeof *assigned);
    if (!assigned)
        return -1;
    for (size_t i = 0; i < transfer->capture->count; i++) {
        struct captured *captured = &transfer->capture->targets[i];
        struct part *part = NULL;
        size_t size = 0;
        if (captured->answer != ANSWER_CAPTURED || transfer->failed[i])
            continue;
        for (size_t j = 0; j < captured->requisite_count; j++) {
            size_t position = position_of(transfer, captured->requisites[j]);
            if (!transfer->invalid[position] || assigned[position])
                continue;
            assigned[position] = true;
            size += strlen(captured->requisites[j]) + 1 + sizeof(char *);
            if ((!part || size > export_arguments) && !(part = add_part(transfer, captured, captured->requisite_count)))
                return -1;
            size = size > export_arguments ? 0 : size;
            part->paths[part->count++] = position;
        }
    }
    return 0;
}

static bool next_export(void *closure, struct dydisnix_program *program)
{
    struct transfer *transfer = closure;
    if (transfer->next_part == transfer->part_count)
        return false;
    struct part *part = &transfer->parts[transfer->next_part++];
    log_notice(part->source->target->name, "fetching %zu missing path%s", part->count, part->count == 1 ? "" : "s");
    client_arguments(&part->arguments, part->source->target, "--export");
    arguments_add(&part->arguments, "--remotefile");
    for (size_t i = 0; i < part->count; i++)
        arguments_add(&part->arguments, transfer->paths[part->paths[i]]);
    program->argv = arguments_vector(&part->arguments);
    program->environment = transfer->environment;
    program->target = part->source->target->name;
    program->deadline = transfer->options->transfer_timeout;
    program->closure = part;
    return true;
}

static void export_done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    struct part *part = program->closure;
    char *file = NULL;
    (void)closure;
    if (result->ending == DYDISNIX_EXITED && result->status == 0)
        file = string_last_line(result->output);
    if (file && file[0] == '/' && operations->inspect(file, NULL) == DYDISNIX_FILE) {
        part->file = strdup(file);
    } else {
        CLEANUP_FREE char *ending = file ? string_format("no file: %.200s", file) : describe_ending(result);
        log_warning(part->source->target->name, "its closure was not sent: %s", ending ? ending : "?");
    }
    part->failed = !part->file;
    arguments_clear(&part->arguments);
}

/* Only what the client interface made for us is removed: a file in a directory for temporary files. */
static void remove_export(const struct transfer *transfer, const char *file)
{
    const char *usual = getenv("TMPDIR");
    const char *const directories[] = { transfer->directory, usual && *usual ? usual : "/tmp" };
    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(directories[i]);
        while (length > 1 && directories[i][length - 1] == '/')
            length--;
        if (strncmp(file, directories[i], length) == 0 && file[length] == '/' && !strstr(file, "/../")) {
            operations->remove(file);
            return;
        }
    }
    log_warning(NULL, "%s is not in a directory for temporary files and is left there", file);
}

static size_t source_position(const struct transfer *transfer, const struct part *part)
{
    return (size_t)(part->source - transfer->capture->targets);
}

static void import_part(struct transfer *transfer, struct part *part)
{
    uint64_t size = 0;
    operations->inspect(part->file, &size);
    part->failed = nix_import(part->file, part->source->target->name, transfer->options->transfer_timeout) != 0;
    if (part->failed)
        return;
    transfer->report->paths[source_position(transfer, part)] += part->count;
    transfer->report->bytes[source_position(transfer, part)] += size;
    part->imported = true;
}

/* Imports in order. After the first failure the rest waits for the next round: what it refers to may be missing. */
static void import_parts(struct transfer *transfer)
{
    bool stopped = false;
    for (size_t i = 0; i < transfer->part_count; i++) {
        struct part *part = &transfer->parts[i];
        if (part->file && !stopped)
            import_part(transfer, part);
        stopped = stopped || part->failed;
        if (part->file)
            remove_export(transfer, part->file);
    }
}

/* Whether a part was imported and did not hold what was asked for. */
static bool is_lacking(const struct transfer *transfer, const struct part *part)
{
    for (size_t i = 0; part->imported && i < part->count; i++)
        if (transfer->invalid[part->paths[i]]) {
            log_warning(part->source->target->name, "its export lacked %s", transfer->paths[part->paths[i]]);
            return true;
        }
    return false;
}

/* Finds out which sources failed; these are not asked again. When a part was lacking, the import that failed may have
 * missed just that. */
static void judge_parts(struct transfer *transfer)
{
    bool lacking = false;
    for (size_t i = 0; i < transfer->part_count; i++)
        if (is_lacking(transfer, &transfer->parts[i]))
            transfer->failed[source_position(transfer, &transfer->parts[i])] = lacking = true;
    for (size_t i = 0; i < transfer->part_count; i++) {
        const struct part *part = &transfer->parts[i];
        if (part->failed && (!part->file || !lacking))
            transfer->failed[source_position(transfer, part)] = true;
    }
}

static void clear_parts(struct transfer *transfer)
{
    for (size_t i = 0; i < transfer->part_count; i++) {
        free(transfer->parts[i].file);
        free(transfer->parts[i].paths);
    }
    transfer->part_count = transfer->next_part = 0;
}

/* One round of exports and imports. 1: something was missing, look again; 0: nothing is missing; -1: failed. */
static int fetch_round(struct transfer *transfer)
{
    const struct dydisnix_work work = { .next = next_export, .done = export_done, .closure = transfer };
    if (nix_find_invalid(transfer->paths, transfer->count, transfer->invalid) != 0)
        return -1;
    judge_parts(transfer);
    clear_parts(transfer);
    if (assign_paths(transfer) != 0)
        return -1;
    if (transfer->part_count == 0)
        return 0;
    if (operations->run(&work, transfer->options->max_concurrent_transfers) != 0) {
        log_error(NULL, "fetching closures: %s", strerror(errno));
        return -1;
    }
    import_parts(transfer);
    return 1;
}

/* Targets whose profile is not complete here in the end cannot be used. */
static void refuse_incomplete(struct transfer *transfer, bool *refused)
{
    for (size_t i = 0; i < transfer->capture->count; i++) {
        struct captured *captured = &transfer->capture->targets[i];
        for (size_t j = 0; captured->answer == ANSWER_CAPTURED && j < captured->requisite_count; j++) {
            if (!transfer->invalid[position_of(transfer, captured->requisites[j])])
                continue;
            captured_refuse(captured, string_format("its closure cannot be fetched: %s is missing",
                                                    captured->requisites[j]));
            *refused = true;
        }
    }
}

static bool same_text(const struct captured *captured, const char *text, size_t length)
{
    size_t sent = captured->text_length;
    while (sent > 0 && strchr(" \t\r\n", captured->text[sent - 1]))
        sent--;
    while (length > 0 && strchr(" \t\r\n", text[length - 1]))
        length--;
    return sent == length && memcmp(captured->text, text, sent) == 0;
}

/* What the target sent before its profile was here must be what its profile holds. */
static void compare_texts(struct transfer *transfer, bool *refused)
{
    for (size_t i = 0; i < transfer->capture->count; i++) {
        struct captured *captured = &transfer->capture->targets[i];
        CLEANUP_FREE char *path = NULL, *text = NULL;
        size_t length = 0;
        if (captured->answer != ANSWER_CAPTURED || !captured->text)
            continue;
        path = string_format("%s/profilemanifest.xml", captured->profile);
        if (path && operations->read(path, transfer->options->manifest_limit, &text, &length) == 0
            && same_text(captured, text, length)) {
            free(captured->text);
            captured->text = NULL;
            continue;
        }
        captured_refuse(captured, string_format("the profile manifest that it sent is not the one in %s",
                                                captured->profile));
        *refused = true;
    }
}

static void transfer_clear(struct transfer *transfer)
{
    clear_parts(transfer);
    if (transfer->directory)
        operations->remove(transfer->directory);
    free((char *)transfer->environment[0]);
    free(transfer->directory);
    free(transfer->paths);
    free(transfer->invalid);
    free(transfer->failed);
    free(transfer->parts);
}

int closures_fetch(struct capture *capture, const struct options *options, struct strings *strings,
                   struct closure_report *report, bool *refused)
{
    struct transfer transfer = { .options = options, .strings = strings, .capture = capture, .report = report };
    transfer.failed = calloc(capture->count + 1, sizeof *transfer.failed);
    *refused = false;
    int status = transfer.failed && list_paths(&transfer) == 0 ? 1 : -1;
    if (status > 0 && operations->temporary_directory("dydisnix-closures", &transfer.directory) != 0) {
        log_error(NULL, "cannot make a temporary directory: %s", strerror(errno));
        status = -1;
    }
    if (status > 0 && !(transfer.environment[0] = string_format("TMPDIR=%s", transfer.directory)))
        status = -1;
    while (status > 0)
        status = fetch_round(&transfer);
    if (status == 0) {
        refuse_incomplete(&transfer, refused);
        compare_texts(&transfer, refused);
    }
    transfer_clear(&transfer);
    return status;
}
