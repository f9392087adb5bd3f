/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/capture/capture.h"

#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/model/client.h"
#include "lib/model/nix.h"
#include "lib/model/paths.h"
#include "lib/world/budget.h"
#include "lib/world/operations.h"

struct call {
    struct captured *captured;
    bool installed; /* --query-installed instead of --query-requisites */
    struct arguments arguments;
};

struct run {
    const struct options *options;
    struct strings *strings;
    struct capture *capture;
    const json_t *expected;  /* NULL: somebody has answered otherwise, or it is not known */
    size_t caught_up;        /* targets before this one are not deferred any more */
    size_t asked;            /* targets that were asked once */
    size_t running;          /* calls under way */
    struct captured **again; /* targets to be asked for their profile manifest */
    size_t again_count;
    char *profile_path;
    const struct target_keys *keys;
    bool missing; /* a client interface, which has been said */
};

const char *answer_name(enum answer answer)
{
    static const char *const names[] = { "captured", "empty", "invalid", "silent" };
    return names[answer];
}

void captured_answer(struct captured *captured, enum answer answer, char *reason)
{
    enum { REASON_MOST = 1000 };
    captured->answer = answer;
    free(captured->reason);
    if (reason && strlen(reason) > REASON_MOST + strlen("..."))
        strcpy(reason + REASON_MOST, "..."); /* a target may have names of any length */
    captured->reason = string_utf8(reason);  /* it may quote the target, and stands in the report */
    free(reason);
    reason = captured->reason;
    if (answer == ANSWER_EMPTY)
        log_notice(captured->target->name, "has no profile");
    else if (answer != ANSWER_CAPTURED)
        log_warning(captured->target->name, "%s: %s", answer_name(answer), reason ? reason : "out of memory");
}

void captured_refuse(struct captured *captured, char *reason)
{
    captured_answer(captured, ANSWER_INVALID, reason);
}

static bool only_white_space(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!strchr(" \t\r\n", text[i]) || text[i] == '\0')
            return false;
    return true;
}

/* What is kept for people, and to decide again. */
static void keep_text(struct captured *captured, const char *text, size_t length)
{
    free(captured->kept);
    captured->kept = malloc(length + 1);
    captured->kept_length = captured->kept ? length : 0;
    if (captured->kept)
        memcpy(captured->kept, text, length);
}

void captured_accept(struct captured *captured, const char *text, size_t length, const char *source,
                     const struct target_keys *keys, const struct options *options, struct strings *strings)
{
    const struct manifest_limits limits = { .bytes = options->manifest_limit,
                                            .depth = options->depth_limit,
                                            .depth_option = "--max-depth" };
    char *reason = NULL;
    if (options->save_input)
        keep_text(captured, text, length);
    manifest_clear(&captured->manifest);
    if (profile_manifest_parse_any(text, length, source, captured->target, keys, &limits, strings,
                                   &captured->manifest, &reason)
        != 0)
        captured_answer(captured, ANSWER_INVALID, reason);
    else
        captured_answer(captured, ANSWER_CAPTURED, NULL);
}

int profile_manifest_read(const char *profile, size_t limit, char **path, char **text, size_t *length)
{
    static const char *const names[] = { "profilemanifest.xml", "manifest",
                                         NULL }; /* the second is of version 1 */
    int status = -1;
    *path = NULL;
    errno = ENOENT;
    for (int i = 0; names[i] && status != 0 && (errno == ENOENT || errno == ENOTDIR); i++) {
        free(*path);
        *path = string_format("%s/%s", profile, names[i]);
        status = *path ? operations->read(*path, limit, text, length) : -1;
    }
    return status;
}

/* Reads the profile manifest from this machine's store. False: it is not there, the target has to be
 * asked. */
static bool read_local_manifest(struct run *run, struct captured *captured)
{
    CLEANUP_FREE char *path = NULL, *text = NULL;
    size_t length = 0;
    if (profile_manifest_read(captured->profile, run->options->manifest_limit, &path, &text, &length) == 0) {
        captured_accept(captured, text, length, path, run->keys, run->options, run->strings);
        captured->local = true;
        return true;
    }
    if (errno == EFBIG) {
        captured_answer(captured, ANSWER_INVALID,
                        string_format("%s: larger than %zu bytes; more are allowed by --max-manifest-size",
                                      path, run->options->manifest_limit));
        return true;
    }
    return false;
}

