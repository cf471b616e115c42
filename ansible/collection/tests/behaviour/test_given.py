# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options as playbooks give them: templates, loops, defaults of a group, mistakes."""

from __future__ import annotations

import json
import os

import pytest

NOWHERE = {"ansible_connection": "ssh", "ansible_host": "192.0.2.1", "ansible_ssh_common_args": "-o ConnectTimeout=1"}


def test_mistakes_are_found_before_any_connection(player):
    wrong = [
        {"name": "x", "rules": [], "porge": True},
        {"name": "x", "rules": [], "on_missing": "perhaps"},
        {"name": "x", "control": {"backlog_limit": "many"}},
        {"name": "x", "rules": [{"kee": "x"}]},
        {"name": "x", "rules": [], "mode": 640},
        {"state": "restored"},
        {"name": "x", "src": "none.rules"},
        {"operation": "explain"},
        {"operation": "delete", "rules": []},
    ]
    played = player.play(*[{**task, "ignore_errors": True} for task in wrong], variables=NOWHERE)
    assert played.outcomes() == ["failed"] * len(wrong), played.output
    messages = [played[number]["msg"] for number in range(len(wrong))]
    for message, part in zip(messages, ("did you mean purge?", "fail, skip", "backlog_limit", "did you mean key?", "'0640'", "snapshot",
                                        "none.rules", "rules", "explain")):
        assert part in message
    assert "exception" not in played.output


def test_a_sound_task_does_connect(player):
    """So that the test above proves something."""
    played = player.play({"name": "x", "rules": []}, variables=NOWHERE)
    assert played.outcomes() == ["unreachable"]


def test_templates_give_text_that_becomes_what_the_option_is(player):
    variables = {"policy": {"rules": ["-w /etc/passwd -p wa -k a"], "limit": 8192, "yes": "yes", "mode": 0o600, "on": True, "one": 1,
                            "lines": "# x\n-w /etc/group -p wa -k b\n"}}
    played = player.play(
        {"name": "a", "root": "{{ root }}", "rules": "{{ policy.rules }}", "mode": "{{ policy.mode }}", "backup": "{{ policy.yes }}",
         "control": {"backlog_limit": "{{ policy.limit }}", "enabled": "{{ policy.on }}", "failure": "{{ policy.one }}"}},
        {"name": "b", "root": "{{ root }}", "rules": "{{ policy.lines }}", "keep": "{{ omit }}"},
        {"name": "c", "root": "{{ root }}", "rules": "{{ policy.rules + ['# ' ~ inventory_hostname] }}"},
        variables=variables)
    assert played.outcomes() == ["ok"] * 3, played.output
    text = player.drop_in("a").read_text(encoding="utf-8")
    assert "-b 8192\n" in text and "-e 1\n" in text and "-f 1\n" in text
    assert player.drop_in("a").stat().st_mode & 0o777 == 0o600
    assert "-w /etc/group -p wa -k b\n" in player.drop_in("b").read_text(encoding="utf-8")
    assert "# host1\n" in player.drop_in("c").read_text(encoding="utf-8")


def test_an_octal_number_that_a_template_made_text_of_does_not_become_other_permissions(player):
    played = player.play({"name": "a", "root": "{{ root }}", "rules": ["# a"], "mode": "{{ permissions ~ '' }}"},
                         variables={"permissions": 0o600})
    assert played.outcomes() == ["ok"], played.output
    assert player.drop_in("a").stat().st_mode & 0o777 == 0o600


def test_a_check_leaves_out_what_earlier_tasks_would_make_and_a_run_does_not(player):
    task = {"name": "a", "root": "{{ root }}", "rules": ["# a", "-w /srv/app/conf -p wa -k app"], "on_missing": "check_mode_skip"}
    checked = player.play(task, arguments=("--check", "--diff"))
    assert checked.outcomes() == ["ok"], checked.output
    (warning,) = [text for text in checked[0]["warnings"] if "/srv/app does not exist" in text]
    assert "-w /srv/app/conf -p wa -k app" in warning and not player.drop_in("a").exists()
    failed = player.play(task)
    assert failed.outcomes() == ["failed"] and failed[0]["errors"][0]["kind"] == "missing_path" and not player.drop_in("a").exists()
    (player.root / "srv/app").mkdir(parents=True)
    done = player.play(task)
    assert done.outcomes() == ["ok"] and "\n-w /srv/app/conf" in player.drop_in("a").read_text(encoding="utf-8"), done.output


def test_each_item_of_a_loop_has_a_result(player):
    played = player.play(
        {"name": "{{ item }}", "root": "{{ root }}", "rules": ["-w /etc/{{ item }} -p wa -k x"], "loop": ["a", "b", "c"], "diff": True,
         "register": "all"},
        {"ansible.builtin.assert": {"that": ["all.results | map(attribute='changed') | list == [true, true, true]",
                                             "all.results[1].diff | length == 1"]}})
    assert played.outcomes() == ["ok", "ok"], played.output
    assert all(player.drop_in(name).exists() for name in "abc")
    assert played.output.count("+++ after: ") == 3


def test_defaults_of_the_group_apply_to_both_modules(player):
    groups = {"group/linux.audit.audit": {"cache": "/opt/audit-cache"}, "linux.audit.audit_rules": {"root": "{{ root }}"}}
    played = player.play({"name": "a", "rules": ["# a"]}, {"operation": "explain", "rules": ["# a"]}, module_defaults=groups)
    assert played.outcomes() == ["ok", "ok"], played.output
    assert player.drop_in("a").exists()
    assert os.listdir("/opt/audit-cache")


def test_a_vaulted_or_unsafe_value_is_plain_text_in_the_request(player):
    (player.directory / "vars.json").write_text(json.dumps({"key": "{{ not_a_template }}"}), encoding="utf-8")
    played = player.play({"name": "a", "root": "{{ root }}", "rules": ["# {{ lookup('file', 'vars.json') }}"]})
    assert played.outcomes() == ["ok"], played.output
    assert "# {\"key\": \"{{ not_a_template }}\"}\n" in player.drop_in("a").read_text(encoding="utf-8")


@pytest.mark.parametrize("count", [30_000])
def test_a_request_of_more_than_a_megabyte_arrives(player, count):
    lines = "\n".join(f"# line {number} of a file that is longer than anybody would write" for number in range(count))
    (player.directory / "long.rules").write_text(lines + "\n-w /etc/passwd -p wa -k a\n", encoding="utf-8")
    played = player.play({"src": "long.rules", "root": "{{ root }}", "register": "change"},
                         {"state": "restored", "undo": "{{ change.undo }}"})
    assert played.outcomes() == ["ok", "ok"], played.output[:2000]
    assert played[0]["changed"] and played[1]["changed"]


def test_a_request_that_is_too_large_is_refused(player):
    (player.directory / "long.rules").write_text("# " + "x" * 17_000_000, encoding="utf-8")
    played = player.play({"src": "long.rules", "root": "{{ root }}"})
    assert played.outcomes() == ["failed"] and "at most 16777216" in played[0]["msg"]
