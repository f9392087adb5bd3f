noinst_LIBRARIES += lab/libengine.a
lab_libengine_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugin
lab_libengine_a_SOURCES = \
	lab/deployment.c lab/deployment.h \
	lab/distribute.c \
	lab/engine.c lab/engine.h \
	lab/engine-deploy.c \
	lab/engine-models.c \
	lab/engine-options.c lab/engine-options.h \
	lab/locks.c \
	lab/migrate.c \
	lab/placement.c lab/placement.h \
	lab/profiles.c \
	lab/snapshots.c lab/snapshots.h \
	lab/targets.c lab/targets.h \
	lab/transition.c \
	lab/workers.c lab/workers.h \
	$(NULL)

# What links the engine needs, in this order.
libraries_of_engine = lab/libengine.a plugin/libreconstruct.a lib/libdydisnix.a $(LIBRARIES_USED)

# The demonstration's system.
exampledir = $(pkgdatadir)/example
dist_example_DATA = lab/example/qos.nix lab/example/services.nix
dist_man_MANS += lab/dydisnix-lab-engine.7
