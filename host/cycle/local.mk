host_libhost_a_SOURCES += \
	host/cycle/cycle.c host/cycle/cycle.h \
	host/cycle/summary.c host/cycle/summary.h \
	$(NULL)
