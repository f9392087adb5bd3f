/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The decision as a whole. Every byte chooses something about a small network: what targets hold, what
 * earlier manifests say, which snapshots there are, what the host remembers, which actions succeed, what is
 * asked for. What is decided must be made of nothing but that, leave out nothing without saying so, and not
 * depend on who answers first.
 */
#include "config.h"

#include "world.h"

enum { SERVICES = 4, COMPONENTS = 2, CONTAINERS = 2, GENERATIONS = 2 };

/* The bits that say how a target holds a service. */
enum {
    MAPPED = 1,
    SNAPSHOT = 2,
    MAPPED_IN_Q = 4,
    SNAPSHOT_IN_Q = 8,
    PROVIDED = 16,
    DIVERGES = 32,
    OTHER = 64,
    DEPENDS = 128
};

struct holder {
    bool there, silent, empty, renamed, garbage;
    unsigned profile;
    uint8_t services[SERVICES];
};

static struct network {
    struct holder targets[WORLD_TARGETS], generations[GENERATIONS][WORLD_TARGETS];
    uint8_t known_generations, reconstructed, outcomes, deployed;
    uint8_t away[WORLD_TARGETS], snapshotted[WORLD_TARGETS][COMPONENTS];
    uint8_t snapshots[WORLD_TARGETS + 1][COMPONENTS][CONTAINERS]; /* the last ones: the coordinator's */
    uint8_t memory[WORLD_TARGETS][COMPONENTS], choices[COMPONENTS], activations;
    struct options options;
    bool print, twice;
} network;

static const uint8_t *rest;
static size_t rest_length;

static uint8_t take(void)
{
    return rest_length ? (rest_length--, *rest++) : 0;
}

static void take_holder(struct holder *holder)
{
    uint8_t byte = take();

    *holder = (struct holder){ .there = !(byte & 1),
                               .silent = (byte & 6) == 2,
                               .empty = (byte & 6) == 4,
                               .renamed = (byte & 24) == 24,
                               .garbage = (byte & 6) == 6 && byte & 128,
                               .profile = byte >> 5 & 3 };
    for (size_t i = 0; i < SERVICES; i++)
        holder->services[i] = take();
}

static void take_network(const uint8_t *data, size_t size)
{
    uint8_t byte;

    rest = data;
    rest_length = size;
    network = (struct network){ .options = options_default };
    byte = take();
    network.options.unreachable = byte % 3;
    network.options.superseded = byte / 3 % 3;
    network.options.late = byte / 9 % 2;
    network.print = byte / 18 % 2;
    network.twice = byte / 36 % 4 == 3;
    byte = take();
    network.known_generations = byte % 3;
    network.reconstructed = byte / 3 % 4;
    network.deployed = byte / 12 % 3;
    network.outcomes = take();
    for (size_t i = 0; i < WORLD_TARGETS; i++) {
        take_holder(&network.targets[i]);
        for (size_t j = 0; j < GENERATIONS; j++)
            take_holder(&network.generations[j][i]);
        network.away[i] = take();
        for (size_t j = 0; j < COMPONENTS; j++)
            network.snapshotted[i][j] = take();
    }
    for (size_t i = 0; i <= WORLD_TARGETS; i++)
        for (size_t j = 0; j < COMPONENTS; j++)
            for (size_t k = 0; k < CONTAINERS; k++)
                network.snapshots[i][j][k] = take();
    network.activations = take();
    for (size_t j = 0; j < COMPONENTS; j++) {
        network.choices[j] = take();
        for (size_t i = 0; i < WORLD_TARGETS; i++)
            network.memory[i][j] = take();
    }
}

/* Every service of k0 to k3 in turn is of component c0-1.0 or c1-1.0: another key may be the same
 * component. */
static void put_package(FILE *file, size_t service, bool other)
{
    fprintf(file, "/nix/store/%031d%zu-c%zu-1.0", other, service, service / 2);
}

static bool holds(const struct holder *holder, size_t service)
{
    return holder->services[service] & (MAPPED | SNAPSHOT | MAPPED_IN_Q | SNAPSHOT_IN_Q);
}

