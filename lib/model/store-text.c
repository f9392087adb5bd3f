/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A stream for `nix-store --serve --write` is one file: a greeting, the command that adds a path, with all
 * that Nix is to know of it, its archive, and a question whether the path is valid now. What is known of the
 * text only when it has been written, is written into its place then.
 */
#include "lib/model/store-text.h"

#include <errno.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/sha256.h"
#include "lib/base/strings.h"
#include "lib/model/nix-stream.h"
#include "lib/model/nix.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

/* The protocol of Nix's src/libstore/serve-protocol. Version 2.5 is the first that adds a path by itself. */
enum { GREETING = 0x390c9deb, ANSWER = 0x5452eecb, PROTOCOL = 2 << 8 | 5 };
enum { QUERY_VALID_PATHS = 1, ADD_TO_STORE = 9, DONE = 1 };

static const char algorithm[] = "text:sha256:";

struct text_stream {
    const struct store_text *text;
    struct sha256 hash;      /* of the text so far */
    uint64_t length;         /* of the text so far */
    char digits[65];         /* the hash of all of it */
    char archive_digits[65]; /* the same of the archive */
    char path[sizeof NIX_STORE_DIR + 33 + 212];
    struct nix_stream front, head; /* what stands before the references, and from there to the text */
    uint64_t head_at;
    int (*put)(void *spool, const char *data, size_t length);
    void *spool;
};

/* As Nix writes hashes in paths: five bits a character, the last ones first. */
static void put_hash(char text[static 33], const unsigned char hash[static 20])
{
    static const char alphabet[] = "0123456789abcdfghijklmnpqrsvwxyz";
    for (int i = 0; i < 32; i++) {
        int bit = 5 * (31 - i);
        unsigned pair = hash[bit / 8] | (bit / 8 < 19 ? (unsigned)hash[bit / 8 + 1] << 8 : 0);
        text[i] = alphabet[pair >> bit % 8 & 31];
    }
    text[32] = '\0';
}

/* The path of a text with such a hash and such references. */
static void find_path(struct text_stream *stream)
{
    const struct store_text *text = stream->text;
    unsigned char whole[32], folded[20] = { 0 };
    char digits[33];
    struct sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, "text:", strlen("text:"));
    for (size_t i = 0; i < text->reference_count; i++) {
        sha256_add(&hash, text->references[i], strlen(text->references[i]));
        sha256_add(&hash, ":", 1);
    }
    sha256_add(&hash, "sha256:", strlen("sha256:"));
    sha256_add(&hash, stream->digits, strlen(stream->digits));
    sha256_add(&hash, ":" NIX_STORE_DIR ":", strlen(":" NIX_STORE_DIR ":"));
    sha256_add(&hash, text->name, strlen(text->name));
    sha256_bytes(&hash, whole);
    for (int i = 0; i < 32; i++)
        folded[i % 20] ^= whole[i];
    put_hash(digits, folded);
    snprintf(stream->path, sizeof stream->path, "%s/%s-%s", NIX_STORE_DIR, digits, text->name);
}

/* As long as it will be, also as long as path and hash of the archive are not known. */
static void make_front(struct text_stream *stream)
{
    struct nix_stream *front = &stream->front;
    *front = (struct nix_stream){ .length = 0 };
    nix_stream_number(front, GREETING);
    nix_stream_number(front, PROTOCOL);
    nix_stream_number(front, ADD_TO_STORE);
    nix_stream_text(front, stream->path);
    nix_stream_text(front, ""); /* no deriver */
    nix_stream_text(front, stream->archive_digits);
    nix_stream_number(front, stream->text->reference_count);
}

static const char *const archive_begin[] = { NIX_ARCHIVE_FILE, NULL };

/* Of what stands before the text. */
static uint64_t archive_head_length(void)
{
    struct nix_stream head = { .length = 0 };
    nix_stream_texts(&head, archive_begin);
    nix_stream_number(&head, 0);
    return head.length;
}

/* Of the archive of a text of such a length. */
static uint64_t archive_length(uint64_t length)
{
    struct nix_stream end = { .length = 0 };
    nix_stream_text(&end, NIX_ARCHIVE_END);
    return archive_head_length() + length + nix_stream_padding(length) + end.length;
}

