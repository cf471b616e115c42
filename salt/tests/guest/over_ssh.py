# SPDX-License-Identifier: Apache-2.0
"""
Runs on the host: the formula by salt-ssh on a guest that has no Salt, dry and for real.

    over_ssh.py SALT-SSH DIRECTORY-OF-THE-GUEST FILE-ROOT PILLAR-ROOT SCRATCH
"""

import json
import os
import subprocess
import sys

salt_ssh, guest, formula, pillar, scratch = sys.argv[1:]
with open(os.path.join(guest, "port")) as opened:
    port = int(opened.read())
files = {
    "master": {
        "root_dir": scratch,
        "cachedir": os.path.join(scratch, "cache"),
        "pki_dir": os.path.join(scratch, "pki"),
        "log_file": os.path.join(scratch, "log"),
        "ssh_log_file": os.path.join(scratch, "ssh.log"),
        "roster_file": os.path.join(scratch, "roster"),
        "file_roots": {"base": [formula]},
        "pillar_roots": {"base": [pillar]},
    },
    "roster": {
        "guest": {"host": "127.0.0.1", "port": port, "user": "root", "priv": os.path.join(guest, "key"), "timeout": 120}
    },
}
for name, content in files.items():
    with open(os.path.join(scratch, name), "w") as file:
        json.dump(content, file)


def policy(*words):
    command = [sys.executable, "-W", "ignore", salt_ssh, "--config-dir", scratch, "--ignore-host-keys", "--out=json"]
    done = subprocess.run(command + ["guest", "state.apply", "audit_rules"] + list(words), stdout=subprocess.PIPE)
    try:
        entries = json.loads(done.stdout.decode())["guest"].values()
        return next(entry for entry in entries if entry["__id__"] == "audit_rules_policy")
    except (ValueError, KeyError, AttributeError, TypeError, StopIteration):
        sys.exit("salt-ssh: {}: {}".format(done.returncode, done.stdout.decode()[-3000:]))


dry = policy("test=True")
if dry["result"] is not None or not dry["changes"]["kernel"]["added"]:
    sys.exit("FAILED: {}".format(dry))
real = policy()
if real["result"] is not True or real["changes"] != dry["changes"]:
    sys.exit("FAILED: {} {}".format(dry, real))
print("ok: salt-ssh: None, then the same changes; " + real["comment"])
