#!/usr/bin/env python3
"""Writes src/scanner/checks.json: what the SCAP Security Guide's checks of audit rules look for, for the executable.

    tests/scanner/write_checks.py DIRECTORY...

The directories are those of write_policies.py, the newest content first; of each product the first that has it is taken.

A check is a tree of nodes. A child below zero, -1-N, is node N negated:
    {"all": [..]}, {"any": [..]}
    {"in": FILES, "find": PATTERN}  the files in which the pattern is found; with it may stand
        "each": true     every match of a file counts, not the first alone
        "count": "one"   exactly one match, or "none"
        "whole": true    the pattern is about the file as a whole: ^ and $ are its ends, and . is a newline too
        "text": TEXT     each match is this text
        "group": GROUP   each match has this group; with "some": true, one of them has
        "built": [..]    in place of "find": the parts of a pattern, texts and what the node of that number matches
    {"in": FILES, "find": PATTERN, "programs": {..}}  as many matches as there are privileged programs, each with the path of one
    {"machine": NAME}   the machine is this one
    {"image": true}     the host is made of an image (bootc)
    {"unknown": WHY}    a file of rules does not tell
"""

import gzip
import json
import os
import re
import sys

from catalog import BORROWED, PRODUCTS, labels, unit
from content import OVAL, Content, Judge, local
from write_policies import rule_of, rules_for

TARGET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src", "scanner", "checks.json")
BENCHMARKS = ("anssi", "cis", "ospp", "pci-dss", "stig")
# What the existence of matches is called; one at least is what is usual.
EXISTENCE = {"at_least_one_exists": None, "all_exist": None, "only_one_exists": "one", "none_exist": "none"}


class Table:
    """Values, each once."""

    def __init__(self):
        self.values, self.known = [], {}

    def place(self, value):
        key = json.dumps(value, sort_keys=True)
        if key not in self.known:
            self.known[key] = len(self.values)
            self.values.append(value)
        return self.known[key]


class Tables:
    def __init__(self):
        self.patterns, self.files, self.texts, self.nodes = Table(), Table(), Table(), Table()


