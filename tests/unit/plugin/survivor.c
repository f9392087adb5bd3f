/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which copy of the state lives: each line of the table, each condition, each proof, and what is minded in
 * the order of the actions, as a small world in text. Where a row names a part of the rule, the same world
 * has to come to something else with that part switched off.
 *
 * A world is about one component. Its targets are single letters; what is not named is not in the model. A
 * line is one of
 *
 *   gen a1 b:a2 | a b    a generation that was deployed: a has profile a1, b profile a2; the component is on a and b
 *   made a1 | a          one that a reconstruction wrote; the last one is the previous manifest
 *   host a1 | a          the last deployment that the host remembers, in no generation
 *   a1 has 12            a answers with profile a1, which has it; and with snapshots 1 and 2. Those of digits and a to f are
 *                        hashes, 0 is that of an empty dump
 *   a1 lost              a answers, and its profile does not have it
 *   a empty              a answers, and has no profile
 *   a silent             a is in the model, and does not answer
 *   store 12             the coordinator's snapshots
 *   away a, fresh a, stale a      a was away; its last snapshot was taken right before that, or long before
 *   key a                the connection key of a is not its name
 *   type ejabberd-dump   of the service; echo otherwise
 *   fails rescue a       so does activate, fence, rescueAgain
 *   after a 12           the snapshots of a after any rescue, if they are others
 *   disputed a, owed a, superseded a1, fenced a, kept a b, brought a, activated a, accept a, prefer a       what is remembered
 *   absent a             in dispute too: it went away with a while several were kept
 *
 * What it comes to are the actions in their order and then each copy: kept; kept and not running; out; out
 * and running, for it could not be fenced; older. Those with ! are in dispute; ? says that somebody is asked
 * or the choice waits.
 */
#include "tests/unit/unit.h"

#include "lib/base/cleanup.h"
#include "lib/base/switch.h"
#include "lib/state/portion.h"
#include "lib/state/remembered-copies.h"
#include "lib/world/operations.h"
#include "plugin/capture/facts.h"
#include "plugin/copies/actions.h"
#include "plugin/copies/copy.h"
#include "plugin/copies/survivor.h"

#define KEY "1111111111111111111111111111111111111111111111111111111111111111"
#define DB_PACKAGE "/nix/store/00000000000000000000000000000000-db-1.0"

enum { MOST = 8 };
enum test_switch switched_off = SWITCHES;

struct past_manifest {
    struct manifest manifest;
    bool reconstructed;
};

struct world {
    struct strings *strings;
    struct infrastructure infrastructure, everybody; /* the model; and as manifests know them */
    struct captured captured[MOST];
    struct capture capture;
    struct past_manifest past[MOST]; /* oldest first */
    size_t past_count;
    struct manifest host;
    bool host_known;
    const char *type, *lists[MOST], *after[MOST], *store;
    bool fails[MOST][ACTIONS], keyless[MOST];
    json_t *survivors, *brought, *history;
    struct options options;
    struct copies copies;
    char *done;
};

static const char names[MOST][2] = { "a", "b", "c", "d", "e", "f", "g", "h" };

static const char *path_of(struct world *world, const char *profile)
{
    CLEANUP_FREE char *path = string_format("/nix/store/00000000000000000000000000000000-%s", profile);
    return strings_intern(world->strings, path);
}

static void add_service(struct world *world, struct manifest *manifest)
{
    const struct service service = { .key = KEY,
                                     .name = "db",
                                     .pkg = DB_PACKAGE,
                                     .type = world->type,
                                     .provides_containers = { .type = NIX_ATTRS } };
    if (!manifest_find_service(manifest, KEY))
        assert_non_null(manifest_add_service(manifest, &service));
    manifest_sort(manifest);
}

static void add_component(struct world *world, struct manifest *manifest, const char *target)
{
    const struct service_mapping service = { target, "sql", KEY, NULL };
    const struct snapshot_mapping snapshot = { target, "sql", "db-1.0", KEY, NULL };
    add_service(world, manifest);
    assert_non_null(manifest_add_service_mapping(manifest, &service));
    assert_non_null(manifest_add_snapshot_mapping(manifest, &snapshot));
    manifest_sort(manifest);
}

static void add_profile(struct world *world, struct manifest *manifest, const char *target,
                        const char *profile)
{
    const struct target *known = infrastructure_find(&world->everybody, target);
    assert_non_null(manifest_add_profile(manifest, target, path_of(world, profile)));
    if (known)
        assert_int_equal(manifest_add_target(manifest, known), 0);
}

