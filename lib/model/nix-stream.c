/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/model/nix-stream.h"

#include <string.h>

size_t nix_stream_padding(uint64_t length)
{
    return (size_t)(-length % 8);
}

void nix_stream_number(struct nix_stream *stream, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        stream->data[stream->length++] = (char)(unsigned char)(number >> 8 * i);
}

void nix_stream_text(struct nix_stream *stream, const char *text)
{
    size_t length = strlen(text);
    nix_stream_number(stream, length);
    memcpy(stream->data + stream->length, text, length);
    stream->length += length + nix_stream_padding(length);
}

void nix_stream_texts(struct nix_stream *stream, const char *const *texts)
{
    for (; *texts; texts++)
        nix_stream_text(stream, *texts);
}
