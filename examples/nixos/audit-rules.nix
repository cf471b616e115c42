# Audit rules that each activation of the configuration, and each boot, brings the kernel to:
#   imports = [ ./audit-rules.nix ];
#   services.audit-rules = {
#     enable = true;
#     package = pkgs.callPackage ./audit_rules { };    # anything with bin/audit_rules
#     request = {
#       name = "30-identity";
#       rules = [ "-w /etc/passwd -p wa -k identity" ];
#       control.enabled = "on";
#     };
#   };
# `security.audit` has to be off: its service loads rules of its own, after a flush.
{ config, lib, pkgs, ... }:

let
  cfg = config.services.audit-rules;
  json = pkgs.formats.json { };
  # Rules that are not loaded by anybody else at boot need no file; what was declared is in the store.
  request = json.generate "audit-rules.json" ({ target = "runtime"; } // cfg.request);
in
{
  options.services.audit-rules = {
    enable = lib.mkEnableOption "declared audit rules";
    package = lib.mkOption {
      type = lib.types.package;
      description = "The package with bin/audit_rules.";
    };
    request = lib.mkOption {
      type = json.type;
      description = "The request, as its JSON is described in audit_rules.json(5).";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = !(config.security.audit.enable or false);
        message = "services.audit-rules and security.audit both load audit rules: one of them has to be off";
      }
    ];
    systemd.services.audit-rules = {
      description = "Audit rules as they are declared";
      documentation = [ "man:audit_rules(8)" ];
      wantedBy = [ "sysinit.target" ];
      before = [ "sysinit.target" "shutdown.target" ];
      conflicts = [ "shutdown.target" ];
      # Nothing that would give it a mount namespace of its own, such as PrivateTmp: it would take the host for another one.
      unitConfig = {
        DefaultDependencies = false;
        ConditionVirtualization = "!container";
        ConditionSecurity = "audit";
      };
      restartTriggers = [ request ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${cfg.package}/bin/audit_rules --human ${request}";
      };
    };
  };
}
