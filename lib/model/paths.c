/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/model/paths.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/characters.h"
#include "lib/base/strings.h"

#define HASH_LENGTH 32
#define NAME_LENGTH_MAX 211

#define LETTERS_AND_DIGITS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* How many of the first most bytes of text are among those of a set. strspn() looks at the whole set each
 * time. */
static size_t span(const char *text, const char *among, bool known[static 256], size_t most)
{
    size_t length = 0;

    if (!known[(unsigned char)*among])
        for (; *among != '\0'; among++)
            known[(unsigned char)*among] = true;
    while (length < most && known[(unsigned char)text[length]])
        length++;
    return length;
}

const char *store_path_name(const char *path)
{
    static const char prefix[] = NIX_STORE_DIR "/";
    static bool in_hashes[256], in_names[256];
    const char *hash, *name;
    size_t length;

    if (path == NULL || strncmp(path, prefix, strlen(prefix)) != 0)
        return NULL;
    hash = path + strlen(prefix);
    if (span(hash, "0123456789abcdfghijklmnpqrsvwxyz", in_hashes, HASH_LENGTH) != HASH_LENGTH
        || hash[HASH_LENGTH] != '-')
        return NULL;
    name = hash + HASH_LENGTH + 1;
    length = span(name, LETTERS_AND_DIGITS "+._?=-", in_names, NAME_LENGTH_MAX + 1);
    if (name[length] != '\0' || length == 0 || length > NAME_LENGTH_MAX)
        return NULL;
    return name;
}

bool is_store_path(const char *path)
{
    return store_path_name(path) != NULL;
}

bool is_former_store_path(const char *path)
{
    const char *name = store_path_name(path);
    size_t dots = name == NULL ? 0 : strspn(name, ".");

    return (dots == 1 || dots == 2) && (name[dots] == '\0' || name[dots] == '-');
}

bool is_file_name(const char *text)
{
    return strchr(text, '/') == NULL && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

bool is_plain_name(const char *text)
{
    size_t length;

    if (text == NULL || *text == '\0')
        return false;
    for (; *text != '\0'; text += length) {
        length = 1;
        if (*text >= ' ' && *text <= '~')
            continue;
        long character = character_at(text, strnlen(text, 4), &length);

        if (character < 0 || is_control_character(character))
            return false;
    }
    return true;
}

bool is_snapshot_name(const char *text)
{
    size_t parts = 0;
    for (const char *part = text; part; parts++) {
        const char *slash = strchr(part, '/');
        size_t length = slash ? (size_t)(slash - part) : strlen(part);
        if (length == 0 || (length <= 2 && strspn(part, ".") >= length))
            return false;
        part = slash ? slash + 1 : NULL;
    }
    return parts == 3 && *text != '-' && is_plain_name(text);
}

bool is_snapshot_path(const char *path, const char *name)
{
    size_t length = strlen(path), end = strlen(name);
    return length > end + 1 && path[0] == '/' && is_plain_name(path) && path[length - end - 1] == '/'
           && strcmp(path + length - end, name) == 0;
}

bool is_connection_key(const char *text)
{
    return is_plain_name(text) && *text != '-' && strchr(text, ' ') == NULL;
}

bool is_profile_name(const char *text)
{
    return is_plain_name(text) && *text != '-' && *text != '.' && strchr(text, '/') == NULL;
}

char *target_profile_path(const char *profile)
{
    return string_format("%s/nix/profiles/disnix/%s", NIX_STATE_DIR, profile);
}

const char *own_user_name(void)
{
    const struct passwd *user = getpwuid(geteuid());

    return user == NULL ? NULL : user->pw_name;
}

char *coordinator_profile_path(const char *directory, const char *profile)
{
    const char *user;

    if (directory != NULL)
        return string_format("%s/%s", directory, profile);
    user = own_user_name();
    if (user == NULL)
        return NULL;
    return string_format("%s/nix/profiles/per-user/%s/disnix-coordinator/%s", NIX_STATE_DIR, user, profile);
}
