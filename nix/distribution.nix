# The distribution that a quality-of-service model makes, as a distribution model in the store. Its names
# stand in a JSON file, so that nothing that a model says is ever read as Nix code.
{ servicesFile
, infrastructureFile
, qosFile ? null
, filtersFile ? null
, previousFile ? null # JSON: what is deployed now
, extraParams ? { }
, nixpkgs ? null
}:

let
  sets = import ./sets.nix;

  infrastructure = import infrastructureFile;
  pkgs = if nixpkgs == null then { system = builtins.currentSystem; } else import nixpkgs { };
  lib = if nixpkgs == null then builtins // sets else pkgs.lib;

  # A placement must not depend on what a package is.
  services = builtins.mapAttrs (name: service: removeAttrs service [ "pkg" ])
    (sets.callModel (import servicesFile) {
      distribution = { };
      invDistribution = { };
      system = builtins.currentSystem;
      inherit pkgs;
    } extraParams);

  initialDistribution = builtins.mapAttrs (name: service: builtins.attrNames infrastructure) services;
  previousDistribution =
    if previousFile == null then null else builtins.fromJSON (builtins.readFile previousFile);
  filters = if filtersFile == null then { } else import filtersFile { inherit pkgs; referenceFilters = { }; };

  distribution =
    if qosFile == null then initialDistribution
    else import qosFile {
      inherit services infrastructure initialDistribution previousDistribution filters lib;
    };

  data = builtins.toFile "distribution.json" (builtins.toJSON distribution);
in
builtins.unsafeDiscardStringContext (builtins.toFile "distribution.nix" ''
  { infrastructure, ... }:

  let
    # A list of names, or a set whose targets may say a container.
    place = value:
      if builtins.isList value then map (name: infrastructure.''${name}) value
      else value // {
        targets = map (entry: entry // { target = infrastructure.''${entry.target}; }) value.targets;
      };
  in
  builtins.mapAttrs (service: place) (builtins.fromJSON (builtins.readFile ${data}))
'')
