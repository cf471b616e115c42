# SPDX-License-Identifier: Apache-2.0
"""
A masterless minion in a directory. Its host is another directory: `root` in the states, so only files are changed.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest
import salt.client
import salt.config

from place import FORMULA

CONFIGURATION = """\
file_client: local
id: minion
root_dir: {directory}
cachedir: {directory}/cache
conf_file: {directory}/minion
log_file: {directory}/log
log_level_logfile: warning
file_roots: {{base: [{formula}, {directory}/states]}}
pillar_roots: {{base: [{directory}/pillar]}}
enable_fqdns_grains: False
fileserver_list_cache_time: 0
"""


class Minion:
    """What it gives to Salt are files; what Salt gives to it are returns by the ID of the state."""

    def __init__(self, directory, executable):
        self.directory = directory
        self.caller = None
        self.executable = executable
        (directory / "minion").write_text(CONFIGURATION.format(directory=directory, formula=FORMULA))
        self.renew()

    def renew(self):
        """Another host, other states and pillar. What it knows of the formula stays: to learn it takes seconds."""
        for name in ("image", "states", "pillar"):
            shutil.rmtree(str(self.directory / name), ignore_errors=True)
            (self.directory / name).mkdir()
        self.image = self.directory / "image"
        self.drop_ins = self.image / "etc/audit/rules.d"
        self.drop_ins.mkdir(parents=True)
        self.write("pillar/top.sls", "base: {'*': [audit]}\n")
        self.pillar(audit_rules={"lookup": {"executable": self.executable}})

    def write(self, name, text):
        (self.directory / name).write_text(text)

    def pillar(self, **values):
        self.write("pillar/audit.sls", json.dumps(values))

    def call(self, function, *arguments, **options):
        """A call in this process."""
        if not self.caller:
            self.caller = salt.client.Caller(mopts=salt.config.minion_config(str(self.directory / "minion")))
        return self.caller.cmd(function, *arguments, **options)

    def apply(self, sls, **options):
        """state.apply in this process, with IMAGE in the text standing for the host."""
        self.write("states/tested.sls", sls.replace("IMAGE", str(self.image)))
        returns = self.call("state.apply", "tested", **options)
        assert isinstance(returns, dict), returns
        return {entry["__id__"]: entry for entry in returns.values()}

    def salt_call(self, *words):
        """The command as an administrator gives it; gives its exit status and its output, read."""
        command = [sys.executable, "-W", "ignore", os.path.join(os.path.dirname(sys.executable), "salt-call")]
        done = subprocess.run(
            command + ["--local", "--config-dir", str(self.directory), "--out=json", "--retcode-passthrough"] + list(words),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert done.stdout, done.stderr.decode()
        return done.returncode, json.loads(done.stdout.decode())["local"]


@pytest.fixture
def fresh(tmp_path, executable, safe):
    """A minion that has never heard of the formula."""
    minion = Minion(tmp_path, executable)
    #: Where its pillar may have the executable.
    minion.libexec = pathlib.Path(tempfile.mkdtemp(dir=str(safe))) / "libexec"
    return minion


@pytest.fixture(scope="session")
def informed(tmp_path_factory, executable):
    """One that knows the formula."""
    minion = Minion(tmp_path_factory.mktemp("minion"), executable)
    for kind in ("modules", "states"):
        minion.call("saltutil.sync_" + kind)
    minion.caller = None
    return minion


@pytest.fixture
def minion(informed):
    informed.renew()
    return informed
