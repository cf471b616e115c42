# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks of the collection, by the names that users call them by."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest

STAGED = Path(os.environ.get("AUDIT_RULES_COLLECTIONS", Path(__file__).parents[4] / "target/ansible"))
WATCH = "-w /etc/passwd -p wa -k identity\n"


def host(root, drop_in):
    return {"audit_policy_root": str(root), "audit_become": False, "audit_policy_drop_ins": {"30-identity": drop_in}}


@pytest.fixture(name="libexec")
def fixture_libexec():
    """A directory in which programs may be run: only its owner may write there, and nowhere on the way."""
    path = Path(tempfile.mkdtemp(dir="/run" if os.geteuid() == 0 else Path.home()))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(name="fleet")
def fixture_fleet(tmp_path, ansible_playbook, make_host):
    """A function that asks four hosts and gives how the playbook ended, what it said, and the summary."""
    hosts = {name: host(tmp_path / name, rule) for name, rule in (("same", WATCH), ("other", WATCH), ("typo", "-w etc -p wa\n"))}
    for name in hosts:
        make_host(tmp_path / name)
    hosts["silent"] = {**hosts["same"], "ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    assert ansible_playbook(tmp_path, {"same": hosts["same"]}, "linux.audit.policy").returncode == 0

    def ask(*arguments, changed=None):
        for path in tmp_path.glob("page.*"):
            path.unlink()
        asked = {name: {**values, **(changed or {})} for name, values in hosts.items()}
        done = ansible_playbook(tmp_path, asked, "linux.audit.fleet", "--extra-vars", f"audit_report={tmp_path}/page.html", *arguments)
        summary = tmp_path / "page.json"
        return done.returncode, done.stdout, json.loads(summary.read_text()) if summary.exists() else None

    return ask


def states(summary):
    return {each["host"]: each["state"] for each in summary["hosts"]}


def test_the_page_says_who_deviates_and_no_host_is_changed(tmp_path, fleet):
    before = (tmp_path / "other/etc/audit/rules.d").stat().st_mtime_ns
    status, output, summary = fleet("--extra-vars", "audit_title='Our hosts'", "--diff")
    # A directory has no kernel to ask, so the best that is known of it is its files.
    assert states(summary) == {"other": "drift", "typo": "failed", "silent": "unreachable", "same": "files_only"}
    assert summary["title"] == "Our hosts" and summary["counts"]["hosts"] == 4
    (other,) = (each for each in summary["hosts"] if each["host"] == "other")
    assert [(each["subject"], each["why"]) for each in other["differences"]] == [
        ("-w /etc/passwd -p wa -k identity", "in no file, not loaded at the next boot")]
    assert "etc" in next(each["msg"] for each in summary["hosts"] if each["host"] == "typo")
    page = (tmp_path / "page.html").read_text()
    assert page.startswith("<!DOCTYPE html>") and "1 of 4 hosts deviate from the policy" in page and "--page: #fff" in page
    assert '"other","drift","","","0 of 1 expected rule' in (tmp_path / "page.csv").read_text()
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("page.*")} == {0o600}
    assert (tmp_path / "other/etc/audit/rules.d").stat().st_mtime_ns == before
    assert (tmp_path / "same/etc/audit/rules.d/30-identity.rules").read_text().endswith(WATCH)
    # A host that failed or was not looked at is no success, and each is told once.
    assert status != 0
    assert "4 hosts: 1 drift, 1 failed, 1 unreachable, 1 files only. fail_on: drift: other; failed: typo; unreachable: silent" in output
    assert output.count("fatal: [silent]") == output.count("UNREACHABLE!") == 1
    assert output.count("fatal: [typo]") == 1 and "undefined" not in output


def test_controls_of_a_benchmark_are_told_one_by_one(tmp_path, fleet):
    (tmp_path / "same/etc/os-release").write_text('ID="rhel"\nVERSION_ID="9.4"\n')
    changed = {"audit_policy_benchmarks": [{"name": "stig", "without": [{"what": "RHEL-09-654275", "reason": "rules change in production"}]}]}
    dummy, output, summary = fleet("--limit", "same", changed=changed)
    assert summary["policies"][0]["name"] == "stig" and summary["policies"][0]["product"] == "rhel9", output
    assert summary["left_out"] == [{"what": "RHEL-09-654275", "reason": "rules change in production", "hosts": 1}]
    controls = {each["control"]: each for each in summary["controls"]}
    assert controls["stig-rhel9 RHEL-09-654240"]["hosts"] == ["same"] and "stig-rhel9 RHEL-09-654275" not in controls
    assert '"same","drift","stig-rhel9 RHEL-09-654240","drift","-a always,exit' in (tmp_path / "page.csv").read_text().replace("'-a", "-a")


