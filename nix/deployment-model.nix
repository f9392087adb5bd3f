# From services with places to what a manifest says: services by key, and who is where.
{ services, infrastructure }:

let
  sets = import ./sets.nix;
  inherit (builtins) attrNames concatMap getAttr;
  inherit (infrastructure) targets;

  systemOf = place: targets.${place.target}.system;

  # service name -> system -> { key; value }. Every key is computed once.
  entries = builtins.mapAttrs (name: service: builtins.mapAttrs (system: package: entry service package)
    service.pkgs) services;

  entryAt = name: place: entries.${name}.${systemOf place};
  keyAt = name: place: (entryAt name place).key;

  entry = service: package:
    let
      value = {
        inherit (service) name type;
        pkg = package.outPath;
        dependsOn = mappings (service.activatesAfter // service.dependsOn);
      };
    in
    {
      key = builtins.unsafeDiscardStringContext (builtins.hashString "sha256" (builtins.toXML value));
      value = value // {
        connectsTo = mappings service.connectsTo;
        inherit (service) providesContainers;
      };
    };

  mappings = dependencies: concatMap (parameter:
    let dependency = dependencies.${parameter};
    in map (place: {
      service = keyAt dependency.service place;
      inherit (place) container target;
    }) dependency.places) (attrNames dependencies);

  mappingAt = name: place: place // { service = keyAt name place; }
    // sets.attrsWhen (place ? containerProvidedByService) {
      containerProvidedByService = keyAt place.containerProvidedByService place;
    };

  componentAt = name: place:
    let base = baseNameOf (entryAt name place).value.pkg;
    in builtins.unsafeDiscardStringContext (builtins.substring 33 (builtins.stringLength base) base);

  namesWhere = accepts: builtins.filter (name: accepts services.${name}) (attrNames services);
in
{
  inherit targets;

  services = builtins.listToAttrs (concatMap (name:
    map (system: { name = entries.${name}.${system}.key; inherit (entries.${name}.${system}) value; })
      (attrNames entries.${name})) (attrNames services));

  # Packages are on the disk of a target only: nothing of them is activated.
  serviceMappings = concatMap (name: map (mappingAt name) services.${name}.places)
    (namesWhere (service: service.type != "package"));

  snapshotMappings = concatMap (name:
    map (place: mappingAt name place // { component = componentAt name place; }) services.${name}.places)
    (namesWhere (service: service.deployState && service.type != "package"));

  # target -> the packages that its profile holds
  packages = sets.attrsOf (attrNames targets) (target: concatMap (name:
    sets.unique (map (place: (entryAt name place).value.pkg)
      (builtins.filter (place: place.target == target) services.${name}.places))) (attrNames services));
}
