/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/capture/closures.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/model/client.h"
#include "lib/model/nix-access.h"
#include "lib/model/nix.h"
#include "lib/model/paths.h"
#include "lib/world/budget.h"
#include "lib/world/operations.h"

/* One export is one argument vector: stay well below what the kernel takes. */
static const size_t export_arguments = 96 * 1024;

/* What is fetched may fall victim to a garbage collection until it is protected; then it is fetched again. */
static const int attempts = 3;

/* Where less is free the coordinator itself is in trouble. */
static const uint64_t least_room = 16 << 20;

/* Of paths that came without being asked for, so many are named; a target may send as many as it likes. */
static const size_t unasked_most = 100;

enum progress {
    PART_WANTED,  /* to be exported */
    PART_FAILED,  /* was not exported */
    PART_ARRIVED, /* exported, not imported yet */
    PART_STUCK,   /* exported, and the import failed: of its own fault, or because of what is missing */
    PART_IMPORTED
};

/* A part of a target's closure: paths that are exported together, dependencies first. */
struct part {
    struct captured *source;
    size_t *paths; /* positions in transfer.paths */
    size_t count;
    struct arguments arguments;
    char *directory; /* of temporary files of its export */
    const char *environment[2];
    char *file;     /* the exported stream, once it is there */
    size_t lacking; /* imported: one of paths that the stream did not hold; else count */
    enum progress progress;
};

/* Where in transfer.paths a path is. Its text is interned. */
struct place {
    const char *path;
    size_t position;
};

struct transfer {
    const struct options *options;
    struct capture *capture;
    const struct manifest *current; /* refers to its profiles; NULL: there is none */
    struct closure_report *report;
    bool *whole; /* targets of whose closures something may be missing; of the others the profile is there */
    const char *
        *paths; /* all paths of these closures, once each, dependencies first, in the order of the targets */
    struct place *places; /* of each, by address */
    bool *missing;
    size_t count;
    bool *failed;       /* targets that failed to export, in the order of the capture */
    struct part *parts; /* in the order of import */
    size_t part_count, next_part;
    bool looked;        /* what is missing has just been found out */
    bool waited;        /* there were parts of an earlier round */
    bool imported;      /* anything at all */
    int vanished;       /* rounds after which something was gone again */
    char *directory;    /* of those of the parts */
    size_t directories; /* made so far */
    uint64_t limit;     /* bytes of an export, for this round */
};

static int compare_addresses(const void *a, const void *b)
{
    const char *first = ((const struct place *)a)->path, *second = ((const struct place *)b)->path;
    return (first > second) - (first < second);
}

static int compare_places(const void *a, const void *b)
{
    int order = compare_addresses(a, b);
    size_t first = ((const struct place *)a)->position, second = ((const struct place *)b)->position;
    return order ? order : (first > second) - (first < second);
}

static int compare_positions(const void *a, const void *b)
{
    size_t first = ((const struct place *)a)->position, second = ((const struct place *)b)->position;
    return (first > second) - (first < second);
}

/* Every path once, where it is met first. */
static void number_places(struct transfer *transfer, struct place *places, size_t count)
{
    size_t unique = 0;
    qsort(places, count, sizeof *places, compare_places);
    for (size_t i = 0; i < count; i++)
        if (unique == 0 || places[unique - 1].path != places[i].path)
            places[unique++] = places[i];
    qsort(places, unique, sizeof *places, compare_positions);
    for (size_t i = 0; i < unique; i++) {
        transfer->paths[i] = places[i].path;
        places[i].position = i;
    }
    qsort(places, unique, sizeof *places, compare_addresses);
    transfer->count = unique;
}

/* What has to be there of a target. Nix has a path only with all that it refers to, so where the profile is
 * there, its closure is. */
static const char *const *closure_of(const struct transfer *transfer, size_t target, size_t *count)
{
    const struct captured *captured = &transfer->capture->targets[target];
    *count = captured->answer == ANSWER_CAPTURED ? captured->requisite_count : 0;
    if (*count == 0 || transfer->whole[target])
        return captured->requisites;
    *count = 1;
    return &captured->requisites[captured->requisite_count - 1];
}

