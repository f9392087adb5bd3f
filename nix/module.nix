# NixOS: services.dydisnix-self-adapt keeps a system deployed, in the same sandbox as the unit in systemd/, where
# the reasons stand.
{ config, lib, pkgs, utils, ... }:

let
  inherit (lib) concatLists concatMap literalExpression mapAttrsToList mkIf mkOption optional optionalAttrs
    optionals types;

  cfg = config.services.dydisnix-self-adapt;
  name = "dydisnix-self-adapt";
  stateDirectory = "/var/lib/${name}";
  profiles = "/nix/var/nix/profiles/per-user/${cfg.user}";
  ownUser = cfg.user == name;

  option = type: description: mkOption { inherit type description; };
  maybe = type: description: mkOption { type = types.nullOr type; default = null; inherit description; };
  switch = description: mkOption { type = types.bool; default = false; inherit description; };
  package = attribute: description: mkOption {
    type = types.package;
    default = pkgs.${attribute};
    defaultText = literalExpression "pkgs.${attribute}";
    inherit description;
  };

  absolute = types.strMatching "/.*";
  below = directory: types.strMatching "${directory}/.+";
  positive = types.ints.positive;
  unsigned = types.ints.unsigned;

  stages = [ "capture" "augment" "detect" "reconstruct" "snapshot" "redistribute" "assign_ids" "redeploy" ];

  # The options of the program. One that is null, false or empty is not given: its default is the program's.
  flags = {
    services = option types.path ''
      Services model. A path literal is copied to the store by itself: a model that imports its neighbours is
      `"''${./models}/services.nix"`.
    '';
    qos = option types.path "Quality of service model, by which services are distributed.";
    infrastructure = maybe types.path ''
      Infrastructure model that is watched. One in `/etc` may be changed while the loop runs; home directories
      are not seen.
    '';
    geninfra = maybe types.str "Program that prints the infrastructure model. It is split at blanks.";
    geninfraStream = maybe types.str ''
      Program that goes on running and prints models, each ended by a NUL byte. It is split at blanks.
    '';
    augment = maybe types.path "Augments the captured model.";
    ids = maybe (below stateDirectory) ''
      Assignments of unique ids, read if they are there, and written: a file in `${stateDirectory}`.
      Needs {option}`idResources`.
    '';
    idResources = maybe types.path "Ranges that ids are taken from.";
    idsServiceProperty = maybe types.str "Property of services that names what they need ids for.";
    filters = maybe types.path "Filters for the quality of service model.";
    extraParams = maybe types.str "Nix expression of a set with further parameters of the models.";
    allowEmpty = switch "Accept an infrastructure model without targets.";

    profile = mkOption {
      type = types.strMatching "[^-./][^/[:space:]]*";
      default = "default";
      description = "Name of the profile.";
    };
    coordinatorProfilePath = maybe absolute ''
      Where the coordinator profile is, if not in `/nix/var/nix/profiles/per-user`. The directory has to exist.
    '';
    maxConcurrentTransfers = maybe positive "Closures that are transferred at once.";
    noMigration = switch "Do not migrate state.";
    deleteState = switch "Delete the state of what is deactivated.";
    depthFirst = switch "Migrate one component after the other.";
    keep = maybe positive "Snapshots to keep.";
    snapshot = switch "Take snapshots of the state in each cycle, also when nothing has changed.";
    interface = maybe types.str "Client interface of targets that name none.";
    targetProperty = maybe types.str "Property by which targets are reached that name none.";
    showTrace = switch "Let Nix show traces of errors.";
    releaseStaleLocks = switch ''
      Release all locks before a deployment, whosever they are, if nothing is known of an earlier one.
    '';

    reconstruct = mkOption {
      type = types.bool;
      default = true;
      description = "Reconstruct the manifest from what the targets store before anything else uses it.";
    };
    unreachable = maybe (types.enum [ "keep" "skip" "fail" ])
      "What to do with targets that give no usable answer.";
    superseded = maybe (types.enum [ "newest" "keep" "fail" ])
      "What to do with state that is newer elsewhere.";
    supersededMaxAge = maybe unsigned
      "Seconds before a target was missed in which its last snapshot was taken.";

    forceConflict = switch
      "Deploy though a component would move of which nobody can tell whose state is the newest.";
    forceKeys = switch
      "Deploy though state would move between targets whose names are not their connection keys.";
    forceProvider = switch "Deploy though the provider of an old snapshot's container is gone.";
    onMissingSnapshot = maybe (types.enum [ "warn" "fail" ])
      "What to do where state would go live elsewhere and no snapshot of it exists.";

    probe = maybe types.bool ''
      Whether targets are asked whether they are there. The default is to ask those of a watched model only.
    '';
    probeInterval = maybe positive "Seconds between two rounds of asking.";
    probeTimeout = maybe positive "Seconds that a target may take to answer.";
    settle = maybe unsigned "Seconds that a model has to be still.";
    grace = maybe unsigned "Seconds after which a target that vanished counts as gone.";
    flapCount = maybe unsigned "A target that vanishes so often is held out; 0: never.";
    flapWindow = maybe unsigned "Seconds within which it vanishes so often.";
    flapStable = maybe unsigned "Seconds that it has to be there without a break.";
    maxTargetsLost = maybe (types.either unsigned (types.strMatching "[0-9]+%")) ''
      Number or percentage of targets. When more are lost at once, adaptation pauses.
    '';

    interval = maybe positive "Seconds between two captures with a generator, or two snapshots.";
    retryMin = maybe positive "Seconds of the first delay after a cycle that failed.";
    retryMax = maybe positive "Seconds of the longest delay.";
    resync = maybe (types.either positive (types.strMatching "[0-9]+[smhd]?")) ''
      Reconstruct and redeploy that long after the last success, though nothing has changed.
    '';
    guard = maybe types.str ''
      Program that is asked before each stage that changes something. It is split at blanks.
    '';
    dryRun = switch "Only print the plan of each cycle.";
    stageTimeout = lib.genAttrs stages (stage: maybe unsigned
      "Seconds that the stage ${stage} may take; 0: for ever.");
    cycleTimeout = maybe unsigned "Seconds that a whole cycle may take; 0: for ever.";
    stopTimeout = maybe unsigned "Seconds that a deployment has to roll back when it is ended.";

    plugins = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "script:/etc/notify" ];
      description = "Further plugins: names, files, or executables after `script:`.";
    };
    pluginOptions = mkOption {
      type = types.attrsOf (types.attrsOf types.str);
      default = { };
      example = { reconstruct.save-input = "/var/lib/dydisnix-self-adapt/incidents"; };
      description = "Options of plugins, by the names of plugin and option.";
    };
    logFormat = maybe (types.enum [ "text" "json" ]) "Form of the messages.";
    verbose = switch "Show more.";
  };

  # retryMin is --retry-min.
  flagOf = option: "--" + lib.concatStrings (map
    (character: if lib.toLower character == character then character else "-${lib.toLower character}")
    (lib.stringToCharacters option));

  argumentsOf = option: value: {
    probe = optional (value != null) (if value then "--probe" else "--no-probe");
    plugins = map (plugin: "--plugin=${plugin}") value;
    pluginOptions = concatLists (mapAttrsToList
      (plugin: mapAttrsToList (key: text: "--plugin-option=${plugin}:${key}=${text}")) value);
    stageTimeout = concatMap
      (stage: optional (value.${stage} != null) "--stage-timeout=${stage}=${toString value.${stage}}") stages;
  }.${option} or (
    if value == null || value == false then [ ]
    else if value == true then [ (flagOf option) ]
    # Unlike toString this copies path literals to the store.
    else if builtins.isInt value then [ "${flagOf option}=${toString value}" ]
    else [ "${flagOf option}=${value}" ]
  );

  metricsArguments = optional (cfg.metrics.directory != null)
    "--metrics=${cfg.metrics.directory}/${name}-${cfg.profile}.prom";

  arguments = [
    "--state-dir=${stateDirectory}"
    "--socket=/run/${name}/${cfg.profile}.socket"
  ] ++ concatMap (option: argumentsOf option cfg.${option}) (builtins.attrNames flags)
    ++ metricsArguments ++ cfg.extraOptions;


  # In a unit a % begins a specifier: %d is where the credentials are.
  literal = builtins.replaceStrings [ "%" ] [ "%%" ];
  # The first value that ssh is given for an option counts.
  sshOptions = [ "-o BatchMode=yes" ] ++ optional (cfg.ssh.keyFile != null) "-i %d/ssh-key"
    ++ map literal cfg.ssh.options
    ++ optionals cfg.ssh.shareConnections (map literal [
      "-o ConnectTimeout=5" "-o ServerAliveInterval=5" "-o ServerAliveCountMax=2" "-o LogLevel=FATAL"
      "-o ControlMaster=auto" "-o ControlPersist=120" "-o ControlPath=/tmp/%C"
    ]);

  sandbox = {
    ReadWritePaths = [ profiles ] ++ cfg.readWritePaths
      ++ optional (cfg.coordinatorProfilePath != null) cfg.coordinatorProfilePath
      ++ optional (cfg.metrics.directory != null) cfg.metrics.directory;
    ProtectSystem = "strict";
    ProtectHome = true;
    PrivateTmp = true;
    PrivateDevices = true;
    PrivateUsers = true;
    PrivateMounts = true;
    ProtectClock = true;
    ProtectControlGroups = true;
    ProtectHostname = true;
    ProtectKernelLogs = true;
    ProtectKernelModules = true;
    ProtectKernelTunables = true;
    ProtectProc = "invisible";
    RemoveIPC = true;
    NoNewPrivileges = true;
    CapabilityBoundingSet = "";
    AmbientCapabilities = "";
    DevicePolicy = "closed";
    KeyringMode = "private";
    LockPersonality = true;
    MemoryDenyWriteExecute = true;
    RestrictAddressFamilies = "AF_UNIX AF_INET AF_INET6";
    RestrictNamespaces = true;
    RestrictRealtime = true;
    RestrictSUIDSGID = true;
    SystemCallArchitectures = "native";
    SystemCallFilter = [ "@system-service" "~@privileged @resources" ];
    SystemCallErrorNumber = "EPERM";
  };
