# SPDX-License-Identifier: Apache-2.0
"""examples/image: files only, from within a build and from outside."""

import os
import platform
import re

from conftest import EXAMPLES, OF_ROOT, PROGRAM, answer, give_a_shell, run

CONTAINERFILE = (EXAMPLES / "image/Containerfile").read_text()


def held(image, machine=None):
    """What gather says of an image that is to hold the policy."""
    report = answer(
        {
            "operation": "gather",
            "root": str(image),
            "details": False,
            "on_drift": "fail",
            "expect": {"policy": {"name": "stig", "product": "rhel9"}, "on_missing": "skip"},
            **({"arch": machine} if machine else {}),
        }
    )
    return not report["failed"], report


def test_the_containerfile_has_instructions_of_which_this_runs_the_last(image):
    # Instructions at the beginning of a line; RUN is the only one that does something to the files of the base.
    instructions = re.findall(r"^([A-Z]+) ", CONTAINERFILE, re.M)
    assert instructions == ["FROM", "COPY", "RUN"]
    assert re.search(r"^COPY --chmod=0755 audit_rules /usr/libexec/audit_rules$", CONTAINERFILE, re.M)


@OF_ROOT
def test_the_build_of_a_container_image_leaves_files_that_hold_the_policy(image):
    give_a_shell(image)
    assert not held(image)[0]
    (command,) = re.findall(r"^RUN (.*)$", CONTAINERFILE, re.M)
    # Without /proc, as in some builds.
    said = run("chroot", str(image), "/bin/sh", "-c", command)
    assert "30-stig" in said
    good, report = held(image)
    assert good, report["msg"]
    # The boot of it loads them, since audit.rules is what augenrules would write.
    assert "/etc/sudoers" in (image / "etc/audit/audit.rules").read_text()


def test_an_image_for_another_machine_is_prepared_from_outside_and_its_own_check_finds_nothing(image):
    other = "aarch64" if platform.machine() != "aarch64" else "x86_64"
    environment = {**os.environ, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"}
    if PROGRAM.name != "audit_rules":
        raise AssertionError("the executable is to be called audit_rules")
    run("sh", str(EXAMPLES / "image/prepare"), str(image), other, env=environment)
    good, report = held(image, other)
    assert good, report["msg"]
    before = {path: path.read_bytes() for path in (image / "etc/audit").rglob("*") if path.is_file()}
    assert len(before) >= 3
    said = run("sh", str(EXAMPLES / "image/prepare"), str(image), other, env=environment)
    assert {path: path.read_bytes() for path in (image / "etc/audit").rglob("*") if path.is_file()} == before, said


def test_an_image_in_which_a_rule_was_taken_out_is_no_longer_said_to_hold_the_policy(image):
    environment = {**os.environ, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"}
    run("sh", str(EXAMPLES / "image/prepare"), str(image), platform.machine(), env=environment)
    drop_in = image / "etc/audit/rules.d/30-stig.rules"
    drop_in.write_text("".join(line for line in drop_in.read_text().splitlines(keepends=True) if "/etc/shadow" not in line))
    assert not held(image, platform.machine())[0]
