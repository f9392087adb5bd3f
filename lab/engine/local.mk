lab_libengine_a_SOURCES += \
	lab/engine/deploy.c \
	lab/engine/deployment.c lab/engine/deployment.h \
	lab/engine/distribute.c \
	lab/engine/ending.c lab/engine/ending.h \
	lab/engine/engine.c lab/engine/engine.h \
	lab/engine/inside.h \
	lab/engine/locks.c \
	lab/engine/migrate.c \
	lab/engine/models.c \
	lab/engine/options.c lab/engine/options.h \
	lab/engine/placement.c lab/engine/placement.h \
	lab/engine/profiles.c \
	lab/engine/snapshots.c lab/engine/snapshots.h \
	lab/engine/targets.c lab/engine/targets.h \
	lab/engine/transition.c \
	lab/engine/workers.c lab/engine/workers.h \
	$(NULL)