in
{
  options.services.dydisnix-self-adapt = flags // {
    enable = lib.mkEnableOption "the loop that keeps a system deployed with Disnix while its network changes";

    package = mkOption {
      type = types.package;
      default = pkgs.callPackage ./package.nix { };
      defaultText = literalExpression "pkgs.callPackage ./package.nix { }";
      description = "Package of the loop.";
    };
    disnixPackage = package "disnix" "Package of Disnix.";
    dysnomiaPackage = package "dysnomia" "Package of Dysnomia, which keeps the snapshots.";
    dydisnixPackage = option types.package "Package of Dynamic Disnix, which nixpkgs does not have.";

    path = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages with further programs, such as generators and guards.";
    };
    user = mkOption {
      type = types.strMatching "[a-z_][a-z0-9_-]*";
      default = name;
      description = ''
        User of the loop, who owns the coordinator profile. Nix trusts it, since closures that come from targets
        are not signed. The default one is made.
      '';
    };
    nixPath = mkOption {
      type = types.listOf types.str;
      default = config.nix.nixPath;
      defaultText = literalExpression "config.nix.nixPath";
      description = "Where the models find `<nixpkgs>`.";
    };
    environment = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = { DISNIX_REMOTE_CLIENT = "disnix-client"; };
      description = "Further environment variables.";
    };
    readWritePaths = mkOption {
      type = types.listOf absolute;
      default = [ ];
      description = "Further directories that may be written to.";
    };
    extraOptions = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Further arguments of the program.";
    };

    ssh = {
      keyFile = maybe absolute ''
        Private key by which targets are reached. It is passed on as a credential, so that only root need be able
        to read it; it must not be in the store.
      '';
      user = maybe types.str "User on the targets.";
      options = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "-o ConnectTimeout=10" ];
        description = "Further options of ssh. It refuses unknown host keys, see `programs.ssh.knownHosts`.";
      };
      shareConnections = mkOption {
        type = types.bool;
        default = true;
        description = ''
          Whether calls of a target share one connection, which is kept for two minutes after the last one. Each target
          has to allow so many sessions at once in it, see `MaxSessions` in sshd_config(5).
        '';
      };
    };

    metrics.directory = maybe absolute ''
      Directory that is made for the metrics, for node-exporter's `--collector.textfile.directory`.
    '';
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = builtins.length (builtins.filter (source: source != null)
          [ cfg.infrastructure cfg.geninfra cfg.geninfraStream ]) == 1;
        message = "${name}: exactly one of infrastructure, geninfra and geninfraStream has to be set";
      }
      {
        assertion = cfg.ids == null || cfg.idResources != null;
        message = "${name}: ids needs idResources";
      }
      {
        assertion = cfg.ssh.keyFile == null || !lib.hasPrefix builtins.storeDir cfg.ssh.keyFile;
        message = "${name}: everybody can read ssh.keyFile in the store";
      }
    ];

    environment.systemPackages = [ cfg.package ];

    nix.settings.trusted-users = mkIf (cfg.user != "root") [ cfg.user ];

    users = mkIf ownUser {
      users.${name} = {
        isSystemUser = true;
        group = name;
        home = stateDirectory;
        description = "Keeps Disnix systems deployed";
      };
      groups.${name} = { };
    };

    systemd.tmpfiles.rules = [ "d ${profiles} 0755 ${cfg.user} - -" ]
      ++ optional (cfg.metrics.directory != null) "d ${cfg.metrics.directory} 0755 ${cfg.user} - -";

    systemd.services.${name} = {
      description = "Keep the system of the profile ${cfg.profile} deployed";
      documentation = [ "man:dydisnix-self-adapt(1)" ];
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      after = [ "network-online.target" "nix-daemon.socket" "nix-daemon.service" ];
      unitConfig.StartLimitIntervalSec = 0;

      path = [
        cfg.package cfg.disnixPackage cfg.dydisnixPackage cfg.dysnomiaPackage config.nix.package pkgs.openssh
      ] ++ cfg.path;

      environment = {
        NIX_REMOTE = "daemon";
        NIX_PATH = literal (lib.concatStringsSep ":" cfg.nixPath);
        HOME = stateDirectory;
        DYSNOMIA_STATEDIR = "${stateDirectory}/.dysnomia";
        SSH_OPTS = lib.concatStringsSep " " sshOptions;
      } // optionalAttrs (cfg.ssh.user != null) { SSH_USER = literal cfg.ssh.user; }
        // builtins.mapAttrs (variable: literal) cfg.environment;

      serviceConfig = {
        Type = "notify";
        NotifyAccess = "main";
        User = cfg.user;
        LoadCredential = optional (cfg.ssh.keyFile != null) "ssh-key:${literal cfg.ssh.keyFile}";
        ExecStart = utils.escapeSystemdExecArgs ([ "${cfg.package}/bin/dydisnix-self-adapt" ] ++ arguments);
        ExecReload = "${pkgs.coreutils}/bin/kill -HUP $MAINPID";
        Restart = "on-failure";
        RestartSec = 5;
        RestartPreventExitStatus = 2;
        TimeoutStartSec = "infinity";
        TimeoutStopSec = "infinity";
        KillMode = "mixed";
        WatchdogSec = 60;
        StateDirectory = name;
        StateDirectoryMode = "0700";
        RuntimeDirectory = name;
        RuntimeDirectoryMode = "0700";
        RuntimeDirectoryPreserve = true;
        UMask = "0077";
      } // sandbox;
    };
  };
}
