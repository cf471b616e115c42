# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From options to the request: what is taken, what is sent, what is complained about."""

from __future__ import annotations

import pytest

from ansible_collections.linux.audit.plugins.module_utils import options, permissions, request


class Text(str):
    """Stands for the subclasses of str that templates give."""


def build(given, operation="apply", specification=None, files=None):
    def read(pointer, names, complaints):
        return (files or {})[pointer], "stem"

    built, dummy, complaints = request.build(specification or options.apply_specification(), operation, given, read)
    return built, complaints


def sent(given, **keywords):
    built, complaints = build(given, **keywords)
    assert complaints == []
    return built


def complaints(given, **keywords):
    return build(given, **keywords)[1]


def test_only_what_the_task_names_is_sent():
    assert sent({"name": "30-x", "rules": ["-w /etc -p wa"]}) == {
        "operation": "apply", "name": "30-x", "rules": ["-w /etc -p wa"],
    }


def test_a_null_is_not_sent():
    assert "mode" not in sent({"name": "x", "rules": [], "mode": None, "control": {"backlog_limit": None}})


def test_text_becomes_the_type_that_the_option_has():
    built = sent({"name": "x", "rules": [], "purge": "yes", "backup": "no", "control": {
        "backlog_limit": "8192", "loginuid_immutable": "true", "rate_limit": Text("0"),
    }})
    assert built["purge"] is True and built["backup"] is False
    assert built["control"] == {"backlog_limit": 8192, "loginuid_immutable": True, "rate_limit": 0}


@pytest.mark.parametrize("given, word", [
    (0, "off"), (1, "on"), (2, "locked"), ("2", "locked"), (True, "on"), (False, "off"), ("on", "on"), ("locked", "locked"),
])
def test_the_switch_may_be_a_number_a_truth_value_or_a_word(given, word):
    assert sent({"name": "x", "control": {"enabled": given}})["control"]["enabled"] == word


@pytest.mark.parametrize("given, word", [(0, "silent"), (1, "printk"), (2, "panic"), ("1", "printk"), ("panic", "panic")])
def test_the_failure_mode_may_be_a_number_or_a_word(given, word):
    assert sent({"name": "x", "control": {"failure": given}})["control"]["failure"] == word


@pytest.mark.parametrize("given", [3, "3", "-1", "locke"])
def test_a_switch_that_does_not_exist_is_refused(given):
    (complaint,) = complaints({"name": "x", "control": {"enabled": given}})
    assert "off, on, locked" in complaint


@pytest.mark.parametrize("mode", ["0640", "640", "0o600", "0400", 0o640, 0o600, 0o400, 0o440, 0o644, "0777"])
def test_permissions_in_octal_are_taken(mode):
    assert sent({"name": "x", "rules": [], "mode": mode})["mode"] == mode


@pytest.mark.parametrize("mode, why", [
    (640, "decimal"), (600, "decimal"), (400, "decimal"), (440, "decimal"), (644, "decimal"), (1000, "decimal"), (-1, "decimal"),
    ("999", "no octal"), ("u=rw,g=r", "no octal"), ("preserve", "no octal"), ("07777", "no octal"),
    (True, "no octal"), ("", "no octal"),
])
def test_permissions_that_yaml_or_a_template_has_spoiled_are_refused_with_the_remedy(mode, why):
    (complaint,) = complaints({"name": "x", "rules": [], "mode": mode})
    assert why in complaint and "mode: '0640'" in complaint


@pytest.mark.parametrize("text, bits", [("416", 0o640), ("384", 0o600), ("256", 0o400), ("288", 0o440), ("420", 0o644)])
def test_the_text_that_a_template_makes_of_a_number_is_that_number(text, bits):
    assert sent({"name": "x", "rules": [], "mode": text})["mode"] == bits


def test_no_text_is_likely_in_both_readings():
    both = [bits for bits in range(0o1000) if permissions._is_likely(bits) and permissions._is_likely_text(str(bits))]
    assert both == []