/* "a1 b:a2 | a b" */
static void take_manifest(struct world *world, char *words, struct manifest *manifest)
{
    bool places = false;
    manifest_init(manifest, world->strings);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
        const char target[2] = { word[0], '\0' };
        if (strcmp(word, "|") == 0)
            places = true;
        else if (places)
            add_component(world, manifest, target);
        else
            add_profile(world, manifest, target, word[1] == ':' ? word + 2 : word);
    }
    manifest_sort(manifest);
}

static json_t *object_at(json_t *parent, const char *key)
{
    if (!json_object_get(parent, key))
        json_object_set_new(parent, key, json_object());
    return json_object_get(parent, key);
}

static void remember(struct world *world, const char *member, const char *target, json_t *value)
{
    json_t *of =
        target ? object_at(object_at(world->survivors, member), target) : object_at(world->survivors, member);
    json_object_set_new(object_at(of, "sql"), "db-1.0", value);
}

static json_t *names_in(char *words)
{
    json_t *list = json_array();
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        json_array_append_new(list, json_string(word));
    return list;
}

static json_t *service_of(struct world *world, const char *target)
{
    struct manifest manifest;
    manifest_init(&manifest, world->strings);
    add_component(world, &manifest, target);
    CLEANUP_FREE char *text = portion_write(&manifest, manifest.snapshot_mappings);
    manifest_clear(&manifest);
    return json_string(text);
}

static bool take_memory(struct world *world, const char *what, char *rest)
{
    const char target[2] = { *rest, '\0' };
    CLEANUP_FREE char *profile = string_format("%s", rest);
    if (strcmp(what, "disputed") == 0 || strcmp(what, "owed") == 0)
        remember(world, "disputed", target,
                 json_pack("{ss so sb}", "why", "before", "service", service_of(world, target), "owed",
                           *what == 'o'));
    else if (strcmp(what, "absent") == 0)
        remember(world, "disputed", target, json_pack("{ss}", "why", "before"));
    else if (strcmp(what, "superseded") == 0)
        remember(world, what, target, json_string(path_of(world, profile)));
    else if (strcmp(what, "kept") == 0 || strcmp(what, "activated") == 0)
        remember(world, what, NULL, names_in(rest));
    else if (strcmp(what, "brought") == 0)
        remember(world, what, target, json_pack("{so}", "service", service_of(world, target)));
    else if (strcmp(what, "accept") == 0 || strcmp(what, "fenced") == 0)
        remember(world, what, target, json_true());
    else if (strcmp(what, "prefer") == 0)
        remember(world, what, NULL, json_string(target));
    else
        return false;
    return true;
}

static void take_absence(struct world *world, const char *what, const char *target)
{
    json_t *times = object_at(object_at(object_at(world->history, "snapshots"), target), "sql");
    if (strcmp(what, "away") == 0)
        json_object_set_new(object_at(world->history, "targets"), target,
                            json_pack("{si si}", "away", 9999, "missed", 10000));
    else
        json_object_set_new(times, "db-1.0", json_integer(strcmp(what, "fresh") == 0 ? 9000 : 1000));
}

static void take_failure(struct world *world, char *rest)
{
    const char *action = strtok(rest, " "), *target = strtok(NULL, " ");
    for (enum action i = 0; i < ACTIONS; i++)
        if (strcmp(action, action_name(i)) == 0)
            world->fails[*target - 'a'][i] = true;
}

/* "a1 has 12", "a1 lost", "a silent" */
static void take_target(struct world *world, const char *word, char *rest)
{
    struct captured *captured = &world->captured[word[0] - 'a'];
    const char *state = strtok(rest, " "), *snapshots = strtok(NULL, " ");
    captured->answer = strcmp(state, "silent") == 0  ? ANSWER_SILENT
                       : strcmp(state, "empty") == 0 ? ANSWER_EMPTY
                                                     : ANSWER_CAPTURED;
    captured->profile = captured->answer == ANSWER_CAPTURED ? path_of(world, word) : NULL;
    world->lists[word[0] - 'a'] = strings_intern(world->strings, snapshots ? snapshots : "");
    if (strcmp(state, "has") == 0)
        add_component(world, &captured->manifest, names[word[0] - 'a']);
    captured->local = true; /* it is in the model */
}

