# As much of nixpkgs as the module of examples/nixos asks for. `request` and `enable` are what a user's configuration says.
{ module, enable, request }:
let
  lib = {
    mkEnableOption = description: { kind = "option"; inherit description; };
    mkOption = option: option // { kind = "option"; };
    mkIf = condition: value: if condition then value else { };
    types.package = "package";
  };
  pkgs.formats.json = _: {
    type = "json";
    generate = name: value: "JSON:${name}:${builtins.toJSON value}";
  };
  made = import module {
    inherit lib pkgs;
    config = {
      security.audit.enable = false;
      services.audit-rules = { inherit enable request; package = "/nix/store/package"; };
    };
  };
in
{
  options = builtins.attrNames made.options.services.audit-rules;
  kinds = map (option: option.kind) (builtins.attrValues made.options.services.audit-rules);
  config = made.config;
}
