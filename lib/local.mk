noinst_LIBRARIES += lib/libdydisnix.a
lib_libdydisnix_a_SOURCES = \
	lib/arguments.c lib/arguments.h \
	lib/array.h \
	lib/budget.c lib/budget.h \
	lib/characters.c lib/characters.h \
	lib/cleanup.h \
	lib/client.c lib/client.h \
	lib/dependency-line.c lib/dependency-line.h \
	lib/descendants.c lib/descendants.h \
	lib/doubles.c lib/doubles.h \
	lib/dump.c lib/dump.h \
	lib/generations.c lib/generations.h \
	lib/infrastructure.c lib/infrastructure.h \
	lib/json-members.c lib/json-members.h \
	lib/json-text.c lib/json-text.h \
	lib/lines.c \
	lib/manifest.c lib/manifest.h \
	lib/manifest-1.c \
	lib/manifest-1-read.c \
	lib/manifest-1-write.c \
	lib/manifest-changes.c \
	lib/manifest-difference.c \
	lib/manifest-parts.c lib/manifest-parts.h \
	lib/manifest-read.c \
	lib/manifest-running.c \
	lib/manifest-write.c \
	lib/nix.c lib/nix.h \
	lib/nix-access.c lib/nix-access.h \
	lib/operations.c lib/operations.h \
	lib/paths.c lib/paths.h \
	lib/portion.c lib/portion.h \
	lib/remembered-copies.c lib/remembered-copies.h \
	lib/previous.c lib/previous.h \
	lib/profile-manifest-1.c \
	lib/real-append.c \
	lib/real-clock.c \
	lib/real-files.c lib/real.h \
	lib/real-log.c \
	lib/real-operations.c \
	lib/real-programs.c \
	lib/real-remove.c \
	lib/real-spawn.c \
	lib/set.c lib/set.h \
	lib/sha256.c lib/sha256.h \
	lib/shown.c lib/shown.h \
	lib/strings.c lib/strings.h \
	lib/switch.h \
	lib/target-flatten.c \
	lib/target-keys.c lib/target-keys.h \
	lib/text-sort.c lib/text-sort.h \
	lib/told.c lib/told.h \
	lib/value.c lib/value.h \
	lib/warnings.c lib/warnings.h \
	lib/xml.c lib/xml.h \
	$(NULL)
dist_man_MANS += lib/dydisnix-formats.5
