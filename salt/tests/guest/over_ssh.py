# SPDX-License-Identifier: Apache-2.0
"""
Runs on the host: the formula by salt-ssh on a guest that has no Salt.

    over_ssh.py SALT-SSH THIN-DIRECTORY SCRATCH

SCRATCH has the guest, what the master serves, and a directory for the master's own files.
"""

import json
import os
import subprocess
import sys
import time

salt_ssh, thin, scratch = sys.argv[1:]
directory = os.path.join(scratch, "ssh")
with open(os.path.join(scratch, "guest/port")) as opened:
    port = int(opened.read())
files = {
    "master": {
        "root_dir": directory,
        "cachedir": os.path.join(directory, "cache"),
        "pki_dir": os.path.join(directory, "pki"),
        "log_file": os.path.join(directory, "log"),
        "ssh_log_file": os.path.join(directory, "ssh.log"),
        "roster_file": os.path.join(directory, "roster"),
        "file_roots": {"base": [os.path.join(scratch, "srv/salt")]},
        "pillar_roots": {"base": [os.path.join(scratch, "srv/pillar")]},
    },
    "roster": {
        "guest": {
            "host": "127.0.0.1",
            "port": port,
            "user": "root",
            "priv": os.path.join(scratch, "guest/key"),
            "timeout": 120,
            "thin_dir": thin,
            "minion_opts": {"enable_fqdns_grains": False, "enable_gpu_grains": False},
        }
    },
}
for name, content in files.items():
    with open(os.path.join(directory, name), "w") as file:
        json.dump(content, file)


began = time.monotonic()
command = [sys.executable, "-W", "ignore", salt_ssh, "--config-dir", directory, "--ignore-host-keys", "--out=json"]
done = subprocess.run(command + ["guest", "state.apply", "audit_rules"], stdout=subprocess.PIPE)
try:
    entries = json.loads(done.stdout.decode())["guest"].values()
    policy = next(entry for entry in entries if entry["__id__"] == "audit_rules_policy")
except (ValueError, KeyError, AttributeError, TypeError, StopIteration):
    sys.exit("salt-ssh: {}: {}".format(done.returncode, done.stdout.decode()[-3000:]))
if policy["result"] is not True or len(policy["changes"]["kernel"]["added"]) != 4:
    sys.exit("FAILED: {}".format(policy))
print("ok {:4.0f} s: salt-ssh: {}".format(time.monotonic() - began, policy["comment"]), flush=True)
