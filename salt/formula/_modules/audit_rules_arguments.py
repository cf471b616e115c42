# SPDX-License-Identifier: Apache-2.0
"""
From the arguments of a function to the request that the executable reads.

Called by ``audit_rules``, not by people; it is no utility module since the salt-ssh of Salt 3006 sends none of these.
"""

import json
import os
import re

from salt.exceptions import CommandExecutionError, SaltRenderError

#: What an entry of drop_ins may have.
OF_A_DROP_IN = "rules or source, control and mode, or state: absent"

#: How Salt says that a template cannot be rendered: the problem, the line, then the text around it.
_RENDER = re.compile(r"^(?P<problem>[^\n]*?); line (?P<line>\d+)\n", re.DOTALL)

#: Arguments that only Salt knows: they say where rules files come from.
SOURCE_ARGUMENTS = ("source", "source_hash", "template", "context", "defaults")

#: What of a policy a minion can be asked for, what of it there has to be some of, and what says where. The rest of the pillar
#: is about how to get there.
EXPECTED = (
    "state", "name", "rules", "source", "source_hash", "template", "context", "defaults", "control", "drop_ins", "purge",
    "keep", "on_missing", "unknown_syscalls", "loader_unknown", "perm_syscalls", "allow_empty",
)  # fmt: skip
SAID = ("drop_ins", "policy", "rules", "source", "control", "allow_empty")
WHERE = ("root", "rules_dir", "kernel", "arch", "ordering")


class Sources:
    """
    Reads rules files of the file server, and knows which part of the request came from which file.

    salt
        ``__salt__`` of the caller.
    """

    def __init__(self, salt, saltenv):
        self._salt = salt
        self._saltenv = saltenv
        self._names = {}
        self.complaints = []

    def read(self, pointer, given):
        """
        Gives the text of the file that the arguments ``given`` name, as file.managed finds and renders it. It becomes the
        part ``pointer`` of the request.
        """
        salt, saltenv = self._salt, self._saltenv
        wanted = given["source"]
        try:
            source, source_hash = salt["file.source_list"](wanted, given.get("source_hash", ""), saltenv)
            path, _, comment = salt["file.get_managed"](
                "audit rules",
                given.get("template"),
                source,
                source_hash,
                None,
                None,
                None,
                None,
                None,
                saltenv,
                given.get("context"),
                given.get("defaults"),
            )
            # It leaves a file of the file server that is no template to the caller.
            if not path and not comment:
                path = salt["cp.cache_file"](source, saltenv)
        except CommandExecutionError as error:
            return self._complain("{}: {}".format(wanted, error))
        # Some versions say so in the comment.
        except SaltRenderError as error:
            path, comment = "", str(error)
        if comment or not path:
            rendering = _RENDER.match(comment)
            if rendering:
                comment = rendering.group("problem")
                source = "{}:{}".format(source, rendering.group("line"))
            return self._complain("{}: {}".format(source, comment or "there is no such file"))
        self._names[pointer] = source
        with open(path, "rb") as file:
            content = file.read()
        if given.get("template"):
            # Rendered for this call alone.
            os.unlink(path)
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            return self._complain("{}:{}: is not UTF-8".format(source, content.count(b"\n", 0, error.start) + 1))

    def place(self, report):
        """
        Gives errors and findings about a file's text the name of that file.
        """
        for problem in (report.get("errors") or []) + (report.get("findings") or []):
            name = self._names.get(problem.get("pointer"))
            if name and not problem.get("file"):
                problem["file"] = name

    def _complain(self, text):
        self.complaints.append("source: " + text)
        return ""


def build(operation, given, sources):
    """
    Gives the request. Only what is given is sent: a default belongs to the executable, and a key that a state has no use
    for is an error there.
    """
    request = {"operation": operation}
    request.update((key, value) for key, value in given.items() if value is not None)
    if operation == "explain" and request.get("source") and not any(request.get(key) for key in ("rules", "files")):
        # As a file it gives each line its file and number.
        source = str(request["source"])
        text = sources.read("/files/0/text", request)
        request = {key: value for key, value in request.items() if key not in SOURCE_ARGUMENTS}
        request["files"] = [{"name": source, "text": text}]
    if operation != "gather":
        request = _declared("", request, sources)
    elif isinstance(request.get("expect"), dict):
        # Its own source is not a file: it says what is looked at.
        request["expect"] = _declared("/expect", request["expect"], sources)
    if isinstance(request.get("archs"), str):
        request["archs"] = [request["archs"]]
    __salt__["audit_rules_request.unwrap_undo"](request)
    if sources.complaints:
        raise CommandExecutionError("nothing was changed: " + "\n".join(sources.complaints))
    return request


