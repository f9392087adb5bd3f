/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/simulation/placement.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/arguments.h"
#include "lib/base/cleanup.h"
#include "lib/base/sha256.h"
#include "lib/base/strings.h"
#include "lib/model/nix.h"
#include "lib/model/paths.h"
#include "lib/world/find-program.h"
#include "lib/world/operations.h"
#include "scenario/format/models.h"

bool placement_is_there(const json_t *words, const char *directory)
{
    const char *program = json_string_value(json_array_get(words, 0));
    CLEANUP_FREE char *found = !strchr(program, '/') ? find_program(program)
                               : *program == '/'
                                   ? string_format("%s", program)
                                   : string_format("%s/%s", directory ? directory : ".", program);
    return found && access(found, X_OK) == 0;
}

/* Answers: lines { "question": HASH, "places": … or null } in a file without a name, to which every process
 * adds, and those of them that this one has read. */

static struct {
    int file; /* 0: not open */
    off_t read;
    json_t *known; /* { HASH: places } */
} answers;

int placement_open(void)
{
    if (answers.file > 0)
        return 0;
    answers.file = memfd_create("placement", MFD_CLOEXEC);
    answers.known = json_object();
    if (answers.file > 0 && answers.known && fcntl(answers.file, F_SETFL, O_APPEND) == 0)
        return 0;
    log_error(NULL, "memory for answers of the placement: %s", strerror(errno));
    return -1;
}

static int learn_line(void *closure, char *line)
{
    CLEANUP_JSON json_t *answer = json_loads(line, 0, NULL);
    (void)closure;
    return json_object_set(answers.known, json_string_value(json_object_get(answer, "question")),
                           json_object_get(answer, "places"));
}

/* Lines are written at once, and so read whole. */
static void learn(void)
{
    struct stat status;
    const size_t length = fstat(answers.file, &status) == 0 ? (size_t)(status.st_size - answers.read) : 0;
    CLEANUP_FREE char *text = calloc(1, length + 1);
    if (!text || pread(answers.file, text, length, answers.read) != (ssize_t)length)
        return;
    answers.read += (off_t)length;
    string_lines(text, learn_line, NULL);
}

static void keep(const char *question, const json_t *places)
{
    CLEANUP_JSON json_t *answer =
        json_pack("{ss sO}", "question", question, "places", places ? places : json_null());
    CLEANUP_FREE char *text = json_dumps(answer, JSON_COMPACT);
    CLEANUP_FREE char *line = text ? string_format("%s\n", text) : NULL;
    json_object_set(answers.known, question, json_object_get(answer, "places"));
    if (!line || write(answers.file, line, strlen(line)) < 0)
        log_error(NULL, "an answer of the placement is forgotten: %s", strerror(errno));
}

static void hash_question(const struct placement_question *question, char digits[static 65])
{
    CLEANUP_JSON json_t *whole =
        json_pack("[O, s*, O, O, O, O]", question->words, question->directory, question->services,
                  question->distribution, question->infrastructure, question->before);
    CLEANUP_FREE char *text = json_dumps(whole, JSON_COMPACT | JSON_SORT_KEYS);
    struct sha256 hash;
    sha256_begin(&hash);
    if (text)
        sha256_add(&hash, text, strlen(text));
    sha256_end(&hash, digits);
}

/* The question as files. */

static int write_profile(const struct placement_question *question, const char *directory)
{
    CLEANUP_FREE char *profiles = string_format("%s/profiles", directory);
    CLEANUP_FREE char *manifest = string_format("%s/profiles/manifest.xml", directory),
                      *generation = string_format("%s/profiles/default-1-link", directory),
                      *profile = string_format("%s/profiles/default", directory);
    if (!question->manifest)
        return 0;
    if (profiles && manifest && generation && profile && operations->make_directory(profiles, 0755) == 0
        && operations->write(manifest, question->manifest, strlen(question->manifest), 0644) == 0
        && symlink(manifest, generation) == 0 && symlink("default-1-link", profile) == 0)
        return 0;
    log_error(NULL, "%s: %s", directory, strerror(errno));
    return -1;
}

static int write_models(const struct placement_question *question, const char *directory)
{
    return scenario_copy_expressions(directory) == 0
                   && scenario_write_documents(directory, question->services, question->distribution,
                                               question->infrastructure)
                          == 0
               ? write_profile(question, directory)
               : -1;
}

/* Whether the scenario gives that option itself. */
static bool has_option(const json_t *words, const char *option, const char *brief)
{
    const size_t length = strlen(option);
    size_t index;
    json_t *word;
    json_array_foreach((json_t *)words, index, word) {
        const char *text = json_string_value(word);
        if ((brief && strcmp(text, brief) == 0) || strcmp(text, option) == 0
            || (strncmp(text, option, length) == 0 && text[length] == '='))
            return true;
    }
    return false;
}

