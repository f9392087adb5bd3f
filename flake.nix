{
  description = "Keeps a system that is deployed with Disnix deployed while its network changes";

  outputs = { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      forEachSystem = make: lib.genAttrs [ "aarch64-linux" "x86_64-linux" ] (system:
        let pkgs = nixpkgs.legacyPackages.${system}; in
        make pkgs (pkgs.callPackage ./nix/package.nix { }));
    in
    {
      overlays.default = final: prev: {
        dydisnix-self-adapt = final.callPackage ./nix/package.nix { };
      };

      packages = forEachSystem (pkgs: package: { default = package; dydisnix-self-adapt = package; });

      nixosModules.default = ./nix/module.nix;

      # What the package needs, and what its tests do.
      devShells = forEachSystem (pkgs: package: {
        default = pkgs.mkShell {
          inputsFrom = [ package ];
          packages = [ pkgs.clang-tools pkgs.cmocka pkgs.gcovr pkgs.man pkgs.nix pkgs.python3 pkgs.valgrind ];
        };
      });

      # Without namespaces of users: the unit tests, and what else can do without.
      checks = forEachSystem (pkgs: package: {
        default = package.overrideAttrs (old: {
          doCheck = true;
          checkTarget = "check-short";
          nativeCheckInputs = [ pkgs.cmocka pkgs.man pkgs.nix pkgs.python3 ];
        });
      });
    };
}
