/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What client interfaces and Nix print, as a whole reconstruction reads it. The parts of the input stand
 * between bytes 0xff: what a and b say to --query-requisites and --query-installed; their snapshots; the
 * links of the coordinator's; what the host remembers, as JSON; what Nix says of service keys.
 */
#include "config.h"

#include "world.h"

enum part { REQUISITES, INSTALLED = 2, SNAPSHOTS = 4, COORDINATOR = 6, HISTORY, KEYS, PARTS };

static struct {
    const char *data;
    size_t length;
} parts[PARTS];

static void split(const char *data, size_t size)
{
    memset(parts, 0, sizeof parts);
    for (size_t i = 0; i < PARTS; i++) {
        const char *end = size ? memchr(data, 0xff, size) : NULL;
        size_t length = end ? (size_t)(end - data) : size;

        parts[i].data = data;
        parts[i].length = length;
        data += end ? length + 1 : length;
        size -= end ? length + 1 : length;
    }
}

static void answer_part(struct dydisnix_result *result, size_t part)
{
    world_answer(result, part < SNAPSHOTS && !parts[part].length, parts[part].data, parts[part].length);
}

static void reply(const char *const *argv, struct dydisnix_result *result)
{
    size_t target = world_target(argv) % 2;

    if (world_has(argv, "--query-requisites"))
        answer_part(result, REQUISITES + target);
    else if (world_has(argv, "--query-installed"))
        answer_part(result, INSTALLED + target);
    else if (world_has(argv, "--query-all-snapshots") || world_has(argv, "--query-latest-snapshot"))
        answer_part(result, SNAPSHOTS + target);
    else if (world_has(argv, "nix-instantiate"))
        answer_part(result, KEYS);
    else
        REQUIRE(!"a program that was not expected");
}

#define PROPERTIES(name)                                                                                    \
    "<properties><property name=\"hostname\" type=\"string\">" name "</property></properties><containers/>" \
    "<clientInterface>client</clientInterface><targetProperty>hostname</targetProperty>"
#define TARGETS \
    "<target name=\"a\">" PROPERTIES("a") "</target><target name=\"b\">" PROPERTIES("b") "</target>"

static const char infrastructure[] = "<infrastructure version=\"2\">" TARGETS "</infrastructure>";

/* b has what a may still hold. */
static const char previous[] =
    "<manifest version=\"2\">"
    "<profiles><profile name=\"b\">/nix/store/00000000000000000000000000000000-b</profile></profiles>"
    "<services><service name=\"k\"><name>s</name><pkg>/nix/store/00000000000000000000000000000000-s</pkg>"
    "<type>t</type></service></services>"
    "<serviceMappings><mapping><service>k</service><container>c</container><target>b</target></mapping>"
    "</serviceMappings><snapshotMappings><mapping><component>s</component><service>k</service>"
    "<container>c</container><target>b</target></mapping></snapshotMappings>"
    "<infrastructure>" TARGETS "</infrastructure></manifest>";

static int add_coordinator_snapshot(void *closure, char *line)
{
    int *count = closure;
    CLEANUP_FREE char *path = string_format("/var/state/dysnomia/generations/c/s/%d", ++*count);

    world_add_link(path, line);
    return *count == 8;
}

static void build(void)
{
    CLEANUP_FREE char *links = strndup(parts[COORDINATOR].data, parts[COORDINATOR].length);
    int count = 0;

    world.reply = reply;
    world_add_file(WORLD_INFRASTRUCTURE, infrastructure, sizeof infrastructure - 1);
    world_add_link(WORLD_PROFILES "/default", "default-1-link");
    world_add_link(WORLD_PROFILES "/default-1-link",
                   "/nix/store/00000000000000000000000000000000-manifest.xml");
    world_add_file("/nix/store/00000000000000000000000000000000-manifest.xml", previous, sizeof previous - 1);
    string_lines(links, add_coordinator_snapshot, &count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reconstructed once, again;

    split((const char *)data, size);
    CLEANUP_JSON json_t *history = json_loadb(parts[HISTORY].data, parts[HISTORY].length, 0, NULL);
    build();
    once = world_reconstruct(&options_default, history, true);
    world.reversed = true;
    again = world_reconstruct(&options_default, history, true);
    require_same(&once, &again);
    if (once.manifest) {
        struct strings *strings = strings_new();
        struct manifest manifest;
        char *reason;

        REQUIRE(!manifest_parse(once.manifest, strlen(once.manifest), "WRITTEN", NULL, strings, &manifest,
                                &reason));
        require_manifest(&manifest, NULL);
        require_round_trip(&manifest);
        REQUIRE(!manifest_check(&manifest, &reason));
        manifest_clear(&manifest);
        strings_free(strings);
    }
    reconstructed_clear(&once);
    reconstructed_clear(&again);
    world_clear();
    return 0;
}
