host_libhost_a_SOURCES += \
	host/record/again.c host/record/again.h \
	host/record/dispute.c host/record/dispute.h \
	host/record/journal.c host/record/journal.h \
	host/record/mended.c host/record/mended.h \
	host/record/progress.c host/record/progress.h \
	host/record/state.c host/record/state.h \
	host/record/waits.c host/record/waits.h \
	host/record/words.c host/record/words.h \
	$(NULL)
