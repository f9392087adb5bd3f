# A network as Disnix 0.7 deploys it: a database on two targets, an api that depends on both and holds state, and a
# target without services. Profiles are real, keys are the hashes that they should be.
let
  build = name: script: attributes: derivation ({
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-euc" script ];
    PATH = "/bin:/usr/bin:/run/current-system/sw/bin";
  } // attributes);

  package = name: build name "echo ${name} > $out" { };

  service = name: type: path: dependsOn: rec {
    inherit name type dependsOn;
    service = path;
    _key = builtins.hashString "sha256" (builtins.toXML { inherit name type service dependsOn; });
  };
  on = target: service: { inherit target; container = service.type; inherit (service) _key; };

  db = service "db" "process" (package "db-1.0").outPath [ ];
  api = service "api" "echo" (package "api-2.0").outPath [ (on "10.0.0.1" db) (on "10.0.0.2" db) ];

  line = d: "{ target = \"${d.target}\"; container = \"${d.container}\"; _key = \"${d._key}\"; }";
  lines = stateful: s: builtins.concatStringsSep "\n" [
    s.name s.service s.type s.type s._key stateful "[${builtins.concatStringsSep " " (map line s.dependsOn)}]" ""
  ];
  profile = name: services: build name "mkdir $out; ln -s $manifest $out/manifest" {
    manifest = build "manifest" "cat \"$textPath\" > $out" {
      text = builtins.concatStringsSep "" services;
      passAsFile = [ "text" ];
    };
  };
in
{
  "10.0.0.1" = profile "a" [ (lines "false" db) (lines "true" api) ];
  "10.0.0.2" = profile "b" [ (lines "false" db) ];
  "10.0.0.3" = profile "c" [ ];
}
