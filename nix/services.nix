# The services model as data: every service with its places (target name and container), its dependencies with
# theirs, and its package built for every system that it is placed on.
{ servicesFor      # system -> the services model
, distribution
, infrastructure   # as ./infrastructure.nix gives it
, deployState      # of a service that does not say
}:

let
  sets = import ./sets.nix;
  inherit (builtins) concatMap head isAttrs isList;
  inherit (infrastructure) nameOf targets;

  model = checkNames (servicesFor null);

  checkNames = builtins.mapAttrs (attribute: service:
    if service.name or null == attribute then service
    else throw "service ${attribute} must have the name ${attribute}");

  strangers = builtins.attrNames (removeAttrs distribution (builtins.attrNames model));

  # Where a service goes: what it says itself, else what the distribution says.
  placesOf = service: service.targets or distribution.${service.name} or [ ];

  # A list of targets, or a set whose targets may name a container each.
  normalisePlaces = type: places:
    if isList places then map (target: { target = nameOf target; container = type; }) places
    else if isAttrs places then
      map (place: { target = nameOf place.target; container = place.container or type; }) places.targets
    else throw "the places of a service must be a list or a set";

  ownAttributes = service: removeAttrs service [
    "name" "pkg" "type" "deployState" "dependsOn" "connectsTo" "activatesAfter" "providesContainer"
    "providesContainers" "targets"
  ];

  providedBy = service:
    if service ? providesContainer then { ${service.providesContainer} = ownAttributes service; }
    else service.providesContainers or { };

  rawPlaces = builtins.mapAttrs (name: service: normalisePlaces service.type (placesOf service)) model;

  # target -> container -> the service that provides it there. The first service by name wins.
  providers = sets.attrsOf (builtins.attrNames targets) (target:
    builtins.foldl' (found: name:
      if builtins.any (place: place.target == target) rawPlaces.${name}
      then builtins.mapAttrs (container: properties: name) (providedBy model.${name}) // found
      else found
    ) { } (builtins.attrNames model));

  withProvider = place: place // sets.attrsWhen (providers.${place.target} ? ${place.container}) {
    containerProvidedByService = providers.${place.target}.${place.container};
  };

  dependenciesOf = builtins.mapAttrs (parameter: dependency: {
    service = dependency.name;
    places =
      if dependency ? targets then normalisePlaces dependency.type dependency.targets
      else map (place: removeAttrs place [ "containerProvidedByService" ]) services.${dependency.name}.places;
  });

  # Who lives in a container that a service provides is activated after that service.
  providersOf = name: builtins.listToAttrs (concatMap (place:
    let provider = providers.${place.target}.${place.container} or null;
    in if provider == null then [ ] else [ {
      name = provider;
      value = {
        service = provider;
        places = [ (head (builtins.filter (other: other.target == place.target) rawPlaces.${provider})) ];
      };
    } ]) rawPlaces.${name});

  # A place as a package function sees it.
  placeParameter = place:
    let provider = providers.${place.target}.${place.container} or null;
    in removeAttrs targets.${place.target} [ "containers" ] // {
      selectedContainer = place.container;
      container =
        if provider == null then targets.${place.target}.containers.${place.container}
        else (providedBy model.${provider}).${place.container};
    };

  # The arguments of a package function: each dependency with its places, and with its own dependencies.
  parametersOf = service: builtins.mapAttrs (parameter: dependency:
    let
      other = services.${dependency.service};
      transitive = parametersOf other;
      places = map placeParameter dependency.places;
    in
    removeAttrs other [ "activatesAfter" "connectsTo" "dependsOn" "places" ]
    // { targets = places; target = head places; }
    // sets.attrsWhen (transitive != { }) { connectsTo = transitive; }
  ) (service.connectsTo // service.dependsOn);

  packagesOf = service:
    let
      systems = sets.unique (map (place: targets.${place.target}.system) service.places);
      parameters = parametersOf service;
    in
    sets.attrsOf systems (system:
      let package = (servicesFor system).${service.name}.pkg;
      in if parameters == { } then package else package parameters);

  services = builtins.mapAttrs (name: service:
    let
      self = { inherit deployState; } // service // {
        places = map withProvider rawPlaces.${name};
        pkgs = packagesOf self;
        dependsOn = dependenciesOf (service.dependsOn or { });
        connectsTo = dependenciesOf (service.connectsTo or { });
        activatesAfter = dependenciesOf (service.activatesAfter or { }) // providersOf name;
        providesContainers = providedBy service;
      };
    in self
  ) model;
in
if strangers == [ ] then services
else throw "the distribution places services that the services model lacks: ${toString strangers}"
