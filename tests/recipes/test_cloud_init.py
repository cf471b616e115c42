# SPDX-License-Identifier: Apache-2.0
"""examples/cloud-init: read by the real cloud-init, and done as its modules would do it."""

import json
import os
import sys

import yaml
from conftest import EXAMPLES, OF_ROOT, RULES, give_a_shell, run, unpacked

USER_DATA = EXAMPLES / "cloud-init/user-data.yaml"


def cloud_init(*words, check=True):
    modules = unpacked("cloud-init") / "usr/lib/python3/dist-packages"
    return run(sys.executable, *words, check=check, env={**os.environ, "PYTHONPATH": str(modules)})


def test_cloud_init_finds_nothing_wrong_with_it(tmp_path):
    said = cloud_init("-m", "cloudinit.cmd.main", "schema", "--config-file", str(USER_DATA))
    assert "Valid cloud-config" in said
    # That it would: an unknown kind of file content.
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(USER_DATA.read_text().replace('permissions: "0600"', "permissions: 600"))
    assert "write_files" in cloud_init("-m", "cloudinit.cmd.main", "schema", "--config-file", str(wrong), check=False)


@OF_ROOT
def test_a_host_that_did_what_it_says_has_the_rules_in_its_files(image):
    data = yaml.safe_load(USER_DATA.read_text())
    for file in data["write_files"]:
        path = image / file["path"].lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file["content"])
        path.chmod(int(file["permissions"], 8))
    # The script that the module runcmd makes of it.
    code = "import json, sys; from cloudinit.util import shellify; sys.stdout.write(shellify(json.loads(sys.argv[1])))"
    script = cloud_init("-c", code, json.dumps(data["runcmd"]))
    assert script.startswith("#!/bin/sh\n")
    give_a_shell(image)
    (image / "tmp/runcmd").write_text(script)
    # With what is another root directory the kernel stays as it is.
    assert "Kernel: not managed" in run("chroot", str(image), "/bin/sh", "/tmp/runcmd")
    assert (image / "etc/audit/rules.d/30-identity.rules").read_text().split("\n")[1:3] == RULES
    # The same again, with a request that cannot be done: the status of the last command is that of the script.
    (image / "etc/audit_rules/request.json").write_text('{"name": "30-identity", "rules": ["-w relative -p wa"]}')
    said = run("sh", "-c", 'chroot "$1" /bin/sh /tmp/runcmd || echo "status $?"', "sh", str(image))
    assert "status 1" in said
