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
PROGRAM = STAGED / f"ansible_collections/linux/audit/files/audit_rules-{os.uname().machine}.elf"
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
    """A function that asks four hosts and gives how the playbook ended, what it said, and the page."""
    hosts = {name: host(tmp_path / name, rule) for name, rule in (("same", WATCH), ("other", WATCH), ("typo", "-w etc -p wa\n"))}
    for name in hosts:
        make_host(tmp_path / name)
    hosts["silent"] = {**hosts["same"], "ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    assert ansible_playbook(tmp_path, {"same": hosts["same"]}, "linux.audit.policy").returncode == 0

    def ask(*arguments, changed=None):
        page = tmp_path / "page.md"
        page.unlink(missing_ok=True)
        asked = {name: {**values, **(changed or {})} for name, values in hosts.items()}
        done = ansible_playbook(tmp_path, asked, "linux.audit.fleet", "--extra-vars", f"audit_report={page}", *arguments)
        return done.returncode, done.stdout, page.read_text() if page.exists() else None

    return ask


def test_the_page_says_who_deviates_and_no_host_is_changed(tmp_path, fleet):
    before = (tmp_path / "other/etc/audit/rules.d").stat().st_mtime_ns
    status, output, text = fleet()
    assert "4 hosts: 1 failed, 1 no answer, 1 planned, 1 unchanged\n" in text
    assert "| host | outcome | rules loaded | recording | waits for a boot |" in text
    # A directory has no kernel to ask.
    assert "| same | unchanged | files only |  |  |" in text
    assert "\n## other\n\n30-identity: 1 file to write\n\n- create `/etc/audit/rules.d/30-identity.rules`\n" in text
    assert "\n## typo\n\nnothing was changed" in text
    assert (tmp_path / "other/etc/audit/rules.d").stat().st_mtime_ns == before
    assert (tmp_path / "same/etc/audit/rules.d/30-identity.rules").read_text().endswith(WATCH)
    # A host that failed or was not looked at is no success, and each is told once.
    assert status != 0
    assert "audit_fail_on is failed; no answer: silent; failed: typo; other than the policy: other" in output
    assert output.count("fatal: [silent]") == output.count("UNREACHABLE!") == 1
    assert output.count("fatal: [typo]") == 1 and "undefined" not in output


def test_a_part_of_the_fleet_has_a_page_too(fleet):
    status, dummy, text = fleet("--limit", "same")
    assert status == 0 and "1 hosts: 1 unchanged\n" in text
    status, dummy, text = fleet("--limit", "silent")
    assert status != 0 and "1 hosts: 1 no answer\n" in text


@pytest.mark.parametrize("fail_on, hosts, fails", [
    ("never", "all", False), ("failed", "same,other", False), ("failed", "typo", True), ("failed", "silent", True),
    ("deviation", "same", False), ("deviation", "same,other", True), ("deviation", "typo", True),
])
def test_it_fails_on_what_it_is_told_to(fleet, fail_on, hosts, fails):
    status, output, text = fleet("--limit", hosts, "--extra-vars", f"audit_fail_on={fail_on}")
    assert text and (status != 0) == fails, output


@pytest.mark.parametrize("enabled, shown, fails", [(0, "no", True), (1, "yes", False), (2, "yes", False)])
def test_a_host_that_records_nothing_is_shown_and_deviates(tmp_path, fleet, libexec, enabled, shown, fails):
    """A stand-in for a kernel: the program of the collection, whose report of the host gets a status."""
    program = libexec / "audit_rules"
    report = json.dumps({"changed": False, "msg": "m", "outcome": "unchanged", "status": {"enabled": enabled}})
    program.write_text("#!/bin/sh\n[ $1 = - ] || { echo audit_rules 0.1.0; exit; }\nrequest=$(cat)\ncase $request in\n"
                       f"*gather*) printf %s \"$request\" >{tmp_path}/asked; echo '{report}' ;;\n"
                       f"*) printf %s \"$request\" | exec {PROGRAM} - ;;\nesac\n")
    program.chmod(0o755)
    arguments = ("--limit", "same", "--extra-vars", "audit_fail_on=deviation")
    where = {"audit_policy_rules_dir": "/etc/audit/rules.d", "audit_policy_kernel": "auto"}
    status, output, text = fleet(*arguments, changed={"audit_policy_executable": str(program), **where})
    asked = json.loads((tmp_path / "asked").read_text())
    assert {key: asked[key] for key in ("rules_dir", "kernel")} == {"rules_dir": "/etc/audit/rules.d", "kernel": "auto"}
    assert f"| same | unchanged | files only | {shown} |  |" in text and (status != 0) == fails
    assert ("not recording: same" in output) == fails


def test_an_unknown_gate_is_told_before_anything_is_asked(fleet):
    status, output, text = fleet("--extra-vars", "audit_fail_on=drift")
    assert status != 0 and text is None and "audit_fail_on is drift; it takes never, failed, deviation" in output


def test_a_policy_that_says_nothing_is_no_green_host(fleet):
    status, dummy, text = fleet("--limit", "same", changed={"audit_policy_drop_ins": {}, "audit_polcy_src": ["x"]})
    assert status != 0 and "1 hosts: 1 failed\n" in text and "audit_policy_allow_empty" in text


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
