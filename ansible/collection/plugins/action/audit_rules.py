# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's side of linux.audit.audit_rules."""

from __future__ import annotations

from ansible_collections.linux.audit.plugins.module_utils import options
from ansible_collections.linux.audit.plugins.plugin_utils import answer, policy_role
from ansible_collections.linux.audit.plugins.plugin_utils.drop_ins import DropIns
from ansible_collections.linux.audit.plugins.plugin_utils.program_action import ProgramAction


class ActionModule(ProgramAction):
    """Makes the host agree with the options, or with the variables of the role where it stands there."""

    operation = "apply"

    def specification(self):
        return options.apply_specification()

    def _run(self, task_vars):
        if not policy_role.is_task_of(self._task):
            return super()._run(task_vars)
        variables = self._templar.template(policy_role.variables_of(self._task.args, task_vars))
        self._said, complaints = policy_role.read(variables)
        if complaints:
            return answer.found_here(answer.INVALID_OPTION, complaints)
        self._given = {option: variables.get(name) for option, name in self._task.args.items()}
        report = super()._run(task_vars)
        if self._said["reboot"] and report.get("reboot_required") and not report.get("failed"):
            report = self._reboot(report, task_vars)
        told = [f"{task_vars['inventory_hostname']}: {remark}" for remark in policy_role.remarks(report)]
        return {**report, "warnings": list(report.get("warnings") or []) + told}

    def given(self, task_vars, rendered):
        if not policy_role.is_task_of(self._task):
            return self._task.args, []
        given, complaints = policy_role.to_options(self._given, self._said, DropIns(self._find, rendered))
        if given is None:
            complaints = [policy_role.nothing_said(task_vars, self._task._role._role_path)]
        return given, complaints

    def told(self, given, complaints):
        return policy_role.about_variables(given, complaints) if policy_role.is_task_of(self._task) else complaints

    def _reboot(self, report, task_vars):
        """Reboots, and gives the report with what the boot has loaded."""
        task = self._task.copy()
        task.args = {"msg": "Audit rules are waiting for the next boot", "reboot_timeout": self._said["reboot_timeout"]}
        if self._said["reboot_command"]:
            task.args["reboot_command"] = self._said["reboot_command"]
        action = self._shared_loader_obj.action_loader.get(
            "ansible.builtin.reboot", task=task, connection=self._connection, play_context=self._play_context, loader=self._loader,
            templar=self._templar, shared_loader_obj=self._shared_loader_obj)
        rebooted = action.run(task_vars=task_vars)
        if rebooted.get("failed") or rebooted.get("unreachable"):
            return {**report, **rebooted}
        # Check mode says "rebooted" as well, but it takes no time.
        return policy_role.after_boot(report, super()._run(task_vars)) if rebooted.get("elapsed") else report
