# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible/build: what it takes, what it refuses, and whether its tarball works where it is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[4]
STAGED = Path(os.environ["ANSIBLE_COLLECTIONS_PATH"]) / "ansible_collections" / "linux" / "audit"
MACHINE = os.uname().machine
PROGRAM = STAGED / "files" / f"audit_rules-{MACHINE}.elf"


def build(tmp_path, *arguments):
    """Builds below a target directory of its own."""
    environment = {**os.environ, "CARGO_TARGET_DIR": str(tmp_path / "target"), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environment.pop("AUDIT_RULES_EXECUTABLE", None)
    return subprocess.run([PROJECT / "ansible" / "build", *arguments], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(name="program")
def fixture_program(tmp_path):
    """A copy of the program: that of the staged collection goes away when another is staged."""
    path = tmp_path / "program"
    shutil.copy(PROGRAM, path)
    return path


def patched(source, path, offset, replacement):
    content = bytearray(source.read_bytes())
    content[offset:offset + len(replacement)] = replacement
    path.write_bytes(content)
    path.chmod(0o755)
    return path


def test_the_tarball_works_where_it_is_installed(player, tmp_path, program):
    built = build(tmp_path, "--program", f"{MACHINE}={program}")
    assert built.returncode == 0, built.stderr
    archive = built.stdout.splitlines()[-1]
    installed = tmp_path / "installed"
    galaxy = Path(sys.executable).parent / "ansible-galaxy"
    subprocess.run([galaxy, "collection", "install", "--offline", "--force", "-p", installed, archive], check=True, capture_output=True)
    collection = installed / "ansible_collections" / "linux" / "audit"
    link = collection / "plugins" / "modules" / f"audit_rules_{MACHINE}.elf"
    assert link.is_symlink() and link.read_bytes() == program.read_bytes()
    assert [path.name for path in (collection / "tests").iterdir()] == ["config.yml"]
    player.environment["ANSIBLE_COLLECTIONS_PATH"] = str(installed)
    player.variables["ansible_python_interpreter"] = sys.executable
    task = {"name": "30-x", "root": "{{ root }}", "rules": ["-w /etc/passwd -p wa -k x"]}
    played = player.play(task, {**task, "name": "40-x", "async": 60, "poll": 1}, arguments=["-vvv"])
    assert played.status == 0, played.output
    assert player.drop_in("30-x").exists() and player.drop_in("40-x").exists()


def test_the_tarball_works_without_modes_and_links(player, tmp_path):
    """As some ways of copying leave it: then only async has no program."""
    copy = tmp_path / "copy" / "ansible_collections" / "linux" / "audit"
    shutil.copytree(STAGED, copy, symlinks=True)
    for link in (copy / "plugins" / "modules").glob("*.elf"):
        link.unlink()
    for path in (copy / "files").iterdir():
        path.chmod(0o644)
    player.environment["ANSIBLE_COLLECTIONS_PATH"] = str(tmp_path / "copy")
    played = player.play({"name": "30-x", "root": "{{ root }}", "rules": ["# x"]})
    assert played.outcomes() == ["ok"], played.output


def test_a_damaged_collection_is_not_used(player, tmp_path):
    copy = tmp_path / "copy" / "ansible_collections" / "linux" / "audit"
    shutil.copytree(STAGED, copy, symlinks=True)
    with open(copy / "files" / PROGRAM.name, "ab") as file:
        file.write(b"x")
    player.environment["ANSIBLE_COLLECTIONS_PATH"] = str(tmp_path / "copy")
    task = {"name": "30-x", "root": "{{ root }}", "rules": ["# x"]}
    played = player.play(task)
    assert played.outcomes() == ["failed"] and "is damaged" in played[0]["msg"]
    (copy / "files" / "programs.json").unlink()
    played = player.play(task)
    assert played.outcomes() == ["failed"] and "carries no programs" in played[0]["msg"]


def test_the_tarball_is_small_enough_for_galaxy(tmp_path, program):
    archive = build(tmp_path, "--program", f"{MACHINE}={program}").stdout.splitlines()[-1]
    # A first file system limit of Galaxy is 20 MB; two programs must fit in half of it.
    assert os.path.getsize(archive) < 5_000_000
    with tarfile.open(archive) as tar:
        modes = {member.name: member.mode for member in tar.getmembers()}
    assert modes[f"files/{PROGRAM.name}"] == 0o755


def test_the_manifest_says_what_is_carried(tmp_path, program):
    assert build(tmp_path, "--no-tarball", "--program", f"{MACHINE}={program}").returncode == 0
    manifest = json.loads((tmp_path / "target" / "ansible" / "ansible_collections" / "linux" / "audit" / "files" / "programs.json").read_text())
    assert list(manifest["programs"]) == [MACHINE]
    assert manifest["programs"][MACHINE]["size"] == program.stat().st_size


@pytest.mark.parametrize("spoil, message", [
    (lambda program, path: patched(program, path, 18, b"\xb7\x00"), "is not for x86_64"),
    (lambda program, path: patched(program, path, 0, b"#!/bin/sh"), "is no 64-bit"),
    (lambda program, path: patched(program, path, 4, b"\x01"), "is no 64-bit"),
    (lambda program, path: Path("/bin/ls"), "names an interpreter"),
    (lambda program, path: path / "none", "does not exist"),
])
def test_what_is_no_static_program_of_that_machine_is_refused(tmp_path, program, spoil, message):
    if MACHINE != "x86_64":
        pytest.fail("these bytes are those of x86_64")
    built = build(tmp_path, "--no-tarball", "--program", f"x86_64={spoil(program, tmp_path / 'spoilt')}")
    assert built.returncode == 1 and message in built.stderr, built.stderr


def test_the_program_of_another_machine_is_told_by_its_header(tmp_path, program):
    other = patched(program, tmp_path / "other", 18, b"\xb7\x00")
    built = build(tmp_path, "--no-tarball", "--program", f"aarch64={other}", "--program", f"{MACHINE}={program}", "--require", "aarch64")
    assert built.returncode == 0, built.stderr


def test_a_program_of_another_version_is_refused(tmp_path, program):
    content = program.read_bytes()
    at = content.index(b"audit_rules 0.1.0") if b"audit_rules 0.1.0" in content else content.index(b"0.1.0")
    spoilt = tmp_path / "spoilt"
    spoilt.write_bytes(content[:at] + content[at:].replace(b"0.1.0", b"0.9.9", 1))
    spoilt.chmod(0o755)
    built = build(tmp_path, "--no-tarball", "--program", f"{MACHINE}={spoilt}")
    assert built.returncode == 1 and "is not audit_rules 0.1.0" in built.stderr, built.stderr


@pytest.mark.parametrize("arguments, message", [
    (["--require", "riscv64"], "no program for riscv64"),
    ([], "no program: make build"),
    (["--program", "vax=/bin/ls"], "the machine vax is unknown"),
])
def test_missing_programs_are_named(tmp_path, arguments, message):
    built = build(tmp_path, "--no-tarball", *arguments)
    assert built.returncode == 1 and message in built.stderr, built.stderr


def test_an_unknown_argument_is_told_with_the_usage(tmp_path):
    built = build(tmp_path, "--bogus")
    assert built.returncode == 2 and "usage:" in built.stderr
