#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Where services go is said twice, for the simulation in C and for the lab in Nix: both say the same of random systems.
. "$srcdir/tests/share/functions.sh"

python3 - "$scratch" "$srcdir/nix/scenario-distribution.nix" << 'END'
import json, os, random, shutil, sys
scratch, policy = sys.argv[1:]
random.seed(1)
names = ["a", "b-1", "B", "db", "web", "zz"]
targets = ["test1", "test2", "test10", "Test", "x-y"]

def some(choices, most=None):
    return random.sample(choices, random.randint(0, min(most or len(choices), len(choices))))

def numbers(most):
    return {name: random.randint(0, most) for name in some(["memory", "disk"])}

systems = []
for number in range(200):
    services = {name: {"resources": numbers(4)} for name in some(names)}
    distribution = {}
    for name in some(names):
        entry = distribution[name] = {}
        if random.random() < 0.6:
            entry["on"] = some(targets + ["gone"])
        if random.random() < 0.4:
            entry["copies"] = random.randint(1, 3)
        if random.random() < 0.4:
            entry["stay"] = random.random() < 0.5
    system = {"services": services, "distribution": distribution,
              "targets": {name: {"resources": numbers(8)} for name in some(targets)},
              "before": {name: some(targets, 2) for name in some(names)}}
    systems.append(system)
    directory = f"{scratch}/{number}"
    os.mkdir(directory)
    shutil.copyfile(policy, f"{directory}/distribution.nix")
    for document in "services", "distribution":
        with open(f"{directory}/{document}.json", "w") as file:
            json.dump(system[document], file)
with open(f"{scratch}/systems.json", "w") as file:
    json.dump(systems, file)
END
cat > "$scratch/all.nix" << 'END'
{ directory }:
let
  systems = builtins.fromJSON (builtins.readFile (directory + "/systems.json"));
  place = number:
    let system = builtins.elemAt systems number;
    in import (directory + "/${toString number}/distribution.nix") {
      inherit (system) services;
      infrastructure = system.targets;
      previousDistribution = system.before;
    };
in
builtins.genList place (builtins.length systems)
END
ok 'the policy in Nix evaluates' nix-instantiate --eval --strict --json --argstr directory "$scratch" "$scratch/all.nix"
output > "$scratch/in-nix"
ok 'the policy in C runs' "$builddir/tests/play-scenario" --place "$scratch/systems.json"
output > "$scratch/in-c"
ok 'both place the services of 200 systems in the same way' python3 - "$scratch" << 'END'
import json, sys
directory = sys.argv[1]
in_nix = json.load(open(f"{directory}/in-nix"))
in_c = [json.loads(line) for line in open(f"{directory}/in-c")]
systems = json.load(open(f"{directory}/systems.json"))
assert len(in_nix) == len(in_c) == 200 and any(in_c), "nothing is placed"
for system, left, right in zip(systems, in_nix, in_c):
    assert left == right, json.dumps({"system": system, "Nix": left, "C": right}, indent=2)
END
done_testing
