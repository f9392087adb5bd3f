/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What happens in a scenario of the lab.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/base/network.h"
#include "lab/base/questions.h"
#include "lab/base/tree.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "scenario/format/event-kinds.h"
#include "scenario/format/policy.h"
#include "scenario/in-lab/lab.h"

static int complain(const char *machine, const char *path)
{
    log_error(machine, "%s: %s", path ? path : "no memory", strerror(errno));
    return -1;
}

/* A subcommand of dydisnix-lab that is called as the event. */
static int same_word(struct scenario_lab *lab, const char *key, const json_t *event)
{
    return lab_run(lab, text_at(event, "event"), key, NULL);
}

static int save(struct scenario_lab *lab, const char *key, const json_t *event)
{
    return lab_run(lab, "save", key, text_at(event, "label"), NULL);
}

static int reappear(struct scenario_lab *lab, const char *key, const json_t *event)
{
    const json_t *disk = json_object_get(event, "disk");
    const char *label = json_string_value(json_object_get(disk, "saved"));
    if (json_is_string(disk) && string_equal(json_string_value(disk), "lost")
        && lab_run(lab, "wipe", key, NULL) != 0)
        return -1;
    if (label && lab_run(lab, "restore-disk", key, label, NULL) != 0)
        return -1;
    return lab_run(lab, "reappear", key, NULL);
}

static int destroy(struct scenario_lab *lab, const char *key, const json_t *event)
{
    if (lab_run(lab, "remove", key, NULL) != 0)
        return -1;
    return json_object_del(lab->targets, text_at(event, "target"));
}

static int change(struct scenario_lab *lab, const char *key, const json_t *event)
{
    json_t *target = json_object_get(lab->targets, text_at(event, "target"));
    (void)key;
    if (!json_object_get(target, "properties"))
        json_object_set_new(target, "properties", json_object());
    return json_object_set(json_object_get(target, "properties"), text_at(event, "property"),
                           json_object_get(event, "value"));
}

/* The machine stays what it is, its key too. */
static int rename_target(struct scenario_lab *lab, const char *key, const json_t *event)
{
    json_t *target = json_object_get(lab->targets, text_at(event, "target"));
    json_object_set_new(target, "key", json_string(key));
    if (json_object_set(lab->targets, text_at(event, "to"), target) != 0)
        return -1;
    return json_object_del(lab->targets, text_at(event, "target"));
}

static int slow(struct scenario_lab *lab, const char *key, const json_t *event)
{
    CLEANUP_FREE char *number =
        string_format("%lld", (long long)json_integer_value(json_object_get(event, "milliseconds")));
    return lab_run(lab, "slow", key, number, NULL);
}

/* The profile manifest, with a mapping of another target. */
static char *estrange(const char *manifest, const char *other)
{
    static const char mark[] = "<serviceMappings>";
    const char *begin = strstr(manifest, mark);
    size_t length = begin ? (size_t)(begin - manifest) + strlen(mark) : 0;
    if (!begin)
        return string_format("<profilemanifest version=\"2\"><serviceMappings><mapping><service>s</service>"
                             "<container>c</container><target>%s</target></mapping></serviceMappings>"
                             "</profilemanifest>\n",
                             other);
    return string_format(
        "%.*s<mapping><container>process</container><service>stranger</service><target>%s</target>"
        "</mapping>%s",
        (int)length, manifest, other, manifest + length);
}

static const char *other_target(const struct scenario_lab *lab, const char *target)
{
    const char *name;
    json_t *value;
    json_object_foreach(lab->targets, name, value)
        if (!string_equal(name, target))
            return name;
    return "stranger";
}

static int corrupt(struct scenario_lab *lab, const char *key, const json_t *event)
{
    CLEANUP_FREE char *path = machine_path(key, "answer"), *made = NULL;
    CLEANUP_FREE char *now = lab_output(lab, "exec", COORDINATOR, "dydisnix-lab-client", "--target", key,
                                        "--query-installed", NULL);
    const char *how = text_at(event, "how"), *manifest = now ? now : "";
    if (string_equal(how, "garbage"))
        made = strdup("this is no profile manifest\n");
    else if (string_equal(how, "half"))
        made = strndup(manifest, strlen(manifest) / 2);
    else if (string_equal(how, "stranger"))
        made = estrange(manifest, other_target(lab, text_at(event, "target")));
    else
        made = strdup("");
    return path && made && operations->write(path, made, strlen(made), 0644) == 0 ? 0 : complain(key, path);
}

