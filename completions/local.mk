# What there is to complete is read from --help of the program; each shell looks for a file by a name of its own.
EXTRA_DIST += completions/dydisnix.bash completions/dydisnix.fish completions/dydisnix.zsh

install-data-hook:
	$(MKDIR_P) "$(DESTDIR)$(bashcompletiondir)" "$(DESTDIR)$(fishcompletiondir)" "$(DESTDIR)$(zshcompletiondir)"
	for program in $(bin_PROGRAMS); do \
		$(INSTALL_DATA) $(srcdir)/completions/dydisnix.bash "$(DESTDIR)$(bashcompletiondir)/$$program" && \
		$(INSTALL_DATA) $(srcdir)/completions/dydisnix.fish "$(DESTDIR)$(fishcompletiondir)/$$program.fish" || exit; \
	done
	{ echo "#compdef $(bin_PROGRAMS)"; cat $(srcdir)/completions/dydisnix.zsh; } \
		> "$(DESTDIR)$(zshcompletiondir)/_dydisnix"

uninstall-hook:
	for program in $(bin_PROGRAMS); do \
		rm -f "$(DESTDIR)$(bashcompletiondir)/$$program" "$(DESTDIR)$(fishcompletiondir)/$$program.fish"; \
	done
	rm -f "$(DESTDIR)$(zshcompletiondir)/_dydisnix"
