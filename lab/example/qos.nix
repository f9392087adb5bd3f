# A placement that moves nothing without need: a service stays on its machine for as long as the machine is
# there; one that has none goes to the machine with the fewest services. So a service whose machine vanished
# moves, and stays where it is when that machine comes back.
{ services, infrastructure, previousDistribution, ... }:

let
  inherit (builtins) attrNames filter foldl' head length sort;

  machines = attrNames infrastructure;
  previous = if previousDistribution == null then { } else previousDistribution;

  nameOf = place: if builtins.isString place then place else place.target;
  placesOf = value: map nameOf (if builtins.isList value then value else value.targets);
  staying = service: filter (name: infrastructure ? ${name}) (placesOf (previous.${service} or [ ]));

  settled = builtins.listToAttrs (filter (entry: entry.value != [ ])
    (map (service: { name = service; value = staying service; }) (attrNames services)));

  load = placement: machine:
    length (filter (service: builtins.elem machine placement.${service}) (attrNames placement));

  # Machines with the same load come in the order of their names.
  emptiest = placement: head (sort (a: b: load placement a < load placement b) machines);

  place = placement: service:
    if placement ? ${service} then placement else placement // { ${service} = [ (emptiest placement) ]; };
in
foldl' place settled (attrNames services)
