dist_nixexpr_DATA += nix/service-keys.nix nix/store-text.nix
