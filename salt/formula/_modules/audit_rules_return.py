# SPDX-License-Identifier: Apache-2.0
"""
From the executable's report to what Salt shows. ``audit_rules_report`` makes sentences of its problems.

Called by ``audit_rules``, not by people; it is no utility module since the salt-ssh of Salt 3006 sends none of these.
"""


def state_return(name, report, test):
    """
    Gives the return of a state function.
    """
    changed = report["changed"]
    result = False if report["failed"] else None if changed and test else True
    ret = {"name": name, "result": result, "changes": changes(report) if changed else {}, "comment": comment(report)}
    if report.get("warnings"):
        ret["warnings"] = report["warnings"]
    if report.get("reboot_required"):
        ret["pending"] = report["pending"]
    for part in ("policy", "backup_file", "reset_lost", "plan_id", "undo"):
        if report.get(part):
            ret[part] = report[part]
    return ret


def changes(report):
    """
    Gives the parts of the plan that have steps, and the diff.
    """
    plan = report.get("plan") or {}
    found = {
        "files": {step["path"]: step["action"] for step in plan.get("files", ())},
        "kernel": _kernel(plan.get("kernel", ())),
        "control": {step["setting"]: {"old": step["before"], "new": step["after"]} for step in plan.get("control", ())},
        "diff": (report.get("diff") or {}).get("prepared"),
    }
    return {part: content for part, content in found.items() if content}


def _kernel(steps):
    """The rules by what happens to them, in the order of the plan. A rule that is moved is unloaded and loaded again."""
    rules = {do: [step["rule"] for step in steps if step["do"] == do] for do in ("load", "unload")}
    moved = [
        step["rule"]
        for step in steps
        if step["do"] == "unload" and step["because"] in ("order", "silent") and step["rule"] in rules["load"]
    ]
    found = {
        "added": [rule for rule in rules["load"] if rule not in moved],
        "removed": [rule for rule in rules["unload"] if rule not in moved],
        "moved": moved,
    }
    return {what: those for what, those in found.items() if those}


def comment(report):
    """
    Gives the message; after a failure every error on a line of its own, else every rule that was left out.
    """
    if report.get("errors"):
        return __salt__["audit_rules_report.message"](report)
    rules = report.get("rules") or {}
    lines = ["skipped `{rule}`: {reason}".format(**line) for line in rules.get("skipped", ())]
    lines += ["`{rule}` is already in {same_as}".format(**line) for line in rules.get("deduplicated", ())]
    lines += [
        "{0} comes later and has the last word on settings: remove it with drop_ins: {{{0}: {{state: absent}}}}, or name the "
        "drop-in with your settings zz-finalize".format(name)
        for name in __salt__["audit_rules_report.overruling"](report)
    ]
    return "\n".join([report["msg"]] + lines)
