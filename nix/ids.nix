# Gives every placed service a number of each resource that it asks for, unique in the network or on each
# machine. What was given before stays. The result is the text of a Nix expression.
{ servicesFile
, infrastructureFile
, distributionFile
, resourcesFile
, idsFile ? null
, serviceProperty ? "requiresUniqueIdsFor"
, extraParams ? { }
}:

let
  sets = import ./sets.nix;
  inherit (builtins) any attrNames elem filter foldl' intersectAttrs isList isAttrs mapAttrs;

  rawInfrastructure = import infrastructureFile;
  infrastructure = import ./infrastructure.nix {
    infrastructure = rawInfrastructure;
    clientInterface = "";
    targetProperty = "hostname";
  };
  resources = import resourcesFile;
  before = { ids = { }; lastAssignments = { }; lastAssignmentsPerTarget = { }; }
    // (if idsFile == null then { } else import idsFile);

  services = sets.callModel (import servicesFile) {
    distribution = { };
    invDistribution = { };
    system = builtins.currentSystem;
    pkgs = { };
  } extraParams;

  distribution = sets.callModel (import distributionFile) { infrastructure = rawInfrastructure; } extraParams;
  placesOf = name:
    let value = distribution.${name};
    in map infrastructure.nameOf (if isList value then value else map (place: place.target) value.targets);
  places = builtins.mapAttrs (name: value: placesOf name) distribution;

  asking = resource: filter
    (name: places.${name} != [ ] && elem resource (services.${name}.${serviceProperty} or [ ]))
    (attrNames (intersectAttrs distribution services));

  isGlobal = resource: resources.${resource}.scope or "global" == "global";
  sharePlace = a: b: any (target: elem target places.${b}) places.${a};

  inRange = range: id: id >= range.min && id <= range.max;

  # The first number after last that is free, beginning again at the lowest.
  nextFree = resource: taken: last:
    let
      range = resources.${resource};
      step = range.step or 1;
      size = (range.max - range.min) / step + 1;
      try = id: left:
        if left == 0 then throw "the numbers of ${resource} are used up"
        else if !inRange range id then try range.min left
        else if elem id taken then try (id + step) (left - 1)
        else id;
    in
    try (if last == null then range.min else last + step) size;

  lastOf = resource: state: name:
    if isGlobal resource then state.last
    else foldl' (most: target:
      let last = state.lastPerTarget.${target} or null;
      in if last == null || (most != null && most > last) then most else last
    ) null places.${name};

  assignOne = resource: state: name:
    if state.ids ? ${name} then state
    else
      let
        rivals = filter (other: isGlobal resource || sharePlace name other) (attrNames state.ids);
        id = nextFree resource (map (other: state.ids.${other}) rivals) (lastOf resource state name);
      in
      {
        ids = state.ids // { ${name} = id; };
        last = id;
        lastPerTarget = state.lastPerTarget // sets.attrsOf places.${name} (target: id);
      };

  # Two services that a move has brought to one machine may have the same number: the first one keeps it.
  keepOne = resource: kept: name:
    let
      id = before.ids.${resource}.${name} or null;
      taken = any (other: kept.${other} == id && (isGlobal resource || sharePlace name other))
        (attrNames kept);
    in
    if id == null || taken || !inRange resources.${resource} id then kept else kept // { ${name} = id; };

  assign = resource:
    let names = asking resource;
    in foldl' (assignOne resource) {
      ids = foldl' (keepOne resource) { } names;
      last = before.lastAssignments.${resource} or null;
      lastPerTarget = sets.filterAttrs (target: last: last != null)
        (sets.attrsOf (attrNames rawInfrastructure)
          (target: before.lastAssignmentsPerTarget.${target}.${resource} or null));
    } names;

  assigned = mapAttrs (resource: range: assign resource) resources;
  global = sets.filterAttrs (resource: state: isGlobal resource && state.last != null) assigned;
  local = sets.filterAttrs (resource: state: !isGlobal resource) assigned;

  perTarget = sets.filterAttrs (target: lasts: lasts != { }) (sets.attrsOf (attrNames rawInfrastructure)
    (target: mapAttrs (resource: state: state.lastPerTarget.${target})
      (sets.filterAttrs (resource: state: state.lastPerTarget ? ${target}) local)));

  quote = text: "\"${builtins.replaceStrings [ "\\" "\"" "\${" ] [ "\\\\" "\\\"" "\\\${" ] text}\"";
  render = value:
    let attribute = name: "${quote name} = ${render value.${name}}; ";
    in if isAttrs value then "{ ${builtins.concatStringsSep "" (map attribute (attrNames value))}}"
    else toString value;
in
render ({
  ids = mapAttrs (resource: state: state.ids) assigned;
}
// sets.attrsWhen (global != { }) { lastAssignments = mapAttrs (resource: state: state.last) global; }
// sets.attrsWhen (perTarget != { }) { lastAssignmentsPerTarget = perTarget; }) + "\n"
