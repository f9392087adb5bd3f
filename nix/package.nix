# The programs, the plugins and their manual pages.
{ lib, stdenv, autoreconfHook, pkg-config, libxml2, jansson }:

stdenv.mkDerivation {
  pname = "dydisnix-self-adapt";
  version = builtins.head (builtins.match ".*AC_INIT\\(\\[dydisnix-self-adapt], \\[([0-9.]+)]\\).*"
    (builtins.readFile ../configure.ac));

  src = lib.cleanSourceWith {
    src = lib.cleanSource ../.;
    filter = path: type: type != "directory" || builtins.match "build(-.*)?" (baseNameOf path) == null;
  };

  nativeBuildInputs = [ autoreconfHook pkg-config ];
  buildInputs = [ libxml2 jansson ];
  configureFlags = [ "--with-nix-statedir=/nix/var" ];
  enableParallelBuilding = true;

  # They need namespaces of users, and Nix stores of their own.
  doCheck = false;

  meta = {
    description = "Keeps a system that is deployed with Disnix deployed while its network changes";
    license = lib.licenses.lgpl21Plus;
    platforms = lib.platforms.linux;
    mainProgram = "dydisnix-self-adapt";
  };
}
