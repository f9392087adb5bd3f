noinst_LIBRARIES += host/libhost.a
host_libhost_a_SOURCES =
include $(srcdir)/host/loop/local.mk
include $(srcdir)/host/calls/local.mk
include $(srcdir)/host/cycle/local.mk
include $(srcdir)/host/phases/local.mk
include $(srcdir)/host/deploy/local.mk
include $(srcdir)/host/copies/local.mk
include $(srcdir)/host/unfinished/local.mk
include $(srcdir)/host/presence/local.mk
include $(srcdir)/host/record/local.mk
include $(srcdir)/host/control/local.mk
include $(srcdir)/host/plugins/local.mk
include $(srcdir)/host/doctor/local.mk
include $(srcdir)/host/settings/local.mk

bin_PROGRAMS += dydisnix-self-adapt
include $(srcdir)/host/self-adapt/local.mk
dydisnix_self_adapt_LDADD = host/libhost.a lib/libdydisnix.a $(LIBRARIES_USED)

bin_PROGRAMS += dydisnix-self-adaptctl
dydisnix_self_adaptctl_SOURCES =
include $(srcdir)/host/ctl/local.mk
dydisnix_self_adaptctl_LDADD = host/libhost.a lib/libdydisnix.a $(LIBRARIES_USED)

dist_bin_SCRIPTS = host/dydisnix-etcd-guard host/dydisnix-etcd-leader

dist_man_MANS += host/dydisnix-etcd-guard.1 host/dydisnix-etcd-leader.1 host/dydisnix-self-adapt-failover.7 \
	host/dydisnix-self-adapt.1 host/dydisnix-self-adaptctl.1 host/dydisnix-plugin.3
