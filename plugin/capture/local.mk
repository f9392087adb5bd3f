plugin_sources += \
	plugin/capture/capture.c plugin/capture/capture.h \
	plugin/capture/claims.c plugin/capture/claims.h \
	plugin/capture/closures.c plugin/capture/closures.h \
	plugin/capture/facts.c plugin/capture/facts.h \
	plugin/capture/remembered.c plugin/capture/remembered.h \
	$(NULL)
