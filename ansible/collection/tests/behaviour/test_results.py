# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task gives: changed, failed, msg, diff, undo, in check mode and without."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

RULES = ["# who may log in", "-w /etc/passwd -p wa -k identity", {"path": "/etc/group", "permissions": "wa", "key": "identity"}]
TASK = {"name": "30-identity", "root": "{{ root }}", "rules": RULES}


def test_a_question_is_answered_where_differences_are_to_be_shown_too(player):
    played = player.play({"operation": "gather", "root": "{{ root }}", "diff": True})
    assert played.outcomes() == ["ok"] and played[0]["outcome"] == "unchanged", played.output


def test_a_change_is_planned_made_and_made_once(player):
    played = player.play({**TASK, "check_mode": True, "diff": True}, {**TASK, "diff": True}, TASK, {**TASK, "check_mode": True})
    assert played.outcomes() == ["ok"] * 4, played.output
    planned, made, again, checked = (played[number] for number in range(4))
    assert [result["changed"] for result in (planned, made, again, checked)] == [True, True, False, False]
    assert [result["outcome"] for result in (planned, made, again)] == ["planned", "applied", "unchanged"]
    assert planned["plan"] == made["plan"] and planned["diff"] == made["diff"]
    assert "diff" not in again and "undo" not in planned and "undo" not in again
    assert "-w /etc/group -p wa -k identity" in player.drop_in("30-identity").read_text(encoding="utf-8")
    assert made["msg"] == "30-identity: 1 file written" and made["reboot_required"] is False
    assert not {"rc", "results", "exception", "stdout"} & set(made)


def test_no_diff_is_given_that_was_not_asked_for(player):
    played = player.play(TASK)
    assert "diff" not in played[0]


def test_a_diff_is_shown_for_each_file_and_in_the_words_of_the_report(player):
    drop_ins = {"30-identity": {"rules": RULES}, "40-time": {"rules": ["-w /etc/localtime -p wa -k time"]}}
    player.play({"state": "loaded", "root": "{{ root }}", "drop_ins": {"30-identity": {"rules": RULES[:2]}}})
    played = player.play({"state": "loaded", "root": "{{ root }}", "drop_ins": drop_ins}, arguments=["--check", "--diff"])
    assert f"""
--- before: {player.drop_in('30-identity')}
+++ after: {player.drop_in('30-identity')}
@@ -1,3 +1,4 @@
 # Managed by audit_rules; changes made here are overwritten.
 # who may log in
 -w /etc/passwd -p wa -k identity
+-w /etc/group -p wa -k identity

--- before: {player.drop_in('40-time')}
+++ after: {player.drop_in('40-time')}
@@ -0,0 +1,2 @@
+# Managed by audit_rules; changes made here are overwritten.
+-w /etc/localtime -p wa -k time

changed: [host1]
""" in played.output
    assert not player.drop_in("40-time").exists()


def test_every_problem_is_in_the_message_and_in_the_list(player):
    played = player.play({**TASK, "rules": ["-w etc/passwd -p wa", "-a always,exit -F arch=b64 -S opne -k access"]})
    assert played.outcomes() == ["failed"]
    assert played[0]["msg"] == (
        "nothing was changed: 2 problems:\n"
        "  rules[0]: the path \"etc/passwd\" must begin with / in `-w etc/passwd -p wa`\n"
        "  rules[1]: no architecture has a system call opne in `-a always,exit -F arch=b64 -S opne -k access` (did you mean open?)"
    )
    assert [error["kind"] for error in played[0]["errors"]] == ["relative_path", "unknown_syscall"]
    assert played[0]["changed"] is False and not player.drop_in("30-identity").exists()


def test_problems_of_a_rules_file_have_its_name_and_line(player):
    (player.directory / "files").mkdir()
    (player.directory / "files" / "a.rules").write_text("# a\n-w /etc/passwd -p wa -k a", encoding="utf-8")
    (player.directory / "b.rules").write_text("# b\n\n-w etc/group -p wa -k b\n", encoding="utf-8")
    both = {"root": "{{ root }}", "src": ["a.rules", "b.rules"], "name": "both", "ignore_errors": True}
    in_drop_in = {"root": "{{ root }}", "state": "loaded", "drop_ins": {"x": {"src": "b.rules"}}, "ignore_errors": True}
    played = player.play(both, in_drop_in, {"root": "{{ root }}", "src": "a.rules"})
    assert "b.rules:3: the path" in played[0]["msg"]
    assert (played[0]["errors"][0]["file"], played[0]["errors"][0]["line"]) == ("b.rules", 3)
    assert "b.rules:3: the path" in played[1]["msg"]
    assert played.outcomes()[2] == "ok" and player.drop_in("a").read_text(encoding="utf-8").endswith("# a\n-w /etc/passwd -p wa -k a\n")


