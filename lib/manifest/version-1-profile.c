/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <libxml/chvalid.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/characters.h"
#include "lib/base/cleanup.h"
#include "lib/manifest/dependency-line.h"
#include "lib/manifest/parts.h"
#include "lib/model/paths.h"

/* The lines of a service, in this order. */
enum { LINE_NAME, LINE_PATH, LINE_CONTAINER, LINE_TYPE, LINE_KEY, LINE_STATEFUL, LINE_DEPENDENCIES, LINES };

struct text_reader {
    struct manifest *manifest;
    const char *source, *key;
    const char *at, *end;
    size_t line;              /* the number of the one read last */
    const char *lines[LINES]; /* interned; the dependencies are not */
    const char *dependencies;
    size_t dependencies_length;
    char **reason;
};

#define REFUSE(reader, line, ...) refuse_line(reader, line, string_format(__VA_ARGS__))

/* The reason names a line of the service that was read last; takes what. */
static int refuse_line(struct text_reader *reader, int line, char *what)
{
    size_t number = reader->line - LINES + 1 + (size_t)line;

    reason_set(reader->reason, reader->source, "line %zu: %s", number, what ? what : "not enough memory");
    free(what);
    return -1;
}

static int no_memory(struct text_reader *reader)
{
    return reason_set(reader->reason, reader->source, "not enough memory");
}

/* All of it must fit into the XML of a manifest and the JSON of a report. *line is the number of the first
 * line that does not. */
static bool is_xml_text(const char *text, size_t length, size_t *line)
{
    size_t more;

    *line = 1;
    for (size_t i = 0; i < length; i += more) {
        long character = character_at(text + i, length - i, &more);

        if (character < 0 || !xmlIsCharQ((unsigned)character))
            return false;
        *line += character == '\n';
    }
    return true;
}

static int check_text(struct text_reader *reader, const struct manifest_limits *limits)
{
    size_t length = (size_t)(reader->end - reader->at), line;

    if (limits && limits->bytes && length > limits->bytes)
        return reason_set(reader->reason, reader->source, "larger than allowed");
    if (length && memchr(reader->at, '\0', length))
        return reason_set(reader->reason, reader->source, "holds a NUL byte");
    if (!is_xml_text(reader->at, length, &line))
        return reason_set(reader->reason, reader->source,
                          "line %zu: not UTF-8, or a character that XML does not have", line);
    while (reader->end > reader->at && strchr(" \t\r\n", reader->end[-1]))
        reader->end--;
    return 0;
}

/* Reads the lines of the next service. 1: there is one; 0: the text is at its end. */
static int read_lines(struct text_reader *reader)
{
    if (reader->at >= reader->end)
        return 0;
    for (int i = 0; i < LINES; i++) {
        const char *line = reader->at, *stop;

        if (line == reader->end)
            return reason_set(reader->reason, reader->source,
                              "line 1: neither XML nor lines of version 1: %zu, and a service has %d",
                              reader->line, LINES);
        stop = memchr(line, '\n', (size_t)(reader->end - line));
        stop = stop ? stop : reader->end;
        reader->at = stop < reader->end ? stop + 1 : reader->end;
        reader->line++;
        if (i == LINE_DEPENDENCIES) {
            reader->dependencies = line;
            reader->dependencies_length = (size_t)(stop - line);
            break;
        }
        reader->lines[i] = strings_intern_length(reader->manifest->strings, line, (size_t)(stop - line));
        if (!reader->lines[i])
            return no_memory(reader);
    }
    return 1;
}

static int check_lines(struct text_reader *reader)
{
    const char *const *lines = reader->lines;

    if (*lines[LINE_NAME] && !is_plain_name(lines[LINE_NAME]))
        return REFUSE(reader, LINE_NAME, "control characters in the name of a service");
    if (!is_store_path(lines[LINE_PATH]))
        return REFUSE(reader, LINE_PATH, "service %s: %s is no store path", lines[LINE_NAME],
                      lines[LINE_PATH]);
    if (!is_plain_name(lines[LINE_CONTAINER]))
        return REFUSE(reader, LINE_CONTAINER,
                      "service %s: a container that is empty or has control characters", lines[LINE_NAME]);
    if (*lines[LINE_TYPE] && !is_plain_name(lines[LINE_TYPE]))
        return REFUSE(reader, LINE_TYPE, "service %s: control characters in its type", lines[LINE_NAME]);
    if (!is_plain_name(lines[LINE_KEY]))
        return REFUSE(reader, LINE_KEY, "service %s: a key that is empty or has control characters",
                      lines[LINE_NAME]);
    if (strcmp(lines[LINE_STATEFUL], "true") && strcmp(lines[LINE_STATEFUL], "false"))
        return REFUSE(reader, LINE_STATEFUL, "service %s: %s in place of true or false", lines[LINE_NAME],
                      lines[LINE_STATEFUL]);
    if (*lines[LINE_STATEFUL] == 't' && !is_file_name(lines[LINE_CONTAINER]))
        return REFUSE(reader, LINE_CONTAINER, "service %s: a container with state, %s, that is no file name",
                      lines[LINE_NAME], lines[LINE_CONTAINER]);
    if (*lines[LINE_STATEFUL] == 't' && !is_file_name(store_path_name(lines[LINE_PATH])))
        return REFUSE(reader, LINE_PATH, "service %s: a component with state, %s, that is no file name",
                      lines[LINE_NAME], store_path_name(lines[LINE_PATH]));
    return 0;
}

