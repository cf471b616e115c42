# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules files of the controller."""

from __future__ import annotations

import bisect
import os
import re

from ansible.errors import AnsibleError, AnsibleFileNotFound

from ansible_collections.linux.audit.plugins.plugin_utils.templates import RULES, TEMPLATE


class Sources:
    """Reads what src names, and knows which line of the request came from which file.

    find: takes a name, gives the path of a readable file, or raises AnsibleFileNotFound or OSError. forget: takes that path
    back. look: as find, but gives the path where it stands, of a directory too. render: takes that path of a template, gives its
    text, or raises AnsibleError; None where a template is a file as any other.
    """

    def __init__(self, find, forget, look, render=None):
        self._find = find
        self._look = look
        self._forget = forget
        self._render = render
        self._endings = (RULES, TEMPLATE) if render else (RULES,)
        self._texts = {}

    def expand(self, names, complaints):
        """Gives the names of files, with those of the rules files in the place of a directory, in the order of the boot load."""
        found = []
        for name in names:
            try:
                path = self._look(name)
            except (AnsibleFileNotFound, OSError):
                # To read it says why.
                path = ""
            if not os.path.isdir(path):
                found.append(name)
                continue
            files = sorted((each for each in os.listdir(path) if each.endswith(self._endings) and not each.startswith(".")), key=version_key)
            if not files:
                complaints.append(f"src: {name}: no {' or '.join(self._endings)} file in this directory")
            found += [os.path.join(name, each) for each in files]
        return found

    def read(self, pointer, names, complaints):
        """Gives the text of the files, one after the other, and the stem of the name if there is only one."""
        text = _Text()
        for name in names:
            try:
                if self._render and name.endswith(TEMPLATE):
                    text.add(name, self._render(self._look(name)))
                    continue
                path = self._find(name)
                with open(path, "rb") as file:
                    content = file.read()
                self._forget(path)
                text.add(name, content.decode("utf-8"))
            except UnicodeDecodeError as error:
                complaints.append(f"src: {name}:{content.count(bytes([10]), 0, error.start) + 1}: is not UTF-8")
            except AnsibleFileNotFound as error:
                places = dict.fromkeys(line.split(" on the Ansible")[0].strip() for line in str(error).splitlines() if line.startswith("\t"))
                complaints.append(f"src: {name}: no such file on the controller" + "".join(f"; looked for {place}" for place in places))
            except OSError as error:
                complaints.append(f"src: {name}: {error.strerror}")
            except AnsibleError as error:
                complaints.append(f"src: {name}: {error}")
        self._texts[pointer] = text
        stem = os.path.splitext(os.path.basename(names[0]))[0] if len(names) == 1 else None
        return text.text, stem

    def place(self, error):
        """Gives an error of the report the file and line that it is about, where it is about one of ours."""
        pointer = error.get("pointer") or ""
        # A problem of the name that a file has in files.
        text = self._texts.get(pointer) or (pointer.endswith("/name") and self._texts.get(pointer[:-len("name")] + "text"))
        if not text or error.get("file"):
            return
        if error.get("line"):
            error["file"], error["line"] = text.place(error["line"])
        elif text.only:
            error["file"] = text.only


def version_key(name):
    """Sorts names as `ls -v` and so augenrules do, 9-a before 10-b, as far as digits and letters go."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name) if part], name


class _Text:
    """Files one after the other."""

    def __init__(self):
        self.text = ""
        self._names = []
        self._first_lines = []

    def add(self, name, text):
        if self.text and not self.text.endswith("\n"):
            self.text += "\n"
        self._names.append(name)
        self._first_lines.append(self.text.count("\n") + 1)
        self.text += text

    @property
    def only(self):
        """The name, where there is one file."""
        return self._names[0] if len(self._names) == 1 else None

    def place(self, line):
        at = bisect.bisect_right(self._first_lines, line) - 1
        return self._names[at], line - self._first_lines[at] + 1
