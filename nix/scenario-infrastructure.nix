# The infrastructure of a scenario, as infrastructure.json beside this file says.
builtins.fromJSON (builtins.readFile ./infrastructure.json)
