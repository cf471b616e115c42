# SPDX-License-Identifier: Apache-2.0
"""
The formula by the commands that an administrator gives.
"""

import os
import stat

import pytest
from salt.utils import yaml

from place import PROJECT

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the formula installs a file of root")


@pytest.fixture
def pillar(fresh):
    """The example, for a host that is a directory."""

    def fill(**changed):
        example = yaml.safe_load((PROJECT / "salt/pillar.example").read_text())["audit_rules"]
        example["lookup"]["executable"] = str(fresh.libexec / "audit_rules")
        example["root"] = str(fresh.image)
        example.update(changed)
        fresh.pillar(audit_rules={key: value for key, value in example.items() if value is not None})

    fill()
    return fill


def by_id(returns):
    return {entry["__id__"]: entry for entry in returns.values()}


def test_a_new_minion_starts_with_a_dry_run_of_the_example(fresh, pillar):
    program = fresh.libexec / "audit_rules"
    status, returns = fresh.salt_call("state.apply", "audit_rules", "test=True")
    dry = by_id(returns)
    assert status == 0
    assert [dry[name]["result"] for name in ("audit_rules_program", "audit_rules_policy")] == [None, None]
    assert not program.exists() and not list(fresh.drop_ins.iterdir())

    status, returns = fresh.salt_call("state.apply", "audit_rules")
    real = by_id(returns)
    assert status == 0
    assert real["audit_rules_policy"]["changes"] == dry["audit_rules_policy"]["changes"]
    assert stat.S_IMODE(program.stat().st_mode) == 0o755
    names = ["10-base.rules", "30-identity.rules", "40-time.rules", "99-finalize.rules"]
    assert sorted(path.name for path in fresh.drop_ins.iterdir()) == names

    # Somebody changes a file and the executable.
    status, returns = fresh.salt_call("state.apply", "audit_rules")
    assert status == 0 and not any(entry["changes"] for entry in returns.values())
    (fresh.drop_ins / "40-time.rules").unlink()
    program.write_bytes(b"broken")
    status, returns = fresh.salt_call("state.apply", "audit_rules")
    drifted = by_id(returns)
    assert status == 0
    assert drifted["audit_rules_program"]["changes"]
    assert drifted["audit_rules_policy"]["changes"]["files"] == {"/etc/audit/rules.d/40-time.rules": "create"}


def test_a_mistake_in_the_pillar_fails_the_command(fresh, pillar):
    pillar(drop_ins={"30-a": {"rules": ["-w etc/passwd -p wa"]}}, on_missing="maybe")
    status, returns = fresh.salt_call("state.apply", "audit_rules")
    failed = by_id(returns)["audit_rules_policy"]
    assert status != 0
    assert failed["result"] is False
    assert "on_missing" in failed["comment"]


@pytest.mark.parametrize(
    "given, said",
    [
        (None, "the pillar audit_rules must be a dictionary, and is null"),
        ("present", 'the pillar audit_rules must be a dictionary, and is "present"'),
        ({"lookup": "no"}, "the pillar audit_rules:lookup must be a dictionary with install, executable or package, "
         'and is "no"'),
        ({"drop_ins": None, "keep": None}, "the pillar audit_rules:drop_ins is null; leave it out, or give it a value; "
         "the pillar audit_rules:keep is null; leave it out, or give it a value"),
    ],
)  # fmt: skip
def test_a_pillar_that_is_none_is_told_in_one_sentence(minion, given, said):
    minion.pillar(audit_rules=given)
    # A dry run: a pillar that were taken for one would be that of the machine that runs the tests.
    returns = minion.call("state.apply", "audit_rules", test=True)
    assert isinstance(returns, dict), returns
    assert [(entry["__id__"], entry["result"]) for entry in returns.values()] == [
        ("audit_rules_program", False), ("audit_rules_policy", False)
    ]  # fmt: skip
    assert next(iter(returns.values()))["name"] == said


