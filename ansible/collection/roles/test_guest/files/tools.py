# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of this machine that a guest needs, and how failures are told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


class Trouble(Exception):
    """Something that the caller of the script has to know or to do."""


def require(programs: dict[str, str]) -> None:
    """Makes sure that there are programs, given with the Debian package of each; root gets what is missing."""
    # mke2fs lies where only root's PATH may lead.
    os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    missing = [program for program in programs if not shutil.which(program)]
    if not missing:
        return
    packages = sorted({programs[program] for program in missing})
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update"], env=environment)
        run(command, env=environment)
        missing = [program for program in programs if not shutil.which(program)]
    if missing:
        raise Trouble(f"missing: {', '.join(missing)}. On Debian and Ubuntu, as root: {' '.join(command)}")


def run(command: list[str], **options) -> str:
    """Runs a program and gives its standard output; its failure is told with all that it said."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        raise Trouble(f"{' '.join(command)} ended with {done.returncode}:\n{said}")
    return done.stdout


def main(story) -> None:
    """Runs a script's story and ends with its trouble as one message."""
    try:
        story()
    except Trouble as trouble:
        sys.exit(str(trouble))