/* What the loop names in its own world, and what that is here. */
static const struct replacement {
    const char *option, *brief, *file;
} replacements[] = { { "--services", "-s", "services.nix" },
                     { "--infrastructure", "-i", "infrastructure.nix" },
                     { "--qos", "-q", "distribution.nix" },
                     { "--coordinator-profile-path", NULL, "profiles" } };

static const struct replacement *find_replacement(const char *word)
{
    for (size_t i = 0; i < sizeof replacements / sizeof *replacements; i++)
        if (strcmp(word, replacements[i].option) == 0)
            return &replacements[i];
    return NULL;
}

static void add_arguments(struct arguments *arguments, const struct placement_question *question,
                          const char *directory)
{
    size_t index;
    json_t *word;
    json_array_foreach((json_t *)question->words, index, word)
        arguments_add(arguments, json_string_value(word));
    for (size_t i = 1; question->asked->argv[i]; i++) {
        const struct replacement *replacement = find_replacement(question->asked->argv[i]);
        if (!replacement) {
            arguments_add(arguments, question->asked->argv[i]);
            continue;
        }
        i++;
        if (has_option(question->words, replacement->option, replacement->brief))
            continue;
        arguments_add(arguments, replacement->option);
        arguments_format(arguments, "%s/%s", directory, replacement->file);
    }
}

/* Runs a program: what it prints, malloc()ed; NULL after a message. */
static char *run(struct arguments *arguments, const struct placement_question *question)
{
    const struct dydisnix_program program = { .argv = arguments_vector(arguments),
                                              .directory = question->directory,
                                              .deadline = question->asked->deadline };
    struct dydisnix_result result = { 0 };
    if (program.argv && run_program(&program, &result) == 0)
        return result.output;
    CLEANUP_FREE char *ending = program.argv ? describe_ending(&result) : NULL;
    log_error(NULL, "%s: %s", program.argv ? program.argv[0] : "placement",
              ending ? ending : "out of memory");
    free(result.output);
    return NULL;
}

/* The answer. */

static json_t *evaluate(const struct placement_question *question, const char *distribution,
                        const char *directory)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    CLEANUP_FREE char *expression = nix_expression("scenario-placement.nix"), *output = NULL;
    arguments_add(&arguments, "nix-instantiate");
    arguments_add(&arguments, "--eval");
    arguments_add(&arguments, "--strict");
    arguments_add(&arguments, "--json");
    arguments_add(&arguments, "--argstr");
    arguments_option(&arguments, "distributionFile", distribution);
    arguments_add(&arguments, "--argstr");
    arguments_add(&arguments, "infrastructureFile");
    arguments_format(&arguments, "%s/infrastructure.nix", directory);
    arguments_add(&arguments, expression ? expression : "");
    output = run(&arguments, question);
    return output ? json_loads(output, 0, NULL) : NULL;
}

/* Services that the scenario does not have go nowhere; each target is the model's, for Nix took it from
 * there. */
static json_t *known_services(const json_t *placed, const json_t *services)
{
    json_t *places = json_object(), *targets;
    const char *service;
    json_object_foreach((json_t *)placed, service, targets)
        if (!json_object_get(services, service))
            log_warning(NULL, "the placement has %s, which is no service of the scenario", service);
        else if (json_array_size(targets) > 0)
            json_object_set(places, service, targets);
    return places;
}

static json_t *ask_in(const struct placement_question *question, const char *directory)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    if (write_models(question, directory) != 0)
        return NULL;
    add_arguments(&arguments, question, directory);
    CLEANUP_FREE char *output = run(&arguments, question);
    const char *path = output ? string_last_line(output) : NULL;
    if (output && (!path || !is_store_path(path))) {
        log_error(NULL, "%s: no store path: %.200s", arguments.items[0], path ? path : "");
        return NULL;
    }
    CLEANUP_JSON json_t *placed = path ? evaluate(question, path, directory) : NULL;
    return placed ? known_services(placed, question->services) : NULL;
}

json_t *placement_ask(const struct placement_question *question)
{
    CLEANUP_FREE char *directory = NULL;
    char hash[65];
    hash_question(question, hash);
    if (!json_object_get(answers.known, hash))
        learn();
    if (!json_object_get(answers.known, hash)) {
        if (operations->temporary_directory("dydisnix-placement", &directory) != 0) {
            log_error(NULL, "cannot make a temporary directory: %s", strerror(errno));
            return NULL;
        }
        CLEANUP_JSON json_t *places = ask_in(question, directory);
        operations->remove(directory);
        keep(hash, places);
    }
    json_t *places = json_object_get(answers.known, hash);
    return json_is_object(places) ? json_incref(places) : NULL;
}
