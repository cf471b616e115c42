# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways to a target: local and ssh, other users, async, delegation, hosts where little works."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys

import pytest

TASK = {"name": "30-identity", "root": "{{ root }}", "rules": ["-w /etc/passwd -p wa -k identity"]}
EXPLAIN = {"operation": "explain", "rules": ["-w /etc/passwd -p wa -k identity"]}

#: An action plugin that calls the module by itself, as other collections' plugins do.
PAST = """
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        return self._execute_module("linux.audit.audit_rules_info", dict(self._task.args), task_vars=task_vars)
"""


def past(path):
    return {"ansible.legacy.past": {**EXPLAIN, "executable": str(path)}}


@pytest.mark.parametrize("pipelining", ["True", "False"])
def test_a_task_is_one_remote_command_once_the_program_is_there(player, pipelining):
    player.environment["ANSIBLE_PIPELINING"] = pipelining
    first = player.play(TASK, arguments=["-vvv"])
    second = player.play(TASK, arguments=["-vvv"])
    assert (first.outcomes(), second.outcomes()) == (["ok"], ["ok"]), first.output
    assert (first.exchanges(), second.exchanges()) == (3, 1)


@pytest.mark.parametrize("pipelining", ["True", "False"])
def test_so_it_is_over_ssh_with_sudo(player, sshd, pipelining):
    player.environment["ANSIBLE_PIPELINING"] = pipelining
    first = player.play(TASK, arguments=["-vvv"], variables=sshd, become=True)
    second = player.play(TASK, arguments=["-vvv"], variables=sshd, become=True)
    assert (first.outcomes(), second.outcomes()) == (["ok"], ["ok"]), first.output
    assert (first.exchanges(), second.exchanges()) == (3, 1)
    assert os.stat("/var/cache/audit_rules").st_uid == 0
    assert not glob.glob("/home/steward/.ansible/tmp/*")