@pytest.mark.parametrize(
    "pillars, said",
    [
        ({}, "the pillar audit_rules is not there."),
        ({"audit_rule": {"drop_ins": {"x": {"rules": ["# x"]}}}, "auditd": 1, "other": 1},
         "the pillar audit_rules is not there; beside it there is audit_rule, auditd."),
        ({"audit_rules": {}}, "the pillar audit_rules has no drop_ins, benchmark, rules, source or control."),
        ({"audit_rules": {"drop_ins": {}, "purge": True}},
         "the pillar audit_rules has no drop_ins, benchmark, rules, source or control, only drop_ins, purge."),
        ({"audit_rules": {"dropins": {"x": {"rules": ["# x"]}}, "lookup": {"install": "none"}}},
         "the pillar audit_rules has no drop_ins, benchmark, rules, source or control, only dropins, lookup."),
    ],
    ids=["none", "misspelt", "empty", "empty drop_ins", "misspelt key"],
)  # fmt: skip
def test_a_pillar_that_asks_for_nothing_is_no_policy(minion, pillars, said):
    minion.pillar(**pillars)
    # By the command, which knows nothing of the pillar of another test; and a dry run: taken for a policy it would be that of
    # the machine that runs the tests.
    status, returns = minion.salt_call("state.apply", "audit_rules.policy", "test=True")
    failed = by_id(returns)["audit_rules_policy"]
    assert status != 0 and failed["result"] is False, returns
    assert failed["name"].startswith("the policy is empty: " + said), failed["name"]
    assert "audit_rules: {allow_empty: true}" in failed["name"]


def test_an_empty_policy_that_is_meant_loads_what_is_there(minion):
    (minion.drop_ins / "30-a.rules").write_text("-w /etc/passwd -p wa -k a\n")
    lookup = {"install": "none", "executable": minion.executable}
    minion.pillar(audit_rules={"allow_empty": True, "root": str(minion.image), "lookup": lookup})
    returns = by_id(minion.call("state.apply", "audit_rules", test=True))
    assert returns["audit_rules_policy"]["result"] is not False, returns


def test_the_executable_alone_needs_no_policy(minion):
    minion.pillar(audit_rules={"lookup": {"install": "none", "executable": minion.executable}})
    returns = by_id(minion.call("state.apply", "audit_rules.program", test=True))
    assert returns["audit_rules_program"]["result"] is True, returns


def test_a_machine_without_an_executable_is_told(fresh, pillar):
    fresh.write("minion", (fresh.directory / "minion").read_text() + "grains: {cpuarch: vax}\n")
    status, returns = fresh.salt_call("state.apply", "audit_rules")
    assert status != 0
    failed = by_id(returns)
    assert failed["audit_rules_program"]["result"] is False
    assert failed["audit_rules_program"]["name"].startswith("there is no executable for vax, only for ")
    assert failed["audit_rules_policy"]["result"] is False


def test_an_installed_executable_is_used(fresh, pillar, executable):
    pillar(lookup={"install": "none", "executable": executable}, state="exact", keep=["90-*"])
    (fresh.drop_ins / "20-other.rules").write_text("-w /etc/other -p wa\n")
    status, returns = fresh.salt_call("state.apply", "audit_rules")
    assert status == 0
    assert by_id(returns)["audit_rules_policy"]["changes"]["files"]["/etc/audit/rules.d/20-other.rules"] == "remove"


def test_the_execution_module_from_the_command_line(minion):
    root = "root=" + str(minion.image)
    (minion.drop_ins / "30-a.rules").write_text("-w /etc/passwd -p wa -k a\n-a always,exit -F arch=b64 -S opne\n")
    assert (
        minion.salt_call("audit_rules.list_rules", root)[1]["files"]["/etc/audit/rules.d/30-a.rules"][0]
        == "-w /etc/passwd -p wa -k a"
    )
    status, found = minion.salt_call("audit_rules.lint", root)
    assert (status, found["counts"]["error"]) == (1, 1)
    status, found = minion.salt_call("audit_rules.drift", root)
    # The files are enough to say so: the boot load stops at one of them.
    assert (status, found["in_sync"]) == (0, False)
    status, found = minion.salt_call("audit_rules.apply", "present", "40-b", root, "rules=[-w /etc/b -p wa]", "test=True")
    assert (status, found["outcome"]) == (0, "planned")
    status, (line,) = minion.salt_call("audit_rules.explain", "rules=[-w /etc/b -p wa]")
    assert (status, line["accepted"]) == (0, True)


def test_a_benchmark_of_the_pillar_is_a_policy(minion):
    lookup = {"install": "none", "executable": minion.executable}
    benchmark = [{"name": "stig", "product": "rhel9", "without": [{"what": "RHEL-09-654275", "reason": "no lock here"}]}]
    minion.pillar(audit_rules={"benchmark": benchmark, "on_missing": "skip", "root": str(minion.image), "lookup": lookup})
    policy = by_id(minion.call("state.apply", "audit_rules"))["audit_rules_policy"]
    assert policy["result"] is True and "/etc/audit/rules.d/30-stig.rules" in policy["changes"]["files"], policy
    assert policy["policy"][0]["left_out"][0]["reason"] == "no lock here"
    again = by_id(minion.call("state.apply", "audit_rules"))["audit_rules_policy"]
    assert again["result"] is True and not again["changes"], again
