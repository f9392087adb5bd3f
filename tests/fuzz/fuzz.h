/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the fuzz targets have in common: what has to be true of whatever was read.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/manifest/manifest.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

/* The entry point of libFuzzer; each target is one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) ((condition) ? (void)0 : require_failed(__FILE__, __LINE__, #condition))

void require_failed(const char *file, int line, const char *condition) __attribute__((noreturn));

/* Operations that touch nothing; messages are put together and dropped. */
extern const struct dydisnix_operations no_operations;

/* One line about source without a control character; frees it. */
void require_reason(char *reason, const char *source);

/* An attribute set or list is what value.h says; no untyped value in it if typed. */
void require_value(const struct nix_value *value, bool typed);

void require_target(const struct target *target, bool checked);

/* What manifest_parse() promises of what it accepts; with own_target, what profile_manifest_parse() does. */
void require_manifest(const struct manifest *manifest, const char *own_target);

void require_empty(const struct manifest *manifest);

/* What is written is read again and means the same, and there is no difference to itself. */
void require_round_trip(struct manifest *manifest);

#endif
