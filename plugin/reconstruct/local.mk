plugin_sources += \
	plugin/reconstruct/aggregate.c plugin/reconstruct/aggregate.h \
	plugin/reconstruct/install.c plugin/reconstruct/install.h \
	plugin/reconstruct/reconstruct.c plugin/reconstruct/reconstruct.h \
	plugin/reconstruct/reconstruction.c plugin/reconstruct/reconstruction.h \
	plugin/reconstruct/report.c plugin/reconstruct/report.h \
	plugin/reconstruct/source-saved.c plugin/reconstruct/source-world.c plugin/reconstruct/source.h \
	$(NULL)
