# SPDX-License-Identifier: Apache-2.0
"""
What the reports of a fleet come to: the summary, the page, the table.
"""

import csv
import io
import json
import os
import stat
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT / "module_utils"), str(PROJECT / "tests/pages")]
import audit_rules_fleet as fleet  # noqa: E402
import audit_rules_fleet_files as files  # noqa: E402
import audit_rules_fleet_page as page  # noqa: E402
import fleets  # noqa: E402

STYLE = (PROJECT / "src/html/page.css").read_text(encoding="utf-8")


def summary_of(reports, unreachable=None):
    return fleet.summarize(reports, unreachable or {}, "Fleet", "2026-12-01T03:00:00Z")


def page_of(*fleet_of_hosts):
    return page.render(summary_of(*fleet_of_hosts), STYLE)


@pytest.mark.parametrize(
    "report, state",
    [
        (fleets.report(2), "in_sync"),
        (fleets.report(2, lacking=(0,)), "drift"),
        (fleets.report(2, is_read=False), "files_only"),
        # The files alone may be enough to say that a host deviates, and never that it does not.
        (fleets.report(2, lacking=(0,), is_read=False), "drift"),
        (dict(fleets.report(2, is_read=False), in_sync=True), "files_only"),
        (dict(fleets.report(2), in_sync=None), "undecided"),
        (fleets.failed("why"), "failed"),
        ({"failed": True, "msg": "an argument of the role"}, "failed"),
        ({"msg": "no report at all"}, "failed"),
        # With on_drift: fail a report that says so failed.
        (dict(fleets.report(2, lacking=(0,)), failed=True, errors=[{"kind": "not_in_sync"}]), "drift"),
        # All rules are loaded, and nothing is recorded: the program tells these apart.
        (dict(fleets.report(2), status={"enabled": 0}), "drift"),
        # The last word of a file of others, of which the policy says nothing.
        (dict(fleets.report(2), settings={"enabled": {"running": 1, "next_boot": 0}}), "drift"),
        # A locked kernel that waits for a boot, if only to lose rules that nobody expects.
        (dict(fleets.report(2), reboot_required=True), "drift"),
        # Each rule of a control may be left out, on a host that holds all others.
        (dict(fleets.report(2), labels={"own": {"in_sync": False, "rules": []}}), "drift"),
        (dict(fleets.report(2), labels={"own": {"in_sync": None, "rules": []}}), "undecided"),
        (dict(fleets.report(2), in_sync="false"), "undecided"),
        # The program did not end well after its report.
        (dict(fleets.report(2), failed=True), "failed"),
    ],
)
def test_a_host_is_in_sync_only_where_that_is_known(report, state):
    assert fleet.state_of(report) == state


def test_where_auditing_is_off_no_control_is_held_and_that_is_what_is_said_first():
    off = dict(fleets.report(2), status={"enabled": 0}, settings={"enabled": {"running": 0, "culprit": fleets.CULPRIT}})
    found, host = differences(off)
    assert found[0][:2] == ("enabled", "auditing is off: nothing is recorded") and "mallory" in found[0][2]
    assert set(host["controls"].values()) == {"drift"}
    boot = dict(
        fleets.report(2),
        settings={"enabled": {"running": 1, "next_boot": 0, "decided_by": "/etc/audit/rules.d/99-off.rules:1"}},
    )
    found, host = differences(boot)
    assert found == [("enabled", "auditing is off from the next boot on", "")]
    assert host["differences"][0]["place"] == "/etc/audit/rules.d/99-off.rules:1"
    assert "All in sync" not in page_of({"h": off}) and fleet.failing(summary_of({"h": off}), None) == ["drift: h"]


