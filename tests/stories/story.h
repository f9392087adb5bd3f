/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Stories of components with state, told in a simulated network of machines a, b and c. At first the database
 * db, in container mysql, is on a. Each story follows what was written to the end: what is live where, and
 * what can still be found.
 */
#ifndef STORY_H
#define STORY_H

#include "simulated-host.h"

#define SERVICES 4
#define PLACES 8

struct story {
    struct simulation *network;
    struct simulated_host host;
    struct simulated_machine *a, *b, *c;
    struct simulated_service services[SERVICES];
    size_t service_count;
    struct simulated_place places[PLACES];
    size_t place_count;
};

typedef const struct simulated_value *written;

/* What kind of expectation did not hold. */
enum story_failure { WRONG_OUTCOME = 1, WRONG_VERDICT, WRONG_STATE, LOST_WRITE, WRONG_WORDS };

/* hold: whether the host holds what is in conflict. */
struct story_case {
    const char *name;
    void (*tell)(struct story *story);
    bool hold;
};

extern const struct story_case superseded_stories[], kept_stories[], regressed_stories[], held_stories[];
extern const struct story_case *const all_stories[]; /* ends with NULL; each list with an empty case */

/* Tells one from beginning to end. What does not hold ends it: failed is called and must not return. */
void story_tell(const struct story_case *story, void (*failed)(enum story_failure kind, const char *text));

/* The distribution model: service is on the targets whose letters these are. */
void place(struct story *story, const char *service, const char *targets);

/* What happens. */
void cycle(struct story *story, enum simulated_redeployment outcome);
enum simulated_redeployment adapts(struct story *story); /* a cycle, however it ends */
void reconstructs(struct story *story);
void deploys(struct story *story, enum simulated_redeployment outcome);
void takes_snapshots(struct story *story);
void waits(struct story *story, int64_t seconds);
written writes(struct story *story, struct simulated_machine *machine); /* to db; acknowledged */
written database(struct story *story, struct simulated_machine *machine);
void destroy(struct story *story, struct simulated_machine *machine); /* with all that is on its disk */

/* The plain beginning: db is on a, was written to, snapshotted, and written to again; a vanishes, db moves to
 * b, where it is written to. Nobody takes a snapshot there. */
struct moved {
    written saved, unsaved, newer;
};
struct moved moves(struct story *story);

/* What is expected. */
void no_write_is_lost(struct story *story); /* every story ends with it */
void expect(bool condition, enum story_failure kind, struct story *story, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void live_on(struct story *story, struct simulated_machine *machine,
             written state); /* there and nowhere else */
void live_too(struct story *story, struct simulated_machine *machine, written state);
void active(struct story *story, struct simulated_machine *machine, const char *package, bool expected);
void snapshotted_on(struct story *story, struct simulated_machine *machine, written state);
void at_coordinator(struct story *story, written state);
/* The targets in a list of the report, as letters. */
void reported(struct story *story, const char *list, const char *targets);
/* Of an entry of a list: what its reason says. */
void because(struct story *story, const char *list, const char *words);
void held_fenced(struct story *story, bool expected); /* what the first entry of held says */
void is_manifest(struct story *story, const char *path);
void says(struct story *story, const char *words);

/* The copy on target is in conflict with the one on home. Whoever looks: nothing is overwritten. Without
 * hold, the check stops a deployment that would move it; with hold the target is held, and the system goes
 * on. */
void nothing_is_overwritten(struct story *story, struct simulated_machine *target,
                            struct simulated_machine *home, const char *reason);

#endif
