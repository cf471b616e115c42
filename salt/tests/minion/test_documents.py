# SPDX-License-Identifier: Apache-2.0
"""
The examples of the README are run, and what it says of functions and arguments is so.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
from salt.utils import yaml

from place import FORMULA, PROJECT, load

README = (PROJECT / "salt/README.md").read_text()
#: What examples name on the file server.
SERVED = "-w /etc/postgresql -p wa -k postgres\n"


def blocks(mark=""):
    return re.findall(mark + r"```yaml\n(.*?)```\n", README, re.DOTALL)


def serve(minion):
    (minion.directory / "states/postgres/files").mkdir(parents=True)
    minion.write("states/postgres/files/audit.rules", SERVED)


def on(minion, states):
    """The states of an example, with a directory in the place of the host."""
    for state in states.values():
        if isinstance(state, str):
            continue
        for function, arguments in state.items():
            if function.startswith("audit_rules."):
                arguments.append({"root": str(minion.image)})
    text = yaml.safe_dump(states, default_flow_style=False)
    return text.replace("/etc/audit/rules.d/", str(minion.drop_ins) + "/")


@pytest.mark.parametrize("example", blocks("<!-- states -->\n\n"))
def test_an_example_of_states_changes_something_and_then_nothing(minion, example):
    serve(minion)
    states = yaml.safe_load(example)
    for name, state in states.items():
        # The short form, for a state without arguments.
        if isinstance(state, str):
            states[name] = {state: []}
    sls = on(minion, states)
    first = minion.apply(sls)
    assert all(entry["result"] for entry in first.values()), first
    assert any(entry["changes"] for entry in first.values())
    second = minion.apply(sls)
    assert not any(entry["changes"] for entry in second.values()), second


def merged(given):
    """A dictionary, or a list of dictionaries, as one."""
    return given if isinstance(given, dict) else {key: value for part in given for key, value in part.items()}


PILLARS = [block for block in blocks() if block.startswith("audit_rules:")]


@pytest.mark.parametrize("example", PILLARS)
def test_each_pillar_of_the_readme_is_a_policy(minion, example):
    serve(minion)
    policy = yaml.safe_load(example)["audit_rules"]
    # The host of a test is a directory, which is no running host.
    assert policy.pop("kernel", "auto") in ("auto", "host")
    minion.pillar(audit_rules=dict(policy, root=str(minion.image), lookup={"install": "none", "executable": minion.executable}))
    (applied,) = [entry for entry in minion.call("state.apply", "audit_rules.policy").values() if "policy" in entry["__id__"]]
    assert applied["result"] is True, applied
    written = {path.stem for path in minion.drop_ins.iterdir()}
    declared = merged(policy["drop_ins"])
    assert written == {name for name, said in declared.items() if merged(said).get("state") != "absent"}
    if "50-postgres" in written:
        assert SERVED in (minion.drop_ins / "50-postgres.rules").read_text()


def test_the_readme_has_both_forms_of_a_pillar_and_the_way_out_of_a_mount_namespace():
    pillars = [yaml.safe_load(example)["audit_rules"] for example in PILLARS]
    assert {type(pillar["drop_ins"]).__name__ for pillar in pillars} == {"dict", "list"}
    assert any(pillar.get("kernel") == "host" for pillar in pillars)


def test_a_minion_without_a_master_finds_the_formula_where_the_readme_puts_it(tmp_path):
    """States are shown and not applied, by a process of its own: Salt's loader keeps what it has read of another minion."""
    (example,) = [block for block in blocks() if block.startswith("# /etc/salt/minion.d/")]
    for place in ("salt", "pillar", "formulas"):
        (tmp_path / "srv" / place).mkdir(parents=True)
    configuration = yaml.safe_load(example.replace("/srv/", str(tmp_path / "srv") + "/"))
    formula = pathlib.Path(configuration["file_roots"]["base"][1])
    formula.parent.mkdir()
    formula.symlink_to(FORMULA)
    (tmp_path / "srv/pillar/top.sls").write_text("base: {'*': [audit]}\n")
    (tmp_path / "srv/pillar/audit.sls").write_text((PROJECT / "salt/pillar.example").read_text())
    configuration.update(id="alone", root_dir=str(tmp_path), cachedir=str(tmp_path / "cache"), log_file=str(tmp_path / "log"))
    (tmp_path / "minion").write_text(yaml.safe_dump(configuration))
    salt_call = [sys.executable, "-W", "ignore", os.path.join(os.path.dirname(sys.executable), "salt-call"), "--out=json"]
    command = salt_call + ["--config-dir", str(tmp_path), "state.show_sls", "audit_rules"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.stdout, done.stderr.decode()
    states = json.loads(done.stdout.decode())["local"]
    assert set(states) == {"audit_rules_program", "audit_rules_policy"}, states


def test_the_tables_have_every_state_and_function():
    def public(module):
        names = [name for name, value in vars(module).items() if callable(value) and value.__module__ == module.__name__]
        return {"audit_rules." + name.rstrip("_") for name in names if not name.startswith("_") and name != "mod_watch"}

    named = set(re.findall(r"^\| `(audit_rules\.\w+)`", README, re.MULTILINE))
    assert named == public(load("_states", "audit_rules")) | public(load("_modules", "audit_rules"))


def test_every_function_has_an_example_for_the_command_line():
    module = load("_modules", "audit_rules")
    for name, value in vars(module).items():
        if not name.startswith("_") and callable(value) and value.__module__ == module.__name__:
            assert "CLI Example:" in value.__doc__, name