@pytest.mark.parametrize(
    "more",
    [
        {"labels": [1]}, {"labels": {"c": None}}, {"expect": 1}, {"expect": {"rules": [{}]}}, {"drift": "x"}, {"status": 1},
        {"warnings": 7}, {"policy": 5}, {"policy": [{"name": {"a": 1}}]}, {"policy": [{"left_out": [{}]}]},
        {"omitted": {"/expect/rules": "many"}},
    ],
)  # fmt: skip
def test_what_is_no_report_is_a_failure_of_its_host_alone(more):
    summary = summary_of({"strange": dict(fleets.report(2), **more), "web": fleets.report(2)})
    assert [(host["host"], host["state"]) for host in summary["hosts"]] == [("strange", "failed"), ("web", "in_sync")]


def test_a_report_may_have_anything_in_the_place_of_text():
    evidence = dict(fleets.evidence(0), rule=1, why=["w"], file=2, labels=[3])
    report = dict(fleets.report(1, lacking=(0,)), msg=["m"], digest=4, warnings=[5, None])
    report["expect"]["rules"] = [evidence]
    summary = summary_of({"strange": report, "web": fleets.report(2)})
    assert page.render(summary, STYLE) and files.to_csv(summary) and files.to_json(summary)


def test_a_label_may_have_more_digits_than_a_number():
    found = summary_of({"h": dict(fleets.report(1), labels={"9" * 5000: {"in_sync": True, "rules": []}})})
    assert [control["control"] for control in found["controls"]] == ["9" * 5000]


@pytest.mark.parametrize(
    "fail_on, found", [(None, ["nobody was asked"]), (["failed"], ["nobody was asked"]), (["never"], []), ([], [])]
)
def test_a_gate_does_not_let_pass_a_fleet_of_nobody(fail_on, found):
    assert fleet.failing(summary_of({}), fail_on) == found


def test_hosts_that_deviate_come_first_and_numbers_are_in_their_order():
    names = [host["host"] for host in summary_of(*fleets.small())["hosts"]]
    assert names[:4] == ["db01.example.com", "db02.example.com", "old.example.com", "edge7.example.com"]
    assert [host["host"] for host in summary_of({"w10": fleets.report(1), "w9": fleets.report(1)})["hosts"]] == ["w9", "w10"]


def test_every_state_is_counted_and_told_in_one_line():
    summary = summary_of(*fleets.small())
    assert summary["counts"] == {
        "drift": 2, "failed": 1, "unreachable": 1, "undecided": 1, "files_only": 2, "in_sync": 12, "hosts": 19,
        "waiting_for_boot": 1,
    }  # fmt: skip
    assert fleet.sentence(summary) == "19 hosts: 2 drift, 1 failed, 1 unreachable, 1 undecided, 2 files only, 12 in sync"
    assert fleet.sentence(summary_of({})) == "0 hosts: nobody was asked"


def test_controls_have_the_hosts_that_deviate_and_those_of_which_it_is_open():
    controls = summary_of(*fleets.small())["controls"]
    assert controls[0] == {
        "control": fleets.control(2), "in_sync": 13, "drift": 2, "open": 2, "hosts": ["db01.example.com", "db02.example.com"],
    }  # fmt: skip
    assert [control["drift"] for control in controls] == sorted((control["drift"] for control in controls), reverse=True)


def test_hosts_that_do_the_same_are_a_group_and_digests_of_files_are_no_digests_of_kernels():
    reports = {
        "a": fleets.report(1),
        "b": fleets.report(1),
        "c": fleets.report(1, digest="x"),
        "d": fleets.report(1, is_read=False),
    }
    groups = summary_of(reports)["digests"]
    assert [(group["of"], group["hosts"]) for group in groups] == [
        ("kernel", ["a", "b"]),
        ("kernel", ["c"]),
        ("next_boot", ["d"]),
    ]
    assert "2 of 3 hosts have the same rules and settings in the kernel; 1 does not" in page_of(reports)


def differences(report):
    (host,) = summary_of({"h": report})["hosts"]
    return [(each["subject"], each["why"], each["culprit"]) for each in host["differences"]], host


