# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings a request to the program on the target, and the answer back.

One remote command where the program is there already: its standard input is the request. Where it is not, a second
command takes the program on its standard input, and the first one is given again.
"""

from __future__ import annotations

import re

from ansible.errors import AnsibleActionFail

from ansible_collections.linux.audit.plugins.module_utils._audit_rules_program import INSTALLED, NAME, not_ours, unsafe
from ansible_collections.linux.audit.plugins.module_utils._audit_rules_report import excerpts
from ansible_collections.linux.audit.plugins.plugin_utils import target_scripts
from ansible_collections.linux.audit.plugins.plugin_utils.target_scripts import ANSWER, CACHES

REMEDY = (
    f"Install the program as {INSTALLED} or anywhere else and name it with the option executable, "
    "or name a directory of yours where programs may run with the option cache."
)

_ANSWER_LINE = re.compile(rf"^{ANSWER} (\w+) ?(.*?)\r?$", re.MULTILINE)


# What sudo says where its settings have requiretty.
_WANTS_TERMINAL = re.compile(r"must have a tty")


class WantsTerminal(Exception):
    """The way to the other user needs a terminal, which standard input then belongs to."""


class Exchange:
    """The way to one target.

    execute: takes a shell script and bytes for its standard input, gives a dictionary with rc, stdout and stderr.
    compress: whether fewer bytes are worth the time that packing takes.
    """

    def __init__(self, execute, programs, executable=None, cache=None, compress=True):
        self._execute_anyhow = execute
        self._programs = programs
        self._executable = executable
        self._cache = cache
        self._compress = compress
        self.warnings = []

    def _execute(self, script, in_data):
        output = self._execute_anyhow(script, in_data)
        if output["rc"] and _WANTS_TERMINAL.search(output["stderr"] + output["stdout"]):
            raise WantsTerminal
        return output

    def send(self, request):
        """Gives the output of the program for a request in bytes."""
        if self._executable:
            return self._send_to_installed(request)
        script = target_scripts.run(self._programs, self._cache)
        output = self._execute(script, request)
        absent = _answers(output).get("absent")
        # The program may vanish between the look and the start, or its file system be mounted noexec since.
        if not absent and output["rc"] in (126, 127) and "{" not in output["stdout"]:
            absent = _answers(self._execute(target_scripts.machine(), None)).get("absent")
        if not absent:
            return output
        self._put(*platform(absent[0], self._programs))
        return self._execute(script, request)

    def _send_to_installed(self, request):
        output = self._execute(target_scripts.run_installed(self._executable), request)
        answers = _answers(output)
        if "missing" in answers:
            raise AnsibleActionFail(f"executable: {self._executable} does not exist on the target")
        if "untrusted" in answers:
            reason, dummy, place = answers["untrusted"][0].partition(" ")
            raise AnsibleActionFail(f"executable: {unsafe(self._executable, reason, place)}")
        if "alien" in answers:
            raise AnsibleActionFail(f"executable: {not_ours(self._executable, answers['alien'][0])}")
        if "refused" in answers:
            raise AnsibleActionFail(f"executable: {self._executable} cannot be run: {answers['refused'][0]}")
        version = answers.get("version", [""])[0].replace(NAME, "")
        if version and version != self._programs.version:
            self.warnings.append(f"{self._executable} is version {version}, the collection is {self._programs.version}")
        return {**output, "stdout": _ANSWER_LINE.sub("", output["stdout"]).lstrip()}

    def _put(self, program, has_gzip):
        packed = self._compress and has_gzip
        content = program.read_packed() if packed else program.read()
        tried = []
        left_out = []
        for dummy in CACHES:
            script = target_scripts.put(program, self._programs.version, self._cache, left_out, packed)
            output = self._execute(script, content)
            answers = _answers(output)
            if "ready" in answers:
                return
            tried = [line for line in answers.get("bad", []) if line not in tried] + tried
            broken = answers.get("broken")
            if not broken:
                break
            tried += broken
            left_out.append(broken[0].split(": ", 1)[0])
        if not tried:
            raise AnsibleActionFail("the program cannot be put on the target: " + excerpts(output))
        raise AnsibleActionFail("there is no directory on the target where the program can be put and run: "
                                + "; ".join(tried) + ". " + REMEDY)


def platform(answer, programs):
    """The program for what a target said about itself: "SYSTEM MACHINE [gzip]". Fails where there is none."""
    system, machine, *rest = (answer + " ").split(" ")
    if system != "Linux":
        raise AnsibleActionFail(f"the target runs {system}; audit rules are a part of Linux")
    program = programs.for_machine(machine)
    if not program:
        raise AnsibleActionFail(f"there is no program for the machine {machine} in this collection, only for "
                                f"{programs.machines()}. Build it there (make build), install it, and name it with the "
                                "option executable.")
    return program, "gzip" in rest


def _answers(output):
    found = {}
    for word, rest in _ANSWER_LINE.findall(output["stdout"]):
        found.setdefault(word, []).append(rest)
    return found