/* What dydisnix-lab-client prints: see there. */
static int say(struct scenario_lab *lab, const char *key, const json_t *event)
{
    const json_t *repeat = json_object_get(event, "repeat");
    const char *operation = json_object_get(event, "operation") ? text_at(event, "operation") : "--activate";
    CLEANUP_FREE char *path = machine_path(key, "says");
    CLEANUP_FREE char *made =
        string_format("%s %lld\n%s", operation, (long long)(repeat ? json_integer_value(repeat) : 1),
                      text_at(event, "text"));
    (void)lab;
    return path && made && operations->write(path, made, strlen(made), 0644) == 0 ? 0 : complain(key, path);
}

static int cut_off(struct scenario_lab *lab, const json_t *event)
{
    size_t index;
    json_t *name;
    json_array_foreach(json_object_get(event, "targets"), index, name)
        if (lab_run(lab, text_at(event, "event"), lab_key(lab, json_string_value(name)), NULL) != 0)
            return -1;
    return 0;
}

static int add(struct scenario_lab *lab, const json_t *event)
{
    static const char *const members[] = { "key", "properties", "resources" };
    const char *name = text_at(event, "target");
    json_t *target = json_object();
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (json_object_get(event, members[i]))
            json_object_set(target, members[i], json_object_get(event, members[i]));
    if (json_object_set_new(lab->targets, name, target) != 0)
        return -1;
    return lab_run(lab, "add", lab_key(lab, name), NULL);
}

struct removal {
    const char *directory, *spared;
};

static int remove_entry(void *closure, const char *name)
{
    const struct removal *removal = closure;
    CLEANUP_FREE char *path = string_format("%s/%s", removal->directory, name);
    if (removal->spared && string_equal(removal->spared, name))
        return 0;
    return path && operations->remove(path) == 0 ? 0 : complain(NULL, path);
}

/* What is in a directory goes, but for what is called spared. */
static int empty_directory(char *path, const char *spared)
{
    CLEANUP_FREE char *owned = path;
    struct removal removal = { owned, spared };
    return owned && (operations->list(owned, remove_entry, &removal) == 0 || errno == ENOENT)
               ? 0
               : complain(NULL, owned);
}

/* The profiles stay, and lead nowhere. */
static int lose_store(void)
{
    static const char *const parts[] = { "nix/store", "nix/var/nix/db", "nix/var/nix/gcroots",
                                         "nix/var/nix/temproots" };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (empty_directory(machine_path(COORDINATOR, parts[i]), NULL) != 0)
            return -1;
    return 0;
}

/* A loop that runs keeps its lock. */
static int lose_state(struct scenario_lab *lab)
{
    lab->journal_at = 0;
    CLEANUP_FREE char *path = network_path("scenario/disk/state/default");
    if (!lab->small_disk)
        return empty_directory(path ? strdup(path) : NULL, "lock");
    return lab_run(lab, "exec", COORDINATOR, "find", path, "-mindepth", "1", "!", "-name", "lock", "-delete",
                   NULL);
}

static int lose(struct scenario_lab *lab, const json_t *event)
{
    const char *what = json_object_get(event, "what") ? text_at(event, "what") : "all";
    bool all = string_equal(what, "all");
    if ((all || string_equal(what, "manifest"))
        && empty_directory(machine_path(COORDINATOR, "nix/var/nix/profiles/per-user"), NULL) != 0)
        return -1;
    if ((all || string_equal(what, "state")) && lose_state(lab) != 0)
        return -1;
    if ((all || string_equal(what, "snapshots"))
        && empty_directory(machine_path(COORDINATOR, "var/state/dysnomia"), NULL) != 0)
        return -1;
    return all || string_equal(what, "store") ? lose_store() : 0;
}

/* A loop that starts redeploys: that is how it learns of another services model. */
static int upgrade(struct scenario_lab *lab, const json_t *event)
{
    scenario_upgrade(lab->services, lab->distribution, event);
    lab_loop_stop(lab);
    return 0;
}

/* $1: the coordinator's manifest, if there is one; its closure. */
static const char export_script[] =
    "profile=/nix/var/nix/profiles/per-user/$(id -un)/disnix-coordinator/default\n"
    "[ -e \"$profile\" ] || exit 0\n"
    "manifest=$(readlink -f \"$profile\")\n"
    "echo \"$manifest\" > \"$1/previous\"\n"
    "nix-store --export $(nix-store --query --requisites \"$manifest\") > \"$1/closure\"\n";

