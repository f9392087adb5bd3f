# A coordinator that has lost all that it knew: the service stays where it is, and runs once.
#   nix-build nix/tests/coordinator-lost.nix --arg dydisnix 'PACKAGE OF DYNAMIC DISNIX'
{ pkgs ? import <nixpkgs> { }, dydisnix }:

import ./network.nix {
  inherit pkgs dydisnix;
  name = "dydisnix-self-adapt-coordinator-lost";
  testScript = ''
    wait_for_lamps(["test2"])
    profiles = "/nix/var/nix/profiles/per-user/dydisnix-self-adapt/disnix-coordinator"
    coordinator.succeed(
        "systemctl stop dydisnix-self-adapt.service",
        f"rm -r {profiles} /var/lib/dydisnix-self-adapt/default",
        "nix-collect-garbage",
        "systemctl start dydisnix-self-adapt.service",
    )
    wait_for_lamps(["test2"])
    coordinator.succeed(f"test -e {profiles}/default")
  '';
}
