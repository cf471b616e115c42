# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the program's output to the result of a task."""

from __future__ import annotations

from ansible_collections.linux.audit.plugins.module_utils._audit_rules_report import bounded, excerpts, message, read, sentence
from ansible_collections.linux.audit.plugins.plugin_utils import exchange, layers

SEVERITIES = ("error", "warning", "info")

#: Kinds of errors that are found here and not by the program, which has kinds of its own.
INVALID_OPTION, NOT_RUN, NO_REPORT = "invalid_option", "not_run", "no_report"


def found_here(kind, problems, hint=None):
    """Makes the result of a task that failed on the controller, with the parts that every report of the program has.

    problems: sentences. Without a report nobody knows what the host is like, so its outcome is unknown.
    """
    return {
        "failed": True, "changed": False, "msg": "\n".join(problems) + (f". {hint}" if hint else ""),
        "outcome": "unknown" if kind == NO_REPORT else "failed",
        "errors": [{"kind": kind, "message": problem, **({"hint": hint} if hint else {})} for problem in problems],
        "reboot_required": False, "pending": {"load": [], "unload": [], "control": []},
    }


def result(output, sources=None, remedy=exchange.REMEDY):
    """Makes the result of what the program wrote: {"rc", "stdout", "stderr"}.

    sources: the files that src named. remedy: what to do where the program may not run.
    """
    report = read(output)
    if report is None:
        text = output["stdout"] + output["stderr"]
        hint = None
        if output["rc"] == 126 or "Permission denied" in text or "Operation not permitted" in text:
            hint = remedy
        return found_here(NO_REPORT, [f"no report came back: {excerpts(output)}"], hint)
    return finish(report, sources)


def finish(report, sources=None):
    """Brings a report to the form that Ansible shows best."""
    if report.get("diff"):
        report["diff"] = layers.split(report["diff"]["prepared"])
    errors = report.get("errors") or []
    if sources:
        for error in errors:
            sources.place(error)
    if report.get("failed") and errors:
        report["msg"] = message(report)
    elif report.get("failed") and report.get("findings") is not None:
        worst_first = sorted(report["findings"], key=lambda finding: SEVERITIES.index(finding["severity"]))
        # What is less severe than fail_on did not fail the task.
        causes = worst_first[:(report.get("counts") or {}).get("failing") or 0]
        told = [f"{finding['severity']}: {sentence(finding)}" for finding in causes]
        told += [
            f"{check['state']}: {check['id']} ({', '.join(check.get('controls') or [])})"
            for check in (report.get("scanner") or {}).get("checks") or []
            if check["state"] in ("same_meaning", "absent")
        ]
        report["msg"] = bounded(report["msg"], told, "findings with scanner.checks" if report.get("scanner") else "findings")
    return report


def conceal(result):
    """Takes out of a result of a task with no_log what Ansible prints all the same: the message of a failure and warnings.

    The other parts, which Ansible hides, keep everything for who registers the result.
    """
    if result.get("failed"):
        kinds = ", ".join(dict.fromkeys(error["kind"] for error in result.get("errors") or []))
        result["msg"] = f"{result.get('outcome', 'failed')}{': ' if kinds else ''}{kinds}; the text is hidden by no_log"
    if result.get("warnings"):
        result["warnings"] = [f"{len(result['warnings'])} warnings are hidden by no_log"]
