host_libhost_a_SOURCES += \
	host/record/again.c host/record/again.h \
	host/record/dispute.c host/record/dispute.h \
	host/record/failure.c host/record/failure.h \
	host/record/failures.c host/record/failures.h \
	host/record/journal.c host/record/journal.h \
	host/record/progress.c host/record/progress.h \
	host/record/recovery-report.c host/record/recovery-report.h \
	host/record/requests.c host/record/requests.h \
	host/record/routine.c host/record/routine.h \
	host/record/state.c host/record/state.h \
	host/record/story.c host/record/story.h \
	host/record/waits.c host/record/waits.h \
	$(NULL)
