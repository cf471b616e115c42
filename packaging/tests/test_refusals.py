# SPDX-License-Identifier: Apache-2.0
"""What no package is made of, and what is said then."""

import subprocess
import sys

import pytest
from conftest import MACHINE, PROGRAMS, PROJECT

import project

OWN = PROGRAMS[MACHINE]
OTHER = next(name for name in project.ARCHITECTURES if name != MACHINE)


def refusal(output, *programs):
    words = [f"--program={program}" for program in programs]
    done = subprocess.run(
        [sys.executable, "-B", str(PROJECT / "packaging/build"), *words, f"--output={output}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and done.stdout == ""
    return done.stderr


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda data: b"\x7fELF\x01" + data[5:], f"is no executable for {MACHINE}"),
        (lambda data: data.replace(f"audit_rules {project.version()}".encode(), b"audit_rules 9.9.9"), f"is not audit_rules {project.version()}"),
        (lambda data: b"", f"is no executable for {MACHINE}"),
    ],
    ids=["of 32 bits", "of another version", "an empty file"],
)
def test_an_executable_that_is_another_one_is_refused(tmp_path, change, said):
    program = tmp_path / "audit_rules"
    program.write_bytes(change(OWN.read_bytes()))
    assert said in refusal(tmp_path / "out", f"{MACHINE}={program}")


def test_an_executable_that_needs_a_loader_is_refused(tmp_path):
    assert "is not static: it names an interpreter" in refusal(tmp_path / "out", f"{MACHINE}={sys.executable}")


def test_an_executable_for_another_machine_is_refused(tmp_path):
    assert f"is no executable for {OTHER}" in refusal(tmp_path / "out", f"{OTHER}={OWN}", f"{MACHINE}={OWN}")


def test_a_machine_that_no_package_is_made_for_is_refused(tmp_path):
    assert "no packages are made for vax" in refusal(tmp_path / "out", f"vax={OWN}")


def test_a_directory_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "letter").write_text("mine")
    assert "holds something else than packages" in refusal(tmp_path, f"{MACHINE}={OWN}")
    assert (tmp_path / "letter").read_text() == "mine"
