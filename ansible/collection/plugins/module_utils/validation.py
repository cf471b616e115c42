# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options against their specification, before anything is sent anywhere. Every complaint is given, not the first."""

from __future__ import annotations

from difflib import get_close_matches

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from ansible_collections.linux.audit.plugins.module_utils.options import SETTING_WORDS


def validate(specification, given, at=""):
    """Gives the coerced options with their defaults, and a list of complaints. at: what stands before names in them."""
    given = dict(given)
    control = given.get("control")
    if isinstance(control, dict):
        given["control"] = with_words(control)
    # Opaque and perhaps megabytes: nothing is looked at in it, so it need not be copied with the rest.
    snapshot = {name: given.pop(name) for name in ("snapshot", "undo") if isinstance(given.get(name), dict)}
    outcome = ArgumentSpecValidator(**specification).validate({**given, **dict.fromkeys(snapshot, {})})
    names = specification["argument_spec"]
    validated = {name: value for name, value in outcome.validated_parameters.items() if name in names}
    for value in snapshot.values():
        validated["snapshot"] = value
    complaints = [
        f"{at}{error}" for error in outcome.errors if not isinstance(error, UnsupportedError)
    ]
    for unknown in sorted(outcome.unsupported_parameters, key=str):
        path = unknown if isinstance(unknown, tuple) else (unknown,)
        known = names[path[0]]["options"] if len(path) > 1 else names
        complaints.append(f"{at}{'.'.join(path[:-1])}{'.' if path[:-1] else ''}{unknown_name(path[-1], known)}")
    return validated, complaints


def unknown_name(name, known):
    """Says that a name is unknown, and which one was probably meant."""
    near = get_close_matches(str(name), [str(other) for other in known], n=1)
    return f"{name} is unknown" + (f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}")


def with_words(control):
    """Settings with words for the numbers that auditctl takes."""
    spoken = dict(control)
    for setting, words in SETTING_WORDS.items():
        value = spoken.get(setting)
        if not isinstance(value, bool) and str(value).isdigit() and int(value) < len(words):
            spoken[setting] = words[int(value)]
    return spoken
