# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules as objects, looked at before anything is sent. What a rule means is the program's business: only names and
types are told here, since they are what a playbook gets wrong."""

from __future__ import annotations

from ansible_collections.linux.audit.plugins.module_utils.validation import unknown_name

LISTS = ("user", "task", "exit", "exclude", "filesystem", "io_uring")
ACTIONS = ("always", "never")
PROGRAMS = ("privileged",)
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "&", "&=")

#: Key of a rule object: the kinds of value that it takes.
RULE_KEYS = {
    "action": ("word",),
    "list": ("word",),
    "arch": ("text", "texts"),
    "syscalls": ("text", "number", "texts and numbers"),
    "fields": ("conditions",),
    "comparisons": ("texts",),
    "path": ("text",),
    "dir": ("text",),
    "exe": ("text",),
    "permissions": ("text",),
    "success": ("boolean",),
    "key": ("text", "texts"),
    "prepend": ("boolean",),
    "labels": ("text", "texts"),
    "programs": ("word",),
    "exclude": ("texts",),
    "auid_min": ("number",),
}
WORDS = {"action": ACTIONS, "list": LISTS, "programs": PROGRAMS}

#: Key of a condition given as an object: the kinds of value that it takes.
FIELD_KEYS = {"field": ("text",), "op": ("text",), "value": ("boolean", "number", "text")}
FIELD_NEEDS = ("field", "value")

TRUE = frozenset(("true", "yes", "on"))
FALSE = frozenset(("false", "no", "off"))


def check(rules, at="rules"):
    """Gives the rules as they are sent, and a list of complaints about them. at: what they are called there."""
    if isinstance(rules, str):
        return rules, []
    if not isinstance(rules, list):
        return rules, [f"{at}: must be a list of lines and objects, or the text of a whole rules file"]
    sent, complaints = [], []
    for place, rule in enumerate(rules):
        if isinstance(rule, dict):
            sent.append(_check_object(rule, RULE_KEYS, f"{at}[{place}]", complaints))
        elif isinstance(rule, str):
            sent.append(rule)
        elif isinstance(rule, list):
            complaints.append(f"{at}[{place}]: is a list in the list; did you mean rules: \"{{{{ a + b }}}}\" "
                              "or rules: \"{{ lists | flatten }}\"?")
        else:
            complaints.append(f"{at}[{place}]: must be a line or an object, not {_shown(rule)}")
    return sent, complaints


def _check_object(given, keys, at, complaints):
    sent = {}
    for key, value in given.items():
        if key not in keys:
            complaints.append(f"{at}.{unknown_name(key, keys)}")
        elif value is not None:
            sent[key] = _check_value(value, key, keys[key], f"{at}.{key}", complaints)
    return sent


def _check_value(value, key, kinds, at, complaints):
    if "word" in kinds:
        if value not in WORDS[key]:
            complaints.append(f"{at}: {_shown(value)} is none of {', '.join(WORDS[key])}")
        return value
    if "boolean" in kinds:
        return _check_boolean(value, kinds, at, complaints)
    if "conditions" in kinds:
        return _check_conditions(value, at, complaints)
    if isinstance(value, str) and "text" in kinds:
        return value
    if isinstance(value, str) and "number" in kinds and value.isdecimal():
        return int(value)
    if _is_number(value):
        if "number" in kinds:
            return value
        if "text" in kinds:
            return str(value)
    if isinstance(value, str) and "texts" in kinds:
        return [value]
    if isinstance(value, list) and ("texts" in kinds or "texts and numbers" in kinds):
        for entry in value:
            if not (isinstance(entry, str) or ("texts and numbers" in kinds and _is_number(entry))):
                complaints.append(f"{at}: {_shown(entry)} is no text")
        return value
    complaints.append(f"{at}: {_shown(value)} is not {' or '.join(kinds)}")
    return value


def _check_boolean(value, kinds, at, complaints):
    if isinstance(value, bool):
        return value
    if "text" in kinds:
        if isinstance(value, str) or _is_number(value):
            return value
    elif isinstance(value, str) and value.lower() in TRUE | FALSE:
        return value.lower() in TRUE
    complaints.append(f"{at}: {_shown(value)} is not {' or '.join(kinds)}")
    return value


def _check_conditions(value, at, complaints):
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        complaints.append(f"{at}: must be a list of conditions such as \"auid>=1000\", not {_shown(value)}")
        return value
    sent = []
    for place, condition in enumerate(value):
        here = f"{at}[{place}]"
        if isinstance(condition, dict):
            for key in FIELD_NEEDS:
                if condition.get(key) is None:
                    complaints.append(f"{here}: {key} is missing")
            sent.append(_check_object(condition, FIELD_KEYS, here, complaints))
            operator = condition.get("op")
            if isinstance(operator, str) and operator not in OPERATORS:
                complaints.append(f"{here}.op: {_shown(operator)} is none of {', '.join(OPERATORS)}")
        elif isinstance(condition, str):
            sent.append(condition)
        else:
            complaints.append(f"{here}: {_shown(condition)} is no condition")
    return sent


def _is_number(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value):
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
