host_libhost_a_SOURCES += \
	host/phases/late.c host/phases/late.h \
	host/phases/locks.c host/phases/locks.h \
	host/phases/migrate.c host/phases/migrate.h \
	host/phases/phases.c host/phases/phases.h \
	host/phases/unfinished.c host/phases/unfinished.h \
	$(NULL)
