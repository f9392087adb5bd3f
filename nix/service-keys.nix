# The key of each service claim in a JSON file: what Disnix hashes is name, type, pkg and dependsOn.
{ services }:

map (service: builtins.hashString "sha256" (builtins.toXML service))
  (builtins.fromJSON (builtins.readFile services))