def test_a_number_of_an_owner_is_sent_as_a_number():
    built = sent({"name": "x", "rules": [], "owner": 0, "group": "adm"})
    assert built["owner"] == 0 and built["group"] == "adm"


def test_unknown_options_are_refused_with_the_nearest():
    found = complaints({"name": "x", "rules": [], "porge": True, "control": {"backlog_limt": 1}})
    assert "porge is unknown; did you mean purge?" in found
    assert "control.backlog_limt is unknown; did you mean backlog_limit?" in found


def test_every_mistake_is_named_not_the_first():
    found = "\n".join(complaints({"name": "x", "rules": [], "state": "gone", "on_missing": "x", "purge": "maybe", "foo": 1}))
    for name in ("state", "on_missing", "purge", "foo"):
        assert name in found


@pytest.mark.parametrize("given, word", [
    ({"rules": []}, "name"),
    ({"name": "x"}, "rules"),
    ({"name": "x", "state": "exact"}, "rules"),
    ({"state": "absent"}, "name"),
    ({"state": "restored"}, "snapshot"),
    ({"name": "x", "rules": [], "src": "a"}, "mutually exclusive"),
    ({"drop_ins": {}, "name": "x"}, "mutually exclusive"),
])
def test_options_that_a_state_needs_or_that_exclude_each_other(given, word):
    assert any(word in complaint for complaint in complaints(given))


def test_the_whole_undo_may_be_given_as_the_snapshot():
    undo = {"operation": "apply", "state": "restored", "root": "/image", "target": "filesystem", "snapshot": {"version": 1}}
    built = sent({"state": "restored", "snapshot": undo})
    assert built["snapshot"] == {"version": 1}
    assert built["root"] == "/image" and built["target"] == "filesystem"
    assert sent({"state": "restored", "undo": undo, "root": "/other"}) == {
        "operation": "apply", "state": "restored", "snapshot": {"version": 1}, "root": "/other", "target": "filesystem",
    }
    assert sent({"state": "restored", "snapshot": {"version": 1}}) == {
        "operation": "apply", "state": "restored", "snapshot": {"version": 1},
    }


def test_a_rules_file_is_sent_as_its_text_and_names_the_drop_in():
    files = {"/rules": "# a\n-w /etc -p wa\n"}
    built = sent({"src": "50-cis.rules"}, files=files)
    assert built["rules"] == files["/rules"] and built["name"] == "stem"
    assert sent({"src": ["a"], "name": "x"}, files=files)["name"] == "x"


def test_drop_ins_are_looked_at_one_by_one():
    files = {"/drop_ins/b/rules": "# b\n"}
    built = sent({"state": "loaded", "drop_ins": {
        "a": {"rules": ["-w /etc -p wa"], "control": {"enabled": 2}},
        "b": {"src": ["b.rules"]},
        "c": {"state": "absent"},
    }}, files=files)
    assert built["drop_ins"] == {
        "a": {"rules": ["-w /etc -p wa"], "control": {"enabled": "locked"}},
        "b": {"rules": "# b\n"},
        "c": {"state": "absent"},
    }
    found = complaints({"state": "loaded", "drop_ins": {"a": {"rulse": []}, "b": None, "c": {"rules": [{"kee": "x"}]}}})
    assert "drop_ins.a: rulse is unknown; did you mean rules?" in found
    assert any(complaint.startswith("drop_ins.b: must be an object") for complaint in found)
    assert "drop_ins.c.rules[0].kee is unknown; did you mean key?" in found


def test_objects_of_rules_are_sent_with_the_types_that_the_program_takes():
    built = sent({"name": "x", "rules": [Text("# x"), {
        "arch": Text("b64"), "syscalls": [1, "open"], "fields": "auid>=1000", "comparisons": "uid!=euid", "success": "no",
        "key": 7, "prepend": "yes", "path": None,
    }, {"fields": [{"field": "success", "value": True}, "a0=0"]}]})
    assert built["rules"] == ["# x", {
        "arch": "b64", "syscalls": [1, "open"], "fields": ["auid>=1000"], "comparisons": ["uid!=euid"], "success": False,
        "key": "7", "prepend": True,
    }, {"fields": [{"field": "success", "value": True}, "a0=0"]}]
    assert all(type(rule) in (str, dict) for rule in built["rules"])