static void take_line(struct world *world, char *line)
{
    char *space = strchr(line, ' '), *rest = space ? space + 1 : line + strlen(line);
    if (space)
        *space = '\0';
    if (strcmp(line, "gen") == 0 || strcmp(line, "made") == 0) {
        struct past_manifest *past = &world->past[world->past_count++];
        past->reconstructed = *line == 'm';
        take_manifest(world, rest, &past->manifest);
    } else if (strcmp(line, "host") == 0) {
        world->host_known = true;
        take_manifest(world, rest, &world->host);
    } else if (strcmp(line, "store") == 0) {
        world->store = strings_intern(world->strings, rest);
    } else if (strcmp(line, "away") == 0 || strcmp(line, "fresh") == 0 || strcmp(line, "stale") == 0) {
        take_absence(world, line, rest);
    } else if (strcmp(line, "key") == 0) {
        world->keyless[*rest - 'a'] = true;
    } else if (strcmp(line, "type") == 0) {
        world->type = strings_intern(world->strings, rest);
    } else if (strcmp(line, "fails") == 0) {
        take_failure(world, rest);
    } else if (strcmp(line, "after") == 0) {
        world->after[*rest - 'a'] = strings_intern(world->strings, rest[1] ? rest + 2 : "");
    } else if (!take_memory(world, line, rest)) {
        take_target(world, line, rest);
    }
}

static bool is_in_model(const struct world *world, size_t target)
{
    return world->captured[target].local;
}

static bool is_anybody(const struct world *world, size_t target)
{
    (void)world;
    (void)target;
    return true;
}

static void make_infrastructure(struct world *world, bool (*has)(const struct world *, size_t),
                                struct infrastructure *infrastructure)
{
    char *xml = string_format("<infrastructure version=\"2\">"), *reason = NULL;
    const struct infrastructure_defaults defaults = { "client", "hostname", "x86_64-linux" };
    for (size_t i = 0; i <= MOST; i++) {
        char *longer = i == MOST ? string_format("%s</infrastructure>", xml)
                       : !has(world, i)
                           ? string_format("%s", xml)
                           : string_format("%s<target name=\"%s\"><properties type=\"attrs\"><property "
                                           "name=\"hostname\" type=\"string\">%s%s</property></properties>"
                                           "</target>",
                                           xml, names[i], world->keyless[i] ? "key-of-" : "", names[i]);
        free(xml);
        xml = longer;
    }
    assert_int_equal(
        infrastructure_parse(xml, strlen(xml), "test", world->strings, &defaults, infrastructure, &reason),
        0);
    free(xml);
}

/* Those that are in the model, in its order. */
static void make_capture(struct world *world)
{
    size_t count = 0;
    for (size_t i = 0; i < MOST; i++) {
        if (!world->captured[i].local)
            continue;
        world->captured[count] = world->captured[i];
        world->captured[count].target = &world->infrastructure.targets[count];
        if (count++ != i)
            manifest_init(&world->captured[i].manifest, world->strings);
    }
    world->capture = (struct capture){ world->captured, count };
}

static void world_read(struct world *world, const char *text)
{
    CLEANUP_FREE char *copy = string_format("%s", text);
    *world = (struct world){ .strings = strings_new(),
                             .options = options_default,
                             .type = "echo",
                             .store = "",
                             .survivors = json_object(),
                             .brought = json_object(),
                             .history = json_object() };
    world->options.late = true;
    make_infrastructure(world, is_anybody, &world->everybody);
    manifest_init(&world->host, world->strings);
    for (size_t i = 0; i < MOST; i++)
        manifest_init(&world->captured[i].manifest, world->strings);
    for (char *line = copy, *end; line && *line; line = end) {
        end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        take_line(world, line);
    }
    make_infrastructure(world, is_in_model, &world->infrastructure);
    make_capture(world);
    json_object_set(world->history, "survivors", world->survivors);
}

static void world_clear(struct world *world)
{
    copies_clear(&world->copies);
    for (size_t i = 0; i < MOST; i++)
        manifest_clear(&world->captured[i].manifest);
    for (size_t i = 0; i < world->past_count; i++)
        manifest_clear(&world->past[i].manifest);
    manifest_clear(&world->host);
    infrastructure_clear(&world->infrastructure);
    infrastructure_clear(&world->everybody);
    json_decref(world->survivors);
    json_decref(world->brought);
    json_decref(world->history);
    strings_free(world->strings);
    free(world->done);
}

static void set_snapshots(struct world *world, struct snapshots *snapshots, const char *letters)
{
    free(snapshots->names);
    *snapshots = (struct snapshots){ true, calloc(strlen(letters) + 1, sizeof *snapshots->names), 0 };
    for (const char *letter = letters; *letter; letter++) {
        char name[65];
        memset(name, *letter, sizeof name - 1);
        name[64] = '\0';
        snapshots->names[snapshots->count++] = strings_intern(
            world->strings,
            *letter == '0' ? "0040f94d11d0039505328a90b2ff48968db873e9e7967307631bf40ef5679275" : name);
    }
}