def test_files_that_cannot_be_read_are_all_named(player):
    (player.directory / "latin.rules").write_bytes(b"# a\n-w /etc/pass\xe4 -p wa\n")
    played = player.play({"root": "{{ root }}", "name": "x", "src": ["none.rules", "latin.rules"]})
    assert "src: none.rules: no such file on the controller; looked for" in played[0]["msg"]
    assert "src: latin.rules:2: is not UTF-8" in played[0]["msg"]


def test_a_rules_file_may_be_in_a_vault(player):
    (player.directory / "password").write_text("secret", encoding="utf-8")
    (player.directory / "a.rules").write_text("-w /etc/passwd -p wa -k a\n", encoding="utf-8")
    subprocess.run([Path(sys.executable).parent / "ansible-vault", "encrypt", "--vault-password-file", "password", "a.rules"], cwd=player.directory, check=True,
                   capture_output=True)
    played = player.play({"root": "{{ root }}", "src": "a.rules"}, arguments=["--vault-password-file", "password"])
    assert played.outcomes() == ["ok"], played.output
    assert "-w /etc/passwd" in player.drop_in("a").read_text(encoding="utf-8")


def test_a_change_is_taken_back_by_its_undo_in_a_rescue(player):
    before = "-w /etc/shadow -p wa -k old\n"
    player.drop_in("30-identity").write_text(before, encoding="utf-8")
    played = player.play(
        {**TASK, "register": "change"},
        {"state": "restored", "snapshot": "{{ change.undo }}"},
        {"state": "restored", "snapshot": "{{ change.undo.snapshot }}", "root": "{{ root }}", "force": True},
    )
    assert played.outcomes() == ["ok"] * 3, played.output
    assert played[1]["changed"] is True
    assert player.drop_in("30-identity").read_text(encoding="utf-8") == before


def test_results_can_be_used_in_conditions(player):
    played = player.play(
        {**TASK, "register": "audit"},
        {"ansible.builtin.debug": {"msg": "{{ audit.plan.files | length }}"}, "when": "audit is changed and not audit.reboot_required"},
        {"ansible.builtin.debug": {"msg": "x"}, "when": "(audit.pending.load + audit.pending.unload + audit.pending.control) | length > 0"},
    )
    assert played.outcomes() == ["ok", "ok", "skipped"]


def test_warnings_are_shown(player):
    player.drop_in("10-flood").write_text("-a never,task\n", encoding="utf-8")
    played = player.play(TASK)
    assert played.outcomes() == ["ok"]
    assert "[WARNING]" in played.output and "10-flood" in played.output


def test_what_a_rule_means_is_said_without_privilege(player):
    played = player.play({"operation": "explain", "arch": "s390x", "rules": ["-a always,exit -F arch=b64 -S opne", "-w /etc -p wa"]},
                         become=True, become_user="guest")
    assert played.outcomes() == ["ok"], played.output
    assert [line["accepted"] for line in played[0]["lines"]] == [False, True]
    assert played[0]["changed"] is False


def test_long_lists_of_problems_are_cut_in_the_message_alone(player):
    played = player.play({**TASK, "rules": [f"-w x{number} -p wa" for number in range(30)]})
    assert len(played[0]["errors"]) == 30
    assert played[0]["msg"].splitlines()[0] == "nothing was changed: 30 problems:"
    assert played[0]["msg"].splitlines()[-1] == "  and 10 more; the list errors has all of them"


def test_rules_files_of_the_controller_are_linted(player):
    (player.directory / "a.rules").write_text("# a\n-a always,exit -F arch=b64 -S opne -k a\n", encoding="utf-8")
    (player.directory / "b.rules").write_text("-w /etc/passwd -p wa -k a\n-w /etc/passwd -p wa -k a\n", encoding="utf-8")
    lint = {"operation": "lint", "src": ["a.rules", "b.rules"], "archs": ["x86_64", "aarch64"]}
    played = player.play({**lint, "ignore_errors": True}, {**lint, "fail_on": "never", "format": "sarif"})
    assert played.outcomes() == ["failed", "ok"], played.output
    message = played[0]["msg"]
    assert "\n  error: a.rules:2: no architecture has a system call opne" in message and "(did you mean open?)" in message
    assert "\n  error: b.rules:2: " in message
    assert " warning: " not in message and " info: " not in message, "only what fails the task is its cause"
    assert played[0]["counts"]["info"] > 0 and played[0]["counts"]["failing"] == played[0]["counts"]["error"]
    assert played[1]["counts"]["error"] >= 2 and played[1]["sarif"]["version"] == "2.1.0"
    assert played[1]["changed"] is False