static bool depends(uint8_t bits, size_t service)
{
    return !(bits & DEPENDS) == !(service & 1);
}

static void put_dependency(FILE *file, const char *element, size_t service)
{
    fprintf(file,
            "<%s><mapping><service>k%zu</service><container>p</container><target>a</target></mapping></%s>",
            element, (service + 1) % SERVICES, element);
}

static void put_service(FILE *file, uint8_t bits, size_t service)
{
    fprintf(file, "<service name=\"k%zu\"><name>s%zu</name><type>%s</type><pkg>", service, service,
            service == 2 ? "package" : "t");
    put_package(file, service, bits & OTHER);
    fprintf(file, "</pkg>");
    if (depends(bits, service))
        put_dependency(file, "dependsOn", service);
    if (bits & DIVERGES)
        put_dependency(file, "connectsTo", service);
    fprintf(file, "</service>");
}

static void put_mappings(FILE *file, const struct holder *holder, char target, bool snapshots)
{
    for (size_t i = 0; i < SERVICES; i++)
        for (size_t j = 0; j < CONTAINERS; j++) {
            if (!(holder->services[i] & (snapshots ? SNAPSHOT : MAPPED) << 2 * j))
                continue;
            fprintf(file, "<mapping><service>k%zu</service><container>%s</container>", i, j ? "q" : "p");
            if (holder->services[i] & PROVIDED && holds(holder, 3))
                fprintf(file, "<containerProvidedByService>k3</containerProvidedByService>");
            if (snapshots)
                fprintf(file, "<component>c%zu-1.0</component>", i / 2);
            if (target)
                fprintf(file, "<target>%c</target>", target);
            fprintf(file, "</mapping>");
        }
}

static void put_profile_manifest(FILE *file, const struct holder *holder)
{
    fprintf(file, "<profilemanifest version=\"2\"><services>");
    for (size_t i = 0; i < SERVICES; i++)
        if (holds(holder, i))
            put_service(file, holder->services[i], i);
    fprintf(file, "</services><serviceMappings>");
    put_mappings(file, holder, 0, false);
    fprintf(file, "</serviceMappings><snapshotMappings>");
    put_mappings(file, holder, 0, true);
    fprintf(file, "</snapshotMappings></profilemanifest>");
}

static void put_target(FILE *file, char name, bool renamed)
{
    fprintf(
        file,
        "<target name=\"%c\"><properties><property name=\"hostname\" type=\"string\">%s%c</property></properties>"
        "<clientInterface>client</clientInterface><targetProperty>hostname</targetProperty></target>",
        name, renamed ? "key-" : "", name);
}

static void put_profile(FILE *file, unsigned profile)
{
    fprintf(file, "/nix/store/%032u-profile", profile);
}

static void put_manifest(FILE *file, const struct holder holders[WORLD_TARGETS])
{
    fprintf(file, "<manifest version=\"2\"><profiles>");
    for (size_t i = 0; i < WORLD_TARGETS; i++)
        if (!holders[i].silent) {
            fprintf(file, "<profile name=\"%c\">", (char)('a' + i));
            put_profile(file, holders[i].profile);
            fprintf(file, "</profile>");
        }
    fprintf(file, "</profiles><services>");
    for (size_t i = 0; i < SERVICES; i++)
        for (size_t j = 0; j < WORLD_TARGETS; j++)
            if (i == 2 || holds(&holders[j], i)) { /* a package is there without a mapping */
                put_service(file, holders[j].services[i], i);
                break;
            }
    fprintf(file, "</services><infrastructure>");
    for (size_t i = 0; i < WORLD_TARGETS; i++)
        put_target(file, (char)('a' + i), holders[i].renamed);
    fprintf(file, "</infrastructure><serviceMappings>");
    for (size_t i = 0; i < WORLD_TARGETS; i++)
        put_mappings(file, &holders[i], (char)('a' + i), false);
    fprintf(file, "</serviceMappings><snapshotMappings>");
    for (size_t i = 0; i < WORLD_TARGETS; i++)
        put_mappings(file, &holders[i], (char)('a' + i), true);
    fprintf(file, "</snapshotMappings></manifest>");
}

