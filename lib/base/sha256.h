/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SHA-256 (FIPS 180-4).
 */
#ifndef SHA256_H
#define SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    unsigned char block[64];
    bool fast; /* by instructions of the processor that are made for it */
};

void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *data, size_t length);

/* As 32 bytes, or as 64 hexadecimal digits; the hash is of no further use. */
void sha256_bytes(struct sha256 *hash, unsigned char bytes[static 32]);
void sha256_end(struct sha256 *hash, char digits[static 65]);

#endif
