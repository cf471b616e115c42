# SPDX-License-Identifier: Apache-2.0
"""
Requests as bytes, reports read, problems as sentences.
"""

import datetime
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import audit_rules_report as report  # noqa: E402
import audit_rules_request as request  # noqa: E402


def test_a_request_travels_as_json_with_its_text_unchanged():
    given = {"rules": "# ü\\n\n", "keep": [1, True]}
    assert json.loads(request.encode(given).decode("utf-8")) == given
    assert json.loads(request.encode({"key": datetime.date(2026, 1, 2)}).decode()) == {"key": "2026-01-02"}


def test_a_request_that_cannot_be_read_is_refused():
    with pytest.raises(ValueError, match="at most 16777216 are read"):
        request.encode({"rules": "x" * request.MOST_BYTES})
    with pytest.raises(ValueError, match="not UTF-8"):
        request.encode({"rules": "\udc80"})


def test_a_whole_undo_object_gives_its_root_unless_another_is_given():
    undo = {"operation": "apply", "state": "restored", "root": "/a", "target": "both", "snapshot": {"version": 1}}
    wanted = {"snapshot": undo, "target": "filesystem"}
    request.unwrap_undo(wanted)
    assert wanted == {"snapshot": {"version": 1}, "root": "/a", "target": "filesystem"}
    request.unwrap_undo(wanted)
    assert wanted["snapshot"] == {"version": 1}


def written(text, status=0):
    return {"rc": status, "stdout": text, "stderr": "why"}


def test_a_report_is_found_between_what_a_login_says():
    assert report.read(written('Welcome\n{ no json\n[1]\n{"failed": false}\nbye\n')) == {"failed": False}
    assert report.read(written('{"failed": tru')) is None


def test_a_bad_end_is_a_failure_whatever_the_report_says():
    found = report.read(written('{"failed": false, "msg": "m"}', 137))
    assert found["failed"] is True and "m (exit status 137; stderr: why)" in found["msg"]


@pytest.mark.parametrize(
    "problem, text",
    [
        ({"message": "m"}, "m"),
        ({"message": "m", "pointer": "/rules/3"}, "rules[3]: m"),
        ({"message": "m", "pointer": "/drop_ins/50/rules/1/fields/0", "line": 2}, "drop_ins.50.rules[1].fields[0] line 2: m"),
        ({"message": "m", "pointer": "/expect/drop_ins/50-x/rules/0"}, "expect.drop_ins.50-x.rules[0]: m"),
        ({"message": "m", "pointer": "/drop_ins/a~1b~0c/state"}, "drop_ins.a/b~c.state: m"),
        ({"message": "m", "file": "/a", "pointer": "/rules"}, "/a: m"),
        ({"message": "m", "file": "/a", "line": 3, "rule": "-w a"}, "/a:3: m in `-w a`"),
        (
            {"message": "m", "rule": "-S opne", "sentence": "m in `-S opne` (did you mean open?)"},
            "m in `-S opne` (did you mean open?)",
        ),
        ({"message": "m", "fix": {"text": "say more"}}, "m (say more)"),
    ],
)
def test_a_problem_is_a_sentence_with_its_place(problem, text):
    assert report.sentence(problem) == text


def test_a_message_has_every_problem_once_up_to_a_bound():
    errors = [{"message": "problem {}.".format(number)} for number in range(report.MOST_SHOWN + 1)]
    assert report.message({"msg": "nothing was changed: problem 0.", "errors": errors[:1]}) == "nothing was changed: problem 0."
    assert report.message({"msg": "stranded: problem 0.", "errors": errors[:2]}) == "stranded: problem 0.\n  problem 1."
    omitted = report.message({"msg": "nothing was changed: all", "errors": errors, "errors_omitted": 80}).splitlines()
    assert omitted[0] == "nothing was changed: {} problems:".format(len(errors) + 80)
    assert omitted[-1] == "  and 81 more; the list errors has {} of them".format(len(errors))
    lines = report.message({"msg": "nothing was changed: all", "errors": errors}).splitlines()
    assert lines[0] == "nothing was changed: {} problems:".format(len(errors))
    assert len(lines) == report.MOST_SHOWN + 2 and lines[-1] == "  and 1 more; the list errors has all of them"


@pytest.mark.parametrize(
    "msg, pointer, more, text",
    [
        ("50-x: /rules/0: the kernel refuses it in `-w /a`; taken back", "/rules/0", {}, "50-x: rules[0]: the kernel"),
        (
            "2 drop-ins: /drop_ins/50-x/rules/1: the kernel refuses it",
            "/drop_ins/50-x/rules/1",
            {},
            "drop_ins.50-x.rules[1]: the",
        ),
        ("a: /rules line 3: the kernel refuses it; taken back", "/rules", {"line": 3}, "a: rules line 3: the kernel refuses"),
        # The place in the caller's own file is known to the caller.
        (
            "a: /rules line 3: the kernel refuses it; taken back",
            "/rules",
            {"line": 1, "file": "b.rules"},
            "a: b.rules:1: the kernel",
        ),
        ("1 event; 1 not as expected: /event/0: the kernel refuses it", "/event/0", {}, "expected: event[0]: the kernel"),
        ("a: /control/failure: the kernel refuses it", "/control/failure", {}, "a: control.failure: the kernel"),
    ],
)
def test_a_message_names_places_as_the_options_of_the_caller(msg, pointer, more, text):
    errors = [dict(more, message="the kernel refuses it", sentence="the kernel refuses it in `-w /a`", pointer=pointer)]
    said = report.message({"msg": msg, "errors": errors})
    assert text in said and pointer + ":" not in said and pointer + " line" not in said
    assert report.message({"msg": said, "errors": errors}) == said


def test_a_path_that_looks_like_a_pointer_stays():
    errors = [{"message": "gone", "pointer": "/rules/0"}]
    assert report.message({"msg": "a: /srv/rules/0: gone", "errors": errors}) == "a: /srv/rules/0: gone"


def test_the_drop_ins_that_overrule_settings_are_named_once():
    warnings = [
        "backlog_limit 16384 (/etc/audit/rules.d/99-finalize.rules:2) does not survive the next boot: "
        "/etc/audit/rules.d/audit.rules:2 sets 8192",
        "failure 2 does not survive the next boot: /etc/audit/rules.d/audit.rules:4 sets 1",
        "rate_limit 0 does not survive the next boot: /ab/zz.rules:4 sets 1",
        "something else",
    ]
    assert report.overruling({"warnings": warnings}) == ["audit", "zz"]
    assert report.overruling({}) == []