static int take_service(struct text_reader *reader)
{
    const char *const *lines = reader->lines;
    struct service service = { .key = lines[LINE_KEY],
                               .name = lines[LINE_NAME],
                               .pkg = lines[LINE_PATH],
                               .type = lines[LINE_TYPE],
                               .provides_containers = { .type = NIX_ATTRS } };
    const struct service_mapping mapping = { .target = reader->key,
                                             .container = lines[LINE_CONTAINER],
                                             .service = lines[LINE_KEY] };
    const struct snapshot_mapping snapshot = { .target = reader->key,
                                               .container = lines[LINE_CONTAINER],
                                               .component = store_path_name(lines[LINE_PATH]),
                                               .service = lines[LINE_PATH] };
    CLEANUP_FREE char *why = NULL;

    if (dependency_line_parse(reader->dependencies, reader->dependencies_length, reader->manifest->strings,
                              &service.depends_on, &why))
        return REFUSE(reader, LINE_DEPENDENCIES, "the dependencies of service %s: %s", service.name,
                      why ? why : "not enough memory");
    if (manifest_take_service(reader->manifest, &service)) {
        service_clear(&service);
        return no_memory(reader);
    }
    if (!manifest_add_service_mapping(reader->manifest, &mapping)
        || (*lines[LINE_STATEFUL] == 't' && !manifest_add_snapshot_mapping(reader->manifest, &snapshot)))
        return no_memory(reader);
    return 0;
}

static int read_text(struct text_reader *reader, const struct manifest_limits *limits)
{
    struct manifest *manifest = reader->manifest;
    int more;

    if (check_text(reader, limits))
        return -1;
    while ((more = read_lines(reader)) > 0)
        if (check_lines(reader) || take_service(reader))
            return -1;
    if (more < 0 || manifest_1_unite_services(manifest, reader->source, reader->reason))
        return -1;
    if (manifest_1_join_snapshots(manifest, NULL, reader->source, reader->reason))
        return -1;
    return manifest_refuse_twice(manifest, reader->source, reader->reason);
}

int profile_manifest_1_parse(const char *text, size_t length, const char *source, const char *key,
                             const struct manifest_limits *limits, struct strings *strings,
                             struct manifest *manifest, char **reason)
{
    struct text_reader reader = { .manifest = manifest,
                                  .source = source,
                                  .key = strings_intern(strings, key),
                                  .at = text,
                                  .end = text + length,
                                  .reason = reason };

    manifest_init(manifest, strings);
    manifest->version = 1;
    *reason = NULL;
    if (!reader.key)
        return no_memory(&reader);
    if (!read_text(&reader, limits))
        return 0;
    manifest_clear(manifest);
    return -1;
}

static bool begins_as_xml(const char *text, size_t length)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    size_t i = 0;

    if (length > 3 && !memcmp(text, byte_order_mark, 3))
        i = 3;
    while (i < length && text[i] && strchr(" \t\r\n", text[i]))
        i++;
    return i < length && text[i] == '<';
}

int profile_manifest_parse_any(const char *text, size_t length, const char *source,
                               const struct target *target, const struct target_keys *keys,
                               const struct manifest_limits *limits, struct strings *strings,
                               struct manifest *manifest, char **reason)
{
    const char *shared;

    if (begins_as_xml(text, length))
        return profile_manifest_parse(text, length, source, target->name, limits, strings, manifest, reason);
    if (profile_manifest_1_parse(text, length, source, target_connection_key(target), limits, strings,
                                 manifest, reason))
        return -1;
    shared = manifest_shared_key(manifest, keys);
    if (!shared && target_keys_shared(keys, target_connection_key(target)))
        shared = target_connection_key(target);
    if (shared)
        reason_set(reason, source,
                   "several targets have the connection key %s, by which version 1 knows them", shared);
    else if (!manifest_name_targets(manifest, keys))
        return 0;
    else
        reason_set(reason, source, "not enough memory");
    manifest_clear(manifest);
    return -1;
}
