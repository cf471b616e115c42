# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's side of linux.audit.audit_rules_info."""

from __future__ import annotations

from ansible_collections.linux.audit.plugins.module_utils import options
from ansible_collections.linux.audit.plugins.module_utils import request as requests
from ansible_collections.linux.audit.plugins.plugin_utils import policy_role
from ansible_collections.linux.audit.plugins.plugin_utils.drop_ins import DropIns
from ansible_collections.linux.audit.plugins.plugin_utils.program_action import ProgramAction


class ActionModule(ProgramAction):
    """Says what the host holds, or what rules mean; changes nothing. In the role it asks whether the host holds its variables."""

    takes_templates = True

    def specification(self):
        return options.info_specification()

    def given(self, task_vars, rendered):
        if not policy_role.is_question_of(self._task):
            return self._task.args, []
        variables = self._templar.template(policy_role.variables_of(policy_role.BY_OPTION, task_vars))
        said, complaints = policy_role.read(variables)
        if complaints:
            return {}, complaints
        self._has_culprit = said["culprit"]
        named = {option: variables.get(name) for option, name in policy_role.BY_OPTION.items()}
        given, complaints = policy_role.to_options(named, said, DropIns(self._find, rendered))
        if given is None:
            complaints = [policy_role.nothing_said(task_vars, self._task._role._role_path)]
        return given, complaints

    def request(self, given, sources):
        if not policy_role.is_question_of(self._task):
            return super().request(given, sources)

        def read(pointer, names, complaints):
            return sources.read("/expect" + pointer, names, complaints)

        wanted, validated, complaints = requests.build(options.apply_specification(), "apply", given, read, sources.expand)
        if complaints:
            return {}, validated, complaints
        request, complaints = policy_role.to_question(wanted, self._has_culprit)
        return request, validated, complaints

    def told(self, given, complaints):
        return policy_role.about_variables(given, complaints) if policy_role.is_question_of(self._task) else complaints
