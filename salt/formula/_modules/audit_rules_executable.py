# SPDX-License-Identifier: Apache-2.0
"""
The executable ``audit_rules`` on this minion: where it is, and how it comes here. ``audit_rules_program`` judges and calls it.

Called by ``audit_rules``, not by people; it is no utility module since the salt-ssh of Salt 3006 sends none of these.
"""

import hashlib
import os
import stat
import subprocess
import tempfile

from salt.exceptions import CommandExecutionError

#: Where a package or the formula puts it.
INSTALLED = ("/usr/libexec/audit_rules", "/usr/local/libexec/audit_rules")

#: Where the formula has it on the file server, by the grain cpuarch: osarch has other words on other families.
SERVED = "salt://audit_rules/files/audit_rules-{}"


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
        body = salt["audit_rules_request.encode"](request)
        program = find(salt, cachedir, cpuarch, executable, saltenv)
        output = salt["audit_rules_program.call"](program, body, run)
    except ValueError as error:
        raise CommandExecutionError(str(error))
    report = salt["audit_rules_report.read"](output)
    if report is None:
        raise CommandExecutionError("no report came from {}: {}".format(program, salt["audit_rules_report.excerpts"](output)))
    return report


def find(salt, cachedir, cpuarch, executable=None, saltenv="base"):
    """
    Gives the path of an executable: the named one, an installed one, or a copy of that on the file server. The last is what
    a dry run uses before anything is installed. ValueError for a named or installed one that is not safe to run, or not ours.
    """
    named = executable or salt["config.get"]("audit_rules:lookup:executable")
    looked = [path for path in (named,) + INSTALLED if path]
    for path in looked:
        if os.path.lexists(path):
            salt["audit_rules_program.check"](path, run)
            return path
    passed_by = []
    for directory in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(directory, "audit_rules")
        if os.path.isabs(path) and os.access(path, os.X_OK):
            try:
                salt["audit_rules_program.check"](path, run)
                return path
            except ValueError as error:
                passed_by.append(str(error))
    source = SERVED.format(cpuarch)
    path = _served(salt, cachedir, source, saltenv)
    if path:
        return path
    raise CommandExecutionError(
        "the executable audit_rules is missing: there is no {}, none in PATH{}, and the file server has no {} in {}. "
        "The formula installs it; `make salt` puts it on the file server".format(
            ", ".join(looked), "".join(" ({})".format(reason) for reason in passed_by), source, saltenv
        )
    )


def _served(salt, cachedir, source, saltenv):
    """
    A copy of what the file server has, named after its hash so that a new version never stands under an old name.
    """
    wanted = salt["cp.hash_file"](source, saltenv)
    if not wanted:
        return None
    kept = os.path.join(cachedir, "audit_rules", "audit_rules-" + wanted["hsum"])
    if os.path.exists(kept):
        return _safe(salt, kept)
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
    return _safe(salt, kept)


def run(words, body):
    """
    Starts a program with bytes as its standard input; gives its exit status and what it wrote.
    """
    # Not cmd.run_all: it replaces each \n of its standard input, and JSON has them in its strings.
    done = subprocess.run(words, input=body, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return {
        "rc": done.returncode,
        "stdout": done.stdout.decode("utf-8", "replace"),
        "stderr": done.stderr.decode("utf-8", "replace"),
    }


def _safe(salt, path):
    """The cache of salt-ssh is below /var/tmp, where nobody replaces what is not his own."""
    reason = salt["audit_rules_program.why_unsafe"](path, sticky=True)
    if reason:
        raise ValueError(reason)
    return path


def _forget(path):
    """Removes an older version. A file without the right to be run is one that another process still writes."""
    try:
        if os.stat(path).st_mode & stat.S_IXUSR:
            os.unlink(path)
    except FileNotFoundError:
        pass
