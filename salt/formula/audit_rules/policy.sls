{%- from "audit_rules/map.jinja" import audit_rules, lookup, nothing, options, problem with context %}

include:
  - audit_rules.program

audit_rules_policy:
{%- if problem or nothing %}
  test.fail_without_changes:
    - name: {{ (problem or nothing) | json }}
{%- else %}
  audit_rules.{{ audit_rules.state }}:
{%- for option, value in options | dictsort %}
    - {{ option }}: {{ value | json }}
{%- endfor %}
{%- if lookup.install == "file" %}
    - executable: {{ lookup.executable | json }}
{%- endif %}
{%- endif %}
    - require:
      - audit_rules_program