/* Another coordinator, which knows what ours has deployed, and has its own store of snapshots. */
static const char deploy_script[] =
    "set -e\n"
    "exec 2> \"$1/messages\"\n"
    "directory=/nix/var/nix/profiles/per-user/$(id -un)/disnix-coordinator\n"
    "mkdir -p \"$directory\"\n"
    "if [ -e \"$1/previous\" ]; then\n"
    "    nix-store --import < \"$1/closure\" > /dev/null\n"
    "    nix-env --profile \"$directory/default\" --set \"$(cat \"$1/previous\")\"\n"
    "fi\n"
    "dydisnix-lab model > \"$1/reached.nix\"\n"
    "set -- \"$1\" \"$2\" \"$3\" --infrastructure \"$1/reached.nix\"\n"
    "distribution=$(dydisnix-gendist --services \"$2\" --qos \"$3\" \"$4\" \"$5\" --no-out-link)\n"
    "disnix-env -s \"$2\" -i \"$1/reached.nix\" -d \"$distribution\"\n";

static void show_messages(void)
{
    CLEANUP_FREE char *path = network_path("scenario/foreign/messages");
    CLEANUP_FREE char *messages = path ? file_text(path, 1 << 20) : NULL;
    if (messages)
        fputs(messages, stderr);
}

static int deploy_foreign(struct scenario_lab *lab, const char *directory)
{
    static const char name[] = "another-coordinator";
    CLEANUP_FREE char *services = network_path("scenario/foreign/services.nix");
    CLEANUP_FREE char *qos = network_path("scenario/foreign/distribution.nix"), *printed = NULL;
    if (lab_make_models(lab, "foreign") != 0 || lab_run(lab, "add", name, NULL) != 0)
        return -1;
    int status = lab_run(lab, "exec", COORDINATOR, "sh", "-c", export_script, "sh", directory, NULL);
    if (status == 0 && services && qos)
        printed =
            lab_output(lab, "exec", name, "sh", "-c", deploy_script, "sh", directory, services, qos, NULL);
    if (!printed)
        show_messages();
    return lab_run(lab, "remove", name, NULL) == 0 && printed ? 0 : -1;
}

static int foreign(struct scenario_lab *lab, const json_t *event)
{
    json_t *services = lab->services, *distribution = lab->distribution;
    CLEANUP_FREE char *directory = network_path("scenario/foreign");
    if (!directory || operations->remove(directory) != 0 || operations->make_directory(directory, 0700) != 0)
        return complain(NULL, directory);
    lab->services = json_deep_copy(services);
    lab->distribution = json_deep_copy(distribution);
    scenario_upgrade(lab->services, lab->distribution, event);
    int status = deploy_foreign(lab, directory);
    json_decref(lab->services);
    json_decref(lab->distribution);
    lab->services = services;
    lab->distribution = distribution;
    operations->remove(directory);
    return status;
}

static int write_state(struct scenario_lab *lab, const json_t *event)
{
    const char *target = json_string_value(json_object_get(event, "target"));
    if (!lab_write(lab, text_at(event, "service"), target, text_at(event, "text"))) {
        log_error(target, "%s does not answer", text_at(event, "service"));
        return 1;
    }
    return json_is_true(json_object_get(event, "snapshot")) && lab->loop > 0 ? lab_loop_adapt(lab, true) : 0;
}

/* Nothing can be added to the journal either: it ends where its last page does. Empty lines say nothing. */
static const char fill_script[] =
    "cd \"$1\" || exit 1\n"
    "journal=state/default/events.jsonl page=$(getconf PAGESIZE)\n"
    "if [ -e \"$journal\" ]; then\n"
    "    rest=$(($(stat -c %s \"$journal\") % page))\n"
    "    [ \"$rest\" = 0 ] || head -c $((page - rest)) /dev/zero | tr '\\0' '\\n' >> \"$journal\"\n"
    "fi\n"
    "cat /dev/zero > ballast 2> /dev/null\n"
    "[ -s ballast ]\n";

/* The disk that is small. */
static int fill_disk(struct scenario_lab *lab, const json_t *event)
{
    if (json_object_get(event, "target"))
        return lab_fill_target(lab, event);
    CLEANUP_FREE char *disk = network_path("scenario/disk");
    const char *script =
        string_equal(text_at(event, "event"), "full-disk") ? fill_script : "rm -f \"$1/ballast\"";
    return lab_run(lab, "exec", COORDINATOR, "sh", "-c", script, "sh", disk, NULL);
}

static int say_word(struct scenario_lab *lab, const json_t *event)
{
    const char *word = string_equal(text_at(event, "event"), "continue") ? "resume" : text_at(event, "event");
    return json_array_append_new(lab->words, json_pack("{si ss sO* sO*}", "version", 1, "command", word,
                                                       "target", json_object_get(event, "target"),
                                                       "component", json_object_get(event, "component")));
}

