"""docs/benchmarks.md: what the scanner makes of the policies."""

import re

HEAD = """# Benchmarks

What OpenSCAP says of hosts that have a policy of [policies/](../policies/README.md): a root directory for each product, the
policy applied by the executable, and each check of audit rules that a profile of the SCAP Security Guide (SSG) selects. The
content is that of the Debian packages `ssg-debian`, `ssg-debderived` and `ssg-nondebian`. `make test-scanner` measures it and
fails where a check does not pass that is not named below; `make test-scanner UPDATE=1` writes this page.

`make test-boot` has it look at a whole host: a virtual machine with Debian 13 that `anssi` and `cis` were applied to and that was
booted, with auditd running. Every check of audit rules that the newest content selects there has to pass.

Programs for which a profile wants rules of their own are four in each root directory, setuid and setgid. For Debian 11 SSG has no
such profiles: it is measured with those for Debian 12.

`passed` counts of `can`, the checks that a rules file can satisfy; `all` has those besides that none can, each with its reason
[below](#what-cannot-pass).
"""


class Row:
    """What came out for one profile of one version."""

    def __init__(self, policy, title, machine, profile, content, results):
        self.policy, self.machine, self.version, self.results = policy, machine, content.version, results
        self.title, self.profile = title, profile
        self.open = {}

    def line(self):
        passed = sum(result == "true" for result in self.results.values())
        product = self.title + ("" if self.machine == "x86_64" else f", {self.machine}")
        able = len(self.results) - len(self.open)
        return f"| {self.policy} | {product} | {self.profile} | {self.version} | {passed} | {able} | {len(self.results)} |"

    def reasons(self):
        return [f"| {self.policy} | {self.title} | {self.version} | `{check}` | {why} |" for check, why in self.open.items()]


def version_of(line):
    """The version that a line of a table is about, empty where it is about none."""
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    return next((cell for cell in cells if re.fullmatch(r"\d+(\.\d+)+", cell)), "")


def lines(rows):
    rows = sorted(rows, key=lambda row: row.policy)
    return [row.line() for row in rows], [reason for row in rows for reason in row.reasons()]


def text(rows):
    table, reasons = lines(rows)
    parts = [HEAD, "| policy | product | profile | SSG | passed | can | all |", "|---|---|---|---|--:|--:|--:|", *table, ""]
    parts += ["## What cannot pass", ""]
    parts += ["| policy | product | SSG | check | reason |", "|---|---|---|---|---|", *reasons, ""]
    return "\n".join(parts)


def differences(document, rows):
    """Lines that the document has otherwise, and the versions that it does not know."""
    table, reasons = lines(rows)
    known = {line for line in document.splitlines() if version_of(line)}
    versions = {version_of(line) for line in known}
    ours = {*table, *reasons}
    measured = {row.version for row in rows}
    titles = {row.title for row in rows}
    expected = {
        line
        for line in known
        if version_of(line) in measured and line.split("|")[2].strip().split(",")[0] in titles
    }
    differ = {line for line in ours if version_of(line) in versions} ^ expected
    return sorted(differ), sorted(measured - versions)
