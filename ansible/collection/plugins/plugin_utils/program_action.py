# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What both action plugins do: options to request, request to target, report to result."""

from __future__ import annotations

import json
import shlex

from ansible.errors import AnsibleActionFail, AnsibleFileNotFound
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.linux.audit.plugins.module_utils import request as requests
from ansible_collections.linux.audit.plugins.plugin_utils import answer, programs, target_scripts
from ansible_collections.linux.audit.plugins.plugin_utils.exchange import Exchange, excerpts, platform
from ansible_collections.linux.audit.plugins.plugin_utils.sources import Sources

#: The largest request that the program reads, in bytes.
MOST_BYTES = 16 * 1024 * 1024

#: Ways to become another user that ask on a terminal, so that standard input is not ours.
NEEDS_TERMINAL = ("su",)


class ProgramAction(ActionBase):
    """An action plugin that runs the program on the target. The subclass says which options there are."""

    # Nothing is copied but by ourselves, so no directory is made on the target beforehand.
    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = True
    _VALID_ARGS = frozenset()

    #: Operation of the request; None where the options name it.
    operation = None

    def specification(self):
        """The keyword arguments of ArgumentSpecValidator."""
        raise NotImplementedError

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        request, sources, options = self._request()
        self._refuse_other_platforms()
        shipped = programs.shipped()
        if self._task.async_val or not self._has_standard_input():
            result.update(self._run_as_module(request, sources, options, shipped, task_vars))
            return result
        body = json.dumps({**request, "check_mode": self._task.check_mode, "diff": self._task.diff}).encode("utf-8")
        if len(body) > MOST_BYTES:
            raise AnsibleActionFail(f"the request has {len(body)} bytes; at most {MOST_BYTES} are read")
        compress = self._connection.transport not in ("local", "ansible.builtin.local")
        exchange = Exchange(self._execute, shipped, options.get("executable"), options.get("cache"), compress)
        report = answer.result(exchange.send(body), sources)
        if exchange.warnings:
            report["warnings"] = exchange.warnings + list(report.get("warnings") or [])
        result.update(report)
        return result

    def _request(self):
        """Looks at the options: gives the request, the files that src named, and the validated options."""
        given = requests.before_validation(self._task.args)
        specification = self.specification()
        validation = ArgumentSpecValidator(**specification).validate(given)
        if validation.error_messages:
            raise AnsibleActionFail("; ".join(validation.error_messages))
        options = validation.validated_parameters
        request, complaints = requests.build(self.operation, given, options)
        sources = None
        if options.get("src"):
            sources, found = self._read_sources(options["src"])
            complaints += found
            request["rules"] = sources.text
            if "name" in options and options["name"] is None:
                request["name"] = sources.stem()
                if request["name"] is None:
                    complaints.append("name: is needed where src has several files")
        if complaints:
            raise AnsibleActionFail("\n".join(complaints))
        return request, sources, options

    def _read_sources(self, names):
        sources, complaints = Sources(), []
        for name in names:
            try:
                found = self._loader.get_real_file(self._find_needle("files", name), decrypt=True)
                with open(found, "rb") as file:
                    complaint = sources.add(name, file.read())
                self._loader.cleanup_tmp_file(found)
            except (OSError, AnsibleFileNotFound) as error:
                complaint = f"src: {name}: {error}"
            if complaint:
                complaints.append(complaint)
        return sources, complaints

    def _refuse_other_platforms(self):
        if getattr(self._connection._shell, "SHELL_FAMILY", "sh") == "powershell":
            raise AnsibleActionFail("the target runs Windows; audit rules are a part of Linux")
        if self._connection.transport.rpartition(".")[2] in ("network_cli", "netconf", "httpapi"):
            raise AnsibleActionFail(f"the connection {self._connection.transport} leads to no Linux host")

    def _has_standard_input(self):
        become = self._connection.become
        return self._connection.has_pipelining and not (
            become and (become.name.rpartition(".")[2] in NEEDS_TERMINAL or not getattr(become, "pipelining", True))
        )

    def _execute(self, script, in_data):
        environment = self._compute_environment_string()
        command = f"{environment} /bin/sh -c {shlex.quote(script)}".strip()
        return self._low_level_execute_command(command, in_data=in_data)

    def _run_as_module(self, request, sources, options, shipped, task_vars):
        """Copies the program as Ansible copies a module: for async, and where standard input cannot be had."""
        for name in ("executable", "cache"):
            if options.get(name):
                raise AnsibleActionFail(f"{name}: has no use with async, or over a connection without standard input")
        output = self._execute(target_scripts.machine(), None)
        line = next((line for line in output["stdout"].splitlines() if line.startswith(target_scripts.ANSWER)), "")
        if not line:
            raise AnsibleActionFail("the target does not say what machine it is: " + excerpts(output))
        program, dummy = platform(line.partition(" absent ")[2].strip(), shipped)
        report = self._execute_module(module_name=program.module, module_args=request, task_vars=task_vars,
                                      wrap_async=self._task.async_val)
        if self._task.async_val:
            return report
        if "outcome" not in report:
            output = {"rc": report.get("rc"), "stdout": report.get("module_stdout", ""), "stderr": report.get("module_stderr", "")}
            return answer.result(output, sources)
        return answer.finish(report, sources)
