/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef USAGE_H
#define USAGE_H

/* What --help prints. */
extern const char usage_text[];

#endif
