noinst_LIBRARIES += host/libhost.a
host_libhost_a_SOURCES = \
	host/again.c host/again.h \
	host/broken.c host/broken.h \
	host/calls.c host/calls.h \
	host/check.c host/check.h \
	host/control.c host/control.h \
	host/cycle.c host/cycle.h \
	host/deploy.c host/deploy.h \
	host/dispute.c host/dispute.h \
	host/finish.c \
	host/homes.c host/homes.h \
	host/hooks.c host/hooks.h \
	host/hung.c host/hung.h \
	host/journal.c host/journal.h \
	host/listing.c host/listing.h \
	host/late.c host/late.h \
	host/leftovers.c host/leftovers.h \
	host/loader.c host/loader.h \
	host/locks.c host/locks.h \
	host/mended.c host/mended.h \
	host/mentions.c host/mentions.h \
	host/migrate.c host/migrate.h \
	host/model.c host/model.h \
	host/notify.c host/notify.h \
	host/outside.c host/outside.h \
	host/older.c host/older.h \
	host/overtaken.c \
	host/phases.c host/phases.h \
	host/pins.c host/pins.h \
	host/places.c host/places.h \
	host/plan.c host/plan.h \
	host/presence.c host/presence.h \
	host/probe.c host/probe.h \
	host/progress.c host/progress.h \
	host/redeploy.c host/redeploy.h \
	host/restore.c host/restore.h \
	host/script.c host/script.h \
	host/recover.c host/recover.h \
	host/redeploy.c host/redeploy.h \
	host/recovery.c host/recovery.h \
	host/rescue.c \
	host/resend.c host/resend.h \
	host/settle.h \
	host/settings.c host/settings.h \
	host/stages.c host/stages.h \
	host/state.c host/state.h \
	host/status.c host/status.h \
	host/stream.c host/stream.h \
	host/summary.c host/summary.h \
	host/supervisor.c host/supervisor.h \
	host/survivors.c host/survivors.h \
	host/totals.c host/totals.h \
	host/undo.c \
	host/usage.c host/usage.h \
	host/watch.c host/watch.h \
	host/words.c host/words.h \
	host/waits.c host/waits.h \
	host/wrapper.c host/wrapper.h \
	$(NULL)

bin_PROGRAMS += dydisnix-self-adapt
dydisnix_self_adapt_SOURCES = host/main.c
dydisnix_self_adapt_LDADD = host/libhost.a lib/libdydisnix.a $(LIBRARIES_USED)

bin_PROGRAMS += dydisnix-self-adaptctl
dydisnix_self_adaptctl_SOURCES = \
	host/ctl.c \
	host/ctl-disputes.c host/ctl-disputes.h \
	host/ctl-events.c host/ctl-events.h \
	host/ctl-status.c host/ctl-status.h \
	$(NULL)
dydisnix_self_adaptctl_LDADD = host/libhost.a lib/libdydisnix.a $(LIBRARIES_USED)

dist_bin_SCRIPTS = host/dydisnix-etcd-guard host/dydisnix-etcd-leader

dist_man_MANS += host/dydisnix-etcd-guard.1 host/dydisnix-etcd-leader.1 host/dydisnix-self-adapt-failover.7 \
	host/dydisnix-self-adapt.1 host/dydisnix-self-adaptctl.1 host/dydisnix-plugin.3
