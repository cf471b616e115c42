# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role linux.audit.policy does besides its one task.

It is done within that task: one more costs Ansible as much for each host as the whole comparison, also one that is skipped.
"""

from __future__ import annotations

import json
import os
import re

import yaml
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.linux.audit.plugins.module_utils import options
from ansible_collections.linux.audit.plugins.module_utils.request import plain
from ansible_collections.linux.audit.plugins.module_utils.validation import validate

PREFIX = "audit_policy_"

#: The variables that the drop-ins are collected from, and what the collection calls them.
COLLECTED = {
    f"{PREFIX}src": {"type": "list", "elements": "str", "default": []},
    f"{PREFIX}templates": {"type": "list", "elements": "str", "default": []},
    f"{PREFIX}control": {"type": "dict", "default": {}},
    f"{PREFIX}control_name": {"type": "str", "default": "99-finalize"},
    f"{PREFIX}remove": {"type": "list", "elements": "str", "default": []},
}
#: The variables about a reboot.
REBOOT = {
    f"{PREFIX}reboot": {"type": "bool", "default": False},
    f"{PREFIX}reboot_timeout": {"type": "int", "default": 600},
    f"{PREFIX}reboot_command": {"type": "str"},
}
#: The variables about a question: whether it is asked who made the differences.
QUESTION = {f"{PREFIX}culprit": {"type": "bool", "default": True}}
VARIABLES = {**COLLECTED, **REBOOT, **QUESTION}
#: Options that have another name among the variables.
OTHERWISE = {"policy": "benchmarks"}
#: What the role says by itself: its drop-ins are all that these could say, and going back is an entry point of its own.
BY_THE_ROLE = ("name", "rules", "src", "control", "snapshot", "force")
#: The variables by the names of the options.
BY_OPTION = {
    name: PREFIX + OTHERWISE.get(name, name) for name in options.apply_specification()["argument_spec"] if name not in BY_THE_ROLE
}
#: What of a policy a host can be asked for, and what says where. The rest is about how to get there.
EXPECTED = ("state", "drop_ins", "policy", "purge", "keep", "on_missing", "unknown_syscalls", "loader_unknown", "perm_syscalls", "allow_empty")
WHERE = ("root", "rules_dir", "kernel", "arch", "ordering")
#: Options that say nothing when they are false or empty: a state that has no use for them takes that for an error too.
SAY_NOTHING_WHEN_FALSE = ("purge", "lock_anyway", "adopt")
SAY_NOTHING_WHEN_EMPTY = ("drop_ins", "policy", "keep")
#: What the role sets itself.
RESULTS = ("audit_policy_result", "audit_policy_evidence", "audit_policy_reboot_required", "audit_policy_pending")

# The program warns of settings that a later drop-in overrules. A test holds these words to its own.
_OVERRULED = re.compile(r" does not survive the next boot: .*/(.+)[.]rules:")


def is_task_of(task):
    """Whether a task is that of the role: its arguments are the names of variables."""
    return task.args.get("state") == f"{PREFIX}state"


def is_question_of(task):
    """Whether a task asks if the host holds what the variables of the role say."""
    return task.args.get("operation") == "gather" and task.args.get("expect") == f"{PREFIX}state"


def variables_of(arguments, variables):
    """The variables of the role among those of the task. arguments: their names by those of the options."""
    return {name: variables[name] for name in (*arguments.values(), *VARIABLES) if name in variables}


def read(variables):
    """Gives the values of VARIABLES by their names without PREFIX, and a list of complaints."""
    said, complaints = validate({"argument_spec": VARIABLES}, plain({name: variables[name] for name in VARIABLES if name in variables}))
    return {name[len(PREFIX):]: value for name, value in said.items()}, complaints


def to_options(given, said, drop_ins):
    """Gives the options for the module, None where the policy is empty, and a list of complaints.

    given: the values of the variables by the names of the options. said: what read gave. drop_ins: a DropIns.
    """
    made = {name: value for name, value in given.items() if value is not None}
    made["drop_ins"] = drop_ins.collect([given.get("drop_ins") or {}], **{name[len(PREFIX):]: said[name[len(PREFIX):]] for name in COLLECTED})
    if drop_ins.complaints:
        return {}, drop_ins.complaints
    brings = bool(made["drop_ins"] or made.get("policy"))
    # A variable that is misspelt would otherwise make a policy that says nothing, and is fulfilled.
    if not brings and not _true(made.get("allow_empty")):
        return None, []
    for name in SAY_NOTHING_WHEN_EMPTY:
        if not made.get(name):
            made.pop(name, None)
    for name in SAY_NOTHING_WHEN_FALSE:
        if not _true(made.get(name)):
            made.pop(name, None)
    # Where there are no drop-ins neither has a use, but that what is purged may be all. What a benchmark says of headers
    # counts where nothing else is said.
    if not brings or _true(made.get("header")):
        made.pop("header", None)
    if not brings and "purge" not in made:
        made.pop("allow_empty", None)
    return made, []


def to_question(wanted, has_culprit):
    """Gives the request to gather whether a host holds what a request to apply wants, and a list of complaints."""
    target = wanted.get("target", "auto")
    if target == "runtime":
        return {}, [f"{PREFIX}target: with runtime the files are no part of the policy, and evidence is of files, kernel and next boot"]
    request = {"operation": "gather", "details": False, **{name: wanted[name] for name in WHERE if name in wanted}}
    request["expect"] = {name: wanted[name] for name in EXPECTED if name in wanted}
    if target == "filesystem":
        request["source"] = "filesystem"
    # Who made a difference between files and kernel is known where both are read.
    elif has_culprit and wanted.get("root", "/") == "/":
        request["culprit"] = True
    return request, []


def about_variables(given, complaints):
    """Complaints about options with the names of the variables, where there are such; else those that were given."""
    known = options.apply_specification()["argument_spec"]
    named = {name: PREFIX + OTHERWISE.get(name, name) for name in known}
    specification = {"argument_spec": {named[name]: option for name, option in known.items()}}
    found = validate(specification, plain({named[name]: value for name, value in given.items() if name in named}))[1]
    return found or complaints


def remarks(report):
    """What a run has to say besides its diff, as sentences."""
    rules, pending = report.get("rules") or {}, report.get("pending") or {}
    overruling = dict.fromkeys(found[1] for found in map(_OVERRULED.search, report.get("warnings") or []) if found)
    parts = {
        "left out on this host": [f"{each['rule']} ({each['file']}:{each['line']}): {each['reason']}" for each in rules.get("skipped") or []],
        "in an earlier drop-in too": [f"{each['rule']} ({each['same_as']})" for each in rules.get("deduplicated") or []],
        "settings that another drop-in overrules at boot": [
            f"{name} comes later and has the last word on settings. Remove it by audit_policy_remove: [{name}], or let yours come later "
            "by audit_policy_control_name: zz-finalize" for name in overruling
        ],
        "loaded by the next boot": pending.get("load"),
        "unloaded by the next boot": pending.get("unload"),
        "set by the next boot": pending.get("control"),
    }
    return [f"{about}: {'; '.join(each if isinstance(each, str) else json.dumps(each) for each in part)}" for about, part in parts.items() if part]


def after_boot(before, now):
    """The result of the role from its reports before and after the reboot."""
    kept = {name: before[name] for name in ("undo", "diff") if name in before}
    if now.get("reboot_required") and not now.get("failed"):
        waiting = json.dumps(now["pending"])
        now = {**now, "failed": True, "msg": f"The boot has not loaded what waited for it: {waiting}. Is the unit that loads the rules, "
                                             "audit-rules.service or auditd.service, enabled?"}
    return {**now, **kept, "changed": True}


def nothing_said(variables, role_path):
    """What a policy that says nothing is answered with: probably a variable is misspelt. role_path: where the role is."""
    with open(os.path.join(role_path, "meta", "argument_specs.yml"), encoding="utf-8") as file:
        entries = yaml.safe_load(file)["argument_specs"].values()
    known = {name for entry in entries for name in entry["options"]}.union(RESULTS)
    unknown = sorted(name for name in variables if re.match("_?audit_?pol", name) and "__" not in name and name not in known)
    told = f" These variables are not of this role: {', '.join(unknown)}." if unknown else ""
    return (
        "The policy is empty: audit_policy_src, audit_policy_templates, audit_policy_drop_ins, audit_policy_control, audit_policy_remove "
        "and audit_policy_benchmarks all say nothing. If that is meant, say audit_policy_allow_empty: true; the role then loads what "
        f"rules.d has.{told}"
    )


def _true(value):
    return boolean(value, strict=False)
