lib_libdydisnix_a_SOURCES += \
	lib/manifest/changes.c \
	lib/manifest/dependency-line.c lib/manifest/dependency-line.h \
	lib/manifest/difference.c \
	lib/manifest/manifest.c lib/manifest/manifest.h \
	lib/manifest/parts.c lib/manifest/parts.h \
	lib/manifest/previous.c lib/manifest/previous.h \
	lib/manifest/read.c \
	lib/manifest/running.c \
	lib/manifest/version-1.c \
	lib/manifest/version-1-profile.c \
	lib/manifest/version-1-read.c \
	lib/manifest/version-1-write.c \
	lib/manifest/write.c \
	$(NULL)
