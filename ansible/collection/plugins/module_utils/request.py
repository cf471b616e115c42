# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of a task to the request that the program reads."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.linux.audit.plugins.module_utils import options, permissions, rule_objects
from ansible_collections.linux.audit.plugins.module_utils._audit_rules_request import unwrap_undo
from ansible_collections.linux.audit.plugins.module_utils.options import PROGRAM, SRC
from ansible_collections.linux.audit.plugins.module_utils.validation import validate


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


def build(specification, operation, given, read, expand=None):
    """Makes the request of a task's options, without check_mode and diff, and gives it, the validated options and a list
    of complaints.

    Only what the task names is sent: a default belongs to the program, and a key that a state has no use for is an
    error there.

    operation: None where the options themselves name it. read: takes the JSON pointer of the rules and the names that
    src gives, gives the text of these files and the stem of their name. expand: takes these names, gives them with files in
    place of directories.
    """
    given = plain(given)
    validated, complaints = validate(specification, given)
    if complaints:
        return {}, validated, complaints
    for entry in (validated, *(entry for entry in (validated.get("drop_ins") or {}).values() if isinstance(entry, dict))):
        if expand and entry.get("src"):
            names = [entry["src"]] if isinstance(entry["src"], str) else entry["src"]
            entry["src"] = expand(names, complaints) if isinstance(names, list) else names
    if complaints:
        return {}, validated, complaints
    request = _named(given, validated)
    if operation:
        request["operation"] = operation
    _read_rules(request, "", given, validated, read, complaints)
    if "drop_ins" in request:
        request["drop_ins"] = {
            name: _drop_in(str(name), entry, read, complaints) for name, entry in request["drop_ins"].items()
        }
    if "mode" in request:
        request["mode"], found = permissions.read(request["mode"])
        complaints += found
    for name in ("owner", "group"):
        if str(request.get(name, "")).isdigit():
            request[name] = int(request[name])
    for name in PROGRAM:
        if validated.get(name) and not validated[name].startswith("/"):
            complaints.append(f"{name}: {validated[name]} must begin with /")
    unwrap_undo(request)
    return request, validated, complaints


def _named(given, validated):
    """What of the validated options the task names and the program knows."""
    request = {}
    for name, value in validated.items():
        aliases = options.APPLY.get(name, {}).get("aliases", ())
        if value is None or name in PROGRAM or name in SRC or all(given.get(key) is None for key in (name, *aliases)):
            continue
        request[name] = value
    if "control" in request:
        request["control"] = {key: value for key, value in request["control"].items() if value is not None}
    if "files" in request:
        request["files"] = [{key: value for key, value in file.items() if value is not None} for file in request["files"]]
    return request


def _read_rules(request, pointer, given, validated, read, complaints):
    if "rules" in request:
        request["rules"], found = rule_objects.check(request["rules"], f"{_path(pointer)}rules")
        complaints += found
    if validated.get("src") and request.get("operation") in ("lint", "explain"):
        if "files" in request:
            complaints.append("parameters are mutually exclusive: src|files")
        # Each file is a drop-in of its own there.
        request["files"] = [
            {"name": name, "text": read(f"{pointer}/files/{place}/text", [name], complaints)[0]}
            for place, name in enumerate(validated["src"])
        ]
    elif validated.get("src"):
        request["rules"], stem = read(f"{pointer}/rules", validated["src"], complaints)
        if request.get("operation") == "apply" and validated["name"] is None:
            request["name"] = stem
            if stem is None:
                complaints.append("name: is needed where src has several files; the role linux.audit.policy makes a drop-in of each")


def _drop_in(name, entry, read, complaints):
    if not isinstance(entry, dict):
        complaints.append(f"drop_ins.{name}: must be an object with {', '.join((*options.DROP_IN, *SRC))}")
        return entry
    validated, found = validate(options.drop_in_specification(), entry, f"drop_ins.{name}: ")
    complaints += found
    if found:
        return entry
    named = _named(entry, validated)
    _read_rules(named, f"/drop_ins/{name}", entry, validated, read, complaints)
    return named


def _path(pointer):
    return pointer.lstrip("/").replace("/", ".") + ("." if pointer else "")
