# What the other expressions need of attribute sets and lists, so that nixpkgs is not needed.
rec {
  inherit (builtins) attrNames elem filter listToAttrs;

  # Only the attributes whose name and value the predicate accepts.
  filterAttrs = accepts: set:
    listToAttrs (map (name: { inherit name; value = set.${name}; })
      (filter (name: accepts name set.${name}) (attrNames set)));

  attrsWhen = condition: set: if condition then set else { };

  # A set with the given names; make computes each value from its name.
  attrsOf = names: make: listToAttrs (map (name: { inherit name; value = make name; }) names);

  # Each element once, in the order of first occurrence.
  unique = builtins.foldl' (seen: element: if elem element seen then seen else seen ++ [ element ]) [ ];

  # Calls a model's function with those of the optional arguments that it names.
  callModel = function: arguments: optional:
    function (arguments // builtins.intersectAttrs (builtins.functionArgs function) optional);
}
