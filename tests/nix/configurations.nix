# Configurations of the module and what they come to.
{ lib ? import ./lib.nix }:

let
  nixos = import ./nixos.nix { inherit lib; };
  inherit (nixos) pkgs system;

  minimal = {
    enable = true;
    services = "/etc/models/services.nix";
    qos = "/etc/models/qos.nix";
    infrastructure = "/etc/models/infrastructure.nix";
    dydisnixPackage = pkgs.dydisnix;
  };
  and = more: system (minimal // more);

  # Each option of the program, but for those that exclude each other.
  everything = minimal // {
    augment = "/etc/models/augment.nix";
    ids = "/var/lib/dydisnix-self-adapt/ids.nix";
    idResources = "/etc/models/ranges.nix";
    idsServiceProperty = "requiresUniqueIdsFor";
    filters = "/etc/models/filters.nix";
    extraParams = "{ price = \"100% of 5$\"; }";
    allowEmpty = true;
    profile = "a_profile";
    coordinatorProfilePath = "/var/profiles";
    maxConcurrentTransfers = 3;
    noMigration = true;
    deleteState = true;
    depthFirst = true;
    keep = 2;
    snapshot = true;
    interface = "disnix-client";
    targetProperty = "ip";
    showTrace = true;
    releaseStaleLocks = true;
    unreachable = "skip";
    superseded = "newest";
    supersededMaxAge = 60;
    forceConflict = true;
    forceKeys = true;
    forceProvider = true;
    onMissingSnapshot = "fail";
    probe = true;
    probeInterval = 20;
    probeTimeout = 5;
    settle = 0;
    grace = 30;
    flapCount = 0;
    flapWindow = 100;
    flapStable = 50;
    maxTargetsLost = "30%";
    interval = 10;
    retryMin = 1;
    retryMax = 100;
    resync = "12h";
    guard = "/etc/guard now";
    dryRun = true;
    stageTimeout = { redeploy = 0; assign_ids = 9; };
    cycleTimeout = 0;
    stopTimeout = 30;
    plugins = [ "reconstruct" "script:/etc/notify" ];
    pluginOptions.reconstruct = { save-input = "/var/lib/dydisnix-self-adapt/saved"; };
    logFormat = "json";
    verbose = true;
    extraOptions = [ "--no-probe" ];
    readWritePaths = [ "/srv/models" ];
    environment.GREETING = "100%";
    metrics.directory = "/var/lib/metrics";
    ssh = { keyFile = "/etc/keys/loop"; user = "deployer"; options = [ "-o ProxyCommand=nc-%h" ]; };
  };

  # The options in a tree of them.
  leaves = path: options: builtins.concatLists (builtins.attrValues (builtins.mapAttrs (name: option:
    if option._type or null == "option" then [ { name = path + name; inherit option; } ]
    else leaves "${path}${name}." option) options));
  described = entry: (entry.option.description or "") != "" && entry.option ? type;

  options = leaves "" (nixos.evaluate { }).options.services.dydisnix-self-adapt;

  without = names: builtins.removeAttrs minimal names;
in
{
  minimal = (system minimal).text;
  path = map (item: item.name) (system minimal).unit.path;
  everything = (system everything).text;
  generator = (system (without [ "infrastructure" ] // { geninfra = "list machines"; })).text;
  stream = (system (without [ "infrastructure" ] // { geninfraStream = "list --all"; probe = false; })).text;
  literal = (and { services = ./configurations.nix; }).text;

  around = let inherit (system minimal) users nix systemd environment; in {
    inherit users;
    trusted = nix.settings.trusted-users;
    files = systemd.tmpfiles.rules;
    packages = map (item: item.name) environment.systemPackages;
  };
  root = let inherit (and { user = "root"; metrics.directory = "/m"; }) users nix systemd; in {
    inherit users;
    trusted = nix.settings.trusted-users;
    files = systemd.tmpfiles.rules;
  };
  off = let off = system { }; in { inherit (off) unit users; packages = off.environment.systemPackages; };

  count = builtins.length options;
  undescribed = map (entry: entry.name) (builtins.filter (entry: !described entry) options);

  package = { inherit (import ../../default.nix { inherit pkgs; }) name meta configureFlags; };
  flake =
    let
      outputs = (import ../../flake.nix).outputs {
        self = outputs;
        nixpkgs = { inherit lib; legacyPackages = { aarch64-linux = pkgs; x86_64-linux = pkgs; }; };
      };
    in {
      names = builtins.attrNames outputs;
      package = map (system: system.default.name) (builtins.attrValues outputs.packages);
      overlay = (outputs.overlays.default pkgs pkgs).dydisnix-self-adapt.name;
      module = outputs.nixosModules.default == ../../nix/module.nix;
      shell = map (item: item.name) outputs.devShells.x86_64-linux.default.packages;
      check = { inherit (outputs.checks.x86_64-linux.default) checkTarget doCheck name; };
    };
  kept = map (name: (import ../../default.nix { inherit pkgs; }).src.filter "/source/${name}" "directory")
    [ "lib" "build" "build-san" "plugin" ];

  wrong = builtins.mapAttrs (name: more: (and more).text) {
    number-as-text = { retryMin = "5"; };
    zero = { interval = 0; };
    negative = { grace = -1; };
    unknown-word = { unreachable = "maybe"; };
    no-percentage = { maxTargetsLost = "all"; };
    no-duration = { resync = "1 week"; };
    no-boolean = { snapshot = "yes"; };
    no-stage = { stageTimeout.deploy = 5; };
    no-list = { plugins = "reconstruct"; };
    no-option = { retries = 5; };
    no-profile = { profile = "a/b"; };
    relative = { qos = "qos.nix"; };
    no-package = { package = "dydisnix-self-adapt"; };
    ids-elsewhere = { ids = "/etc/ids.nix"; idResources = "/etc/ranges.nix"; };
    ids-alone = { ids = "/var/lib/dydisnix-self-adapt/ids.nix"; };
    two-sources = { geninfra = "list"; };
    no-source = { infrastructure = null; };
    key-in-store = { ssh.keyFile = "${builtins.storeDir}/key"; };
    key-literal = { ssh.keyFile = ./configurations.nix; };
    no-services = { services = null; };
  };

  # The tests in virtual machines, as far as they can be seen without any.
  machines = builtins.mapAttrs (name: file:
    let test = import file { inherit pkgs; inherit (pkgs) dydisnix; }; in {
      script = test.testScript;
      unit = test.nodes.coordinator.text;
      inherit (test) name;
    }) {
      coordinator-lost = ../../nix/tests/coordinator-lost.nix;
      machine-reappears = ../../nix/tests/machine-reappears.nix;
    };
}