static void put_infrastructure(FILE *file)
{
    fprintf(file, "<infrastructure version=\"2\">");
    for (size_t i = 0; i < WORLD_TARGETS; i++)
        if (network.targets[i].there)
            put_target(file, (char)('a' + i), network.targets[i].renamed);
    fprintf(file, "</infrastructure>");
}

/* One profile has one content: that of the first target that has it. */
static const struct holder *profile_holder(unsigned profile)
{
    for (size_t i = 0; i < WORLD_TARGETS; i++)
        if (network.targets[i].profile == profile)
            return &network.targets[i];
    return NULL;
}

static void add_generations(void)
{
    static const char *const names[] = { "manifest.xml", "reconstructed-manifest.xml" };

    for (int i = 0; i < network.known_generations; i++) {
        CLEANUP_FREE char *link = string_format(WORLD_PROFILES "/default-%d-link", i + 1), *text = NULL;
        CLEANUP_FREE char *path =
            string_format("/nix/store/%032d-%s", i, names[network.reconstructed >> i & 1]);
        size_t length;
        FILE *file = open_memstream(&text, &length);

        put_manifest(file, network.generations[i]);
        fclose(file);
        world_add_link(link, path);
        world_add_file(path, text, length);
    }
    if (network.known_generations)
        world_add_link(WORLD_PROFILES "/default",
                       network.known_generations == 1 ? "default-1-link" : "default-2-link");
}

static void add_profiles(void)
{
    for (unsigned profile = 0; profile < 4; profile++) {
        CLEANUP_FREE char *path = NULL, *text = NULL;
        size_t length;
        FILE *file;

        if (network.print || !profile_holder(profile))
            continue;
        path = string_format("/nix/store/%032u-profile/profilemanifest.xml", profile);
        file = open_memstream(&text, &length);
        put_profile_manifest(file, profile_holder(profile));
        fclose(file);
        world_add_file(path, text, length);
    }
}

/* Up to three snapshots of two bits each, 0 is none, 3 is that of an empty dump. */
static void each_snapshot(uint8_t byte, size_t component, size_t container,
                          void (*each)(FILE *file, size_t component, size_t container, int position,
                                       int name),
                          FILE *file)
{
    for (int i = 0; i < 3; i++)
        if (byte >> 2 * i & 3)
            each(file, component, container, i + 1, byte >> 2 * i & 3);
}

static const char *snapshot_name(int name)
{
    static const char *const names[] = { "1111111111111111111111111111111111111111111111111111111111111111",
                                         "2222222222222222222222222222222222222222222222222222222222222222",
                                         "0040f94d11d0039505328a90b2ff48968db873e9e7967307631bf40ef5679275" };
    return names[name - 1];
}

static void add_coordinator_snapshot(FILE *file, size_t component, size_t container, int position, int name)
{
    CLEANUP_FREE char *path = string_format("/var/state/dysnomia/generations/%s/c%zu-1.0/%d",
                                            container ? "q" : "p", component, position);
    CLEANUP_FREE char *link = string_format("../%s", snapshot_name(name));

    (void)file;
    world_add_link(path, link);
}

static void print_snapshot(FILE *file, size_t component, size_t container, int position, int name)
{
    (void)position;
    fprintf(file, "%s/c%zu-1.0/%s\n", container ? "q" : "p", component, snapshot_name(name));
}

/* The newest one stands first. */
static void print_newest(FILE *file, size_t component, size_t container, int position, int name)
{
    rewind(file);
    print_snapshot(file, component, container, position, name);
}

static void put_snapshots(FILE *file, const char *const *argv)
{
    bool newest = world_has(argv, "--query-latest-snapshot");
    size_t component = world_option(argv, "--component")[1] == '1',
           container = *world_option(argv, "--container") == 'q';

    each_snapshot(network.snapshots[world_target(argv)][component][container], component, container,
                  newest ? print_newest : print_snapshot, file);
}

