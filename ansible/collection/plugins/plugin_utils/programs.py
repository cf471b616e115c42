# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs that the collection carries, one for each machine."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass

from ansible import constants
from ansible.errors import AnsibleActionFail

#: Names that `uname -m` gives to a machine that we have under another name.
OTHER_NAMES = {"amd64": "x86_64", "arm64": "aarch64"}

FILES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "files")


@dataclass(frozen=True)
class Program:
    """A static executable. size is in bytes."""

    machine: str
    sha256: str
    size: int

    @property
    def name(self):
        """Its name in a cache on the target: another program has another name."""
        return f"audit_rules-{self.sha256}"

    @property
    def module(self):
        """The module that is this executable: Ansible finds the file by its name without .elf."""
        return f"linux.audit.audit_rules_{self.machine}"

    def read(self):
        """Its bytes. Fails if they are not those that the collection was built with."""
        path = os.path.join(FILES, f"audit_rules-{self.machine}.elf")
        try:
            with open(path, "rb") as file:
                content = file.read()
        except OSError as error:
            raise AnsibleActionFail(f"the collection linux.audit is damaged: {error}; install it again") from error
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise AnsibleActionFail(f"the collection linux.audit is damaged: {path} is not what it was built with; "
                                    "install it again")
        return content

    def read_packed(self):
        """Its bytes by gzip. They are packed once for all hosts of a run: it takes more time than all else of a first task."""
        path = os.path.join(constants.DEFAULT_LOCAL_TMP, f"{self.name}.gz")
        try:
            with open(path, "rb") as file:
                return file.read()
        except OSError:
            pass
        packed = gzip.compress(self.read(), 6)
        # Where it cannot be kept, the next host packs it again.
        with contextlib.suppress(OSError):
            handle, part = tempfile.mkstemp(dir=constants.DEFAULT_LOCAL_TMP)
            with open(handle, "wb") as file:
                file.write(packed)
            # Hosts are looked after side by side, and none may read half of it.
            os.replace(part, path)
        return packed


@dataclass(frozen=True)
class Programs:
    """All of them, and their version."""

    version: str
    by_machine: dict

    def for_machine(self, machine):
        """The one for a machine as `uname -m` names it; None if there is none."""
        return self.by_machine.get(OTHER_NAMES.get(machine, machine))

    def machines(self):
        """The machines that there is one for, as text for people."""
        return ", ".join(sorted(self.by_machine))


def shipped():
    """Reads which programs the collection carries; the build wrote that down."""
    path = os.path.join(FILES, "programs.json")
    try:
        with open(path, encoding="utf-8") as file:
            manifest = json.load(file)
    except OSError as error:
        raise AnsibleActionFail(
            f"this copy of the collection linux.audit carries no programs ({error.strerror}: {path}); it is the source, "
            "and ansible/build makes the collection of it; or install a released one with ansible-galaxy"
        ) from error
    programs = {machine: Program(machine, **facts) for machine, facts in manifest["programs"].items()}
    return Programs(manifest["version"], programs)
