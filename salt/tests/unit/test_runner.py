# SPDX-License-Identifier: Apache-2.0
"""
The runner with a client that gives answers of minions, and with what Salt gives to it as stand-ins.
"""

import csv
import json
import stat
import sys

import pytest
import salt.client
import salt.utils.minions

from place import FORMULA, PROJECT, load

sys.path.insert(0, str(PROJECT / "tests/pages"))
import fleets  # noqa: E402

audit_rules = load("_runners", "audit_rules")


class Client:
    """As much of Salt's own as the runner uses."""

    def __init__(self):
        #: What minions answer, those that do not, and what was asked.
        self.returns, self.silent, self.asked = {}, [], []

    def __enter__(self):
        return self

    def __exit__(self, *others):
        pass

    def cmd(self, *arguments, **options):
        self.asked.append((arguments, options))
        returns = {name: {"ret": returned, "jid": "1"} for name, returned in self.returns.items()}
        # Salt says it in both ways, of minions that are connected and of others.
        returns.update((name, {"out": "no_return", "ret": "Minion did not return. [No response]"}) for name in self.silent[:1])
        returns.update((name, False) for name in self.silent[1:])
        return returns


@pytest.fixture
def client(monkeypatch):
    client = Client()

    def check_minions(self, tgt, tgt_type):
        return {"minions": list(client.returns) + client.silent}

    monkeypatch.setattr(salt.client, "get_local_client", lambda path: client)
    monkeypatch.setattr(salt.utils.minions, "CkMinions", lambda opts: type("Minions", (), {"check_minions": check_minions})())
    return client


@pytest.fixture
def configure_loader_modules():
    packed = {}
    for path in (FORMULA / "_runners").glob("audit_rules_*.py"):
        module = load("_runners", path.stem)
        for name in dir(module):
            packed["{}.{}".format(path.stem, name)] = getattr(module, name)
    return {audit_rules: {"__salt__": packed, "__opts__": {"conf_file": "/etc/salt/master"}, "__context__": {}}}


def test_every_minion_is_asked_once_and_the_page_has_those_that_did_not_answer_too(tmp_path, client):
    client.returns, told = fleets.small()
    client.silent = list(told)
    answer = audit_rules.fleet("web*", dest=str(tmp_path / "page.html"), title="Our minions")
    (((target, function), options),) = client.asked
    assert (target, function, options["kwarg"]) == ("web*", "audit_rules.evidence", {"culprit": True})
    assert answer["comment"] == "19 hosts: 2 drift, 1 failed, 1 unreachable, 1 undecided, 2 files only, 12 in sync"
    assert answer["retcode"] == audit_rules.__context__["retcode"] == 1
    assert answer["failing"][0] == "drift: db01.example.com, db02.example.com"
    assert answer["files"] == {kind: str(tmp_path / name) for kind, name in (
        ("page", "page.html"), ("json", "page.json"), ("csv", "page.csv"),
    )}  # fmt: skip
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Our minions" in page and "--page: #fff" in page and "the minion did not answer" in page
    assert json.loads((tmp_path / "page.json").read_text())["counts"] == answer["counts"]
    assert len(list(csv.reader((tmp_path / "page.csv").open(newline="")))) == 1 + 17 * 24 + 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize(
    "returns, fail_on, retcode",
    [
        ({"a": fleets.report(1)}, None, 0),
        ({"a": fleets.report(1, is_read=False)}, None, 0),
        ({"a": fleets.report(1, is_read=False)}, ["files_only"], 1),
        ({"a": fleets.report(1, lacking=(0,))}, None, 1),
        ({"a": fleets.report(1, lacking=(0,))}, "never", 0),
        # What a minion says that does not know the module, or whose function raised.
        ({"a": "'audit_rules.evidence' is not available."}, None, 1),
        ({"a": False}, None, 1),
        # A target that matches nobody.
        ({}, None, 1),
        ({}, "never", 0),
    ],
)
def test_it_ends_with_what_fail_on_says(tmp_path, client, returns, fail_on, retcode):
    client.returns = returns
    answer = audit_rules.fleet(dest=str(tmp_path / "page.html"), fail_on=fail_on, mode=640)
    assert answer["retcode"] == retcode, answer
    assert stat.S_IMODE((tmp_path / "page.csv").stat().st_mode) == 0o640


def test_what_an_exception_said_is_on_the_page(tmp_path, client):
    client.returns = {"a": "ERROR: the policy is empty"}
    audit_rules.fleet(dest=str(tmp_path / "page.html"))
    (host,) = json.loads((tmp_path / "page.json").read_text())["hosts"]
    assert (host["state"], host["msg"]) == ("failed", "ERROR: the policy is empty")


def test_a_test_writes_nothing_and_fails_as_otherwise(tmp_path, client):
    client.silent = ["a", "b"]
    answer = audit_rules.fleet(dest=str(tmp_path / "page.html"), test=True)
    assert (answer["retcode"], answer["failing"], list(tmp_path.iterdir())) == (1, ["unreachable: a, b"], [])


@pytest.mark.parametrize(
    "options, said",
    [
        ({"fail_on": ["deviation"]}, "fail_on: deviation is unknown; it takes drift, "),
        ({"mode": "rw"}, "invalid literal"),
        ({"dest": "/nowhere/page.html"}, "No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_told_and_fails(tmp_path, client, options, said):
    client.returns = {"a": fleets.report(1)}
    answer = audit_rules.fleet(**dict({"dest": str(tmp_path / "page.html")}, **options))
    assert answer["retcode"] == 1 and said in answer["comment"] and not list(tmp_path.iterdir())
