# SPDX-License-Identifier: Apache-2.0
"""The files of a package, staged in a directory as they are to lie on a host."""

from __future__ import annotations

import gzip
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import linked
from project import HOMEPAGE, NAME, ROOT

sys.path.append(str(ROOT / "site"))

import links  # noqa: E402

#: Where Ansible and Salt look for an installed executable: INSTALLED of module_utils/audit_rules_program.py.
EXECUTABLE = "usr/libexec/audit_rules"
#: For everybody: what rules mean, what is wrong with them and the policies need no rights.
COMMAND = "usr/bin/audit_rules"
DOCUMENTS = f"usr/share/doc/{NAME}"


@dataclass
class Package:
    """What a package is made of."""

    #: The executable.
    program: Path
    #: Its architecture as `uname -m` names it.
    architecture: str
    version: str
    #: The time that stands in it, in seconds since 1970.
    when: int
    #: What is linked into the executable.
    parts: list[linked.Part]
    #: The manual pages by their file names.
    pages: dict[str, str]
    #: The bill of materials, as JSON.
    bill: str
    #: The copyright file.
    copyright: str
    #: How hard xz tries, from 0 to 9.
    level: int


def stage(package: Package, root: Path, zsh: str) -> None:
    """Writes what both kinds of package have. zsh: the directory of completions for zsh, which differs."""
    copy(package.program, root / EXECUTABLE, 0o755)
    link = root / COMMAND
    link.parent.mkdir(parents=True)
    link.symlink_to(os.path.relpath("/" + EXECUTABLE, "/usr/bin"))
    for name, text in package.pages.items():
        section = name.rpartition(".")[2]
        write_compressed(root / f"usr/share/man/man{section}/{name}.gz", text)
    completions = ROOT / "packaging/completions"
    copy(completions / "audit_rules.bash", root / "usr/share/bash-completion/completions/audit_rules")
    copy(completions / "_audit_rules", root / zsh / "_audit_rules")
    copy(completions / "audit_rules.fish", root / "usr/share/fish/vendor_completions.d/audit_rules.fish")
    documents = root / DOCUMENTS
    installed = ["README.md", *(str(path.relative_to(ROOT)) for kind in ("docs/*.md", "examples/**/*") for path in sorted(ROOT.glob(kind)) if path.is_file())]
    for name in installed:
        copy(ROOT / name, documents / name)
        if name.endswith(".md"):
            write(documents / name, links.replaced((ROOT / name).read_text(), lambda link, name=name: _reachable(name, link, installed)))
    write(documents / "copyright", package.copyright)
    write(documents / "audit_rules.cdx.json", package.bill)


def _reachable(document: str, link: str, installed: list[str]) -> str:
    """Gives the link as it is, or where the project's own pages have the file, which no package has."""
    target = links.file_of(document, link)
    _, mark, anchor = link.partition("#")
    return link if target in installed else f"{HOMEPAGE}/blob/HEAD/{target}{mark}{anchor}"


def copy(source: Path, target: Path, mode: int = 0o644) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def write(target: Path, text: str, mode: int = 0o644) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    target.chmod(mode)


def write_compressed(target: Path, text: str) -> None:
    """Without name and time, so that the same text gives the same bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    target.chmod(0o644)


def settle(root: Path, when: int) -> None:
    """Gives everything the same time, and directories the same mode whatever the umask is."""
    for directory, _, names in os.walk(root, topdown=False):
        for name in names:
            os.utime(Path(directory, name), (when, when), follow_symlinks=False)
        os.chmod(directory, 0o755)
        os.utime(directory, (when, when))
