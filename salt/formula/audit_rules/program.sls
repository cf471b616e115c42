{%- from "audit_rules/map.jinja" import lookup, program, manifest, problem with context %}
{#- A minion that has just got the formula knows the state only after a highstate or saltutil.sync_all. So that the first
    state.apply, and the first dry run, do too, the modules are fetched here. Under salt-ssh every module counts as known. #}
{%- set fresh = "audit_rules.apply" not in salt %}
{%- if fresh %}
{%- for kind in ("modules", "states") %}
{%- do salt["saltutil.sync_" ~ kind](saltenv=saltenv) %}
{%- endfor %}
{%- endif %}

audit_rules_program:
{%- if problem %}
  test.fail_without_changes:
    - name: {{ problem | json }}
{%- elif lookup.install == "file" and program %}
  file.managed:
    - name: {{ lookup.executable | json }}
    - source: salt://audit_rules/files/audit_rules-{{ grains["cpuarch"] }}
    - user: root
    - group: root
    - mode: "0755"
    - makedirs: True
{%- elif lookup.install == "file" %}
  test.fail_without_changes:
    - name: {{ ("there is no executable for " ~ grains["cpuarch"] ~ ", only for " ~ manifest.programs | sort | join(", ")) | json }}
{%- elif lookup.install == "package" %}
  pkg.installed:
    - name: {{ lookup.package | json }}
{%- else %}
  test.nop:
    - name: audit_rules:lookup:install is none
{%- endif %}
    - reload_modules: {{ fresh }}
    - force_reload_modules: {{ fresh }}
