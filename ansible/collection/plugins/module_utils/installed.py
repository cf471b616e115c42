# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a program that is installed on the target, for callers that pass the action plugin by."""

from __future__ import annotations

import json

from ansible_collections.linux.audit.plugins.module_utils import request as requests

INSTALLED = "/usr/libexec/audit_rules"


def run(module, specification, operation):
    """Ends the module with the program's report. operation: None where the options name it."""
    request, dummy, complaints = requests.build(specification, operation, module.params, _read_nothing)
    if complaints:
        module.fail_json(msg="\n".join(complaints))
    request["check_mode"] = module.check_mode
    request["diff"] = bool(module._diff)
    program = module.params.get("executable") or module.get_bin_path("audit_rules", opt_dirs=["/usr/libexec"])
    if not program:
        module.fail_json(msg=f"no program: {INSTALLED} does not exist, and the action plugin, which brings one, was passed by")
    status, output, trouble = module.run_command([program, "-"], data=json.dumps(request), binary_data=True)
    try:
        report = json.loads(output)
    except ValueError:
        module.fail_json(msg=f"no report came back from {program}: exit status {status}; {output[:300]}{trouble[:300]}")
    if report.get("failed") or status:
        report["failed"] = True
        report.setdefault("msg", f"{program} ended with {status}")
        module.fail_json(**report)
    module.exit_json(**report)


def _read_nothing(pointer, names, complaints):
    complaints.append("src: is read by the action plugin of this module, which was passed by; give rules")
    return "", None