/* Lists the paths that have to be there. None is known to be. */
static int list_paths(struct transfer *transfer)
{
    size_t total = 0, count, listed = 0;
    for (size_t i = 0; i < transfer->capture->count; i++, total += count)
        closure_of(transfer, i, &count);
    free(transfer->paths);
    free(transfer->places);
    free(transfer->missing);
    transfer->paths = calloc(total + 1, sizeof *transfer->paths);
    transfer->places = calloc(total + 1, sizeof *transfer->places);
    transfer->missing = calloc(total + 1, sizeof *transfer->missing);
    if (!transfer->paths || !transfer->places || !transfer->missing)
        return -1;
    for (size_t i = 0; i < transfer->capture->count; i++) {
        const char *const *paths = closure_of(transfer, i, &count);
        for (size_t j = 0; j < count; j++, listed++)
            transfer->places[listed] = (struct place){ paths[j], listed };
    }
    number_places(transfer, transfer->places, listed);
    memset(transfer->missing, true, transfer->count * sizeof *transfer->missing);
    return 0;
}

static size_t position_of(const struct transfer *transfer, const char *path)
{
    const struct place wanted = { .path = path };
    const struct place *found =
        bsearch(&wanted, transfer->places, transfer->count, sizeof wanted, compare_addresses);
    return found->position;
}

/* Looks again for what was missing. *fewer, if anything is there now that was not. */
static int find_missing(struct transfer *transfer, bool *fewer)
{
    CLEANUP_FREE const char **paths = calloc(transfer->count + 1, sizeof *paths);
    CLEANUP_FREE bool *invalid = calloc(transfer->count + 1, sizeof *invalid);
    size_t count = 0;
    if (!paths || !invalid)
        return -1;
    for (size_t i = 0; i < transfer->count; i++)
        if (transfer->missing[i])
            paths[count++] = transfer->paths[i];
    if (nix_find_invalid(paths, count, invalid) != 0)
        return -1;
    *fewer = false;
    for (size_t i = transfer->count; i-- > 0;) {
        if (!transfer->missing[i])
            continue;
        transfer->missing[i] = invalid[--count];
        *fewer = *fewer || !transfer->missing[i];
    }
    return 0;
}

/* Whether the profile of a target is missing that seemed to be here: its manifest could be read. */
static bool find_incomplete(struct transfer *transfer)
{
    bool found = false;
    for (size_t i = 0; i < transfer->capture->count; i++) {
        const struct captured *captured = &transfer->capture->targets[i];
        if (captured->answer != ANSWER_CAPTURED || transfer->whole[i]
            || !transfer->missing[position_of(transfer, captured->profile)])
            continue;
        transfer->whole[i] = found = true;
    }
    return found;
}

static int find_first(struct transfer *transfer)
{
    bool fewer, again = true;
    while (again) {
        if (list_paths(transfer) != 0) {
            log_error(NULL, "out of memory");
            return -1;
        }
        if (find_missing(transfer, &fewer) != 0)
            return -1;
        again = find_incomplete(transfer);
    }
    transfer->looked = true;
    return 0;
}

static struct part *add_part(struct transfer *transfer, struct captured *source)
{
    struct part *grown = array_grow(transfer->parts, transfer->part_count, sizeof *grown);
    if (!grown)
        return NULL;
    transfer->parts = grown;
    transfer->parts[transfer->part_count] = (struct part){ .source = source };
    return &transfer->parts[transfer->part_count++];
}

static int add_path(struct part *part, size_t position)
{
    size_t *grown = array_grow(part->paths, part->count, sizeof *grown);
    if (!grown)
        return -1;
    part->paths = grown;
    part->paths[part->count++] = position;
    return 0;
}

/* What a target is asked for: what is missing of its closure and not assigned to another one. Within a target
 * the order of its closure is kept, so that whatever a part refers to is in it, in an earlier part, or valid
 * already. */