def test_what_a_host_holds_is_gathered_and_a_failure_keeps_the_words_of_the_program(player):
    player.drop_in("30-identity").write_text("-w /etc/passwd -p wa -k identity\n-w relative -p wa\n", encoding="utf-8")
    gather = {"operation": "gather", "root": "{{ root }}"}
    played = player.play(gather, {**gather, "source": "runtime"})
    assert played.outcomes() == ["ok", "failed"], played.output
    assert played[0]["filesystem"]["files"][0]["rules"][0]["rule"] == "-w /etc/passwd -p wa -k identity"
    assert played[0]["next_boot"]["stops_at"]["line"] == 2 and played[0]["changed"] is False
    assert played[1]["msg"] == "Failed to load audit rules from runtime: another root directory has no running kernel"


def test_no_log_hides_rules_wherever_ansible_prints(player):
    player.drop_in("10-flood").write_text("-a never,task\n", encoding="utf-8")
    hidden = {"no_log": True, "ignore_errors": True, "diff": True, "root": "{{ root }}"}
    (player.directory / "a.rules").write_text("-w SECRET -p wa\n", encoding="utf-8")
    played = player.play(
        {**hidden, "name": "30-a", "rules": ["-w SECRET -p wa"]},
        {**hidden, "src": "a.rules"},
        {**hidden, "name": "30-a", "rules": [{"SECRET": 1}]},
        {**hidden, "name": "30-a", "rules": ["-w /SECRET -p wa", "-a never,task -F uid=0"]},
        {**hidden, "operation": "lint", "rules": ["-w SECRET -p wa"]},
        {**hidden, "operation": "explain", "executable": "/SECRET"},
        {**hidden, "name": "30-a", "rules": ["-w SECRET -p wa"], "register": "kept"},
        {"ansible.builtin.assert": {"that": ["kept.errors[0].kind == 'relative_path'", "'SECRET' in kept.errors[0].rule"]}},
        arguments=["-vvv"])
    assert played.outcomes() == ["failed"] * 3 + ["ok"] + ["failed"] * 3 + ["ok"], played.output
    # Newer versions quote the playbook itself, with the numbers of its lines.
    said = [line for line in played.output.splitlines() if not re.match(r" *\d+ ", line)]
    assert not [line for line in said if "SECRET" in line]


def test_failures_of_the_controller_have_the_parts_of_a_report(player):
    (player.directory / "latin.rules").write_bytes(b"# \xe4\n")
    bad = [{"name": "x", "rules": [], "porge": True, "on_missing": "perhaps"}, {"name": "x", "src": "none.rules"}, {"src": "latin.rules"},
           {"state": "loaded", "executable": "/none"}, {"operation": "explain", "rules": [], "executable": "/usr/bin/true"}]
    played = player.play(*[{**task, "ignore_errors": True} for task in bad])
    for number, kind in enumerate(["invalid_option"] * 3 + ["not_run"] * 2):
        result = played[number]
        assert (result["outcome"], result["changed"], result["reboot_required"]) == ("failed", False, False)
        assert result["pending"] == {"load": [], "unload": [], "control": []}
        assert [error["kind"] for error in result["errors"]] == [kind] * len(result["errors"])
        assert all(error["message"] in result["msg"] for error in result["errors"])
    assert len(played[0]["errors"]) == 2


