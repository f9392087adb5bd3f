dydisnix_self_adaptctl_SOURCES += \
	host/ctl/disputes.c host/ctl/disputes.h \
	host/ctl/events.c host/ctl/events.h \
	host/ctl/main.c \
	host/ctl/overview.c host/ctl/overview.h \
	host/ctl/status.c host/ctl/status.h \
	host/ctl/telling.c host/ctl/telling.h \
	host/ctl/watch.c host/ctl/watch.h \
	host/ctl/words.c host/ctl/words.h \
	$(NULL)
