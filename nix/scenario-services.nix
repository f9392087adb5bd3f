# The services of a scenario, as services.json beside this file describes them: each is a responder that tells its name,
# its version, its state, and what its dependencies answer.
{ system, ... }:

let
  inherit (builtins) attrNames filter fromJSON listToAttrs map mapAttrs readFile stringLength substring;

  descriptions = fromJSON (readFile ./services.json);

  typeOf = service: service.type or "process";
  endsInDatabase = type:
    let length = stringLength type;
    in length >= 8 && substring (length - 8) 8 type == "database";
  hasState = service: service.state or false || endsInDatabase (typeOf service);
  natureOf = service: service.nature or (
    if endsInDatabase (typeOf service) then "database"
    else if hasState service then "files"
    else "plain");

  componentOf = dependency:
    let base = baseNameOf (builtins.unsafeDiscardStringContext dependency.pkgs.${(place dependency).system}.outPath);
    in substring 33 (stringLength base) base;
  place = dependency: builtins.head dependency.targets;
  isPlaced = dependency: dependency.targets != [ ];

  # A word of the shell.
  quote = text: "'" + builtins.replaceStrings [ "'" ] [ "'\\''" ] text + "'";

  # Where a dependency answers: the machine, and the component that it is there.
  depends = dependencies: map
    (name: quote
      "--depends=${name}=${(place dependencies.${name}).properties.hostname}/${componentOf dependencies.${name}}")
    (filter (name: isPlaced dependencies.${name}) (attrNames dependencies));

  responder = { name, service, dependencies ? { } }: derivation {
    inherit system;
    name = "${name}-${service.version or "1"}";
    builder = "/bin/sh";
    PATH = "/bin:/usr/bin:/run/current-system/sw/bin";
    stateful = hasState service;
    nature = natureOf service;
    passAsFile = [ "script" ];
    script = ''
      #!/bin/sh
      exec dydisnix-lab responder --service=${name} --version=${service.version or "1"} \
        ${toString ((if hasState service then [ "--stateful" ] else [ ]) ++ depends dependencies)} "$@"
    '';
    args = [ "-euc" ''
      mkdir -p "$out/bin"
      cat "$scriptPath" > "$out/bin/run"
      chmod 755 "$out/bin/run"
      [ -z "$stateful" ] || : > "$out/lab-stateful"
      echo "$nature" > "$out/lab-nature"
    '' ];
  };

  named = names: listToAttrs (map (name: { inherit name; value = services.${name}; }) names);

  services = mapAttrs (name: service:
    let needs = service.dependsOn or [ ] ++ service.connectsTo or [ ];
    in {
      inherit name;
      type = typeOf service;
      deployState = hasState service;
      dependsOn = named (service.dependsOn or [ ]);
      connectsTo = named (service.connectsTo or [ ]);
      pkg = if needs == [ ] then responder { inherit name service; }
            else dependencies: responder { inherit name service dependencies; };
    } // (if service ? provides then { providesContainer = service.provides; } else { })
  ) descriptions;
in
services
