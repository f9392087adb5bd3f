/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/sha256.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
#define HAS_INSTRUCTIONS 1
#include <cpuid.h>
#include <immintrin.h>
#else
#define HAS_INSTRUCTIONS 0
#endif

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static uint32_t rotate(uint32_t word, unsigned bits)
{
    return word >> bits | word << (32 - bits);
}

static void expand(const unsigned char *block, uint32_t words[static 64])
{
    for (int i = 0; i < 16; i++)
        words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16
                   | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = words[i - 15], b = words[i - 2];

        words[i] = words[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + words[i - 7]
                   + (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
}

/* One of 64 rounds: d and h are new, and all change their places for the next one, which costs nothing where
 * the compiler sees it. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                                                   \
    do {                                                                                                   \
        uint32_t one = (h) + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (((e) & (f)) ^ (~(e) & (g))) \
                       + constants[i] + words[i];                                                          \
        (d) += one;                                                                                        \
        (h) = one + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + (((a) & (b)) | ((c) & ((a) | (b))));  \
    } while (0)

static void take_block(uint32_t state[static 8], const unsigned char *block)
{
    uint32_t words[64], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5],
                        g = state[6], h = state[7];

    expand(block, words);
    for (int i = 0; i < 64; i += 8) {
        ROUND(a, b, c, d, e, f, g, h, i);
        ROUND(h, a, b, c, d, e, f, g, i + 1);
        ROUND(g, h, a, b, c, d, e, f, i + 2);
        ROUND(f, g, h, a, b, c, d, e, i + 3);
        ROUND(e, f, g, h, a, b, c, d, i + 4);
        ROUND(d, e, f, g, h, a, b, c, i + 5);
        ROUND(c, d, e, f, g, h, a, b, i + 6);
        ROUND(b, c, d, e, f, g, h, a, i + 7);
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

#if HAS_INSTRUCTIONS

static bool ask_processor(void)
{
    unsigned a, b, c, d;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & 1u << 29) != 0;
}

/* Whether the processor hashes by itself, several times as fast. It is asked once: in a virtual machine
 * that takes as long as hashing a kilobyte. */
static bool has_instructions(void)
{
    static atomic_int known; /* 0: nobody has asked */

    if (known == 0)
        known = ask_processor() ? 1 : -1;
    return known > 0;
}

#define WITH_INSTRUCTIONS __attribute__((target("sha,sse4.1,ssse3")))

/* Four rounds. The processor keeps the state as these two halves: a, b, e, f and c, d, g, h. */
static inline WITH_INSTRUCTIONS void four_rounds(__m128i *abef, __m128i *cdgh, __m128i words, int i)
{
    __m128i sums = _mm_add_epi32(words, _mm_loadu_si128((const __m128i *)(const void *)&constants[i]));

    *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, sums);
    *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(sums, 0x0e));
}

/* The four words after d, of the sixteen up to it. */
static inline WITH_INSTRUCTIONS __m128i next_words(__m128i a, __m128i b, __m128i c, __m128i d)
{
    return _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(d, c, 4)), d);
}

static inline WITH_INSTRUCTIONS __m128i load_words(const unsigned char *bytes)
{
    const __m128i swapped = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)bytes), swapped);
}

static WITH_INSTRUCTIONS void take_blocks_fast(uint32_t state[static 8], const unsigned char *block,
                                               size_t count)
{
    __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)state), 0xb1);
    __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)(state + 4)), 0x1b);
    __m128i abef = _mm_alignr_epi8(low, high, 8), cdgh = _mm_blend_epi16(high, low, 0xf0);

    for (; count > 0; count--, block += 64) {
        __m128i before[] = { abef, cdgh };
        __m128i a = load_words(block), b = load_words(block + 16), c = load_words(block + 32),
                d = load_words(block + 48);

        for (int i = 0;; i += 16) {
            four_rounds(&abef, &cdgh, a, i);
            four_rounds(&abef, &cdgh, b, i + 4);
            four_rounds(&abef, &cdgh, c, i + 8);
            four_rounds(&abef, &cdgh, d, i + 12);
            if (i == 48)
                break;
            a = next_words(a, b, c, d);
            b = next_words(b, c, d, a);
            c = next_words(c, d, a, b);
            d = next_words(d, a, b, c);
        }
        abef = _mm_add_epi32(abef, before[0]);
        cdgh = _mm_add_epi32(cdgh, before[1]);
    }
    low = _mm_shuffle_epi32(abef, 0x1b);
    high = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(low, high, 0xf0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(high, low, 8));
}

#endif

static void take_blocks(struct sha256 *hash, const unsigned char *block, size_t count)
{
#if HAS_INSTRUCTIONS
    if (hash->fast) {
        take_blocks_fast(hash->state, block, count);
        return;
    }
#endif
    for (; count > 0; count--, block += 64)
        take_block(hash->state, block);
}

void sha256_begin(struct sha256 *hash)
{
    *hash = (struct sha256){ .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                        0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
#if HAS_INSTRUCTIONS
    hash->fast = has_instructions();
#endif
}

void sha256_add(struct sha256 *hash, const void *data, size_t length)
{
    const unsigned char *bytes = data;
    size_t used = hash->length % 64, part = used == 0 ? 0 : length < 64 - used ? length : 64 - used;

    hash->length += length;
    if (part > 0) {
        memcpy(hash->block + used, bytes, part);
        bytes += part;
        length -= part;
        if (used + part == 64)
            take_blocks(hash, hash->block, 1);
    }
    if (length == 0)
        return;
    take_blocks(hash, bytes, length / 64);
    memcpy(hash->block, bytes + length / 64 * 64, length % 64);
}

void sha256_bytes(struct sha256 *hash, unsigned char bytes[static 32])
{
    static const unsigned char padding[64] = { 0x80 };
    unsigned char bits[8];

    for (int i = 0; i < 8; i++)
        bits[i] = (unsigned char)(hash->length * 8 >> (56 - 8 * i));
    sha256_add(hash, padding, 1 + (119 - hash->length % 64) % 64);
    sha256_add(hash, bits, sizeof bits);
    for (int i = 0; i < 32; i++)
        bytes[i] = (unsigned char)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256_end(struct sha256 *hash, char digits[static 65])
{
    unsigned char bytes[32];

    sha256_bytes(hash, bytes);
    for (int i = 0; i < 32; i++)
        snprintf(digits + 2 * i, 3, "%02x", bytes[i]);
}
