# SPDX-License-Identifier: Apache-2.0
"""The Debian package, with dpkg-deb (https://www.debian.org/doc/debian-policy/)."""

from __future__ import annotations

import hashlib
import os
import textwrap
from email.utils import formatdate
from pathlib import Path

import contents
import manual
from contents import DOCUMENTS, Package
from project import ARCHITECTURES, DESCRIPTION, HOMEPAGE, MAINTAINER, NAME, RELEASE, ROOT, SUMMARY, run


def build(package: Package, scratch: Path, target: Path) -> Path:
    """Makes the package below target, and gives its path. scratch: an empty directory."""
    root = scratch / "deb"
    contents.stage(package, root, "usr/share/zsh/vendor-completions")
    architecture = ARCHITECTURES[package.architecture][0]
    contents.write_compressed(root / DOCUMENTS / "changelog.gz", (ROOT / "CHANGELOG.md").read_text())
    contents.write_compressed(root / DOCUMENTS / "changelog.Debian.gz", _changelog(package))
    contents.copy(ROOT / "packaging/lintian-overrides", root / f"usr/share/lintian/overrides/{NAME}")
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    size = sum(-(-path.stat().st_size // 1024) for path in files)
    sums = "".join(f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(root)}\n" for path in files)
    contents.write(root / "DEBIAN/control", _control(package, architecture, size))
    contents.write(root / "DEBIAN/md5sums", sums)
    contents.write(root / "DEBIAN/postrm", _removed(), 0o755)
    contents.settle(root, package.when)
    path = target / f"{NAME}_{package.version}-{RELEASE}_{architecture}.deb"
    # xz: Debian 11 reads no zstd. More than one thread would cut its blocks by the number of processors.
    options = ["--root-owner-group", "-Zxz", f"-z{package.level}", "--threads-max=1"]
    run(["dpkg-deb", *options, "--build", str(root), str(path)], env={**os.environ, "SOURCE_DATE_EPOCH": str(package.when)})
    return path


def _control(package: Package, architecture: str, size: int) -> str:
    body = []
    for paragraph in DESCRIPTION.split("\n\n"):
        body += [*textwrap.wrap(" ".join(paragraph.split()), 78), "."]
    return "\n".join(
        [
            f"Package: {NAME}",
            f"Version: {package.version}-{RELEASE}",
            f"Architecture: {architecture}",
            f"Maintainer: {MAINTAINER}",
            f"Installed-Size: {size}",
            "Suggests: auditd",
            "Section: admin",
            "Priority: optional",
            f"Homepage: {HOMEPAGE}",
            f"Description: {SUMMARY}",
            *(f" {line}" for line in body[:-1]),
            "",
        ]
    )


def _changelog(package: Package) -> str:
    return "\n".join(
        [
            f"{NAME} ({package.version}-{RELEASE}) stable; urgency=medium",
            "",
            "  * What is new is in changelog.gz.",
            "",
            f" -- {MAINTAINER}  {formatdate(package.when)}",
            "",
        ]
    )


def _removed() -> str:
    """The script that dpkg calls when the files are gone."""
    told = removed()
    return f'#!/bin/sh\nset -e\nif [ "$1" = remove ]; then\n{textwrap.indent(told, "    ")}fi\n'


def removed() -> str:
    """The commands that say what stays."""
    return (ROOT / "packaging/removed.sh").read_text().replace("@HEADER@", manual.header())
