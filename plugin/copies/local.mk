plugin_sources += \
	plugin/copies/actions.c plugin/copies/actions.h \
	plugin/copies/activation.c plugin/copies/activation.h \
	plugin/copies/copies.c plugin/copies/copies.h \
	plugin/copies/copy.c plugin/copies/copy.h \
	plugin/copies/disputes.c plugin/copies/disputes.h \
	plugin/copies/evidence.c plugin/copies/evidence.h \
	plugin/copies/survivor.c plugin/copies/survivor.h \
	$(NULL)
