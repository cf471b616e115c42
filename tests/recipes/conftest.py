# SPDX-License-Identifier: Apache-2.0
"""What several recipes are tried on."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLES = PROJECT / "examples"
PROGRAM = Path(os.environ["AUDIT_RULES_EXECUTABLE"])
CACHE = Path(os.environ["AUDIT_RULES_LAB_CACHE"]) / "recipes"
RULES = ["-w /etc/passwd -p wa -k identity", "-w /etc/group -p wa -k identity"]
OF_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="recipes in a root directory: only root may enter one")


def run(*words, check=True, **options):
    """Runs a program and gives what it said, on both of its streams; its failure is that of the test."""
    done = subprocess.run(words, **{"stdin": subprocess.DEVNULL, **options}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if check:
        assert done.returncode == 0, f"{words} ended with {done.returncode}: {done.stdout}"
    return done.stdout


def answer(request):
    """Gives the program's report on a request."""
    done = subprocess.run([PROGRAM, "-"], input=json.dumps(request), capture_output=True, text=True, check=False)
    return json.loads(done.stdout)


def unpacked(package):
    """Gives a directory with the files of a package of Debian, of which nothing is installed. Skips the test where there is none."""
    place = CACHE / package
    if not place.is_dir():
        fresh = CACHE / f"{package}.{os.getpid()}"
        fresh.mkdir(parents=True)
        done = subprocess.run(["apt-get", "download", package], cwd=fresh, capture_output=True, text=True, check=False) if shutil.which("apt-get") else None
        archives = list(fresh.glob("*.deb"))
        if done is None or done.returncode or not archives:
            shutil.rmtree(fresh)
            pytest.skip(f"{package}: apt-get download {package} gives none")
        run("dpkg-deb", "--extract", str(archives[0]), str(fresh / "root"))
        fresh.rename(place)
    return place / "root"


@pytest.fixture
def image(tmp_path):
    """A root directory of a RHEL 9 as far as the program looks, where `audit_rules` and a shell run."""
    root = tmp_path / "image"
    for name in ("etc/audit/rules.d", "etc/sudoers.d", "usr/bin", "usr/libexec", "usr/sbin", "var/log", "proc", "dev", "tmp", "root"):
        (root / name).mkdir(parents=True)
    (root / "etc/os-release").write_text('ID="rhel"\nVERSION_ID="9.6"\n')
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    for name in ("group", "shadow", "gshadow", "sudoers"):
        (root / "etc" / name).write_text("root:x:0:\n" if name == "group" else "")
    for name in ("su", "sudo", "mount"):
        (root / "usr/bin" / name).write_text("")
        (root / "usr/bin" / name).chmod(0o4755)
    shutil.copy(PROGRAM, root / "usr/libexec/audit_rules")
    (root / "usr/bin/audit_rules").symlink_to("../libexec/audit_rules")
    return root


def give_a_shell(root):
    """Puts a shell with its libraries into a root directory."""
    shell = Path(shutil.which("sh")).resolve()
    (root / "bin").mkdir(exist_ok=True)
    shutil.copy(shell, root / "bin/sh")
    for word in run("ldd", str(shell)).split():
        if word.startswith("/"):
            target = root / word.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(word, target)
