lib_libdydisnix_a_SOURCES += \
	lib/state/dump.c lib/state/dump.h \
	lib/state/generations.c lib/state/generations.h \
	lib/state/portion.c lib/state/portion.h \
	lib/state/remembered-copies.c lib/state/remembered-copies.h \
	$(NULL)
