# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role linux.audit.policy with the real program, on directories in place of hosts.

A case is a folder of `cases`; its README says what goes in. It needs no Python: whoever knows the role can add one.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases").iterdir())
STEPS = ("dry", "run", "again", "back")
HEADER = "# Managed by audit_rules; changes made here are overwritten.\n"


def files(root):
    """The files of /etc/audit below the root and what they hold; not the old audit.rules, which stays as that of augenrules does."""
    paths = sorted(path for path in (root / "etc/audit").rglob("*") if path.is_file() and path.suffix != ".prev")
    return {str(path.relative_to(root)): path.read_text() for path in paths}


@pytest.fixture(scope="module", name="played")
def play(tmp_path_factory, ansible_playbook, make_host):
    """Takes all cases through all steps, each as a host of one play. Gives the directory with what each step left."""
    base = tmp_path_factory.mktemp("policy")
    hosts = {}
    for case in CASES:
        root = base / "hosts" / case.name
        make_host(root)
        if (case / "host").exists():
            shutil.copytree(case / "host", root, dirs_exist_ok=True)
        if (case / "modes.yml").exists():
            for path, mode in yaml.safe_load((case / "modes.yml").read_text()).items():
                (root / path).chmod(int(mode, 8))
        for place in ("files", "templates"):
            if (case / place).exists():
                shutil.copytree(case / place, base / place / case.name)
        hosts[case.name] = {"audit_policy_root": str(root), **yaml.safe_load((case / "vars.yml").read_text())}
    shutil.copytree(base / "hosts", base / "before")
    for name in ("runs.yml", "step.yml"):
        shutil.copy(HERE / name, base)
    assert ansible_playbook(base, hosts, base / "runs.yml").returncode == 0
    return base


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case, played):
    before = files(played / "before" / case.name)
    dry, run, again, back = (
        {**json.loads((played / f"{step}.json").read_text())[case.name], "files": files(played / step / case.name)} for step in STEPS
    )
    expected = yaml.safe_load((case / "expected.yml").read_text()) or {}
    # A dry run changes nothing.
    assert dry["files"] == before
    if "fails" in expected:
        for step in (dry, run):
            for part in expected["fails"]:
                assert part in step["failure"]["msg"]
        assert run["files"] == before
        return
    assert "failure" not in run, run["failure"]["msg"]
    # It foretells what the run does, and shows every file of it.
    assert dry["result"]["changed"] == run["result"]["changed"]
    assert dry["result"]["plan"] == run["result"]["plan"]
    assert dry["undo"] == {}
    shown = json.dumps(dry["result"].get("diff"))
    for file in run["result"]["plan"]["files"]:
        assert file["path"] in shown
    # The host is then as the case says.
    assert run["files"] == {name: text.replace("HEADER\n", HEADER) for name, text in files(case / "expected").items()}
    for place, value in expected.get("says", {}).items():
        assert part_of(run, place) == value, place
    for path, mode in expected.get("modes", {}).items():
        assert f"{(played / 'run' / case.name / path).stat().st_mode & 0o777:04o}" == mode, path
    # A second run has nothing to do, and the way back leads back.
    assert not again["result"]["changed"]
    assert again["files"] == run["files"]
    assert back["files"] == before


def part_of(said, place):
    """A part of what a step said: `result.rules.desired`."""
    for key in place.split("."):
        said = said[int(key) if isinstance(said, list) else key]
    return said
