host_libhost_a_SOURCES += \
	host/copies/homes.c host/copies/homes.h \
	host/copies/missing.c host/copies/missing.h \
	host/copies/older.c host/copies/older.h \
	host/copies/pins.c host/copies/pins.h \
	host/copies/restore.c host/copies/restore.h \
	host/copies/survivors.c host/copies/survivors.h \
	host/copies/wrapper.c host/copies/wrapper.h \
	$(NULL)
