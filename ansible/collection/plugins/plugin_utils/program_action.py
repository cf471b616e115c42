# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action plugins do: options to request, request to target, report to result."""

from __future__ import annotations

import contextlib
import functools
import shlex

from ansible.errors import AnsibleActionFail, AnsibleFileNotFound
from ansible.plugins.action import ActionBase

from ansible_collections.linux.audit.plugins.module_utils import request as requests
from ansible_collections.linux.audit.plugins.module_utils._audit_rules_report import excerpts
from ansible_collections.linux.audit.plugins.module_utils._audit_rules_request import encode
from ansible_collections.linux.audit.plugins.plugin_utils import answer, programs, target_scripts
from ansible_collections.linux.audit.plugins.plugin_utils.exchange import Exchange, WantsTerminal, platform
from ansible_collections.linux.audit.plugins.plugin_utils.sources import Sources
from ansible_collections.linux.audit.plugins.plugin_utils.templates import render

#: Ways to become another user that ask on a terminal, so that standard input is not ours.
NEEDS_TERMINAL = ("su",)

#: Where a program that was copied as a module may not run.
MODULE_REMEDY = ("The program was copied to the directory remote_tmp, where no program may run; it is probably mounted noexec. "
                 "Name another one with the variable ansible_remote_tmp.")


class ProgramAction(ActionBase):
    """An action plugin that runs the program on the target. The subclass says which options there are."""

    # Nothing is copied but by ourselves, so no directory is made on the target beforehand.
    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = True
    _VALID_ARGS = frozenset()

    #: Operation of the request; None where the options name it.
    operation = None

    #: Whether src may name templates, which are rendered with the variables of the task.
    takes_templates = False

    def specification(self):
        """The keyword arguments of ArgumentSpecValidator."""
        raise NotImplementedError

    def given(self, task_vars, rendered):
        """The options that the task gives, and a list of complaints. rendered: takes the path of a template, gives its text."""
        return self._task.args, []

    def request(self, given, sources):
        """The request of these options, the validated options, and a list of complaints. sources: the files that src names."""
        return requests.build(self.specification(), self.operation, given, sources.read, sources.expand)

    def told(self, given, complaints):
        """Complaints about these options, as whoever wrote the task reads them."""
        return complaints

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        try:
            result.update(self._run(task_vars))
        except AnsibleActionFail as failure:
            # As a result and not as an exception: older versions add a traceback of nothing to that.
            result.update(answer.found_here(answer.NOT_RUN, [str(failure)]))
        if self._task.no_log:
            answer.conceal(result)
        return result

    def _run(self, task_vars):
        rendered = functools.partial(render, loader=self._loader, templar=self._templar, variables=task_vars)
        sources = Sources(self._find_source, self._loader.cleanup_tmp_file, self._look_for_source, rendered if self.takes_templates else None)
        given, complaints = self.given(task_vars, rendered)
        if complaints:
            return answer.found_here(answer.INVALID_OPTION, complaints)
        request, options, complaints = self.request(given, sources)
        if complaints:
            return answer.found_here(answer.INVALID_OPTION, self.told(given, complaints))
        self._refuse_other_platforms()
        shipped = programs.shipped()
        if not self._task.async_val and self._has_standard_input():
            report = self._run_by_standard_input(request, sources, options, shipped)
            if report is not None:
                return report
        return self._run_as_module(request, sources, options, shipped, task_vars)

    def _find(self, subdirectory, place):
        """The path of a file or directory of the controller, None where there is none."""
        try:
            return self._find_needle(subdirectory, place)
        except AnsibleFileNotFound:
            return None

    def _find_source(self, name):
        return self._loader.get_real_file(self._look_for_source(name), decrypt=True)

    def _look_for_source(self, name):
        try:
            return self._find_needle("files", name)
        except AnsibleFileNotFound:
            if not self.takes_templates:
                raise
            return self._find_needle("templates", name)

    def _run_by_standard_input(self, request, sources, options, shipped):
        """One remote command. Gives None where the way to the other user turns out to want a terminal."""
        whole = {**request, "check_mode": self._task.check_mode}
        if request.get("operation") == "apply":
            whole["diff"] = self._task.diff
        try:
            body = encode(whole)
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from error
        exchange = Exchange(self._execute, shipped, options["executable"], options["cache"], not self._is_local())
        try:
            output = exchange.send(body)
        except WantsTerminal:
            return None
        report = answer.result(output, sources)
        if exchange.warnings:
            report["warnings"] = exchange.warnings + list(report.get("warnings") or [])
        return report

    def _refuse_other_platforms(self):
        if getattr(self._connection._shell, "SHELL_FAMILY", "sh") == "powershell":
            raise AnsibleActionFail("the target runs Windows; audit rules are a part of Linux")
        if self._connection.transport.rpartition(".")[2] in ("network_cli", "netconf", "httpapi"):
            raise AnsibleActionFail(f"the connection {self._connection.transport} leads to no Linux host")

    def _has_standard_input(self):
        become = self._connection.become
        return self._connection.has_pipelining and not (
            become and (become.name.rpartition(".")[2] in NEEDS_TERMINAL or become.require_tty
                        or not getattr(become, "pipelining", True))
        )

    def _is_local(self):
        return self._connection.transport.rpartition(".")[2] == "local"

    def _execute(self, script, in_data):
        environment = self._compute_environment_string().strip()
        shell = str(self._play_context.executable or "").rpartition("/")[2]
        # The connection starts a shell anyway; one more costs time, so it is only for what that one cannot do.
        plain = not environment and self._connection.allow_executable and shell in ("sh", "dash", "bash", "ash", "ksh", "mksh")
        command = script if plain else f"{environment} /bin/sh -c {shlex.quote(script)}".strip()
        with self._standard_input_kept():
            return self._low_level_execute_command(command, in_data=in_data)

    @contextlib.contextmanager
    def _standard_input_kept(self):
        """The local connection gives a password to a terminal, and what comes on standard input then gets lost, unless it
        believes in pipelining."""
        if not (self._is_local() and self._connection.become):
            yield
            return
        before = self._connection.get_option("pipelining")
        self._connection.set_option("pipelining", True)
        try:
            yield
        finally:
            self._connection.set_option("pipelining", before)

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
            return answer.result(output, sources, MODULE_REMEDY)
        return answer.finish(report, sources)
