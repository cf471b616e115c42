# SPDX-License-Identifier: Apache-2.0
"""
The functions take the keys of the request, no more and no fewer.
"""

import inspect
import json
import subprocess

import pytest

from place import FORMULA, PROJECT, load

SALT = {"source", "source_hash", "template", "context", "defaults", "executable", "saltenv"}
#: Said by the function that is called, and by Salt's own test and diff.
SAID = {"operation", "state", "check_mode", "diff"}
STATES = ("present", "absent", "loaded", "exact", "restored")
VALUES = {
    "name": "x",
    "rules": ["-w /etc/passwd -p wa -k x"],
    "control": {"backlog_limit": 100},
    "drop_ins": {"x": {"rules": ["-w /etc/passwd -p wa"]}},
    "purge": True,
    "keep": ["a"],
    "force": True,
}


def arguments(module, function):
    """Without those that it hands on to be refused."""
    return set(inspect.signature(getattr(module, function)).parameters) - {"kwargs"}


def used(documented, use):
    return {key for key, uses in documented.items() if use in uses} - SAID


@pytest.mark.parametrize("state", STATES)
def test_a_state_takes_the_keys_that_the_schema_gives_to_it(documented, state):
    wanted = used(documented, "apply:" + state) | {"name", "executable"}
    if "rules" in wanted:
        wanted |= SALT - {"saltenv"}
    assert arguments(load("_states", "audit_rules"), state) == wanted


@pytest.mark.parametrize(
    "function, operation",
    [
        ("gather", "gather"),
        ("lint", "lint"),
        ("explain", "explain"),
        ("events", "events"),
        ("import_", "import"),
        ("prove", "prove"),
    ],
)
def test_a_function_takes_the_keys_that_the_schema_gives_to_its_operation(documented, function, operation):
    wanted = used(documented, operation) | {"executable", "saltenv"}
    if "rules" in wanted:
        wanted |= SALT
    assert arguments(load("_modules", "audit_rules"), function) == wanted


def test_every_key_of_the_schema_is_offered_and_nothing_else_is():
    keys = set(json.loads((PROJECT / "schemas/request.schema.json").read_text())["properties"])
    states, module = load("_states", "audit_rules"), load("_modules", "audit_rules")
    offered = set().union(*(arguments(states, state) for state in STATES))
    for function in ("gather", "lint", "explain", "events", "import_", "prove", "list_rules", "status", "drift"):
        offered |= arguments(module, function)
    assert keys - offered == SAID
    assert offered - keys == SALT - {"source"}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("key", sorted(VALUES))
def test_the_executable_refuses_the_keys_that_a_state_does_not_take(executable, state, key, tmp_path):
    request = {"state": state, "root": str(tmp_path), "check_mode": True, key: VALUES[key]}
    if key == "keep":
        # Where nothing is cleared up, nothing is kept.
        request.update(purge=True)
    report = json.loads(subprocess.run([executable, "-"], input=json.dumps(request).encode(), stdout=subprocess.PIPE).stdout)
    refused = any(error["kind"] == "key_not_used" and error.get("pointer") == "/" + key for error in report.get("errors", ()))
    takes = key in arguments(load("_states", "audit_rules"), state)
    if key == "name" and state in ("loaded", "restored"):
        # Every state of Salt has a name; here it is not sent.
        takes = False
    assert takes != refused


def test_the_formula_has_no_kind_of_module_that_an_old_salt_ssh_does_not_send():
    # Salt 3006 sends modules, states, grains, renderers and returners; runners stay on the master.
    assert {path.name for path in FORMULA.glob("_*")} == {"_modules", "_runners", "_states"}
    assert not [path for path in FORMULA.rglob("*.py") if "__utils__" in path.read_text()]
