host_libhost_a_SOURCES += \
	host/deploy/check.c host/deploy/check.h \
	host/deploy/deploy.c host/deploy/deploy.h \
	host/deploy/plan.c host/deploy/plan.h \
	host/deploy/redeploy.c host/deploy/redeploy.h \
	$(NULL)
