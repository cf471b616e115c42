# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks of the collection, by the names that users call them by."""

from __future__ import annotations

WATCH = "-w /etc/passwd -p wa -k identity\n"


def host(root, drop_in):
    return {"audit_policy_root": str(root), "audit_become": False, "audit_policy_drop_ins": {"30-identity": drop_in}}


def test_the_page_says_who_deviates(tmp_path, ansible_playbook, make_host):
    hosts = {name: host(tmp_path / name, rule) for name, rule in (("same", WATCH), ("other", WATCH), ("typo", "-w etc -p wa\n"))}
    for name in hosts:
        make_host(tmp_path / name)
    hosts["silent"] = {**hosts["same"], "ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    assert ansible_playbook(tmp_path, {"same": hosts["same"]}, "linux.audit.policy").returncode == 0
    before = (tmp_path / "other/etc/audit/rules.d").stat().st_mtime_ns
    page = tmp_path / "page.md"
    ansible_playbook(tmp_path, {**hosts, "localhost": {"audit_report": str(page)}}, "linux.audit.fleet")
    text = page.read_text()
    assert "4 hosts: 1 failed, 1 no answer, 1 planned, 1 unchanged\n" in text
    assert "| same | unchanged | 0 of 1 |" in text
    assert "\n## other\n\n30-identity: 1 file to write\n\n- create `/etc/audit/rules.d/30-identity.rules`\n" in text
    assert "\n## typo\n\nnothing was changed" in text
    assert (tmp_path / "other/etc/audit/rules.d").stat().st_mtime_ns == before
    assert (tmp_path / "same/etc/audit/rules.d/30-identity.rules").read_text().endswith(WATCH)
