# SPDX-License-Identifier: Apache-2.0
"""
What both kinds of tests share.
"""

import json
import os
import pathlib
import shutil
import tempfile

import pytest

from place import FORMULA, PROJECT, SAFE, load


@pytest.fixture(scope="session")
def helpers():
    """The functions after the states and the execution module, as Salt packs them into __salt__."""
    found = {}
    for path in (FORMULA / "_modules").glob("audit_rules_*.py"):
        module = load("_modules", path.stem)
        module.__salt__ = found
        for name, value in vars(module).items():
            if callable(value) and getattr(value, "__module__", None) == module.__name__ and not name.startswith("_"):
                found["{}.{}".format(path.stem, name)] = value
    return found


@pytest.fixture(scope="session")
def safe():
    """A directory in which programs may be run."""
    made = tempfile.mkdtemp(prefix="audit_rules-", dir=SAFE)
    yield pathlib.Path(made)
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def executable(safe):
    return shutil.copy(str(FORMULA / "audit_rules/files" / ("audit_rules-" + os.uname().machine)), str(safe / "executable"))


@pytest.fixture(scope="session")
def documented():
    """The keys of a request, each with what the schema says it is used by: {"purge": ["apply:loaded", "apply:exact"]}."""
    keys = json.loads((PROJECT / "schemas/request.schema.json").read_text())["properties"]
    assert len(keys) > 20
    return {key: schema["x-used-by"] for key, schema in keys.items()}


@pytest.fixture(autouse=True, scope="session")
def host_is_left_alone():
    """The hosts of these tests are directories. That of the machine itself is as it was, or the run fails."""

    def held():
        places = ("/etc/audit", "/etc/audit/rules.d", "/usr/libexec/audit_rules", "/usr/local/libexec/audit_rules")
        return {place: os.stat(place).st_mtime_ns for place in places if os.path.exists(place)}

    before = held()
    yield
    assert held() == before, "a test has changed this machine"
