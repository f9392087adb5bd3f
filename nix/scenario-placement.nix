# Where a distribution model has the services: { SERVICE: [TARGET] }.
{ distributionFile, infrastructureFile }:

let
  inherit (builtins) isList map mapAttrs;

  # Each target tells its name.
  infrastructure = mapAttrs (targetName: target: target // { inherit targetName; }) (import infrastructureFile);

  nameOf = place: place.targetName or place.target.targetName;
  namesOf = places: map nameOf (if isList places then places else places.targets);
in
mapAttrs (service: namesOf) (import distributionFile { inherit infrastructure; })
