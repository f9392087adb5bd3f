host_libhost_a_SOURCES += \
	host/control/socket.c host/control/socket.h \
	host/control/notify.c host/control/notify.h \
	host/control/control.c host/control/control.h \
	host/control/status.c host/control/status.h \
	host/control/totals.c host/control/totals.h \
	$(NULL)
