scenario_libscenario_a_SOURCES += \
	scenario/search/alphabet.c scenario/search/alphabet.h \
	scenario/search/exhaustive.c scenario/search/exhaustive.h \
	scenario/search/random.c scenario/search/random.h \
	scenario/search/shrink.c scenario/search/shrink.h \
	scenario/search/silence.c scenario/search/silence.h \
	scenario/search/systems.c \
	$(NULL)
