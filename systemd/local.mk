# The unit of the loop, its user and the directory of its profiles, for systems other than NixOS.
systemd_made = systemd/dydisnix-self-adapt@.service systemd/tmpfiles.d/dydisnix-self-adapt.conf
if WITH_SYSTEMD
sysusersdir = $(prefix)/lib/sysusers.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d
systemdsystemunit_DATA = systemd/dydisnix-self-adapt@.service
sysusers_DATA = systemd/sysusers.d/dydisnix-self-adapt.conf
tmpfiles_DATA = systemd/tmpfiles.d/dydisnix-self-adapt.conf
endif
EXTRA_DIST += systemd/sysusers.d/dydisnix-self-adapt.conf $(systemd_made:=.in)
check_DATA += $(systemd_made)
CLEANFILES += $(systemd_made)

# Directories are known when make runs, not before. systemd reads % as the beginning of a specifier.
$(systemd_made): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed -e 's,[@]bindir@,$(bindir),' -e 's,[@]sysconfdir@,$(sysconfdir),' \
		-e 's,[@]nixstatedir@,$(nixstatedir),' $< > $@.new && mv $@.new $@
