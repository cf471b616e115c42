# SPDX-License-Identifier: Apache-2.0
"""The packages that the tests look at, made once, from two copies of the project in different surroundings."""

import os
import pathlib
import platform
import shutil
import subprocess
import sys

import pytest

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(PROJECT / "packaging"))

import project  # noqa: E402

PROGRAMS = {name: pathlib.Path(path) for name, _, path in (word.partition("=") for word in os.environ["PACKAGED_PROGRAMS"].split())}
MACHINE = os.uname().machine
GUEST = PROJECT / "ansible/collection/roles/test_guest/files"
CACHE = os.environ.get("AUDIT_RULES_LAB_CACHE", str(PROJECT / ".lab"))
#: What a package is named after, for a file of each kind.
DEBIAN = {name: words[0] for name, words in project.ARCHITECTURES.items()}


def run(*words, check=True, **options):
    """Runs a program and gives what it said, on both of its streams; its failure is that of the test."""
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options
    )
    if check:
        assert done.returncode == 0, f"{words} ended with {done.returncode}: {done.stdout}"
    return done.stdout


def require(program, package):
    """Skips the test where a program is missing that Debian has in the package."""
    if not shutil.which(program):
        pytest.skip(f"{program} is missing: apt-get install {package}")


def listed(package):
    """The lines that tell of each file, as ls does: those of dpkg-deb have the name at 5, those of rpm at 8."""
    command = ["dpkg-deb", "--contents"] if package.suffix == ".deb" else ["rpm", "--query", "--package", "--list", "--verbose"]
    return run(*command, str(package)).splitlines()


def files_of(package):
    """The paths of a package's files and links."""
    at = 5 if package.suffix == ".deb" else 8
    return [line.split()[at].removeprefix(".") for line in listed(package) if not line.startswith("d")]


def make_packages(root, output, surroundings, architectures, *options):
    """Makes the packages of a copy of the project, and gives their directory."""
    umask, environment = surroundings
    words = [f"--program={name}={PROGRAMS[name]}" for name in architectures]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(project.moment()), **environment}
    run(sys.executable, "-B", str(root / "packaging/build"), *words, f"--output={output}", "--level=0", *options, env=environment, umask=umask)
    return output


def copy_of_the_project(target):
    """A copy at another path; of what git knows or would take, without what was built."""
    names = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=PROJECT).splitlines()
    for name in names:
        if (PROJECT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, target / name)
    return target


@pytest.fixture(scope="session")
def both(tmp_path_factory):
    """
    Two directories of packages, made at different paths, with another umask, time zone and language: those of all machines, and
    those of this one again.
    """
    require("rpmbuild", "rpm")
    require("dpkg-deb", "dpkg")
    made = []
    for name, surroundings, architectures in (
        ("here", (0o022, {"TZ": "UTC", "LC_ALL": "C"}), PROGRAMS),
        ("a path that is longer", (0o077, {"TZ": "Pacific/Auckland", "LC_ALL": "C.UTF-8", "HOSTNAME": "elsewhere"}), [MACHINE]),
    ):
        root = copy_of_the_project(tmp_path_factory.mktemp("copy") / name)
        made.append(make_packages(root, tmp_path_factory.mktemp("made") / "packages", surroundings, architectures))
    return made


@pytest.fixture(scope="session")
def packages(both):
    """The directory of the packages."""
    return both[0]


@pytest.fixture(scope="session")
def deb(packages):
    """The Debian package for this machine."""
    return packages / f"{project.NAME}_{project.version()}-{project.RELEASE}_{DEBIAN[MACHINE]}.deb"


@pytest.fixture(scope="session")
def rpm(packages):
    """The RPM package for this machine."""
    return packages / f"{project.NAME}-{project.version()}-{project.RELEASE}.{MACHINE}.rpm"


@pytest.fixture(scope="session")
def unpacked(deb, tmp_path_factory):
    """The files of the Debian package."""
    root = tmp_path_factory.mktemp("unpacked")
    run("dpkg-deb", "--extract", str(deb), str(root))
    return root


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    """A function that runs a command in the guest and gives what it said."""
    if platform.machine() != "x86_64":
        pytest.skip("packages in a virtual machine: the guest is for x86_64 hosts")
    made = run(sys.executable, str(GUEST / "image.py"), "--suite=bookworm", f"--cache={CACHE}/guests", "--package=rpm")
    directory = tmp_path_factory.mktemp("machine") / "guest"
    verb = [sys.executable, str(GUEST / "guest.py")]
    run(*verb, "start", f"--directory={directory}", f"--image={made.splitlines()[-1]}", "--memory=768")

    # One connection for all: the guest's processor is emulated, and to agree on keys takes it a second or two.
    shared = ["-o", "ControlMaster=auto", "-o", f"ControlPath={directory}/control", "-o", "ControlPersist=yes"]
    ssh = ["ssh", "-F", str(directory / "ssh_config"), *shared, "root@guest"]
    subprocess.run([*ssh, "true"], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def in_guest(command):
        return run(*ssh, command)

    def send(path):
        with path.open("rb") as content:
            subprocess.run([*ssh, f"cat >/root/{path.name}"], stdin=content, check=True)
        return f"/root/{path.name}"

    in_guest.send = send
    # What Debian's auditd brought is no matter of these tests.
    in_guest("auditctl -D >/dev/null; rm -f /etc/audit/rules.d/*.rules")
    yield in_guest
    subprocess.run([*ssh[:-1], "-O", "exit", ssh[-1]], check=False, stdin=subprocess.DEVNULL, capture_output=True)
    run(*verb, "stop", f"--directory={directory}")
