# SPDX-License-Identifier: Apache-2.0
"""
A master and two minions on the loopback interface, each with a root_dir of its own. The host of a minion is a directory:
`root` in its pillar. The formula is unpacked and configured as README.md says.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest
from salt.utils import yaml

from place import FORMULA, PROJECT, SAFE

MINIONS = ("db1", "web1")
#: How long the daemons may take to find each other, and one command; both wait for other work on a busy machine.
SECONDS_TO_START = 120
SECONDS_OF_A_COMMAND = 120

README = (PROJECT / "salt/README.md").read_text()


def free_ports(count):
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Site:
    """What the administrator has: the directories of the master, the command `salt`, and the hosts to look at."""

    def __init__(self, directory):
        self.directory = directory
        #: A host that both minions look after, since a call gives the same arguments to all.
        self.shared = directory / "shared"
        self.daemons = []
        #: The minions of each step of the last command.
        self.batches = []
        for name in ("etc/master.d", "srv/salt", "srv/pillar"):
            (directory / name).mkdir(parents=True)
        self._install_formula()
        publish, answer = free_ports(2)
        self._configure(
            "etc/master",
            dict(
                interface="127.0.0.1",
                publish_port=publish,
                ret_port=answer,
                auto_accept=True,
                worker_threads=3,
                timeout=60,
                gather_job_timeout=30,
                pillar_roots={"base": [str(directory / "srv/pillar")]},
                fileserver_list_cache_time=0,
                ping_on_rotate=False,
            ),
            "master",
        )
        for name in MINIONS:
            self._configure(
                name + "/etc/minion",
                dict(
                    id=name,
                    master="127.0.0.1",
                    publish_port=publish,
                    master_port=answer,
                    acceptance_wait_time=1,
                    mine_enabled=False,
                    enable_fqdns_grains=False,
                    enable_gpu_grains=False,
                ),
                name,
            )
        self.renew()

    def _install_formula(self):
        """As README.md says, with other directories."""
        (tarball,) = FORMULA.parent.glob("audit-rules-formula-*.tar.gz")
        text = README.partition("\n## Start\n")[2].replace("/srv/", str(self.directory / "srv") + "/")
        for command in re.search(r"```text\n(.*?)```", text, re.DOTALL).group(1).splitlines():
            subprocess.run(command.split(), cwd=str(tarball.parent), check=True)
        for path, content in re.findall(r"```yaml\n# (\S+)\n(.*?)```", text, re.DOTALL)[:2]:
            self.write(path.replace("/etc/salt", "etc"), content)
        self.formula = next((self.directory / "srv/formulas").glob("*/formula"))

    def _configure(self, path, options, name):
        root = self.directory / name
        options.update(
            root_dir=str(root),
            conf_file=str(self.directory / path),
            pki_dir="/pki",
            cachedir="/cache",
            # The path of a socket may have 107 bytes.
            sock_dir="/run",
            log_file="/log",
            log_level_logfile="info",
        )
        (self.directory / path).parent.mkdir(parents=True, exist_ok=True)
        self.write(path, yaml.safe_dump(options))

    def renew(self):
        """Hosts without rules, and the pillar of the example for them."""
        for name in MINIONS:
            shutil.rmtree(str(self.image(name)), ignore_errors=True)
            self.drop_ins(name).mkdir(parents=True)
        shutil.rmtree(str(self.shared), ignore_errors=True)
        (self.shared / "etc/audit/rules.d").mkdir(parents=True)
        self.pillar()

    def pillar(self, **of_one):
        """The example for all minions, and what is put over it for one: NAME={...}."""
        policy = yaml.safe_load((PROJECT / "salt/pillar.example").read_text())
        tops = yaml.safe_load((self.directory / "srv/pillar/top.sls").read_text())["base"]
        for name in MINIONS:
            host = {"root": str(self.image(name)), "lookup": {"executable": str(self.program(name))}}
            host.update(of_one.get(name, {}))
            self.write("srv/pillar/{}.sls".format(name), json.dumps({"audit_rules": host}))
            tops[name] = [name]
        self.write("srv/pillar/audit.sls", json.dumps(policy))
        self.write("srv/pillar/top.sls", json.dumps({"base": tops}))

    def write(self, name, text):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def image(self, name):
        return self.directory / name / "image"

    def drop_ins(self, name):
        return self.image(name) / "etc/audit/rules.d"

    def program(self, name):
        return self.directory / name / "libexec/audit_rules"

    def start(self):
        self._daemon("salt-master", "etc")
        for name in MINIONS:
            self._daemon("salt-minion", name + "/etc")
        deadline = time.monotonic() + SECONDS_TO_START
        found = {}
        while set(found) != set(MINIONS):
            assert time.monotonic() < deadline, "only {} answered\n{}".format(sorted(found), self.logs())
            time.sleep(0.5)
            accepted = self.directory / "master/pki/minions"
            if accepted.is_dir() and len(list(accepted.iterdir())) == len(MINIONS):
                _, found = self.salt("--timeout=3", "*", "test.ping")

    def _daemon(self, program, config):
        words = _command(program) + ["--config-dir", str(self.directory / config), "--log-level=quiet"]
        with open(str(self.directory / "said"), "ab") as said:
            # A session of its own, so that everything which it starts can be found.
            self.daemons.append(
                subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)
            )

    def stop(self):
        for number, seconds in ((signal.SIGTERM, 3), (signal.SIGKILL, 10)):
            for daemon in self.daemons:
                for pid in _session(daemon.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, number)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                for daemon in self.daemons:
                    daemon.poll()
                if not any(_session(daemon.pid) for daemon in self.daemons):
                    return
                time.sleep(0.1)
        raise AssertionError("processes of {} do not end".format(self.directory))

    def logs(self):
        paths = [self.directory / "said"] + [self.directory / name / "log" for name in ("master",) + MINIONS]
        return "\n".join("{}:\n{}".format(path, path.read_text()[-3000:]) for path in paths if path.exists())

    def salt(self, *words):
        """The command as an administrator gives it; gives its exit status, and what each minion returned."""
        command = _command("salt") + ["--config-dir", str(self.directory / "etc"), "--out=json", "--log-level=quiet"]
        done = subprocess.run(
            command + list(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS_OF_A_COMMAND
        )
        text, returns = done.stdout.decode(), {}
        self.batches = re.findall(r"^Executing run on \['(.*)'\]$", text, re.MULTILINE)
        # A document for each minion, and lines between them about batches.
        for document in re.findall(r"^\{$.*?^\}$", text, re.MULTILINE | re.DOTALL):
            returns.update(json.loads(document))
        # Of a batch there are also its job and exit status.
        return done.returncode, {name: returned for name, returned in returns.items() if name in MINIONS}

    def run(self, *words):
        """salt-run; gives its exit status and what came back."""
        command = _command("salt-run") + ["--config-dir", str(self.directory / "etc"), "--out=json", "--log-level=quiet"]
        done = subprocess.run(
            command + list(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS_OF_A_COMMAND
        )
        return done.returncode, json.loads(done.stdout.decode())

    def apply(self, *words):
        """state.apply audit_rules; gives the exit status, and of each minion the states by their IDs."""
        status, returns = self.salt(*(words or ("*",)), "state.apply", "audit_rules")
        return status, _by_id(returns)

    def look(self, *words):
        """The same with test=True."""
        status, returns = self.salt(*(words or ("*",)), "state.apply", "audit_rules", "test=True")
        return status, _by_id(returns)


def _by_id(returns):
    assert all(isinstance(states, dict) for states in returns.values()), returns
    return {minion: {entry["__id__"]: entry for entry in states.values()} for minion, states in returns.items()}


def _command(program):
    return [sys.executable, "-W", "ignore", os.path.join(os.path.dirname(sys.executable), program)]


def _session(leader):
    """The processes of a session that still run."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # Behind the name, which may have blanks: the state, the parent, the group, the session.
            fields = path.read_text().rpartition(") ")[2].split()
            if int(fields[3]) == leader and fields[0] not in "ZX":
                found.append(int(path.parent.name))
    return found


@pytest.fixture(scope="session")
def started():
    directory = pathlib.Path(tempfile.mkdtemp(prefix="salt-", dir=SAFE))
    site = Site(directory)
    try:
        site.start()
        yield site
    finally:
        site.stop()
        shutil.rmtree(str(directory))


@pytest.fixture
def site(started):
    started.renew()
    return started
