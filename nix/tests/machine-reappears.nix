# A machine that comes back with a service that has moved meanwhile: the service runs once.
#   nix-build nix/tests/machine-reappears.nix --arg dydisnix 'PACKAGE OF DYNAMIC DISNIX'
{ pkgs ? import <nixpkgs> { }, dydisnix }:

import ./network.nix {
  inherit pkgs dydisnix;
  name = "dydisnix-self-adapt-machine-reappears";
  testScript = ''
    wait_for_lamps(["test2"])
  '';
}
