# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of a task to the request that the program reads."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.linux.audit.plugins.module_utils import options, rule_objects
from ansible_collections.linux.audit.plugins.module_utils.options import PROGRAM, SETTING_WORDS, SRC

#: Keys of a whole undo object, next to its snapshot, that are taken over when the task does not give them.
UNDO_KEYS = ("root", "rules_dir", "target")


def plain(value):
    """A copy made of JSON's types alone: templated, unsafe, tagged and vaulted values are subclasses or wrappers."""
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(inner) for inner in value]
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "surrogateescape")
    return str(value)


def before_validation(given):
    """Takes what auditctl's users write, numbers for instance, to the form that the specification has."""
    arguments = plain(given)
    control = arguments.get("control")
    if isinstance(control, dict):
        for setting, words in SETTING_WORDS.items():
            number = str(control.get(setting))
            if not isinstance(control.get(setting), bool) and number.isdigit() and int(number) < len(words):
                control[setting] = words[int(number)]
    return arguments


def build(operation, given, validated):
    """Makes the request, without check_mode and diff, and gives it with a list of complaints.

    Only what the task names is sent: a default belongs to the program, and a key that a state has no use for is an
    error there. operation: None where the options themselves name it.
    """
    complaints = []
    names = [name for name in validated if name not in PROGRAM and name not in SRC]
    request = {name: validated[name] for name in names if _is_given(name, given, validated)}
    if operation:
        request["operation"] = operation
    if "rules" in request:
        request["rules"], found = rule_objects.check(request["rules"])
        complaints += found
    if "control" in request:
        request["control"] = {key: value for key, value in request["control"].items() if value is not None}
    if "mode" in request:
        complaints += check_mode_bits(request["mode"])
    for name in ("owner", "group"):
        if str(request.get(name, "")).isdigit():
            request[name] = int(request[name])
    _unwrap_undo(request)
    return request, complaints


def _is_given(name, given, validated):
    if validated[name] is None:
        return False
    aliases = options.APPLY.get(name, {}).get("aliases", ())
    return any(given.get(alias) is not None for alias in (name, *aliases))


def _unwrap_undo(request):
    """The snapshot may be the whole undo object of a result: it knows which root it belongs to."""
    undo = request.get("snapshot")
    if isinstance(undo, dict) and isinstance(undo.get("snapshot"), dict):
        request["snapshot"] = undo["snapshot"]
        for key in UNDO_KEYS:
            if undo.get(key) is not None:
                request.setdefault(key, undo[key])


def check_mode_bits(mode):
    """Complaints about permissions, where YAML or a template has made another number of them."""
    advice = "write it in quotes, with the zero: mode: '0640'"
    if isinstance(mode, bool) or not isinstance(mode, (int, str)):
        return [f"mode: {mode!r} is no octal text; {advice}"]
    if isinstance(mode, int):
        if _is_likely(mode) or 0 <= mode <= 0o777 and not _is_likely_octal(str(mode)):
            return []
        return [f"mode: {mode} is a decimal number, the permissions {mode:04o}; {advice}"]
    digits = mode[2:] if mode.startswith("0o") else mode[1:] if mode.startswith("0") and len(mode) == 4 else mode
    if len(digits) != 3 or not set(digits) <= set("01234567"):
        return [f"mode: {mode!r} is no octal text; {advice}"]
    if mode == digits and not _is_likely_octal(digits):
        return [f"mode: {mode!r} would be the permissions 0{digits}, as a template makes them of an unquoted 0{int(digits):o}; {advice}"]
    return []


def _is_likely(bits):
    """Whether a rules file may reasonably have these permissions: read, and perhaps written."""
    return 0 <= bits <= 0o777 and bits & 0o111 == 0 and bits & 0o400 != 0 and bits & 0o060 != 0o020 and bits & 0o006 != 0o002


def _is_likely_octal(digits):
    return len(digits) == 3 and set(digits) <= set("01234567") and _is_likely(int(digits, 8))
