"""
Fleets for the tests of the page: reports as `gather` gives them, made up and always the same.
"""

import hashlib

STIG = {"name": "stig", "product": "rhel9", "benchmark": "DISA STIG for Red Hat Enterprise Linux 9, as of SSG 0.1.82", "drop_ins": ["30-stig.rules"]}
CULPRIT = {
    "certainty": "certain", "evidence": "command", "op": "remove_rule", "time": "2026-11-29T10:00:00.000Z", "serial": 812,
    "auid": 2001, "names": {"auid": "mallory"}, "exe": "/usr/sbin/auditctl",
}  # fmt: skip


def rule(number):
    return "-a always,exit -F arch=b64 -S syscall{0} -F auid>=1000 -F auid!=unset -F key=control{0}".format(number)


def control(number):
    return "stig-rhel9 RHEL-09-{}".format(654010 + 5 * number)


def evidence(number, **more):
    return {
        "rule": rule(number), "in_sync": False, "on_disk": True, "running": False, "next_boot": True,
        "file": "/etc/audit/rules.d/30-stig.rules", "line": 10 + number, "labels": [control(number)], **more,
    }  # fmt: skip


def report(controls, lacking=(), digest="3f9c", is_read=True, **more):
    """A host that was looked at. lacking: the numbers of the controls that it does not hold."""
    lacks = [evidence(number) for number in lacking]
    state = not lacks if is_read or lacks else None
    labels = {}
    for number in range(controls):
        own = [each for each in lacks if control(number) in each["labels"]]
        labels[control(number)] = {"in_sync": False if own else True if is_read else None, "rules": own}
    drift = {"missing_in_runtime": [], "missing_in_filesystem": [], "missing_at_boot": [], "order": [], "silent": [], "settings": []}
    for each in lacks:
        drift["missing_in_runtime"].append({
            "rule": each["rule"], "why": "it was not loaded since it stands there, or it was unloaded", "culprit": CULPRIT, "next_boot": True,
        })  # fmt: skip
    held = 2 * controls - len(lacks)
    found = {
        "changed": False, "failed": False, "outcome": "unchanged", "policy": [STIG],
        "msg": "{} of {} expected rules held; {}next boot loads {}".format(
            held, 2 * controls, "{} of {} rules loaded, ".format(held, 2 * controls) if is_read else "", 2 * controls),
        "runtime": {"managed": is_read, "locked": False}, "digest": hashlib.sha256(digest.encode()).hexdigest()[:32],
        "expect": {"rules": lacks, "settings": [], "unexpected": []}, "labels": labels, "settings": {}, "reboot_required": False, "warnings": [],
    }  # fmt: skip
    if is_read:
        found.update(drift=drift, status={"enabled": 1})
    else:
        found["runtime"]["reason"] = "this process is in a container"
    if state is not None:
        found["in_sync"] = state
    found.update(more)
    return found


def failed(msg):
    return {"changed": False, "failed": True, "outcome": "failed", "msg": msg}


def small():
    """A fleet with every state, as reports and what was said of hosts that gave no answer."""
    reports = {"web{:02}.example.com".format(number): report(24) for number in range(1, 13)}
    reports["db01.example.com"] = report(24, lacking=(2, 7, 8, 11), digest="other")
    reports["db02.example.com"] = locked = report(24, lacking=(2,), digest="third", reboot_required=True)
    locked["expect"]["settings"] = [
        {"setting": "enabled", "expected": 2, "in_sync": False, "on_disk": 2, "running": 1, "next_boot": 2, "decided_by": "/etc/audit/rules.d/99-lock.rules:2"},
        {"setting": "backlog_limit", "expected": 8192, "in_sync": False, "on_disk": 8192, "running": 64, "next_boot": 8192, "decided_by": "/etc/audit/rules.d/99-lock.rules:1"},
    ]
    locked["settings"] = {"backlog_limit": {"running": 64, "culprit": dict(CULPRIT, op="set", certainty="likely")}}
    reports["build-container"] = report(24, digest="files", is_read=False)
    reports["golden-image"] = report(24, digest="files", is_read=False)
    reports["mail.example.com"] = undecided = report(24)
    undecided.pop("in_sync")
    undecided["warnings"] = ["audit-rules.service has ExecCondition=/usr/bin/site-check: whether it loads the rules cannot be told from files"]
    left_out = [{"what": "RHEL-09-654275", "reason": "rules change in production", "rules": ["-e 2"]}]
    for name in ("web01.example.com", "web02.example.com"):
        reports[name]["policy"] = [dict(STIG, left_out=left_out)]
    reports["old.example.com"] = failed("/usr/libexec/audit_rules is not run: other users may write /usr/libexec")
    unreachable = {"edge7.example.com": "Failed to connect to the host via ssh: ssh: connect to host edge7.example.com port 22: Connection timed out"}
    return reports, unreachable


def large(hosts=1000, controls=60, every=1):
    """A thousand hosts with sixty controls. every: each so manieth host deviates, in half of its controls."""
    return {
        "host{:04}.example.com".format(number): report(
            controls, lacking=range(0, controls, 2) if number % every == 0 else (), digest="other{}".format(number) if number % every == 0 else "3f9c"
        )
        for number in range(hosts)
    }, {}  # fmt: skip


#: What a host may say to be more than text: HTML, attributes, scripts, formulas, and characters that hide.
HOSTILE = (
    "<script>document.title='taken'</script>", "</code><img src=x onerror=\"document.title='taken'\">", "' onmouseover='x' \"", "]]>--><!--",
    "=cmd|' /C calc'!A0", "@SUM(1)", "+1", "\t=1", "\u202edwssap", "a\x00b\x1b[2J\x9b", "\udc80", "\u200bhidden", "&lt;b&gt;", "</style></title></script>",
)  # fmt: skip


def hostile():
    """A host whose every text is hostile, and which is named so."""
    reports = {}
    for number, text in enumerate(HOSTILE):
        found = report(2, lacking=(0,), digest="x")
        found.update(msg=text, digest=text, warnings=[text])
        found["policy"] = [{"name": text, "product": text, "benchmark": text, "left_out": [{"what": text, "reason": text, "rules": []}]}]
        found["labels"] = {text: {"in_sync": False, "rules": []}}
        found["expect"]["rules"][0].update(rule=text, why=text, file=text, labels=[text])
        found["drift"]["missing_in_filesystem"] = [{"rule": text + "2", "why": text, "culprit": dict(CULPRIT, exe=text, names={"auid": text}), "file": text}]
        reports["{}{}".format(text, number)] = found
    return reports, dict((text + "!", text) for text in HOSTILE)
