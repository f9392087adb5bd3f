host_libhost_a_SOURCES += \
	host/control/socket.c host/control/socket.h \
	host/control/metrics-text.c host/control/metrics-text.h \
	host/control/metrics.c host/control/metrics.h \
	host/control/notify.c host/control/notify.h \
	host/control/control.c host/control/control.h \
	host/control/status.c host/control/status.h \
	host/control/totals.c host/control/totals.h \
	$(NULL)
