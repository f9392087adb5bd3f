# A distribution model with some services elsewhere than it says. This text is copied beside the two files that it
# reads: which model, and where those services are, as { SERVICE: [{ "target", "container" }] }.
{ infrastructure, ... }:

let
  inherit (builtins) attrNames fromJSON functionArgs isList mapAttrs readFile removeAttrs;
  read = file: fromJSON (readFile file);

  model = import (read ./model.json);
  others = attrNames (removeAttrs (functionArgs model) [ "infrastructure" ]);
  distribution =
    if others == [ ] then model { inherit infrastructure; }
    else throw "services cannot be pinned where the distribution model takes parameters: ${toString others}";

  # In the form that the model has: a list of targets, or a set whose targets may name a container each.
  place = service: pins:
    let
      places = distribution.${service} or { };
      at = pin: infrastructure.${pin.target};
    in
    if isList places then map at pins
    else places // { targets = map (pin: { target = at pin; inherit (pin) container; }) pins; };
in
distribution // mapAttrs place (read ./pins.json)
