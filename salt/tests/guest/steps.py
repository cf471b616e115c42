# SPDX-License-Identifier: Apache-2.0
"""
Runs in the guest: what an administrator does, by salt-call, on a real kernel with the real auditctl as witness. Prints a line
for each step; ends with 1 at the first that is not as it must be.
"""

import json
import pathlib
import subprocess
import sys
import time

PILLAR = pathlib.Path("/srv/pillar/audit.sls")
STATES = pathlib.Path("/srv/salt")
RULES = [
    "-w /etc/passwd -p wa -k identity",
    "-w /etc/shadow -p wa -k identity",
    "-a always,exit -F arch=b64 -S adjtimex,settimeofday -F key=time-change",
    "-a always,exit -F arch=b32 -S settimeofday,adjtimex -F key=time-change",
]
PARALLEL = """
{0}-parallel:
  audit_rules.present:
    - parallel: True
    - rules: [-w /etc/{0} -p wa -k parallel]
"""
began = time.monotonic()


def run(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    return done.returncode, done.stdout, done.stderr


def kernel():
    """The rules as auditctl lists them."""
    text = run("auditctl", "-l")[1]
    return [] if text.startswith("No rules") else text.splitlines()


def setting(name):
    return int(next(line.split()[1] for line in run("auditctl", "-s")[1].splitlines() if line.startswith(name + " ")))


def salt(*words):
    status, output, trouble = run("salt-call", "--local", "--out=json", "--retcode-passthrough", *words)
    try:
        return status, json.loads(output)["local"]
    except (ValueError, KeyError):
        sys.exit("salt-call {}: {}\n{}{}".format(words, status, output, trouble))


def states(*words):
    status, returns = salt(*words)
    return status, {entry["__id__"]: entry for entry in returns.values()}


def pillar(**changed):
    policy = json.loads(PILLAR.read_text())["audit_rules"]
    policy.update(changed)
    PILLAR.write_text(json.dumps({"audit_rules": policy}))


def must(wanted, *what):
    if not wanted:
        sys.exit("FAILED: {}".format("\n".join(str(part) for part in what)))


def ok(text):
    print("ok {:4.0f} s: {}".format(time.monotonic() - began, text), flush=True)


must(kernel() == [], "rules before the first step", kernel())
status, dry = states("state.apply", "audit_rules", "test=True")
policy = dry["audit_rules_policy"]
must(status == 0 and policy["result"] is None, status, dry)
must(
    kernel() == [] and not pathlib.Path("/usr/local/libexec/audit_rules").exists(),
    "the dry run changed something",
    kernel(),
)
ok("test=True: None, " + policy["comment"])

status, real = states("state.apply", "audit_rules")
applied = real["audit_rules_policy"]
must(status == 0 and applied["result"] is True, status, real)
must(applied["changes"] == policy["changes"], "dry", policy["changes"], "real", applied["changes"])
must(applied["changes"]["kernel"] == {"added": RULES}, applied["changes"])
must(kernel() == RULES, kernel())
must(
    setting("backlog_limit") == 8192 and applied["changes"]["control"]["backlog_limit"]["new"] == 8192,
    applied["changes"],
)
ok("apply: the same changes; auditctl lists {} rules; {}".format(len(kernel()), applied["comment"]))

status, again = states("state.apply", "audit_rules")
must(status == 0 and not any(entry["changes"] for entry in again.values()), again)
ok("again: no changes; the state took {} ms".format(again["audit_rules_policy"]["duration"]))

must(run("auditctl", "-W", "/etc/shadow", "-p", "wa", "-k", "identity")[0] == 0)
must(len(kernel()) == 3, kernel())
status, drift = salt("audit_rules.drift", "on_drift=fail")
must(status == 1 and drift["in_sync"] is False, status, drift)
must([entry["rule"] for entry in drift["drift"]["missing_in_runtime"]] == [RULES[1]], drift)
status, repaired = states("state.apply", "audit_rules")
must(repaired["audit_rules_policy"]["changes"].get("kernel") == {"added": [RULES[1]]}, repaired)
must("files" not in repaired["audit_rules_policy"]["changes"] and sorted(kernel()) == sorted(RULES), repaired, kernel())
ok("drift: named, and repaired in the kernel alone")

before = kernel()
good = json.loads(PILLAR.read_text())["audit_rules"]["drop_ins"]
bad = {"60-typo": {"rules": ["-w etc/hosts -p wa"]}, "70-typo": {"rules": ["-a always,exit -F arch=b64 -S opne"]}}
pillar(drop_ins=dict(good, **bad))
status, returns = states("state.apply", "audit_rules")
failed = returns["audit_rules_policy"]
must(status != 0 and failed["result"] is False and failed["changes"] == {}, status, returns)
must("must begin with /" in failed["comment"] and "did you mean open?" in failed["comment"], failed["comment"])
must(kernel() == before and not list(pathlib.Path("/etc/audit/rules.d").glob("*typo*")), kernel())
pillar(drop_ins=good)
ok("failure: both mistakes are named, nothing is changed")

(STATES / "parallel.sls").write_text("".join(PARALLEL.format(number) for number in range(80, 84)))
status, returns = states("state.apply", "parallel")
must(status == 0 and all(entry["changes"].get("kernel") for entry in returns.values()), returns)
must(len([rule for rule in kernel() if rule.endswith("-k parallel")]) == 4, kernel())
ok("parallel: four states at once, four rules")

status, returns = states("state.single", "audit_rules.absent", "30-identity")
(gone,) = returns.values()
must(status == 0 and sorted(gone["changes"]["kernel"]["removed"]) == sorted(RULES[:2]), returns)
must(not any("identity" in rule for rule in kernel()), kernel())
ok("absent: the drop-in and its rules are gone")

pillar(state="exact", drop_ins={"10-a": {"rules": RULES[2:]}, "99-finalize": {"control": {"enabled": "locked"}}})
status, returns = states("state.apply", "audit_rules")
must(status == 0 and kernel() == RULES[2:] and setting("enabled") == 2, returns, kernel())
status, returns = states("state.single", "audit_rules.present", "20-b", "rules=['-w /etc/hosts -p wa']")
(staged,) = returns.values()
must(status == 0 and staged["result"] is True and set(staged["changes"]) == {"diff", "files"}, returns)
must(staged["pending"]["load"] == ["-w /etc/hosts -p wa"] and kernel() == RULES[2:], returns)
ok("exact and locked: " + staged["comment"])
