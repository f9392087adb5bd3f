# The key of each service claim in a JSON file: what Disnix hashes is name, type, pkg and dependsOn (in version 1 the
# package is called service, and the key in a dependency _key).
{ services }:

map (service: builtins.hashString "sha256" (builtins.toXML service))
  (builtins.fromJSON (builtins.readFile services))