static const struct manifest *previous_of(const struct world *world)
{
    return world->past_count > 0 ? &world->past[world->past_count - 1].manifest : NULL;
}

/* As the reconstruction does it. */
static const struct manifest *last_deployment(const struct world *world)
{
    for (size_t i = world->past_count; i-- > 0;)
        if (!world->past[i].reconstructed || !SWITCH(DEPLOYED_ONLY))
            return &world->past[i].manifest;
    return world->host_known ? &world->host : NULL;
}

static void find(struct world *world)
{
    CLEANUP_JSON json_t *survivors = disputes_read(world->history),
                        *concerned = remembered_copies_concerned(survivors);
    const struct manifest *last = last_deployment(world);
    const bool reconstructed = world->past_count > 0 && world->past[world->past_count - 1].reconstructed;
    assert_int_equal(disputes_bring_back(world->survivors, &world->capture,
                                         reconstructed ? previous_of(world) : NULL, last, world->strings,
                                         world->brought),
                     0);
    facts_set_absences(world->history, &world->capture);
    const struct finding finding = {
        .capture = &world->capture,
        .infrastructure = &world->infrastructure,
        .previous = previous_of(world),
        .homes = last ? last : previous_of(world),
        .homes_are_reconstructed = !last,
        .survivors = world->survivors,
        .brought = world->brought,
        .concerned = concerned,
        .keeps_unasked = true,
        .strings = world->strings,
    };
    assert_int_equal(copies_find(&finding, &world->copies), 0);
    struct facts_walk walk = { .copies = &world->copies };
    for (size_t i = 0; i < world->copies.count; i++) {
        struct copy *copy = &world->copies.items[i];
        assert_int_equal(facts_begin(copy, world->history), 0);
        set_snapshots(world, &copy->facts.here, world->lists[*copy->mapping->target - 'a']);
        set_snapshots(world, &copy->component->coordinator, world->store);
    }
    for (size_t i = world->past_count; i-- > 0;)
        facts_take_generation(&walk, &world->past[i].manifest, world->past[i].reconstructed);
}

static void say(struct world *world, const char *what)
{
    char *longer = string_format("%s%s", world->done, what);
    free(world->done);
    world->done = longer;
}

static enum outcome act(void *closure, struct copy *copy, enum action action)
{
    struct world *world = closure;
    const int target = *copy->mapping->target - 'a';
    const bool rescues = action == RESCUE_COPY || action == RESCUE_COPY_AGAIN;
    CLEANUP_FREE char *text = string_format("%s%s %s", *world->done ? ", " : "",
                                            rescues                ? "rescue"
                                            : action == FENCE_COPY ? "fence"
                                                                   : "activate",
                                            copy->mapping->target);
    say(world, text);
    if (rescues)
        set_snapshots(world, &copy->facts.after,
                      world->after[target] ? world->after[target] : world->lists[target]);
    if (world->fails[target][action] || (rescues && !snapshots_save_something(&copy->facts.after)))
        return OUTCOME_FAILED;
    return OUTCOME_DONE;
}

static void say_copy(struct world *world, const struct copy *copy)
{
    const bool service = !copy_drops_service(copy, &world->options), snapshot = !copy_drops_snapshot(copy);
    const char *state = copy->verdict == COPY_OLDER ? "older" : copy->verdict == COPY_KEPT ? "kept" : "out";
    const char *running = copy->verdict == COPY_KEPT && !service ? " and not running"
                          : copy->verdict == COPY_OUT && service ? " and running"
                                                                 : "";
    assert_int_equal(snapshot, copy->verdict == COPY_KEPT);
    assert_non_null(copy->reason);
    CLEANUP_FREE char *text = string_format("%s%s %s%s%s", copy == world->copies.items ? "; " : ", ",
                                            copy->mapping->target, state, running, copy->disputed ? "!" : "");
    say(world, text);
}

/* What the world comes to, malloc()ed. next: what is remembered then, a new reference; may be NULL. */
static char *comes_to(const char *text, enum test_switch off, json_t **next)
{
    struct world world;
    switched_off = off;
    world_read(&world, text);
    const struct judgement judgement = { &world.capture, previous_of(&world), &world.infrastructure,
                                         &world.options, world.strings };
    world.done = strdup("");
    find(&world);
    do
        assert_int_equal(survivors_choose(&world.copies, &judgement), 0);
    while (actions_assume(&world.copies, act, &world));
    if (!*world.done)
        say(&world, "nothing");
    for (size_t i = 0; i < world.copies.count; i++)
        say_copy(&world, &world.copies.items[i]);
    if (world.copies.count > 0 && world.copies.components->asks)
        say(&world, " ?");
    if (next)
        *next = disputes_next(world.survivors, &world.copies, &world.capture);
    switched_off = SWITCHES;
    char *done = strdup(world.done);
    world_clear(&world);
    return done;
}

