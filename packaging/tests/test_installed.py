# SPDX-License-Identifier: Apache-2.0
"""Installed, upgraded and removed by the real dpkg and rpm in a virtual machine with a kernel of its own; rules outlive that."""

import json
from dataclasses import dataclass

import pytest
from conftest import MACHINE, PROJECT, copy_of_the_project, files_of, make_packages

import contents
import project

RULES = ["-w /etc/passwd -p wa -k identity", "-w /etc/group -p wa -k identity"]
DROP_IN = "/etc/audit/rules.d/30-identity.rules"
OLDER = "0.0.9"


@dataclass
class Kind:
    """How one packager is called; {} is the package's file."""

    name: str
    install: str
    upgrade: str
    remove: str
    version: str


KINDS = [
    # The guest's dpkg was told to leave out manuals and documents.
    Kind(
        "deb",
        "dpkg --path-include='*' --install {}",
        "dpkg --path-include='*' --install {}",
        f"dpkg --remove {project.NAME}",
        f"dpkg-query --show --showformat='${{Version}}' {project.NAME}",
    ),
    # A Debian has no rpm that provides /bin/sh.
    Kind(
        "rpm",
        "rpm --install --nodeps {}",
        "rpm --upgrade --nodeps {}",
        f"rpm --erase {project.NAME}",
        f"rpm --query --queryformat '%{{VERSION}}-%{{RELEASE}}' {project.NAME}",
    ),
]


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    """Packages of the same content that say that they are of an older version."""
    root = copy_of_the_project(tmp_path_factory.mktemp("copy") / "older")
    return make_packages(root, tmp_path_factory.mktemp("made") / "older", (0o022, {}), [MACHINE], f"--version={OLDER}")


def one(directory, kind):
    (path,) = (path for path in directory.glob(f"*.{kind}") if MACHINE in path.name or project.ARCHITECTURES[MACHINE][0] in path.name)
    return path


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_package_is_installed_upgraded_and_removed_and_rules_stay(guest, older, packages, kind):
    wanted = f"{project.version()}-{project.RELEASE}"
    # Installed: the command is there, with what belongs to it.
    guest(kind.install.format(guest.send(one(older, kind.name))))
    assert guest(kind.version) == f"{OLDER}-{project.RELEASE}"
    assert guest("command -v audit_rules; audit_rules --version").split("\n")[:2] == ["/usr/bin/audit_rules", f"audit_rules {project.version()}"]
    for path in ("man/man8/audit_rules.8.gz", "man/man5/audit_rules.json.5.gz", f"doc/{project.NAME}/copyright", f"doc/{project.NAME}/audit_rules.cdx.json"):
        guest(f"test -f /usr/share/{path}")
    # It passes the look that Ansible and Salt take before they run it.
    look = "import audit_rules_program as p; print(p.why_unsafe(p.INSTALLED))"
    guest.send(PROJECT / "module_utils/audit_rules_program.py")
    assert guest(f"cd /root && python3 -c '{look}'").strip() == "None"

    request = json.dumps({"name": "30-identity", "rules": RULES})
    report = json.loads(guest(f"printf %s '{request}' | audit_rules -"))
    assert report["outcome"] == "applied"
    files = guest(f"cat {DROP_IN}")
    assert guest("auditctl -l").split("\n")[:2] == RULES

    # Upgraded: nothing is said of rules, and nothing happens to them.
    said = guest(kind.upgrade.format(guest.send(one(packages, kind.name))))
    assert guest(kind.version) == wanted
    assert "Audit rules stay" not in said

    # Removed: nothing of the package is left, every rule is, and the terminal says so and where.
    said = guest(kind.remove)
    assert "Audit rules stay as they are, in the kernel and in /etc/audit/rules.d." in said
    assert f"  {DROP_IN}\n" in said
    files_of_it = " ".join(files_of(one(packages, kind.name)))
    assert contents.EXECUTABLE in files_of_it
    assert guest(f"for path in {files_of_it} /{contents.DOCUMENTS}; do [ ! -e $path ] && [ ! -L $path ] || echo $path; done") == ""
    assert guest(f"cat {DROP_IN}") == files
    assert guest("auditctl -l").split("\n")[:2] == RULES

    # Where it wrote nothing it names nothing.
    guest("auditctl -D; rm -f /etc/audit/rules.d/*.rules; echo -D >/etc/audit/rules.d/audit.rules")
    guest(kind.install.format(f"/root/{one(packages, kind.name).name}"))
    said = guest(kind.remove)
    assert "Audit rules stay" in said and "audit.rules" not in said
    guest("rm -f /etc/audit/rules.d/*.rules")