def test_check_mode_writes_nothing_and_fails_all_the_same(tmp_path, fleet):
    status, output, summary = fleet("--check", "--limit", "other")
    assert status != 0 and summary is None and "1 host: 1 drift. fail_on: drift: other" in output
    assert not list(tmp_path.glob("page.*"))


def test_a_page_that_cannot_be_written_is_a_failure_with_its_path(tmp_path, fleet):
    status, output, dummy = fleet("--limit", "same", "--extra-vars", f"audit_report={tmp_path}/nowhere/page.html")
    assert status != 0 and f"{tmp_path}/nowhere/page.html: " in output and "No such file or directory" in output


def test_the_permissions_of_the_files_can_be_said(tmp_path, fleet):
    assert fleet("--limit", "same", "--extra-vars", "audit_report_mode=0644")[0] == 0
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("page.*")} == {0o644} and len(list(tmp_path.glob("page.*"))) == 3


@pytest.mark.parametrize("fail_on, hosts, fails", [
    (None, "same", False), (None, "other", True), (None, "typo", True), (None, "silent", True),
    ("never", "all", False), ("failed", "same,other", False), ("failed", "typo", True), ("failed,unreachable", "silent", True),
    ("drift", "typo,silent", False), ("files_only", "same", True), ("'drift, files_only'", "same", True),
])
def test_it_fails_on_what_it_is_told_to(fleet, fail_on, hosts, fails):
    status, output, summary = fleet("--limit", hosts, *(("--extra-vars", f"audit_fail_on={fail_on}") if fail_on else ()))
    assert summary and (status != 0) == fails, output


def kernel_of(tmp_path, libexec, report):
    """Variables for a host with a stand-in for a kernel: a program that answers every gather with this report."""
    program = libexec / "audit_rules"
    answer = json.dumps({"changed": False, "failed": False, "msg": "m", "outcome": "unchanged", "runtime": {"managed": True}, **report})
    program.write_text("#!/bin/sh\n[ $1 = - ] || { echo audit_rules 0.1.0; exit; }\nrequest=$(cat)\n"
                       f"printf %s \"$request\" >{tmp_path}/asked; cat <<'END'\n{answer}\nEND\n")
    program.chmod(0o755)
    return {"audit_policy_executable": str(program), "audit_policy_rules_dir": "/etc/audit/rules.d", "audit_policy_kernel": "auto"}


@pytest.mark.parametrize("in_sync, enabled, state, fails", [
    (True, 1, "in_sync", False), (True, 0, "drift", True), (False, 0, "drift", True), (None, 1, "undecided", False),
])
def test_a_host_whose_kernel_was_read_is_in_sync_or_deviates_or_is_undecided(tmp_path, fleet, libexec, in_sync, enabled, state, fails):
    evidence = {"rule": "-w /etc/passwd -p wa -k identity", "in_sync": in_sync, "on_disk": True, "running": True, "recording": False, "next_boot": True}
    report = {"status": {"enabled": enabled}, "expect": {"rules": [evidence], "settings": [], "unexpected": []}, "digest": "3f9c"}
    if in_sync is not None:
        report["in_sync"] = in_sync
    status, output, summary = fleet("--limit", "same", changed=kernel_of(tmp_path, libexec, report))
    assert states(summary) == {"same": state} and (status != 0) == fails, output
    # Rules may be loaded while nothing is recorded.
    whys = (["auditing is off: nothing is recorded"] if enabled == 0 else []) + (["not recorded: auditing is off"] if in_sync is False else [])
    assert [each["why"] for each in summary["hosts"][0]["differences"]] == whys