struct row {
    const char *name;
    enum test_switch part; /* NEVER_OFF: of no part alone */
    const char *world, *comes_to;
};

/* First on a; while a was away it moved to b; now a is back, and what it has at the end is nowhere else. */
#define MOVE "gen a1 b1 | a\ngen b2 | b\n"
#define MOVED MOVE "b2 has 12\nstore 12\nafter a 19\n"
#define BACK "a1 has 1\naway a\nfresh a\n"
#define A_GIVES_WAY "activate b, rescue a, fence a, rescue a; a out, b kept"
#define A_IN_DISPUTE "activate b, rescue a, fence a, rescue a; a out!, b kept"
/* The same, with a fenced before: the reconstruction has left it out. */
#define FENCED "gen a1 b1 | a\ngen b2 | b\nmade a1 b2 | b\nb2 has 12\nstore 12\na1 has 19\n"
/* Somebody's deployment has moved it from a to b, and died before it said so. */
#define OVERTAKEN_HOME "gen a1 b1 | a\na1 has 12\nb7 has 12\nafter a 129\n"
/* It was on a, then on b, then on d, which is gone. */
#define HOME_GONE "gen a1 | a\ngen b2 | b\ngen d3 | d\na1 has 1\nb2 has 12\nafter a 19\n"

static const struct row rows[] = {
    /* The lines of the table. */
    { "wanted: somebody prefers a copy", PREFERRED, MOVED BACK "prefer a",
      "activate a, rescue b, fence b, rescue b; a kept, b out" },
    { "a home cannot be asked: nothing is stopped", UNASKED,
      "gen a1 c1 | a\ngen b2 | b\na1 has 1\nb silent\nc1 has 1\n"
      "disputed c",
      "nothing; a kept, c kept!" },
    { "all at home: where they belong", AT_HOME, "gen a1 b1 | a b\nmade a1 b1 | b\na1 has 1\nb1 has 2\n",
      "nothing; a kept and not running, b kept" },
    { "all at home: a replica comes back", REPLICAS, "gen a1 b1 | a b\ngen b2 | b\na1 has 1\nb2 has 2\n",
      "nothing; a kept, b kept" },
    { "moved on: a home is overtaken", OVERTAKEN, OVERTAKEN_HOME,
      "activate b, rescue a, fence a, rescue a; a out, b kept" },
    { "moved on: replicas are being moved", MOVED_REPLICAS,
      "gen a1 b1 c1 | a b\na1 has 2\nb1 has 2\nc7 has 2\n", "nothing; a kept, b kept, c kept" },
    { "moved on: several have overtaken", SEVERAL_OVERTAKEN,
      "gen a1 b1 c1 | a\na1 has 2\nb7 has 2\nc7 has 2\n", "nothing; a kept!, b kept!, c kept! ?" },
    { "homes: homes survive", HOMES, MOVED BACK "kept b", A_GIVES_WAY },
    { "deployed last: what was deployed last survives", LAST_DEPLOYED, HOME_GONE,
      "activate b, rescue a, fence a, rescue a; a out, b kept" },
    { "somebody says: all but one are given up", GIVEN_UP, "a1 has 1\nb1 has 2\naccept a\nafter a 19",
      "activate b, rescue a, fence a, rescue a; a out, b kept" },
    { "left over: all others were given up before", GIVEN_UP_BEFORE,
      "a1 has 1\nb1 has 2\nsuperseded a1\nafter a 19",
      "activate b, rescue a, fence a, rescue a; a out, b kept" },
    { "left over: not while a choice waits", NEVER_OFF, "a1 has 1\nb1 has 2\nsuperseded a1\nkept ",
      "nothing; a kept!, b kept! ?" },
    { "somebody says: nobody can tell", ASK, "a1 has 1\nb1 has 2\n", "nothing; a kept!, b kept! ?" },
    { "one copy is older than what the coordinator has", OLDER,
      "gen a1 b1 | a\ngen b2 | b\na1 has 1\nstore 12\naway a\nfresh a", "rescue a; a older" },
    { "the survivor is older than what the coordinator has", OLDER_SURVIVOR,
      HOME_GONE "store 123\naway b\nfresh b",
      "activate b, rescue a, rescue b, fence a, rescue a; a out, b older" },
    { "a survivor that somebody prefers is not", NEVER_OFF, HOME_GONE "store 123\naway b\nfresh b\nprefer b",
      "activate b, rescue a, fence a, rescue a; a out, b kept" },
    { "no copy: one in dispute comes back", BRING_BACK, "gen a1 b1 | a\ngen a5 b2 | b\na5 lost\ndisputed a",
      "activate a; a kept!" },

    /* The conditions: each one fails alone. */
    { "1: its target was deployed to since", AWAY,
      "gen a1 b1 | a\ngen a5 b2 | b\nb2 has 12\nstore 12\nafter a 19\n" BACK, A_IN_DISPUTE },
    { "2: the same machine under another name", RENAMED,
      "gen a1 | a\ngen h:a1 b1 | h\ngen b2 | b\nmade h:a1 b2 | b\na1 has 19\nstore 12\naway a\nfresh a",
      "activate a; a kept" },
    { "3: replicated", REPLICATED,
      "gen a1 | a\ngen b1 | b\nmade a1 b1 | a b\ngen b2 | b\nb2 has 12\nstore 12\nafter a 19\n" BACK,
      A_IN_DISPUTE },
    { "4: unrelated", DESCENDS, MOVED "a1 has 8\naway a\nfresh a\nafter a 89", A_IN_DISPUTE },
    { "4: the coordinator has nothing newer", COORDINATOR_NEWER,
      "gen a1 b1 | a\ngen b2 | b\na1 has 12\nstore 12\naway a\nfresh a", "nothing; a kept" },
    { "5: snapshotted long before", FRESH, MOVED "a1 has 1\naway a\nstale a", A_IN_DISPUTE },
    { "6: not reached by its name", KEYS, MOVED BACK "key a", A_IN_DISPUTE },

    /* What settles that a copy is given up. */
    { "by a word", BY_WORD, MOVED "a1 has 1\naccept a", A_GIVES_WAY },
    { "given up before", GIVEN_UP_BEFORE, FENCED "superseded a1", "nothing; a out, b kept" },
    { "given up before, and deployed there since", PLACED_AGAIN,
      MOVE "gen a1 b2 | a b\na1 has 19\nb2 has 12\nstore 12\nsuperseded a1", "nothing; a kept, b kept" },
    { "all of it is in the survivor", CONTAINED, MOVED "a1 has 1\nafter a 1", A_GIVES_WAY },
    { "moved on: its newest snapshot was moved", OVERTAKEN_NEWEST, OVERTAKEN_HOME "after a 129",
      "activate b, rescue a, fence a, rescue a; a out, b kept" },
    { "homes: by the conditions", BY_CONDITIONS, MOVED BACK, A_GIVES_WAY },
    { "deployed last: by descent", BY_DESCENT, HOME_GONE,
      "activate b, rescue a, fence a, rescue a; a out, b kept" },

    /* The order, and what is minded in it. */
    { "the survivor cannot be activated: nothing is fenced", ACTIVATE_FIRST, MOVED BACK "fails activate b",
      "activate b; a kept!, b kept ?" },
    { "a survivor is activated once for a decision", ACTIVATE_ONCE, MOVED BACK "activated b\ndisputed a",
      "rescue a, fence a, rescue a; a out!, b kept" },
    { "alone and fenced: activated", ACTIVATE_FENCED,
      "gen a1 b1 | a\ngen b2 | b\nmade a1 b2 | b\na1 has 19\ndisputed a", "activate a; a kept!" },
    { "a rescue that fails: not fenced", RESCUE, MOVED BACK "fails rescue a",
      "activate b, rescue a; a kept!, b kept ?" },
    { "who survives alone has the others fenced", FENCE, MOVED BACK, A_GIVES_WAY },
    { "rescued again after the fence", SECOND_RESCUE, MOVED BACK, A_GIVES_WAY },
    { "a rescue that saves nothing is none", REAL_RESCUE, MOVED BACK "after a ",
      "activate b, rescue a; a kept!, b kept ?" },
    { "a rescue of an empty dump is none", REAL_RESCUE, MOVED BACK "after a 10",
      "activate b, rescue a; a kept!, b kept ?" },
    { "names that are no hashes prove nothing", PROVING_NAMES,
      MOVE "b2 has rs\nstore rs\na1 has r\naway a\nfresh a\nafter a rt", A_IN_DISPUTE },
    { "an empty dump proves nothing", PROVING_NAMES,
      MOVE "b2 has 02\nstore 02\na1 has 0\naway a\nfresh a\nafter a 09", A_IN_DISPUTE },
    { "evidence settles no dispute", LASTING_DISPUTE, MOVED BACK "disputed a", A_IN_DISPUTE },
    { "a rescue after the fence is owed: no word settles it", OWED_RESCUE,
      MOVED BACK "accept a\nfails rescueAgain a", A_IN_DISPUTE },
    { "the choice that waits stands, whatever was deployed", KEPT_CHOICE,
      "gen a1 b1 | a b\na1 has 1\nb1 has 2\nkept ", "nothing; a kept!, b kept! ?" },
    { "what a reconstruction wrote was not deployed", DEPLOYED_ONLY, "made a1 b1 | a b\na1 has 1\nb1 has 2\n",
      "nothing; a kept!, b kept! ?" },
    { "what was fenced is not fenced again", LEFT_OUT, FENCED "superseded a1", "nothing; a out, b kept" },

    /* More of all of these. */
    { "wanted: what is preferred was fenced before", NEVER_OFF, FENCED "prefer a\ndisputed a",
      "activate a, rescue b, fence b, rescue b; a kept, b out" },
    { "wanted: what is preferred is in no profile any more", NEVER_OFF,
      "gen a1 b1 | a\ngen a5 b2 | b\na5 lost\nb2 has 2\nprefer a\ndisputed a",
      "activate a, rescue b, fence b, rescue b; a kept, b out" },
    { "wanted: what is preferred cannot be activated", NEVER_OFF,
      FENCED "prefer a\ndisputed a\nfails activate a", "activate a; a out!, b kept! ?" },
    { "wanted: somebody prefers what does not answer", NEVER_OFF, MOVED BACK "prefer c", A_GIVES_WAY },
    { "moved on: it does not have what its home had", NEVER_OFF,
      "gen a1 b1 | a\na1 has 12\nb7 has 1\nafter b 19",
      "activate a, rescue b, fence b, rescue b; a kept, b out!" },
    { "moved on: again after a reconstruction", NEVER_OFF,
      "gen a1 b1 | a\nmade a1 b7 | b\na1 has 129\nb7 has 12\nsuperseded a1", "nothing; a out, b kept" },
    { "homes: a deployment by hand after that of the host", NEVER_OFF, "host a1 | a\n" MOVED BACK,
      A_GIVES_WAY },
    { "homes: a home that was renamed", NEVER_OFF, "gen a1 | a\ngen h:b1 | h\nb1 has 2\na1 has 1\nafter a 19",
      "activate b, rescue a, fence a, rescue a; a out!, b kept" },
    { "homes: a pinned copy is no replica", NEVER_OFF,
      "gen a1 b1 | a b\na1 has 1\nb1 has 2\ndisputed b\nafter b 29",
      "activate a, rescue b, fence b, rescue b; a kept, b out!" },
    { "deployed last: several in what was deployed last", NEVER_OFF,
      "gen a1 b1 c1 | a b\ngen d1 | d\na1 has 1\nb1 has 2\nc1 has 3\nafter c 39",
      "activate a, activate b, rescue c, fence c, rescue c; a kept, b kept, c out!" },
    { "deployed last: not while a choice stands", NEVER_OFF, HOME_GONE "kept d",
      "nothing; a kept!, b kept! ?" },
    { "deployed last: a reconstruction tells of the last choice", NEVER_OFF,
      "made a1 | a\nmade c1 | c\na1 has 1\nb1 has 2\nafter b 29",
      "activate a, rescue b, fence b, rescue b; a kept, b out!" },
    { "somebody says: none runs: one is activated", NEVER_OFF,
      "gen d1 | d\nmade a1 b1 d1 | d\na1 has 1\nb1 has 2\ndisputed a\ndisputed b",
      "activate a; a kept!, b out! ?" },
    { "one copy in dispute is not older", NEVER_OFF,
      "gen a1 b1 | a\ngen b2 | b\na1 has 1\nstore 12\naway a\nfresh a\ndisputed a", "nothing; a kept!" },
    { "one copy that is given up is older", NEVER_OFF,
      "gen a1 b1 | a\ngen b2 | b\nmade a1 b2 | b\na1 has 1\nstore 12\naccept a\ndisputed a",
      "rescue a, activate a; a older" },
    { "one copy that is given up, and nothing is newer", NEVER_OFF,
      "gen a1 b1 | a\ngen b2 | b\na1 has 12\nstore 12\naccept a", "nothing; a kept" },
    { "one copy of an older disk", NEVER_OFF, "gen a1 | a\na1 has 1\nstore 12\naway a\nfresh a",
      "rescue a; a older" },
    { "one copy of an older disk that is not saved", NEVER_OFF,
      "gen a1 | a\na1 has 1\nstore 12\naway a\nfresh a\nfails rescue a", "rescue a; a kept!" },
    { "one copy, older, again", NEVER_OFF,
      "gen a1 b1 | a\ngen b2 | b\nmade a1 b2 | \na1 has 19\nstore 12\naway a\nfresh a\nactivated a",
      "rescue a; a older" },
    { "one copy whose home cannot be asked", NEVER_OFF, FENCED "b silent\nsuperseded a1", "nothing; a out" },
    { "one copy that cannot be activated is left to Disnix", NEVER_OFF,
      "gen a1 b1 | a\ngen b2 | b\nmade a1 b2 | b\na1 has 19\ndisputed a\nfails activate a",
      "activate a; a kept and not running!" },
    { "no copy: not wanted any more", NEVER_OFF, "gen a1 b1 | a\ngen a5 b2 | \na5 lost\ndisputed a",
      "nothing" },
    { "no copy: given up", NEVER_OFF, "gen a1 b1 | a\ngen a5 b2 | b\na5 lost\ndisputed a\naccept a",
      "nothing" },
    { "no copy: brought back before", NEVER_OFF,
      "gen a1 b1 | a\ngen a5 b2 | b\nmade a5 b2 | a\na5 lost\nbrought a", "nothing; a kept" },
    { "a fence that fails is Disnix's", NEVER_OFF, MOVED BACK "fails fence a",
      "activate b, rescue a, fence a; a out and running!, b kept" },
    { "given up: fenced though it cannot be rescued", NEVER_OFF, MOVED BACK "accept a\nfails rescue a",
      "activate b, rescue a, fence a, rescue a; a out, b kept" },
    { "what is owed is tried again", NEVER_OFF, FENCED "owed a", "rescue a; a out!, b kept" },
    { "fenced, and nothing is remembered: it may be owed", NEVER_OFF, FENCED, "rescue a; a out!, b kept" },
    { "all others are saved, or none is fenced", NEVER_OFF, MOVED BACK "c1 has 3\nfails rescue c",
      "activate b, rescue a, rescue c; a kept!, b kept, c kept! ?" },
    { "a type that must not be activated twice", NEVER_OFF, "type ejabberd-dump\n" MOVED BACK,
      "rescue a, fence a, rescue a; a out, b kept" },
    { "such a type, fenced", NEVER_OFF, "type ejabberd-dump\n" FENCED "prefer a\ndisputed a",
      "activate a, rescue b, fence b, rescue b; a kept, b out" },
    { "a word where nothing is in dispute", NEVER_OFF, "gen a1 b1 | a b\na1 has 1\nb1 has 2\naccept b",
      "nothing; a kept, b kept" },
    { "no rule: all as it is", SUPERSEDED, MOVED BACK, A_GIVES_WAY },
};

