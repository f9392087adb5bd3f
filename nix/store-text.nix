# Puts the content of a file into the store under a name, with references to the store paths that a JSON file
# lists. Needs neither nixpkgs nor a builder.
{ name, file, references }:

let
  withReferences = text: builtins.appendContext text (builtins.listToAttrs (map (path: {
    name = path;
    value = { path = true; };
  }) (builtins.fromJSON (builtins.readFile references))));
in
builtins.unsafeDiscardStringContext (builtins.toFile name (withReferences (builtins.readFile file)))
