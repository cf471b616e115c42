# SPDX-License-Identifier: Apache-2.0
"""
What the reports of many hosts come to: who deviates from the policy, in what, and of whom nothing is known.

Reports are those of `gather` (docs/reports.md of the project), best with `expect`, `culprit: true` and `details: false`.
"""

import re

#: The states of a host, the worst first. `undecided`: everything was read, and it cannot be told whether the next boot
#: loads the rules.
STATES = ("drift", "failed", "unreachable", "undecided", "files_only", "in_sync")

#: What a gate may fail on, and what it fails on unless it is told. `never` fails on nothing.
GATES = STATES[:-1] + ("never",)
DEFAULT_GATES = ("drift", "failed", "unreachable")

#: How many differences a host has one by one; the rest is counted.
MOST_DIFFERENCES = 100

#: The kernel's numbers of two settings in the words of a request.
SETTING_WORDS = {"enabled": ("off", "on", "locked"), "failure": ("silent", "printk", "panic")}

_NO_LOGIN = 4294967295

# How rules begin, as the kernel holds them, that do not record but keep from it.
_SUPPRESSES = ("-a never,", "-a always,exclude")

# The lists of `drift`, and what an entry of them means.
_DRIFT = (
    ("missing_in_runtime", "not loaded"),
    ("missing_in_filesystem", "loaded"),
    ("missing_at_boot", "not loaded at the next boot"),
    ("order", "out of order"),
    ("silent", "silent"),
)


def summarize(reports, unreachable, title, made):
    """
    Gives the summary of a fleet: dictionaries, lists, texts and numbers, which the page, the table and the JSON are made of.

    reports
        Report by name of the host. One without a report may have `failed` and `msg` alone.
    unreachable
        What the connection said, by name of the host.
    title, made
        What the page is called, and the time it was made, in UTC, as RFC 3339 has it.
    """
    hosts = [_host(name, report) for name, report in reports.items()]
    read = [reports[host["host"]] for host in hosts if host["state"] != "failed"]
    hosts += [_without_report(name, "unreachable", said) for name, said in unreachable.items()]
    hosts.sort(key=lambda host: (STATES.index(host["state"]), _natural(host["host"])))
    counts = dict((state, sum(host["state"] == state for host in hosts)) for state in STATES)
    return {
        "title": title,
        "made": made,
        "counts": dict(counts, hosts=len(hosts), waiting_for_boot=sum(host["waits_for_boot"] for host in hosts)),
        "policies": _policies(read),
        "left_out": _left_out(read),
        "digests": _digests(hosts),
        "controls": _controls(hosts),
        "hosts": hosts,
    }


def sentence(summary):
    """Gives the counts in one line."""
    counts = summary["counts"]
    told = ["{} {}".format(counts[state], state.replace("_", " ")) for state in STATES if counts[state]]
    return "{} host{}: {}".format(counts["hosts"], "" if counts["hosts"] == 1 else "s", ", ".join(told) or "nobody was asked")


def failing(summary, fail_on):
    """Gives what a gate fails on, as sentences. fail_on: some of GATES, or None. ValueError where it names another."""
    fail_on = DEFAULT_GATES if fail_on is None else fail_on
    unknown = sorted(set(fail_on) - set(GATES))
    if unknown:
        raise ValueError("fail_on: {} is unknown; it takes {}".format(", ".join(unknown), ", ".join(GATES)))
    # Of nobody nothing is known, whatever the gate is about.
    found = ["nobody was asked"] if set(fail_on) - {"never"} and not summary["hosts"] else []
    for state in GATES:
        names = [host["host"] for host in summary["hosts"] if host["state"] == state]
        if state in fail_on and names:
            more = " and {} more".format(len(names) - 20) if len(names) > 20 else ""
            found.append("{}: {}{}".format(state, ", ".join(names[:20]), more))
    return found


def state_of(report):
    """Gives one of STATES, but for `unreachable`. What is not known to be in sync never is."""
    in_sync = report.get("in_sync")
    # With on_drift: fail the report failed since the host was looked at.
    was_looked_at = in_sync is False and report.get("errors")
    if "outcome" not in report or (report.get("failed") and not was_looked_at):
        return "failed"
    controls = [label.get("in_sync") for label in (report.get("labels") or {}).values()]
    # `in_sync` is about rules and settings: it is true as well where the kernel holds all of them and auditing is off.
    if in_sync is False or False in controls or report.get("reboot_required") or _off(report) or _suppressing(report):
        return "drift"
    if not _kernel_was_read(report):
        return "files_only"
    is_told = None not in controls and not (report.get("omitted") or {}).get("/drift/missing_in_filesystem")
    return "in_sync" if in_sync is True and is_told else "undecided"


def _off(report):
    """Gives why nothing is recorded, whatever rules there are: now, or from the next boot on. None where that is not so."""
    if (report.get("status") or {}).get("enabled") == 0:
        return "auditing is off: nothing is recorded"
    if ((report.get("settings") or {}).get("enabled") or {}).get("next_boot") == 0:
        return "auditing is off from the next boot on"
    return None


