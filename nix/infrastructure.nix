# The infrastructure model with what a target need not say itself, and the way back from key to name.
{ infrastructure, clientInterface, targetProperty }:

let
  defaults = {
    inherit clientInterface targetProperty;
    numOfCores = 1;
    system = builtins.currentSystem;
  };

  keyOf = target: toString target.properties.${target.targetProperty or targetProperty};
in
rec {
  targets = builtins.mapAttrs (name: target: defaults // target) infrastructure;

  # A distribution holds targets by value: which one it is shows from its connection key.
  nameOf =
    let
      names = builtins.listToAttrs (map (name: { name = keyOf targets.${name}; value = name; })
        (builtins.attrNames targets));
    in
    target: names.${keyOf target}
      or (throw "the distribution has a target that the infrastructure model lacks: ${keyOf target}");
}