def test_a_directory_of_templates_is_linted_and_explained_as_the_role_takes_it(player):
    directory = player.directory / "templates" / "policy"
    directory.mkdir(parents=True)
    (directory / "9-a.rules").write_text("# a\n-w /etc/a -p wa -k a\n", encoding="utf-8")
    (directory / "10-b.rules.j2").write_text("{# b #}\n{% for one in watched %}\n-w {{ one }} -p wa -k b\n{% endfor %}\n", encoding="utf-8")
    (directory / "20-plain.j2").write_text("-w no -p wa\n", encoding="utf-8")
    (player.directory / "lonely.rules.j2").write_text("-w {{ unheard_of }} -p wa\n", encoding="utf-8")
    variables = {"watched": ["/etc/b", "etc/c"]}
    lint = {"operation": "lint", "src": "policy", "fail_on": "never"}
    explain = {"operation": "explain", "src": "policy", "arch": "x86_64"}
    event = {"syscall": "openat", "path": "/etc/b", "perm": "w"}
    played = player.play(
        lint, explain, {**explain, "event": event, "vars": {"watched": ["/etc/b"]}}, {**lint, "src": ["lonely.rules.j2"], "ignore_errors": True},
        {"name": "50-x", "root": "{{ root }}", "src": "policy/10-b.rules.j2", "ignore_errors": True}, variables=variables)
    assert played.outcomes() == ["ok", "ok", "ok", "failed", "failed"], played.output
    (finding,) = [finding for finding in played[0]["findings"] if finding["code"] == "relative_path"]
    assert (finding["file"], finding["line"]) == ("policy/10-b.rules.j2", 2)
    places = [(line["file"], line["number"], line["line"]) for line in played[1]["lines"]]
    assert places == [("policy/9-a.rules", 1, "# a"), ("policy/9-a.rules", 2, "-w /etc/a -p wa -k a"),
                      ("policy/10-b.rules.j2", 1, "-w /etc/b -p wa -k b"), ("policy/10-b.rules.j2", 2, "-w etc/c -p wa -k b")]
    assert '"file": "policy/10-b.rules.j2", "line": 1' in json.dumps(played[2]["events"]), played[2]["events"]
    assert played[3]["msg"].startswith("src: lonely.rules.j2: ") and "unheard_of" in played[3]["msg"]
    assert "{{" not in json.dumps(played[0]["findings"])


LOG = """\
type=SYSCALL msg=audit(1764000000.100:7): arch=c000003e syscall=257 success=yes exit=3 a0=0 a1=0 a2=0 a3=0 items=1 ppid=1 pid=2 \
auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm="vi" exe="/usr/bin/vi" key="identity"
type=PATH msg=audit(1764000000.100:7): item=0 name="/etc/passwd" inode=1 dev=08:01 mode=0100644 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL
type=EOE msg=audit(1764000000.100:7):
"""


def test_what_was_recorded_is_told_and_held_against_a_policy_of_several_files(player):
    directory = player.directory / "files" / "policy"
    directory.mkdir(parents=True)
    (directory / "10-a.rules").write_text("-w /etc/passwd -p r -k other\n", encoding="utf-8")
    (directory / "20-b.rules").write_text("-w /etc/group -p wa -k identity\n", encoding="utf-8")
    target = {"root": "{{ root }}", "files": [{"name": "audit.log", "text": LOG}]}
    played = player.play(
        {"linux.audit.audit_events": {**target, "output": "/var/cache/recorded"}, "check_mode": True},
        {"linux.audit.audit_events": {**target, "output": "/var/cache/recorded"}},
        {"linux.audit.audit_events": {**target, "src": "policy"}},
        {"linux.audit.audit_events": {**target, "src": "policy", "policy": "cis"}, "ignore_errors": True},
        {"linux.audit.audit_events": {**target, "operation": "events"}, "ignore_errors": True})
    assert played.outcomes() == ["ok", "ok", "ok", "failed", "failed"], played.output
    assert all(result["changed"] is False for result in (played[0], played[1], played[2]))
    assert [json.loads(line)["serial"] for line in Path("/var/cache/recorded").read_text(encoding="utf-8").splitlines()] == [7]
    assert [(event["serial"], event["keys"]) for event in played[1]["events"]] == [(7, ["identity"])]
    assert played[2]["replay"]["kept"] == 0, played[2]["replay"]
    assert "mutually exclusive" in played[3]["msg"] and "operation" in played[4]["msg"]


def test_a_proof_is_asked_for_by_lines_keys_or_the_name_of_a_drop_in(player):
    directory = player.directory / "files" / "policy"
    directory.mkdir(parents=True)
    for name in ("10-a.rules", "20-b.rules"):
        (directory / name).write_text("-w /etc/passwd -p wa -k identity\n", encoding="utf-8")
    played = player.play(
        {"linux.audit.audit_prove": {"src": "policy", "seconds": 0}, "ignore_errors": True},
        {"linux.audit.audit_prove": {"keys": ["identity"], "seconds": 0}, "ignore_errors": True},
        {"linux.audit.audit_prove": {"name": "../etc", "rules": RULES}, "ignore_errors": True},
        {"linux.audit.audit_prove": {"root": "/"}, "ignore_errors": True})
    assert played.outcomes() == ["failed"] * 4, played.output
    # The program has said it, so it got the request.
    assert [played[number]["errors"][0]["pointer"] for number in (0, 1)] == ["/seconds"] * 2, played.output
    assert "name" in played[2]["msg"] and "root" in played[3]["msg"]