/* The same for what follows from the text's length and hash. */
static void make_head(struct text_stream *stream)
{
    struct nix_stream *head = &stream->head;
    char address[sizeof algorithm + 64];
    snprintf(address, sizeof address, "%s%s", algorithm, stream->digits);
    *head = (struct nix_stream){ .length = 0 };
    nix_stream_number(head, 0); /* registered now */
    nix_stream_number(head, archive_length(stream->length));
    nix_stream_number(head, 0); /* not made by a builder of this machine */
    nix_stream_number(head, 0); /* no signatures */
    nix_stream_text(head, address);
    nix_stream_texts(head, archive_begin);
    nix_stream_number(head, stream->length);
}

static int put_stream(const struct text_stream *stream, const struct nix_stream *part)
{
    return stream->put(stream->spool, part->data, part->length);
}

static int put_stored_text(void *closure, const char *data, size_t length)
{
    struct text_stream *stream = closure;
    sha256_add(&stream->hash, data, length);
    stream->length += length;
    return stream->put(stream->spool, data, length);
}

/* What follows the text: the end of its archive, and the question. */
static int put_end(const struct text_stream *stream)
{
    struct nix_stream end = { .length = nix_stream_padding(stream->length) };
    nix_stream_text(&end, NIX_ARCHIVE_END);
    nix_stream_number(&end, QUERY_VALID_PATHS);
    nix_stream_number(&end, 0); /* no lock */
    nix_stream_number(&end, 0); /* no substitutes */
    nix_stream_number(&end, 1);
    nix_stream_text(&end, stream->path);
    return put_stream(stream, &end);
}

/* Several at once, for there may be a hundred thousand. */
static int put_references(struct text_stream *stream)
{
    struct nix_stream part = { .length = 0 };
    size_t count = stream->text->reference_count;
    stream->head_at = stream->front.length;
    for (size_t i = 0; i < count; i++) {
        nix_stream_text(&part, stream->text->references[i]);
        if (i + 1 < count && part.length < sizeof part.data / 2)
            continue;
        if (put_stream(stream, &part) != 0)
            return -1;
        stream->head_at += part.length;
        part = (struct nix_stream){ .length = 0 };
    }
    return 0;
}

/* What is not known yet is as long as it will be. */
static int fill_stream(void *closure, int (*put)(void *, const char *, size_t), void *spool)
{
    struct text_stream *stream = closure;
    stream->put = put;
    stream->spool = spool;
    stream->length = 0;
    memset(stream->digits, '0', sizeof stream->digits - 1);
    memset(stream->archive_digits, '0', sizeof stream->archive_digits - 1);
    find_path(stream);
    make_front(stream);
    make_head(stream);
    if (put_stream(stream, &stream->front) != 0 || put_references(stream) != 0
        || put_stream(stream, &stream->head) != 0)
        return -1;
    sha256_begin(&stream->hash);
    if (stream->text->fill(stream->text->closure, put_stored_text, stream) != 0)
        return -1;
    sha256_end(&stream->hash, stream->digits);
    find_path(stream);
    return put_end(stream);
}

struct archive {
    struct sha256 hash;
    uint64_t left; /* bytes of it */
};

static int hash_archive(void *closure, const char *data, size_t length)
{
    struct archive *archive = closure;
    size_t part = length < archive->left ? length : (size_t)archive->left;
    sha256_add(&archive->hash, data, part);
    archive->left -= part;
    return 0;
}

/* 0, or -1 with errno set. */
static int complete_stream(struct text_stream *stream, const char *file)
{
    struct archive archive = { .left = archive_length(stream->length) };
    uint64_t archive_at = stream->head_at + stream->head.length - archive_head_length();
    make_head(stream);
    if (amend_file(file, stream->head_at, stream->head.data, stream->head.length) != 0)
        return -1;
    sha256_begin(&archive.hash);
    if (scan_file(file, archive_at, hash_archive, &archive) != 0)
        return -1;
    sha256_end(&archive.hash, stream->archive_digits);
    make_front(stream);
    return amend_file(file, 0, stream->front.data, stream->front.length);
}

/* The greeting, a version that knows the command, that it was done, and that this path is valid: nothing
 * else. */
