# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Permissions as they may be written in a playbook: octal text, or a number where it can only mean what it says."""

from __future__ import annotations

ADVICE = "write it in quotes, with the zero: mode: '0640'"


def check(mode):
    """Complaints about permissions, where YAML or a template may have made another number of them."""
    if isinstance(mode, bool) or not isinstance(mode, (int, str)):
        return [f"mode: {mode!r} is no octal text; {ADVICE}"]
    if isinstance(mode, int):
        if 0 <= mode <= 0o777 and (_is_likely(mode) or not _is_likely_text(str(mode))):
            return []
        return [f"mode: {mode} is a decimal number, the permissions {mode:04o}; {ADVICE}"]
    digits = mode[2:] if mode.startswith("0o") else mode[1:] if mode.startswith("0") and len(mode) == 4 else mode
    if len(digits) != 3 or not _is_octal(digits):
        return [f"mode: {mode!r} is no octal text; {ADVICE}"]
    if mode == digits and not _is_likely_text(digits):
        return [f"mode: {mode!r} would be the permissions 0{digits}, but a template makes that of an unquoted "
                f"0{int(digits):o}; {ADVICE}"]
    return []


def _is_octal(digits):
    return bool(digits) and set(digits) <= set("01234567")


def _is_likely(bits):
    """Whether a rules file may reasonably have these permissions: its owner reads it, nobody only writes or runs it."""
    return 0 <= bits <= 0o777 and not bits & 0o111 and bool(bits & 0o400) and bits & 0o060 != 0o020 and bits & 0o006 != 0o002


def _is_likely_text(digits):
    return len(digits) == 3 and _is_octal(digits) and _is_likely(int(digits, 8))
