# SPDX-License-Identifier: Apache-2.0
"""
Runs in the guest: what an administrator does, on a real kernel with the real auditctl as witness. Prints a line for each
step; ends with 1 at the first that is not as it must be.

    steps.py THIN-DIRECTORY

The first run is that of the command salt-call. To start it takes most of a minute there, so the others are its calls in one
process.
"""

import json
import logging
import os
import pathlib
import subprocess
import sys
import time

THIN = sys.argv[1]
sys.path[:0] = [os.path.join(THIN, name) for name in ("py3", "pyall")]

import salt.client  # noqa: E402
import salt.config  # noqa: E402

PILLAR = pathlib.Path("/srv/pillar/audit.sls")
STATES = pathlib.Path("/srv/salt")
DROP_INS = pathlib.Path("/etc/audit/rules.d")
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


def host():
    """All that a dry run must leave as it is."""
    return kernel(), setting("backlog_limit"), setting("enabled"), {path: path.read_bytes() for path in DROP_INS.iterdir()}


def command(*words):
    status, output, trouble = run(
        sys.executable,
        "-W",
        "ignore",
        os.path.join(THIN, "salt-call"),
        "--local",
        "--out=json",
        "--retcode-passthrough",
        *words,
    )
    try:
        return status, by_id(json.loads(output)["local"])
    except (ValueError, KeyError):
        sys.exit("salt-call {}: {}\n{}{}".format(words, status, output, trouble))


def by_id(returns):
    must(isinstance(returns, dict), returns)
    return {entry["__id__"]: entry for entry in returns.values()}


def apply(sls="audit_rules", **options):
    return by_id(caller.cmd("state.apply", sls, **options))


def policy(**options):
    return apply(**options)["audit_rules_policy"]


def single(state, name, **options):
    (entry,) = by_id(caller.cmd("state.single", "audit_rules." + state, name, **options)).values()
    return entry


def pillar(**changed):
    policy = json.loads(PILLAR.read_text())["audit_rules"]
    policy.update(changed)
    PILLAR.write_text(json.dumps({"audit_rules": policy}))


def agree(function, *arguments, **options):
    """A dry run, the real run with the same changes, and runs with nothing to do; gives the return of the real run."""
    before = host()
    dry = function(*arguments, test=True, **options)
    must(dry["result"] is None and dry["changes"], "dry", dry)
    must(host() == before, "the dry run changed something", before, host())
    real = function(*arguments, **options)
    must(real["result"] is True and real["changes"] == dry["changes"], "dry", dry, "real", real)
    for test in (True, False):
        again = function(*arguments, test=test, **options)
        must(again["result"] is True and again["changes"] == {}, "again, with test={}".format(test), again)
    return real


def must(wanted, *what):
    if not wanted:
        sys.exit("FAILED: {}".format("\n".join(str(part) for part in what)))


def ok(text):
    print("ok {:4.0f} s: {}".format(time.monotonic() - began, text), flush=True)


must(kernel() == [], "rules before the first step", kernel())
status, dry = command("state.apply", "audit_rules", "test=True")
planned = dry["audit_rules_policy"]
must(status == 0 and planned["result"] is None, status, dry)
must(
    kernel() == [] and not pathlib.Path("/usr/local/libexec/audit_rules").exists(),
    "the dry run changed something",
    kernel(),
)
ok("salt-call, test=True: None, " + planned["comment"])

# What fails on purpose would be told here too.
logging.disable()
caller = salt.client.Caller(mopts=salt.config.minion_config("/etc/salt/minion"))
applied = policy()
must(applied["result"] is True, applied)
must(applied["changes"] == planned["changes"], "dry", planned["changes"], "real", applied["changes"])
must(applied["changes"]["kernel"] == {"added": RULES}, applied["changes"])
must(kernel() == RULES, kernel())
must(
    setting("backlog_limit") == 8192 and applied["changes"]["control"]["backlog_limit"]["new"] == 8192,
    applied["changes"],
)
ok("apply: the same changes; auditctl lists {} rules; {}".format(len(kernel()), applied["comment"]))

again = apply()
must(not any(entry["changes"] for entry in again.values()), again)
again = policy(test=True)
must(again["result"] is True and again["changes"] == {}, again)
ok("again: no changes; the state took {} ms".format(again["duration"]))

proven = caller.cmd("audit_rules.prove", name="30-identity")
must(proven["verdicts"] == {"records": 2}, proven)
must(sorted(proof["rule"] for proof in proven["proofs"]) == sorted(RULES[:2]) and kernel() == RULES, proven)
ok("prove: both rules of a drop-in record")