class Reduced:
    """The nodes of the checks of one content, with the values that a profile gives to variables."""

    def __init__(self, content, profile, tables):
        self.content, self.tables = content, tables
        self.judge = Judge(content, profile, {})
        self.elements = content.elements

    def node(self, check):
        root = self.definition(self.content.checks[check].definition)
        return self.tables.nodes.place({"all": [root]}) if root < 0 else root

    def definition(self, identifier):
        if ":ssg-bootc:" in identifier:
            return self.tables.nodes.place({"image": True})
        return self.criteria(self.elements[identifier].find(OVAL + "criteria"))

    def criteria(self, criteria):
        children = []
        operator = "any" if criteria.get("operator") == "OR" else "all"
        for part in criteria:
            kind = local(part)
            if kind == "criteria":
                child = self.criteria(part)
            elif kind == "extend_definition":
                child = self.definition(part.get("definition_ref"))
            else:
                child = self.test(part.get("test_ref"))
            if kind != "criteria" and part.get("negate") == "true":
                child = -1 - child
            known = self.tables.nodes.values[child] if child >= 0 else {}
            children += known[operator] if operator in known else [child]
        children = list(dict.fromkeys(children))
        result = children[0] if len(children) == 1 else self.tables.nodes.place({operator: children})
        return -1 - result if criteria.get("negate") == "true" else result

    def test(self, identifier):
        return self.tables.nodes.place(getattr(self, local(self.elements[identifier]))(self.elements[identifier]))

    def parts(self, test):
        found = {"object": None, "state": None}
        for part in test:
            name = local(part)
            if found[name] is not None:
                sys.exit(f"{test.get('id')} has several of {name}")
            found[name] = self.elements[part.get(f"{name}_ref")]
        return found["object"], found["state"]

    def uname_test(self, test):
        _, state = self.parts(test)
        (processor,) = state
        return {"machine": processor.text}

    def variable_test(self, _):
        # How many programs there are is a part of the test of their rules.
        return {"all": []}

    def textfilecontent54_test(self, test):
        found, state = self.parts(test)
        parts = {local(part): part for part in found}
        node = {"in": self.files(parts["filepath"]), **self.pattern(parts["pattern"])}
        if parts["instance"].get("operation", "equals") == "greater than or equal":
            node["each"] = True
        if count := EXISTENCE[test.get("check_existence", "at_least_one_exists")]:
            node["count"] = count
        if "behaviors" in parts:
            if parts["behaviors"].attrib != {"singleline": "true", "multiline": "false"}:
                sys.exit(f"{found.get('id')}: {parts['behaviors'].attrib}")
            node["whole"] = True
        if "filter" in parts:
            return self.programs(found, node)
        if state is not None:
            (value,) = state
            texts = self.judge._texts(value)
            if len(texts) != 1 or value.get("operation") != "equals":
                return {"unknown": "documentation"}
            if local(value) == "text":
                node["text"] = self.tables.texts.place(texts[0])
            else:
                node["group"] = texts[0]
            if test.get("check") == "at least one":
                node["some"] = True
        return node

    def files(self, path):
        if path.get("var_ref"):
            sys.exit("a variable names files")
        return self.tables.files.place({"like" if path.get("operation") == "pattern match" else "is": path.text})

    def pattern(self, part):
        """A pattern; or the parts of one, where the matches of others are parts of it."""
        texts = self.judge._texts(part)
        if len(texts) == 1:
            return {"find": self.tables.patterns.place(texts[0])}
        (concat,) = self.elements[part.get("var_ref")]
        parts = []
        for component in concat:
            if local(component) == "literal_component":
                parts.append(component.text)
                continue
            if component.get("item_field") != "text":
                sys.exit(f"{part.get('var_ref')}: a pattern of other things than matches")
            other = {local(part): part for part in self.elements[component.get("object_ref")]}
            node = {"in": self.files(other["filepath"]), **self.pattern(other["pattern"]), "each": True}
            parts.append(self.tables.nodes.place(node))
        return {"built": parts}

    def programs(self, found, node):
        """Which programs: those of `like` that are none of `not`."""
        if "_bootc" in found.get("id"):
            return {"unknown": "image"}
        (file_object,) = (
            self.elements[identifier]
            for identifier in self.content.reached(found.get("id"))
            if local(self.elements[identifier]) == "file_object"
        )
        programs = {"not": []}
        for part in file_object:
            if local(part) == "filename" and part.get("operation") == "pattern match":
                programs["like"] = self.tables.patterns.place(part.text)
            if local(part) == "filter" and part.get("action") == "exclude":
                (path,) = self.elements[part.text]
                programs["not"].append(self.tables.patterns.place(path.text))
        return {**node, "programs": programs}


def accepted_text(content, profile, check):
    """The rules that a check accepts, as lines; with {} for a privileged program."""
    exact = Judge(content, profile, {}).exact_files(check)
    if exact:
        (text,) = exact.values()
        return text
    if check == "audit_rules_privileged_commands":
        pattern = "".join(Judge(content, profile, {}).patterns(check))
        archs = ("-F arch=b32 ", "-F arch=b64 ") if "arch=b32" in pattern else ("",)
        perm = "-F perm=x " if "perm=x" in pattern else ""
        line = "-a always,exit {}-F path={{}} {}-F auid>=1000 -F auid!=unset -F key=privileged\n"
        return "".join(line.format(arch, perm) for arch in archs)
    if check.endswith("_rule_order"):
        # In the order of their texts, narrow ones stand before wide ones.
        empty = Judge(content, profile, {})
        rules = [rule_of(check, pattern, empty) for pattern in empty.patterns(check)]
    elif check == "audit_rules_enable_syscall_auditing":
        # It is accepted where a rule is missing.
        return ""
    else:
        rules = rules_for(content, profile, check)
    if rules is None:
        return ""
    return "".join(f"{text}\n" for text in sorted({rule.lines() for rule in rules}))


