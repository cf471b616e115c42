# SPDX-License-Identifier: Apache-2.0
"""The links of a document: found as they stand in its Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from posixpath import normpath

# Examples come first, so that what looks like a link in them is none.
_PARTS = re.compile(r"^(?P<indent> *)(?P<fence>```+|~~~+).*?^(?P=indent)(?P=fence) *$|(?P<code>`+)[^`].*?(?P=code)|\]\((?P<link>[^()\s]+)\)", re.M | re.S)


def replaced(text: str, new: Callable[[str], str]) -> str:
    """Gives the Markdown with another target for each link below the project; links to elsewhere stay."""

    def part(found: re.Match[str]) -> str:
        link = found["link"]
        return found[0] if not link or re.match(r"[a-z]+:", link) else f"]({new(link)})"

    return _PARTS.sub(part, text)


def local(text: str) -> list[str]:
    """Gives what the Markdown links to below the project, as it is written."""
    found: list[str] = []
    replaced(text, lambda link: found.append(link) or link)
    return found


def file_of(document: str, link: str) -> str:
    """Gives the file that a link of a document leads to; both are relative to the project's directory."""
    path = link.partition("#")[0]
    return normpath(PurePosixPath(document).parent / path) if path else document