/* The newest snapshot that the target has of the service's component. */
static int bring_back(struct scenario_lab *lab, const json_t *event)
{
    const char *name = text_at(event, "service"), *target = text_at(event, "target");
    const json_t *service = json_object_get(lab->services, name);
    CLEANUP_FREE char *component = string_format("%s-%s", name, scenario_version(service));
    CLEANUP_FREE char *output =
        component ? lab_output(lab, "exec", COORDINATOR, "dydisnix-lab-client", "--target",
                               lab_key(lab, target), "--query-latest-snapshot", "--container",
                               scenario_container(service), "--component", component, NULL)
                  : NULL;
    const char *snapshot = output ? string_last_line(output) : NULL;
    if (snapshot)
        return json_array_append_new(
            lab->words, json_pack("{si ss ss}", "version", 1, "command", "restore", "snapshot", snapshot));
    log_error(target, "there is no snapshot of %s", name);
    return 1;
}

static int collect_garbage(struct scenario_lab *lab, const json_t *event)
{
    const char *target = json_string_value(json_object_get(event, "target"));
    const char *old = json_is_true(json_object_get(event, "old")) ? "-d" : NULL;
    return lab_run(lab, "exec", target ? lab_key(lab, target) : COORDINATOR, "nix-collect-garbage", old,
                   NULL);
}

static int kill_host(struct scenario_lab *lab, const json_t *event)
{
    lab_loop_kill(lab, string_equal(text_at(event, "spares"), "engine"));
    return 0;
}

static int wait_some_time(struct scenario_lab *lab, const json_t *event)
{
    return lab_loop_wait(lab, json_integer_value(json_object_get(event, "seconds")));
}

static int nothing(struct scenario_lab *lab, const json_t *event)
{
    (void)lab;
    (void)event;
    return 0;
}

/* What each event does: to its target, whose key is given, or otherwise. Those without are of the simulation
 * alone. */
static const struct {
    int (*to_machine)(struct scenario_lab *lab, const char *key, const json_t *event);
    int (*happen)(struct scenario_lab *lab, const json_t *event);
} events[EVENT_COUNT] = {
    [EVENT_crash] = { .to_machine = same_word },
    [EVENT_reappear] = { .to_machine = reappear },
    [EVENT_save] = { .to_machine = save },
    [EVENT_add] = { .happen = add },
    [EVENT_remove] = { .to_machine = destroy },
    [EVENT_change] = { .to_machine = change },
    [EVENT_rename] = { .to_machine = rename_target },
    [EVENT_partition] = { .happen = cut_off },
    [EVENT_join] = { .happen = cut_off },
    [EVENT_slow] = { .to_machine = slow },
    [EVENT_hang] = { .to_machine = same_word },
    [EVENT_resume] = { .to_machine = same_word },
    [EVENT_lose_coordinator] = { .happen = lose },
    [EVENT_corrupt] = { .to_machine = corrupt },
    [EVENT_say] = { .to_machine = say },
    [EVENT_generator] = { .happen = lab_await },
    [EVENT_fail] = { .happen = lab_await },
    [EVENT_foreign_deploy] = { .happen = foreign },
    [EVENT_end] = { .happen = lab_await },
    [EVENT_upgrade] = { .happen = upgrade },
    [EVENT_write] = { .happen = write_state },
    [EVENT_client] = { .happen = lab_await },
    [EVENT_kill_host] = { .happen = kill_host },
    [EVENT_keep_copy] = { .happen = say_word },
    [EVENT_discard_copy] = { .happen = say_word },
    [EVENT_restore] = { .happen = bring_back },
    [EVENT_pause] = { .happen = say_word },
    [EVENT_continue] = { .happen = say_word },
    [EVENT_trigger] = { .happen = nothing },
    [EVENT_collect_garbage] = { .happen = collect_garbage },
    [EVENT_full_disk] = { .happen = fill_disk },
    [EVENT_free_disk] = { .happen = fill_disk },
    [EVENT_replay] = { .happen = nothing },
    [EVENT_wait] = { .happen = wait_some_time },
};

static int happen_now(struct scenario_lab *lab, const json_t *event)
{
    const char *word = text_at(event, "event"), *target = text_at(event, "target");
    size_t number = event_number(word);
    if (number == EVENT_COUNT || (!events[number].to_machine && !events[number].happen)) {
        log_error(NULL, "the lab has no event %s", word);
        return -1;
    }
    if (!events[number].to_machine)
        return events[number].happen(lab, event);
    if (json_object_get(lab->targets, target)) {
        CLEANUP_FREE char *key = strdup(lab_key(lab, target)); /* the target may go */
        return events[number].to_machine(lab, key, event);
    }
    log_error(NULL, "there is no target %s now", target);
    return 1;
}

int lab_happen(struct scenario_lab *lab, const json_t *event)
{
    if (json_object_get(event, "at"))
        return lab_await(lab, event);
    int status = happen_now(lab, event);
    return lab_write_models(lab, "models") == 0 ? status : -1;
}
