"""Asks lint and OpenSCAP about the same root directories: lint has to say of every check what OpenSCAP says.

The roots are made of the policies of a product: as they are, in other words, in part, none, and in files that are unusual.
What is random is the same in every run; AUDIT_RULES_SCANNER_SEED makes it another.
"""

import json
import os
import random
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from catalog import PRODUCTS
from roots import PROJECT, Directory, asked

RULES_D = "/etc/audit/rules.d"
AUDITCTL = {
    "/usr/lib/systemd/system/auditd.service": "[Service]\nExecStart=/sbin/auditd\n"
    "ExecStartPost=-/sbin/auditctl -R /etc/audit/audit.rules\n",
    "/usr/lib/systemd/system/audit-rules.service": "[Service]\nExecStart=/sbin/auditctl -R /etc/audit/audit.rules\n",
}


class Agreement:
    """What came of it."""

    def __init__(self):
        self.checks = self.accepted = self.undecided = self.roots = self.profiles = 0
        self.differences = []

    def take(self, place, check, ours, said):
        """Takes what lint and OpenSCAP say of a check."""
        state = ours["state"]
        self.checks += 1
        self.accepted += state == "accepted"
        self.undecided += state == "undecided"
        if state == "undecided":
            # What OpenSCAP cannot tell either, or compares with files that are no rules.
            agrees = said not in ("true", "false") or "/usr/share/doc/audit" in ours["reason"]
        else:
            agrees = (state == "accepted") == (said == "true")
        if not agrees:
            self.differences.append(f"{place}: {check}: lint {state}, OpenSCAP {said}")


class Lint:
    def __init__(self, program):
        self.program = program

    def checks(self, root, product, profile, machine):
        request = {"operation": "lint", "root": root, "product": product, "profile": profile, "archs": [machine]}
        report = asked(self.program, {**request, "fail_on": "never"})
        if "scanner" not in report:
            sys.exit(f"{profile} for {product}: {report['msg']}")
        return {check["id"]: check for check in report["scanner"]["checks"]}


def reworded(line, dice):
    """A line with the same meaning in other words."""
    if not line.startswith("-a always,exit") and not line.startswith("-w"):
        return dice.choice([line, line + " ", line.replace(" ", "  ")])
    ways = [
        lambda text: re.sub(r"-F key=(\S+)", r"-k \1", text),
        lambda text: re.sub(r"-k (\S+)", r"-F key=\1", text) if text.startswith("-a") else text,
        lambda text: text.replace("auid!=unset", dice.choice(["auid!=-1", "auid!=4294967295"])),
        lambda text: re.sub(r"-S (\S+)", lambda calls: " ".join(f"-S {call}" for call in calls[1].split(",")), text),
        lambda text: "\n".join(
            re.sub(r"-S \S+", f"-S {call}", text) for call in (re.search(r"-S (\S+)", text) or ["", ""])[1].split(",")
        )
        if "-S" in text
        else text,
        lambda text: shuffled(text, dice),
        lambda text: text.replace("always,exit", "exit,always"),
        lambda text: text.replace(" ", dice.choice(["  ", "\t"]), dice.randint(1, 3)),
        lambda text: " " + text,
        lambda text: text + dice.choice([" ", "  ", "\t"]),
        lambda text: text.replace("-p wa", "-p aw").replace("perm=wa", "perm=aw"),
        lambda text: re.sub(r"-w (\S+) -p (\S+) -k", r"-a always,exit -F path=\1 -F perm=\2 -F arch=b64 -k", text),
        lambda text: re.sub(r"^-a always,exit -F arch=b\d\d -F path=(\S+) -F perm=(\S+)", r"-w \1 -p \2", text).replace("-F key=", "-k ")
        if "perm=wa" in text
        else text,
        lambda text: re.sub(r" (-k |-F key=)\S+", "", text),
    ]
    for way in dice.sample(ways, dice.choice([0, 1, 1, 2])):
        line = way(line)
    return line


def shuffled(text, dice):
    """The conditions in another order, arch first."""
    words = text.split(" ")
    pairs = [" ".join(words[at : at + 2]) for at in range(2, len(words), 2)]
    first = [pair for pair in pairs if "arch=" in pair]
    rest = [pair for pair in pairs if "arch=" not in pair]
    dice.shuffle(rest)
    return " ".join([*words[:2], *first, *rest])


def each_line(files, change):
    return {name: "".join(f"{line}\n" for line in map(change, text.splitlines()) if line is not None) for name, text in files.items()}


def in_part(line, dice, part):
    return line if line.startswith("#") or not line or dice.random() < part else None


def unusual(files, dice):
    """The same rules in files as nobody would write them."""
    changed = {}
    for at, (name, text) in enumerate(files.items()):
        lines = text.splitlines()
        if dice.random() < 0.5:
            lines = [part for line in lines for part in ([line, ""] if dice.random() < 0.3 else [line])]
        if dice.random() < 0.3:
            lines = [part for line in lines for part in ([line, line] if dice.random() < 0.2 else [line])]
        end = dice.choice(["\n", "\n", "\r\n"])
        body = end.join(lines) + dice.choice(["", "\n", "\n\n"])
        changed[dice.choice([name, name, f".{name}", f"{name}.bak", f"{at}.rules", f"below/{name}"])] = body.encode()
        if dice.random() < 0.1:
            changed[f"{at}-end.rules"] = b"# after a NUL nothing is read\0\n" + body.encode()
    return changed


