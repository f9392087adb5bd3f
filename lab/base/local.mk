dydisnix_lab_SOURCES += \
	lab/base/channel.c lab/base/channel.h \
	lab/base/nature.c lab/base/nature.h \
	lab/base/network.c lab/base/network.h \
	lab/base/questions.c lab/base/questions.h \
	lab/base/trap.c lab/base/trap.h \
	lab/base/tree.c lab/base/tree.h \
	$(NULL)
