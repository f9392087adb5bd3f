# A lamp that is lit on the machine that it is activated on, and stays lit when the machine crashes.
{ pkgs, system, distribution, invDistribution }:

{
  lamp = {
    name = "lamp";
    type = "wrapper";
    pkg = derivation {
      inherit system;
      name = "lamp-1";
      builder = "/bin/sh";
      PATH = "${pkgs.coreutils}/bin";
      passAsFile = [ "script" ];
      script = ''
        #!/bin/sh
        case $1 in
            activate) : > /var/lib/lamp ;;
            deactivate) rm -f /var/lib/lamp ;;
        esac
      '';
      args = [ "-euc" ''
        mkdir -p "$out/bin"
        cat "$scriptPath" > "$out/bin/wrapper"
        chmod 755 "$out/bin/wrapper"
      '' ];
    };
  };
}