/* Only these documents hash to the key of their service. */
static bool is_honest(const json_t *document)
{
    const char *name = json_string_value(json_object_get(document, "name"));
    const char *package = json_string_value(json_object_get(document, "pkg"));
    bool dependent = json_array_size(json_object_get(document, "dependsOn")) > 0;

    return package[strlen("/nix/store/") + 30] == '0' && dependent == depends(0, (size_t)(name[1] - '0'));
}

static void put_keys(FILE *file)
{
    const struct world_file *documents = world_find("/tmp/dydisnix-keys/services.json");
    CLEANUP_JSON json_t *list = json_loadb(documents->data, documents->length, 0, NULL);
    size_t index;
    json_t *document;

    fprintf(file, "[");
    json_array_foreach(list, index, document)
        fprintf(file, "%s\"%s%s\"", index ? ", " : "", is_honest(document) ? "k" : "other ",
                json_string_value(json_object_get(document, "name")) + 1);
    fprintf(file, "]\n");
}

static int reply_of_client(FILE *file, const char *const *argv)
{
    size_t target = world_target(argv);
    const struct holder *holder = &network.targets[target];

    if (holder->silent)
        return 255;
    if (world_has(argv, "--snapshot"))
        return network.outcomes >> target & 1;
    if (world_has(argv, "--deactivate"))
        return network.outcomes >> (WORLD_TARGETS + target) & 1;
    if (world_has(argv, "--activate"))
        return network.activations >> target & 1;
    if (world_has(argv, "--query-all-snapshots") || world_has(argv, "--query-latest-snapshot")) {
        put_snapshots(file, argv);
        return (network.snapshots[target][0][0] & 192) == 192;
    }
    if (holder->empty)
        return world_has(argv, "--query-requisites");
    if (world_has(argv, "--query-installed")) {
        put_profile_manifest(file, profile_holder(holder->profile));
    } else {
        REQUIRE(world_has(argv, "--query-requisites"));
        if (holder->garbage)
            fprintf(file, "what\n");
        else
            put_profile(file, holder->profile);
    }
    return 0;
}

static void reply(const char *const *argv, struct dydisnix_result *result)
{
    CLEANUP_FREE char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);
    int status = 0;

    if (!strcmp(argv[0], "client"))
        status = reply_of_client(file, argv);
    else if (world_has(argv, "--read-write-mode"))
        fprintf(file, "\"/nix/store/%032d-reconstructed-manifest.xml\"\n", 9);
    else if (!strcmp(argv[0], "nix-instantiate"))
        put_keys(file);
    fclose(file);
    world_answer(result, status, text, length);
}

static json_t *object_at(json_t *parent, const char *key)
{
    if (!json_object_get(parent, key))
        json_object_set_new(parent, key, json_object());
    return json_object_get(parent, key);
}

/* The portion of a manifest that has a component on a target. */
static json_t *portion(char target, size_t component)
{
    CLEANUP_FREE char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);

    fprintf(file, "<manifest version=\"2\"><services>");
    put_service(file, MAPPED | SNAPSHOT, 2 * component);
    fprintf(
        file,
        "</services><serviceMappings><mapping><service>k%zu</service><container>p</container><target>%c</target>"
        "</mapping></serviceMappings><snapshotMappings><mapping><component>c%zu-1.0</component><container>p"
        "</container><service>k%zu</service><target>%c</target></mapping></snapshotMappings></manifest>",
        2 * component, target, component, 2 * component, target);
    fclose(file);
    return json_string(text);
}

static void remember(json_t *survivors, const char *member, const char *target, size_t component,
                     json_t *value)
{
    json_t *of = target ? object_at(object_at(survivors, member), target) : object_at(survivors, member);

    json_object_set_new(object_at(of, "p"), component ? "c1-1.0" : "c0-1.0", value);
}

static json_t *remembered_choice(uint8_t byte)
{
    json_t *names = json_array();

    for (size_t i = 0; i < WORLD_TARGETS; i++)
        if (byte >> i & 1)
            json_array_append_new(names, json_stringn((const char[]){ (char)('a' + i) }, 1));
    return names;
}