static int assign_to(struct transfer *transfer, size_t target, bool *assigned)
{
    struct part *part = NULL;
    size_t size = 0, count;
    const char *const *closure = closure_of(transfer, target, &count);
    for (size_t i = 0; i < count; i++) {
        size_t position = position_of(transfer, closure[i]);
        if (!transfer->missing[position] || assigned[position])
            continue;
        assigned[position] = true;
        if (size > export_arguments)
            part = NULL;
        if (!part) {
            size = 0;
            part = add_part(transfer, &transfer->capture->targets[target]);
        }
        if (!part || add_path(part, position) != 0)
            return -1;
        size += strlen(closure[i]) + 1 + sizeof(char *);
    }
    return 0;
}

/* Gives every missing path that is not on its way to the first target that has it and did not fail. What has
 * arrived comes after what it may be waiting for. */
static int assign_paths(struct transfer *transfer)
{
    CLEANUP_FREE bool *assigned = calloc(transfer->count + 1, sizeof *assigned);
    CLEANUP_FREE struct part *arrived = transfer->parts;
    size_t arrived_count = transfer->part_count;
    transfer->parts = NULL;
    transfer->part_count = transfer->next_part = 0;
    transfer->waited = arrived_count > 0;
    int status = assigned ? 0 : -1;
    for (size_t i = 0; assigned && i < arrived_count; i++)
        for (size_t j = 0; j < arrived[i].count; j++)
            assigned[arrived[i].paths[j]] = true;
    for (size_t i = 0; status == 0 && i < transfer->capture->count; i++)
        if (!transfer->failed[i])
            status = assign_to(transfer, i, assigned);
    for (size_t i = 0; i < arrived_count; i++) {
        struct part *part = add_part(transfer, arrived[i].source);
        if (part)
            *part = arrived[i];
        else
            status = -1;
    }
    return status;
}

/* Every export has a directory of its own, so that nothing of it is left when it fails. */
static int make_place(struct transfer *transfer, struct part *part)
{
    part->directory = string_format("%s/%zu", transfer->directory, transfer->directories++);
    free((char *)part->environment[0]);
    part->environment[0] = part->directory ? string_format("TMPDIR=%s", part->directory) : NULL;
    return part->environment[0] ? operations->make_directory(part->directory, 0700) : -1;
}

static void drop_place(struct part *part)
{
    if (part->directory)
        operations->remove(part->directory);
    free(part->directory);
    part->directory = NULL;
}

static bool next_export(void *closure, struct dydisnix_program *program)
{
    struct transfer *transfer = closure;
    while (transfer->next_part < transfer->part_count
           && transfer->parts[transfer->next_part].progress != PART_WANTED)
        transfer->next_part++;
    if (transfer->next_part == transfer->part_count)
        return false;
    struct part *part = &transfer->parts[transfer->next_part++];
    if (make_place(transfer, part) != 0)
        log_error(NULL, "%s: %s", part->directory ? part->directory : "a directory", strerror(errno));
    log_notice(part->source->target->name, "fetching %zu missing path%s", part->count,
               part->count == 1 ? "" : "s");
    client_arguments(&part->arguments, part->source->target, "--export");
    arguments_add(&part->arguments, "--remotefile");
    for (size_t i = 0; i < part->count; i++)
        arguments_add(&part->arguments, transfer->paths[part->paths[i]]);
    program->argv = arguments_vector(&part->arguments);
    program->environment = part->environment;
    program->file_limit = transfer->limit;
    program->target = part->source->target->name;
    program->deadline = transfer->options->transfer_timeout;
    program->closure = part;
    return true;
}

struct largest {
    const char *directory;
    uint64_t size;
};

static int find_largest(void *closure, const char *name)
{
    struct largest *largest = closure;
    CLEANUP_FREE char *file = string_format("%s/%s", largest->directory, name);
    uint64_t size = 0;
    if (file && operations->inspect(file, &size) == DYDISNIX_FILE && size > largest->size)
        largest->size = size;
    return 0;
}

