"""The content of the SCAP Security Guide: the installed one, and those of newer Debian releases, fetched with apt."""

import glob
import os
import shutil
import subprocess

INSTALLED = "/usr/share/xml/scap/ssg/content"
PACKAGES = ("ssg-debian", "ssg-debderived", "ssg-nondebian")
SUITES = ("trixie", "sid")
SETTINGS = """Dir::Etc::sourcelist "{0}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "{0}/lists";
Dir::State::status "{0}/status";
Dir::Cache "{0}/cache";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
"""


def mirror():
    """The mirror of Debian that this host uses, its own where none is found. AUDIT_RULES_LAB_MIRROR beats it."""
    if given := os.environ.get("AUDIT_RULES_LAB_MIRROR"):
        return given
    for path in ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*"))]:
        if not path.endswith((".list", ".sources")) or not os.path.isfile(path):
            continue
        with open(path, encoding="utf-8") as file:
            for line in file:
                words = line.split()
                if words[:1] in (["deb"], ["URIs:"]):
                    for word in words:
                        if word.startswith("http") and word.rstrip("/").endswith("/debian"):
                            return word
    return "http://deb.debian.org/debian"


def fetched(suite, cache):
    """The directory with the content that a suite has now, which is fetched where it is not there yet.

    Raises OSError or CalledProcessError where the mirror does not answer.
    """
    place = os.path.join(cache, "scanner", suite)
    for part in ("lists/partial", "cache/archives/partial"):
        os.makedirs(os.path.join(place, part), exist_ok=True)
    keyring = next(
        (path for path in glob.glob("/usr/share/keyrings/debian-archive-keyring.[gp][pg][gp]") if os.path.isfile(path)), None
    )
    option = f"signed-by={keyring}" if keyring else "trusted=yes"
    for name, text in (
        ("status", ""),
        ("sources.list", f"deb [{option}] {mirror()} {suite} main\n"),
        ("apt.conf", SETTINGS.format(place)),
    ):
        with open(os.path.join(place, name), "w", encoding="utf-8") as file:
            file.write(text)
    apt = ["apt-get", "-c", os.path.join(place, "apt.conf"), "--quiet"]
    run([*apt, "update"])
    uris = run([*apt, "download", "--print-uris", *PACKAGES]).splitlines()
    names = sorted(line.split()[1] for line in uris if line.startswith("'"))
    target = os.path.join(place, names[0].split("_")[1])
    if not os.path.isdir(target):
        scratch = os.path.join(place, "new")
        shutil.rmtree(scratch, ignore_errors=True)
        os.makedirs(scratch)
        run([*apt, "download", *PACKAGES], cwd=scratch)
        for name in names:
            with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", os.path.join(scratch, name)], stdout=subprocess.PIPE) as package:
                wanted = ["*/ssg-*-xccdf.xml", "*/ssg-*-oval.xml"]
                run(["tar", "x", "-C", scratch, "--wildcards", *wanted], stdin=package.stdout)
            os.remove(os.path.join(scratch, name))
        os.rename(scratch + INSTALLED, target)
        shutil.rmtree(scratch)
    return target


def run(command, **arguments):
    environment = {**os.environ, "LC_ALL": "C"}
    result = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, **arguments)
    return result.stdout


def all_contents(cache):
    """The directories of the content, the newest first, and what could not be fetched, in words."""
    found, missing = [], []
    for suite in reversed(SUITES):
        try:
            found.append(fetched(suite, cache))
        except (OSError, subprocess.CalledProcessError) as error:
            words = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
            missing.append(f"the content of Debian {suite}: {words[-1] if words else error}")
    if glob.glob(f"{INSTALLED}/ssg-*-xccdf.xml"):
        found.append(INSTALLED)
    else:
        missing.append(f"the installed content: apt-get install {' '.join(PACKAGES)}")
    return found, missing
