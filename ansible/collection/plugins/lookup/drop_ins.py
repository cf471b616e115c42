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
    and templates on the controller. The role P(linux.audit.policy#role) is built on it.
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

import glob
import os
from collections.abc import Mapping

from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ansible_collections.linux.audit.plugins.plugin_utils.templates import RULES, TEMPLATE, render

DISPLAY = Display()


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        self.variables = variables
        self.complaints = []
        files = self._files("src", "files", RULES)
        templates = self._files("templates", "templates", TEMPLATE)
        entries = {name: {"src": [path]} for name, path in files.items()}
        for name, path in templates.items():
            if name in entries:
                self.complaints.append(f"{name}: a rules file and a template have this name")
            entries[name] = {"rules": self._rendered(path)}
        declared = {}
        for term in terms:
            declared.update(self._declared(term))
        entries.update(declared)
        self._remove(entries, declared, {**files, **templates})
        self._control(entries)
        if self.complaints:
            raise AnsibleLookupError("\n".join(self.complaints))
        return [{name: entries[name] for name in sorted(entries)}]

    def _files(self, option, subdirectory, ending):
        """The files that an option names, or that are in a directory which it names, by the name of the drop-in."""
        found = {}
        for place in self.get_option(option):
            path = self._find(place, subdirectory)
            paths = [path] if path else []
            if path and os.path.isdir(path):
                paths = sorted(glob.glob(os.path.join(glob.escape(path), "*" + ending)))
                if not paths:
                    self.complaints.append(f"{path}: no {ending} file in this directory")
            for each in paths:
                name = drop_in_name(os.path.basename(each), ending)
                if name in found:
                    self.complaints.append(f"{name}: {found[name]} and {each} both have this name")
                found[name] = each
        return found

    def _find(self, place, subdirectory):
        path = self.find_file_in_search_path(self.variables, subdirectory, place, ignore_missing=True)
        if path is None:
            absent = "does not exist on the controller" if os.path.isabs(place) else f"neither in {subdirectory} of a role nor beside the play"
            self.complaints.append(f"{place}: {absent}")
        return path

    def _rendered(self, path):
        try:
            return render(path, self._loader, self._templar, self.variables)
        except AnsibleError as error:
            self.complaints.append(f"{path}: {error}")
            return ""

    def _declared(self, drop_ins):
        if not isinstance(drop_ins, Mapping):
            raise AnsibleLookupError(f"the drop-ins must be a dictionary, their names its keys, and are {drop_ins!r}")
        declared = {}
        for key, said in drop_ins.items():
            name = drop_in_name(str(key), RULES)
            if name in declared:
                self.complaints.append(f"{name}: declared twice, with and without {RULES}")
            declared[name] = self._entry(name, said)
        return declared

    def _entry(self, name, said):
        if isinstance(said, (str, list, tuple)):
            return {"rules": said}
        if not isinstance(said, Mapping) or "template" not in said:
            return said
        entry = {key: value for key, value in said.items() if key != "template"}
        for key in ("rules", "src"):
            if key in entry:
                self.complaints.append(f"{name}: template and {key} exclude each other")
        path = self._find(said["template"], "templates")
        return {**entry, "rules": self._rendered(path) if path else ""}

    def _remove(self, entries, declared, brought):
        for each in self.get_option("remove"):
            name = drop_in_name(each, RULES)
            if name in declared and declared[name] != {"state": "absent"}:
                self.complaints.append(f"{name}: declared, and to be removed")
            elif name in brought and name not in declared:
                DISPLAY.warning(f"{name}: {brought[name]} is left out, since this drop-in is to be removed")
            entries[name] = {"state": "absent"}

    def _control(self, entries):
        control = self.get_option("control")
        if not control:
            return
        name = drop_in_name(self.get_option("control_name"), RULES)
        entry = dict(entries.get(name) or {})
        if entry.get("state") == "absent":
            self.complaints.append(f"{name}: the settings are written into it, and it is to be removed")
        own = dict(entry.get("control") or {})
        for setting in sorted(key for key in own if key in control and own[key] != control[key]):
            self.complaints.append(f"{name}: {setting} is {own[setting]} in the drop-in and {control[setting]} in the settings of the policy")
        entries[name] = {**entry, "control": {**own, **control}}


def drop_in_name(text, ending):
    """The name of a drop-in from that of a file: `30-a` of `30-a.rules`, and of the template `30-a.rules.j2`."""
    return text[: -len(ending)] if text.endswith(ending) and text != ending else text
