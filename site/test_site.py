#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Builds the site and follows its links; searches it in a browser.

    site/test_site.py MDBOOK DIRECTORY
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import re
import shutil
import sys
import unittest
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote

PROJECT = Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path[:0] = [str(PROJECT / "site"), str(PROJECT / "tests/pages")]

import browser  # noqa: E402
import links  # noqa: E402

_loader = importlib.machinery.SourceFileLoader("site_build", str(PROJECT / "site/build"))
site_build = importlib.util.module_from_spec(importlib.util.spec_from_loader("site_build", _loader))
_loader.exec_module(site_build)

MDBOOK, DIRECTORY = "", Path()
# The first page only, so that a page which takes its place is noticed.
FIRST = "One static Linux executable"
# What the search is asked, and the page that has to be among its answers.
SEARCHES = {"suppressed": "docs/reports.html", "backlog_limit": "docs/requests.html", "setgid programs": "docs/programs.html"}


class Page(HTMLParser):
    """What a page links to, what it loads, and what can be linked to."""

    def __init__(self, text: str):
        super().__init__()
        self.links, self.loads, self.anchors = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        has = dict(attributes)
        self.anchors.update(has[name] for name in ("id", "name") if has.get(name))
        if tag == "a" and has.get("href"):
            self.links.append(has["href"])
        elif tag in ("img", "script", "iframe") and has.get("src"):
            self.loads.append(has["src"])
        elif tag == "link" and has.get("href"):
            self.loads.append(has["href"])


def dead(html: Path) -> list[str]:
    """Gives each link of the site that leads nowhere in it, and each thing that is loaded from elsewhere."""
    pages = {path: Page(path.read_text()) for path in html.rglob("*.html")}
    wrong = []
    for path, page in pages.items():
        # Its links are written for the top of the site.
        if path.name == "404.html":
            continue
        wrong += [f"{path.relative_to(html)} loads {link}" for link in page.loads if re.match(r"([a-z]+:)?//", link)]
        for link in page.links + page.loads:
            if re.match(r"([a-z]+:|//)", link):
                continue
            name, _, anchor = unquote(link).partition("#")
            target = (path.parent / name).resolve() if name else path
            if not target.is_file() or (anchor and target in pages and anchor not in pages[target].anchors):
                wrong.append(f"{path.relative_to(html)}: {link}")
    return wrong


class Site(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.documents = site_build.build(MDBOOK, DIRECTORY)
        cls.html = DIRECTORY / "html"

    def test_every_link_and_anchor_leads_somewhere_in_the_site(self):
        self.assertEqual(dead(self.html), [])

    def test_a_dead_link_a_dead_anchor_and_a_foreign_script_are_found(self):
        broken = DIRECTORY / "broken"
        shutil.copytree(self.html, broken)
        page = broken / "docs/glossary.html"
        added = '<a href="nowhere.html">a</a><a href="requests.html#nowhere">b</a><script src="https://example.org/a.js"></script>'
        page.write_text(page.read_text() + added)
        found = dead(broken)
        self.assertEqual(
            found,
            ["docs/glossary.html loads https://example.org/a.js", "docs/glossary.html: nowhere.html", "docs/glossary.html: requests.html#nowhere"],
        )

    def test_each_document_of_docs_has_a_page_with_its_heading(self):
        for path in sorted((PROJECT / "docs").rglob("*.md")):
            name = str(path.relative_to(PROJECT))
            self.assertIn(name, self.documents)
            heading = re.sub(r"[`*]", "", path.read_text().split("\n", 1)[0].lstrip("# "))
            text = re.sub(r"<[^>]+>", "", (self.html / name).with_suffix(".html").read_text())
            self.assertIn(heading, text)

    def test_the_readme_is_the_first_page(self):
        self.assertIn(FIRST, (self.html / "index.html").read_text())

    def test_what_looks_like_a_link_in_an_example_is_none(self):
        text = "[a](b.md#c) [d](https://e) `[f](g.md)`\n\n```text\n[h](i.md)\n```\n[j](../k.json)"
        self.assertEqual(links.local(text), ["b.md#c", "../k.json"])
        self.assertEqual(links.file_of("docs/a.md", "../k.json"), "k.json")
        self.assertEqual(links.file_of("docs/a.md", "#c"), "docs/a.md")

    def test_the_search_finds_the_page_that_says_it(self):
        found = browser.find()
        if not found:
            self.skipTest("not run: the search of the site in a browser: apt-get install chromium")
        chromium = browser.Browser(found)
        try:
            for words, page in SEARCHES.items():
                chromium.open(f"{self.html}/index.html?search={quote(words)}")
                answers = chromium.run(ANSWERS)
                self.assertTrue(any(page in answer for answer in answers), f"{words}: {answers}")
            (DIRECTORY / "search.png").write_bytes(chromium.picture())
            self.assertEqual(chromium.complaints, [])
        finally:
            chromium.close()


# The index is fetched after the page is there.
ANSWERS = """
new Promise((done) => {
  const until = Date.now() + 20000;
  const look = () => {
    const found = [...document.querySelectorAll('#mdbook-searchresults a, #searchresults a')].map((link) => link.href);
    if (found.length || Date.now() > until) done(found); else setTimeout(look, 50);
  };
  look();
})
"""


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    MDBOOK, DIRECTORY = sys.argv[1], Path(sys.argv[2]).resolve()
    outcome = unittest.main(argv=sys.argv[:1], exit=False).result
    for _, reason in outcome.skipped:
        print(reason)
    if outcome.wasSuccessful():
        print(f"ran: {outcome.testsRun - len(outcome.skipped)} tests of the site of the documents")
    raise SystemExit(not outcome.wasSuccessful())
