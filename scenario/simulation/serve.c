/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nix-store --serve --write < FILE: one text is added, and paths are asked for. As Nix does, it believes
 * nothing of what it is told of a text.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dydisnix/plugin.h>

#include "lib/base/cleanup.h"
#include "lib/base/sha256.h"
#include "lib/model/nix-stream.h"
#include "lib/model/paths.h"
#include "scenario/simulation/network.h"

enum {
    GREETING = 0x390c9deb,
    ANSWER = 0x5452eecb,
    PROTOCOL = 2 << 8 | 7,
    QUERY = 1,
    ADD = 9,
    TEXT_MOST = 300
};

struct reader {
    const char *at;
    size_t left;
    bool failed;
};

/* The next bytes; NULL: there are not as many. */
static const char *take(struct reader *reader, uint64_t length)
{
    const char *at = reader->at;
    if (reader->failed || length > reader->left) {
        reader->failed = true;
        return NULL;
    }
    reader->at += length;
    reader->left -= (size_t)length;
    return at;
}

static uint64_t take_number(struct reader *reader)
{
    const unsigned char *bytes = (const unsigned char *)take(reader, 8);
    uint64_t number = 0;
    for (int i = 8; bytes && i-- > 0;)
        number = number << 8 | bytes[i];
    return number;
}

static void take_text(struct reader *reader, char text[static TEXT_MOST])
{
    uint64_t length = take_number(reader);
    const char *bytes = length < TEXT_MOST ? take(reader, length + nix_stream_padding(length)) : NULL;
    reader->failed = reader->failed || !bytes;
    snprintf(text, TEXT_MOST, "%.*s", bytes ? (int)length : 0, bytes ? bytes : "");
}

static void put_number(xmlBufferPtr output, uint64_t number)
{
    struct nix_stream stream = { .length = 0 };
    nix_stream_number(&stream, number);
    xmlBufferAdd(output, (const xmlChar *)stream.data, (int)stream.length);
}

static void hash_of(const char *data, size_t length, char digits[static 65])
{
    struct sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, data, length);
    sha256_end(&hash, digits);
}

/* The content of an archive that is a file; *length: how much. NULL: it is none. */
static const char *content_of(const char *archive, uint64_t size, size_t *length)
{
    static const char *const words[] = { NIX_ARCHIVE_FILE, NULL };
    struct reader reader = { .at = archive, .left = (size_t)size };
    char word[TEXT_MOST];
    for (size_t i = 0; words[i]; i++) {
        take_text(&reader, word);
        if (strcmp(word, words[i]) != 0)
            return NULL;
    }
    *length = (size_t)take_number(&reader);
    const char *content = take(&reader, *length);
    take(&reader, nix_stream_padding(*length));
    take_text(&reader, word);
    return !reader.failed && reader.left == 0 && strcmp(word, NIX_ARCHIVE_END) == 0 ? content : NULL;
}

/* What was told of a path. */
struct told {
    char path[TEXT_MOST], deriver[TEXT_MOST], hash[TEXT_MOST], address[TEXT_MOST];
    const char **references;
    size_t count;
};

static void take_references(struct simulation *simulation, struct reader *reader, struct told *told)
{
    uint64_t count = take_number(reader);
    told->references = simulated_memory(calloc(reader->left / 8 + 1, sizeof *told->references));
    while (!reader->failed && told->count < count) {
        char path[TEXT_MOST];
        take_text(reader, path);
        if (!simulated_paths_have(&simulation->paths, path))
            reader->failed = true;
        told->references[told->count++] = strings_intern(simulation->strings, path);
    }
}

static bool add_path(struct simulation *simulation, struct reader *reader)
{
    struct told told = { .count = 0 };
    char digits[65], address[TEXT_MOST];
    take_text(reader, told.path);
    take_text(reader, told.deriver);
    take_text(reader, told.hash);
    take_references(simulation, reader, &told);
    CLEANUP_FREE const char **references = told.references;
    take_number(reader);
    uint64_t size = take_number(reader);
    take_number(reader);
    take_number(reader);
    take_text(reader, told.address);
    size_t length = 0;
    const char *archive = take(reader, size), *content = archive ? content_of(archive, size, &length) : NULL;
    if (reader->failed || !content || !is_store_path(told.path) || simulation->full)
        return false;
    hash_of(content, length, digits);
    snprintf(address, sizeof address, "text:sha256:%s", digits);
    hash_of(archive, (size_t)size, digits);
    if (strcmp(told.hash, digits) != 0 || strcmp(told.address, address) != 0)
        return false;
    CLEANUP_FREE char *text = simulated_memory(strndup(content, length));
    simulated_paths_add(&simulation->paths,
                        simulation_store_at(simulation, told.path, text, references, told.count));
    return true;
}

static void query(struct simulation *simulation, struct reader *reader, xmlBufferPtr output)
{
    char path[TEXT_MOST];
    struct nix_stream stream = { .length = 0 };
    take_number(reader);
    take_number(reader);
    bool one = take_number(reader) == 1;
    take_text(reader, path);
    bool valid = one && simulated_paths_have(&simulation->paths, path);
    put_number(output, valid);
    if (valid)
        nix_stream_text(&stream, path);
    xmlBufferAdd(output, (const xmlChar *)stream.data, (int)stream.length);
}

int simulation_serve(struct simulation *simulation, const struct dydisnix_program *program,
                     xmlBufferPtr output)
{
    const struct simulated_file *file =
        program->input ? simulated_files_find(&simulation->files, program->input) : NULL;
    struct reader reader = { .at = file ? file->data : "", .left = file ? file->length : 0 };
    if (take_number(&reader) != GREETING)
        return 1;
    take_number(&reader);
    put_number(output, ANSWER);
    put_number(output, PROTOCOL);
    while (reader.left > 0 && !reader.failed) {
        uint64_t command = take_number(&reader);
        if (command == ADD && add_path(simulation, &reader))
            put_number(output, 1);
        else if (command == QUERY)
            query(simulation, &reader, output);
        else
            return 1;
    }
    return reader.failed;
}
