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

#: How much of an error's message tells it from others in a text; the program cuts long ones.
_TELLING = 60

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
    omitted = report.get("errors_omitted", 0)
    head = report["msg"]
    if not head.startswith(NOTHING_CHANGED):
        head = _with_places(head, errors)
        return bounded(head, [sentence(error) for error in errors if error["message"] not in head], "errors", omitted)
    if len(errors) + omitted == 1:
        return "{}: {}".format(NOTHING_CHANGED, sentence(errors[0]))
    head = "{}: {} problems:".format(NOTHING_CHANGED, len(errors) + omitted)
    return bounded(head, [sentence(error) for error in errors], "errors", omitted)


def _with_places(text, errors):
    """Puts the places of errors into a text of the program, which names them by JSON pointers."""
    for error in errors:
        if error.get("pointer"):
            telling = error["message"][:_TELLING]
            said = r"(?<!\S){}(?: line \d+)?: (?={})".format(re.escape(error["pointer"]), re.escape(telling))
            text = re.sub(said, lambda match, error=error: _place(error), text)
    return text


def bounded(head, sentences, name, omitted=0):
    """Gives a line with others below it, up to a bound. name: what of the report has all of them, but for those omitted."""
    lines = [head] + ["  " + text for text in sentences[:MOST_SHOWN]]
    more = len(sentences) - len(lines) + 1 + omitted
    if more:
        has = "has {} of them".format(len(sentences)) if omitted else "has all of them"
        lines.append("  and {} more; the list {} {}".format(more, name, has))
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
    words = problem.get("sentence")
    if words is None:
        fix = (problem.get("fix") or {}).get("text") or problem.get("hint")
        rule = " in `{}`".format(problem["rule"]) if problem.get("rule") else ""
        words = problem["message"] + rule + (" ({})".format(fix) if fix else "")
    return _place(problem) + words


def _place(problem):
    line = problem.get("line")
    if problem.get("file"):
        return "{}:{}: ".format(problem["file"], line) if line else "{}: ".format(problem["file"])
    if problem.get("pointer"):
        option = _option(problem["pointer"])
        return "{} line {}: ".format(option, line) if line else "{}: ".format(option)
    return ""


def _option(pointer):
    """A JSON pointer (RFC 6901) as the path of an option. A number is a place in a list, but for the name of a drop-in."""
    path, before = "", None
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if path and before != "drop_ins" and re.match(r"[0-9]+\Z", part):
            path += "[{}]".format(part)
        else:
            path += "." + part if path else part
        before = part
    return path