class Roots:
    """The root directories of a product."""

    def __init__(self, scratch, lint, product, content, machine):
        self.scratch, self.lint, self.product, self.content, self.machine = scratch, lint, product, content, machine
        self.all = {}
        seed = os.environ.get("AUDIT_RULES_SCANNER_SEED", "1")
        dice = random.Random(f"{seed} {product} {machine}")
        empty = self.root("empty", {})
        files = self.texts(empty)
        policies = self.applied()
        self.root("what lint says is accepted", files)
        self.root("in other words", each_line(policies, lambda line: reworded(line, dice)))
        self.root("in part, in other words", each_line(policies, lambda line: in_part(reworded(line, dice), dice, 0.7)))
        self.root("unusual files", unusual(policies, dice))
        self.root("a file that is not UTF-8", {**policies, "10-latin1.rules": b"# \xe4\n"})
        loaded = self.root("by auditctl", each_line(policies, lambda line: in_part(line, dice, 0.2)))
        for path, text in AUDITCTL.items():
            if os.path.exists(loaded.path + path):
                loaded.put(path, text)
        compiled = each_line(policies, lambda line: in_part(line, dice, 0.8))
        loaded.put("/etc/audit/audit.rules", "".join(compiled.values()))
        loaded.put("/etc/audit/audit.rules.prev", "".join(policies.values()))

    def root(self, name, files):
        root = Directory(os.path.join(self.scratch, str(len(self.all))), self.product, PRODUCTS[self.product][1])
        for file, text in files.items():
            root.put(f"{RULES_D}/{file}", text)
        self.all[name] = root
        return root

    def texts(self, empty):
        """What lint says that the scanner would accept, all together."""
        lines, exact = {}, {}
        for profile in self.content.profiles:
            if not self.content.selected(profile):
                continue
            for check in self.lint.checks(empty.path, self.product, profile, self.machine).values():
                text = check.get("text", "")
                if found := re.match(r"(\S+) has to hold these bytes", check.get("reason", "")):
                    exact[os.path.basename(found[1])] = text
                else:
                    lines.update(dict.fromkeys(text.splitlines()))
        # Nothing is loaded after the lock; a rule that matches less stands before one that matches more.
        order = sorted(lines, key=lambda line: (line == "-e 2", line))
        return {"60-all.rules": "".join(f"{line}\n" for line in order), **exact}

    def applied(self):
        """The policies of the product, applied by the executable."""
        root = self.root("policies", {})
        names = PRODUCTS[self.product][2]
        product = self.product if self.machine == "x86_64" else f"{self.product}-{self.machine}"
        files = {}
        for name in names if self.machine == "x86_64" else ["ospp"]:
            request = {"state": "present", "root": root.path, "target": "filesystem", "arch": self.machine, "on_missing": "skip"}
            report = asked(self.lint.program, {**request, "policy": {"name": name, "product": product}, "compile": "never"})
            if report["failed"] and report["errors"][0]["kind"] != "bad_value":
                sys.exit(f"{name} for {product}: {report['msg']}")
        for file in sorted(os.listdir(root.path + RULES_D)):
            with open(f"{root.path}{RULES_D}/{file}", encoding="utf-8") as opened:
                # A line that the root lacks the path of.
                files[file] = re.sub(r"(?m)^# audit_rules: \S+ does not exist: ", "", opened.read())
        return files


def compiled_version(product):
    """The version of the guide whose checks of a product are compiled in."""
    with open(os.path.join(PROJECT, "src", "scanner", "checks.json"), encoding="utf-8") as file:
        return json.load(file)["products"][product]["ssg"]


def compare_product(agreement, lint, content, product):
    """Compares for every machine for which the product has checks."""
    for machine in ("x86_64", "aarch64", "ppc64le"):
        if wanted := profiles_by_values(content, machine):
            compare_machine(agreement, lint, content, product, machine, wanted)


def compare_machine(agreement, lint, content, product, machine, wanted):
    with tempfile.TemporaryDirectory() as scratch:
        roots = Roots(scratch, lint, product, content, machine)
        agreement.roots += len(roots.all)
        agreement.profiles += sum(len(profiles) for profiles in wanted.values())
        ovals = {}
        for values, profiles in wanted.items():
            checks = sorted({check for selected in profiles.values() for check in selected})
            ovals[values] = (checks, content.cut(checks, asks_file=True))

        def of_root(item):
            at, (name, root) = item
            root.put("/proc/machine", f"{machine}\n")
            # Profiles that select the same checks are asked for one by one in one root alone.
            profiles = wanted if name == "in part, in other words" else once(wanted)
            own = os.path.join(scratch, f"scanner-{at}")
            os.mkdir(own)
            found = []
            for values, some in profiles.items():
                checks, oval = ovals[values]
                said = root.results(own, content, next(iter(some)), checks, oval)
                for profile, selected in some.items():
                    ours = lint.checks(root.path, product, profile, machine)
                    found += [(name, profile, check, ours.get(check, {"state": "missing"}), said[check]) for check in selected]
            return found

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for found in pool.map(of_root, enumerate(roots.all.items())):
                for name, profile, check, ours, said in found:
                    place = f"{product} {content.version}, {profile} on {machine}, {name}"
                    agreement.take(place, check, ours, said)


def once(wanted):
    """One profile of those that select the same."""
    of_checks = {values: {tuple(checks): name for name, checks in profiles.items()} for values, profiles in wanted.items()}
    return {values: {name: list(checks) for checks, name in of_values.items()} for values, of_values in of_checks.items()}


def profiles_by_values(content, machine):
    """The profiles that select checks for a machine, by the values that they give to variables."""
    found = {}
    for profile in content.profiles:
        checks = [check for check in content.selected(profile) if is_compared(content.checks[check], machine)]
        if checks:
            values = tuple(sorted(content.variables(profile, checks).items()))
            found.setdefault(values, {})[profile] = checks
    return found


def is_compared(check, machine):
    """OpenSCAP asks the machine that it runs on: for another one, those checks are compared that are for it alone."""
    return check.machine() == machine and check.is_for(machine)
