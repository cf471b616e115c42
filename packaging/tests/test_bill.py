# SPDX-License-Identifier: Apache-2.0
"""The bill of materials: its form, and that it has what is linked and nothing else."""

import hashlib
import json
import re

import pytest
from conftest import PROGRAMS, PROJECT

import project

LOCK = (PROJECT / "Cargo.lock").read_text()


@pytest.fixture(params=PROGRAMS)
def bill(packages, request):
    return request.param, (packages / f"audit_rules-{project.version()}-{request.param}.cdx.json").read_text()


def test_it_fits_the_schema_of_cyclonedx(bill):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill[1]) is None


def test_it_is_about_the_very_executable(bill):
    architecture, text = bill
    about = json.loads(text)["metadata"]["component"]
    assert about["hashes"][0]["content"] == hashlib.sha256(PROGRAMS[architecture].read_bytes()).hexdigest()
    assert about["version"] == project.version()


def test_each_crate_has_the_hash_of_the_lock_file_and_a_licence_that_is_allowed(bill):
    allowed = {"Apache-2.0", "MIT"}
    crates = [part for part in json.loads(bill[1])["components"] if part.get("purl", "").startswith("pkg:cargo/")]
    assert crates
    for crate in crates:
        entry = re.search(rf'name = "{crate["name"]}"\nversion = "{re.escape(crate["version"])}"\nsource = .*\nchecksum = "(.*)"', LOCK)
        assert crate["hashes"] == [{"alg": "SHA-256", "content": entry[1]}]
        (licence,) = crate["licenses"]
        assert allowed & set((licence.get("expression") or licence["license"]["id"]).split(" OR "))


def test_it_has_what_the_program_uses_and_not_what_only_builds_or_tests_it(bill):
    names = {part["name"] for part in json.loads(bill[1])["components"]}
    own = re.search(r"\n\[dependencies\]\n(.*?)\n\n", (PROJECT / "Cargo.toml").read_text(), re.S)[1]
    assert set(re.findall(r"^(\S+) =", own, re.M)) <= names
    assert {"rust-std", "ComplianceAsCode"} <= names
    # Tests, procedural macros, and build scripts.
    assert not names & {"jsonschema", "tempfile", "serde_derive", "syn", "quote", "proc-macro2", "autocfg", "version_check", "lab"}


def test_every_part_is_reached_from_the_executable(bill):
    document = json.loads(bill[1])
    needs = {entry["ref"]: entry["dependsOn"] for entry in document["dependencies"]}
    reached, level = set(), [document["metadata"]["component"]["bom-ref"]]
    while level:
        reached |= set(level)
        level = [name for entry in level for name in needs.get(entry, []) if name not in reached]
    assert reached - {document["metadata"]["component"]["bom-ref"]} == {part["bom-ref"] for part in document["components"]}
