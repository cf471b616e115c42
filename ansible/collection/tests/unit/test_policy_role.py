# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role says and does around its one task."""

from __future__ import annotations

from pathlib import Path

import yaml

from ansible_collections.linux.audit.plugins.plugin_utils import policy_role

ROLE = Path(__file__).parents[2] / "roles/policy"
NOTHING = {"load": [], "unload": [], "control": []}


def test_a_run_with_nothing_special_has_no_remark():
    assert policy_role.remarks({"rules": {"skipped": [], "deduplicated": []}, "pending": NOTHING, "warnings": ["other"]}) == []
    # A run that failed early has neither part.
    assert policy_role.remarks({"failed": True}) == []


def test_what_was_left_out_and_what_waits_is_said_in_a_sentence_each():
    report = {
        "rules": {
            "skipped": [{"rule": "-w /opt/x -p wa", "file": "/etc/audit/rules.d/30-a.rules", "line": 2, "reason": "/opt does not exist"}],
            "deduplicated": [{"rule": "-w /etc/passwd -p wa", "same_as": "/etc/audit/rules.d/30-a.rules:3"}],
        },
        "pending": {**NOTHING, "load": ["-w /etc/hosts -p wa", "-w /etc/group -p wa"], "control": [{"setting": "enabled", "value": 2}]},
    }
    assert policy_role.remarks(report) == [
        "left out on this host: -w /opt/x -p wa (/etc/audit/rules.d/30-a.rules:2): /opt does not exist",
        "in an earlier drop-in too: -w /etc/passwd -p wa (/etc/audit/rules.d/30-a.rules:3)",
        "loaded by the next boot: -w /etc/hosts -p wa; -w /etc/group -p wa",
        'set by the next boot: {"setting": "enabled", "value": 2}',
    ]


def test_after_a_boot_the_way_back_and_the_diff_are_those_of_the_change():
    before = {"changed": True, "undo": {"version": 1}, "diff": [{"prepared": "x"}], "reboot_required": True}
    after = policy_role.after_boot(before, {"changed": False, "reboot_required": False, "pending": NOTHING})
    assert not after.get("failed") and after["changed"] and after["undo"] == before["undo"] and after["diff"] == before["diff"]


def test_what_still_waits_after_the_boot_fails():
    after = policy_role.after_boot({"changed": True}, {"changed": False, "reboot_required": True, "pending": {**NOTHING, "load": ["-w /etc/hosts -p wa"]}})
    assert after["failed"] and "-w /etc/hosts -p wa" in after["msg"] and "audit-rules.service" in after["msg"]


def test_the_question_is_about_the_variables_that_the_task_of_the_role_names():
    (task,) = yaml.safe_load((ROLE / "tasks/converge.yml").read_text())
    assert policy_role.BY_OPTION == task["linux.audit.audit_rules"]
    assert {*policy_role.EXPECTED, *policy_role.WHERE} <= {*policy_role.BY_OPTION}


def test_a_question_has_what_is_wanted_and_where_and_nothing_of_how_to_get_there():
    drop_ins = {"30-a": {"rules": ["-w /etc/passwd -p wa"]}}
    wanted = {"operation": "apply", "state": "exact", "drop_ins": drop_ins, "root": "/", "ordering": "strict", "mode": "0640", "backup": True, "keep": ["x*"]}
    request, complaints = policy_role.to_question(wanted, True)
    assert complaints == [] and request == {
        "operation": "gather", "details": False, "culprit": True, "root": "/", "ordering": "strict",
        "expect": {"state": "exact", "drop_ins": drop_ins, "keep": ["x*"]},
    }


def test_who_made_a_difference_is_asked_where_files_and_kernel_are_read():
    for wanted, has_culprit, asks in (({}, True, True), ({}, False, False), ({"root": "/srv"}, True, False), ({"target": "filesystem"}, True, False)):
        assert ("culprit" in policy_role.to_question(wanted, has_culprit)[0]) == asks, wanted
    assert policy_role.to_question({"target": "filesystem"}, True)[0]["source"] == "filesystem"
    assert "audit_policy_target" in policy_role.to_question({"target": "runtime"}, True)[1][0]


def test_every_variable_of_the_role_is_documented_with_the_default_that_it_has_here():
    entries = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]
    documented = {**entries["main"]["options"], **entries["gather"]["options"]}
    (task,) = yaml.safe_load((ROLE / "tasks/converge.yml").read_text())
    used = {*task["linux.audit.audit_rules"].values(), *policy_role.VARIABLES}
    assert used == set(documented)
    for name, option in policy_role.VARIABLES.items():
        assert option.get("default") == documented[name].get("default") and option["type"] in (documented[name]["type"], "list"), name