def test_a_host_is_asked_once_for_the_policy_and_for_nothing_of_how_to_get_there(tmp_path, fleet, libexec):
    variables = {
        **kernel_of(tmp_path, libexec, {"in_sync": True, "status": {}}), "audit_policy_root": "/", "audit_policy_mode": "0640", "audit_policy_backup": True,
        "audit_policy_on_missing": "skip", "audit_policy_ordering": "strict",
    }
    status, output, dummy = fleet("--limit", "same", changed=variables)
    assert status == 0, output
    asked = json.loads((tmp_path / "asked").read_text())
    assert asked == {
        "operation": "gather", "details": False, "culprit": True, "root": "/", "rules_dir": "/etc/audit/rules.d", "kernel": "auto", "ordering": "strict",
        "check_mode": False,
        "expect": {"state": "loaded", "on_missing": "skip", "drop_ins": {"30-identity": {"rules": WATCH}}, **asked["expect"]},
    }
    assert not {"mode", "backup", "compile", "record", "on_locked"} & set(asked["expect"])
    assert output.count("TASK [") == 5


def test_a_policy_of_the_kernel_alone_has_no_page(fleet):
    status, dummy, summary = fleet("--limit", "same", changed={"audit_policy_target": "runtime"})
    assert status != 0 and states(summary) == {"same": "failed"} and "audit_policy_target" in summary["hosts"][0]["msg"]


def test_an_unknown_gate_is_told_before_anything_is_asked(fleet):
    status, output, summary = fleet("--extra-vars", "audit_fail_on=deviation")
    assert status != 0 and summary is None and "audit_fail_on is deviation; it takes drift, failed," in output


@pytest.mark.parametrize("arguments", [("audit_hosts=nobody",), ("audit_hosts=same", "--limit", "other")])
def test_nobody_to_ask_is_a_failure(fleet, arguments):
    status, output, summary = fleet("--extra-vars", *arguments)
    assert status != 0 and summary is None and "no host is asked" in output


def test_an_inventory_without_hosts_is_a_failure_too(tmp_path, ansible_playbook):
    done = ansible_playbook(tmp_path, {}, "linux.audit.fleet", "--extra-vars", f"audit_report={tmp_path}/page.html")
    assert done.returncode != 0 and "no host is asked" in done.stdout + done.stderr and not (tmp_path / "page.html").exists()


def test_hosts_may_be_a_list(fleet):
    status, output, summary = fleet("--extra-vars", '{"audit_hosts": ["same", "other"]}', "--limit", "same")
    assert status == 0 and states(summary) == {"same": "files_only"}, output


def test_a_policy_that_says_nothing_is_no_green_host(fleet):
    status, dummy, summary = fleet("--limit", "same", changed={"audit_policy_drop_ins": {}, "audit_polcy_src": ["x"]})
    assert status != 0 and states(summary) == {"same": "failed"}
    assert "audit_policy_allow_empty" in summary["hosts"][0]["msg"] and "audit_polcy_src" in summary["hosts"][0]["msg"]


def test_a_file_that_is_brought_and_to_be_removed_is_told(tmp_path, ansible_playbook, make_host):
    make_host(tmp_path / "one")
    (tmp_path / "rules.d").mkdir()
    for name in ("30-a", "40-b"):
        (tmp_path / f"rules.d/{name}.rules").write_text(WATCH)
    variables = {**host(tmp_path / "one", WATCH), "audit_policy_drop_ins": {}, "audit_policy_src": [str(tmp_path / "rules.d")],
                 "audit_policy_remove": ["40-b"]}
    done = ansible_playbook(tmp_path, {"one": variables}, "linux.audit.policy")
    # Older versions break a warning at 79 columns, in the middle of a path.
    said = "".join((done.stdout + done.stderr).split())
    told = f"40-b: {tmp_path}/rules.d/40-b.rules is left out, since this drop-in is to be removed"
    assert done.returncode == 0 and "".join(told.split()) in said
    assert [path.name for path in (tmp_path / "one/etc/audit/rules.d").iterdir()] == ["30-a.rules"]


def test_settings_that_a_later_drop_in_overrules_are_told_with_both_ways_out(tmp_path, ansible_playbook, make_host):
    root = tmp_path / "one"
    make_host(root)
    stock = root / "etc/audit/rules.d/audit.rules"
    stock.write_text("-D\n-b 8192\n-f 1\n")
    variables = {**host(root, WATCH), "audit_policy_control": {"backlog_limit": 16384, "failure": "panic"}}
    ways = "audit comes later and has the last word on settings. Remove it by audit_policy_remove: [audit], or let yours come later by "

    def told(**more):
        done = ansible_playbook(tmp_path, {"one": {**variables, **more}}, "linux.audit.policy")
        assert done.returncode == 0
        # A warning, which older versions break at 79 columns.
        said = "".join(done.stderr.split())
        return "one:settings" in said and "".join(ways.split()) + "audit_policy_control_name:zz-finalize" in said

    assert told()
    assert not told(audit_policy_control_name="zz-finalize")
    assert not told(audit_policy_remove=["audit", "zz-finalize"])


