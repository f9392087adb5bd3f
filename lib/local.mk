noinst_LIBRARIES += lib/libdydisnix.a
lib_libdydisnix_a_SOURCES =
include $(srcdir)/lib/base/local.mk
include $(srcdir)/lib/world/local.mk
include $(srcdir)/lib/model/local.mk
include $(srcdir)/lib/manifest/local.mk
include $(srcdir)/lib/state/local.mk
dist_man_MANS += lib/dydisnix-formats.5