def test_a_directory_in_src_is_its_rules_files(player):
    directory = player.directory / "files" / "policy"
    directory.mkdir(parents=True)
    for name, text in (("10-b.rules", "-w /etc/b -p wa\n"), ("9-a.rules", "-w /etc/a -p wa"), ("notes.md", "none"), (".x.rules", "none\n")):
        (directory / name).write_text(text, encoding="utf-8")
    (player.directory / "files" / "empty").mkdir()
    (player.directory / "files" / "one").mkdir()
    (player.directory / "files" / "one" / "30-one.rules").write_text("# one\n-w etc -p wa\n", encoding="utf-8")
    target = {"root": "{{ root }}", "ignore_errors": True}
    played = player.play(
        {**target, "name": "50-all", "src": "policy"},
        {**target, "src": "one/"},
        {**target, "src": "policy"},
        {**target, "name": "x", "src": ["empty", "none.rules"]},
        {**target, "state": "loaded", "drop_ins": {"60-x": {"src": "policy"}}},
        {"operation": "lint", "src": ["policy", "one"], "fail_on": "never"})
    assert played.outcomes() == ["ok", "failed", "failed", "failed", "ok", "ok"], played.output
    both = "-w /etc/a -p wa\n-w /etc/b -p wa\n"
    assert player.drop_in("50-all").read_text(encoding="utf-8").endswith(both)
    assert "one/30-one.rules:2: the path" in played[1]["msg"]
    assert "name: is needed where src has several files" in played[2]["msg"]
    assert played[3]["msg"].startswith("src: empty: no .rules file in this directory")
    assert {finding["file"] for finding in played[5]["findings"]} >= {"one/30-one.rules"}


def test_a_place_is_the_option_of_the_task_wherever_a_person_reads_it(player):
    bad, root = "-w relative -p wa", {"root": "{{ root }}"}
    event = {"syscall": "mount", "arch": "b64", "expect": {"recorded": True}}
    (player.directory / "one.rules").write_text(bad, encoding="utf-8")
    rows = [
        ({**root, "name": "x", "rules": ["# a", bad]}, "rules[1]"),
        ({**root, "name": "x", "rules": "# a\n" + bad}, "rules line 2"),
        ({**root, "name": "x", "src": "one.rules"}, "one.rules"),
        ({**root, "state": "loaded", "drop_ins": {"50-x": {"rules": ["# a", bad]}}}, "drop_ins.50-x.rules[1]"),
        ({**root, "state": "loaded", "drop_ins": {"50-x": {"src": "one.rules"}}}, "one.rules"),
        ({**root, "name": "a/b", "rules": []}, "name"),
        ({**root, "name": "x", "rules": ["# a"], "owner": "nobody-of-this-name"}, "owner"),
        ({**root, "operation": "gather", "expect": {"rules": ["# a", bad]}}, "expect.rules[1]"),
        ({"operation": "explain", "rules": ["# a"], "event": event}, "event.expect"),
        ({"operation": "explain", "rules": ["# a"], "event": [{"syscall": "mount"}, event]}, "event[1].expect"),
        ({"operation": "explain", "rules": ["# a"], "event": [{"syscall": "no_such"}]}, "event[0].syscall"),
        ({"operation": "lint", "rules": ["# a"], "ignore": ["no_such"]}, "ignore[0]"),
        ({"operation": "lint", "rules": ["# a"], "archs": ["x86_64", "no_such"]}, "archs[1]"),
        ({"operation": "lint", "rules": ["# a", bad]}, "rules[1]"),
        ({"operation": "lint", "files": [{"name": "relative"}]}, "files[0].name"),
        ({"operation": "lint", "src": ["one.rules", "one.rules"]}, "one.rules"),
    ]
    played = player.play(*({**task, "ignore_errors": True} for task, dummy in rows))
    assert played.outcomes() == ["failed"] * len(rows), played.output
    for number, (task, place) in enumerate(rows):
        assert re.search(rf"(?<!\S){re.escape(place)}(:\d+)?: ", played[number]["msg"]), (place, played[number]["msg"])
        said = "\n".join([played[number]["msg"], *(played[number].get("warnings") or [])])
        assert not re.search(r"(?<!\S)/(?:rules|drop_ins|keep|name|owner|expect|event|ignore|archs|files)\b", said), said
        for error in played[number].get("errors") or []:
            assert error.get("pointer", "/").startswith("/"), error
