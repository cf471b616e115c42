# SPDX-License-Identifier: Apache-2.0
"""What is said once of the project and its packages, and when they were made."""

from __future__ import annotations

import datetime
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: Not audit-rules: distributions of the Red Hat family have a package of that name, with auditctl in it.
NAME = "audit-rules-tool"
#: Counts packages of the same version.
RELEASE = "1"
SUMMARY = "declarative audit rules for the kernel and rules.d"
DESCRIPTION = """\
One static executable that makes a host's audit rules, in the running kernel and in /etc/audit/rules.d, agree with a declared
set: JSON in, JSON out, with a check mode for both. It also says what rules mean, what is wrong with them, whether they record,
and what was recorded, and it brings rules for the benchmarks CIS, DISA STIG, OSPP, PCI-DSS and ANSSI.

To remove the package leaves all rules, in files and in the kernel, as they are."""
AUTHORS = "The audit_rules authors"
MAINTAINER = f"{AUTHORS} <audit-rules@users.noreply.github.com>"
HOMEPAGE = "https://github.com/audit-rules/audit_rules"

#: What each architecture is called by `uname -m` (and rpm), by Debian, and the machine in the header of its ELF files.
ARCHITECTURES = {"x86_64": ("amd64", 62, "little"), "aarch64": ("arm64", 183, "little"), "s390x": ("s390x", 22, "big")}


class Trouble(Exception):
    """What keeps packages from being made, as a sentence."""


def run(command: list[str], **options) -> str:
    """Runs a program in the project and gives its standard output. Trouble, with what it said, where it fails."""
    try:
        done = subprocess.run(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options
        )
    except FileNotFoundError:
        raise Trouble(f"{command[0]} is missing") from None
    if done.returncode != 0:
        raise Trouble(f"{' '.join(command[:3])}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def version() -> str:
    """The version that Cargo.toml states."""
    return re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.M)[1]


def moment() -> int:
    """
    The time that stands in the packages, in seconds since 1970: SOURCE_DATE_EPOCH
    (https://reproducible-builds.org/specs/source-date-epoch/), else that of the last commit.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    try:
        return int(run(["git", "log", "-1", "--format=%ct"]))
    except Trouble as trouble:
        raise Trouble(f"no commit says when this was made, so SOURCE_DATE_EPOCH has to: {trouble}") from None


def date(when: int) -> datetime.datetime:
    """A time in UTC."""
    return datetime.datetime.fromtimestamp(when, datetime.timezone.utc)


def main(story) -> None:
    """Runs the story of a program, and ends with its trouble as one line."""
    try:
        story()
    except Trouble as trouble:
        sys.exit(f"{Path(sys.argv[0]).name}: {trouble}")
