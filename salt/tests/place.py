# SPDX-License-Identifier: Apache-2.0
"""
Where things are. AUDIT_RULES_FORMULA is the staged formula, which salt/test-module names.
"""

import importlib.util
import os
import pathlib

PROJECT = pathlib.Path(__file__).resolve().parents[2]
FORMULA = pathlib.Path(os.environ.get("AUDIT_RULES_FORMULA", PROJECT / "target/salt/formula"))
#: Below it a program is run: only its owner may write there, and nowhere on the way, which is not so below /tmp.
SAFE = "/run" if os.geteuid() == 0 else os.path.expanduser("~")


def load(kind, name):
    """A loader module of the formula under a name of its own: the state and the execution module have the same."""
    path = FORMULA / kind / (name + ".py")
    spec = importlib.util.spec_from_file_location(kind.strip("_") + "_" + name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
