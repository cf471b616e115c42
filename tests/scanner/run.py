#!/usr/bin/env python3
"""Applies each policy to a root directory of its product, and asks OpenSCAP what it makes of it.

    tests/scanner/run.py --program target/debug/audit_rules [--update] [--product rhel9]

Every check of audit rules that a profile selects has to pass, but for those that tests/scanner/unreachable.py gives a reason
for. docs/benchmarks.md has to be what comes out; --update writes it.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import document
from catalog import BORROWED, PRODUCTS, unit
from content import Content
from fetch import all_contents
from unreachable import reason

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


class Root:
    """A root directory with a policy, applied by the executable."""

    def __init__(self, scratch, program, name, product, systems, machine):
        self.path = os.path.join(scratch, f"{name}-{product}-{machine}")
        texts = read_policy(name, product)
        put = {**FILES, **dict([unit(product.split("-")[0])])}
        put["/etc/os-release"] = f'ID={systems[0][0]}\nVERSION_ID="{systems[0][1]}"\n'
        for path, text in put.items():
            self.put(path, text)
        os.makedirs(self.path + "/etc/audit/rules.d")
        os.makedirs(self.path + "/var/log/audit")
        # What rules are about has to be somewhere, as on a host.
        for text in texts:
            for path in re.findall(r"(?:-w |-F path=)(/\S+)", text):
                os.makedirs(os.path.dirname(self.path + path.rstrip("/")), exist_ok=True)
            for path in re.findall(r"-F dir=(/\S+)", text):
                os.makedirs(self.path + path, exist_ok=True)
        for path, mode in PRIVILEGED.items():
            self.put(path, "")
            os.chmod(self.path + path, mode)
        if not texts:
            return
        request = {"state": "exact", "root": self.path, "target": "filesystem", "arch": machine}
        request["policy"] = {"name": name, "product": product}
        answer = subprocess.run([program, "-"], input=json.dumps(request), capture_output=True, text=True, check=False)
        report = json.loads(answer.stdout)
        if report["failed"] or not report["changed"]:
            sys.exit(f"{name} for {product} on {machine}: {report['msg']}")

    def put(self, path, text):
        path = self.path + path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def results(self, scratch, content, profile, checks):
        """What the scanner says of each check: true, false, error, unknown."""
        oval = os.path.join(scratch, "oval.xml")
        with open(oval, "w", encoding="utf-8") as file:
            file.write(content.cut(checks))
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
        output = subprocess.run([*command, oval], capture_output=True, text=True, check=False, env=environment)
        said = dict(re.findall(r"^Definition (\S+): (\w+)$", output.stdout, re.M))
        return {check: said.get(content.checks[check].definition, "not evaluated") for check in checks}


def measure(program, contents, products):
    """A row for each product, policy, profile and version, with what did not pass and has no reason, or the reverse."""
    rows, wrong = [], []
    for product in products:
        source = BORROWED[product][2] if product in BORROWED else product
        title, systems = (BORROWED if product in BORROWED else PRODUCTS)[product][:2]
        policies = PRODUCTS[source][2]
        if product in BORROWED:
            policies = {name: profiles for name, profiles in policies.items() if name in BORROWED[product][3]}
        versions = [
            Content(directory, source) for directory in contents if os.path.exists(f"{directory}/ssg-{source}-xccdf.xml")
        ]
        for name, profiles in policies.items():
            with tempfile.TemporaryDirectory() as scratch:
                roots = {}
                for content in versions:
                    for profile in profiles:
                        by_machine = {}
                        for check in content.selected(profile):
                            by_machine.setdefault(content.checks[check].machine(), []).append(check)
                        for machine, checks in sorted(by_machine.items(), key=lambda item: -len(item[1])):
                            if machine not in roots:
                                of = product if machine == "x86_64" else f"{product}-{machine}"
                                roots[machine] = Root(scratch, program, name, of, systems, machine)
                            results = roots[machine].results(scratch, content, profile, checks)
                            row = document.Row(name, title, machine, profile, content, results)
                            for check, result in results.items():
                                why = reason(name, product, content.version, check)
                                if why and result != "true":
                                    row.open[check] = why
                                elif why or result != "true":
                                    wrong.append(f"{name} for {title}, {profile} of {content.version}: {check}: {result}")
                            rows.append(row)
        print(f"{product}: {sum(len(row.results) for row in rows if row.title == title)} checks", flush=True)
    return rows, wrong


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--program", required=True)
    arguments.add_argument("--update", action="store_true")
    arguments.add_argument("--product", action="append")
    given = arguments.parse_args()
    if shutil.which("oscap") is None:
        print("not run: OpenSCAP is missing: apt-get install openscap-scanner")
        return 0
    cache = os.environ.get("AUDIT_RULES_LAB_CACHE") or os.path.join(PROJECT, ".lab")
    contents, missing = all_contents(cache)
    for what in missing:
        print(f"not run: {what}")
    if not contents:
        return 0
    products = given.product or [*PRODUCTS, *BORROWED]
    rows, wrong = measure(os.path.abspath(given.program), contents, products)
    for line in wrong:
        print(f"differs: {line}", file=sys.stderr)
    path = os.path.join(PROJECT, "docs", "benchmarks.md")
    if given.update:
        if missing or given.product:
            sys.exit("docs/benchmarks.md is written from all products and all content")
        with open(path, "w", encoding="utf-8") as file:
            file.write(document.text(rows))
    with open(path, encoding="utf-8") as file:
        old, new = document.differences(file.read(), rows)
    for line in old:
        print(f"differs: docs/benchmarks.md: {line}", file=sys.stderr)
    for version in new:
        print(f"not run: the comparison with docs/benchmarks.md, which does not know SSG {version}: make test-scanner UPDATE=1")
    checks = sum(len(row.results) for row in rows)
    print(f"ran: {checks} checks of {len(rows)} profiles, {len(wrong) + len(old)} differ")
    return 1 if wrong or old else 0


if __name__ == "__main__":
    sys.exit(main())