/* Why an export gave no file. */
static char *describe_export(const struct transfer *transfer, const struct part *part, const char *file,
                             const struct dydisnix_result *result)
{
    struct largest largest = { .directory = part->directory };
    if (file)
        return string_format("no file: %.200s", file);
    if (transfer->limit > 0 && part->directory)
        operations->list(part->directory, find_largest, &largest);
    if (transfer->limit == 0 || largest.size < transfer->limit)
        return describe_ending(result);
    return string_format("it is larger than %" PRIu64 " bytes%s", transfer->limit,
                         transfer->limit == transfer->options->closure_limit
                             ? "; more are allowed by --max-closure-size"
                             : ", the room that there is for it");
}

static void export_done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    struct part *part = program->closure;
    const struct transfer *transfer = closure;
    char *file = NULL;
    if (result->ending == DYDISNIX_EXITED && result->status == 0)
        file = string_last_line(result->output);
    if (file && file[0] == '/' && operations->inspect(file, NULL) == DYDISNIX_FILE) {
        part->file = strdup(file);
    } else {
        CLEANUP_FREE char *ending = describe_export(transfer, part, file, result);
        log_warning(part->source->target->name, "its closure was not sent: %s", ending ? ending : "?");
        drop_place(part);
    }
    part->progress = part->file ? PART_ARRIVED : PART_FAILED;
    arguments_clear(&part->arguments);
}

/* Whether file lies directly in directory, so that no link leads there. */
static bool is_in(const char *file, const char *directory)
{
    size_t length = strlen(directory);
    while (length > 1 && directory[length - 1] == '/')
        length--;
    return strncmp(file, directory, length) == 0 && file[length] == '/' && !strchr(file + length + 1, '/');
}

/* Only what the client interface made for us is removed: a file of our own in a directory for temporary
 * files. */
static void drop_file(struct part *part)
{
    const char *usual = getenv("TMPDIR");
    if (!part->file)
        return;
    if ((part->directory && is_in(part->file, part->directory))
        || (is_in(part->file, usual && *usual ? usual : "/tmp") && is_own_file(part->file)))
        operations->remove(part->file);
    else
        log_warning(NULL, "%s is no file of ours in a directory for temporary files and is left there",
                    part->file);
    free(part->file);
    part->file = NULL;
    drop_place(part);
}

static size_t source_position(const struct transfer *transfer, const struct part *part)
{
    return (size_t)(part->source - transfer->capture->targets);
}

/* What an import is compared with. */
struct expected {
    const char *path;
    size_t position; /* in the part */
    bool came;
};

struct expectation {
    struct expected *paths; /* that were asked for, by text */
    size_t count;
    struct fetched *fetched;
    const char *first; /* path that nobody asked for */
    size_t unasked;
};

static int compare_expected(const void *a, const void *b)
{
    return strcmp(((const struct expected *)a)->path, ((const struct expected *)b)->path);
}

static int check_imported(void *closure, char *line)
{
    struct expectation *expectation = closure;
    struct fetched *fetched = expectation->fetched;
    const struct expected wanted = { .path = line };
    struct expected *found =
        bsearch(&wanted, expectation->paths, expectation->count, sizeof wanted, compare_expected);
    if (found) {
        found->came = true;
        return 0;
    }
    if (expectation->unasked++ == 0)
        expectation->first = line;
    if (fetched->unasked++ >= unasked_most)
        return 0;
    if (!fetched->unasked_paths)
        fetched->unasked_paths = json_array();
    json_array_append_new(fetched->unasked_paths, json_string(line));
    return 0;
}

/* Nix imports all that an export holds. */
static void compare_import(struct transfer *transfer, struct part *part, char *imported)
{
    CLEANUP_FREE struct expected *paths = calloc(part->count, sizeof *paths);
    struct expectation expectation = { paths, part->count,
                                       &transfer->report->targets[source_position(transfer, part)], NULL, 0 };
    part->lacking = part->count;
    for (size_t i = 0; paths && i < part->count; i++)
        paths[i] = (struct expected){ transfer->paths[part->paths[i]], i, false };
    if (!paths)
        return;
    qsort(paths, part->count, sizeof *paths, compare_expected);
    string_lines(imported, check_imported, &expectation);
    for (size_t i = 0; i < part->count; i++)
        if (!paths[i].came && paths[i].position < part->lacking)
            part->lacking = paths[i].position;
    if (expectation.unasked > 0)
        log_warning(part->source->target->name, "its export held %zu path%s that nobody had asked for: %s%s",
                    expectation.unasked, expectation.unasked == 1 ? "" : "s", expectation.first,
                    expectation.unasked == 1 ? "" : ", …");
}

