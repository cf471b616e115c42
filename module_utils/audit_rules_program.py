# SPDX-License-Identifier: Apache-2.0
"""
The executable audit_rules on this host: whether it may be run, what it says it is, and how it is called.

A failure is a ValueError whose text is for people. How a program is started is each caller's own: `run` takes the words of a
command and the bytes of its standard input, gives {"rc", "stdout", "stderr"}, or raises the OSError of the start.
"""

import os
import stat

#: Where a distribution package puts it.
INSTALLED = "/usr/libexec/audit_rules"

#: How its answer to --version begins.
NAME = "audit_rules "

#: Why a path could become another program between the look and the start. {} is the part of the path at fault.
REASONS = {
    "link": "{} is a symbolic link; name the file that it leads to",
    "owner": "{} belongs to neither root nor the user who runs it",
    "mode": "other users may write {}",
    "kind": "{} is no file",
}


def why_unsafe(path, sticky=False):
    """
    Gives why nobody may rely on a path when the program there is started, as a sentence; None where it is safe.

    The file and each directory on the way to it belong to root or to the user who asks, and only its owner may write it.
    The walk begins at / and follows no link: what stands in a directory that passed cannot be swapped any more. (An access
    list that lets others write also sets the group's bit.) OSError where a part of it cannot be looked at.

    sticky
        Whether directories such as /var/tmp do, where nobody may replace what is not his own.
    """
    found = os.lstat("/")
    place = "/"
    names = [name for name in path.split("/") if name]
    if not path.startswith("/") or not names:
        raise ValueError("{} is no absolute path of a file".format(path))
    for position, name in enumerate([""] + names):
        if name:
            place = place.rstrip("/") + "/" + name
            found = os.lstat(place)
        kind = _weakness(found, sticky)
        if not kind and position == len(names) and not stat.S_ISREG(found.st_mode):
            kind = "kind"
        if kind:
            return unsafe(path, kind, place)
    return None


def _weakness(found, sticky):
    if stat.S_ISLNK(found.st_mode):
        return "link"
    if found.st_uid not in (0, os.geteuid()):
        return "owner"
    is_fenced = sticky and stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
    return "mode" if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not is_fenced else None


def unsafe(path, kind, place):
    """Gives the sentence about a path that is not run. kind: one of REASONS."""
    return "{} is not run: {}".format(path, REASONS[kind].format(place))


def check(path, run):
    """Fails unless the path is safe to run and says that it is audit_rules. Gives the version that it says."""
    try:
        reason = why_unsafe(path)
    except OSError as error:
        raise ValueError("{} is not run: {}: {}".format(path, error.filename, error.strerror))
    if reason:
        raise ValueError(reason)
    done = _started([path, "--version"], b"", run)
    said = (done["stdout"] or done["stderr"]).strip()
    if done["rc"] or not said.startswith(NAME):
        raise ValueError(not_ours(path, said))
    return said[len(NAME) :].strip()


def not_ours(path, said):
    """Gives the sentence about a program that is another one. said: what it answered to --version."""
    line = said.strip().splitlines()[0][:100] if said.strip() else "nothing"
    return "{} is not audit_rules: asked for its version it says: {}".format(path, line)


def call(path, body, run):
    """Gives what the program makes of a request in bytes: {"rc", "stdout", "stderr"}."""
    return _started([path, "-"], body, run)


def _started(command, body, run):
    try:
        return run(command, body)
    except OSError as error:
        raise ValueError(
            "{} cannot be started: {}. A directory that is mounted noexec or fapolicyd may be in the way; name an "
            "installed program with the option executable".format(command[0], error.strerror)
        )
