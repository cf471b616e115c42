#!/usr/bin/env python3
"""Writes policies/ from the patterns that the SCAP Security Guide's checks look for.

    tests/scanner/write_policies.py DIRECTORY...

Each directory has the content of one version (ssg-*-xccdf.xml, ssg-*-oval.xml), the newest first. What is written are rules
in our own order and words; only the files that checks compare byte for byte are taken as they stand.
"""

import json
import os
import re
import shutil
import sys
from collections import defaultdict
from copy import copy

from catalog import BORROWED, OTHER_MACHINES, PRODUCTS, TITLES, TOPICS, labels, topic, unit
from content import Content, Judge

POLICIES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "policies")
WHO = "-F auid>=1000 -F auid!=unset"


class Rule:
    """One rule of one check: the same but for `syscall` can be one line."""

    def __init__(self, check, before, syscall, after, key, watch=False):
        self.topic = topic(check)
        self.before, self.syscall, self.after, self.watch = before, syscall, after, watch
        self.key = TOPICS[self.topic][1] if key is None else key

    def identity(self):
        return (self.before, self.syscall, self.after, self.key)

    def lines(self):
        return line(self.before, [self.syscall], self.after, self.key)


def line(before, syscalls, after, key):
    calls = ",".join(call for call in syscalls if call)
    words = [before, f"-S {calls}" if calls else "", after]
    if key:
        words.append(f"-k {key}" if before.startswith("-w") else f"-F key={key}")
    return " ".join(word for word in words if word)


def plain(pattern):
    """A pattern without what only makes it tolerant."""
    for old, new in (("[\\s]+", " "), ("\\s+", " "), ("[\\s]*", ""), ("\\s*", ""), ("\\/", "/"), ("\\-", "-"), ("\\.", ".")):
        pattern = pattern.replace(old, new)
    pattern = pattern.replace("\\b([rx]*w[rx]*a[rx]*|[rx]*a[rx]*w[rx]*)\\b", "wa")
    return pattern.removeprefix("^").removesuffix("$").removesuffix(".*")


# Rules of these topics match less than others, and so stand before them.
NARROW = ("unsuccessful",)
# Directories that checks want to see after path=, where nothing is seen of the files in them.
DIRECTORIES = ("/etc/NetworkManager", "/etc/sysconfig/network-scripts", "/var/log/faillock", "/var/run/faillock")


def twins(rule):
    """What has to stand beside a rule so that it does what it is for."""
    for directory in DIRECTORIES:
        if f"-F path={directory} -F perm=wa" in rule.before:
            twin = copy(rule)
            twin.before = rule.before.replace(f"path={directory}", f"dir={directory}/")
            yield twin
    if rule.syscall == "renameat":
        # The programs of today rename with this one.
        twin = copy(rule)
        twin.syscall = "renameat2"
        yield twin


def rule_of(check, pattern, judge):
    """The rule that a pattern looks for, None where it looks for something else."""
    text = plain(pattern)
    if "guid" in text:
        # No such field exists.
        return None
    if found := re.match(r"-w (\S+?) -p (wa|x)(?:\\b)?(?: -k (\w+)$)?", text):
        return Rule(check, f"-w {found[1].replace('/?', '/')} -p {found[2]}", None, "", found[3], watch=True)
    if found := re.fullmatch(r"-a always,exit -F arch=(b\d\d) -F (path|dir)=(\S+) -F perm=wa", text):
        return Rule(check, f"-a always,exit -F arch={found[1]} -F {found[2]}={found[3]} -F perm=wa", None, "", None)
    if found := re.match(r"-a always,exit (-F arch=b\d\d )?-F path=([\w/.\-]+)(\(\?: -F perm=x\))? -F auid>=1000 -F auid!=", text):
        perm = "-F perm=x " if found[3] else ""
        return Rule(check, f"-a always,exit {found[1] or ''}-F path={found[2]} {perm}{WHO}", None, "", None)
    if found := re.match(r"-a always,exit (-F arch=b\d\d )?\(\?:-F dir=(\S+)\) \(\?:-F perm=r\)", text):
        return Rule(check, f"-a always,exit {found[1] or ''}-F dir={found[2]} -F perm=r {WHO}", None, "", None)
    if found := re.match(r"(-a always,exit -F arch=b\d\d) (-S execve .*?) \(\?:-k", text):
        return Rule(check, f"{found[1]} {found[2]}", None, "", None)
    if found := re.search(r"arch=(b\d\d).*\(-S (\w+) \|", text):
        after = []
        if exit_code := re.search(r"exit=-(\w+)", text):
            after.append(f"-F exit=-{exit_code[1]}")
        if "-F a0=" in text:
            after.append("-F a0=0x0")
        if "auid=0" in text:
            after.append("-F auid=0")
        if "auid>=1000" in text:
            after.append(WHO)
        return Rule(check, f"-a always,exit -F arch={found[1]}", found[2], " ".join(after), None)
    if found := re.match(r"-a always,exit \(\?:-F arch=(b\d\d) \)\(\?:-S .*?\((\w+)\)", text):
        after = re.findall(r"\(\?:(-F (?:a\d&\d+|exit=-\w+))\)", text)
        return Rule(check, f"-a always,exit -F arch={found[1]}", found[2], " ".join([*after, WHO]), None)
    if re.fullmatch(r"-c|-e 2|--loginuid-immutable", text):
        return Rule(check, text, None, "", "")
    if found := re.match(r"-f (\d|\(\\d\))", text):
        value = found[1] if found[1].isdigit() else next(iter(judge.external.values()), "2")
        for name, given in judge.external.items():
            value = given if "failure" in name and not found[1].isdigit() else value
        return Rule(check, f"-f {value}", None, "", "")
    return None


