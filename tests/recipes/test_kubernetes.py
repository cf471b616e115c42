# SPDX-License-Identifier: Apache-2.0
"""examples/kubernetes: held to the schemas of Kubernetes, and its commands run in a mount namespace as its containers have it."""

import json
import os
import re
import shutil
import subprocess

import kubernetes_validate
import pytest
import yaml
from conftest import EXAMPLES, PROGRAM, RULES, run

DIRECTORY = EXAMPLES / "kubernetes"
OBJECTS = {each["kind"]: each for each in yaml.safe_load_all((DIRECTORY / "audit-rules.yaml").read_text())}
POD = OBJECTS["DaemonSet"]["spec"]["template"]["spec"]
REQUESTS = {name: json.loads(text) for name, text in OBJECTS["ConfigMap"]["data"].items()}
(APPLY,) = POD["initContainers"]
(WAIT,) = POD["containers"]


def test_each_object_fits_the_schema_of_kubernetes():
    assert list(OBJECTS) == ["Namespace", "ConfigMap", "DaemonSet"]
    for each in OBJECTS.values():
        kubernetes_validate.validate(each, "1.32", strict=True)
    # That it looks at all: a key that no pod has.
    wrong = json.loads(json.dumps(OBJECTS["DaemonSet"]))
    wrong["spec"]["template"]["spec"]["hostPid"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.32", strict=True)


def test_both_containers_see_the_host_and_the_requests_where_the_commands_look():
    for container in (APPLY, WAIT):
        assert {each["mountPath"]: each["name"] for each in container["volumeMounts"]} == {"/host": "host", "/etc/audit_rules": "requests"}
        assert container["securityContext"] == {"privileged": True}
    host, requests = POD["volumes"]
    assert host["hostPath"]["path"] == "/" and requests["configMap"]["name"] == OBJECTS["ConfigMap"]["metadata"]["name"]
    # Without it the kernel refuses to talk of audit at all.
    assert POD["hostPID"] is True


def test_the_image_has_what_the_commands_name():
    placed = dict(re.findall(r"^COPY .*?(\S+) (/\S+)$", (DIRECTORY / "Containerfile").read_text(), re.M))
    assert placed == {"/pause": "/pause", "audit_rules": "/audit_rules"}
    assert APPLY["command"][0] == WAIT["readinessProbe"]["exec"]["command"][0] == "/audit_rules"
    assert 'ENTRYPOINT ["/pause"]' in (DIRECTORY / "Containerfile").read_text() and "command" not in WAIT


def test_readiness_asks_for_what_was_applied():
    applied = {key: REQUESTS["apply.json"][key] for key in ("name", "rules", "control")}
    assert REQUESTS["ready.json"]["expect"] == applied
    assert applied["rules"] == RULES


def without_rules():
    """Gives whether auditing is on in the running kernel, as a digit. Skips the test where it has rules, or cannot be asked."""
    if os.geteuid() != 0:
        pytest.skip("the DaemonSet's commands on a kernel: only root may load rules")
    if not shutil.which("auditctl"):
        pytest.skip("the DaemonSet's commands on a kernel: auditctl is missing: apt-get install auditd")
    said = subprocess.run(["auditctl", "-l"], capture_output=True, text=True, check=False)
    if said.returncode or said.stdout.strip() != "No rules":
        pytest.skip(f"the DaemonSet's commands on a kernel: it has rules, or says {said.stderr.strip() or said.stdout.strip()}")
    enabled = re.search(r"^enabled ([01])$", run("auditctl", "-s"), re.M)
    if not enabled:
        pytest.skip("the DaemonSet's commands on a kernel: it is locked")
    return enabled[1]


# The node's file system is mounted at /host, as a hostPath is; its /etc/audit is one of the test's own. The network namespace is
# the container's, the process ids are the host's.
NODE = """
set -e
mount -t tmpfs -o mode=0750 tmpfs /etc/audit
mkdir -m 0750 /etc/audit/rules.d
mount --rbind / "$0/host"
mount -t proc proc "$0/proc"
ready() { status=0; chroot "$1" $READY || status=$?; echo "ready: $status"; }
ready "$0"
chroot "$0" $COMMAND
echo "== kernel"; auditctl -l
echo "== file"; cat /etc/audit/rules.d/30-identity.rules
ready "$0"
chroot "$0" $COMMAND
auditctl -W /etc/group -p wa -k identity
ready "$0"
"""


def test_the_commands_of_the_containers_manage_the_kernel_and_the_files_of_the_node(tmp_path):
    before = without_rules()
    root = tmp_path / "container"
    for name in ("host", "proc", "etc/audit_rules"):
        (root / name).mkdir(parents=True)
    shutil.copy(PROGRAM, root / "audit_rules")
    for name, request in REQUESTS.items():
        (root / "etc/audit_rules" / name).write_text(json.dumps(request))
    environment = {**os.environ, "COMMAND": " ".join(APPLY["command"]), "READY": " ".join(WAIT["readinessProbe"]["exec"]["command"])}
    try:
        said = run("unshare", "--mount", "--net", "--uts", "--ipc", "sh", "-c", NODE, str(root), env=environment)
    finally:
        # Its own rules and no others, in case somebody else came to use the kernel.
        for words in (*(rule.replace("-w", "-W", 1).split() for rule in RULES), ["-e", before]):
            subprocess.run(["auditctl", *words], capture_output=True, check=False)
    parts = re.split(r"^(ready: \d+|== \w+)\n", said, flags=re.M)
    # Not ready before, ready after, and no longer when a rule was taken out by hand.
    assert re.findall(r"^ready: (\d+)$", said, re.M) == ["1", "0", "1"], said
    assert parts[parts.index("== kernel") + 1].split("\n")[:2] == RULES, said
    assert parts[parts.index("== file") + 1].split("\n")[1:3] == RULES, said
    assert "unchanged" in said or "nothing to do" in said, said
