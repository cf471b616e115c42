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
    """The functions behind the states and the execution module, as Salt packs them into __salt__."""
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
