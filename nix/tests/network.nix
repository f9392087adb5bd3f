# A coordinator with the loop, and two machines, one of which has the lamp. What has a machine stays there.
{ pkgs, dydisnix, name, testScript }:

let
  target = {
    services.disnix.enable = true;
    services.openssh.enable = true;
    virtualisation.writableStore = true;
  };

  coordinator = {
    imports = [ ../module.nix ];
    services.dydisnix-self-adapt = {
      enable = true;
      dydisnixPackage = dydisnix;
      services = ./services.nix;
      infrastructure = ./infrastructure.nix;
      qos = ../../lab/example/qos.nix;
      nixPath = [ "nixpkgs=${pkgs.path}" ];
      environment.DISNIX_REMOTE_CLIENT = "disnix-client";
      ssh.keyFile = "/etc/loop-key";
      ssh.user = "root";
      ssh.options = [ "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=5" ];
      probeInterval = 5;
    };
    environment.systemPackages = [ pkgs.openssh ];
    virtualisation.writableStore = true;
    virtualisation.memorySize = 2048;
    # There is no network to build a profile or a manifest from.
    system.extraDependencies = [ pkgs.stdenv pkgs.stdenvNoCC pkgs.coreutils pkgs.libxslt.bin pkgs.perl ];
  };
in
pkgs.testers.runNixOSTest {
  inherit name;
  nodes = { inherit coordinator; test1 = target; test2 = target; };
  testScript = ''
    targets = [test1, test2]


    def lit():
        return [machine.name for machine in targets if machine.execute("test -e /var/lib/lamp")[0] == 0]


    def wait_for_lamps(expected):
        coordinator.wait_until_succeeds("dydisnix-self-adaptctl status | grep 'last cycle *done'")
        retry(lambda _: lit() == expected)


    start_all()
    coordinator.wait_for_unit("network-online.target")
    coordinator.succeed("ssh-keygen -t ed25519 -N \"\" -f /etc/loop-key")
    key = coordinator.succeed("cat /etc/loop-key.pub").strip()
    for machine in targets:
        machine.wait_for_unit("sshd.service")
        machine.succeed("mkdir -p -m 700 /root/.ssh", f"echo '{key}' > /root/.ssh/authorized_keys")
    coordinator.systemctl("restart dydisnix-self-adapt.service")
    coordinator.wait_for_unit("dydisnix-self-adapt.service")
    wait_for_lamps(["test1"])

    # The machine of the lamp crashes, and comes back with a lamp that is lit still.
    test1.crash()
    targets = [test2]
    wait_for_lamps(["test2"])
    test1.start()
    test1.wait_for_unit("sshd.service")
    targets = [test1, test2]
  '' + testScript;
}
