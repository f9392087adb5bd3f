host_libhost_a_SOURCES += \
	host/outside/control.c host/outside/control.h \
	host/outside/notify.c host/outside/notify.h \
	host/outside/outside.c host/outside/outside.h \
	host/outside/status.c host/outside/status.h \
	host/outside/totals.c host/outside/totals.h \
	$(NULL)
