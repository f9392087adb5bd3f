host_libhost_a_SOURCES += \
	host/cycle/cycle.c host/cycle/cycle.h \
	host/cycle/deployment.c host/cycle/deployment.h \
	host/cycle/detect.c host/cycle/detect.h \
	host/cycle/event.c host/cycle/event.h \
	host/cycle/finished.c \
	host/cycle/outage.c host/cycle/outage.h \
	host/cycle/pipeline.c host/cycle/pipeline.h \
	host/cycle/reconstruction.c host/cycle/reconstruction.h \
	host/cycle/requests.c host/cycle/requests.h \
	host/cycle/running.c host/cycle/running.h \
	host/cycle/settle.c host/cycle/settle.h \
	host/cycle/snapshots.c host/cycle/snapshots.h \
	host/cycle/summary.c host/cycle/summary.h \
	$(NULL)