def test_a_host_takes_one_task(tmp_path, ansible_playbook, make_host):
    make_host(tmp_path / "one")
    for changed in (1, 0):
        done = ansible_playbook(tmp_path, {"one": host(tmp_path / "one", WATCH)}, "linux.audit.policy")
        assert done.stdout.count("TASK [") == 1 and f"changed={changed} " in done.stdout and "skipped=0" in done.stdout


@pytest.mark.parametrize("variables, told", [
    ({"audit_policy_on_locked": "never"}, "value of audit_policy_on_locked must be one of: stage, fail, got: never"),
    ({"audit_policy_benchmarks": [], "audit_policy_lock_timeout": "soon"}, "audit_policy_lock_timeout"),
    ({"audit_policy_reboot_timeout": "soon"}, "audit_policy_reboot_timeout"),
    ({"audit_policy_control": "locked"}, "audit_policy_control"),
    ({"audit_policy_drop_ins": ["30-a"]}, "the drop-ins must be a dictionary"),
    ({"audit_policy_state": "restored"}, "snapshot"),
    ({"audit_policy_state": "absent"}, "absent"),
])
def test_a_wrong_value_is_told_with_the_name_of_the_variable_and_changes_nothing(tmp_path, ansible_playbook, make_host, variables, told):
    make_host(tmp_path / "one")
    done = ansible_playbook(tmp_path, {"one": {**host(tmp_path / "one", WATCH), **variables}}, "linux.audit.policy")
    assert done.returncode != 0 and told in done.stdout + done.stderr, done.stdout
    assert not list((tmp_path / "one/etc/audit/rules.d").iterdir())


def benchmark(tmp_path, make_host, **variables):
    """A host of RHEL 9, and the variables of the playbook that brings it to a benchmark."""
    root = tmp_path / "one"
    make_host(root)
    (root / "etc/os-release").write_text('ID="rhel"\nVERSION_ID="9.4"\n')
    return root, {"one": {"audit_policy_root": str(root), "audit_become": False, **variables}}


def test_one_command_brings_a_host_to_a_benchmark_and_the_second_finds_nothing_to_do(tmp_path, ansible_playbook, make_host):
    root, hosts = benchmark(tmp_path, make_host)
    checked = ansible_playbook(tmp_path, hosts, "linux.audit.benchmark", "-e", "audit_benchmark=stig", "--check", "--diff")
    assert checked.returncode == 0 and "+# control: stig-rhel9 RHEL-09-654240" in checked.stdout, checked.stdout
    assert not list((root / "etc/audit/rules.d").iterdir())
    first, second = (ansible_playbook(tmp_path, hosts, "linux.audit.benchmark", "-e", "audit_benchmark=stig") for dummy in range(2))
    assert first.returncode == 0 and "changed=1" in first.stdout and "changed=0" in second.stdout, first.stdout + second.stdout
    assert (root / "etc/audit/rules.d/99-lock-stig.rules").read_text().endswith("-e 2\n")


def test_a_benchmark_goes_with_own_drop_ins_and_without_a_control(tmp_path, ansible_playbook, make_host):
    without = [{"what": "RHEL-09-654275", "reason": "rules change in production"}]
    root, hosts = benchmark(
        tmp_path, make_host, audit_benchmark={"name": "stig", "without": without}, audit_policy_drop_ins={"50-site": WATCH})
    done = ansible_playbook(tmp_path, hosts, "linux.audit.benchmark")
    assert done.returncode == 0, done.stdout
    names = {path.name for path in (root / "etc/audit/rules.d").iterdir()}
    assert {"30-stig.rules", "50-site.rules"} <= names and "99-lock-stig.rules" not in names


def test_an_unknown_benchmark_changes_nothing_and_names_the_nearest(tmp_path, ansible_playbook, make_host):
    root, hosts = benchmark(tmp_path, make_host, audit_benchmark="stigg")
    done = ansible_playbook(tmp_path, hosts, "linux.audit.benchmark")
    assert done.returncode != 0 and "did you mean stig?" in " ".join(done.stdout.split())
    assert not list((root / "etc/audit/rules.d").iterdir())