static json_t *survivors(void)
{
    json_t *all = json_object();

    for (size_t j = 0; j < COMPONENTS; j++) {
        if (network.choices[j] & 8)
            remember(all, "kept", NULL, j, remembered_choice(network.choices[j]));
        if (network.choices[j] & 16)
            remember(all, "activated", NULL, j, remembered_choice(network.choices[j]));
        if (network.choices[j] & 32)
            remember(all, "prefer", NULL, j,
                     json_stringn((const char[]){ (char)('a' + (network.choices[j] & 3)) }, 1));
        for (size_t i = 0; i < WORLD_TARGETS; i++) {
            const char name[] = { (char)('a' + i), '\0' };
            uint8_t bits = network.memory[i][j];
            CLEANUP_FREE char *profile =
                string_format("/nix/store/%032u-profile", network.targets[i].profile);

            if (bits & 1)
                remember(all, "disputed", name, j,
                         json_pack("{ss so sb sb}", "why", "it was before", "service", portion(name[0], j),
                                   "owed", bits & 2, "waits", bits & 4));
            if (bits & 8)
                remember(all, "superseded", name, j, json_string(profile));
            if (bits & 16)
                remember(all, "brought", name, j, json_pack("{so}", "service", portion(name[0], j)));
            if (bits & 32)
                remember(all, "accept", name, j, json_true());
        }
    }
    return all;
}

static json_t *history(void)
{
    json_t *targets = json_object(), *snapshots = json_object(), *root;

    for (size_t i = 0; i < WORLD_TARGETS; i++) {
        const char name[] = { (char)('a' + i), '\0' };
        json_t *components = json_object();

        if (network.away[i])
            json_object_set_new(targets, name, json_pack("{si}", "away", network.away[i] * 20));
        for (size_t j = 0; j < COMPONENTS; j++)
            if (network.snapshotted[i][j])
                json_object_set_new(components, j ? "c1-1.0" : "c0-1.0",
                                    json_integer(network.snapshotted[i][j] * 20));
        json_object_set_new(snapshots, name, json_pack("{so}", "p", components));
    }
    root = json_pack("{so so so}", "targets", targets, "snapshots", snapshots, "survivors", survivors());
    if (network.deployed) {
        CLEANUP_FREE char *path = string_format(WORLD_PROFILES "/default-%d-link", network.deployed);

        json_object_set_new(root, "deployed", json_string(path));
    }
    return root;
}

static void build(void)
{
    CLEANUP_FREE char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);

    put_infrastructure(file);
    fclose(file);
    world.reply = reply;
    world_add_file(WORLD_INFRASTRUCTURE, text, length);
    add_generations();
    add_profiles();
    for (size_t i = 0; i < COMPONENTS; i++)
        for (size_t j = 0; j < CONTAINERS; j++)
            each_snapshot(network.snapshots[WORLD_TARGETS][i][j], i, j, add_coordinator_snapshot, NULL);
}

/* What the result is judged by. */
static struct {
    struct strings *strings;
    struct manifest made, previous, sent[WORLD_TARGETS];
    bool previous_known;
    const json_t *report;
} known;

static const char *status_of(size_t target)
{
    const char name[] = { (char)('a' + target), '\0' };
    const char *status = json_string_value(
        json_object_get(json_object_get(json_object_get(known.report, "targets"), name), "status"));

    return status ? status : "not in the model";
}

static bool is_captured(size_t target)
{
    return !strcmp(status_of(target), "captured");
}

static bool is_kept(size_t target)
{
    return (!strcmp(status_of(target), "silent") || !strcmp(status_of(target), "invalid"))
           && known.previous_known && network.options.unreachable == UNREACHABLE_KEEP;
}

