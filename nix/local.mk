dist_nixexpr_DATA += nix/service-keys.nix nix/store-text.nix
dist_nixexpr_DATA += \
	nix/deployment-model.nix \
	nix/infrastructure.nix \
	nix/manifest-xml.nix \
	nix/manifest.nix \
	nix/services.nix \
	nix/sets.nix \
	$(NULL)
