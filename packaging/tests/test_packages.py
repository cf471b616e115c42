# SPDX-License-Identifier: Apache-2.0
"""What is in the packages, and that they come out the same wherever they are made."""

import hashlib
import json
import re
import sys

import pytest
from conftest import DEBIAN, MACHINE, PROGRAMS, PROJECT, files_of, listed, require, run

import contents
import licences
import links
import project

sys.path.insert(0, str(PROJECT / "module_utils"))

import audit_rules_program  # noqa: E402


def named(packages, architecture):
    stem = f"{project.version()}-{project.RELEASE}"
    return (
        packages / f"{project.NAME}_{stem}_{DEBIAN[architecture]}.deb",
        packages / f"{project.NAME}-{stem}.{architecture}.rpm",
        packages / f"audit_rules-{project.version()}-{architecture}.cdx.json",
    )


def test_two_copies_of_the_project_give_the_same_bytes(both):
    first, second = ({path.name: path.read_bytes() for path in made.iterdir() if path.name != "SHA256SUMS"} for made in both)
    # A package of each kind, and the bill.
    assert len(second) == 3
    assert [name for name in second if first[name] != second[name]] == []


def test_each_file_is_in_the_checksums_and_has_that_checksum(packages):
    said = dict(reversed(line.split("  ")) for line in (packages / "SHA256SUMS").read_text().splitlines())
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in packages.iterdir() if path.name != "SHA256SUMS"}
    assert said == found
    assert sorted(found) == sorted(path.name for architecture in PROGRAMS for path in named(packages, architecture))


@pytest.mark.parametrize("architecture", PROGRAMS)
def test_each_package_has_the_executable_of_its_architecture(packages, architecture, tmp_path):
    deb, rpm, bill = named(packages, architecture)
    run("dpkg-deb", "--extract", str(deb), str(tmp_path / "deb"))
    (tmp_path / "rpm").mkdir()
    run("sh", "-c", 'rpm2cpio "$1" | cpio --quiet --extract --make-directories', "sh", str(rpm), cwd=tmp_path / "rpm")
    wanted = PROGRAMS[architecture].read_bytes()
    for kind in ("deb", "rpm"):
        executable = tmp_path / kind / contents.EXECUTABLE
        assert executable.read_bytes() == wanted
        assert executable.stat().st_mode & 0o7777 == 0o755
        command = tmp_path / kind / contents.COMMAND
        assert command.is_symlink() and command.resolve() == executable
        document = json.loads((tmp_path / kind / contents.DOCUMENTS / "audit_rules.cdx.json").read_text())
        assert document == json.loads(bill.read_text())
    assert run("dpkg-deb", "--field", str(deb), "Architecture").strip() == DEBIAN[architecture]
    assert run("rpm", "--query", "--package", "--queryformat", "%{ARCH} %{OS}", str(rpm)) == f"{architecture} linux"


def test_both_kinds_have_the_same_files_but_for_their_customs(deb, rpm):
    ours = set(files_of(deb)), set(files_of(rpm))
    documents, licence = f"/{contents.DOCUMENTS}", f"/usr/share/licenses/{project.NAME}"
    # The C library's own, where it is linked in.
    assert ours[1] - ours[0] - {f"{licence}/LGPL-2.1"} == {
        "/usr/share/zsh/site-functions/_audit_rules",
        f"{documents}/CHANGELOG.md",
        f"{licence}/LICENSE",
        f"{licence}/LICENSE-ComplianceAsCode",
    }
    assert ours[0] - ours[1] == {
        "/usr/share/zsh/vendor-completions/_audit_rules",
        f"/usr/share/lintian/overrides/{project.NAME}",
        f"{documents}/changelog.gz",
        f"{documents}/changelog.Debian.gz",
    }


def test_every_link_of_an_installed_document_leads_to_an_installed_file_or_to_one_of_the_project(unpacked):
    documents = unpacked / contents.DOCUMENTS
    elsewhere = f"{project.HOMEPAGE}/blob/HEAD/"
    dead, outside = [], set()
    for path in sorted(documents.rglob("*.md")):
        text, name = path.read_text(), str(path.relative_to(documents))
        dead += [f"{name}: {link}" for link in links.local(text) if not (documents / links.file_of(name, link)).is_file()]
        outside.update(link.split("#")[0] for link in re.findall(re.escape(elsewhere) + r"([^()\s]+)", text))
    assert dead == []
    assert "schemas/request.schema.json" in outside
    assert [link for link in outside if not (PROJECT / link).is_file()] == []


def test_everything_belongs_to_root_and_nobody_else_writes_it(deb, rpm):
    for package, owner in ((deb, "root/root"), (rpm, "root root")):
        lines = listed(package)
        assert lines
        for line in lines:
            assert f" {owner} " in " ".join(line.split()) and (line[0] == "l" or (line[5], line[8]) == ("-", "-")), line


def test_nothing_has_to_be_installed_besides(deb, rpm):
    assert "Depends" not in run("dpkg-deb", "--field", str(deb))
    needed = run("rpm", "--query", "--package", "--requires", str(rpm)).splitlines()
    # The script that runs after the removal, and abilities of rpm itself.
    assert [line for line in needed if not line.startswith("rpmlib(")] == ["/bin/sh"]


def test_ansible_and_salt_look_where_the_packages_have_it():
    assert audit_rules_program.INSTALLED == f"/{contents.EXECUTABLE}"
    text = (PROJECT / "salt/formula/_modules/audit_rules_executable.py").read_text()
    assert re.search(r'^INSTALLED = \("(.*?)"', text, re.M)[1] == f"/{contents.EXECUTABLE}"


def test_the_formula_installs_the_package_by_its_name():
    text = (PROJECT / "salt/formula/audit_rules/defaults.yaml").read_text()
    assert re.search(r"^ *package: (.*)$", text, re.M)[1] == project.NAME


def test_the_copyright_file_names_every_part_and_has_the_text_of_every_licence(unpacked):
    text = (unpacked / contents.DOCUMENTS / "copyright").read_text()
    bill = json.loads((unpacked / contents.DOCUMENTS / "audit_rules.cdx.json").read_text())
    parts = [part for part in bill["components"] if part["type"] == "library"]
    assert parts
    for part in parts:
        version = f"-{part['version']}" if "version" in part else ""
        assert f"\nFiles: vendor/{part['name']}{version}/*\nCopyright: " in text
    used = set(re.findall(r"^License: (\S+)$(?=\n\n|\nComment)", text, re.M))
    told = set(re.findall(r"^License: (\S+)$(?=\n )", text, re.M))
    assert used and used == told
    policies = licences.POLICIES.read_text().split()
    assert " ".join(policies[policies.index("Redistribution") :])[:400] in " ".join(text.replace("\n .\n", "\n").split())


@pytest.mark.parametrize("architecture", PROGRAMS)
def test_lintian_has_nothing_to_say(packages, architecture):
    require("lintian", "lintian")
    deb = named(packages, architecture)[0]
    said = run("lintian", "--fail-on=error,warning", str(deb))
    assert said.replace("running with root privileges is not recommended!\n", "") == ""


@pytest.mark.parametrize("architecture", PROGRAMS)
def test_rpmlint_has_nothing_to_say(packages, architecture):
    require("rpmlint", "rpmlint")
    said = run("rpmlint", f"--config={PROJECT}/packaging/rpmlint.toml", str(named(packages, architecture)[1]))
    assert " 0 errors, 0 warnings" in said, said


def test_packages_of_this_machine_are_among_them():
    assert MACHINE in PROGRAMS
