# The deployment manifest of three models, as the lab's disnix-manifest builds it. Building it builds every
# package and every profile.
{ servicesFile ? null
, infrastructureFile
, distributionFile ? null
, clientInterface
, targetProperty
, deployState ? false
, extraParams ? { }
, nixpkgs ? null
}:

let
  sets = import ./sets.nix;
  xml = import ./manifest-xml.nix;

  rawInfrastructure = import infrastructureFile;
  infrastructure = import ./infrastructure.nix {
    infrastructure = rawInfrastructure;
    inherit clientInterface targetProperty;
  };

  distribution =
    if distributionFile == null then { }
    else sets.callModel (import distributionFile) { infrastructure = rawInfrastructure; } extraParams;

  packagesFor = system:
    if nixpkgs == null then { inherit system; }
    else import nixpkgs (sets.attrsWhen (system != null) { inherit system; });

  targetsIn = places: if builtins.isList places then places else map (place: place.target) places.targets;

  # Every target with the services that the distribution gives it.
  invert = services: builtins.mapAttrs (name: target: target // {
    services = sets.filterAttrs
      (service: value: builtins.elem target (targetsIn (distribution.${service} or [ ])))
      services;
  }) rawInfrastructure;

  evaluate = system:
    let
      services =
        if servicesFile == null then { }
        else sets.callModel (import servicesFile) {
          inherit distribution system;
          pkgs = packagesFor system;
          invDistribution = invert services;
        } extraParams;
    in services;

  # The model is evaluated once for each system, not once for each service.
  structure = evaluate null;
  bySystem = sets.attrsOf
    (sets.unique (map (target: target.system) (builtins.attrValues infrastructure.targets)))
    evaluate;

  model = import ./deployment-model.nix {
    inherit infrastructure;
    services = import ./services.nix {
      inherit distribution infrastructure deployState;
      servicesFor = system: if system == null then structure else bySystem.${system};
    };
  };

  build = name: script: attributes: derivation ({
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-euc" script ];
    PATH = "/bin:/usr/bin:/run/current-system/sw/bin";
    passAsFile = [ "text" ];
  } // attributes);

  profile = name: build name ''
    mkdir -p "$out/packages"
    cat "$textPath" > "$out/profilemanifest.xml"
    for package in $packages; do
        ln -sfn "$package" "$out/packages/''${package##*/}"
    done
  '' {
    text = xml.profileManifest { inherit model name; };
    packages = model.packages.${name};
  };
in
build "manifest.xml" "cat \"$textPath\" > \"$out\"" {
  text = xml.manifest {
    inherit model;
    profiles = builtins.mapAttrs (name: target: (profile name).outPath) model.targets;
  };
}
