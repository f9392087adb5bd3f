# An infrastructure model without the targets that are left out of it. This text is copied beside the two files that
# it reads: which model, and which targets.
let
  read = file: builtins.fromJSON (builtins.readFile file);
in
builtins.removeAttrs (import (read ./model.json)) (read ./left-out.json)
