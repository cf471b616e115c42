# SPDX-License-Identifier: Apache-2.0
"""
Two minions of one master, by the commands that its administrator gives.
"""

import hashlib
import os
import shutil
import stat

import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the formula installs a file of root")

BOTH = ["db1", "web1"]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def served(site):
    return site.formula / "audit_rules/files" / ("audit_rules-" + os.uname().machine)


def policies(returns):
    return [returns[name]["audit_rules_policy"] for name in BOTH]


def test_new_minions_start_with_a_dry_run_then_agree_then_have_nothing_to_do(site):
    status, dry = site.look()
    assert (status, sorted(dry)) == (0, BOTH)
    assert [entry["result"] for entry in policies(dry)] == [None, None], dry
    assert not any(site.program(name).exists() or list(site.drop_ins(name).iterdir()) for name in BOTH)
    # What the dry run ran came from the file server, whole.
    for name in BOTH:
        (kept,) = (site.directory / name / "cache/audit_rules").iterdir()
        assert (kept.name, digest(kept)) == ("audit_rules-" + digest(served(site)), digest(served(site)))

    status, real = site.apply()
    assert status == 0
    assert [entry["result"] for entry in policies(real)] == [True, True], real
    assert [entry["changes"] for entry in policies(real)] == [entry["changes"] for entry in policies(dry)]
    for name in BOTH:
        assert digest(site.program(name)) == digest(served(site))
        assert stat.S_IMODE(site.program(name).stat().st_mode) == 0o755
        assert (site.drop_ins(name) / "30-identity.rules").exists()

    status, again = site.apply()
    assert status == 0
    assert [entry["changes"] for states in again.values() for entry in states.values()] == [{}] * 4, again


def test_a_batch_takes_one_minion_after_the_other(site):
    status, real = site.apply("--batch-size=50%", "*")
    assert (status, sorted(real)) == (0, BOTH)
    assert all(entry["result"] is True and entry["changes"]["files"] for entry in policies(real)), real
    assert sorted(site.batches) == BOTH


def test_a_batch_stops_at_the_first_minion_that_fails(site):
    mistaken = {"drop_ins": {"60-typo": {"rules": ["-w etc/hosts -p wa", "-a always,exit -F arch=b64 -S opne"]}}}
    site.pillar(db1=mistaken, web1=mistaken)
    status, returns = site.apply("--batch-size=1", "--failhard", "*")
    assert status != 0
    ((name, failed),) = returns.items()
    comment = failed["audit_rules_policy"]["comment"]
    assert "must begin with /" in comment and "did you mean open?" in comment
    assert not list(site.drop_ins(name).iterdir())


def test_a_batch_of_the_function_gives_the_whole_report_of_each(site):
    # A host that both look after: who comes second has nothing to do.
    words = ["audit_rules.apply", "present", "30-a", "root=" + str(site.shared), "rules=['-w /etc/passwd -p wa']"]
    status, reports = site.salt("-b", "1", "*", *words)
    assert (status, sorted(reports)) == (0, BOTH)
    assert sorted(report["outcome"] for report in reports.values()) == ["applied", "unchanged"]


def test_drift_is_told_of_every_minion_and_fails_the_command_when_asked(site):
    words = ["*", "audit_rules.drift", "root=" + str(site.shared), "expect=['-w /etc/passwd -p wa']"]
    status, found = site.salt(*words)
    assert (status, [found[name]["in_sync"] for name in BOTH]) == (0, [False, False])
    status, found = site.salt(*words + ["on_drift=fail"])
    assert (status != 0, [found[name]["in_sync"] for name in BOTH]) == (True, [False, False])


def test_one_page_says_which_minions_hold_their_pillar_and_which_did_not_answer(site):
    assert site.run("saltutil.sync_runners")[0] == site.salt("*", "saltutil.sync_all")[0] == 0
    assert site.apply("db1")[0] == 0
    accepted = site.directory / "master/pki/minions"
    shutil.copy(str(accepted / "db1"), str(accepted / "gone1"))
    try:
        words = ["audit_rules.fleet", "*", "dest=" + str(site.directory / "page.html"), "timeout=10"]
        status, answer = site.run(*words)
        assert (status, answer["failing"]) == (1, ["drift: web1", "unreachable: gone1"]), answer
        assert answer["comment"] == "3 hosts: 1 drift, 1 unreachable, 1 files only"
        assert "1 of 3 hosts deviate" in (site.directory / "page.html").read_text()
        status, answer = site.run(*words + ["fail_on=[failed]"])
        assert (status, answer["failing"]) == (0, [])
    finally:
        (accepted / "gone1").unlink()


def test_pillar_and_rules_files_come_from_the_master_for_each_minion(site):
    site.write("srv/salt/postgres/files/audit.rules", "-w /etc/postgresql -p wa -k {{ grains.id }}-{{ what }}\n")
    source = {"source": "salt://postgres/files/audit.rules", "template": "jinja", "context": {"what": "postgres"}}
    mistaken = {"drop_ins": {"60-typo": {"rules": ["-w etc/hosts -p wa"]}}}
    site.pillar(db1={"drop_ins": {"50-postgres": source}}, web1=mistaken)
    status, returns = site.apply()
    assert status != 0
    assert [entry["result"] for entry in policies(returns)] == [True, False]
    # Salt merges what all minions have with what one has.
    assert (site.drop_ins("db1") / "30-identity.rules").exists()
    text = (site.drop_ins("db1") / "50-postgres.rules").read_text()
    assert text.endswith("\n-w /etc/postgresql -p wa -k db1-postgres\n")
    assert not list(site.drop_ins("web1").iterdir())


def test_a_new_executable_on_the_master_replaces_that_of_the_minions(site):
    # A byte after the end of an ELF file changes nothing but its hash.
    with open(str(served(site)), "ab") as file:
        file.write(b"\n")
    status, returns = site.apply()
    assert status == 0
    for name in BOTH:
        assert "diff" in returns[name]["audit_rules_program"]["changes"], returns
        assert digest(site.program(name)) == digest(served(site))
