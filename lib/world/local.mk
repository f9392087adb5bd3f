lib_libdydisnix_a_SOURCES += \
	lib/world/append.c \
	lib/world/budget.c lib/world/budget.h \
	lib/world/clock.c \
	lib/world/descendants.c lib/world/descendants.h \
	lib/world/files.c \
	lib/world/find-program.c lib/world/find-program.h \
	lib/world/lines.c \
	lib/world/log.c \
	lib/world/operations.c lib/world/operations.h \
	lib/world/programs.c \
	lib/world/real.h \
	lib/world/real-operations.c \
	lib/world/remove.c \
	lib/world/shown.c lib/world/shown.h \
	lib/world/spawn.c \
	lib/world/warnings.c lib/world/warnings.h \
	$(NULL)
