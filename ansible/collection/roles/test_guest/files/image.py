# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the image that guests boot from, unless the cache has a fresh one, and prints its directory as the last line.

The directory of an image holds `disk.img` (ext4), `vmlinuz`, `host_key.pub` and `packages`.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tools

PACKAGES = [
    "auditd",
    # logind, which plans reboots, is asked over the bus.
    "dbus",
    "iproute2",
    "kmod",
    "linux-image-cloud-amd64",
    "openssh-server",
    "python3",
    "sudo",
    "systemd-sysv",
    # The smallest package that satisfies the kernel's need of a maker of initial file systems; none is used.
    "tiny-initramfs",
    "udev",
]
RECIPE = ("configure", "image.py")
DAY = 24 * 3600
# An image that is used is renewed at its age; one that is this many times older serves nobody.
FORGOTTEN = 4
# A tree takes about 500 MB; a memory file system builds three times as fast.
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 2 << 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", required=True)
    parser.add_argument("--cache", required=True, type=Path)
    parser.add_argument("--mirror", default="", help="where mmdebstrap gets the packages from; its own choice by default")
    parser.add_argument("--package", action="append", default=[], help="one more package in the image; may repeat")
    parser.add_argument("--days", type=float, default=7, help="an image older than this is built again")
    asked = parser.parse_args()
    packages = sorted({*PACKAGES, *asked.package})
    image = asked.cache.expanduser().absolute() / f"{asked.suite}-{digest(asked.suite, asked.mirror, packages)}"
    image.parent.mkdir(parents=True, exist_ok=True)
    with locked(image.with_name(f".{image.name}.lock")):
        if age(image) >= asked.days * DAY:
            began = time.monotonic()
            if renew(image, asked.suite, asked.mirror, packages):
                print(f"built in {time.monotonic() - began:.1f} s")
            forget(image.parent, asked.days * DAY * FORGOTTEN)
    print(image)


def digest(suite: str, mirror: str, packages: list[str]) -> str:
    """What the content of an image depends on, but for the versions of the packages."""
    told = hashlib.sha256("\0".join([suite, mirror, *packages]).encode())
    for name in RECIPE:
        told.update(Path(__file__).with_name(name).read_bytes())
    return told.hexdigest()[:12]


@contextlib.contextmanager
def locked(path: Path):
    """Lets one process at a time build an image; the others wait, and find it built."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def age(image: Path) -> float:
    try:
        return time.time() - (image / "packages").stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def renew(image: Path, suite: str, mirror: str, packages: list[str]) -> bool:
    """Puts a new image in place as a whole; where none can be had, an old one is better than none."""
    for left in image.parent.glob(f".{image.name}.part-*"):
        discard(left)
    part = Path(tempfile.mkdtemp(prefix=f".{image.name}.part-", dir=image.parent))
    try:
        build(part, suite, mirror, packages)
        old = part / "old"
        # A guest that runs keeps the old disk open.
        if image.exists():
            image.rename(old)
            discard(old)
        part.rename(image)
        return True
    except tools.Trouble as trouble:
        if not image.exists():
            raise
        print(f"The image of {time.ctime((image / 'packages').stat().st_mtime)} is kept: {trouble}", file=sys.stderr)
        return False
    finally:
        discard(part)


def forget(cache: Path, seconds: float) -> None:
    for image in cache.glob("[!.]*/packages"):
        if age(image.parent) > seconds:
            discard(image.parent)


def build(part: Path, suite: str, mirror: str, packages: list[str]) -> None:
    tools.require({"mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs"})
    if os.geteuid() != 0:
        tools.require({"newuidmap": "uidmap"})
    part.chmod(0o755)
    tree, tar = part / "tree", part / "tree.tar"
    command = [
        "mmdebstrap",
        f"--mode={'root' if os.geteuid() == 0 else 'unshare'}",
        "--variant=minbase",
        "--format=tar",
        f"--include={','.join(packages)}",
        '--aptopt=Acquire::Languages "none"',
        "--dpkgopt=force-unsafe-io",
        *[f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "doc", "locale", "info")],
        f"--customize-hook={Path(__file__).with_name('configure')} \"$1\"",
        suite,
        "-",
        *([mirror] if mirror else []),
    ]
    environment = {**os.environ, "INITRD": "No"}
    if "TMPDIR" not in environment and roomy(MEMORY):
        environment["TMPDIR"] = str(MEMORY)
    with tar.open("wb") as output:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise tools.Trouble(f"mmdebstrap ended with {done.returncode}:\n{done.stderr.strip()}")
    tree.mkdir()
    as_owner(["tar", "--extract", "--numeric-owner", "--preserve-permissions", "--exclude=./dev/*", f"--directory={tree}", f"--file={tar}"])
    tar.unlink()
    kernel = newest(tree / "boot", "vmlinuz-*")
    shutil.copyfile(kernel, part / "vmlinuz")
    shutil.copyfile(tree / "etc/ssh/ssh_host_ed25519_key.pub", part / "host_key.pub")
    as_owner(["mke2fs", "-q", "-t", "ext4", "-m", "0", "-O", "^has_journal", "-d", str(tree), str(part / "disk.img"), "2G"])
    discard(tree)
    (part / "packages").write_text("\n".join([kernel.name, *packages]) + "\n")


def newest(directory: Path, pattern: str) -> Path:
    found = sorted(directory.glob(pattern), key=lambda path: path.stat().st_mtime)
    if not found:
        raise tools.Trouble(f"the packages brought no {pattern}")
    return found[-1]


def roomy(directory: Path) -> bool:
    """Whether a tree of another system, with its programs, can be made here."""
    if not os.access(directory, os.W_OK):
        return False
    found = os.statvfs(directory)
    return not found.f_flag & (os.ST_NOEXEC | os.ST_NODEV) and found.f_bavail * found.f_frsize >= MEMORY_NEEDED


def as_owner(command: list[str]) -> None:
    """Runs a program as root, or as somebody who looks like root and owns the files of other users, too."""
    tools.run(command if os.geteuid() == 0 else ["unshare", "--map-root-user", "--map-auto", "--setuid=0", "--setgid=0", *command])


def discard(path: Path) -> None:
    try:
        if path.exists():
            shutil.rmtree(path)
    except PermissionError:
        # Files that belong to other users of the guest.
        as_owner(["rm", "-rf", str(path)])


if __name__ == "__main__":
    tools.main(main)