static bool import_part(struct transfer *transfer, struct part *part)
{
    struct fetched *fetched = &transfer->report->targets[source_position(transfer, part)];
    CLEANUP_FREE char *imported = NULL;
    uint64_t size = 0;
    operations->inspect(part->file, &size);
    if (nix_import(part->file, part->source->target->name, transfer->options->transfer_timeout, &imported)
        != 0) {
        part->progress = PART_STUCK;
        return false;
    }
    compare_import(transfer, part, imported);
    fetched->paths += part->count;
    fetched->bytes += size;
    part->progress = PART_IMPORTED;
    transfer->imported = true;
    drop_file(part);
    return true;
}

/* Imports in order, up to the first part that is missing: the next ones may refer to it. Where parts wait
 * from earlier rounds the order may be another: what one refers to may come later. */
static void import_parts(struct transfer *transfer)
{
    for (size_t i = 0; i < transfer->part_count; i++) {
        struct part *part = &transfer->parts[i];
        if (part->progress == PART_FAILED || (!import_part(transfer, part) && !transfer->waited))
            return;
    }
}

/* Whether something is gone that a part has brought: a garbage collection took it. */
static bool has_vanished(const struct transfer *transfer, const struct part *part)
{
    for (size_t i = 0; part->progress == PART_IMPORTED && i < part->count; i++)
        if (transfer->missing[part->paths[i]])
            return true;
    return false;
}

static bool is_lacking(const struct transfer *transfer, const struct part *part)
{
    if (part->progress != PART_IMPORTED || part->lacking == part->count)
        return false;
    log_warning(part->source->target->name, "its export lacked %s",
                transfer->paths[part->paths[part->lacking]]);
    return true;
}

/* Finds out which sources failed; these are not asked again. When a part was lacking or has vanished, or when
 * waiting helped, the import that failed may have missed just that; else the first one to fail failed of its
 * own fault. */
static void judge_parts(struct transfer *transfer, bool fewer)
{
    bool excused = transfer->waited && fewer, vanished = false;
    for (size_t i = 0; i < transfer->part_count; i++) {
        struct part *part = &transfer->parts[i];
        bool lacking = is_lacking(transfer, part), gone = !lacking && has_vanished(transfer, part);
        if (part->progress == PART_FAILED || lacking || (gone && transfer->vanished >= attempts))
            transfer->failed[source_position(transfer, part)] = true;
        excused = excused || lacking || gone;
        vanished = vanished || gone;
    }
    if (vanished) {
        log_warning(NULL, "a garbage collection took what was fetched: fetching it again");
        transfer->vanished++;
    }
    for (size_t i = 0; i < transfer->part_count; i++) {
        struct part *part = &transfer->parts[i];
        if (part->progress != PART_STUCK)
            continue;
        part->progress = excused ? PART_ARRIVED : PART_FAILED;
        if (!excused)
            transfer->failed[source_position(transfer, part)] = true;
        excused = true;
    }
}

static void clear_part(struct part *part)
{
    drop_file(part);
    drop_place(part);
    free((char *)part->environment[0]);
    free(part->paths);
}

/* Keeps what has arrived and could not be imported yet: it is not fetched again. */
static void keep_arrived(struct transfer *transfer)
{
    size_t kept = 0;
    for (size_t i = 0; i < transfer->part_count; i++) {
        if (transfer->parts[i].progress == PART_ARRIVED)
            transfer->parts[kept++] = transfer->parts[i];
        else
            clear_part(&transfer->parts[i]);
    }
    transfer->part_count = kept;
}

