# SPDX-License-Identifier: Apache-2.0
"""
The state functions, as Salt tests its own: the execution module is a stand-in.
"""

import pytest
from salt.exceptions import CommandExecutionError

from place import load

states = load("_states", "audit_rules")

PLANNED = {
    "changed": True,
    "failed": False,
    "msg": "30-identity: 1 rule to load, 1 rule to move, 1 file to write",
    "outcome": "planned",
    "diff": {"prepared": "--- before\n+++ after\n"},
    "plan": {
        "files": [{"path": "/etc/audit/rules.d/30-identity.rules", "action": "create"}],
        "kernel": [
            {"do": "load", "rule": "-w /a -p wa", "because": "missing"},
            {"do": "unload", "rule": "-w /b -p wa", "because": "order"},
            {"do": "load", "rule": "-w /b -p wa", "because": "order"},
            {"do": "unload", "rule": "-w /c -p wa", "because": "no longer wanted"},
        ],
        "control": [{"setting": "backlog_limit", "before": 64, "after": 8192}],
    },
    "reboot_required": False,
    "warnings": [],
}
APPLIED = dict(PLANNED, outcome="applied", undo={"operation": "apply"})
UNCHANGED = {
    "changed": False,
    "failed": False,
    "msg": "30-identity: nothing to do",
    "outcome": "unchanged",
    "reboot_required": False,
}
FAILED = {
    "changed": False,
    "failed": True,
    "msg": "nothing was changed: 2 problems: ...",
    "outcome": "failed",
    "reboot_required": False,
    "errors": [
        {
            "message": "no architecture has a system call opne",
            "pointer": "/rules/0",
            "rule": "-S opne",
            "sentence": "no architecture has a system call opne in `-S opne` (did you mean open?)",
        },
        {"message": "must begin with /", "file": "salt://a.rules", "line": 7, "hint": "give a whole path"},
    ],
}


class Module:
    """The execution module: keeps what it is called with, answers with a report."""

    def __init__(self):
        self.calls = []
        self.report = UNCHANGED

    def apply(self, **given):
        self.calls.append(given)
        if isinstance(self.report, Exception):
            raise self.report
        return self.report


@pytest.fixture
def module():
    return Module()


@pytest.fixture
def configure_loader_modules(module, helpers):
    return {
        states: {
            "__salt__": dict(helpers, **{"audit_rules.apply": module.apply}),
            "__opts__": {"test": False},
            "__env__": "base",
        }
    }


@pytest.fixture
def dry(monkeypatch):
    monkeypatch.setitem(states.__opts__, "test", True)


def test_changes_have_files_kernel_control_and_the_diff(module):
    module.report = APPLIED
    assert states.present("30-identity", rules=["-w /a -p wa"]) == {
        "name": "30-identity",
        "result": True,
        "comment": APPLIED["msg"],
        "changes": {
            "files": {"/etc/audit/rules.d/30-identity.rules": "create"},
            "kernel": {"added": ["-w /a -p wa"], "removed": ["-w /c -p wa"], "moved": ["-w /b -p wa"]},
            "control": {"backlog_limit": {"old": 64, "new": 8192}},
            "diff": "--- before\n+++ after\n",
        },
        "undo": {"operation": "apply"},
    }


def test_a_dry_run_gives_none_and_the_same_changes(module, dry):
    module.report = PLANNED
    ret = states.present("30-identity", rules=["-w /a -p wa"])
    assert ret["result"] is None
    module.report = APPLIED
    states.__opts__["test"] = False
    assert states.present("30-identity", rules=["-w /a -p wa"])["changes"] == ret["changes"]
    assert [call["test"] for call in module.calls] == [True, False]


def test_a_dry_run_with_nothing_to_do_gives_true(dry):
    assert states.absent("30-identity") == {
        "name": "30-identity", "result": True, "changes": {}, "comment": "30-identity: nothing to do"
    }  # fmt: skip