def _declared(pointer, given, sources):
    """What a state declares, with the text of its rules files, and with the values that YAML changes."""
    declared = _with_rules(pointer, given, sources)
    if "drop_ins" in declared:
        declared["drop_ins"] = _merged("drop_ins", declared["drop_ins"], sources)
    if isinstance(declared.get("drop_ins"), dict):
        declared["drop_ins"] = {
            str(name): _drop_in(pointer, str(name), drop_in, sources) for name, drop_in in declared["drop_ins"].items()
        }
    if "mode" in declared:
        declared["mode"] = _octal(declared["mode"])
    for key in ("name", "perm_syscalls"):
        # YAML reads 4.2 as a number.
        if isinstance(declared.get(key), (int, float)):
            declared[key] = str(declared[key])
    if isinstance(declared.get("keep"), str):
        declared["keep"] = [declared["keep"]]
    return declared


def _drop_in(pointer, name, given, sources):
    at = "drop_ins." + name
    given = _merged(at, given, sources)
    if not isinstance(given, dict) or not given:
        sources.complaints.append("{}: must be a dictionary with {}, and is {}".format(at, OF_A_DROP_IN, _shown(given)))
        return {}
    for key in sorted(key for key, value in given.items() if value is None):
        sources.complaints.append("{}.{}: is null; leave it out, or give it a value".format(at, key))
    return _with_rules("{}/drop_ins/{}".format(pointer, name), given, sources)


def _merged(at, given, sources):
    """States give their arguments as a list of dictionaries with one key each, so dictionaries may be written like that."""
    if not (isinstance(given, list) and given and all(isinstance(entry, dict) and len(entry) == 1 for entry in given)):
        return given
    merged = {}
    for entry in given:
        for key, value in entry.items():
            if key in merged:
                sources.complaints.append("{}.{}: is given twice".format(at, key))
            merged[key] = value
    return merged


def _shown(value):
    """A value for a message."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _with_rules(pointer, given, sources):
    given = dict(given)
    for key in ("control", "context", "defaults"):
        if key in given:
            given[key] = _merged(key, given[key], sources)
    declared = {key: value for key, value in given.items() if key not in SOURCE_ARGUMENTS}
    if given.get("source"):
        if declared.get("rules") is not None:
            sources.complaints.append("source: {} is given, and rules too; give one of them".format(given["source"]))
        else:
            declared["rules"] = sources.read(pointer + "/rules", given)
    return declared


def _octal(mode):
    """Salt reads 0640 in YAML as the number 640, and everywhere takes its digits for octal ones."""
    return "{:0>4}".format(mode) if isinstance(mode, int) and not isinstance(mode, bool) else mode


def evidence_of(pillar):
    """
    Gives the arguments of ``gather`` that ask whether the minion holds what the pillar of the formula says.
    """
    if not isinstance(pillar, dict):
        raise CommandExecutionError("the pillar audit_rules must be a dictionary, and is {}".format(_shown(pillar)))
    wanted = {key: value for key, value in pillar.items() if key in EXPECTED}
    wanted.setdefault("state", "loaded")
    if pillar.get("benchmark"):
        wanted["policy"] = pillar["benchmark"]
    if not any(wanted.get(key) for key in SAID):
        raise CommandExecutionError("the policy is empty: the pillar has no drop_ins, benchmark, rules, source or control")
    target = pillar.get("target", "auto")
    if target == "runtime":
        raise CommandExecutionError("target: with runtime the files are no part of the policy, and evidence is of both")
    given = {key: value for key, value in pillar.items() if key in WHERE}
    if target == "filesystem":
        given["source"] = "filesystem"
    return dict(given, expect=wanted, details=False)


def sources(salt, saltenv):
    """
    Gives a fresh ``Sources``, for callers that reach functions of this module only.
    """
    return Sources(salt, saltenv)
