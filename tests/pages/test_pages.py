#!/usr/bin/env python3
"""
The page of a fleet in a real browser.

    tests/pages/test_pages.py           needs chromium, from the distribution
    UPDATE=1 tests/pages/test_pages.py  writes docs/pictures/ too
"""

import os
import pathlib
import sys
import tempfile
import unittest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT / "module_utils"), str(pathlib.Path(__file__).parent)]

import audit_rules_fleet as fleet  # noqa: E402
import audit_rules_fleet_page as page  # noqa: E402
import browser  # noqa: E402
import fleets  # noqa: E402

PICTURES = PROJECT / "docs/pictures"
MOST_BYTES, MOST_SECONDS, LEAST_CONTRAST = 2 * 1024 * 1024, 1.0, 4.5

# Of every text its contrast with what is behind it (WCAG 2.2, 1.4.3), signs before it too; gives those that have too little.
CONTRAST = """
(() => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  let looked = 0;
  for (const element of document.body.querySelectorAll('*')) {
    const has_text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!has_text || ['SCRIPT', 'STYLE'].includes(element.tagName)) continue;
    looked += 1;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < LEAST) found.push(element.tagName + '.' + element.className + ': ' + ratio.toFixed(2));
  }
  return {looked, found: [...new Set(found)]};
})()
""".replace("LEAST", str(LEAST_CONTRAST))

# Milliseconds from a change of the filter until the page is laid out and painted.
FILTER_TIME = """
new Promise((done) => {
  const start = performance.now();
  DO;
  document.body.offsetHeight;
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
})
"""