static void learn(const struct reconstructed *result)
{
    const char *path = network.known_generations ? WORLD_PROFILES "/default-1-link" : "";
    const struct world_file *file;
    char *reason = NULL;

    known.strings = strings_new();
    known.report = result->report;
    if (network.known_generations == 2)
        path = WORLD_PROFILES "/default-2-link";
    file = world_find(path);
    file = file ? world_find(file->data) : NULL;
    manifest_init(&known.previous, known.strings);
    known.previous_known =
        file
        && !manifest_parse(file->data, file->length, path, NULL, known.strings, &known.previous, &reason);
    free(reason);
    for (size_t i = 0; i < WORLD_TARGETS; i++) {
        const char name[] = { (char)('a' + i), '\0' };
        CLEANUP_FREE char *text = NULL;
        size_t length;
        FILE *memory = open_memstream(&text, &length);

        put_profile_manifest(memory, profile_holder(network.targets[i].profile));
        fclose(memory);
        if (profile_manifest_parse(text, length, "SENT", name, NULL, known.strings, &known.sent[i], &reason))
            require_reason(reason, "SENT");
    }
    REQUIRE(result->manifest || known.previous_known);
    if (result->manifest)
        REQUIRE(!manifest_parse(result->manifest, strlen(result->manifest), "MADE", NULL, known.strings,
                                &known.made, &reason));
    else
        REQUIRE(!manifest_parse(file->data, file->length, "SAME", NULL, known.strings, &known.made, &reason));
}

static void forget(void)
{
    manifest_clear(&known.made);
    manifest_clear(&known.previous);
    for (size_t i = 0; i < WORLD_TARGETS; i++)
        manifest_clear(&known.sent[i]);
    strings_free(known.strings);
}

/* A copy that is in no profile any more may be brought back. */
static bool is_brought(const char *target, const char *container, const char *component)
{
    size_t index = component[1] == '1';

    return !strcmp(container, "p") && network.memory[*target - 'a'][index] & (1 | 16);
}

static bool is_brought_service(const struct service_mapping *mapping)
{
    return is_brought(mapping->target, mapping->container, mapping->service[1] < '2' ? "c0" : "c1");
}

/* The target has the profile that it had then. */
static bool has_its_profile(const char *target)
{
    const struct profile *before = manifest_find_profile(&known.previous, target),
                         *now = manifest_find_profile(&known.made, target);

    return before && now && !strcmp(before->path, now->path);
}

/* So a previous manifest may tell of a copy that was brought back beside that profile. */
static bool is_brought_before(const struct service_mapping *mapping)
{
    const struct service_mapping *before =
        manifest_find_service_mapping(&known.previous, mapping->target, mapping->container, mapping->service);

    return before && service_mapping_equal(mapping, before) && has_its_profile(mapping->target);
}

/* Every mapping comes from its own target, or from what the previous manifest says of one that gave no
 * answer, or that has not changed since. */
static void require_origins(void)
{
    for (size_t i = 0; i < known.made.service_mapping_count; i++) {
        const struct service_mapping *mapping = &known.made.service_mappings[i], *origin;
        size_t target = (size_t)(*mapping->target - 'a');

        REQUIRE(is_captured(target) || is_kept(target));
        origin = manifest_find_service_mapping(is_captured(target) ? &known.sent[target] : &known.previous,
                                               mapping->target, mapping->container, mapping->service);
        REQUIRE(origin ? service_mapping_equal(mapping, origin)
                       : is_brought_service(mapping) || is_brought_before(mapping));
    }
    for (size_t i = 0; i < known.made.snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &known.made.snapshot_mappings[i], *sent, *previous;
        size_t target = (size_t)(*mapping->target - 'a');

        REQUIRE(is_captured(target) || is_kept(target));
        sent = is_captured(target) ? manifest_find_snapshot_mapping(&known.sent[target], mapping->target,
                                                                    mapping->container, mapping->component)
                                   : NULL;
        previous = manifest_find_snapshot_mapping(&known.previous, mapping->target, mapping->container,
                                                  mapping->component); /* one that is kept, or a package's */
        REQUIRE(sent ? snapshot_mapping_equal(mapping, sent)
                     : (previous && snapshot_mapping_equal(mapping, previous))
                           || is_brought(mapping->target, mapping->container, mapping->component));
    }
}