def test_a_difference_says_what_lacks_why_where_and_who_made_it():
    found, host = differences(fleets.report(2, lacking=(1,)))
    why = "not loaded: it was not loaded since it stands there, or it was unloaded"
    assert found == [(fleets.rule(1), why, "certain: mallory (auid 2001) with /usr/sbin/auditctl, 2026-11-29T10:00:00.000Z")]
    assert (
        host["differences"][0]["place"] == "/etc/audit/rules.d/30-stig.rules:11"
        and host["controls"][fleets.control(1)] == "drift"
    )


@pytest.mark.parametrize(
    "rule", ["-a never,task", "-a never,exit -S all -F path=/etc/shadow", "-a always,exclude -F msgtype=SYSCALL"]
)
def test_a_rule_of_nobody_that_keeps_records_from_being_made_is_drift_and_leaves_controls_open(rule):
    report = fleets.report(2)
    report["drift"]["missing_in_filesystem"] = [{"rule": rule, "why": "it was loaded by hand", "culprit": fleets.CULPRIT}]
    found, host = differences(report)
    assert (host["state"], set(host["controls"].values()), host["besides"]) == ("drift", {"open"}, [])
    assert [each[0] for each in found] == [rule] and "keeps from being recorded" in found[0][1] and "mallory" in found[0][2]


def test_a_further_rule_that_records_is_no_drift():
    report = fleets.report(2)
    report["drift"]["missing_in_filesystem"] = [{"rule": "-w /srv -p wa", "why": "it was loaded by hand"}]
    assert fleet.state_of(report) == "in_sync"
    # One that is not told may be of the other kind.
    assert fleet.state_of(dict(report, omitted={"/drift/missing_in_filesystem": 1})) == "undecided"


def test_what_is_said_twice_is_told_once():
    report = fleets.report(1, lacking=(0,))
    report["expect"]["rules"][0]["why"] = report["drift"]["missing_in_runtime"][0]["why"] = "the path must begin with /"
    assert [each[1] for each in differences(report)[0]] == ["the path must begin with /"]


def test_settings_have_the_words_of_requests():
    setting = {
        "setting": "enabled",
        "expected": 2,
        "in_sync": False,
        "on_disk": 2,
        "running": 1,
        "next_boot": 2,
        "decided_by": "/a:3",
    }
    report = dict(fleets.report(1), in_sync=False, expect={"rules": [], "settings": [setting], "unexpected": []})
    report["settings"] = {"enabled": {"culprit": {"certainty": "likely", "time": "T", "auid": 4294967295}}}
    found, host = differences(report)
    assert found == [
        (
            "enabled",
            "expected locked, the files say locked, the kernel has on, the next boot sets locked",
            "likely: a process without login, T",
        )
    ]
    assert host["differences"][0]["place"] == "/a:3"


@pytest.mark.parametrize(
    "more, text",
    [
        ({"on_disk": False, "next_boot": False}, "in no file, not loaded, not loaded at the next boot"),
        ({"running": True, "recording": False}, "not recorded: auditing is off"),
        ({"running": True, "silent": True}, "silent"),
        (
            {"running": True, "out_of_place": ["running", "next_boot"]},
            "out of order in the kernel, out of order at the next boot",
        ),
        ({"why": "/opt does not exist"}, "/opt does not exist"),
    ],
)
def test_what_lacks_is_told_in_the_words_of_the_program(more, text):
    report = fleets.report(1, lacking=(0,))
    report["expect"]["rules"][0].update(more)
    report["drift"]["missing_in_runtime"] = []
    assert [each[1] for each in differences(report)[0]] == [text]


def test_what_is_there_and_not_expected_is_a_difference_with_its_place():
    report = dict(fleets.report(1), in_sync=False)
    report["expect"]["unexpected"] = [
        {"file": "50-x.rules"},
        {"rule": "-w /x -p wa", "file": "/f", "line": 2},
        {"rule": "-w /y -p wa"},
    ]
    found, host = differences(report)
    assert [each[:2] for each in found] == [
        ("50-x.rules", "not expected"), ("-w /x -p wa", "not expected"), ("-w /y -p wa", "loaded, and not expected"),
    ]  # fmt: skip
    assert [each["place"] for each in host["differences"]] == ["", "/f:2", ""]


