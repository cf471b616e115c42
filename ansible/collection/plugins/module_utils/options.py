# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the modules, in the form of Ansible's argument specification.

The modules' main functions, the action plugins and the test that compares documentation, options and schema read them
here. The keys of a request that a module does not offer come from Ansible itself: check_mode and diff.
"""

from __future__ import annotations

STATES = ("present", "absent", "loaded", "exact", "restored")

#: Numbers that auditctl takes for the words of two settings, in the order of the numbers.
SETTING_WORDS = {
    "enabled": ("off", "on", "locked"),
    "failure": ("silent", "printk", "panic"),
}

CONTROL = {
    "enabled": {"type": "str", "choices": list(SETTING_WORDS["enabled"])},
    "failure": {"type": "str", "choices": list(SETTING_WORDS["failure"])},
    "backlog_limit": {"type": "int"},
    "backlog_wait_time": {"type": "int"},
    "rate_limit": {"type": "int"},
    "loginuid_immutable": {"type": "bool"},
    "ignore_errors": {"type": "bool"},
    "continue": {"type": "bool"},
}

#: What only the collection knows: where the program is, and files of the controller.
PROGRAM = {
    "executable": {"type": "str"},
    "cache": {"type": "str"},
}
SRC = {"src": {"type": "list", "elements": "str"}}

#: An entry of drop_ins.
DROP_IN = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "rules": {"type": "raw"},
    "control": {"type": "dict", "options": CONTROL},
    "mode": {"type": "raw"},
}

APPLY = {
    "state": {"type": "str", "choices": list(STATES), "default": "present"},
    "name": {"type": "str"},
    "rules": {"type": "raw"},
    "control": {"type": "dict", "options": CONTROL},
    "drop_ins": {"type": "dict"},
    "policy": {"type": "raw"},
    "target": {"type": "str", "choices": ["auto", "both", "filesystem", "runtime"], "default": "auto"},
    "root": {"type": "str"},
    "kernel": {"type": "str", "choices": ["auto", "host"], "default": "auto"},
    "rules_dir": {"type": "str"},
    "arch": {"type": "str"},
    "ordering": {"type": "str", "choices": ["relevant", "strict", "ignore"], "default": "relevant"},
    "on_locked": {"type": "str", "choices": ["stage", "fail"], "default": "stage"},
    "lock_anyway": {"type": "bool", "default": False},
    "on_duplicate": {"type": "str", "choices": ["skip", "fail"], "default": "skip"},
    "on_missing": {"type": "str", "choices": ["fail", "skip", "check_mode_skip"], "default": "fail"},
    "unknown_syscalls": {"type": "str", "choices": ["skip", "fail"], "default": "skip"},
    "loader_unknown": {"type": "str", "choices": ["number", "fail"], "default": "number"},
    "purge": {"type": "bool", "default": False},
    "keep": {"type": "list", "elements": "str", "default": []},
    "adopt": {"type": "bool", "default": False},
    "allow_empty": {"type": "bool", "default": False},
    "header": {"type": "bool"},
    "mode": {"type": "raw"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "backup": {"type": "bool", "default": False},
    "record": {"type": "bool"},
    "reset_lost": {"type": "bool", "default": False},
    "compile": {"type": "str", "choices": ["auto", "never", "always"], "default": "auto"},
    "perm_syscalls": {"type": "str", "choices": ["all", "4.2"], "default": "all"},
    "lock_timeout": {"type": "int"},
    "expedite": {"type": "str", "choices": ["auto", "never", "always"], "default": "auto"},
    "plan_id": {"type": "str"},
    "force": {"type": "bool", "default": False},
    "snapshot": {"type": "dict", "aliases": ["undo"]},
    "trace_netlink": {"type": "str"},
}

#: The operations of audit_rules_info, and the keys that each of them reads. A new one needs a line here, its keys in
#: INFO, and their documentation; the test of the options says what is missing.
INFO_OPERATIONS = {
    "gather": (
        "source", "details", "on_drift", "culprit", "export", "adopt", "files", "expect", "ordering", "arch", "root", "kernel",
        "rules_dir", "trace_netlink",
    ),
    "explain": ("rules", "files", "event", "source", "arch", "perm_syscalls", "resolve", "root", "rules_dir"),
    "lint": ("rules", "files", "archs", "product", "profile", "format", "fail_on", "ignore", "root", "rules_dir"),
    "import": ("dialect", "document", "name"),
}

#: An entry of files.
RULES_FILE = {
    "name": {"type": "str", "required": True},
    "text": {"type": "str"},
}

INFO = {
    "operation": {"type": "str", "choices": list(INFO_OPERATIONS), "required": True},
    "rules": {"type": "raw"},
    "name": {"type": "str"},
    "arch": {"type": "str"},
    "archs": {"type": "list", "elements": "str", "default": []},
    "files": {"type": "list", "elements": "dict", "options": RULES_FILE},
    "format": {"type": "str", "choices": ["report", "sarif"], "default": "report"},
    "ignore": {"type": "list", "elements": "str", "default": []},
    "product": {"type": "str"},
    "profile": {"type": "str"},
    "fail_on": {"type": "str", "choices": ["error", "warning", "info", "never"], "default": "error"},
    "perm_syscalls": APPLY["perm_syscalls"],
    "resolve": {"type": "bool", "default": False},
    "source": {"type": "str", "choices": ["both", "filesystem", "runtime"], "default": "both"},
    "on_drift": {"type": "str", "choices": ["report", "fail"], "default": "report"},
    "culprit": {"type": "bool", "default": False},
    "export": {"type": "bool", "default": False},
    "adopt": APPLY["adopt"],
    "details": {"type": "bool", "default": True},
    "expect": {"type": "raw"},
    "event": {"type": "raw"},
    "ordering": APPLY["ordering"],
    "root": {"type": "str"},
    "kernel": APPLY["kernel"],
    "rules_dir": {"type": "str"},
    "trace_netlink": {"type": "str"},
    "dialect": {"type": "str", "choices": ["libaudit-go"]},
    "document": {"type": "raw"},
}

EVENTS = {
    "rules": {"type": "raw"},
    "drop_ins": APPLY["drop_ins"],
    "policy": APPLY["policy"],
    "files": INFO["files"],
    "source": {"type": "str", "choices": ["both", "log", "kernel"], "default": "both"},
    "match": {"type": "list", "elements": "dict"},
    "since": {"type": "raw"},
    "until": {"type": "raw"},
    "seconds": {"type": "int"},
    "count": {"type": "int"},
    "limit": {"type": "int"},
    "records": {"type": "bool", "default": False},
    "format": {"type": "str", "choices": ["report", "jsonl", "pauditd"], "default": "report"},
    "output": {"type": "str"},
    "extra_attributes": {"type": "dict", "default": {}},
    "trace_netlink": {"type": "str"},
    "arch": {"type": "str"},
    "root": {"type": "str"},
    "rules_dir": {"type": "str"},
}

PROVE = {
    "rules": {"type": "raw"},
    "name": {"type": "str"},
    "keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "seconds": {"type": "int"},
    "records": {"type": "bool", "default": False},
    "trace_netlink": {"type": "str"},
    "rules_dir": {"type": "str"},
}

FLEET = {
    "dest": {"type": "path", "required": True},
    "variable": {"type": "str", "default": "audit_policy_evidence"},
    "title": {"type": "str", "default": "Audit rules of the fleet"},
    "mode": {"type": "raw", "default": "0600"},
    "fail_on": {
        "type": "list", "elements": "str", "choices": ["drift", "failed", "unreachable", "undecided", "files_only", "never"],
        "default": ["drift", "failed", "unreachable"],
    },
}


def apply_specification():
    """The specification of audit_rules, as keyword arguments of AnsibleModule and ArgumentSpecValidator."""
    which = ("name", "src", "drop_ins", "policy")
    what = ("rules", "src", "control", "drop_ins", "policy")
    single = ("name", "rules", "src", "control")
    return {
        "argument_spec": {**APPLY, **SRC, **PROGRAM},
        "mutually_exclusive": [("rules", "src"), *((several, other) for several in ("drop_ins", "policy") for other in single)],
        "required_if": [
            ("state", "present", which, True),
            ("state", "present", what, True),
            ("state", "exact", which, True),
            ("state", "exact", what, True),
            ("state", "absent", ("name", "src"), True),
            ("state", "restored", ("snapshot",)),
        ],
    }


def drop_in_specification():
    """The same for an entry of drop_ins, as keyword arguments of ArgumentSpecValidator."""
    return {
        "argument_spec": {**DROP_IN, **SRC},
        "mutually_exclusive": [("rules", "src")],
        "required_if": [("state", "present", ("rules", "src", "control"), True)],
    }


def info_specification():
    """The same for audit_rules_info."""
    return {
        "argument_spec": {**INFO, **SRC, **PROGRAM},
        # The program refuses files beside rules.
        "mutually_exclusive": [("rules", "src")],
        "required_if": [
            ("operation", "explain", ("rules", "src", "files", "event"), True),
            ("operation", "import", ("dialect", "document")),
        ],
    }


def events_specification():
    """The same for audit_events."""
    return {
        "argument_spec": {**EVENTS, **SRC, **PROGRAM},
        "mutually_exclusive": [("rules", "src"), *((one, several) for several in ("drop_ins", "policy") for one in ("rules", "src"))],
    }


def prove_specification():
    """The same for audit_prove."""
    return {"argument_spec": {**PROVE, **SRC, **PROGRAM}, "mutually_exclusive": [("rules", "src")]}


def fleet_specification():
    """The same for audit_fleet, which makes no request."""
    return {"argument_spec": FLEET}
