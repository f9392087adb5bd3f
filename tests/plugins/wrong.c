/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Plugins that the host has to refuse, one for each WRONG.
 */
#include <dydisnix/plugin.h>

enum {
    NO_SYMBOL = 1,
    NO_PLUGIN,
    TOO_SMALL,
    TOO_NEW,
    NO_HOOK,
    NO_NAME,
    OTHER_NAME,
    ODD_NAME,
    REFUSES,
    UNRESOLVED,
    FUTURE
};

struct dydisnix_plugin *PLUGIN_ENTRY(void);
int nobody_has_this(void);

static int refuse(const struct dydisnix_operations *operations)
{
    (void)operations;
    return -1;
}

static int redistribute(const json_t *event, json_t **report)
{
    (void)event;
    (void)report;
#if WRONG == 10
    return nobody_has_this();
#else
    return DYDISNIX_NOT_MINE;
#endif
}

/* What a later version of the header may look like. */
static struct {
    struct dydisnix_plugin plugin;
    void *more[16];
} given = { .more = { (void *)&given } };

DYDISNIX_EXPORT struct dydisnix_plugin *PLUGIN_ENTRY(void)
{
    static const char *const names[] = {
        [NO_HOOK] = "no-hook",   [NO_NAME] = NULL,      [OTHER_NAME] = "another",
        [ODD_NAME] = "odd name", [REFUSES] = "refuses", [UNRESOLVED] = "unresolved",
        [FUTURE] = "future"
    };
    given.plugin = (struct dydisnix_plugin){
        ._size = WRONG == TOO_SMALL ? sizeof(size_t) : sizeof given,
        ._api_version = WRONG == TOO_NEW ? DYDISNIX_PLUGIN_API_VERSION + 1 : DYDISNIX_PLUGIN_API_VERSION,
        .name = names[WRONG],
        .load = WRONG == REFUSES ? refuse : NULL,
        .redistribute = WRONG == NO_HOOK ? NULL : redistribute,
    };
    return WRONG == NO_PLUGIN ? NULL : &given.plugin;
}
