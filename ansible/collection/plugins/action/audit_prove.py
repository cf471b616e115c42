# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's side of linux.audit.audit_prove."""

from __future__ import annotations

from ansible_collections.linux.audit.plugins.module_utils import options
from ansible_collections.linux.audit.plugins.plugin_utils.program_action import ProgramAction


class ActionModule(ProgramAction):
    """Proves that rules of the target record."""

    operation = "prove"
    takes_templates = True

    def specification(self):
        return options.prove_specification()