def test_neither_python_nor_sftp_is_needed(player, sshd, tmp_path):
    """The target's PATH has only what the plugin says that it needs."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "ls", "uname", "id", "cat", "mkdir", "chmod", "mv", "rm"):
        os.symlink(shutil.which(name), tools / name)
    played = player.play(TASK, variables=sshd, become=True, environment={"PATH": str(tools)})
    assert played.outcomes() == ["ok"], played.output
    assert played[0]["changed"]


@pytest.mark.parametrize("way", ["local", "ssh"])
def test_another_user_has_a_cache_of_his_own(player, sshd, way):
    variables = {**sshd, "ansible_user": "root"} if way == "ssh" else {}
    played = player.play(EXPLAIN, EXPLAIN, become=True, become_user="guest", variables=variables, arguments=["-vvv"])
    assert played.outcomes() == ["ok", "ok"], played.output
    assert played.exchanges() == 4
    assert os.listdir("/home/guest/.cache/audit_rules")
    assert os.stat("/home/guest/.cache/audit_rules").st_uid == os.stat("/home/guest").st_uid


@pytest.mark.parametrize("pipelining", ["True", "False"])
@pytest.mark.parametrize("way", ["local", "ssh"])
def test_sudo_may_ask_for_a_password(player, sshd, way, pipelining, tmp_path_factory):
    player.environment["ANSIBLE_PIPELINING"] = pipelining
    variables = {"ansible_become_password": "secret"}
    before = ()
    if way == "ssh":
        variables.update(sshd, ansible_user="keeper")
    else:
        before = ("setpriv", "--reuid=keeper", "--regid=keeper", "--init-groups", "env", "HOME=/home/keeper")
        # An image below a directory of another user's is refused.
        image = tmp_path_factory.mktemp("image") / "root"
        shutil.move(player.root, image)
        variables["root"] = str(image)
        shutil.chown(player.directory, "keeper")
    played = player.play(TASK, become=True, variables=variables, before=before)
    assert played.outcomes() == ["ok"], played.output
    assert os.listdir("/var/cache/audit_rules")


@pytest.mark.parametrize("way", ["requiretty", "su"])
def test_where_a_terminal_is_wanted_the_program_goes_as_a_module(player, sshd, way):
    settings = "/etc/sudoers.d/requiretty"
    variables = {**sshd, "ansible_python_interpreter": "/nonexistent"}
    if way == "su":
        variables.update(ansible_user="root", ansible_become_method="su", ansible_become_user="guest")
        task = EXPLAIN
        shutil.rmtree("/home/guest/.ansible", ignore_errors=True)
    else:
        task = TASK
        with open(settings, "w", encoding="utf-8") as file:
            file.write("Defaults:steward requiretty\n")
    try:
        played = player.play({**task, "diff": True}, become=True, variables=variables)
    finally:
        if os.path.exists(settings):
            os.unlink(settings)
    assert played.outcomes() == ["ok"], played.output
    assert played[0]["outcome"] in ("applied", "unchanged")
    if way == "requiretty":
        assert played[0]["diff"][0]["before_header"].endswith("/etc/audit/rules.d/30-identity.rules")


def test_problems_read_the_same_when_the_program_goes_as_a_module(player, sshd):
    (player.directory / "a.rules").write_text("# a\n-w etc/passwd\n", encoding="utf-8")
    variables = {**sshd, "ansible_user": "root", "ansible_become_method": "su"}
    played = player.play({"src": "a.rules", "root": "{{ root }}", "ignore_errors": True}, become=True, variables=variables)
    assert played.outcomes() == ["failed"]
    assert played[0]["msg"].startswith("nothing was changed: a.rules:2: the path")


def test_the_environment_of_a_task_reaches_the_target(player, tmp_path):
    fake = tmp_path / "bin" / "uname"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\ncase $1 in -s) echo Linux;; *) echo riscv64;; esac\n", encoding="utf-8")
    fake.chmod(0o755)
    played = player.play(TASK, environment={"PATH": f"{fake.parent}:{os.environ['PATH']}"})
    assert played.outcomes() == ["failed"]
    assert "no program for the machine riscv64" in played[0]["msg"] and "x86_64" in played[0]["msg"]


def test_a_task_can_be_delegated(player, sshd):
    played = player.play({**TASK, "delegate_to": "other", "become": True}, others={"other": sshd},
                         variables={"ansible_connection": "ssh", "ansible_host": "192.0.2.1"})
    assert played.outcomes() == ["ok"], played.output
    assert played[0]["changed"] and player.drop_in("30-identity").exists()
    assert os.listdir("/var/cache/audit_rules")


def test_async_runs_the_program_by_ansibles_own_way(player):
    variables = {"ansible_python_interpreter": sys.executable}
    played = player.play(
        {**TASK, "async": 60, "poll": 1},
        {**TASK, "name": "40-later", "async": 60, "poll": 0, "register": "job"},
        {"ansible.builtin.async_status": {"jid": "{{ job.ansible_job_id }}"}, "register": "status", "until": "status is finished",
         "retries": 50, "delay": 1},
        variables=variables)
    assert played.status == 0, played.output
    finished = [line["result"] for line in played.lines if line["result"].get("outcome")]
    assert [result["outcome"] for result in finished] == ["applied", "applied"]
    assert player.drop_in("30-identity").exists() and player.drop_in("40-later").exists()


def test_a_remote_tmp_where_no_program_may_run_is_named_with_the_remedy(player, sshd):
    where = "/var/tmp/noexec"
    os.makedirs(where)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "noexec,mode=1777", "none", where], check=True)
    try:
        variables = {**sshd, "ansible_user": "root", "ansible_become_method": "su", "ansible_remote_tmp": where}
        stuck = player.play({**EXPLAIN, "ignore_errors": True}, become=True, variables=variables)
        # It does not matter to a task that takes the usual way.
        usual = player.play(EXPLAIN, variables={"ansible_remote_tmp": where})
    finally:
        subprocess.run(["umount", where], check=True)
        os.rmdir(where)
    assert stuck.outcomes() == ["failed"]
    assert "remote_tmp" in stuck[0]["msg"] and "noexec" in stuck[0]["msg"], stuck[0]["msg"]
    assert usual.outcomes() == ["ok"], usual.output


def test_a_target_where_no_program_may_run_is_told_with_the_remedy(player):
    places = ["/var/cache", "/var/tmp", "/home"]
    for place in places:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "noexec,mode=1777", "none", place], check=True)
    try:
        played = player.play(TASK, environment={"HOME": "/home/root"})
    finally:
        for place in places:
            subprocess.run(["umount", place], check=True)
    assert played.outcomes() == ["failed"]
    for place in places:
        assert f"{place} is mounted noexec" in played[0]["msg"]
    assert "option executable" in played[0]["msg"]


def test_an_installed_program_is_used_where_it_is_named(player, libexec):
    collection = os.environ["ANSIBLE_COLLECTIONS_PATH"] + "/ansible_collections/linux/audit"
    path = libexec / "audit_rules"
    shutil.copy(f"{collection}/files/audit_rules-{os.uname().machine}.elf", path)
    played = player.play({**TASK, "executable": str(path)}, {**EXPLAIN, "executable": "/none"}, arguments=["-vvv"])
    assert played.outcomes() == ["ok", "failed"], played.output
    assert played[1]["msg"] == "executable: /none does not exist on the target"
    assert not os.path.exists("/var/cache/audit_rules")


def test_another_program_is_told_by_what_it_says_of_itself(player):
    for name in ("true", "cat"):
        path = os.path.realpath(shutil.which(name))
        played = player.play({**EXPLAIN, "executable": path})
        assert played.outcomes() == ["failed"]
        assert played[0]["msg"].startswith(f"executable: {path} is not audit_rules: asked for its version it says: {name} "), played[0]["msg"]
        assert "@audit_rules" not in played.output


def test_a_module_that_is_called_past_its_action_plugin_judges_the_program_too(player, libexec):
    path = libexec / "audit_rules"
    collection = f"{os.environ['ANSIBLE_COLLECTIONS_PATH']}/ansible_collections/linux/audit"
    shutil.copy(f"{collection}/files/audit_rules-{os.uname().machine}.elf", path)
    (player.directory / "action_plugins").mkdir()
    (player.directory / "action_plugins" / "past.py").write_text(PAST, encoding="utf-8")
    variables = {"ansible_python_interpreter": sys.executable}
    fine = player.play(past(path), variables=variables)
    assert fine.outcomes() == ["ok"] and fine[0]["lines"][0]["accepted"], fine.output
    path.chmod(0o777)
    assert player.play(past(path), variables=variables)[0]["msg"] == f"{path} is not run: other users may write {path}"
    path.chmod(0o755)
    assert "is not audit_rules" in player.play(past("/usr/bin/true"), variables=variables)[0]["msg"]


def test_a_program_that_ends_badly_is_a_failure(player, libexec):
    path = libexec / "audit_rules"
    cases = {
        "kill -9 $$": "no report came back: exit status",
        "echo trouble; echo more >&2; exit 3": "stderr: more",
        "echo '{\"changed\":false,\"failed\":false,\"msg\":\"m\",\"outcome\":\"unchanged\"}'; exit 4": "did not end well",
        "echo '{\"changed\":'; exit 0": "no report came back",
    }
    for last, message in cases.items():
        path.write_text(f"#!/bin/sh\n[ \"$1\" = - ] || {{ echo audit_rules 0.1.0; exit; }}\ncat >/dev/null\n{last}\n", encoding="utf-8")
        path.chmod(0o755)
        played = player.play({**EXPLAIN, "executable": str(path)})
        assert played.outcomes() == ["failed"], last
        assert message in played[0]["msg"], played[0]["msg"]
        assert "rc" not in played[0]


def test_no_request_is_on_any_command_line(player, tmp_path, libexec):
    """Neither on the target nor in what Ansible shows of its commands."""
    path = libexec / "audit_rules"
    path.write_text("#!/bin/sh\n[ \"$1\" = - ] || { echo audit_rules 0.1.0; exit; }\n"
                    "for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$file; done >" + str(tmp_path / "seen") + " 2>/dev/null\n"
                    "cat >/dev/null; echo '{\"changed\":false,\"msg\":\"m\",\"outcome\":\"unchanged\"}'\n", encoding="utf-8")
    path.chmod(0o755)
    played = player.play({**EXPLAIN, "rules": ["# squeamish ossifrage"], "executable": str(path)}, arguments=["-vvv"])
    assert played.outcomes() == ["ok"], played.output
    assert "squeamish" not in (tmp_path / "seen").read_text(encoding="utf-8")
    assert not any("squeamish" in line for line in played.output.splitlines() if "EXEC" in line)


def test_hosts_in_parallel_do_not_disturb_each_other(player):
    played = player.play({**TASK, "name": "{{ inventory_hostname }}"}, hosts=5, arguments=["--forks", "5"])
    assert played.outcomes() == ["ok"] * 5, played.output
    assert len(os.listdir("/var/cache/audit_rules")) == 1


def test_a_windows_or_network_connection_is_told(player):
    played = player.play(TASK, variables={"ansible_shell_type": "powershell"})
    assert played.outcomes() == ["failed"] and "Windows" in played[0]["msg"]