def _suppressing(report):
    """Rules of the kernel that no file asks for, and that keep events or records from being made."""
    loaded = (report.get("drift") or {}).get("missing_in_filesystem") or []
    return [entry for entry in loaded if str(entry["rule"]).startswith(_SUPPRESSES)]


def _kernel_was_read(report):
    return "status" in report or bool((report.get("runtime") or {}).get("managed"))


def _without_report(name, state, said):
    return {
        "host": name, "state": state, "msg": str(said or ""), "digest": None, "digest_of": None, "waits_for_boot": False,
        "controls": {}, "differences": [], "differences_omitted": 0, "besides": [], "warnings": [],
    }  # fmt: skip


def _host(name, report):
    try:
        found = _of_report(name, report)
        for told_of_all in (_policies, _left_out):
            told_of_all([report])
        return found
    except (AttributeError, KeyError, TypeError, ValueError):
        return _without_report(name, "failed", "what it answered is no report of this program")


def _of_report(name, report):
    state = state_of(report)
    found = _without_report(name, state, report.get("msg"))
    if state == "failed":
        return found
    reason = (report.get("runtime") or {}).get("reason")
    if reason:
        found["msg"] = "{}; {}".format(found["msg"], reason)
    differences, besides = _differences(report)
    if _off(report):
        enabled = (report.get("settings") or {}).get("enabled") or {}
        differences.insert(0, _entry("enabled", _off(report), dict(enabled, file=enabled.get("decided_by"))))
    beyond = sum((report.get("omitted") or {}).get(pointer, 0) for pointer in ("/expect/rules", "/expect/unexpected"))
    found.update(
        digest=str(report["digest"]) if report.get("digest") else None,
        digest_of="kernel" if _kernel_was_read(report) else "next_boot",
        waits_for_boot=bool(report.get("reboot_required")),
        controls=dict(
            (label, _word(told.get("in_sync"), report)) for label, told in sorted((report.get("labels") or {}).items())
        ),
        differences=differences[:MOST_DIFFERENCES],
        differences_omitted=max(len(differences) - MOST_DIFFERENCES, 0) + beyond,
        besides=besides[:MOST_DIFFERENCES],
        warnings=[str(warning) for warning in report.get("warnings") or []],
    )
    return found


def _word(in_sync, report):
    # A control is held by what is recorded.
    if in_sync is False or _off(report):
        return "drift"
    return "open" if in_sync is None or _suppressing(report) else "in_sync"


def _differences(report):
    """Gives in what a host deviates, and what else differs there that the policy says nothing about."""
    drift, expect = report.get("drift") or {}, report.get("expect")
    settings = report.get("settings") or {}
    told = [(words, entry) for part, words in _DRIFT for entry in drift.get(part) or []]
    ends = _of_files(report)
    if expect is None:
        named = [_entry(entry["rule"], _because(words, entry), entry) for words, entry in told]
        return named + [
            _setting(dict(settings.get(name) or {}, setting=name)) for name in drift.get("settings") or []
        ] + ends, []
    by_rule = dict((entry["rule"], entry) for _words, entry in told)
    found = []
    for rule in expect["rules"]:
        if rule.get("in_sync") is False:
            entry = by_rule.get(rule["rule"], {})
            whys = [_lacks(rule), entry.get("why")]
            why = ": ".join(part for at, part in enumerate(whys) if part and part not in whys[:at])
            found.append(_entry(rule["rule"], why, dict(rule, culprit=entry.get("culprit"))))
    for setting in expect["settings"]:
        if setting.get("in_sync") is False:
            found.append(_setting(dict(setting, culprit=(settings.get(setting["setting"]) or {}).get("culprit"))))
    for other in expect["unexpected"]:
        rule = other.get("rule")
        why = "not expected" if rule is None or other.get("file") else "loaded, and not expected"
        found.append(_entry(rule or other.get("file"), why, dict(other, culprit=by_rule.get(rule, {}).get("culprit"))))
    found += _whole_controls(report.get("labels") or {})
    said = set(entry["subject"] for entry in found)
    suppressing = [entry for entry in _suppressing(report) if entry["rule"] not in said]
    found += [
        _entry(entry["rule"], "keeps from being recorded what it matches, and no file asks for it", entry)
        for entry in suppressing
    ]
    said = set(entry["subject"] for entry in found)
    besides = [_entry(entry["rule"], _because(words, entry), entry) for words, entry in told if entry["rule"] not in said]
    # Lines of others may fail after all that the policy asks for.
    return (found, ends + besides) if report.get("in_sync") else (found + ends, besides)


def _whole_controls(labels):
    """Controls of which nothing is there, since each of their rules is left out on this host."""
    found = []
    for name, label in labels.items():
        evidence = (label.get("rules") or []) + (label.get("settings") or [])
        if label.get("in_sync") is False and not any(each.get("in_sync") is False for each in evidence):
            reasons = sorted(set(each["skipped"] for each in evidence if each.get("skipped")))
            why = "left out on this host" + (": " + "; ".join(reasons) if reasons else "")
            found.append(_entry(name, why, {"labels": [name]}))
    return found


