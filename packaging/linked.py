# SPDX-License-Identifier: Apache-2.0
"""What is in an executable besides the project's own code: crates, Rust's standard library, the C library."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from project import ARCHITECTURES, ROOT, Trouble, run


@dataclass
class Part:
    """Something that is linked in."""

    name: str
    #: None where the executable does not say it.
    version: str | None
    #: As its authors offer it, an SPDX expression.
    licence: str
    #: Where its source is developed.
    source: str | None = None
    authors: list[str] = field(default_factory=list)
    #: The SHA-256 of the archive on crates.io, for a crate.
    checksum: str | None = None
    #: The names and versions of the crates that it needs itself.
    needs: list[tuple[str, str]] = field(default_factory=list)
    #: Where its source and its licence files lie, for a crate.
    directory: Path | None = None


def check_executable(path: Path, architecture: str, version: str) -> None:
    """Fails unless the file is a static 64-bit ELF executable for the architecture, of this version."""
    number, order = ARCHITECTURES[architecture][1:]
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Trouble(f"{path} cannot be read: {error.strerror}") from None
    if data[:5] != b"\x7fELF\x02" or data[5] != (1 if order == "little" else 2) or int.from_bytes(data[18:20], order) != number:
        raise Trouble(f"{path} is no executable for {architecture}")
    start, size, count = (int.from_bytes(data[at : at + width], order) for at, width in ((32, 8), (54, 2), (56, 2)))
    # PT_INTERP, a program header of type 3, names what has to be there to start it.
    if any(int.from_bytes(data[start + size * entry :][:4], order) == 3 for entry in range(count)):
        raise Trouble(f"{path} is not static: it names an interpreter")
    # What it answers to --version stands in it as it is; most of them cannot be asked here.
    if f"audit_rules {version}".encode() not in data:
        raise Trouble(f"{path} is not audit_rules {version}")


def libraries(path: Path) -> list[Part]:
    """The languages' own libraries in an executable, as far as it tells."""
    data = path.read_bytes()
    # The section .comment.
    rust = re.search(rb"rustc version (\d+\.\d+\.\d+)", data)
    # The banner of the C library, which not every linker keeps.
    banner = re.search(rb"GNU C Library \(([^)]*)\) \w+ release version (\d+\.\d+)", data)
    parts = [
        Part(
            "rust-std", rust and rust[1].decode(), "MIT OR Apache-2.0", "https://github.com/rust-lang/rust", ["The Rust Project contributors"]
        )
    ]
    if is_glibc(path):
        source, authors = "https://sourceware.org/git/glibc.git", ["Free Software Foundation, Inc."]
        parts.append(Part("glibc", banner and banner[2].decode(), "LGPL-2.1-or-later", source, authors))
    else:
        parts.append(Part("musl", None, "MIT", "https://git.musl-libc.org/cgit/musl", ["Rich Felker, et al."]))
    return parts


def is_glibc(path: Path) -> bool:
    """Whether the executable has the GNU C library in it, else it has musl."""
    return b"GLIBC_TUNABLES" in path.read_bytes()


def crates(architecture: str, path: Path) -> tuple[list[Part], list[tuple[str, str]]]:
    """
    The crates in the executable for an architecture, and which of them the project itself needs. Neither what tests use, nor
    build scripts, nor procedural macros, none of which are linked: cargo itself says which those are.
    """
    target = f"{architecture}-unknown-linux-{'gnu' if is_glibc(path) else 'musl'}"
    cargo = os.environ.get("CARGO", "cargo")
    edges = "no-dev,no-build,no-proc-macro"
    tree = run([cargo, "tree", "--locked", "--package", "audit_rules", "--target", target, "--edges", edges, "--prefix", "depth", "--format", "|{p}|"])
    described = json.loads(run([cargo, "metadata", "--locked", "--format-version", "1", "--filter-platform", target]))
    known = {(package["name"], package["version"]): package for package in described["packages"]}
    checksums = _checksums()
    found: dict[tuple[str, str], Part] = {}
    above: list[tuple[str, str]] = []
    direct: list[tuple[str, str]] = []
    for depth, name, version in re.findall(r"^(\d+)\|(\S+) v([^ |]+)", tree, re.M):
        key = (name, version)
        del above[int(depth) :]
        above.append(key)
        if depth == "0":
            continue
        if key not in found:
            package = known[key]
            found[key] = Part(
                name,
                version,
                package["license"],
                package["repository"],
                package["authors"],
                checksums[key],
                directory=Path(package["manifest_path"]).parent,
            )
        needs = direct if depth == "1" else found[above[-2]].needs
        if key not in needs:
            needs.append(key)
    return [found[key] for key in sorted(found)], sorted(direct)


def _checksums() -> dict[tuple[str, str], str]:
    entry = re.compile(r'^name = "(.*)"\nversion = "(.*)"\nsource = .*\nchecksum = "(.*)"$', re.M)
    return {(name, version): checksum for name, version, checksum in entry.findall((ROOT / "Cargo.lock").read_text())}
