# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules files of the controller."""

from __future__ import annotations

import bisect
import os


class Sources:
    """The text of one or several rules files, and which line of it came from where."""

    def __init__(self):
        self.text = ""
        self._names = []
        self._first_lines = []

    def add(self, name, content):
        """Adds a file's bytes. Gives a complaint, or None."""
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            return f"src: {name}:{line}: is not UTF-8"
        if self.text and not self.text.endswith("\n"):
            self.text += "\n"
        self._names.append(name)
        self._first_lines.append(self.text.count("\n") + 1)
        self.text += text
        return None

    def stem(self):
        """The name of the one file without its ending, which names the drop-in too; None if there are several."""
        if len(self._names) != 1:
            return None
        stem = os.path.splitext(os.path.basename(self._names[0]))[0]
        return stem or None

    def place(self, error):
        """Gives an error of the report the file and line that it is about."""
        line = error.get("line")
        if not error.get("file") and line and str(error.get("pointer", "")).startswith("/rules"):
            at = bisect.bisect_right(self._first_lines, line) - 1
            error["file"] = self._names[at]
            error["line"] = line - self._first_lines[at] + 1
