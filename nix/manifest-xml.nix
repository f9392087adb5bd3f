# Deployment and profile manifests of version 2 as text.
let
  inherit (builtins) attrNames concatStringsSep head isAttrs match replaceStrings typeOf;

  # Tabs and carriage returns come out as blanks, as they do where such text has been an XML attribute once.
  escape = replaceStrings [ "&" "<" ">" "\"" "\t" "\r" ] [ "&amp;" "&lt;" "&gt;" "&quot;" " " " " ];

  concat = concatStringsSep "";
  element = name: content: if content == "" then "<${name}/>" else "<${name}>${content}</${name}>";
  textElement = name: text: element name (escape text);
  named = tag: attributes: content:
    if content == "" then "<${tag}${attributes}/>" else "<${tag}${attributes}>${content}</${tag}>";
  nameIs = name: " name=\"${escape name}\"";

  # Nix's own text of a float, six significant digits; toString always prints six places.
  floatText = value: head (match ".*<float value=\"([^\"]*)\".*" (builtins.toXML value));

  types = {
    string = { type = "string"; content = escape; };
    int = { type = "int"; content = toString; };
    float = { type = "float"; content = floatText; };
    bool = { type = "bool"; content = value: if value then "true" else "false"; };
    list = { type = "list"; content = value: concat (map (typed "elem" "") value); };
    set = { type = "attrs"; content = properties; };
  };

  # Null, paths, functions and derivations have no form in a manifest.
  typed = tag: attributes: value:
    let
      isDerivation = isAttrs value && value.type or null == "derivation";
      kind = if isDerivation then null else types.${typeOf value} or null;
    in
    if kind == null then "" else named tag "${attributes} type=\"${kind.type}\"" (kind.content value);

  properties = set: concat (map (name: typed "property" (nameIs name) set.${name}) (attrNames set));
  containers = set: concat (map
    (name: named "container" "${nameIs name} type=\"attrs\"" (properties set.${name}))
    (attrNames set));

  each = make: set: concat (map (name: make name set.${name}) (attrNames set));

  # The elements of a mapping are its attributes, in the order of their names.
  mapping = attributes: element "mapping" (each textElement attributes);
  mappings = name: list: element name (concat (map mapping list));

  service = key: value: named "service" (nameIs key) (concat [
    (textElement "name" value.name)
    (textElement "pkg" value.pkg)
    (textElement "type" value.type)
    (mappings "dependsOn" value.dependsOn)
    (mappings "connectsTo" value.connectsTo)
    (element "providesContainers" (containers value.providesContainers))
  ]);

  target = name: value: named "target" (nameIs name) (concat [
    (named "properties" " type=\"attrs\"" (properties (value.properties or { })))
    (element "containers" (containers (value.containers or { })))
    (textElement "system" value.system)
    (textElement "numOfCores" (toString value.numOfCores))
    (textElement "clientInterface" value.clientInterface)
    (textElement "targetProperty" value.targetProperty)
  ]);

  document = root: content: "<?xml version=\"1.0\"?>\n\n<${root} version=\"2\">${concat content}</${root}>\n";

  # A target does not name itself in its own profile.
  withoutOwn = name: map (entry: if entry.target == name then removeAttrs entry [ "target" ] else entry);
in
{
  manifest = { model, profiles }: document "manifest" [
    (element "profiles" (each (name: path: named "profile" (nameIs name) (escape path)) profiles))
    (element "services" (each service model.services))
    (element "infrastructure" (each target model.targets))
    (mappings "serviceMappings" model.serviceMappings)
    (mappings "snapshotMappings" model.snapshotMappings)
  ];

  profileManifest = { model, name }:
    let
      local = builtins.filter (entry: entry.target == name);
      keys = builtins.listToAttrs (map (entry: { name = entry.service; value = true; })
        (local model.serviceMappings ++ local model.snapshotMappings));
    in
    document "profilemanifest" [
      (element "services" (each service (builtins.mapAttrs (key: value: value // {
        dependsOn = withoutOwn name value.dependsOn;
        connectsTo = withoutOwn name value.connectsTo;
      }) (builtins.intersectAttrs keys model.services))))
      (mappings "serviceMappings" (withoutOwn name (local model.serviceMappings)))
      (mappings "snapshotMappings" (withoutOwn name (local model.snapshotMappings)))
    ];
}
