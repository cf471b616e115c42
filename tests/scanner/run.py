#!/usr/bin/env python3
"""Applies each policy to a root directory of its product, and asks OpenSCAP what it makes of it.

    tests/scanner/run.py --program target/debug/audit_rules [--update] [--product rhel9]

Every check of audit rules that a profile selects has to pass, but for those that tests/scanner/unreachable.py gives a reason
for. docs/benchmarks.md has to be what comes out; --update writes it. Then lint is asked about the same checks, and has to agree.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile

import document
from agree import Agreement, Lint, compare_product, compiled_version
from catalog import BORROWED, PRODUCTS
from content import Content
from fetch import all_contents
from roots import PROJECT, Root
from unreachable import reason


def measure(program, contents, products):
    """A row for each product, policy, profile and version, with what did not pass and has no reason, or the reverse;
    and what came of lint."""
    rows, wrong, agreement = [], [], Agreement()
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
        before = agreement.checks
        if product in PRODUCTS:
            compiled = next((content for content in versions if content.version == compiled_version(product)), None)
            if compiled is None:
                print(f"not run: lint for {product}, whose SSG {compiled_version(product)} is missing")
            else:
                compare_product(agreement, Lint(program), compiled, product)
        count = sum(len(row.results) for row in rows if row.title == title)
        print(f"{product}: {count} checks, {agreement.checks - before} of lint", flush=True)
    return rows, wrong, agreement


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
    rows, wrong, agreed = measure(os.path.abspath(given.program), contents, products)
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
    for line in agreed.differences:
        print(f"differs: {line}", file=sys.stderr)
    checks = sum(len(row.results) for row in rows)
    print(
        f"ran: {checks} checks of {len(rows)} profiles, {len(wrong) + len(old)} differ; lint against OpenSCAP: {agreed.checks} checks"
        f" of {agreed.profiles} profiles in {agreed.roots} root directories, {agreed.accepted} accepted, {agreed.undecided} undecided,"
        f" {len(agreed.differences)} differ"
    )
    return 1 if wrong or old or agreed.differences else 0


if __name__ == "__main__":
    sys.exit(main())
