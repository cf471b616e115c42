# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a program that is installed on the target, for callers that pass the action plugin by."""

from __future__ import annotations

import os

from ansible_collections.linux.audit.plugins.module_utils import _audit_rules_program as programs
from ansible_collections.linux.audit.plugins.module_utils import _audit_rules_report as reports
from ansible_collections.linux.audit.plugins.module_utils import request as requests
from ansible_collections.linux.audit.plugins.module_utils._audit_rules_request import encode


def run(module, specification, operation):
    """Ends the module with the program's report. operation: None where the options name it."""
    # Ansible fills in what was not given; a default is the program's business, and to exclude each other is that of what was given.
    defaults = {name: option.get("default") for name, option in specification["argument_spec"].items()}
    given = {name: value for name, value in module.params.items() if value is not None and value != defaults.get(name)}
    request, dummy, complaints = requests.build(specification, operation, given, _read_nothing)
    if complaints:
        module.fail_json(msg="\n".join(complaints))
    request["check_mode"] = module.check_mode
    if request.get("operation") == "apply":
        request["diff"] = bool(module._diff)
    program = module.params.get("executable") or programs.INSTALLED
    if not os.path.exists(program):
        module.fail_json(msg=f"no program: {program} does not exist, and the action plugin, which brings one, was passed by")

    def start(words, body):
        status, output, complaint = module.run_command(words, data=body, binary_data=True, errors="replace", expand_user_and_vars=False,
                                                       handle_exceptions=False)
        return {"rc": status, "stdout": output, "stderr": complaint}

    try:
        programs.check(program, start)
        output = programs.call(program, encode(request), start)
    except ValueError as error:
        module.fail_json(msg=str(error))
    report = reports.read(output)
    if report is None:
        module.fail_json(msg=f"no report came back from {program}: {reports.excerpts(output)}")
    if report.get("failed"):
        module.fail_json(**report)
    module.exit_json(**report)


def _read_nothing(pointer, names, complaints):
    complaints.append("src: is read by the action plugin of this module, which was passed by; give rules")
    return "", None
