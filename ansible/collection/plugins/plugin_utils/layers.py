# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One diff for each layer: every file, the kernel's rules, its settings.

Ansible colours a diff that it makes itself of two texts, and prints one that is ready as it is. The report has a unified
diff, so the two texts are made from its hunks, with a stand-in for each line between them. Ansible does not show the
stand-ins: they lie outside of every context.
"""

from __future__ import annotations

import difflib
import re

from ansible import constants

_LAYER = re.compile(r"^--- before: (?P<before>.*)\n\+\+\+ after: (?P<after>.*)\n(?=@@ )", re.MULTILINE)
_HUNK = re.compile(r"^@@ -(?P<before>\d+)(?:,(?P<count>\d+))? \+\d+(?:,\d+)? @@.*\n", re.MULTILINE)
_STAND_IN = "[line {} is the same]\n"

#: Lines in a layer for which two texts are made; the comparison takes longer than linear time.
MOST_LINES = 5000


def split(unified):
    """Splits a unified diff into a list with one entry for each layer, of the form that Ansible's callbacks show."""
    layers = list(_LAYER.finditer(unified))
    ends = [layer.start() for layer in layers[1:]] + [len(unified)]
    if not layers or layers[0].start() != 0:
        return [{"prepared": unified}]
    return [_entry(unified[layer.start():end], layer, unified[layer.end():end]) for layer, end in zip(layers, ends)]


def _entry(whole, layer, hunks):
    texts = _texts(hunks)
    if not texts or _shows_stand_ins(*texts):
        return {"prepared": whole}
    before, after = ("".join(lines) for lines in texts)
    return {"before_header": layer["before"], "after_header": layer["after"], "before": before, "after": after}


def _texts(hunks):
    """The lines before and after, as far as the hunks tell them; None for a diff that is too long."""
    before, after = [], []
    found = list(_HUNK.finditer(hunks))
    ends = [hunk.start() for hunk in found[1:]] + [len(hunks)]
    for hunk, end in zip(found, ends):
        first = int(hunk["before"]) + (hunk["count"] == "0")
        if first > MOST_LINES:
            return None
        for number in range(len(before) + 1, first):
            before.append(_STAND_IN.format(number))
            after.append(_STAND_IN.format(number))
        sides = ()
        for line in hunks[hunk.end():end].splitlines(True):
            if line.startswith("\\"):
                for side in sides:
                    side[-1] = side[-1][:-1]
                continue
            sides = {"-": (before,), "+": (after,), " ": (before, after)}[line[0]]
            for side in sides:
                side.append(line[1:])
    return None if max(len(before), len(after)) > MOST_LINES else (before, after)


def _shows_stand_ins(before, after):
    shown = difflib.unified_diff(before, after, n=constants.DIFF_CONTEXT)
    begin = _STAND_IN.partition("{")[0]
    return any(line[1:].startswith(begin) for line in shown)
