noinst_LIBRARIES += lab/libengine.a
lab_libengine_a_SOURCES =
include $(srcdir)/lab/engine/local.mk

# What links the engine needs, in this order.
libraries_of_engine = lab/libengine.a lib/libdydisnix.a $(LIBRARIES_USED)
dist_man_MANS += lab/dydisnix-lab-engine.7

bin_PROGRAMS += dydisnix-lab
dydisnix_lab_SOURCES =
include $(srcdir)/lab/network/local.mk
include $(srcdir)/lab/base/local.mk
include $(srcdir)/lab/machine/local.mk
dydisnix_lab_LDADD = $(libraries_of_engine)
dist_man_MANS += lab/dydisnix-lab.1

# The demonstration and its system.
EXTRA_DIST += lab/demonstration
exampledir = $(pkgdatadir)/example
dist_example_DATA = lab/example/qos.nix lab/example/services.nix
