# SPDX-License-Identifier: Apache-2.0
"""
The executable ``audit_rules`` on this minion: where it is, how it comes here, how it is called.

Called by ``audit_rules``, not by people; it is no utility module since the salt-ssh of Salt 3006 sends none of these.
"""

import hashlib
import json
import os
import shutil
import stat
import subprocess
import tempfile

from salt.exceptions import CommandExecutionError

#: Where a package or the formula puts it.
INSTALLED = ("/usr/libexec/audit_rules", "/usr/local/libexec/audit_rules")

#: Where the formula has it on the file server, by the grain cpuarch: osarch has other words on other families.
SERVED = "salt://audit_rules/files/audit_rules-{}"

#: The largest request that it reads, in bytes.
MOST_BYTES = 16 * 1024 * 1024


def call(salt, cachedir, cpuarch, request, executable=None, saltenv="base"):
    """
    Gives the report that the executable answers with.

    salt
        ``__salt__`` of the caller.

    cachedir
        The minion's cache: a copy from the file server is kept below it.

    executable
        The path to prefer; by default that of the pillar of the formula.
    """
    try:
        body = json.dumps(request, default=str).encode("utf-8")
    except UnicodeEncodeError:
        raise CommandExecutionError("the request holds text that is not UTF-8")
    if len(body) > MOST_BYTES:
        raise CommandExecutionError("the request has {} bytes; at most {} are read".format(len(body), MOST_BYTES))
    program = find(salt, cachedir, cpuarch, executable, saltenv)
    try:
        # Not cmd.run_all: it replaces each \n of its standard input, and JSON has them in its strings.
        done = subprocess.run([program, "-"], input=body, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise CommandExecutionError(
            "{} cannot be started: {}. A directory that is mounted noexec or fapolicyd may be in the way; name an "
            "installed program with `executable`".format(program, error.strerror)
        )
    try:
        report = json.loads(done.stdout.decode("utf-8"))
    except ValueError:
        said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
        raise CommandExecutionError("no report came from {}: it ended with {}: {}".format(program, done.returncode, said[:600]))
    if done.returncode and not report.get("failed"):
        report["failed"] = True
        report["msg"] = "{} ended with {} after this report: {}".format(program, done.returncode, report.get("msg"))
    return report


def find(salt, cachedir, cpuarch, executable=None, saltenv="base"):
    """
    Gives the path of an executable: the named one, an installed one, or a copy of that on the file server. The last is what
    a dry run uses before anything is installed.
    """
    named = executable or salt["config.get"]("audit_rules:lookup:executable")
    looked = [path for path in (named,) + INSTALLED if path]
    for path in looked:
        if os.path.exists(path):
            return _sound(path)
    found = shutil.which("audit_rules")
    if found:
        return _sound(found)
    source = SERVED.format(cpuarch)
    path = _served(salt, cachedir, source, saltenv)
    if path:
        return path
    raise CommandExecutionError(
        "the executable audit_rules is missing: there is no {}, none in PATH, and the file server has no {} in {}. "
        "The formula installs it; `make salt` puts it on the file server".format(", ".join(looked), source, saltenv)
    )


def _sound(path):
    """What is run as root must be nobody else's."""
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        raise CommandExecutionError("{} is no file".format(path))
    if found.st_uid not in (0, os.geteuid()) or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CommandExecutionError("{} is not run: other users may write it".format(path))
    return path


def _served(salt, cachedir, source, saltenv):
    """
    A copy of what the file server has, named after its hash so that a new version never stands under an old name.
    """
    wanted = salt["cp.hash_file"](source, saltenv)
    if not wanted:
        return None
    kept = os.path.join(cachedir, "audit_rules", "audit_rules-" + wanted["hsum"])
    if os.path.exists(kept):
        return _sound(kept)
    cached = salt["cp.cache_file"](source, saltenv)
    if not cached:
        return None
    with open(cached, "rb") as file:
        content = file.read()
    got = hashlib.new(wanted["hash_type"], content).hexdigest()
    if got != wanted["hsum"]:
        raise CommandExecutionError("{} did not arrive whole: its hash is {}, not {}".format(source, got, wanted["hsum"]))
    directory = os.path.dirname(kept)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    for name in os.listdir(directory):
        if name != os.path.basename(kept):
            _forget(os.path.join(directory, name))
    # Several states may do this at the same time; a rename lets each of them find a whole file.
    descriptor, part = tempfile.mkstemp(dir=directory)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    os.chmod(part, 0o700)
    os.rename(part, kept)
    return kept


def _forget(path):
    """Removes an older version. A file without the right to be run is one that another process still writes."""
    try:
        if os.stat(path).st_mode & stat.S_IXUSR:
            os.unlink(path)
    except FileNotFoundError:
        pass
