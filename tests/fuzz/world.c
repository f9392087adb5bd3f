/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "world.h"

#include <errno.h>

#include "plugin/reconstruct/reconstruct.h"

struct world world;

static void drop_written(bool all)
{
    size_t kept = 0;

    for (size_t i = 0; i < world.file_count; i++) {
        if (!all && !world.files[i].written) {
            world.files[kept++] = world.files[i];
            continue;
        }
        free(world.files[i].path);
        free(world.files[i].data);
    }
    world.file_count = kept;
}

void world_clear(void)
{
    drop_written(true);
    world = (struct world){ 0 };
}

static struct world_file *add(const char *path, const char *data, size_t length)
{
    struct world_file *file = &world.files[world.file_count++];

    REQUIRE(world.file_count <= WORLD_FILES);
    *file = (struct world_file){ .path = strdup(path), .data = malloc(length + 1), .length = length };
    REQUIRE(file->path && file->data);
    if (length)
        memcpy(file->data, data, length);
    file->data[length] = '\0';
    return file;
}

void world_add_file(const char *path, const char *data, size_t length)
{
    add(path, data, length);
}

void world_add_link(const char *path, const char *destination)
{
    add(path, destination, strlen(destination))->link = true;
}

/* The last one of that path: it was written over the others. */
const struct world_file *world_find(const char *path)
{
    for (size_t i = world.file_count; i-- > 0;)
        if (!strcmp(world.files[i].path, path))
            return &world.files[i];
    return NULL;
}

static int read_file(const char *path, size_t limit, char **data, size_t *length)
{
    const struct world_file *file = world_find(path);

    if (file && file->link)
        file = world_find(file->data);
    if (!file || file->link || file->length > limit) {
        errno = file && !file->link ? EFBIG : ENOENT;
        return -1;
    }
    *data = malloc(file->length + 1);
    REQUIRE(*data);
    memcpy(*data, file->data, file->length + 1);
    *length = file->length;
    return 0;
}

static int write_file(const char *path, const char *data, size_t length, unsigned mode)
{
    (void)mode;
    add(path, data, length)->written = true;
    return 0;
}

static int read_link(const char *path, char **destination)
{
    const struct world_file *file = world_find(path);

    if (!file || !file->link) {
        errno = ENOENT;
        return -1;
    }
    *destination = strdup(file->data);
    return 0;
}

static int list(const char *path, int (*each)(void *closure, const char *name), void *closure)
{
    size_t length = strlen(path), listed = 0;

    while (length && path[length - 1] == '/')
        length--;
    for (size_t i = 0; i < world.file_count; i++) {
        const char *name = world.files[i].path + length + 1;

        if (strncmp(world.files[i].path, path, length) || world.files[i].path[length] != '/'
            || strchr(name, '/'))
            continue;
        listed++;
        if (each(closure, name))
            return -1;
    }
    errno = ENOENT;
    return listed ? 0 : -1;
}

static enum dydisnix_kind inspect(const char *path, uint64_t *size)
{
    const struct world_file *file = world_find(path);

    if (file && size)
        *size = file->length;
    return !file ? DYDISNIX_ABSENT : file->link ? DYDISNIX_LINK : DYDISNIX_FILE;
}

static int temporary_directory(const char *prefix, char **path)
{
    *path = string_format("/tmp/%s", prefix);
    return *path ? 0 : -1;
}

static int succeed(const char *path)
{
    (void)path;
    return 0;
}

static int make_directory(const char *path, unsigned mode)
{
    (void)mode;
    return succeed(path);
}

static int64_t no_time(void)
{
    return 0;
}

static void require_arguments(const char *const *argv)
{
    REQUIRE(argv && argv[0]);
    for (size_t i = 1; argv[i]; i++)
        if (!strcmp(argv[i], "--target"))
            REQUIRE(argv[i + 1] && is_connection_key(argv[i + 1]));
        else if (!strcmp(argv[i], "--container") || !strcmp(argv[i], "--component"))
            REQUIRE(argv[i + 1] && is_plain_name(argv[i + 1]));
}

static int run(const struct dydisnix_work *work, unsigned jobs)
{
    struct dydisnix_program running[8];
    size_t count = 0, most = jobs < 8 ? jobs : 8;

    for (;;) {
        struct dydisnix_result result = { 0 };
        struct dydisnix_program program;
        size_t ended;

        while (count < most) {
            running[count] = (struct dydisnix_program){ 0 };
            if (!work->next(work->closure, &running[count]))
                break;
            count++;
        }
        if (!count)
            return 0;
        ended = world.reversed ? count - 1 : 0;
        program = running[ended];
        memmove(&running[ended], &running[ended + 1], (--count - ended) * sizeof *running);
        require_arguments(program.argv);
        world.reply(program.argv, &result);
        work->done(work->closure, &program, &result);
        free(result.output);
    }
}

const char *world_option(const char *const *argv, const char *option)
{
    for (size_t i = 0; argv[i]; i++)
        if (!strcmp(argv[i], option))
            return argv[i + 1] ? argv[i + 1] : "";
    return "";
}

bool world_has(const char *const *argv, const char *word)
{
    for (size_t i = 0; argv[i]; i++)
        if (!strcmp(argv[i], word))
            return true;
    return false;
}

size_t world_target(const char *const *argv)
{
    const char *key = world_option(argv, "--target");

    return *key ? (size_t)(key[strlen(key) - 1] - 'a') % WORLD_TARGETS : 0;
}

void world_answer(struct dydisnix_result *result, int status, const char *output, size_t length)
{
    *result =
        (struct dydisnix_result){ .status = status, .output = malloc(length + 1), .output_length = length };
    REQUIRE(result->output);
    if (length)
        memcpy(result->output, output, length);
    result->output[length] = '\0';
}

static char *made_manifest(xmlBufferPtr printed)
{
    const struct world_file *written = world_find("/tmp/dydisnix-manifest/manifest.xml");

    if (printed)
        return strdup((const char *)xmlBufferContent(printed));
    return written ? strdup(written->data) : NULL;
}

struct reconstructed world_reconstruct(const struct options *options, const json_t *history, bool print)
{
    struct dydisnix_operations table = no_operations;
    const struct request request = {
        .infrastructure = WORLD_INFRASTRUCTURE, .xml = true, .history = history, .print = print
    };
    struct options complete = *options;
    struct reconstructed result = { 0 };
    CLEANUP_BUFFER xmlBufferPtr printed = NULL;

    table.run = run;
    table.read = read_file;
    table.write = write_file;
    table.list = list;
    table.inspect = inspect;
    table.read_link = read_link;
    table.make_directory = make_directory;
    table.remove = succeed;
    table.temporary_directory = temporary_directory;
    table.now = table.clock = no_time;
    operations_use(&table);
    complete.coordinator_profile_directory = WORLD_PROFILES;
    result.status = reconstruct(&request, &complete, &result.report, &printed);
    result.manifest = result.status ? NULL : made_manifest(printed);
    drop_written(false);
    operations_use(&no_operations);
    return result;
}

void reconstructed_clear(struct reconstructed *reconstructed)
{
    json_decref(reconstructed->report);
    free(reconstructed->manifest);
    *reconstructed = (struct reconstructed){ 0 };
}

void require_same(const struct reconstructed *a, const struct reconstructed *b)
{
    REQUIRE(a->status == b->status);
    REQUIRE(!a->manifest == !b->manifest && (!a->manifest || !strcmp(a->manifest, b->manifest)));
    REQUIRE(json_equal(a->report, b->report));
}
