scenario_libscenario_a_SOURCES += \
	scenario/search/random.c scenario/search/random.h \
	scenario/search/shrink.c scenario/search/shrink.h \
	$(NULL)