struct requisites {
    struct run *run;
    struct captured *captured;
    size_t room;
    const char *wrong;
};

static int add_requisite(void *closure, char *line)
{
    struct requisites *requisites = closure;
    struct captured *captured = requisites->captured;
    if (!is_store_path(line)) {
        requisites->wrong = line;
        return -1;
    }
    if (captured->requisite_count == requisites->room) {
        size_t room = requisites->room ? 2 * requisites->room : 64;
        const char **grown = realloc(captured->requisites, room * sizeof *grown);
        if (!grown)
            return -1;
        captured->requisites = grown;
        requisites->room = room;
    }
    const char *path = strings_intern(requisites->run->strings, line);
    if (!path)
        return -1;
    captured->requisites[captured->requisite_count++] = path;
    return 0;
}

/* For that of the profile that it has. */
static void ask_for_manifest(struct run *run, struct captured *captured)
{
    if (captured->owed) {
        captured_refuse(captured, string_format("%s is still to be set, and cannot be read", captured->owed));
        return;
    }
    run->again[run->again_count++] = captured;
}

/* How an operation ended that gave no answer. */
static char *describe_operation(const char *operation, const struct dydisnix_result *result)
{
    CLEANUP_FREE char *ending = describe_ending(result);
    return ending ? string_format("%s: %s", operation, ending) : NULL;
}

/* Whether the answer is the expected one, so that its profile manifest need not be read for the moment. */
static bool defer(struct run *run, struct captured *captured)
{
    const json_t *known = json_object_get(run->expected, captured->target->name);
    const char *profile = json_string_value(json_object_get(known, "profile"));
    if (!profile || strcmp(profile, captured->profile) != 0) {
        run->expected = NULL;
        return false;
    }
    captured->deferred = true;
    captured->answer = ANSWER_CAPTURED;
    return true;
}

/* Reads a profile manifest that is here, or else asks for it. */
static void catch_up(struct run *run, struct captured *captured)
{
    captured->deferred = false;
    captured->answer = ANSWER_SILENT;
    if (!read_local_manifest(run, captured))
        ask_for_manifest(run, captured);
}

static void requisites_done(struct run *run, struct captured *captured, struct dydisnix_result *result)
{
    if (result->ending == DYDISNIX_EXITED && !client_is_lost(result)) {
        struct requisites requisites = { .run = run, .captured = captured };
        if (strlen(result->output) != result->output_length) {
            captured_answer(captured, ANSWER_INVALID,
                            string_format("--query-requisites: a NUL byte in the answer"));
            return;
        }
        if (result->status == 0 && string_lines(result->output, add_requisite, &requisites) != 0) {
            captured_answer(captured, ANSWER_INVALID,
                            string_format("--query-requisites: no store path: %.200s",
                                          requisites.wrong ? requisites.wrong : "out of memory"));
            return;
        }
        free(captured->reason);
        captured->reason = describe_ending(result); /* if the next answer does not fit */
        if (captured->requisite_count > 0) {
            captured->profile = captured->requisites[captured->requisite_count - 1];
            if (defer(run, captured) || read_local_manifest(run, captured))
                return;
        }
        /* No profile there, or its profile manifest is not in this machine's store. */
        ask_for_manifest(run, captured);
        return;
    }
    bool too_much = result->ending == DYDISNIX_TOO_MUCH_OUTPUT;
    captured_answer(captured, too_much ? ANSWER_INVALID : ANSWER_SILENT,
                    describe_operation("--query-requisites", result));
}

static void accept_sent(struct run *run, struct captured *captured, struct dydisnix_result *result)
{
    captured_accept(captured, result->output, result->output_length, "--query-installed", run->keys,
                    run->options, run->strings);
    captured->text = result->output;
    captured->text_length = result->output_length;
    result->output = NULL;
}

/* An empty answer is the profile manifest of a profile of version 1 without services, or no answer: Disnix
 * says nothing and exits with 0 also when it cannot read the profile manifest, as a newer Disnix does with an
 * older profile. The closure decides: every service of a profile is in it. If there is nothing but the
 * profile itself and the file that a profile of version 1 keeps its manifest in, there is no service. (Read
 * from the store, where the file is there or not, no answer is needed.) */
