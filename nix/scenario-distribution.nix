# Where the services of a scenario go, as distribution.json beside this file says. A service gets the first targets that
# have room for it: those where it is, then those that it names, in their order (else all). Services are placed in the
# order of their names; one that can go nowhere is not placed.
{ services, infrastructure, previousDistribution, ... }:

let
  inherit (builtins) all attrNames elem filter foldl' fromJSON length map mapAttrs pathExists readFile;

  policies = fromJSON (readFile ./distribution.json);
  descriptions = if pathExists ./services.json then fromJSON (readFile ./services.json) else { };

  previous = if previousDistribution == null then { } else previousDistribution;
  nameOf = place: if builtins.isString place then place else place.target;
  before = service:
    let places = previous.${service} or [ ];
    in map nameOf (if builtins.isList places then places else places.targets);

  needs = service: descriptions.${service}.resources or { };
  offers = target: infrastructure.${target}.resources or { };
  usedOf = used: target: resource: used.${target}.${resource} or 0;

  # What a target has no number of is there without end.
  hasRoom = used: target: service:
    all (resource:
      !(offers target ? ${resource})
      || usedOf used target resource + (needs service).${resource} <= (offers target).${resource})
      (attrNames (needs service));

  use = used: target: service: used // {
    ${target} = used.${target} or { }
      // mapAttrs (resource: number: usedOf used target resource + number) (needs service);
  };

  place = done: service:
    let
      policy = policies.${service} or { };
      candidates = (if policy.stay or true then before service else [ ])
        ++ policy.on or (attrNames infrastructure);
      try = state: target:
        if length state.places >= policy.copies or 1 || elem target state.places || !(infrastructure ? ${target})
          || !(hasRoom state.used target service)
        then state
        else { used = use state.used target service; places = state.places ++ [ target ]; };
      placed = foldl' try { inherit (done) used; places = [ ]; } candidates;
    in {
      inherit (placed) used;
      distribution = done.distribution
        // (if placed.places == [ ] then { } else { ${service} = inContainer service placed.places; });
    };

  # A container that is not called as the type has to be said.
  inContainer = service: places:
    let
      container = descriptions.${service}.container or null;
    in
    if container == null || container == descriptions.${service}.type or "process" then places
    else { targets = map (target: { inherit target container; }) places; };
in
(foldl' place { used = { }; distribution = { }; } (attrNames services)).distribution
