/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A journal as a page: one HTML file that needs nothing else, with a timeline of targets, services, moves of
 * state and events, and what each cycle did. Works without scripts, in print, by keyboard and by ear.
 *
 * A journal is lines of JSON documents as a host writes them (events.jsonl, see dydisnix-self-adaptctl(1)). A
 * scenario that was run writes the same ones, and two kinds more:
 *
 *   event    Something happened to the network. event: its name, such as crash; target: where, absent for the
 *            coordinator or the network as a whole; words: what happened, for people.
 *   running  What runs now, asked of the machines themselves. cycle: number of the cycle that has just ended,
 *            if one has; targets: for each target that runs something an array of what it runs: service (its
 *            name), container, key or version (of the service), component (of its state; absent: it has
 *            none), and state, what it holds, a text or an array of texts. It replaces all that was said
 *            before; a target that is absent runs nothing.
 *
 *   { "time": "2026-03-01T09:30:00Z", "kind": "event", "event": "crash", "target": "test2",
 *     "words": "test2 loses its power" }
 *   { "time": "2026-03-01T09:31:14Z", "kind": "running", "cycle": 3, "targets": { "test1": [
 *     { "service": "database", "container": "process", "version": "1", "component": "database-1",
 *       "state": [ "first", "second" ] } ] } }
 *
 * While there is no "running", services run where the manifests say so: by the differences in the reports of
 * reconstruct and redeploy, and by "running" (as targets above, without state), which redeploy reports now
 * and then because a journal loses its beginning. Members and kinds that are not known are ignored. Order in
 * the file counts more than times, which are to the second.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stddef.h>

/* So many cycles are shown, the last ones; what began before them and lasts is shown too. */
#define REPORT_CYCLES 500

/* Reads the journal ("-": standard input) and writes the page, whole or not at all ("-": to standard output).
 * A line that is no document is warned of, with file and line, and skipped. 0, or -1 after a message. */
int report_write(const char *journal_file, const char *html_file);

/* The style of its pages, and what a page says to a browser that is to take it. */
extern const char report_style[], report_style_hash[];

/* Writes such a page, whole or not at all ("-": to standard output). -1 after a message. */
int report_write_page(const char *file, const char *text, size_t length);

/* The command "report": options, then a journal. Exit status. */
int scenario_report_main(int argc, char **argv);

#endif