def test_a_control_that_is_left_out_as_a_whole_is_a_difference_with_its_reason():
    report = dict(fleets.report(1), in_sync=False)
    report["labels"][fleets.control(0)] = {
        "in_sync": False,
        "rules": [{"rule": "-w /opt", "in_sync": True, "skipped": "/opt does not exist"}],
    }
    assert differences(report)[0] == [(fleets.control(0), "left out on this host: /opt does not exist", "")]


def test_what_the_policy_says_nothing_about_is_told_besides():
    report = fleets.report(1)
    report["drift"]["missing_in_filesystem"] = [{"rule": "-w /x -p wa", "why": "no file asks for it"}]
    found, host = differences(report)
    assert found == [] and host["state"] == "in_sync"
    assert [(each["subject"], each["why"]) for each in host["besides"]] == [("-w /x -p wa", "loaded: no file asks for it")]


def test_without_a_policy_the_drift_is_the_difference():
    report = dict(fleets.report(1), in_sync=False)
    del report["expect"]
    report["drift"].update(silent=[{"rule": "-w /x -p wa", "why": "covered"}], settings=["failure"])
    report["settings"] = {"failure": {"on_disk": 1, "running": 0}}
    assert [each[:2] for each in differences(report)[0]] == [
        ("-w /x -p wa", "silent: covered"), ("failure", "the files say printk, the kernel has silent"),
    ]  # fmt: skip


def test_the_line_at_which_the_boot_stops_is_a_difference_and_told_once():
    report = dict(
        fleets.report(1),
        in_sync=False,
        next_boot={"stops_at": {"file": "/f", "line": 3, "rule": "-w x", "why": "bad", "unread": 1}},
    )
    report["filesystem"] = {
        "errors": [
            {"rule": "-w x", "message": "bad", "places": ["/f:3"]},
            {"rule": "-w y", "message": "worse", "places": ["/f:4"]},
        ]
    }
    assert [each[:2] for each in differences(report)[0]] == [("-w x", "the next boot stops here: bad"), ("-w y", "worse")]


def test_a_line_of_others_that_fails_is_no_difference_of_a_host_that_holds_its_policy():
    stop = {"file": "/f", "line": 3, "rule": "-w x", "why": "bad", "unread": 0}
    found, host = differences(dict(fleets.report(1), next_boot={"stops_at": stop}))
    assert not found and [each["why"] for each in host["besides"]] == ["the next boot stops here: bad"]


def test_a_gate_fails_on_what_it_names():
    summary = summary_of(*fleets.small())
    assert fleet.failing(summary, ["failed", "files_only"]) == [
        "failed: old.example.com",
        "files_only: build-container, golden-image",
    ]
    assert fleet.failing(summary, ["never"]) == fleet.failing(summary, []) == []
    assert fleet.failing(summary_of({"a": fleets.report(1)}), fleet.GATES) == []
    with pytest.raises(ValueError, match="fail_on: in_sync is unknown; it takes drift, "):
        fleet.failing(summary, ["in_sync"])


