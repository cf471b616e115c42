# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One diff for each layer: every file, the kernel's rules, its settings."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^--- (?:before: )?(.*)\n\+\+\+ ", re.MULTILINE)


def split(unified):
    """Splits a unified diff into a list with one entry for each layer."""
    starts = [found.start() for found in _HEADER.finditer(unified)]
    ends = starts[1:] + [len(unified)]
    return [{"prepared": unified[start:end]} for start, end in zip(starts, ends)] or [{"prepared": unified}]
