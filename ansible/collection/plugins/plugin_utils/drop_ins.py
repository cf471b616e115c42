# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The drop-ins of a policy, from dictionaries, rules files and templates on the controller."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping

from ansible.errors import AnsibleError
from ansible.utils.display import Display

from ansible_collections.linux.audit.plugins.plugin_utils.templates import RULES, TEMPLATE

DISPLAY = Display()


class DropIns:
    """Collects them, and what is wrong with them, as sentences in complaints.

    find: takes a subdirectory, `files` or `templates`, and a name; gives the path of the file or directory, None where there is none.
    render: takes the path of a template, gives its text, or raises AnsibleError.
    """

    def __init__(self, find, render):
        self._look = find
        self._render = render
        self.complaints = []

    def collect(self, declared, src=(), templates=(), control=None, control_name="99-finalize", remove=()):
        """Gives one dictionary with a dictionary of rules or src, control and state for each name, sorted by name.

        declared: dictionaries of drop-ins, a later one before an earlier. The others are as the lookup documents them.
        """
        files = self._files(src, "files", RULES)
        rendered = self._files(templates, "templates", TEMPLATE)
        entries = {name: {"src": [path]} for name, path in files.items()}
        for name, path in rendered.items():
            if name in entries:
                self.complaints.append(f"{name}: a rules file and a template have this name")
            entries[name] = {"rules": self._rendered(path)}
        own = {}
        for each in declared:
            own.update(self._declared(each))
        entries.update(own)
        self._remove(remove, entries, own, {**files, **rendered})
        self._control(control, control_name, entries)
        return {name: entries[name] for name in sorted(entries)}

    def _files(self, places, subdirectory, ending):
        """The files of these places, or those in the directories among them, by the name of the drop-in."""
        found = {}
        for place in places:
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
        path = self._look(subdirectory, place)
        if path is None:
            absent = "does not exist on the controller" if os.path.isabs(place) else f"neither in {subdirectory} of a role nor beside the play"
            self.complaints.append(f"{place}: {absent}")
        return path

    def _rendered(self, path):
        try:
            return self._render(path)
        except AnsibleError as error:
            self.complaints.append(f"{path}: {error}")
            return ""

    def _declared(self, drop_ins):
        if not isinstance(drop_ins, Mapping):
            self.complaints.append(f"the drop-ins must be a dictionary, their names its keys, and are {drop_ins!r}")
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
        if not isinstance(said, Mapping) or "template" not in said:
            return said
        entry = {key: value for key, value in said.items() if key != "template"}
        for key in ("rules", "src"):
            if key in entry:
                self.complaints.append(f"{name}: template and {key} exclude each other")
        path = self._find(said["template"], "templates")
        return {**entry, "rules": self._rendered(path) if path else ""}

    def _remove(self, names, entries, declared, brought):
        for each in names:
            name = drop_in_name(each, RULES)
            if name in declared and declared[name] != {"state": "absent"}:
                self.complaints.append(f"{name}: declared, and to be removed")
            elif name in brought and name not in declared:
                DISPLAY.warning(f"{name}: {brought[name]} is left out, since this drop-in is to be removed")
            entries[name] = {"state": "absent"}

    def _control(self, control, control_name, entries):
        if not control:
            return
        name = drop_in_name(control_name, RULES)
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