/* So that no export takes the room of another one: a full disk would be blamed on whoever comes next. */
static int limit_exports(struct transfer *transfer)
{
    unsigned at_once = transfer->options->max_concurrent_transfers;
    uint64_t free_bytes = 0;
    transfer->limit = transfer->options->closure_limit;
    if (free_space(transfer->directory, &free_bytes) != 0)
        return 0; /* nobody knows */
    if (free_bytes < least_room) {
        log_error(NULL, "%s: only %" PRIu64 " bytes are free there, so no closure can be received",
                  transfer->directory, free_bytes);
        return -1;
    }
    if (free_bytes / (at_once + 1) < transfer->limit)
        transfer->limit = free_bytes / (at_once + 1);
    return 0;
}

/* Whether an import failed: of its target's fault, or of our own. */
static bool is_stuck(const struct transfer *transfer)
{
    for (size_t i = 0; i < transfer->part_count; i++)
        if (transfer->parts[i].progress == PART_STUCK)
            return true;
    return false;
}

/* One round of exports and imports. 1: something was missing, look again; 0: nothing is missing, or not to be
 * had; -1: failed. */
static int fetch_round(struct transfer *transfer)
{
    const struct dydisnix_work work = { .next = next_export, .done = export_done, .closure = transfer };
    bool fewer = false;
    if (!transfer->looked && find_missing(transfer, &fewer) != 0)
        return -1;
    transfer->looked = false;
    judge_parts(transfer, fewer);
    keep_arrived(transfer);
    if (assign_paths(transfer) != 0)
        return -1;
    if (transfer->part_count == 0)
        return 0;
    if (limit_exports(transfer) != 0)
        return -1;
    if (budget_run(transfer->options->budget, &work, transfer->options->max_concurrent_transfers) != 0) {
        log_error(NULL, "fetching closures: %s", strerror(errno));
        return -1;
    }
    import_parts(transfer);
    return is_stuck(transfer) && nix_check_import() != 0 ? -1 : 1;
}

/* A Nix daemon has to see it. */
static int make_roots(struct transfer *transfer)
{
    struct closure_report *report = transfer->report;
    const char *place = transfer->options->roots;
    if (report->roots)
        return 0;
    if (!place)
        return operations->temporary_directory("dydisnix-roots", &report->roots);
    report->roots = strdup(place);
    return report->roots ? operations->make_directory(place, 0700) : -1;
}

static int protect_profiles(struct transfer *transfer)
{
    struct closure_report *report = transfer->report;
    CLEANUP_FREE const char **profiles = calloc(transfer->capture->count + 1, sizeof *profiles);
    size_t count = 0;
    if (!profiles || make_roots(transfer) != 0) {
        log_error(NULL, "cannot make a directory for roots: %s", strerror(errno));
        return -1;
    }
    for (size_t i = 0; i < transfer->capture->count; i++) {
        const struct captured *captured = &transfer->capture->targets[i];
        if (captured->answer == ANSWER_CAPTURED
            && !transfer->missing[position_of(transfer, captured->profile)])
            profiles[count++] = captured->profile;
    }
    return nix_add_roots(report->roots, profiles, count);
}

/* Whether a garbage collection took something before it was protected. -1: nobody knows. */
static int find_vanished(struct transfer *transfer)
{
    CLEANUP_FREE bool *before = calloc(transfer->count + 1, sizeof *before);
    bool fewer;
    if (!before)
        return -1;
    memcpy(before, transfer->missing, transfer->count * sizeof *before);
    memset(transfer->missing, true, transfer->count * sizeof *transfer->missing);
    if (find_missing(transfer, &fewer) != 0)
        return -1;
    return memcmp(before, transfer->missing, transfer->count * sizeof *before) != 0;
}

/* Nothing refers yet to what was fetched, or may have been long ago. */
static bool is_unreferenced(const struct transfer *transfer)
{
    for (size_t i = 0; i < transfer->capture->count; i++) {
        const struct captured *captured = &transfer->capture->targets[i];
        if (captured->answer != ANSWER_CAPTURED)
            continue;
        const struct profile *profile =
            transfer->current ? manifest_find_profile(transfer->current, captured->target->name) : NULL;
        if (!profile || strcmp(profile->path, captured->profile) != 0)
            return true;
    }
    return transfer->imported;
}

