dydisnix_self_adaptctl_SOURCES += \
	host/ctl/disputes.c host/ctl/disputes.h \
	host/ctl/events.c host/ctl/events.h \
	host/ctl/main.c \
	host/ctl/status.c host/ctl/status.h \
	$(NULL)