@pytest.mark.parametrize("test", [False, True])
def test_a_failure_names_every_error_with_its_place(module, test):
    states.__opts__["test"] = test
    module.report = FAILED
    ret = states.exact("30-identity", rules=[])
    assert ret["result"] is False
    assert ret["changes"] == {}
    assert ret["comment"].splitlines() == [
        "nothing was changed: 2 problems:",
        "  rules[0]: no architecture has a system call opne in `-S opne` (did you mean open?)",
        "  salt://a.rules:7: must begin with / (give a whole path)",
    ]


def test_a_failure_that_was_not_taken_back_shows_its_changes(module):
    error = {"message": "the rule -w /a -p wa is still loaded", "kind": "stranded"}
    module.report = dict(APPLIED, failed=True, outcome="stranded", msg="the kernel refused a step", errors=[error])
    ret = states.present("30-identity", rules=[])
    assert ret["result"] is False
    assert ret["changes"]["files"]
    assert ret["comment"] == "the kernel refused a step\n  the rule -w /a -p wa is still loaded"


def test_what_was_left_out_is_in_the_comment(module):
    rules = {
        "skipped": [{"rule": "-w /opt/a -p wa", "reason": "/opt does not exist"}],
        "deduplicated": [{"rule": "-w /b -p wa", "same_as": "/etc/audit/rules.d/10-a.rules:2"}],
    }
    module.report = dict(UNCHANGED, rules=rules)
    assert states.loaded("all")["comment"].splitlines()[1:] == [
        "skipped `-w /opt/a -p wa`: /opt does not exist",
        "`-w /b -p wa` is already in /etc/audit/rules.d/10-a.rules:2",
    ]


def test_warnings_and_what_waits_for_a_boot_are_told(module):
    pending = {"load": ["-w /a -p wa"], "unload": [], "control": []}
    module.report = dict(UNCHANGED, outcome="staged", warnings=["-e 1 comes later"], reboot_required=True, pending=pending)
    ret = states.loaded("all")
    assert (ret["result"], ret["warnings"], ret["pending"]) == (True, ["-e 1 comes later"], pending)


def test_no_executable_is_a_failure_with_the_reason(module):
    module.report = CommandExecutionError("the executable audit_rules is missing")
    assert states.loaded("all") == {
        "name": "all", "result": False, "changes": {}, "comment": "the executable audit_rules is missing"
    }  # fmt: skip


def test_only_what_is_given_is_sent(module):
    states.present("30-identity", rules=["-w /a -p wa"], backup=False)
    states.present("policy", drop_ins={"30-a": {"rules": []}})
    states.loaded("all", purge=True)
    states.restored("back", snapshot={"version": 1})
    shared = {"test": False, "saltenv": "base"}
    assert module.calls == [
        dict(shared, state="present", name="30-identity", rules=["-w /a -p wa"], backup=False),
        dict(shared, state="present", drop_ins={"30-a": {"rules": []}}),
        dict(shared, state="loaded", purge=True),
        dict(shared, state="restored", snapshot={"version": 1}),
    ]


def test_the_watch_of_a_dry_run_does_not_promise_that_nothing_happens(module, dry):
    requisites = {
        "__reqs__": {"watch": []},
        "fun": "mod_watch",
        "state": "audit_rules",
        "watch": [{"file": "x"}],
        "order": 1,
    }
    ret = states.mod_watch("all", "loaded", purge=True, **requisites)
    assert ret["result"] is None
    assert "would change" in ret["comment"]
    assert module.calls == [{"state": "loaded", "test": True, "saltenv": "base", "purge": True}]
    # What a drop-in is to hold does not depend on what is watched.
    assert states.mod_watch("30-a", "absent", **requisites)["result"] is True


def test_the_watch_of_a_real_run_is_the_state_once_more(module):
    assert states.mod_watch("all", "loaded")["result"] is True
    module.report = FAILED
    assert states.mod_watch("all", "loaded")["result"] is False


def test_the_state_is_there_where_the_execution_module_is(monkeypatch):
    assert states.__virtual__() == "audit_rules"
    monkeypatch.delitem(states.__salt__, "audit_rules.apply")
    assert states.__virtual__()[0] is False
