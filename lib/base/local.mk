lib_libdydisnix_a_SOURCES += \
	lib/base/arguments.c lib/base/arguments.h \
	lib/base/array.h \
	lib/base/bounded-list.c lib/base/bounded-list.h \
	lib/base/characters.c lib/base/characters.h \
	lib/base/cleanup.h \
	lib/base/json-members.c lib/base/json-members.h \
	lib/base/json-text.c lib/base/json-text.h \
	lib/base/nearest.c lib/base/nearest.h \
	lib/base/random.c lib/base/random.h \
	lib/base/set.c lib/base/set.h \
	lib/base/sha256.c lib/base/sha256.h \
	lib/base/strings.c lib/base/strings.h \
	lib/base/switch.h \
	lib/base/text-sort.c lib/base/text-sort.h \
	$(NULL)