class Reader(HTMLParser):
    """Fails where an element is not closed in its order; collects elements and text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text = [], [], ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page_is_one_file_and_says_everything_in_words():
    read = Reader(page_of(*fleets.small()))
    assert not [each for each in read.elements if {"src", "href", "style", "onclick"} & set(each[1])]
    assert [name for name, _attributes in read.elements].count("script") == 1
    for word in (
        "Drift",
        "In sync",
        "Failed",
        "Unreachable",
        "Undecided",
        "Files only",
        "mallory (auid 2001)",
        "rules change in production",
    ):
        assert word in read.text
    assert all(attributes["scope"] in ("col", "row") for name, attributes in read.elements if name == "th")
    assert {"caption", "main", "header", "h1"} <= {name for name, _attributes in read.elements}


@pytest.mark.parametrize(
    "reports, words, shown",
    [
        ({"a": fleets.report(1)}, "All in sync: 1 host", "ok"),
        (
            {"a": fleets.report(1), "b": fleets.report(1, is_read=False)},
            "1 of 2 hosts known to be in sync, none known to deviate",
            "unknown",
        ),
        ({"a": fleets.failed("x")}, "1 of 1 host failed", "failed"),
        ({}, "No host was asked", "unknown"),
    ],
)
def test_the_page_is_green_only_where_every_host_is_known_to_be_in_sync(reports, words, shown):
    assert '<strong class="state {}">{}</strong>'.format(shown, words) in page_of(reports)


def test_what_hosts_say_is_text_and_shows_what_there_is():
    text = page_of(*fleets.hostile())
    read = Reader(text)
    made = "html head meta title style body header h1 h2 p strong dl div dt dd main ul li b section code span fieldset legend"
    made += " label input table caption thead tbody tr th td small details summary script"
    assert {name for name, _attributes in read.elements} <= set(made.split())
    assert not [attributes for _name, attributes in read.elements if any(key.startswith("on") for key in attributes)]
    text.encode("utf-8")
    for said in fleets.HOSTILE:
        assert page.visible(said) in read.text, said
    assert not set("\u202e\x00\x1b\x9b\u200b") & set(text)
    assert page.visible("a\u202eb\x07\n\u2066\udc80") == "a\\u{202e}b\\u{7}\\n\\u{2066}\\u{dc80}"


def test_a_thousand_hosts_that_all_deviate_stay_below_two_mebibytes():
    text = page_of(*fleets.large())
    assert len(text.encode("utf-8")) < 2 * 1024 * 1024
    assert text.count("<tr data-state=") == 1000 + 60
    assert "further differences in the JSON" in text and "and 800 more in the JSON" in page_of(*fleets.large(every=1))


def rows(summary):
    text = files.to_csv(summary)
    assert text.count("\r\n") == len(text.splitlines())
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_table_has_a_row_for_each_host_and_control():
    found = rows(summary_of(*fleets.small()))
    assert len(found) == 17 * 24 + 2
    row = next(row for row in found if row["host"] == "db01.example.com" and row["control"] == fleets.control(2))
    assert row["host_state"] == row["control_state"] == "drift" and row["said"].startswith("'-a always,exit")
    (silent,) = (row for row in found if row["host"] == "edge7.example.com")
    assert silent["host_state"] == "unreachable" and silent["control"] == "" and "Connection timed out" in silent["said"]


def test_no_cell_is_a_formula_and_no_row_has_two_lines():
    summary = summary_of(*fleets.hostile())
    found = rows(summary)
    assert len(found) == 2 * len(fleets.HOSTILE)
    for row in found:
        for cell in row.values():
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t")), cell


def test_the_json_is_the_whole_summary():
    summary = summary_of(*fleets.hostile())
    text = files.to_json(summary)
    assert json.loads(text) == summary and text.isascii()


def test_files_are_written_whole_with_the_mode_that_is_given(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old")
    files.write(str(path), "new\r\nü", 0o640)
    assert path.read_bytes() == "new\r\nü".encode() and stat.S_IMODE(path.stat().st_mode) == 0o640
    with pytest.raises(OSError, match="No such file"):
        files.write(str(tmp_path / "nowhere/page.html"), "x", 0o600)
    with pytest.raises(UnicodeEncodeError):
        files.write(str(path), "\udc80", 0o600)
    assert path.read_bytes() == "new\r\nü".encode() and os.listdir(str(tmp_path)) == ["page.html"]


def test_the_other_files_are_beside_the_page():
    assert files.beside("/a/fleet.html") == ("/a/fleet.html", "/a/fleet.json", "/a/fleet.csv")
    assert files.beside("fleet") == ("fleet", "fleet.json", "fleet.csv")


def test_what_cannot_be_written_is_told_by_its_own_path(tmp_path):
    (tmp_path / "page.html").mkdir()
    for path in (tmp_path / "page.html", tmp_path / "nowhere/page.html"):
        with pytest.raises(OSError) as error:
            files.write(str(path), "text", 0o600)
        assert error.value.filename == str(path)
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