@pytest.mark.parametrize("rule, place", [
    (1, "rules[0]"),
    (["-w /etc"], "flatten"),
    ({"acton": "never"}, "rules[0].acton is unknown; did you mean action?"),
    ({"action": "nevr"}, "rules[0].action"),
    ({"list": "exits"}, "rules[0].list"),
    ({"success": "maybe"}, "rules[0].success"),
    ({"syscalls": {"a": 1}}, "rules[0].syscalls"),
    ({"arch": [64]}, "rules[0].arch"),
    ({"fields": [{"field": "auid"}]}, "rules[0].fields[0]: value is missing"),
    ({"fields": [{"field": "auid", "op": "=>", "value": 1}]}, "rules[0].fields[0].op"),
    ({"fields": [{"feld": "auid", "field": "x", "value": 1}]}, "rules[0].fields[0].feld is unknown; did you mean field?"),
    ({"fields": {"auid": 1}}, "rules[0].fields: must be a list"),
])
def test_mistakes_in_rules_are_named_with_their_place(rule, place):
    (complaint,) = complaints({"name": "x", "rules": [rule]})
    assert place in complaint


@pytest.mark.parametrize("rules", [1, {"path": "/etc"}, True])
def test_rules_that_are_neither_list_nor_text_are_refused(rules):
    (complaint,) = complaints({"name": "x", "rules": rules})
    assert complaint.startswith("rules: must be a list")


def test_a_whole_rules_file_stays_one_text():
    text = "-w /etc -p wa\n-a always,exit -S open,close\n"
    assert sent({"name": "x", "rules": Text(text)})["rules"] == text


@pytest.mark.parametrize("option", ["executable", "cache"])
def test_paths_on_the_target_must_be_absolute(option):
    (complaint,) = complaints({"name": "x", "rules": [], option: "~/bin"})
    assert complaint.startswith(f"{option}: ~/bin must begin with /")


def test_options_of_the_collection_are_not_sent():
    assert set(sent({"name": "x", "rules": [], "executable": "/opt/x", "cache": "/opt"})) == {"operation", "name", "rules"}


def test_the_operation_of_the_other_module_is_its_option():
    specification = options.info_specification()
    built = sent({"operation": "explain", "rules": ["-w /etc -p wa"]}, operation=None, specification=specification)
    assert built == {"operation": "explain", "rules": ["-w /etc -p wa"]}
    assert complaints({"operation": "explain"}, operation=None, specification=specification)
    assert complaints({"operation": "apply", "rules": []}, operation=None, specification=specification)
    assert complaints({}, operation=None, specification=specification)


def test_rules_files_are_linted_as_files():
    files = {"/files/0/text": "# a\n", "/files/1/text": "# b\n"}
    given = {"operation": "lint", "src": ["a.rules", "b.rules"], "archs": "x86_64,aarch64"}
    assert sent(given, operation=None, specification=options.info_specification(), files=files) == {
        "operation": "lint", "archs": ["x86_64", "aarch64"],
        "files": [{"name": "a.rules", "text": "# a\n"}, {"name": "b.rules", "text": "# b\n"}],
    }


def test_src_of_lint_and_explain_is_sent_as_files():
    for operation in ("lint", "explain"):
        given = {"operation": operation, "src": ["a.rules", "b.rules"]}
        files = {"/files/0/text": "-w /a -p wa", "/files/1/text": "-w /b -p wa"}
        assert sent(given, operation=None, specification=options.info_specification(), files=files)["files"] == [
            {"name": "a.rules", "text": "-w /a -p wa"}, {"name": "b.rules", "text": "-w /b -p wa"}]


def test_a_file_of_the_target_is_sent_without_text():
    given = {"operation": "explain", "files": [{"name": "/etc/audit/rules.d"}]}
    assert sent(given, operation=None, specification=options.info_specification())["files"] == [{"name": "/etc/audit/rules.d"}]
