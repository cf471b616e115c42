# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The diff of a report, as Ansible shows it: the same text, a piece for each layer, in colour."""

from __future__ import annotations

import difflib
import random
import re

import pytest
from ansible import constants
from ansible.plugins.callback import CallbackBase

from ansible_collections.linux.audit.plugins.plugin_utils import layers

FILE = "/etc/audit/rules.d/30-identity.rules"


def unified(name, before, after):
    return "".join(difflib.unified_diff(before, after, f"before: {name}", f"after: {name}"))


def lines(count, word="line"):
    return [f"-w /etc/{word}{number} -p wa\n" for number in range(count)]


def shown(diff):
    """What a callback prints, without colours and without the empty line after each entry."""
    text = CallbackBase()._get_diff([dict(entry) for entry in diff])
    return re.sub(r"\n\n(?=--- |$)", "\n", re.sub(r"\x1b\[[0-9;]*m", "", text))


@pytest.mark.parametrize("before, after", [
    ([], lines(3)),
    (lines(3), []),
    (lines(3), lines(4)),
    (lines(300), [*lines(150), "-w /new -p wa\n", *lines(300)[150:]]),
    (lines(300), [*lines(10), *lines(300)[12:200], "-w /new -p wa\n", *lines(300)[200:290]]),
    (["# a\n", "-w /x -p wa"], ["# a\n", "-w /x -p wa\n"]),
    (["# a\n", "-w /x -p wa\n"], ["# a\n", "-w /y -p wa"]),
    (["\n", "\n", "# a\n"], ["\n", "# a\n", "\n"]),
])
def test_a_layer_is_shown_as_the_report_has_it(before, after):
    text = unified(FILE, before, after)
    if not all(line.endswith("\n") for line in (*before, *after)):
        # difflib leaves the newline out; the program and Ansible say so.
        text = re.sub(r"(?m)^([-+ ].*?)(?=[-+]-w|\Z)(?<!\n)", "\\1\n\\\\ No newline at end of file\n", text)
    (entry,) = layers.split(text)
    assert set(entry) == {"before_header", "after_header", "before", "after"}
    assert shown([entry]) == text


def test_there_is_an_entry_for_each_layer():
    texts = [unified(FILE, lines(2), lines(3)), unified("kernel", lines(200), lines(200)[5:]), unified("settings", ["backlog_limit 64\n"],
                                                                                                       ["backlog_limit 8192\n"])]
    diff = layers.split("".join(texts))
    assert [entry["before_header"] for entry in diff] == [FILE, "kernel", "settings"]
    assert shown(diff) == "".join(texts)


def test_what_a_removed_option_looks_like_is_no_header():
    text = unified("kernel", ["--loginuid-immutable\n", "-- before: x\n"], ["++ after: y\n"])
    (entry,) = layers.split(text)
    assert shown([entry]) == text


def test_random_changes_are_shown_without_stand_ins():
    source = random.Random(7)
    for dummy in range(300):
        before = [f"{source.choice('abcdef')}\n" for dummy in range(source.randrange(60))]
        after = list(before)
        for dummy in range(source.randrange(1, 6)):
            at = source.randrange(len(after) + 1)
            after[at:at + source.randrange(3)] = [f"{source.choice('abcdef')}\n" for dummy in range(source.randrange(3))]
        if before == after:
            continue
        text = unified(FILE, before, after)
        rendered = shown(layers.split(text))
        assert "is the same]" not in rendered
        # Two programs may choose other lines for one change; the lines that go and come are the same ones.
        for sign in "-+":
            ours, theirs = ([line for line in diff.splitlines() if line.startswith(sign)] for diff in (rendered, text))
            assert sorted(ours) == sorted(theirs)


@pytest.mark.parametrize("text", ["no diff at all", "", "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n"])
def test_what_is_not_understood_is_shown_as_it_is(text):
    assert layers.split(text) == [{"prepared": text}]


def test_a_very_long_layer_is_shown_as_it_is():
    text = unified("kernel", [], lines(layers.MOST_LINES + 1))
    assert layers.split(text) == [{"prepared": text}]


def test_a_wider_context_than_that_of_the_report_shows_no_stand_ins(monkeypatch):
    monkeypatch.setattr(constants, "DIFF_CONTEXT", 10)
    text = unified("kernel", lines(300), [*lines(150), "-w /new -p wa\n", *lines(300)[150:]])
    assert layers.split(text) == [{"prepared": text}]
