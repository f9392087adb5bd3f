# The demonstration: web asks api, api asks database, which keeps what is written to it.
{ distribution, invDistribution, system, pkgs
, webVersion ? "1"
, apiVersion ? "1"
}:

let
  # A package whose bin/run becomes the service: a responder that tells its name, its version, its state, and
  # what its dependencies answer.
  responder = { name, version, stateful ? false, dependencies ? { } }: derivation {
    inherit system stateful;
    name = "${name}-${version}";
    builder = "/bin/sh";
    PATH = "/bin:/usr/bin:/run/current-system/sw/bin";
    passAsFile = [ "script" ];
    script = ''
      #!/bin/sh
      exec dydisnix-lab responder --service=${name} --version=${version} \
        ${toString (stateArgument stateful ++ dependsOn dependencies)} "$@"
    '';
    args = [ "-euc" ''
      mkdir -p "$out/bin"
      cat "$scriptPath" > "$out/bin/run"
      chmod 755 "$out/bin/run"
      [ -z "$stateful" ] || : > "$out/lab-stateful"
    '' ];
  };

  stateArgument = stateful: if stateful then [ "--stateful" ] else [ ];

  # Where a dependency answers: the machine, and the component that it is there.
  dependsOn = dependencies: map (parameter:
    let dependency = dependencies.${parameter};
    in "--depends=${dependency.name}=${dependency.target.properties.hostname}/${componentOf dependency}")
    (builtins.attrNames dependencies);

  componentOf = dependency:
    let base = baseNameOf dependency.pkgs.${dependency.target.system}.outPath;
    in builtins.unsafeDiscardStringContext (builtins.substring 33 (builtins.stringLength base) base);
in
rec {
  database = {
    name = "database";
    type = "process";
    deployState = true;
    pkg = responder { name = "database"; version = "1"; stateful = true; };
  };

  api = {
    name = "api";
    type = "process";
    dependsOn = { inherit database; };
    pkg = { database }: responder {
      name = "api";
      version = apiVersion;
      dependencies = { inherit database; };
    };
  };

  web = {
    name = "web";
    type = "process";
    dependsOn = { inherit api; };
    pkg = { api }: responder {
      name = "web";
      version = webVersion;
      dependencies = { inherit api; };
    };
  };
}
