host_libhost_a_SOURCES += \
	host/deploy/check.c host/deploy/check.h \
	host/deploy/deploy.c host/deploy/deploy.h \
	host/deploy/dry-run.c host/deploy/dry-run.h \
	host/deploy/redeploy.c host/deploy/redeploy.h \
	$(NULL)