def judge(content, profile, text):
    return Judge(content, profile, dict([unit(content.product), ("/etc/audit/rules.d/rules.rules", text)]))


def rules_for(content, profile, check):
    """The rules that a check looks for, None where it does not accept them."""
    rules = []
    empty = judge(content, profile, "")
    for pattern in empty.patterns(check):
        rule = rule_of(check, pattern, empty)
        if rule is not None:
            rules.append(rule)

    def accepted(some):
        return judge(content, profile, "".join(rule.lines() + "\n" for rule in some)).passes(check)

    if not accepted(rules):
        return None
    # A watch that may stand in the place of another rule, and need not.
    for rule in [rule for rule in rules if rule.watch]:
        fewer = [other for other in rules if other is not rule]
        if fewer and accepted(fewer):
            rules = fewer
    return rules


class Policy:
    """The rules of a policy for a product: those for the newest content, and what older ones want besides."""

    def __init__(self, name, product, profiles, contents, machine="x86_64"):
        self.name, self.product, self.machine = name, product, machine
        self.newest = next((content for content in contents if any(profile in content.profiles for profile in profiles)), None)
        self.controls = defaultdict(list)
        self.rules, self.older, self.exact, self.open = {}, {}, {}, []
        self.privileged, self.forms, self.exact_controls = [], [], defaultdict(list)
        for content in contents:
            for profile in profiles:
                for check in content.selected(profile):
                    self.add(content, contents, profile, check)

    def add(self, content, contents, profile, check):
        found = labels(self.name, self.product, content.checks[check], contents)
        if not content.checks[check].is_for(self.machine):
            return
        exact = Judge(content, profile, {}).exact_files(check)
        if exact:
            for path, text in exact.items():
                self.exact.setdefault(os.path.basename(path), text)
                self.exact_controls[os.path.basename(path)] += found
            return
        if check == "audit_rules_privileged_commands":
            self.privileged = self.privileged or found
            self.add_form("".join(judge(content, profile, "").patterns(check)))
            return
        if content is not self.newest and self.accepted(content, profile, check):
            return
        rules = rules_for(content, profile, check)
        if rules is None:
            self.open.append((content.version, profile, check))
            return
        for rule in rules:
            if (other := self.same_watch(rule)) is not None:
                # What the kernel takes for the same watch may not be loaded twice; that a program in there is run is
                # nothing that anyone would do, and makes it another rule.
                rule.before = rule.before.replace("-p wa", "-p wax")
            for other in (rule, *twins(rule)):
                self.take(other, found, content is self.newest or TOPICS[rule.topic][0] in NARROW)

    def add_form(self, pattern):
        """The form of the rules for privileged programs that a pattern looks for."""
        if "arch=b32" in pattern:
            form = {"arch": ["b32", "b64"]}
        elif "perm=x" in pattern:
            form = {}
        else:
            form = {"permissions": "rwxa"}
        # Where perm= may stand or not, the form without does for both.
        if form == {} and {"permissions": "rwxa"} in self.forms or form in self.forms:
            return
        self.forms = [other for other in self.forms if other or form != {"permissions": "rwxa"}] + [form]

    def take(self, rule, found, newest):
        identity = rule.identity()
        if newest and identity not in self.older:
            self.rules.setdefault(identity, rule)
        elif identity not in self.rules:
            self.older.setdefault(identity, rule)
        self.controls[identity] += [label for label in found if label not in self.controls[identity]]

    def accepted(self, content, profile, check):
        rules = [*self.rules.values(), *self.older.values()]
        return judge(content, profile, "".join(rule.lines() + "\n" for rule in rules)).passes(check)

    def same_watch(self, rule):
        """A rule of ours that is another one in words, and the same watch to the kernel."""
        for identity, other in [*self.rules.items(), *self.older.items()]:
            if rule.watch and identity != rule.identity() and other.before.replace("/ -p", " -p") == rule.before.replace("/ -p", " -p"):
                return other
        return None

    def text(self, rules, title, last):
        """The rules of one file, by topic and controls; `last` are those that end the load."""
        groups = defaultdict(lambda: defaultdict(list))
        for identity, rule in rules.items():
            if (TOPICS[rule.topic][0] == "immutable") == last:
                place = (rule.topic, *sorted(self.controls[identity]))
                groups[place][(rule.before, rule.after, rule.key)].append(rule.syscall)
        if not groups:
            return None
        out, before = [f"# {title}"], None
        if any(f"path={directory} " in head for group in groups.values() for head, _, _ in group for directory in DIRECTORIES):
            out += [
                "#",
                "# The benchmark watches directories with path=, which sees nothing of what is done to the files in them. The rules",
                "# with dir= beside do.",
                "# lint: ignore path_is_directory",
            ]
        # A topic's title once, also where two topics share it.
        titles = [TOPICS[index][2] for index in range(len(TOPICS))]

        def order(place):
            # Nothing can be loaded after the lock.
            locks = any(head == "-e 2" for head, _, _ in groups[place])
            return (titles.index(titles[place[0]]), place[0], locks, natural(place[1:]))

        for place in sorted(groups, key=order):
            out.append("")
            if titles[place[0]] != before:
                before = titles[place[0]]
                out.append(f"# {before}")
            out.append(f"# control: {', '.join(place[1:])}")
            for (head, after, key), syscalls in sorted(groups[place].items(), key=word_lengths_together):
                out.append(line(head, sorted(syscalls, key=lambda call: call or ""), after, key))
        return "\n".join(out) + "\n"