def _of_files(report):
    """Lines that fail, and the one at which the next boot stops."""
    stop = (report.get("next_boot") or {}).get("stops_at")
    found = [_entry(stop["rule"], "the next boot stops here: {}".format(stop["why"]), stop)] if stop else []
    for error in (report.get("filesystem") or {}).get("errors") or []:
        if not stop or error["rule"] != stop["rule"]:
            found.append(_entry(error["rule"], error["message"], {"file": ", ".join(error.get("places") or [])}))
    return found


def _entry(subject, why, about):
    place = about.get("file") or ""
    if place and about.get("line"):
        place = "{}:{}".format(place, about["line"])
    return {
        "subject": str(subject),
        "why": str(why),
        "place": "" if place == subject else str(place),
        "culprit": culprit_line(about["culprit"]) if about.get("culprit") else "",
        "controls": [str(label) for label in about.get("labels") or []],
    }


def _because(words, entry):
    return "{}: {}".format(words, entry["why"]) if entry.get("why") else words


def _lacks(rule):
    """What is missing of an expected rule, in the words of the program."""
    if rule.get("why"):
        return rule["why"]
    lacks = (
        (not rule.get("on_disk"), "in no file"),
        (rule.get("running") is False, "not loaded"),
        (rule.get("recording") is False, "not recorded: auditing is off"),
        (rule.get("silent"), "silent"),
        (rule.get("suppressed"), "suppressed: another rule keeps it from recording"),
        (not rule.get("next_boot"), "not loaded at the next boot"),
        ("running" in (rule.get("out_of_place") or []), "out of order in the kernel"),
        ("next_boot" in (rule.get("out_of_place") or []), "out of order at the next boot"),
    )
    return ", ".join(words for is_so, words in lacks if is_so)


def _setting(setting):
    name = setting["setting"]

    def word(number):
        words = SETTING_WORDS.get(name, ())
        return words[number] if number < len(words) else str(number)

    places = (
        ("expected", "expected"),
        ("on_disk", "the files say"),
        ("running", "the kernel has"),
        ("next_boot", "the next boot sets"),
    )
    said = ["{} {}".format(words, word(setting[key])) for key, words in places if setting.get(key) is not None]
    return _entry(name, ", ".join(said), dict(setting, file=setting.get("decided_by"), line=None))


def culprit_line(culprit):
    """Gives the `culprit` of a report in one line, in the words of the program."""
    auid, name = culprit.get("auid"), (culprit.get("names") or {}).get("auid")
    who = "a process without login" if auid in (None, _NO_LOGIN) else "auid {}".format(auid)
    if name and auid not in (None, _NO_LOGIN):
        who = "{} (auid {})".format(name, auid)
    program = " with {}".format(culprit["exe"]) if culprit.get("exe") else ""
    run = " for {}".format(culprit["run"].get("drop_ins")) if culprit.get("run") else ""
    others = ", of {} rules like this".format(culprit["candidates"]) if culprit.get("candidates") else ""
    return "{}: {}{}{}, {}{}".format(culprit["certainty"], who, program, run, culprit["time"], others)


def _controls(hosts):
    """Each control with the hosts that hold it, those that do not, and those of which that is open; drift first."""
    found = {}
    for host in hosts:
        for name, state in host["controls"].items():
            control = found.setdefault(name, {"control": name, "in_sync": 0, "drift": 0, "open": 0, "hosts": []})
            control[state] += 1
            if state == "drift":
                control["hosts"].append(host["host"])
    return sorted(found.values(), key=lambda control: (-control["drift"], -control["open"], _natural(control["control"])))


def _digests(hosts):
    """Groups of hosts that do the same, the largest first. Digests of kernels and of files are not to be compared."""
    groups = {}
    for host in hosts:
        if host["digest"]:
            groups.setdefault((host["digest_of"], host["digest"]), []).append(host["host"])
    found = [{"of": of, "digest": digest, "hosts": names} for (of, digest), names in groups.items()]
    return sorted(found, key=lambda group: (group["of"], -len(group["hosts"]), group["digest"]))


def _policies(reports):
    return _counted(
        {key: policy.get(key) or "" for key in ("name", "product", "benchmark")}
        for report in reports
        for policy in report.get("policy") or []
    )


def _left_out(reports):
    return _counted(
        {"what": entry["what"], "reason": entry.get("reason") or ""}
        for report in reports
        for policy in report.get("policy") or []
        for entry in policy.get("left_out") or []
    )


def _counted(entries):
    """Entries that are the same become one that counts them."""
    found = {}
    for entry in entries:
        key = tuple(entry.values())
        found.setdefault(key, dict(entry, hosts=0))["hosts"] += 1
    return sorted(found.values(), key=lambda entry: [str(part) for part in entry.values()])


def _natural(text):
    """A key for sorting: web2 before web10. Digits stay text, since a host may say more of them than a number has."""
    parts = enumerate(re.split(r"([0-9]+)", text))
    return [(len(part.lstrip("0")), part.lstrip("0")) if at % 2 else (-1, part) for at, part in parts]
