scenario_libscenario_a_SOURCES += \
	scenario/play/check.c scenario/play/check.h \
	scenario/play/course.c scenario/play/course.h \
	scenario/play/expect.c \
	scenario/play/golden.c scenario/play/golden.h \
	scenario/play/network.h \
	scenario/play/output.c scenario/play/output.h \
	scenario/play/play.c scenario/play/play.h \
	scenario/play/run.c scenario/play/run.h \
	scenario/play/story.c scenario/play/story.h \
	$(NULL)