static int fetch_all(struct transfer *transfer)
{
    for (int attempt = 0; attempt < attempts; attempt++) {
        int status = 1;
        if (find_first(transfer) != 0)
            return -1;
        while (status > 0)
            status = fetch_round(transfer);
        if (status != 0 || !is_unreferenced(transfer))
            return status;
        protect_profiles(transfer); /* what it says is enough */
        status = find_vanished(transfer);
        if (status <= 0)
            return status;
        log_warning(NULL, "a garbage collection took what was fetched: fetching it again");
    }
    return 0;
}

/* Targets whose profile is not complete here in the end cannot be used. */
static void refuse_incomplete(struct transfer *transfer, bool *refused)
{
    for (size_t i = 0; i < transfer->capture->count; i++) {
        size_t count;
        const char *const *closure = closure_of(transfer, i, &count);
        for (size_t j = 0; j < count; j++) {
            if (!transfer->missing[position_of(transfer, closure[j])])
                continue;
            struct captured *captured = &transfer->capture->targets[i];
            const struct budget *budget = transfer->options->budget;
            const bool hangs = budget && budget_is_spent(budget, captured->target->name);
            captured_refuse(captured,
                            string_format("its closure cannot be fetched: %s is missing%s", closure[j],
                                          hangs ? ", and it has kept us waiting for too long" : ""));
            *refused = true;
            break;
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
        if (profile_manifest_read(captured->profile, transfer->options->manifest_limit, &path, &text, &length)
                == 0
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
    for (size_t i = 0; i < transfer->part_count; i++)
        clear_part(&transfer->parts[i]);
    if (transfer->directory)
        operations->remove(transfer->directory);
    free(transfer->directory);
    free(transfer->whole);
    free(transfer->paths);
    free(transfer->places);
    free(transfer->missing);
    free(transfer->failed);
    free(transfer->parts);
}

static int prepare(struct transfer *transfer)
{
    struct closure_report *report = transfer->report;
    size_t count = transfer->capture->count;
    if (!report->targets)
        report->targets = calloc(count + 1, sizeof *report->targets);
    report->count = count;
    transfer->failed = calloc(count + 1, sizeof *transfer->failed);
    transfer->whole = calloc(count + 1, sizeof *transfer->whole);
    if (!report->targets || !transfer->failed || !transfer->whole) {
        log_error(NULL, "out of memory");
        return -1;
    }
    for (size_t i = 0; i < count; i++)
        transfer->whole[i] = transfer->capture->targets[i].text;
    if (operations->temporary_directory("dydisnix-closures", &transfer->directory) != 0) {
        log_error(NULL, "cannot make a temporary directory: %s", strerror(errno));
        return -1;
    }
    return 0;
}

int closures_fetch(struct capture *capture, const struct manifest *current, const struct options *options,
                   struct closure_report *report, bool *refused)
{
    struct transfer transfer = {
        .options = options, .capture = capture, .current = current, .report = report
    };
    *refused = false;
    int status = prepare(&transfer);
    if (status == 0)
        status = fetch_all(&transfer);
    if (status == 0) {
        refuse_incomplete(&transfer, refused);
        compare_texts(&transfer, refused);
    }
    transfer_clear(&transfer);
    return status;
}

void closures_describe(const struct closure_report *report, const struct capture *capture, json_t *targets)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct fetched *fetched = &report->targets[i];
        json_t *target = json_object_get(targets, capture->targets[i].target->name);
        json_object_update_new(target, json_pack("{sI sI}", "fetchedPaths", (json_int_t)fetched->paths,
                                                 "fetchedBytes", (json_int_t)fetched->bytes));
        if (fetched->unasked > 0)
            json_object_update_new(target, json_pack("{sI sO}", "unaskedPaths", (json_int_t)fetched->unasked,
                                                     "unasked", fetched->unasked_paths));
    }
}

void closures_release(struct closure_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        json_decref(report->targets[i].unasked_paths);
    free(report->targets);
    if (report->roots)
        operations->remove(report->roots);
    free(report->roots);
    *report = (struct closure_report){ 0 };
}