def machines(check):
    """For which machines a check is, where it is not for all."""
    named = re.findall(r"(not_)?(aarch64|ppc64le|ppc64|s390x|x86_64)_arch", " ".join(check.platforms))
    found = {}
    if only := sorted({name for negation, name in named if not negation}):
        found["only"] = only
    if others := sorted({name for negation, name in named if negation}):
        found["not"] = others
    return found


def controls(product, check, contents):
    """The numbers of a check in each benchmark."""
    found = {}
    for benchmark in BENCHMARKS:
        numbers = [label for label in labels(benchmark, product, check, contents) if not label.endswith(f" {check.name}")]
        if numbers:
            found[benchmark] = numbers
    return found


def write_product(product, contents, tables):
    content = contents[0]
    profiles = {name: content.selected(name) for name in content.profiles if content.selected(name)}
    names = sorted({check for checks in profiles.values() for check in checks})
    checks, at_first = [], {}
    selected = {}
    for profile, chosen in profiles.items():
        reduced = Reduced(content, profile, tables)
        entries = []
        for name in chosen:
            values = content.variables(profile, [name])
            key = (name, *sorted(values.items()))
            if key not in at_first:
                check = content.checks[name]
                entry = {"id": name, "node": reduced.node(name)}
                text = accepted_text(content, profile, name)
                if text:
                    entry["accepts"] = tables.texts.place(text)
                else:
                    print(f"{product}: {name} of {profile}: no text that is accepted", file=sys.stderr)
                if check.cce:
                    entry["cce"] = check.cce
                if numbers := controls(product, check, contents):
                    entry["controls"] = numbers
                if found := machines(check):
                    entry["machines"] = found
                at_first[key] = len(checks)
                checks.append(entry)
            entries.append(at_first[key])
        selected[profile] = {"title": content.profiles[profile].title, "checks": entries}
    assert names
    path, text = unit(product)
    return {"ssg": content.version, "unit": {"path": path, "text": text}, "checks": checks, "profiles": selected}


def main(directories):
    tables = Tables()
    products = {}
    for product in PRODUCTS:
        contents = [Content(place, product) for place in directories if os.path.exists(f"{place}/ssg-{product}-xccdf.xml")]
        products[product] = write_product(product, contents, tables)
    written = {
        "patterns": tables.patterns.values,
        "files": tables.files.values,
        "texts": tables.texts.values,
        "nodes": tables.nodes.values,
        "products": products,
        "borrowed": {product: source for product, (_, _, source, _) in BORROWED.items()},
    }
    os.makedirs(os.path.dirname(TARGET), exist_ok=True)
    text = lines(written).encode()
    with open(TARGET, "wb") as file:
        file.write(text)
    # The executable has them packed. Without a time in it, the same checks give the same bytes.
    with open(f"{TARGET}.gz", "wb") as file:
        file.write(gzip.compress(text, mtime=0))


def lines(written):
    """JSON with one entry a line, so that a change of the content can be read."""
    short = {"ensure_ascii": False, "separators": (",", ":")}
    parts = []
    for name in ("patterns", "files", "texts", "nodes"):
        entries = ",\n".join(json.dumps(value, **short) for value in written[name])
        parts.append(f'"{name}":[\n{entries}\n]')
    products = []
    for name, product in written["products"].items():
        checks = ",\n".join(json.dumps(check, **short) for check in product["checks"])
        profiles = ",\n".join(f"{json.dumps(key)}:{json.dumps(value, **short)}" for key, value in product["profiles"].items())
        head = ",".join(f"{json.dumps(key)}:{json.dumps(product[key], **short)}" for key in ("ssg", "unit"))
        products.append(f'"{name}":{{{head},"checks":[\n{checks}\n],"profiles":{{\n{profiles}\n}}}}')
    parts.append('"products":{\n' + ",\n".join(products) + "\n}")
    parts.append(f'"borrowed":{json.dumps(written["borrowed"], **short)}')
    return "{" + ",\n".join(parts) + "}\n"


if __name__ == "__main__":
    main(sys.argv[1:])
