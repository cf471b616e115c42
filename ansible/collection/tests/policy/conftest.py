# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How these tests run playbooks of the staged collection."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

STAGED = Path(os.environ.get("AUDIT_RULES_COLLECTIONS", Path(__file__).parents[4] / "target/ansible"))


@pytest.fixture(scope="session")
def ansible_playbook():
    """A function that runs a playbook in a directory, for hosts that are directories too: their variables by name, and arguments."""
    assert (STAGED / "ansible_collections/linux/audit/files/programs.json").exists(), f"no collection in {STAGED}: ansible/build --no-tarball"

    def run(base, hosts, playbook, *arguments):
        variables = {
            "ansible_connection": "local", "ansible_python_interpreter": sys.executable, "notes": str(base),
            "audit_policy_cache": str(base / "cache"),
        }
        inventory = base / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": variables}}))
        environment = {
            **os.environ, "ANSIBLE_COLLECTIONS_PATH": str(STAGED), "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_LOCAL_TEMP": str(base / "temp"), "ANSIBLE_REMOTE_TEMP": str(base / "temp"),
        }
        command = [Path(sys.executable).parent / "ansible-playbook", "--inventory", inventory, playbook, *arguments]
        done = subprocess.run(command, env=environment, cwd=base, capture_output=True, text=True, check=False)
        print(done.stdout, done.stderr)
        return done

    return run


@pytest.fixture(scope="session")
def make_host():
    """A function that makes a directory into a host: what every one has."""
    def make(root):
        (root / "etc/audit/rules.d").mkdir(parents=True)
        (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
        (root / "etc/group").write_text("root:x:0:\n")

    return make
