# SPDX-License-Identifier: Apache-2.0
"""The manual pages: what they have to tell, and that man and mandoc read them without a complaint."""

import gzip
import json
import os
import re

import pytest
from conftest import MACHINE, PROGRAMS, PROJECT, require, run

SCHEMA = json.loads((PROJECT / "schemas/request.schema.json").read_text())
PAGES = {"audit_rules.8": "man8", "audit_rules.json.5": "man5"}


@pytest.fixture(scope="module")
def pages(unpacked, tmp_path_factory):
    directory = tmp_path_factory.mktemp("man")
    for name, section in PAGES.items():
        (directory / name).write_bytes(gzip.decompress((unpacked / f"usr/share/man/{section}/{name}.gz").read_bytes()))
    return directory


def shown(path):
    """A page as text of one line, without what lays it out."""
    require("mandoc", "mandoc")
    text = re.sub(".\b", "", run("mandoc", "-Tutf8", "-Owidth=1000", str(path)))
    return re.sub(r"\s+", " ", text).replace("\u2010", "-")


def flat(text):
    """A description as the page shows it: no backticks, no links."""
    return " ".join(re.sub(r"\[`?([^\]`]*)`?\](\([^)]*\))?", r"\1", text).replace("`", "").split())


def sections(path):
    """The text between the headings of a page, by heading."""
    parts = re.split(r"^\.S[HS] (.*)\n", path.read_text().replace("\\-", "-"), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def keys_of(section):
    return re.findall(r"^\.TP\n\\fB(.*)\\fR$", re.sub(r"^\.RS\n(.*?)^\.RE\n", "", section, flags=re.M | re.S), re.M)


def test_every_key_of_a_request_is_a_key_of_the_page(pages):
    assert keys_of(sections(pages / "audit_rules.json.5")["KEYS"]) == sorted(SCHEMA["properties"])


def test_every_key_has_its_description_its_default_and_its_words(pages):
    text = shown(pages / "audit_rules.json.5")
    for name, body in SCHEMA["properties"].items():
        at = text.index(f" {name} {flat(body['description'])[:60]}")
        entry = text[at : at + 3000]
        assert flat(body["description"]) in entry
        default = body.get("default")
        if default is not None:
            assert f"Default: {default if isinstance(default, str) else json.dumps(default)}." in entry, name
        definition = SCHEMA["$defs"].get(body.get("$ref", "").rpartition("/")[2], {})
        for word in definition.get("oneOf", []):
            assert f"{word['const']} {flat(word['description'])}".strip() in entry.replace("  ", " "), name


def test_every_key_of_a_part_of_a_request_is_a_key_of_the_page(pages):
    found = sections(pages / "audit_rules.json.5")
    lists = [keys_of(section) for section in found.values()]
    reports = {name for name in SCHEMA["$defs"] if name.startswith("Saved")} | {"Snapshot"}
    objects = {name: sorted(body["properties"]) for name, body in SCHEMA["$defs"].items() if "properties" in body and name not in reports}
    assert len(objects) > 5
    assert [name for name, keys in objects.items() if keys not in lists] == []


def test_every_place_that_an_entry_names_is_a_heading(pages):
    headings = sections(pages / "audit_rules.json.5")
    places = re.findall(r"see the part \\fB(.*?)\\fR", " ".join((pages / "audit_rules.json.5").read_text().replace("\\-", "-").split()))
    assert places and set(places) <= set(headings)


def test_the_page_of_the_program_has_every_option_and_verb_of_its_help(pages):
    text = (pages / "audit_rules.8").read_text().replace("\\-", "-")
    said = run(str(PROGRAMS[MACHINE]), "--help")
    words = set(re.findall(r"(?<!\w)--[a-z]+", said)) | set(re.findall(r"^  audit_rules ([a-z]+)", said, re.M))
    assert {"--human", "--product", "schema", "policy"} <= words
    assert [word for word in words if word not in text] == []
    for code in ("0", "1", "2"):
        assert f".TP\n.B {code}\n" in text


@pytest.mark.parametrize("name", PAGES)
def test_man_and_mandoc_have_nothing_to_say(pages, name):
    require("mandoc", "mandoc")
    require("man", "man-db")
    assert run("mandoc", "-Tlint", str(pages / name)) == ""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"}
    complaints = 'man --warnings --encoding=UTF-8 --troff-device=utf8 --ditroff --local-file "$1" 2>&1 >/dev/null'
    assert run("sh", "-c", complaints, "sh", str(pages / name), env=environment) == ""


@pytest.mark.parametrize("name", PAGES)
def test_no_place_holder_is_left(pages, name):
    assert not re.search(r"@[A-Z]", (pages / name).read_text())