must(run("auditctl", "-W", "/etc/shadow", "-p", "wa", "-k", "identity")[0] == 0 and run("auditctl", "-b", "100")[0] == 0)
must(len(kernel()) == 3 and setting("backlog_limit") == 100, host())
drift = caller.cmd("audit_rules.drift", on_drift="fail")
must(drift["in_sync"] is False, drift)
must([entry["rule"] for entry in drift["drift"]["missing_in_runtime"]] == [RULES[1]], drift)
repaired = agree(policy)
must(repaired["changes"]["kernel"] == {"added": [RULES[1]]}, repaired)
must(repaired["changes"]["control"] == {"backlog_limit": {"old": 100, "new": 8192}}, repaired)
must("files" not in repaired["changes"] and sorted(kernel()) == sorted(RULES), repaired, kernel())
ok("drift: a rule and a setting are named, and repaired in the kernel alone")

before = host()
good = json.loads(PILLAR.read_text())["audit_rules"]["drop_ins"]
bad = {"60-typo": {"rules": ["-w etc/hosts -p wa"]}, "70-typo": {"rules": ["-a always,exit -F arch=b64 -S opne"]}}
pillar(drop_ins=dict(good, **bad))
for test in (True, False):
    failed = policy(test=test)
    must(failed["result"] is False and failed["changes"] == {}, failed)
    must("must begin with /" in failed["comment"] and "did you mean open?" in failed["comment"], failed["comment"])
must(host() == before, host())
pillar(drop_ins=good)
ok("failure: both mistakes are named, nothing is changed")

(STATES / "parallel.sls").write_text("".join(PARALLEL.format(number) for number in range(80, 84)))
returns = apply("parallel")
must(all(entry["changes"].get("kernel") for entry in returns.values()), returns)
must(len([rule for rule in kernel() if rule.endswith("-k parallel")]) == 4, kernel())
ok("parallel: four states at once, four rules")

undo = agree(single, "present", "85-single", rules=["-w /etc/hosts -p wa -k single"], control={"backlog_limit": 9000})["undo"]
must("-w /etc/hosts -p wa -k single" in kernel() and setting("backlog_limit") == 9000, host())
restored = agree(single, "restored", "back", snapshot=undo)
must(set(restored["changes"]) == {"files", "kernel", "control", "diff"}, restored)
must("-w /etc/hosts -p wa -k single" not in kernel() and setting("backlog_limit") == 8192, host())
ok("present and restored: with a setting, and as before")

(DROP_INS / "50-vendor.rules").write_text("-w /etc/vendor -p wa -k vendor\n")
must(run("auditctl", "-w", "/etc/group", "-p", "wa", "-k", "stray")[0] == 0)
loaded = agree(single, "loaded", "all", purge=True)
wanted = {"added": ["-w /etc/vendor -p wa -k vendor"], "removed": ["-w /etc/group -p wa -k stray"]}
must(loaded["changes"]["kernel"] == wanted, loaded)
must(wanted["added"][0] in kernel() and wanted["removed"][0] not in kernel(), kernel())
ok("loaded: the rules of others come, a stray one goes")

gone = agree(single, "absent", "30-identity")
must(sorted(gone["changes"]["kernel"]["removed"]) == sorted(RULES[:2]), gone)
must(not any("identity" in rule for rule in kernel()), kernel())
ok("absent: the drop-in and its rules are gone")

# Not by the pillar: a process that has one keeps the drop-ins which a later one lacks, where it is its own master.
last = {"10-a": {"rules": RULES[2:]}, "99-finalize": {"control": {"enabled": "locked"}}}
exact = agree(single, "exact", "policy", drop_ins=last)
must(exact["changes"]["control"]["enabled"]["new"] in (2, "locked"), exact)
must(kernel() == RULES[2:] and setting("enabled") == 2, exact, kernel())
ok("exact, and locked: " + exact["comment"])

for state, name, options, step in (
    ("present", "20-b", {"rules": ["-w /etc/hosts -p wa"], "control": {"backlog_limit": 9000}}, "load"),
    ("absent", "10-a", {}, "unload"),
):
    refused = single(state, name, on_locked="fail", test=True, **options)
    must(refused["result"] is False and refused["changes"] == {}, refused)
    staged = agree(single, state, name, **options)
    must(set(staged["changes"]) == {"diff", "files"} and staged["pending"][step], staged)
    must(kernel() == RULES[2:] and setting("backlog_limit") == 8192, host())
    ok("{} on a locked kernel: {}".format(state, staged["comment"]))
