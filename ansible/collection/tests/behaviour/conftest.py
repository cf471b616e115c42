# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs playbooks with the ansible-core of this Python, and a private sshd. Hosts have no Python that Ansible finds."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent


def pytest_configure(config):
    if not os.path.exists("/run/audit_rules-tests"):
        raise pytest.UsageError("start these tests with ansible/test-plugin; they would write to this machine")


class Played:
    """What a playbook came to."""

    def __init__(self, done, record):
        self.status = done.returncode
        self.output = done.stdout + done.stderr
        self.lines = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()] if record.exists() else []

    def __getitem__(self, number):
        return self.lines[number]["result"]

    def outcomes(self):
        return [line["outcome"] for line in self.lines]

    def exchanges(self):
        """How many remote commands and transfers there were; only with -vvv."""
        return len(re.findall(r"(?:SSH: )?EXEC |<[^>]*> PUT ", self.output))


class Player:
    """Writes and runs playbooks below a directory of their own."""

    def __init__(self, directory):
        self.directory = directory
        self.root = directory / "root"
        (self.root / "etc" / "audit" / "rules.d").mkdir(parents=True)
        for name in ("passwd", "group"):
            shutil.copy(f"/etc/{name}", self.root / "etc" / name)
        self.variables = {"ansible_connection": "local", "ansible_python_interpreter": "/nonexistent", "root": str(self.root)}
        self.environment = {}
        self._plays = 0

    def drop_in(self, name):
        return self.root / "etc" / "audit" / "rules.d" / f"{name}.rules"

    def play(self, *tasks, arguments=(), hosts=1, variables=None, others=None, before=(), **keywords):
        """Plays tasks; each without a name of a module is one of ours. others are hosts that are not played. keywords are those of
        the play."""
        self._plays += 1
        record = self.directory / f"record-{self._plays}"
        names = [f"host{number}" for number in range(1, hosts + 1)]
        inventory = {"all": {"vars": self.variables, "children": {
            "played": {"hosts": {name: {} for name in names}, "vars": variables or {}},
            "others": {"hosts": others or {}},
        }}}
        play = {"hosts": "played", "gather_facts": False, **keywords, "tasks": [ours(task) for task in tasks]}
        (self.directory / "inventory.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
        (self.directory / "play.yml").write_text(yaml.safe_dump([play], sort_keys=False), encoding="utf-8")
        environment = {
            **os.environ, "RECORD": str(record), "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"), "ANSIBLE_CALLBACKS_ENABLED": "recorder",
            "ANSIBLE_HOME": str(self.directory / "ansible"), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_DEPRECATION_WARNINGS": "0",
            "ANSIBLE_SSH_ARGS": "-C -o ControlMaster=auto -o ControlPersist=60s", **self.environment,
        }
        done = subprocess.run([*before, BIN / "ansible-playbook", "-i", "inventory.yml", "play.yml", *arguments], cwd=self.directory,
                              env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=120)
        return Played(done, record)


def ours(task):
    """A task: options of audit_rules, unless it names a module of Ansible or of ours."""
    if any("." in key for key in task):
        return task
    keywords = {key: task[key] for key in task if key in KEYWORDS}
    options = {key: task[key] for key in task if key not in KEYWORDS}
    module = "linux.audit.audit_rules_info" if "operation" in options else "linux.audit.audit_rules"
    return {module: options, **keywords}


KEYWORDS = {"register", "when", "loop", "check_mode", "diff", "async", "poll", "delegate_to", "environment", "become", "become_user",
            "become_method", "ignore_errors", "vars", "no_log", "failed_when", "changed_when", "run_once", "args", "module_defaults",
            "until", "retries", "delay"}


@pytest.fixture(name="player")
def fixture_player(tmp_path):
    for path in (tmp_path, *tmp_path.parents[:-1]):
        os.chmod(path, os.stat(path).st_mode | 0o011)
    yield Player(tmp_path)
    for path in ("/var/cache/audit_rules", "/root/.cache", "/home/guest/.cache", "/home/steward/.cache", "/root/.ansible"):
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(name="libexec")
def fixture_libexec():
    """A directory for programs that only root may write, with all above it: not below /tmp."""
    path = Path("/run/audit_rules-libexec")
    path.mkdir()
    yield path
    shutil.rmtree(path)


@pytest.fixture(name="sshd", scope="session")
def fixture_sshd(tmp_path_factory):
    """Starts an sshd of its own on a free port; gives the variables of a host after it."""
    directory = tmp_path_factory.mktemp("sshd")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / name], check=True)
    os.chmod(directory, 0o755)
    for path in directory.parents[:-1]:
        os.chmod(path, os.stat(path).st_mode | 0o011)
    shutil.copy(directory / "user.pub", directory / "authorized")
    os.chmod(directory / "authorized", 0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (directory / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {directory}/host\nAuthorizedKeysFile {directory}/authorized\n"
        "StrictModes no\nPermitRootLogin yes\nUsePAM no\nPidFile none\nMaxStartups 100\n", encoding="utf-8")
    # Accounts without a password are locked, but for a star.
    process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", directory / "config"], stderr=subprocess.PIPE)
    for dummy in range(100):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    else:
        process.kill()
        pytest.fail("sshd does not start: " + process.stderr.read().decode())
    yield {
        "ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": port, "ansible_user": "steward",
        "ansible_ssh_private_key_file": str(directory / "user"), "ansible_ssh_host_key_checking": False,
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={directory}/known -o LogLevel=ERROR",
    }
    process.terminate()
    process.wait()