def word_lengths_together(item):
    (head, after, key), syscalls = item
    return (re.sub(r" -F arch=b\d\d", "", head), after, key, sorted(call or "" for call in syscalls), head)


def natural(texts):
    return [[part.zfill(8) for part in re.split(r"[ .\-]", text)] for text in texts]


def has(directory, product):
    return os.path.exists(os.path.join(directory, f"ssg-{product}-xccdf.xml"))


def main(directories):
    found = defaultdict(dict)
    products = {}
    kept = {"README.md", "LICENSE-ComplianceAsCode"}
    for entry in os.listdir(POLICIES) if os.path.isdir(POLICIES) else []:
        if entry not in kept:
            path = os.path.join(POLICIES, entry)
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
    written = {}
    for product, (title, systems, policies) in PRODUCTS.items():
        contents = [Content(directory, product) for directory in directories if has(directory, product)]
        products[product] = {"title": title, "os": [{"id": name, "version": version} for name, version in systems]}
        for name, profiles in policies.items():
            policy = Policy(name, product, profiles, contents)
            for version, profile, check in policy.open:
                print(f"{product} {name}: {check} of {profile} {version}: no rules found", file=sys.stderr)
            entry = write(policy, product, profiles, written)
            if entry["files"]:
                found[name][product] = entry
    for product, (source, machine) in OTHER_MACHINES.items():
        title = f"{PRODUCTS[source][0]}, {machine}"
        contents = [Content(directory, source) for directory in directories if has(directory, source)]
        policy = Policy("ospp", source, PRODUCTS[source][2]["ospp"], contents, machine)
        products[product] = {"title": title, "os": []}
        found["ospp"][product] = write(policy, product, PRODUCTS[source][2]["ospp"], written)
    for product, (title, systems, source, names) in BORROWED.items():
        products[product] = {"title": title, "os": [{"id": name, "version": version} for name, version in systems]}
        for name in names:
            entry = dict(found[name][source])
            entry["benchmark"] += f", as for {PRODUCTS[source][0]}: SSG has no profile for {title}"
            found[name][product] = entry
    dump("products.json", products)
    for name, entries in found.items():
        dump(f"{name}/policy.json", {"title": TITLES[name], "products": entries})


def write(policy, product, profiles, written):
    newest = policy.newest
    profile = next(profile for profile in profiles if profile in newest.profiles)
    files = []

    def save(base, text):
        if text is None:
            return
        path = f"{product}/{base}"
        # Products that agree byte for byte share a file.
        path = written.setdefault((policy.name, base, text), path)
        target = os.path.join(POLICIES, policy.name, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)
        files.append(path)

    for base, text in policy.exact.items():
        # What a file has to hold byte for byte need not stand in another one.
        for rules in (policy.rules, policy.older):
            for identity in [identity for identity, rule in rules.items() if rule.lines() in text.splitlines()]:
                del rules[identity]
                policy.exact_controls[base] += policy.controls[identity]
    heading = TITLES[policy.name]
    save(f"30-{policy.name}.rules", policy.text(policy.rules, heading, False))
    older = f"{heading}: what scanners with older content look for, in other words or besides"
    save(f"40-{policy.name}-older.rules", policy.text(policy.older, older, False))
    for base, text in sorted(policy.exact.items()):
        save(base, text)
    save(f"99-lock-{policy.name}.rules", policy.text({**policy.older, **policy.rules}, heading, True))
    files.sort(key=os.path.basename)
    entry = {"benchmark": f"{newest.profiles[profile].title}, as of SSG {newest.version}", "files": files}
    if policy.exact:
        entry["header"] = False
        entry["controls"] = {base: sorted(set(controls), key=lambda label: natural([label])) for base, controls in sorted(policy.exact_controls.items())}
    if policy.privileged:
        entry["privileged"] = {"name": f"50-privileged-{policy.name}", "key": "privileged", "labels": policy.privileged}
        if policy.forms != [{}]:
            entry["privileged"]["forms"] = policy.forms
    return entry


def dump(path, value):
    path = os.path.join(POLICIES, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