ROWS = "[...document.querySelectorAll('[data-host]')].filter((row) => row.offsetParent !== null).map((row) => row.dataset.host)"


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.browser = browser.Browser(browser.find())

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.directory.cleanup()

    def open(self, name, hosts, **options):
        """Shows the page of a fleet; gives its size in bytes."""
        style = (PROJECT / "src/html/page.css").read_text(encoding="utf-8")
        text = page.render(fleet.summarize(*hosts, title="Audit rules of the fleet", made="2026-12-01T03:00:00Z"), style)
        path = pathlib.Path(self.directory.name) / (name + ".html")
        path.write_text(text, encoding="utf-8")
        self.browser.open(str(path), **options)
        return len(text.encode("utf-8"))

    def choose(self, value, name="host"):
        self.browser.run("document.querySelector('[name={}][value={}]').click()".format(name, value))

    def test_the_browser_has_nothing_to_complain_about(self):
        for name in ("small", "hostile"):
            self.open(name, getattr(fleets, name)())
            self.assertEqual(self.browser.complaints, [])
            self.assertEqual(self.browser.run("document.compatMode"), "CSS1Compat")

    def test_a_host_cannot_bring_a_script_or_an_element_into_the_page(self):
        self.open("hostile", fleets.hostile())
        self.assertEqual(self.browser.run("document.title"), "Audit rules of the fleet")
        self.assertEqual(self.browser.run("document.querySelectorAll('img, body script:not(:last-child), [onmouseover], [onerror]').length"), 0)
        # Even one that came in would not run: the policy of the page names its own by their hashes.
        self.browser.run("const own = document.createElement('script'); own.textContent = \"document.title = 'taken'\"; document.body.append(own)")
        self.assertEqual(self.browser.run("document.title"), "Audit rules of the fleet")

    def test_the_filter_shows_the_hosts_of_one_state_and_of_one_table_alone(self):
        self.open("small", fleets.small())
        everything = self.browser.run(ROWS)
        self.assertEqual(len(everything), 19)
        for value, hosts in (
            ("drift", ["db01.example.com", "db02.example.com"]), ("failed", ["old.example.com"]), ("unreachable", ["edge7.example.com"]),
            ("files", ["build-container", "golden-image"]), ("unknown", ["mail.example.com"]),
        ):  # fmt: skip
            self.choose(value)
            self.assertEqual(self.browser.run(ROWS), hosts)
        self.choose("all")
        self.choose("drift", "control")
        self.assertEqual(self.browser.run(ROWS), everything)
        controls = self.browser.run("[...document.querySelectorAll('tr[data-state]:not([data-host])')].filter((row) => row.offsetParent).length")
        self.assertEqual(controls, 4)

    def test_the_filter_works_without_scripts(self):
        self.browser.call("Emulation.setScriptExecutionDisabled", value=True)
        try:
            self.open("small", fleets.small())
            # The browser's own scripts run all the same; those of the page did not.
            self.assertTrue(self.browser.run("document.querySelector('[type=search]').parentElement.hidden"))
            self.choose("failed")
            self.assertEqual(self.browser.run(ROWS), ["old.example.com"])
        finally:
            self.browser.call("Emulation.setScriptExecutionDisabled", value=False)

    def test_names_are_looked_for_and_what_is_left_is_said(self):
        self.open("small", fleets.small())
        self.browser.run("document.querySelector('[type=search]').focus()")
        for key in "WEB1":
            self.browser.press(key, ord(key))
        self.assertEqual(self.browser.run(ROWS), ["web10.example.com", "web11.example.com", "web12.example.com"])
        self.assertIn(("StaticText", "3 of 19 hosts have that in their name"), self.browser.names())
        self.choose("drift")
        self.assertEqual(self.browser.run(ROWS), [])

    def test_the_keyboard_reaches_the_filters_and_shows_where_it_is(self):
        self.open("small", fleets.small())
        reached = []
        for _ in range(30):
            self.browser.press("Tab", 9)
            reached.append(self.browser.run("document.activeElement.name || document.activeElement.type || document.activeElement.className"))
        # The groups of hosts, the filter, the names, the table that scrolls, what the hosts have to say, and so on.
        for name in ("host", "search", "scroll", "control"):
            self.assertIn(name, reached)
        self.open("small", fleets.small())
        while self.browser.run("document.activeElement.name") != "host":
            self.browser.press("Tab", 9)
        outline = self.browser.run("getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth")
        self.assertEqual(outline, "solid3px")
        self.browser.press("ArrowRight", 39)
        self.assertEqual(self.browser.run(ROWS), ["db01.example.com", "db02.example.com"])

    def test_everything_has_a_name_for_a_screen_reader(self):
        self.open("small", fleets.small())
        names = self.browser.names()
        for role, name in (
            ("RootWebArea", "Audit rules of the fleet"), ("heading", "Hosts"), ("group", "Show hosts"), ("radio", "Drift (2)"),
            ("radio", "Files only (2)"), ("searchbox", "Name has"), ("region", "Every host, drift first"), ("rowheader", "db01.example.com"),
            ("columnheader", "State"),
        ):  # fmt: skip
            self.assertIn((role, name), names)

    def test_light_and_dark_have_contrast(self):
        for scheme in ("light", "dark"):
            self.open("small", fleets.small(), scheme=scheme)
            self.browser.run("for (const each of document.querySelectorAll('details')) each.open = true")
            result = self.browser.run(CONTRAST)
            self.assertEqual(result["found"], [], scheme)
            self.assertGreater(result["looked"], 200)
        self.assertNotEqual(self.browser.run("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)")

    def test_a_thousand_hosts_are_small_and_quick(self):
        for name, hosts in (("some", fleets.large(every=20)), ("all", fleets.large())):
            self.assertLess(self.open(name, hosts), MOST_BYTES)
            for what in ("document.querySelector('[value=ok], [value=drift]').click()", "document.querySelector('[name=host][value=drift]').click()",
                         "document.querySelector('[name=host][value=all]').click()"):  # fmt: skip
                took = self.browser.run(FILTER_TIME.replace("DO", what)) / 1000
                print("{}: {:.2f} s".format(name, took))
                self.assertLess(took, MOST_SECONDS, what)
            typed = "field.value = '99'; field.dispatchEvent(new Event('input'))"
            self.assertLess(self.browser.run(FILTER_TIME.replace("DO", typed)) / 1000, MOST_SECONDS)
            self.assertEqual(len(self.browser.run(ROWS)), 19)

    def test_no_page_is_wider_than_the_window(self):
        for width in (360, 800, 1200):
            for name in ("small", "hostile"):
                self.open(name, getattr(fleets, name)(), width=width)
                self.assertEqual(self.browser.run("document.documentElement.scrollWidth"), width, name)

    def test_what_is_printed_is_whole_light_and_without_filters(self):
        # As wide as A4 with margins.
        self.open("small", fleets.small(), width=718, scheme="dark")
        self.choose("failed")
        self.browser.prefer("dark", media="print")
        self.assertEqual(len(self.browser.run(ROWS)), 19)
        self.assertFalse(self.browser.run("[...document.querySelectorAll('.filter')].some((each) => each.offsetParent !== null)"))
        self.assertEqual(self.browser.run("getComputedStyle(document.querySelector('thead')).display"), "table-header-group")
        self.assertEqual(self.browser.run("getComputedStyle(document.querySelector('.state')).printColorAdjust"), "exact")
        self.assertEqual(self.browser.run("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)")
        # What is folded on the screen has a height on paper.
        self.assertTrue(self.browser.run("[...document.querySelectorAll('details > :not(summary)')].every((each) => each.offsetHeight > 0)"))
        self.assertEqual(self.browser.run("Math.max(...[...document.querySelectorAll('html, table, .scroll')].map((each) => each.scrollWidth))"), 718)

    @unittest.skipUnless(os.environ.get("UPDATE"), "UPDATE=1 writes docs/pictures")
    def test_the_pictures_of_the_documents_are_written(self):
        PICTURES.mkdir(exist_ok=True)
        for scheme in ("light", "dark"):
            self.open("small", fleets.small(), width=1100, height=1000, scheme=scheme)
            picture = self.browser.picture()
            self.assertLess(len(picture), 150 * 1024)
            (PICTURES / "fleet-{}.png".format(scheme)).write_bytes(picture)


if __name__ == "__main__":
    if not browser.find():
        print("not run: the pages in a browser: apt-get install chromium")
        sys.exit(0)
    ended = unittest.main(exit=False).result
    print("ran: {} tests of pages in Chromium".format(ended.testsRun - len(ended.skipped)))
    sys.exit(not ended.wasSuccessful())
