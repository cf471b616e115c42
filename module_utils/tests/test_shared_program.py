# SPDX-License-Identifier: Apache-2.0
"""
Which paths a program is run from, and what is made of one that is not ours.
"""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import audit_rules_program as program  # noqa: E402

OURS = "#!/bin/sh\n[ $1 = - ] || { echo audit_rules 9.9.9; exit; }\ncat\n"


def run(words, body):
    done = subprocess.run(words, input=body, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return {"rc": done.returncode, "stdout": done.stdout.decode(), "stderr": done.stderr.decode()}


@pytest.fixture(name="directory")
def fixture_directory():
    """A directory that only its owner may reach and write, with all above it: not below /tmp."""
    above = "/run" if os.geteuid() == 0 else os.path.expanduser("~")
    made = tempfile.mkdtemp(dir=above)
    os.chmod(made, 0o755)
    yield Path(made)
    shutil.rmtree(made)


@pytest.fixture(name="path")
def fixture_path(directory):
    (directory / "a" / "b").mkdir(parents=True)
    path = directory / "a" / "b" / "audit_rules"
    path.write_text(OURS)
    path.chmod(0o755)
    return path


def test_a_program_that_nobody_else_can_swap_is_run(path):
    assert program.why_unsafe(str(path)) is None
    assert program.check(str(path), run) == "9.9.9"
    assert program.call(str(path), b"request", run) == {"rc": 0, "stdout": "request", "stderr": ""}


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757, 0o1777, 0o2775])
@pytest.mark.parametrize("part", ["a/b/audit_rules", "a/b", "a"])
def test_a_part_that_others_may_write_is_named(directory, path, part, mode):
    (directory / part).chmod(mode)
    assert program.why_unsafe(str(path)) == "{} is not run: other users may write {}".format(path, directory / part)
    with pytest.raises(ValueError, match="other users may write"):
        program.check(str(path), run)


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user, which needs root")
@pytest.mark.parametrize("part", ["a/b/audit_rules", "a/b", "a"])
def test_a_part_of_another_user_is_named(directory, path, part):
    os.chown(directory / part, 1, 0)
    assert program.why_unsafe(str(path)) == (
        "{} is not run: {} belongs to neither root nor the user who runs it".format(path, directory / part)
    )


@pytest.mark.parametrize("part", ["a/b/audit_rules", "a/b", "a"])
def test_a_link_is_not_followed_wherever_it_is_on_the_way(directory, path, part):
    (directory / part).rename(directory / "real")
    (directory / part).symlink_to(directory / "real")
    assert program.why_unsafe(str(path)) == (
        "{} is not run: {} is a symbolic link; name the file that it leads to".format(path, directory / part)
    )


def test_a_sticky_directory_does_only_where_it_is_said(directory, path):
    (directory / "a").chmod(0o1777)
    assert program.why_unsafe(str(path), sticky=True) is None
    (directory / "a").chmod(0o777)
    assert "other users may write" in program.why_unsafe(str(path), sticky=True)
    (directory / "a").chmod(0o755)
    path.chmod(0o1777)
    assert "other users may write" in program.why_unsafe(str(path), sticky=True)


def test_what_is_no_file_is_not_run(directory, path):
    assert program.why_unsafe(str(path.parent)).endswith("is no file")
    with pytest.raises(ValueError, match="is no absolute path"):
        program.why_unsafe("audit_rules")
    with pytest.raises(ValueError, match="No such file"):
        program.check(str(directory / "none"), run)


def test_dots_in_a_path_are_walked_as_the_kernel_does(directory, path):
    dotted = "{}/a/./b/../b//audit_rules".format(directory)
    assert program.why_unsafe(dotted) is None
    (directory / "a" / "b").chmod(0o777)
    assert program.why_unsafe(dotted)


@pytest.mark.parametrize("name", ["true", "false", "cat"])
def test_another_program_is_told_by_what_it_says_of_itself(name):
    path = os.path.realpath(shutil.which(name))
    with pytest.raises(ValueError, match="is not audit_rules: asked for its version it says: "):
        program.check(path, run)


def test_a_program_that_cannot_be_started_is_told(path):
    path.chmod(stat.S_IRUSR)
    with pytest.raises(ValueError, match="cannot be started: Permission denied.*noexec"):
        program.check(str(path), run)
