/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What cmocka.h wants included before it.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
