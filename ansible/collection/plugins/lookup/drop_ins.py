# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drop_ins
author:
  - The audit_rules authors (@audit-rules)
version_added: 0.1.0
short_description: Collects the drop-ins of an audit policy from variables and files
description:
  - Makes one dictionary of drop-ins, as the option O(linux.audit.audit_rules#module:drop_ins) takes it, from dictionaries, rules files
    and templates on the controller. The role P(linux.audit.policy#role) collects its own the same way.
  - Templates are rendered here. Rules files are left to M(linux.audit.audit_rules), which reads them, and names the line
    where one is wrong.
options:
  _terms:
    description:
      - Drop-ins by name. A value is a string with a whole rules file, a list of rules, or a dictionary as
        O(linux.audit.audit_rules#module:drop_ins) takes it, which may have C(template), a template of a rules file, in place of C(rules)
        and C(src).
      - A name replaces the same name of O(src) and O(templates), and of an earlier term.
    type: list
    elements: dict
  src:
    description: Rules files, or directories of C(.rules) files. Relative paths are searched as for M(ansible.builtin.copy).
    type: list
    elements: str
    default: []
  templates:
    description: Templates of rules files, or directories of C(.rules.j2) files. Relative paths are searched as for M(ansible.builtin.template).
    type: list
    elements: str
    default: []
  control:
    description: Settings that go into the drop-in O(control_name), beside what that holds.
    type: dict
    default: {}
  control_name:
    description: The drop-in for O(control).
    type: str
    default: 99-finalize
  remove:
    description: Names of drop-ins that are to be gone.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: The rules files of a directory, and the lock after them
  linux.audit.audit_rules:
    state: loaded
    drop_ins: "{{ query('linux.audit.drop_ins', src='rules.d', control={'enabled': 'locked'}) | first }}"
"""

RETURN = r"""
_raw:
  description: One dictionary, with a dictionary of C(rules) or C(src), C(control) and C(state) for each name.
  type: list
  elements: dict
"""

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.linux.audit.plugins.plugin_utils.drop_ins import DropIns
from ansible_collections.linux.audit.plugins.plugin_utils.templates import render


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        drop_ins = DropIns(
            lambda subdirectory, place: self.find_file_in_search_path(variables, subdirectory, place, ignore_missing=True),
            lambda path: render(path, self._loader, self._templar, variables),
        )
        options = {name: self.get_option(name) for name in ("src", "templates", "control", "control_name", "remove")}
        collected = drop_ins.collect(terms, **options)
        if drop_ins.complaints:
            raise AnsibleLookupError("\n".join(drop_ins.complaints))
        return [collected]
