# As much of nixpkgs' lib as the expressions in nix/ use: types that are checked, and modules that are merged.
let
  inherit (builtins) all attrNames concatLists concatMap concatStringsSep elem filter head isAttrs isBool
    isFunction isInt isList isPath isString listToAttrs mapAttrs match stringLength substring;

  names = sets: attrNames (builtins.foldl' (all: set: all // set) { } sets);

  # Definitions: values, amid conditions and lists of definitions.
  isKind = kind: value: isAttrs value && value._type or null == kind;
  values = definition:
    if isKind "if" definition then (if definition.condition then values definition.content else [ ])
    else if isKind "merge" definition then concatMap values definition.contents
    else [ definition ];

  # Sets whose attributes carry the conditions that they stood under, so that names depend on no condition.
  sets = definition:
    if isKind "if" definition then
      map (mapAttrs (name: content: lib.mkIf definition.condition content)) (sets definition.content)
    else if isKind "merge" definition then concatMap sets definition.contents
    else [ definition ];

  under = name: definitions:
    map (set: set.${name}) (filter (set: set ? ${name}) (concatMap sets definitions));

  # A type: what it is called, what belongs to it, and what several definitions together are.
  type = description: check: { inherit description check; merge = one; };
  one = path: definitions:
    if all (value: value == head definitions) definitions then head definitions
    else throw "the option ${path} has conflicting definitions";
  merge = path: type: definitions:
    if all type.check definitions then type.merge path definitions
    else throw "the option ${path} is not ${type.description}";

  isPathLike = value:
    (isPath value || isString value || isAttrs value && value ? outPath) && match "/.*" (toString value) != null;

  types = rec {
    bool = type "a boolean" isBool;
    int = type "an integer" isInt;
    ints.positive = type "a positive integer" (value: isInt value && value > 0);
    ints.unsigned = type "an unsigned integer" (value: isInt value && value >= 0);
    str = type "a string" isString;
    strMatching = pattern:
      type "a string matching ${pattern}" (value: isString value && match pattern value != null);
    path = type "a path" isPathLike;
    package = type "a package" (value: isAttrs value && value.type or null == "derivation");
    enum = choices: type "one of ${concatStringsSep ", " choices}" (value: elem value choices);
    either = a: b: type "${a.description} or ${b.description}" (value: a.check value || b.check value);
    nullOr = other: type "null or ${other.description}" (value: value == null || other.check value) // {
      merge = path: definitions:
        if all (value: value == null) definitions then null else merge path other definitions;
    };
    listOf = other: type "a list of which each is ${other.description}" isList // {
      merge = path: definitions: map (item: merge path other (values item)) (concatLists definitions);
    };
    attrsOf = other: type "a set of which each is ${other.description}" isAttrs // {
      merge = path: definitions: listToAttrs (map (name: {
        inherit name;
        value = merge "${path}.${name}" other (concatMap values (under name definitions));
      }) (names definitions));
    };
    anything = type "anything" (value: true) // {
      merge = path: definitions:
        if all (value: isAttrs value && !(value ? outPath)) definitions
        then (attrsOf anything).merge path definitions
        else one path definitions;
    };
  };

  isOption = isKind "option";

  evaluateOption = path: option: definitions:
    let given = concatMap values definitions; in
    if given != [ ] then merge path option.type given
    else option.default or (throw "the option ${path} is used, but has no value");

  evaluate = path: options: definitions:
    let
      unknown = filter (name: !(options ? ${name})) (names (concatMap sets definitions));
      prefix = if path == "" then "" else "${path}.";
      each = mapAttrs (name: option:
        (if isOption option then evaluateOption else evaluate) "${prefix}${name}" option (under name definitions)
      ) options;
    in
    if unknown == [ ] then each else throw "there is no option ${prefix}${head unknown}";

  mergeOptions = a: b: a // mapAttrs (name: option:
    if !(a ? ${name}) then option
    else if isOption option || isOption a.${name} then throw "the option ${name} is declared twice"
    else mergeOptions a.${name} option) b;

  lib = rec {
    inherit types;
    inherit (builtins) concatLists concatMap concatStringsSep genList;

    mkOption = arguments: arguments // { _type = "option"; };
    mkEnableOption = what: mkOption {
      type = types.bool;
      default = false;
      description = "Whether to enable ${what}.";
    };
    mkIf = condition: content: { _type = "if"; inherit condition content; };
    mkMerge = contents: { _type = "merge"; inherit contents; };
    literalExpression = text: { _type = "literalExpression"; inherit text; };

    evalModules = { modules, specialArgs }:
      let
        load = module:
          let
            value = if isFunction module then module arguments else module;
            plain =
              if value ? config || value ? options then value
              else { config = removeAttrs value [ "imports" ]; imports = value.imports or [ ]; };
          in
          if !isAttrs module && !isFunction module then load (import module)
          else [ ({ options = { }; config = { }; } // plain) ] ++ concatMap load (plain.imports or [ ]);
        loaded = concatMap load modules;
        arguments = specialArgs // { inherit lib; inherit (result) config; };
        result = {
          options = builtins.foldl' (all: module: mergeOptions all module.options) { } loaded;
          config = evaluate "" result.options (map (module: module.config) loaded);
        };
      in
      result;

    optional = condition: item: if condition then [ item ] else [ ];
    optionals = condition: items: if condition then items else [ ];
    optionalAttrs = condition: set: if condition then set else { };
    concatStrings = concatStringsSep "";
    mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
    genAttrs = list: f: listToAttrs (map (name: { inherit name; value = f name; }) list);
    hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
    stringToCharacters = text: genList (at: substring at 1 text) (stringLength text);
    toLower = builtins.replaceStrings
      (stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ") (stringToCharacters "abcdefghijklmnopqrstuvwxyz");

    licenses.lgpl21Plus = "LGPL-2.1-or-later";
    platforms.linux = [ "x86_64-linux" "aarch64-linux" ];
    cleanSource = source: source;
    cleanSourceWith = arguments: arguments;
  };
in
lib
