# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the program's output to the result of a task."""

from __future__ import annotations

import json

import pytest

from ansible_collections.linux.audit.plugins.plugin_utils import answer
from ansible_collections.linux.audit.plugins.plugin_utils.sources import Sources


def output(report, status=0, before="", after="", stderr=""):
    text = report if isinstance(report, str) else json.dumps(report) + "\n"
    return {"rc": status, "stdout": before + text + after, "stderr": stderr}


GOOD = {"changed": True, "failed": False, "msg": "30-x: 1 file written", "outcome": "applied", "warnings": ["w"]}


def failed(*errors, outcome="failed", msg="nothing was changed: all of it"):
    return {"changed": False, "failed": True, "msg": msg, "outcome": outcome, "errors": list(errors)}


def test_a_good_report_is_the_result():
    assert answer.result(output(GOOD)) == GOOD


@pytest.mark.parametrize("before", ["Welcome!\n", "@audit_rules version audit_rules 0.1.0\n", "{ not json\n", "[1]\n"])
def test_what_stands_around_the_report_does_not_matter(before):
    assert answer.result(output(GOOD, before=before, after="logout\n")) == GOOD


@pytest.mark.parametrize("text", ["", "{\"changed\": tr", "[]", "null\n", "text\n"])
def test_no_report_is_a_failure_with_what_came_instead(text):
    result = answer.result(output(text, status=0, stderr="why"))
    assert result["failed"] is True and result["changed"] is False
    assert result["msg"].startswith("no report came back: exit status 0") and "why" in result["msg"]
    assert "rc" not in result


def test_a_bad_end_is_a_failure_also_after_a_good_report():
    result = answer.result(output(GOOD, status=137))
    assert result["failed"] is True and "exit status 137" in result["msg"] and result["changed"] is True


def test_where_a_program_may_not_run_the_remedy_is_named():
    text = answer.result({"rc": 126, "stdout": "", "stderr": "sh: ./audit_rules: Permission denied"})["msg"]
    assert "Permission denied" in text and "option executable" in text
    assert answer.result({"rc": 126, "stdout": "", "stderr": ""}, remedy="Do that.")["msg"].endswith("Do that.")


def test_long_output_is_cut():
    assert len(answer.result(output("x" * 10_000))["msg"]) < 1000


@pytest.mark.parametrize("error, text", [
    ({"message": "m"}, "m"),
    ({"message": "m", "pointer": "/rules/3"}, "rules[3]: m"),
    ({"message": "m", "pointer": "/rules", "line": 3}, "rules line 3: m"),
    ({"message": "m", "pointer": "/drop_ins/50-cis/rules/12"}, "drop_ins.50-cis.rules[12]: m"),
    ({"message": "m", "pointer": "/drop_ins/50/rules/1/fields/0"}, "drop_ins.50.rules[1].fields[0]: m"),
    ({"message": "m", "pointer": "/control/enabled"}, "control.enabled: m"),
    ({"message": "m", "file": "/etc/x", "line": 7}, "/etc/x:7: m"),
    ({"message": "m", "file": "/etc/x"}, "/etc/x: m"),
    ({"message": "m", "pointer": ""}, "m"),
    ({"message": "m", "rule": "-w x", "sentence": "m in `-w x` (did you mean open?)"}, "m in `-w x` (did you mean open?)"),
    ({"message": "m", "hint": "do that"}, "m (do that)"),
    ({"message": "m", "fix": {"text": "take it out"}}, "m (take it out)"),
])
def test_problems_are_told_in_the_words_of_a_playbook(error, text):
    assert answer.sentence(error) == text


def test_one_problem_is_on_the_line_itself():
    assert answer.result(output(failed({"message": "m", "pointer": "/name"}), 1))["msg"] == "nothing was changed: name: m"


def test_a_rollback_keeps_its_first_line_and_adds_what_it_does_not_say():
    report = failed({"message": "the kernel said no"}, {"message": "and more"}, outcome="rolled_back",
                    msg="the host is as before: the kernel said no")
    assert answer.result(output(report, 1))["msg"] == "the host is as before: the kernel said no\n  and more"


def test_places_in_rules_files_are_theirs(tmp_path):
    (tmp_path / "a").write_text("# a\n-w x", encoding="utf-8")
    (tmp_path / "b").write_text("\n# b\n", encoding="utf-8")
    sources = Sources(lambda name: str(tmp_path / name), lambda path: None, None)
    text, stem = sources.read("/rules", ["a", "b"], [])
    assert text == "# a\n-w x\n\n# b\n" and stem is None
    for line, place in ((1, ("a", 1)), (2, ("a", 2)), (3, ("b", 1)), (4, ("b", 2))):
        error = {"message": "m", "pointer": "/rules", "line": line}
        sources.place(error)
        assert (error["file"], error["line"]) == place
    for error in ({"message": "m", "pointer": "/name"}, {"message": "m", "pointer": "/rules", "line": 1, "file": "/etc/x"},
                  {"message": "m", "pointer": "/rules"}):
        before = dict(error)
        sources.place(error)
        assert error == before


def test_an_empty_rules_file_and_one_alone():
    sources = Sources(lambda name: "/dev/null", lambda path: None, None)
    assert sources.read("/rules", ["x/50-cis.rules"], []) == ("", "50-cis")
