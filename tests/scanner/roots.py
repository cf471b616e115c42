"""Root directories for the scanner, and what it says of them."""

import json
import os
import re
import subprocess
import sys

from catalog import unit

PROJECT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
POLICIES = os.path.join(PROJECT, "policies")
# Programs that are setuid or setgid in the root directories.
PRIVILEGED = {"/usr/bin/passwd": 0o4755, "/usr/bin/sudo": 0o4755, "/usr/bin/su": 0o4755, "/usr/bin/write": 0o2755}
FILES = {
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "/etc/group": "root:x:0:\n",
    "/etc/login.defs": "UID_MIN 1000\n",
    # The scanner takes the file systems of a root directory from here.
    "/proc/mounts": "/dev/vda1 / ext4 rw,relatime 0 0\n",
}
VARIABLES = """<oval_variables xmlns="http://oval.mitre.org/XMLSchema/oval-variables-5"
  xmlns:oval="http://oval.mitre.org/XMLSchema/oval-common-5">
<generator><oval:schema_version>5.11</oval:schema_version><oval:timestamp>2020-01-01T00:00:00</oval:timestamp></generator>
<variables>{}</variables></oval_variables>
"""


def read_policy(name, product):
    """The texts of a policy's files for a product, none where it has nothing for that."""
    with open(os.path.join(POLICIES, name, "policy.json"), encoding="utf-8") as file:
        entry = json.load(file)["products"].get(product)
    if entry is None:
        # No check of it can be satisfied; each has its reason.
        return []
    texts = []
    for path in entry["files"]:
        with open(os.path.join(POLICIES, name, path), encoding="utf-8") as file:
            texts.append(file.read())
    return texts


def asked(program, request):
    """The report on a request."""
    answer = subprocess.run([program, "-"], input=json.dumps(request), capture_output=True, text=True, check=False)
    if not answer.stdout:
        sys.exit(f"{json.dumps(request)}: {answer.returncode}: {answer.stderr}")
    return json.loads(answer.stdout)


class Directory:
    """A root directory of a product, without rules."""

    def __init__(self, path, product, systems):
        self.path = path
        put = {**FILES, **dict([unit(product.split("-")[0])])}
        put["/etc/os-release"] = f'ID={systems[0][0]}\nVERSION_ID="{systems[0][1]}"\n'
        for file, text in put.items():
            self.put(file, text)
        os.makedirs(self.path + "/etc/audit/rules.d")
        os.makedirs(self.path + "/var/log/audit")
        for file, mode in PRIVILEGED.items():
            self.put(file, "")
            os.chmod(self.path + file, mode)

    def make_way(self, text):
        for path in re.findall(r"(?:-w |-F path=)(/\S+)", text):
            os.makedirs(os.path.dirname(self.path + path.rstrip("/")), exist_ok=True)
        for path in re.findall(r"-F dir=(/\S+)", text):
            os.makedirs(self.path + path, exist_ok=True)

    def put(self, path, text):
        path = self.path + path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def results(self, scratch, content, profile, checks, text=None):
        """What the scanner says of each check: true, false, error, unknown. `text` is the OVAL document, where it was made."""
        oval = os.path.join(scratch, "oval.xml")
        with open(oval, "w", encoding="utf-8") as file:
            file.write(text or content.cut(checks))
        command = ["oscap", "oval", "eval"]
        if variables := content.variables(profile, checks):
            given = "".join(
                f'<variable id="{name}" datatype="string" comment="{name}"><value>{value}</value></variable>'
                for name, value in sorted(variables.items())
            )
            with open(os.path.join(scratch, "variables.xml"), "w", encoding="utf-8") as file:
                file.write(VARIABLES.format(given))
            command += ["--variables", file.name]
        environment = {**os.environ, "OSCAP_PROBE_ROOT": self.path, "LC_ALL": "C"}
        output = subprocess.run([*command, oval], capture_output=True, text=True, errors="replace", check=False, env=environment)
        said = dict(re.findall(r"^Definition (\S+): (\w+)$", output.stdout, re.M))
        return {check: said.get(content.checks[check].definition, "not evaluated") for check in checks}


class Root(Directory):
    """The same with a policy, applied by the executable."""

    def __init__(self, scratch, program, name, product, systems, machine):
        super().__init__(os.path.join(scratch, f"{name}-{product}-{machine}"), product, systems)
        texts = read_policy(name, product)
        # What rules are about has to be somewhere, as on a host.
        for text in texts:
            self.make_way(text)
        if not texts:
            return
        request = {"state": "exact", "root": self.path, "target": "filesystem", "arch": machine}
        request["policy"] = {"name": name, "product": product}
        report = asked(program, request)
        if report["failed"] or not report["changed"]:
            sys.exit(f"{name} for {product} on {machine}: {report['msg']}")
