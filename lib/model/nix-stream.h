/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A short piece of what Nix reads from a stream: numbers of eight bytes, least byte first, and texts with
 * their length before them.
 */
#ifndef NIX_STREAM_H
#define NIX_STREAM_H

#include <stddef.h>
#include <stdint.h>

/* The member of a Nix archive that is a file: what stands before its length, and after its content. */
#define NIX_ARCHIVE_FILE "nix-archive-1", "(", "type", "regular", "contents"
#define NIX_ARCHIVE_END ")"

struct nix_stream {
    char data[8 * 1024]; /* zeroed at first */
    size_t length;
};

/* What a text is padded with, to a multiple of eight bytes. */
size_t nix_stream_padding(uint64_t length);

void nix_stream_number(struct nix_stream *stream, uint64_t number);

/* Store paths, and what is shorter: there is room for thirty of the longest ones. */
void nix_stream_text(struct nix_stream *stream, const char *text);

/* texts: NULL after the last one. */
void nix_stream_texts(struct nix_stream *stream, const char *const *texts);

#endif
