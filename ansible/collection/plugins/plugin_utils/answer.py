# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the program's output to the result of a task."""

from __future__ import annotations

import json
import re

from ansible_collections.linux.audit.plugins.plugin_utils import exchange, layers

#: How the program begins a message that goes on with all problems, on one line.
NOTHING_CHANGED = "nothing was changed"

SEVERITIES = ("error", "warning", "info")

#: How many problems a message spells out; the list errors has them all.
MOST_SHOWN = 20

# A number is a place in a list, but for the name of a drop-in.
_POINTER_NUMBER = re.compile(r"(?<!/drop_ins)/(\d+)(?=/|$)")


def result(output, sources=None, remedy=exchange.REMEDY):
    """Makes the result of what the program wrote: {"rc", "stdout", "stderr"}.

    sources: the files that src named. remedy: what to do where the program may not run.
    """
    report = _report(output["stdout"])
    if report is None:
        text = output["stdout"] + output["stderr"]
        hint = ""
        if output["rc"] == 126 or "Permission denied" in text or "Operation not permitted" in text:
            hint = ". " + remedy
        return {"failed": True, "changed": False, "msg": f"no report came back: {exchange.excerpts(output)}{hint}"}
    if output["rc"] and not report.get("failed"):
        report["failed"] = True
        report["msg"] = f"the program did not end well after this report: {report.get('msg')} ({exchange.excerpts({**output, 'stdout': ''})})"
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
        report["msg"] = message(report, errors)
    elif report.get("failed") and report.get("findings"):
        worst_first = sorted(report["findings"], key=lambda finding: SEVERITIES.index(finding["severity"]))
        report["msg"] = bounded(report["msg"], [f"{finding['severity']}: {sentence(finding)}" for finding in worst_first], "findings")
    return report


def bounded(head, sentences, name):
    """A line with others below it, up to a bound. name: what of the result has all of them."""
    lines = [head] + [f"  {text}" for text in sentences[:MOST_SHOWN]]
    if len(sentences) > MOST_SHOWN:
        lines.append(f"  and {len(sentences) - MOST_SHOWN} more; the list {name} has all of them")
    return "\n".join(lines)


def message(report, errors):
    """All problems, each on a line of its own, with a bound."""
    head = report["msg"]
    if not head.startswith(NOTHING_CHANGED):
        return bounded(head, [sentence(error) for error in errors if error["message"] not in head], "errors")
    if len(errors) == 1:
        return f"{NOTHING_CHANGED}: {sentence(errors[0])}"
    return bounded(f"{NOTHING_CHANGED}: {len(errors)} problems:", [sentence(error) for error in errors], "errors")


def sentence(error):
    """A problem with its place, in the words of a playbook: rules[3] instead of /rules/3."""
    place = ""
    if error.get("file"):
        place = f"{error['file']}:{error['line']}: " if error.get("line") else f"{error['file']}: "
    elif error.get("pointer"):
        option = _POINTER_NUMBER.sub(r"[\1]", error["pointer"]).lstrip("/").replace("/", ".")
        place = f"{option} line {error['line']}: " if error.get("line") else f"{option}: "
    rule = f" in `{error['rule']}`" if error.get("rule") else ""
    hint = error.get("hint") or (error.get("fix") or {}).get("text") or ""
    if hint:
        hint = f" ({hint})" if " " in hint else f" (did you mean {hint}?)"
    return f"{place}{error['message']}{rule}{hint}"


def _report(text):
    """The first line that is a JSON object: what stands before and behind is the login's or the connection's."""
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                report = json.loads(line)
            except ValueError:
                continue
            if isinstance(report, dict):
                return report
    return None
