/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/state/dump.h"

#include <string.h>

#include "lib/base/strings.h"

static const char *const empty_dumps[] = {
    "0040f94d11d0039505328a90b2ff48968db873e9e7967307631bf40ef5679275", /* nothing, compressed by xz */
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", /* nothing */
};

bool is_empty_dump(const char *name)
{
    name = string_base_name(name);
    return strcmp(name, empty_dumps[0]) == 0 || strcmp(name, empty_dumps[1]) == 0;
}
