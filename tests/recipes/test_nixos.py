# SPDX-License-Identifier: Apache-2.0
"""examples/nixos: read by the real Nix, evaluated with a stand-in for nixpkgs, and its request given to the program."""

import json
import os
import re
import shutil

import pytest
from conftest import EXAMPLES, PROJECT, answer, run

MODULE = EXAMPLES / "nixos/audit-rules.nix"
STUB = PROJECT / "tests/recipes/stub.nix"
# What the comment at the top of the module tells a user to write.
REQUEST = re.search(r"request = (\{.*?\n#     \});", MODULE.read_text(), re.S)[1].replace("\n#", "\n")


@pytest.fixture
def nix(tmp_path):
    """A function that gives what nix-instantiate says, with a store of its own."""
    if not shutil.which("nix-instantiate"):
        pytest.skip("the module for NixOS: nix-instantiate is missing: apt-get install nix-bin")
    places = {f"NIX_{name}_DIR": str(tmp_path / name) for name in ("STORE", "DATA", "LOG", "STATE", "CONF", "LOCALSTATE")}
    environment = {**os.environ, **places, "HOME": str(tmp_path)}
    return lambda *words, check=True: run("nix-instantiate", *words, check=check, env=environment)


def evaluated(nix, request=REQUEST, enable="true"):
    said = nix("--eval", "--strict", "--json", "--argstr", "module", str(MODULE), "--arg", "enable", enable, "--arg", "request", request, str(STUB))
    return json.loads(said[said.index("{") :])


def declared(nix, request=REQUEST):
    """The request that the service is started with."""
    start = evaluated(nix, request)["config"]["systemd"]["services"]["audit-rules"]["serviceConfig"]["ExecStart"]
    command, request = re.fullmatch(r"(.*) JSON:audit-rules\.json:(.*)", start).groups()
    assert command == "/nix/store/package/bin/audit_rules --human"
    return json.loads(request)


def test_nix_reads_the_module_and_would_notice_a_mistake(nix, tmp_path):
    nix("--parse", str(MODULE))
    wrong = tmp_path / "wrong.nix"
    wrong.write_text(MODULE.read_text().replace("cfg.request);", "cfg.request)"))
    assert "syntax error" in nix("--parse", str(wrong), check=False)


def test_the_module_has_the_options_that_its_comment_sets(nix):
    made = evaluated(nix)
    assert made["options"] == ["enable", "package", "request"]
    assert made["kinds"] == ["option"] * 3
    assert [each["assertion"] for each in made["config"]["assertions"]] == [True]


def test_a_service_that_is_not_enabled_does_nothing(nix):
    assert evaluated(nix, enable="false")["config"] == {}


def test_the_service_gets_the_request_as_json_that_the_program_takes(nix):
    request = declared(nix)
    assert request == {"target": "runtime", "name": "30-identity", "rules": ["-w /etc/passwd -p wa -k identity"], "control": {"enabled": "on"}}
    # What is wrong with its form is said before anything else is looked at.
    report = answer({**request, "check_mode": True})
    assert [each["kind"] for each in report.get("errors", []) if each["kind"] not in ("no_kernel", "permission")] == []
    report = answer({**request, "rulez": [], "check_mode": True})
    assert "unknown_key" in [each["kind"] for each in report["errors"]]


def test_what_a_user_says_of_the_target_wins(nix):
    assert declared(nix, '{ target = "both"; state = "loaded"; }') == {"target": "both", "state": "loaded"}


def test_the_service_has_no_mount_namespace_of_its_own(nix):
    service = evaluated(nix)["config"]["systemd"]["services"]["audit-rules"]["serviceConfig"]
    assert sorted(service) == ["ExecStart", "RemainAfterExit", "Type"]