static void is_decided(void **state)
{
    const struct row *row = *state;
    CLEANUP_FREE char *done = comes_to(row->world, SWITCHES, NULL);
    assert_string_equal(done, row->comes_to);
    if (row->part == NEVER_OFF)
        return;
    CLEANUP_FREE char *without = comes_to(row->world, row->part, NULL);
    if (strcmp(without, row->comes_to) == 0)
        fail_msg("the part that it is about can be switched off: %s", without);
}

/* Of two copies that are kept b went away. */
static void a_copy_that_is_not_there_is_in_no_dispute(void **unused)
{
    static const struct {
        const char *b;
        bool disputed;
    } cases[] = {
        { "absent b\nb silent", true },  { "absent b\nb empty", false }, { "absent b\nb3 lost", false },
        { "disputed b\nb3 lost", true }, { "b silent", true },           { "b empty", false },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CLEANUP_FREE char *world = string_format("gen a1 b1 | a b\nkept a b\na1 has 1\n%s", cases[i].b);
        json_t *next = NULL;
        free(comes_to(world, SWITCHES, &next));
        const json_t *there = json_object_get(json_object_get(next, "disputed"), "b");
        if ((json_object_size(there) > 0) != cases[i].disputed)
            fail_msg("%s", cases[i].b);
        json_decref(next);
    }
}

int main(void)
{
    enum { ROWS = sizeof rows / sizeof *rows };
    struct CMUnitTest tests[ROWS + 1];
    operations_use(&real_operations);
    real_log_level(DYDISNIX_ERROR);
    for (size_t i = 0; i < ROWS; i++)
        tests[i] = (struct CMUnitTest){ .name = rows[i].name,
                                        .test_func = is_decided,
                                        .initial_state = (void *)&rows[i] };
    tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(a_copy_that_is_not_there_is_in_no_dispute);
    return _cmocka_run_group_tests("which copy lives", tests, ROWS + 1, NULL, NULL);
}