static bool holds_no_service(const struct captured *captured)
{
    const char *name = captured->requisite_count == 2 ? store_path_name(captured->requisites[0]) : NULL;
    return name && strcmp(name, "manifest") == 0;
}

static void installed_done(struct run *run, struct captured *captured, struct dydisnix_result *result)
{
    if (result->ending != DYDISNIX_EXITED || result->status != 0) {
        if (result->ending == DYDISNIX_TOO_MUCH_OUTPUT)
            captured_answer(
                captured, ANSWER_INVALID,
                string_format("--query-installed: too much output, more than %zu bytes; more are allowed by"
                              " --max-manifest-size",
                              run->options->manifest_limit));
        else
            captured_answer(captured, ANSWER_SILENT, describe_operation("--query-installed", result));
    } else if (only_white_space(result->output, result->output_length)) {
        if (!captured->profile)
            captured_answer(captured, ANSWER_EMPTY, NULL);
        else if (holds_no_service(captured))
            accept_sent(run, captured, result);
        else
            captured_answer(captured, ANSWER_INVALID,
                            string_format("%s holds no profile manifest", captured->profile));
    } else if (!captured->profile) {
        captured_answer(
            captured, ANSWER_INVALID,
            string_format("--query-installed gave a profile manifest, but --query-requisites no profile (%s)",
                          captured->reason ? captured->reason : "?"));
    } else {
        accept_sent(run, captured, result);
    }
}

/* An answer of another kind than expected ends deferring. What was deferred is read little by little, while
 * others are still asked. */
static void check_expected(struct run *run, const struct captured *captured)
{
    enum { AT_ONCE = 4 };
    const json_t *known = json_object_get(run->expected, captured->target->name);
    const char *status = json_string_value(json_object_get(known, "status"));
    bool empty = captured->answer == ANSWER_EMPTY && status && strcmp(status, answer_name(ANSWER_EMPTY)) == 0;
    bool asked_again = run->again_count > 0 && run->again[run->again_count - 1] == captured;
    if (!captured->deferred && !asked_again && !empty)
        run->expected = NULL;
    for (int read = 0; !run->expected && read < AT_ONCE && run->caught_up < run->capture->count;
         run->caught_up++)
        if (run->capture->targets[run->caught_up].deferred) {
            catch_up(run, &run->capture->targets[run->caught_up]);
            read++;
        }
}

static bool next_call(void *closure, struct dydisnix_program *program)
{
    struct run *run = closure;
    struct call *call = calloc(1, sizeof *call);
    if (!call)
        return false;
    if (run->again_count > 0) {
        call->captured = run->again[--run->again_count];
        call->installed = true;
        client_arguments(&call->arguments, call->captured->target, "--query-installed");
        arguments_option(&call->arguments, "--profile", run->options->profile);
    } else if (run->asked < run->capture->count) {
        call->captured = &run->capture->targets[run->asked++];
        client_arguments(&call->arguments, call->captured->target, "--query-requisites");
        arguments_add(&call->arguments, call->captured->owed ? call->captured->owed : run->profile_path);
    } else {
        free(call);
        return false;
    }
    program->argv = arguments_vector(&call->arguments);
    program->target = call->captured->target->name;
    program->deadline = run->options->timeout;
    program->output_limit = call->installed ? run->options->manifest_limit : 0;
    program->closure = call;
    run->running++;
    return true;
}

static void call_done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    struct run *run = closure;
    struct call *call = program->closure;
    call->captured->milliseconds += result->milliseconds;
    if (client_is_missing(run->options->interface, program, result, &run->missing))
        ; /* it counts as not asked */
    else if (call->installed)
        installed_done(run, call->captured, result);
    else
        requisites_done(run, call->captured, result);
    check_expected(run, call->captured);
    arguments_clear(&call->arguments);
    free(call);
    run->running--;
    show_progress("asking the targets", run->asked - run->running - run->again_count, run->capture->count);
}