/* What a list of the report says of a copy; NULL: nothing. */
static const json_t *entry_of(const char *list, const struct snapshot_mapping *mapping)
{
    size_t index;
    json_t *entry;

    json_array_foreach(json_object_get(known.report, list), index, entry)
        if (!strcmp(json_string_value(json_object_get(entry, "target")), mapping->target)
            && !strcmp(json_string_value(json_object_get(entry, "container")), mapping->container)
            && !strcmp(json_string_value(json_object_get(entry, "component")), mapping->component))
            return entry;
    return NULL;
}

static bool is_listed(const char *list, const struct snapshot_mapping *mapping)
{
    return entry_of(list, mapping) != NULL;
}

static bool is_inactive(const struct service_mapping *mapping)
{
    size_t index;
    json_t *entry;

    json_array_foreach(json_object_get(known.report, "inactive"), index, entry)
        if (!strcmp(json_string_value(json_object_get(entry, "target")), mapping->target)
            && !strcmp(json_string_value(json_object_get(entry, "container")), mapping->container)
            && !strcmp(json_string_value(json_object_get(entry, "service")), mapping->service))
            return true;
    return false;
}

/* The previous manifest has the target's profile, maybe under another name, without the service. */
static bool was_left_out(const struct service_mapping *mapping)
{
    const struct profile *made = manifest_find_profile(&known.made, mapping->target);

    for (size_t i = 0; known.previous_known && made && i < known.previous.profile_count; i++)
        if (!strcmp(known.previous.profiles[i].path, made->path)
            && !manifest_find_service_mapping(&known.previous, known.previous.profiles[i].target,
                                              mapping->container, mapping->service))
            return true;
    return false;
}

/* Whether a dispute says so of a copy. */
static bool dispute_says(const char *member, const struct snapshot_mapping *mapping)
{
    size_t index, inner;
    json_t *dispute, *copy;

    json_array_foreach(json_object_get(known.report, "disputes"), index, dispute)
        json_array_foreach(json_object_get(dispute, "copies"), inner, copy)
            if (!strcmp(json_string_value(json_object_get(copy, "target")), mapping->target)
                && !strcmp(json_string_value(json_object_get(dispute, "container")), mapping->container)
                && !strcmp(json_string_value(json_object_get(dispute, "component")), mapping->component))
                return json_is_true(json_object_get(copy, member));
    return false;
}

/* Its state is left out, so that newer state is restored there. */
static bool is_older(const struct snapshot_mapping *mapping)
{
    return is_listed("regressed", mapping)
           || (is_listed("superseded", mapping) && !is_listed("fenced", mapping));
}

/* No other target has what is newer, so that it is the one which lives; what is known of a dispute is told
 * there. */
static bool lives_older(const struct snapshot_mapping *mapping)
{
    return (is_older(mapping) && !json_object_get(entry_of("superseded", mapping), "home"))
           || (dispute_says("live", mapping) && !is_listed("fenced", mapping));
}

static bool lives_elsewhere(const struct snapshot_mapping *mapping)
{
    for (size_t i = 0; i < WORLD_TARGETS; i++) {
        const char name[] = { (char)('a' + i), '\0' };
        const struct snapshot_mapping other = { .target = name,
                                                .container = mapping->container,
                                                .component = mapping->component };

        if (strcmp(name, mapping->target) && is_captured(i) && lives_older(&other))
            return true;
    }
    for (size_t i = 0; i < known.made.snapshot_mapping_count; i++) {
        const struct snapshot_mapping *other = &known.made.snapshot_mappings[i];

        if (!strcmp(other->component, mapping->component) && !strcmp(other->container, mapping->container)
            && strcmp(other->target, mapping->target) && is_captured((size_t)(*other->target - 'a')))
            return true;
    }
    return false;
}

/* Make before break: what was stopped was saved, unless somebody has given it up, and another one is
 * there. */