static bool is_answer(const struct text_stream *stream, const struct dydisnix_result *result)
{
    struct nix_stream expected = { .length = 0 };
    const unsigned char *version = (const unsigned char *)result->output + 8;
    if (result->output_length < 16 || version[1] != PROTOCOL >> 8 || version[0] < (PROTOCOL & 0xff))
        return false;
    nix_stream_number(&expected, ANSWER);
    nix_stream_number(&expected, (uint64_t)version[1] << 8 | version[0]);
    nix_stream_number(&expected, DONE);
    nix_stream_number(&expected, 1);
    nix_stream_text(&expected, stream->path);
    return result->output_length == expected.length
           && memcmp(result->output, expected.data, expected.length) == 0;
}

/* As serve_text(). What Nix says of it is not shown: where builtins.toFile cannot do it either, that says why. */
static int run_serve(const struct text_stream *stream, const char *file)
{
    static const char *const argv[] = { "nix-store", "--serve", "--write", NULL };
    const struct dydisnix_program program = { .argv = argv,
                                              .input = file,
                                              .deadline = stream->text->deadline,
                                              .output_limit = 64 * 1024,
                                              .quiet = true };
    struct dydisnix_result result = { 0 };
    bool done = run_program(&program, &result) == 0, late = result.ending == DYDISNIX_TIMED_OUT;
    bool answered = done && is_answer(stream, &result);
    CLEANUP_FREE char *ending = done ? NULL : describe_ending(&result);
    free(result.output);
    if (answered)
        return 0;
    if (!done && late)
        log_error(NULL, "%s: %s: %s", stream->text->purpose, argv[0], ending ? ending : "no answer");
    else
        log_debug(NULL, "%s: nix-store --serve --write: %s; builtins.toFile is asked", stream->text->purpose,
                  ending ? ending : "unexpected answer");
    return late && !done ? -1 : 1;
}

/* 0, 1 where Nix does not take it in this way, or -1 after a message. */
static int serve_text(const struct store_text *text, const char *file, char **path)
{
    struct text_stream stream = { .text = text };
    errno = 0;
    int status = spool_file(file, fill_stream, &stream, 0600);
    if (status == 0)
        status = complete_stream(&stream, file);
    if (status != 0 && errno == ENOSYS)
        return 1;
    if (status != 0) {
        log_error(NULL, "%s: %s", file, strerror(errno));
        return -1;
    }
    status = run_serve(&stream, file);
    if (status == 0 && !(*path = strdup(stream.path)))
        return -1;
    return status;
}

static int gather(void *buffer, const char *data, size_t length)
{
    return xmlBufferAdd(buffer, (const xmlChar *)data, (int)length) ? -1 : 0;
}

/* Where a table of operations cannot make a file piece by piece, it is made at once. */
static int write_spooled_text(const struct store_text *text, const char *file)
{
    errno = 0;
    if (spool_file(file, text->fill, text->closure, 0600) == 0)
        return 0;
    if (errno != ENOSYS)
        return -1;
    CLEANUP_BUFFER xmlBufferPtr whole = xmlBufferCreate();
    return whole && text->fill(text->closure, gather, whole) == 0 ? operations->write(
               file, (const char *)xmlBufferContent(whole), (size_t)xmlBufferLength(whole), 0600)
                                                                  : -1;
}

static int evaluate_text(const struct store_text *text, const char *file, const char *directory, char **path)
{
    if (write_spooled_text(text, file) == 0)
        return nix_add_text(text, file, directory, path);
    log_error(NULL, "%s: %s", file, strerror(errno));
    return -1;
}

int store_text_add(struct store_text *text, char **path)
{
    CLEANUP_FREE char *directory = NULL, *file = NULL;
    if (operations->temporary_directory("dydisnix-manifest", &directory) != 0) {
        log_error(NULL, "cannot make a temporary directory: %s", strerror(errno));
        return -1;
    }
    file = string_format("%s/manifest.xml", directory);
    int status = !file ? -1 : text->evaluated ? 1 : serve_text(text, file, path);
    if (status == 1) {
        status = evaluate_text(text, file, directory, path);
        text->evaluated = status == 0;
    }
    operations->remove(directory);
    return status;
}
