# SPDX-License-Identifier: Apache-2.0
"""
What the executable audit_rules answers, and its problems as sentences.
"""

import json
import re

#: How a message begins that goes on with all problems, on one line.
NOTHING_CHANGED = "nothing was changed"

#: How many problems a message spells out; the report has them all.
MOST_SHOWN = 20

# A number is a place in a list, but for the name of a drop-in.
_POINTER_NUMBER = re.compile(r"(?<!/drop_ins)/(\d+)(?=/|$)")

# A warning about a setting that a later drop-in overrules, and the name of that drop-in.
_OVERRULED = re.compile(r" does not survive the next boot: \S*/([^/\s]+)\.rules:\d+ sets ")


def read(output):
    """
    Gives the report in what a program wrote, {"rc", "stdout", "stderr"}; None where there is none. What stands before and
    after it is the login's or the connection's. A program that did not end well has failed, whatever its report says.
    """
    report = next((found for found in map(_object, output["stdout"].splitlines()) if found is not None), None)
    if report is not None and output["rc"] and not report.get("failed"):
        report["failed"] = True
        report["msg"] = "the program did not end well after this report: {} ({})".format(
            report.get("msg"), excerpts(dict(output, stdout=""))
        )
    return report


def _object(line):
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def excerpts(output):
    """What a program wrote, shortened, for a message."""
    parts = ["exit status {}".format(output.get("rc"))]
    for name in ("stdout", "stderr"):
        text = (output.get(name) or "").strip()
        if text:
            parts.append("{}: {}".format(name, text if len(text) <= 600 else text[:300] + " ... " + text[-300:]))
    return "; ".join(parts)


def message(report):
    """Gives the message of a failed report with all of its errors, each on a line of its own, up to a bound."""
    errors = report["errors"]
    head = report["msg"]
    if not head.startswith(NOTHING_CHANGED):
        return bounded(head, [sentence(error) for error in errors if error["message"] not in head], "errors")
    if len(errors) == 1:
        return "{}: {}".format(NOTHING_CHANGED, sentence(errors[0]))
    head = "{}: {} problems:".format(NOTHING_CHANGED, len(errors))
    return bounded(head, [sentence(error) for error in errors], "errors")


def bounded(head, sentences, name):
    """Gives a line with others below it, up to a bound. name: what of the report has all of them."""
    lines = [head] + ["  " + text for text in sentences[:MOST_SHOWN]]
    if len(sentences) > MOST_SHOWN:
        lines.append("  and {} more; the list {} has all of them".format(len(sentences) - MOST_SHOWN, name))
    return "\n".join(lines)


def overruling(report):
    """Gives the names of drop-ins whose settings the next boot takes in place of those that were asked for."""
    found = [_OVERRULED.search(warning) for warning in report.get("warnings") or []]
    return sorted(set(match.group(1) for match in found if match))


def sentence(problem):
    """
    Gives an error or a finding with its place, in the words of who wrote the request: rules[3] instead of /rules/3. An error
    of the executable has its sentence; a finding, and a problem that the caller found, are put together here.
    """
    place = ""
    line = problem.get("line")
    if problem.get("file"):
        place = "{}:{}: ".format(problem["file"], line) if line else "{}: ".format(problem["file"])
    elif problem.get("pointer"):
        option = _POINTER_NUMBER.sub(r"[\1]", problem["pointer"]).lstrip("/").replace("/", ".")
        place = "{} line {}: ".format(option, line) if line else "{}: ".format(option)
    words = problem.get("sentence")
    if words is None:
        fix = (problem.get("fix") or {}).get("text") or problem.get("hint")
        rule = " in `{}`".format(problem["rule"]) if problem.get("rule") else ""
        words = problem["message"] + rule + (" ({})".format(fix) if fix else "")
    return place + words
