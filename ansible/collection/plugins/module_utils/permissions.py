# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Permissions as they may be written in a playbook: octal text, or a number where it can only mean what it says.

YAML makes 416 of an unquoted 0640, and a template in an older Ansible makes the text 416 of that. No text is a likely mode
both when it is read in octal and when it is read as such a number, so the two can be told apart.
"""

from __future__ import annotations

ADVICE = "write it in quotes, with the zero: mode: '0640'"


def read(mode):
    """Gives the mode as it is sent, and a list of complaints."""
    if isinstance(mode, bool) or not isinstance(mode, (int, str)):
        return mode, [f"mode: {mode!r} is no octal text; {ADVICE}"]
    if isinstance(mode, int):
        if 0 <= mode <= 0o777 and (_is_likely(mode) or not _is_likely_text(str(mode))):
            return mode, []
        return mode, [f"mode: {mode} is a decimal number, the permissions {mode:04o}; {ADVICE}"]
    if len(mode) == 3 and mode.isdecimal() and not _is_likely_text(mode) and _is_likely(int(mode)):
        return int(mode), []
    digits = mode[2:] if mode.startswith("0o") else mode[1:] if mode.startswith("0") and len(mode) == 4 else mode
    if len(digits) != 3 or not _is_octal(digits):
        return mode, [f"mode: {mode!r} is no octal text; {ADVICE}"]
    return mode, []


def _is_octal(digits):
    return set(digits) <= set("01234567")


def _is_likely(bits):
    """Whether a rules file may reasonably have these permissions: its owner reads it, nobody only writes or runs it."""
    return 0 <= bits <= 0o777 and not bits & 0o111 and bool(bits & 0o400) and bits & 0o060 != 0o020 and bits & 0o006 != 0o002


def _is_likely_text(digits):
    return len(digits) == 3 and _is_octal(digits) and _is_likely(int(digits, 8))
