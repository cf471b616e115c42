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
  - Rules files go in unchanged.
  - It only reads the controller. Whether the rules are right is for M(linux.audit.audit_rules) to say.
options:
  _terms:
    description:
      - Drop-ins by name. A value is a string with a whole rules file, a list of rules, or a dictionary with one of C(rules), C(src) (a rules
        file on the controller) and C(template), and with C(control) and C(state).
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
- name: The rules files of a directory, and the lock behind them
  linux.audit.audit_rules:
    state: loaded
    drop_ins: "{{ query('linux.audit.drop_ins', src='rules.d', control={'enabled': 'locked'}) | first }}"
"""

RETURN = r"""
_raw:
  description: One dictionary, with a dictionary of C(rules), C(control) and C(state) for each name.
  type: list
  elements: dict
"""

import glob
import os
from collections.abc import Mapping

from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.plugins.loader import lookup_loader
from ansible.plugins.lookup import LookupBase

RULES = ".rules"
TEMPLATE = ".rules.j2"
KEYS = ("rules", "src", "template", "control", "state")
SOURCES = ("rules", "src", "template")


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        self.variables = variables
        self.complaints = []
        wishes = self._from_files(self.get_option("src"), "files", RULES)
        templated = self._from_files(self.get_option("templates"), "templates", TEMPLATE)
        for name in wishes.keys() & templated.keys():
            self.complaints.append(f"{name}: a rules file and a template have this name")
        wishes.update(templated)
        declared = {}
        for term in terms:
            declared.update(self._declared(term))
        wishes.update(declared)
        self._remove(wishes, declared)
        self._control(wishes)
        if self.complaints:
            raise AnsibleLookupError("; ".join(self.complaints))
        return [{name: wishes[name] for name in sorted(wishes)}]

    def _from_files(self, places, subdirectory, ending):
        found = {}
        for place in places:
            path = self._find(place, subdirectory)
            if path is None:
                continue
            paths = [path]
            if os.path.isdir(path):
                paths = sorted(glob.glob(os.path.join(glob.escape(path), "*" + ending)))
                if not paths:
                    self.complaints.append(f"{path}: no {ending} file in this directory")
            for each in paths:
                name = drop_in_name(os.path.basename(each), ending)
                if name in found:
                    self.complaints.append(f"{name}: two files have this name, the second is {each}")
                found[name] = {"rules": self._text(each, subdirectory)}
        return found

    def _find(self, place, subdirectory):
        path = self.find_file_in_search_path(self.variables, subdirectory, place, ignore_missing=True)
        if path is None:
            self.complaints.append(f"{place}: not found, neither in {subdirectory} of the roles nor beside the play")
        return path

    def _text(self, path, subdirectory):
        """The file as it stands, or rendered; both through Ansible's own lookups, which know vault and templating."""
        name, options = ("template", {}) if subdirectory == "templates" else ("file", {"rstrip": False})
        lookup = lookup_loader.get(f"ansible.builtin.{name}", loader=self._loader, templar=self._templar)
        try:
            text = lookup.run([path], self.variables, **options)[0]
        except AnsibleError as error:
            self.complaints.append(f"{path}: {error}")
            return ""
        try:
            text.encode()
        except (AttributeError, UnicodeEncodeError):
            # Ansible reads other bytes as surrogates, and with jinja2_native a template may be a number.
            self.complaints.append(f"{path}: not a text in UTF-8")
        return text

    def _declared(self, drop_ins):
        if not isinstance(drop_ins, Mapping):
            self.complaints.append(f"the drop-ins are a {type(drop_ins).__name__}, not a dictionary of names")
            return {}
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
        if not isinstance(said, Mapping):
            self.complaints.append(f"{name}: neither a string nor a list of rules nor a dictionary")
            return {}
        entry = {key: value for key, value in said.items() if value is not None}
        unknown = sorted(str(key) for key in entry if key not in KEYS)
        if unknown:
            self.complaints.append(f"{name}: no such key: {', '.join(unknown)}; there are {', '.join(KEYS)}")
        given = [key for key in SOURCES if key in entry]
        if len(given) > 1:
            self.complaints.append(f"{name}: {' and '.join(given)} exclude each other")
        for key, subdirectory in (("src", "files"), ("template", "templates")):
            if key in entry:
                path = self._find(str(entry.pop(key)), subdirectory)
                entry["rules"] = "" if path is None else self._text(path, subdirectory)
        return entry

    def _remove(self, wishes, declared):
        for each in self.get_option("remove"):
            name = drop_in_name(str(each), RULES)
            if name in declared and declared[name].get("state") != "absent":
                self.complaints.append(f"{name}: declared, and to be removed")
            wishes[name] = {"state": "absent"}

    def _control(self, wishes):
        control = self.get_option("control")
        if not control:
            return
        name = drop_in_name(self.get_option("control_name"), RULES)
        entry = dict(wishes.get(name, {}))
        if entry.get("state") == "absent":
            self.complaints.append(f"{name}: the settings are written into it, and it is to be removed")
        own = entry.get("control") or {}
        for setting in sorted(key for key in own if key in control and own[key] != control[key]):
            self.complaints.append(f"{name}: {setting} is {own[setting]} in the drop-in and {control[setting]} in the settings of the policy")
        entry["control"] = {**own, **control}
        wishes[name] = entry


def drop_in_name(text, ending):
    """The name of a drop-in from that of a file: `30-a` of `30-a.rules`, and of the template `30-a.rules.j2`."""
    return text[: -len(ending)] if text.endswith(ending) and text != ending else text
