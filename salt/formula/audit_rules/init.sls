include:
  - audit_rules.program
  - audit_rules.policy
