# An infrastructure model with what another model adds to it, in the store. The result is data, which is read
# again.
{ infrastructureFile, augmentFile }:

let
  sets = import ./sets.nix;
  augmented = sets.callModel (import augmentFile) { infrastructure = import infrastructureFile; } {
    lib = builtins // sets;
  };
  data = builtins.toFile "infrastructure.json" (builtins.toJSON augmented);
in
builtins.unsafeDiscardStringContext
  (builtins.toFile "infrastructure.nix" "builtins.fromJSON (builtins.readFile ${data})\n")