static void require_order(const struct snapshot_mapping *mapping)
{
    size_t component = mapping->component[1] == '1';
    bool accepted =
        !strcmp(mapping->container, "p") && network.memory[*mapping->target - 'a'][component] & 32;

    if (is_listed("fenced", mapping))
        REQUIRE((is_listed("rescued", mapping) || accepted) && lives_elsewhere(mapping));
}

/* What is left out of what a target sent is in the report; what it had live is rescued and fenced first. */
static void require_told(const struct manifest *sent, const struct snapshot_mapping *mapping)
{
    bool older = is_older(mapping);
    bool live = manifest_find_service_mapping(sent, mapping->target, mapping->container, mapping->service);
    bool service_made =
        manifest_find_service_mapping(&known.made, mapping->target, mapping->container, mapping->service);
    const struct service_mapping service = { .target = mapping->target,
                                             .container = mapping->container,
                                             .service = mapping->service };

    if (!manifest_find_snapshot_mapping(&known.made, mapping->target, mapping->container, mapping->component))
        REQUIRE(is_listed("superseded", mapping) || is_listed("regressed", mapping)
                || dispute_says("disputed", mapping));
    require_order(mapping);
    if (live && !service_made) {
        REQUIRE(is_inactive(&service));
        REQUIRE(was_left_out(&service) || is_listed("fenced", mapping) || (network.options.late && older));
    }
}

static void require_complete(void)
{
    for (size_t i = 0; i < WORLD_TARGETS; i++) {
        const struct manifest *sent = &known.sent[i];

        if (!is_captured(i))
            continue;
        for (size_t j = 0; j < sent->snapshot_mapping_count; j++)
            require_told(sent, &sent->snapshot_mappings[j]);
        for (size_t j = 0; j < sent->service_mapping_count; j++) {
            const struct service_mapping *mapping = &sent->service_mappings[j];
            bool stateful = false;

            for (size_t k = 0; k < sent->snapshot_mapping_count; k++)
                stateful = stateful
                           || (!strcmp(sent->snapshot_mappings[k].service, mapping->service)
                               && !strcmp(sent->snapshot_mappings[k].container, mapping->container));
            REQUIRE(stateful || is_inactive(mapping)
                    || manifest_find_service_mapping(&known.made, mapping->target, mapping->container,
                                                     mapping->service));
        }
    }
}

static void require_dependencies_exist(const struct dependencies *dependencies)
{
    for (size_t i = 0; i < dependencies->count; i++)
        REQUIRE(manifest_find_service_mapping(&known.made, dependencies->items[i].target,
                                              dependencies->items[i].container,
                                              dependencies->items[i].service));
}

static void require_services(void)
{
    for (size_t i = 0; i < known.made.service_count; i++) {
        const struct service *service = &known.made.services[i], *claim;
        bool claimed = false;

        require_dependencies_exist(&service->depends_on);
        require_dependencies_exist(&service->connects_to);
        for (size_t j = 0; j <= WORLD_TARGETS; j++) {
            if (j < WORLD_TARGETS && !is_captured(j))
                continue;
            claim = manifest_find_service(j < WORLD_TARGETS ? &known.sent[j] : &known.previous, service->key);
            claimed = claimed
                      || (claim && !strcmp(claim->pkg, service->pkg) && !strcmp(claim->type, service->type));
        }
        for (size_t j = 0; j < WORLD_TARGETS; j++) /* one that is brought back */
            claimed = claimed || (network.memory[j][service->key[1] >= '2'] & (1 | 16)) != 0;
        REQUIRE(claimed);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reconstructed once;
    char *reason = NULL;

    take_network(data, size);
    CLEANUP_JSON json_t *remembered = history();
    build();
    once = world_reconstruct(&network.options, remembered, network.print);
    if (network.twice) {
        struct reconstructed again;

        world.reversed = true;
        again = world_reconstruct(&network.options, remembered, network.print);
        require_same(&once, &again);
        reconstructed_clear(&again);
    }
    if (!once.status) {
        learn(&once);
        REQUIRE(!manifest_check(&known.made, &reason));
        require_origins();
        require_complete();
        require_services();
        forget();
    }
    reconstructed_clear(&once);
    world_clear();
    return 0;
}
