dist_nixexpr_DATA += nix/service-keys.nix nix/store-text.nix
dist_nixexpr_DATA += \
	nix/augmented-infrastructure.nix \
	nix/deployment-model.nix \
	nix/distribution.nix \
	nix/effective-model.nix \
	nix/ids.nix \
	nix/infrastructure.nix \
	nix/manifest-xml.nix \
	nix/manifest.nix \
	nix/pinned-distribution.nix \
	nix/scenario-distribution.nix \
	nix/scenario-infrastructure.nix \
	nix/scenario-placement.nix \
	nix/scenario-services.nix \
	nix/services.nix \
	nix/sets.nix \
	$(NULL)
# For those who have nixpkgs, from the sources.
EXTRA_DIST += \
	default.nix \
	flake.nix \
	nix/module.nix \
	nix/package.nix \
	nix/tests/coordinator-lost.nix \
	nix/tests/infrastructure.nix \
	nix/tests/machine-reappears.nix \
	nix/tests/network.nix \
	nix/tests/services.nix \
	$(NULL)