int capture_init(struct capture *capture, const struct infrastructure *infrastructure,
                 struct strings *strings)
{
    size_t count = infrastructure->count;
    capture->targets = calloc(count ? count : 1, sizeof *capture->targets);
    if (!capture->targets) {
        log_error(NULL, "out of memory");
        return -1;
    }
    capture->count = count;
    for (size_t i = 0; i < count; i++) {
        capture->targets[i].target = &infrastructure->targets[i];
        capture->targets[i].answer = ANSWER_SILENT;
        manifest_init(&capture->targets[i].manifest, strings);
    }
    return 0;
}

static struct run run_of(const struct capturing *capturing, struct capture *capture)
{
    return (struct run){ .options = capturing->options,
                         .keys = capturing->keys,
                         .strings = capturing->strings,
                         .capture = capture };
}

/* Asks whoever is still to be asked; before that, first() says who. -1 after a message. */
static int ask(struct run *run, int (*first)(struct run *run))
{
    CLEANUP_FREE struct captured **again = calloc(run->capture->count + 1, sizeof *again);
    CLEANUP_FREE char *profile_path = target_profile_path(run->options->profile);
    const struct dydisnix_work work = { .next = next_call, .done = call_done, .closure = run };
    if (!again || !profile_path) {
        log_error(NULL, "out of memory");
        return -1;
    }
    run->again = again;
    run->profile_path = profile_path;
    if (first && first(run) != 0)
        return -1;
    if (budget_run(run->options->budget, &work, run->options->jobs) != 0) {
        log_error(NULL, "asking the targets: %s", strerror(errno));
        return -1;
    }
    show_progress(NULL, 0, 0);
    return run->missing ? -1 : 0;
}

static int read_deferred(struct run *run)
{
    run->asked = run->capture->count;
    for (size_t i = 0; i < run->capture->count; i++)
        if (run->capture->targets[i].deferred)
            catch_up(run, &run->capture->targets[i]);
    return 0;
}

/* Where Nix cannot be asked, nothing is whole. */
static int drop_unverified(struct run *run)
{
    size_t count = run->capture->count, local = 0;
    CLEANUP_FREE const char **profiles = calloc(count + 1, sizeof *profiles);
    CLEANUP_FREE bool *invalid = calloc(count + 1, sizeof *invalid);
    run->asked = count;
    if (!profiles || !invalid) {
        log_error(NULL, "out of memory");
        return -1;
    }
    for (size_t i = 0; i < count; i++)
        if (run->capture->targets[i].local)
            profiles[local++] = run->capture->targets[i].profile;
    bool known = nix_find_invalid(profiles, local, invalid) == 0;
    for (size_t i = count; i-- > 0;) {
        struct captured *captured = &run->capture->targets[i];
        if (!captured->local || (!invalid[--local] && known))
            continue;
        captured->local = false;
        ask_for_manifest(run, captured);
    }
    return 0;
}

int capture_complete(const struct capturing *capturing, struct capture *capture)
{
    struct run run = run_of(capturing, capture);
    return ask(&run, read_deferred);
}

int capture_targets(const struct capturing *capturing, struct capture *capture, bool *deferred)
{
    struct run run = run_of(capturing, capture);
    run.expected = capturing->expected;
    *deferred = false;
    if (ask(&run, NULL) != 0)
        return -1;
    *deferred = run.expected;
    if (*deferred)
        return 0;
    if (capturing->expected && capture_complete(capturing, capture) != 0)
        return -1;
    run = run_of(capturing, capture);
    return capturing->verify ? ask(&run, drop_unverified) : 0;
}

static int compare_target_name(const void *key, const void *element)
{
    return strcmp(key, ((const struct captured *)element)->target->name);
}

struct captured *capture_find(const struct capture *capture, const char *target)
{
    return capture->count > 0 ? bsearch(target, capture->targets, capture->count, sizeof *capture->targets,
                                        compare_target_name)
                              : NULL;
}

void capture_clear(struct capture *capture)
{
    for (size_t i = 0; i < capture->count; i++) {
        manifest_clear(&capture->targets[i].manifest);
        free(capture->targets[i].reason);
        free(capture->targets[i].text);
        free(capture->targets[i].kept);
        free(capture->targets[i].requisites);
    }
    free(capture->targets);
    *capture = (struct capture){ 0 };
}
