# As much of NixOS as the module and its tests need: what they set, the arguments they get, and units as text.
{ lib ? import ./lib.nix }:

let
  inherit (lib) mkOption types;

  option = type: default: mkOption { inherit type default; description = "What NixOS has."; };
  any = option types.anything;

  nixos.options = {
    assertions = option (types.listOf types.anything) [ ];
    environment.systemPackages = option (types.listOf types.package) [ ];
    nix.package = any (package "nix");
    nix.nixPath = any [ "nixpkgs=/channels/nixpkgs" ];
    nix.settings.trusted-users = option (types.listOf types.str) [ "root" ];
    services.disnix.enable = option types.bool false;
    services.openssh.enable = option types.bool false;
    system.extraDependencies = option (types.listOf types.package) [ ];
    systemd.services = option (types.attrsOf types.anything) { };
    systemd.tmpfiles.rules = option (types.listOf types.str) [ ];
    users.users = any { };
    users.groups = any { };
    virtualisation.memorySize = option types.ints.positive 1024;
    virtualisation.writableStore = option types.bool false;
  };

  package = name: {
    type = "derivation";
    inherit name;
    outPath = "/nix/store/00000000000000000000000000000000-${name}";
  };

  pkgs = builtins.listToAttrs (map (name: { inherit name; value = package name; }) [
    "autoreconfHook" "clang-tools" "cmocka" "coreutils" "disnix" "dydisnix" "dysnomia" "gcovr" "jansson" "libxml2" "man" "nix"
    "openssh" "perl" "pkg-config" "python3" "stdenvNoCC" "valgrind"
  ]) // {
    inherit lib;
    path = "/nix/nixpkgs";
    libxslt.bin = package "libxslt";
    stdenv = package "stdenv" // {
      mkDerivation = arguments:
        let made = arguments // package "${arguments.pname}-${arguments.version}"; in
        made // { overrideAttrs = change: made // change made; };
    };
    mkShell = arguments: arguments // package "shell";
    callPackage = file: overrides:
      let function = import file; in
      function (builtins.intersectAttrs (builtins.functionArgs function) pkgs // overrides);
    testers.runNixOSTest = test: test // {
      nodes = builtins.mapAttrs (name: node: systemOf [ node ]) test.nodes;
    };
  };

  quoted = text: builtins.replaceStrings [ "%" "$" ] [ "%%" "$$" ] (builtins.toJSON text);
  utils.escapeSystemdExecArgs = arguments: builtins.concatStringsSep " " (map quoted arguments);

  # A unit as systemd reads it.
  textOf = unit:
    let
      show = value: if value == true then "true" else if value == false then "false" else toString value;
      linesOf = key: value:
        map (item: "${key}=${show item}") (if builtins.isList value then value else [ value ]);
      lines = section: builtins.concatLists (builtins.attrValues (builtins.mapAttrs linesOf section));
      environment = builtins.attrValues (builtins.mapAttrs
        (variable: value: "Environment=" + builtins.toJSON "${variable}=${value}") unit.environment);
    in
    builtins.concatStringsSep "\n" ([ "[Unit]" ] ++ lines ({
      Description = unit.description;
      Documentation = toString unit.documentation;
      Wants = toString unit.wants;
      After = toString unit.after;
    } // unit.unitConfig) ++ [ "[Service]" ] ++ environment ++ lines unit.serviceConfig ++ [ "" ]);

  evaluate = modules: lib.evalModules {
    modules = [ nixos ] ++ modules;
    specialArgs = { inherit pkgs utils; };
  };

  # What modules come to. A failed assertion is an error, as in NixOS.
  systemOf = modules:
    let
      inherit (evaluate modules) config;
      failed = builtins.filter (check: !check.assertion) config.assertions;
      unit = config.systemd.services.dydisnix-self-adapt or null;
    in
    if failed != [ ] then throw (builtins.head failed).message
    else config // { inherit unit; text = textOf unit; };

  configured = configuration: [ ../../nix/module.nix { services.dydisnix-self-adapt = configuration; } ];
in
{
  inherit pkgs;
  evaluate = configuration: evaluate (configured configuration);
  system = configuration: systemOf (configured configuration);
}
